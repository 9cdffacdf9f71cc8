package house

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// Listed is one package as the go command lists it.
type Listed struct {
	// ImportPath names it.
	ImportPath string
	// Name is that of the package clause.
	Name string
	// Export is the file with the types of its exported names.
	Export string
	// Standard tells that it is part of Go.
	Standard bool
	// Imports lists what its files that are no tests import.
	Imports []string
}

// List runs go list -deps -export once in the module's root: every package of
// the module, and all that they reach.
func List(root string) ([]Listed, error) {
	cmd := exec.Command("go", "list", "-deps", "-export", "-json=ImportPath,Name,Export,Standard,Imports", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, fmt.Errorf("%s: %w\n%s", cmd, err, exit.Stderr)
	}
	if err != nil {
		return nil, err
	}
	return readList(bytes.NewReader(out))
}

func readList(r io.Reader) ([]Listed, error) {
	var all []Listed
	for dec := json.NewDecoder(r); ; {
		var l Listed
		switch err := dec.Decode(&l); err {
		case nil:
			all = append(all, l)
		case io.EOF:
			return all, nil
		default:
			return nil, fmt.Errorf("house: go list: %w", err)
		}
	}
}

// CheckReach finds the packages of the module that reach a banned package or
// another module's through others, and says by which way.
func CheckReach(m *Module, list []Listed) []Fault {
	byPath := map[string]Listed{}
	for _, l := range list {
		byPath[l.ImportPath] = l
	}
	var faults []Fault
	for _, l := range list {
		if _, ours := m.in(l.ImportPath); !ours {
			continue
		}
		ways := waysFrom(byPath, l.ImportPath)
		for _, to := range slices.Sorted(maps.Keys(ways)) {
			switch _, ours := m.in(to); {
			case anyMatches(Banned, to):
				faults = append(faults, Fault{l.ImportPath, "reaches the banned " + to + ": " + strings.Join(ways[to], " imports ")})
			case !ours && !byPath[to].Standard && to != "C" && to != "unsafe":
				faults = append(faults, Fault{l.ImportPath, "reaches third-party code: " + strings.Join(ways[to], " imports ")})
			}
		}
	}
	return faults
}

// waysFrom returns a shortest way from a package to each that it reaches. It
// does not go on behind a banned one, where everything else is banned too.
func waysFrom(byPath map[string]Listed, from string) map[string][]string {
	ways := map[string][]string{from: {from}}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if anyMatches(Banned, at) {
			continue
		}
		for _, to := range byPath[at].Imports {
			if _, seen := ways[to]; !seen {
				ways[to] = append(slices.Clone(ways[at]), to)
				queue = append(queue, to)
			}
		}
	}
	return ways
}

// Importer reads the types of the listed packages from their export files.
func Importer(list []Listed) types.Importer {
	files := map[string]string{}
	for _, l := range list {
		files[l.ImportPath] = l.Export
	}
	return importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		if files[path] == "" {
			return nil, fmt.Errorf("house: no export data for %s", path)
		}
		return os.Open(files[path])
	})
}
