package house

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Layer tells what packages may import within the module.
type Layer struct {
	// Who is a folder, or "folder/..." for all below it. Of several that fit
	// a package the longest counts.
	Who string
	// May lists folders in the same form.
	May []string
	// Why is the reason.
	Why string
}

// Edge is one import that is allowed beside the layers.
type Edge struct {
	// From and To are folders.
	From, To string
	// Why is the reason.
	Why string
}

// Banned are the standard library's own protocol packages, and those that drag
// them in. We are measured against them, so nothing may lean on them.
var Banned = []string{
	"net/http", "net/http/...", "net/smtp", "net/textproto", "net/mail",
	"mime", "mime/...", "expvar", "net/rpc", "net/rpc/...",
}

// matches tells whether dir is pattern, or lies below "pattern/...".
func matches(pattern, dir string) bool {
	if root, ok := strings.CutSuffix(pattern, "/..."); ok {
		return strings.HasPrefix(dir, root+"/")
	}
	return pattern == dir
}

// anyMatches tells whether one of the patterns fits dir.
func anyMatches(patterns []string, dir string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, dir) })
}

// imports calls visit for each import of the files.
func (m *Module) imports(files []*File, visit func(where, importPath string)) {
	for _, f := range files {
		for _, spec := range f.AST.Imports {
			if p, err := strconv.Unquote(spec.Path.Value); err == nil {
				visit(m.at(spec.Pos()), p)
			}
		}
	}
}

// CheckLayers holds the imports of the files that are no tests against the
// table. Below its own folder's internal/ a package may import what it likes;
// the go command sees to the rest.
func CheckLayers(m *Module, layers []Layer, edges []Edge) []Fault {
	var faults []Fault
	for _, p := range m.Packages {
		layer := layerOf(layers, p.Dir)
		if layer == nil && len(p.Files) > 0 {
			faults = append(faults, Fault{p.Dir, "no row in the table of internal/house/layers_test.go: add one with its reason"})
			continue
		}
		m.imports(p.Files, func(where, importPath string) {
			to, ok := m.in(importPath)
			if !ok || anyMatches(layer.May, to) || slices.ContainsFunc(edges, func(e Edge) bool { return e.From == p.Dir && e.To == to }) {
				return
			}
			if parent, _, ok := strings.Cut(to, "/internal/"); ok && (p.Dir == parent || strings.HasPrefix(p.Dir, parent+"/")) {
				return
			}
			faults = append(faults, Fault{where, fmt.Sprintf("%s may not import %s: %s; a new edge is a row with its reason in internal/house/layers_test.go", p.Dir, to, layer.Why)})
		})
	}
	return faults
}

// layerOf returns the longest pattern that fits dir, nil for none.
func layerOf(layers []Layer, dir string) *Layer {
	var best *Layer
	for i := range layers {
		if l := &layers[i]; matches(l.Who, dir) && (best == nil || len(l.Who) > len(best.Who)) {
			best = l
		}
	}
	return best
}

// CheckBan finds direct imports of the banned packages, in files of all build
// tags that are no tests. [CheckReach] finds those behind other packages.
func CheckBan(m *Module) []Fault {
	var faults []Fault
	for _, p := range m.Packages {
		m.imports(p.Files, func(where, importPath string) {
			if anyMatches(Banned, importPath) {
				faults = append(faults, Fault{where, "imports " + importPath + ": outside tests the standard protocol packages are banned; use ours"})
			}
		})
	}
	return faults
}

// CheckThirdParty finds imports of other modules. A file that is no test uses
// the standard library and this module alone; a test may use testify too.
func CheckThirdParty(m *Module) []Fault {
	var faults []Fault
	find := func(files []*File, allowed string) {
		m.imports(files, func(where, importPath string) {
			first, _, _ := strings.Cut(importPath, "/")
			if _, ours := m.in(importPath); ours || !strings.Contains(first, ".") || allowed != "" && strings.HasPrefix(importPath, allowed) {
				return
			}
			faults = append(faults, Fault{where, "imports " + importPath + ": third-party code is testify, and in _test.go files alone (peers go to internal/compare)"})
		})
	}
	for _, p := range m.Packages {
		find(p.Files, "")
		find(p.Tests, testify+"/")
	}
	return faults
}

const testify = "github.com/stretchr/testify"

// CheckRequires finds direct requirements in go.mod besides testify.
func CheckRequires(m *Module) []Fault {
	var faults []Fault
	for _, r := range m.Requires {
		if r != testify {
			faults = append(faults, Fault{"go.mod", "requires " + r + ": testify is the only direct requirement"})
		}
	}
	return faults
}
