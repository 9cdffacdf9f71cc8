package house

import (
	"fmt"
	"go/ast"
	"go/doc"
	"path"
	"strings"
)

// CheckDocs finds exported names without a doc comment. A group of constants
// or variables may have one for all; Error, Unwrap and String need none, since
// the standard library's interfaces say what they do.
func CheckDocs(m *Module) []Fault {
	var faults []Fault
	undocumented := func(id *ast.Ident, name string, comments ...*ast.CommentGroup) {
		for _, c := range comments {
			if strings.TrimSpace(c.Text()) != "" {
				return
			}
		}
		if id.IsExported() {
			faults = append(faults, Fault{m.at(id.Pos()), name + " has no doc comment: begin one with its name"})
		}
	}
	for _, p := range m.Packages {
		for _, f := range p.Files {
			for _, d := range f.AST.Decls {
				switch d := d.(type) {
				case *ast.FuncDecl:
					recv := receiver(d)
					if d.Recv == nil {
						undocumented(d.Name, d.Name.Name, d.Doc)
					} else if ast.IsExported(recv) && !wellKnown(d.Name.Name) {
						undocumented(d.Name, recv+"."+d.Name.Name, d.Doc)
					}
				case *ast.GenDecl:
					for _, s := range d.Specs {
						switch s := s.(type) {
						case *ast.TypeSpec:
							if d.Lparen.IsValid() {
								undocumented(s.Name, s.Name.Name, s.Doc, s.Comment)
							} else {
								undocumented(s.Name, s.Name.Name, d.Doc, s.Doc)
							}
						case *ast.ValueSpec:
							for _, id := range s.Names {
								undocumented(id, id.Name, d.Doc, s.Doc, s.Comment)
							}
						}
					}
				}
			}
		}
	}
	return faults
}

// wellKnown are the methods whose meaning the standard library fixes.
func wellKnown(method string) bool {
	return method == "Error" || method == "Unwrap" || method == "String"
}

// receiver returns the name of a method's type, "" for a function.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) != 1 {
		return ""
	}
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

// CheckFront finds importable packages that do not show themselves: a doc.go
// with the package comment, an Example with its output.
func CheckFront(m *Module) []Fault {
	var faults []Fault
	for _, p := range m.Packages {
		if !p.Importable() {
			continue
		}
		if !hasDocGo(p) {
			faults = append(faults, Fault{p.Dir, "no doc.go whose comment begins with Package " + p.Name})
		}
		if !hasExample(p) {
			faults = append(faults, Fault{p.Dir, "no Example with an // Output: comment: add example_test.go"})
		}
	}
	return faults
}

func hasDocGo(p *Package) bool {
	for _, f := range p.Files {
		if path.Base(f.Path) == "doc.go" {
			return strings.HasPrefix(f.AST.Doc.Text(), "Package "+p.Name+" ")
		}
	}
	return false
}

func hasExample(p *Package) bool {
	for _, f := range p.Tests {
		for _, e := range doc.Examples(f.AST) {
			if e.Output != "" || e.EmptyOutput {
				return true
			}
		}
	}
	return false
}

// CheckFuzz finds the exported Parse functions and methods of importable
// packages that no fuzz target is named for or calls.
func CheckFuzz(m *Module) []Fault {
	var faults []Fault
	for _, p := range m.Packages {
		if !p.Importable() {
			continue
		}
		for _, f := range p.Files {
			for _, d := range f.AST.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok || !strings.HasPrefix(fn.Name.Name, "Parse") {
					continue
				}
				recv := receiver(fn)
				if recv != "" && !ast.IsExported(recv) || fuzzed(p, recv, fn.Name.Name) {
					continue
				}
				name, want := fn.Name.Name, "Fuzz"+fn.Name.Name
				if recv != "" {
					name, want = recv+"."+name, "Fuzz"+recv
				}
				faults = append(faults, Fault{m.at(fn.Pos()), fmt.Sprintf("no fuzz target calls %s: add %s to fuzz_test.go", name, want)})
			}
		}
	}
	return faults
}

// fuzzed tells whether a fuzz target of p is named for the function or method,
// or mentions it (for a method, also its type).
func fuzzed(p *Package, recv, name string) bool {
	for _, f := range p.Tests {
		for _, d := range f.AST.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || !strings.HasPrefix(fn.Name.Name, "Fuzz") {
				continue
			}
			rest := strings.TrimPrefix(fn.Name.Name, "Fuzz")
			if rest == recv+name || rest == recv+strings.TrimPrefix(name, "Parse") {
				return true
			}
			if mentions(fn, name) && (recv == "" || mentions(fn, recv)) {
				return true
			}
		}
	}
	return false
}

// mentions tells whether the identifier stands anywhere in the function.
func mentions(fn *ast.FuncDecl, name string) bool {
	found := false
	ast.Inspect(fn, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		found = found || ok && id.Name == name
		return !found
	})
	return found
}
