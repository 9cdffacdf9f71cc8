package house

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// Fault is one thing that is not as the house has it.
type Fault struct {
	// Where is a file, file:line or package.
	Where string
	// What says what is wrong and what to do about it.
	What string
}

func (f Fault) String() string { return f.Where + ": " + f.What }

// Module is the module as its files tell it.
type Module struct {
	// Name is the module's path, from go.mod.
	Name string
	// Requires lists the modules that go.mod requires directly.
	Requires []string
	// Packages lists the packages by folder, without nested modules.
	Packages []*Package
	// Nested lists the packages of nested modules (internal/compare).
	Nested []*Package
	// Text holds every file that is not binary, by slash-separated path.
	Text map[string]string
	// Sizes holds the size of every file in bytes, binary ones too.
	Sizes map[string]int64

	fset *token.FileSet
}

// Package is one folder with Go files. Files of all build tags are in it.
type Package struct {
	// Dir is the folder, "." for the module's root.
	Dir string
	// Name is the name in the package clause of the files that are no tests.
	Name string
	// Files and Tests are parsed with their comments.
	Files, Tests []*File
}

// File is one parsed file.
type File struct {
	// Path is relative to the module's root.
	Path string
	// AST is the whole file.
	AST *ast.File
}

// Importable tells whether users of the module can import p.
func (p *Package) Importable() bool {
	return p.Name != "main" && p.Name != "" && !internal(p.Dir)
}

// internal tells whether an import path or folder has an internal part.
func internal(dir string) bool {
	return slices.Contains(strings.Split(dir, "/"), "internal")
}

// Load reads and parses all files of the module at the root of fsys once.
// Folders named testdata are read as text; what .gitignore names is left out.
func Load(fsys fs.FS) (*Module, error) {
	m := &Module{Text: map[string]string{}, Sizes: map[string]int64{}, fset: token.NewFileSet()}
	ignore, err := ignoreList(fsys)
	if err != nil {
		return nil, err
	}
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.Name() == ".git":
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case ignored(ignore, name) && d.IsDir():
			return fs.SkipDir
		case ignored(ignore, name) || !d.Type().IsRegular():
			return nil
		}
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		m.Sizes[name] = int64(len(b))
		if bytes.IndexByte(b, 0) < 0 {
			m.Text[name] = string(b)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	m.readGoMod()
	return m, m.parse()
}

// ignoreList returns the patterns of the root's .gitignore.
func ignoreList(fsys fs.FS) ([]string, error) {
	if _, err := fs.Stat(fsys, ".gitignore"); err != nil {
		return nil, nil
	}
	b, err := fs.ReadFile(fsys, ".gitignore")
	return strings.Fields(string(b)), err
}

// ignored knows the forms of pattern that our .gitignore uses: a name with
// wildcards, and the same from the root with a slash before it.
func ignored(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		p = strings.TrimSuffix(p, "/")
		of := path.Base(name)
		if rooted, ok := strings.CutPrefix(p, "/"); ok {
			p, of = rooted, name
		}
		match, err := path.Match(p, of)
		return match && err == nil
	})
}

// readGoMod takes the module's name and its direct requirements.
func (m *Module) readGoMod() {
	block := ""
	for line := range strings.Lines(m.Text["go.mod"]) {
		code, comment, _ := strings.Cut(strings.TrimSpace(line), "//")
		f := strings.Fields(code)
		switch {
		case len(f) == 0:
		case f[0] == ")":
			block = ""
		case len(f) == 2 && f[1] == "(":
			block = f[0]
		case block == "" && f[0] == "module":
			m.Name = f[1]
		case block == "require" || f[0] == "require":
			if strings.TrimSpace(comment) != "indirect" {
				m.Requires = append(m.Requires, f[len(f)-2])
			}
		}
	}
}

// parse fills Packages and Nested.
func (m *Module) parse() error {
	all := map[string]*Package{}
	for _, name := range slices.Sorted(maps.Keys(m.Text)) {
		if path.Ext(name) != ".go" || slices.Contains(strings.Split(name, "/"), "testdata") {
			continue
		}
		f, err := parser.ParseFile(m.fset, name, m.Text[name], parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := path.Dir(name)
		p := all[dir]
		if p == nil {
			p = &Package{Dir: dir}
			all[dir] = p
		}
		if strings.HasSuffix(name, "_test.go") {
			p.Tests = append(p.Tests, &File{name, f})
			continue
		}
		p.Files = append(p.Files, &File{name, f})
		p.Name = f.Name.Name
	}
	for _, dir := range slices.Sorted(maps.Keys(all)) {
		if m.nested(dir) {
			m.Nested = append(m.Nested, all[dir])
		} else {
			m.Packages = append(m.Packages, all[dir])
		}
	}
	return nil
}

// nested tells whether dir belongs to a module of its own.
func (m *Module) nested(dir string) bool {
	for ; dir != "."; dir = path.Dir(dir) {
		if _, ok := m.Text[path.Join(dir, "go.mod")]; ok {
			return true
		}
	}
	return false
}

// in cuts the module's name from an import path; ok is false for the path of
// another module.
func (m *Module) in(importPath string) (dir string, ok bool) {
	if importPath == m.Name {
		return ".", true
	}
	return strings.CutPrefix(importPath, m.Name+"/")
}

// at writes a position as file:line.
func (m *Module) at(pos token.Pos) string {
	p := m.fset.Position(pos)
	return fmt.Sprintf("%s:%d", p.Filename, p.Line)
}
