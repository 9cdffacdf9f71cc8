package house

import (
	"fmt"
	"go/ast"
	"go/types"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// TopLevel is all that may stand in the module's root.
var TopLevel = []string{
	".ci", ".gitattributes", ".gitignore", "LICENSE", "README.md", "go.mod", "go.sum",
	"sockets", "http1", "dns", "smtp", "pop3", "imap", "ftp", "mime", "bittorrent", "dht", "chord", "dash",
	"examples", "internal",
}

// CheckTopLevel finds files and folders in the root that do not belong there,
// and those that every clone needs and that are not there.
func CheckTopLevel(m *Module) []Fault {
	entries := map[string]bool{}
	for name := range m.Sizes {
		first, _, _ := strings.Cut(name, "/")
		entries[first] = true
	}
	var faults []Fault
	for _, e := range slices.Sorted(maps.Keys(entries)) {
		if !slices.Contains(TopLevel, e) {
			faults = append(faults, Fault{e, "does not belong in the module's root: put it into the package that uses it, or name it in TopLevel of internal/house"})
		}
	}
	for _, need := range []string{".ci/run", ".gitattributes", ".gitignore", "LICENSE", "README.md", "go.mod"} {
		if !m.hasFile(need) {
			faults = append(faults, Fault{need, "is missing"})
		}
	}
	return faults
}

// vague are names of packages that say nothing of what is in them.
var vague = []string{"util", "utils", "common", "helper", "helpers", "types", "misc", "shared", "base"}

// CheckPackageNames finds packages whose name says nothing, and folders whose
// package is named otherwise.
func CheckPackageNames(m *Module) []Fault {
	var faults []Fault
	for _, p := range m.Packages {
		last := p.Dir[strings.LastIndexByte(p.Dir, '/')+1:]
		switch {
		case slices.Contains(vague, p.Name):
			faults = append(faults, Fault{p.Dir, "the name " + p.Name + " says nothing: name the package for its one idea"})
		case p.Name != "main" && p.Name != "" && p.Dir != "." && p.Name != last:
			faults = append(faults, Fault{p.Dir, "the package is named " + p.Name + ", its folder is not"})
		}
	}
	return faults
}

// parseErrorFields are common to every ParseError, in this order.
var parseErrorFields = []struct{ name, typ string }{
	{"Offset", "int64"}, {"What", "string"}, {"Ref", "string"}, {"Reply", "int"}, {"Err", "error"},
}

// CheckParseErrors finds types ParseError that lack the common fields, or are
// no errors, or hide their cause.
func CheckParseErrors(m *Module) []Fault {
	var faults []Fault
	for _, p := range m.Packages {
		var at string
		fields, methods := map[string]string{}, map[string]bool{}
		for _, f := range p.Files {
			for _, d := range f.AST.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && receiver(fn) == "ParseError" {
					methods[fn.Name.Name] = true
				}
				for _, s := range specs(d) {
					t, ok := s.(*ast.TypeSpec)
					if !ok || t.Name.Name != "ParseError" {
						continue
					}
					at = m.at(t.Pos())
					if st, ok := t.Type.(*ast.StructType); ok {
						for _, field := range st.Fields.List {
							for _, id := range field.Names {
								fields[id.Name] = types.ExprString(field.Type)
							}
						}
					}
				}
			}
		}
		if at == "" {
			continue
		}
		for _, want := range parseErrorFields {
			if fields[want.name] != want.typ {
				faults = append(faults, Fault{at, fmt.Sprintf("ParseError lacks the common field %s %s", want.name, want.typ)})
			}
		}
		for _, want := range []string{"Error", "Unwrap"} {
			if !methods[want] {
				faults = append(faults, Fault{at, "ParseError lacks the method " + want})
			}
		}
	}
	return faults
}

func specs(d ast.Decl) []ast.Spec {
	if g, ok := d.(*ast.GenDecl); ok {
		return g.Specs
	}
	return nil
}

// ofOneMachine finds what holds on the machine of one author alone: paths
// below a home or a workplace, and the hosts of package registries.
var ofOneMachine = regexp.MustCompile(`(?:^|[^\w.\-/])(/(?:root|work|tmp/(?:h|wt))/\w[\w./-]*)` +
	`|((?:proxy|sum)\.golang\.org|goproxy\.\w+|registry\.npmjs\.org|pypi\.org|files\.pythonhosted\.org|deb\.debian\.org)`)

// CheckPlaces finds, in all text of the module, paths of one machine and hosts
// of package registries: neither is true for whoever clones it.
func CheckPlaces(m *Module) []Fault {
	var faults []Fault
	for _, file := range slices.Sorted(maps.Keys(m.Text)) {
		n := 0
		for line := range strings.Lines(m.Text[file]) {
			n++
			if found := ofOneMachine.FindStringSubmatch(line); found != nil {
				faults = append(faults, Fault{fmt.Sprintf("%s:%d", file, n), fmt.Sprintf("%q holds on one machine alone: leave it out", found[1]+found[2])})
			}
		}
	}
	return faults
}
