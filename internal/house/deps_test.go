package house_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/house"
)

var realList = sync.OnceValues(func() ([]house.Listed, error) { return house.List("../..") })

// list is what the go command knows of the real module, asked once.
func list(t *testing.T) []house.Listed {
	t.Helper()
	l, err := realList()
	require.NoError(t, err)
	return l
}

func TestReach(t *testing.T) {
	none(t, house.CheckReach(module(t), list(t)))
}

func TestReachFindsPlantedFaults(t *testing.T) {
	m := load(t)
	faults := house.CheckReach(m, []house.Listed{
		{ImportPath: "expvar", Standard: true, Imports: []string{"net/http"}},
		{ImportPath: "quiet", Standard: true, Imports: []string{"mime"}},
		{ImportPath: "mime", Standard: true},
		{ImportPath: "m/a", Imports: []string{"m/b", "quiet"}},
		{ImportPath: "m/b", Imports: []string{"expvar"}},
		{ImportPath: "m/c", Imports: []string{"golang.org/x/y"}},
		{ImportPath: "m/d", Imports: []string{"m/mime", "C", "unsafe"}},
		{ImportPath: "m/mime"},
	})
	var got []string
	for _, f := range faults {
		got = append(got, f.String())
	}
	assert.Equal(t, []string{
		"m/a: reaches the banned expvar: m/a imports m/b imports expvar",
		"m/a: reaches the banned mime: m/a imports quiet imports mime",
		"m/b: reaches the banned expvar: m/b imports expvar",
		"m/c: reaches third-party code: m/c imports golang.org/x/y",
	}, got)
}

func TestSignatures(t *testing.T) {
	m, importer := module(t), house.Importer(list(t))
	for _, l := range list(t) {
		dir, ours := strings.CutPrefix(l.ImportPath, m.Name+"/")
		testsAlone := l.Export == ""
		if !ours || testsAlone || l.Name == "main" || strings.Contains("/"+dir+"/", "/internal/") {
			continue
		}
		pkg, err := importer.Import(l.ImportPath)
		require.NoError(t, err)
		none(t, house.CheckSignatures(m.Name, pkg))
	}
}

// compile checks a one-file package whose imports are the packages given.
func compile(t *testing.T, path, src string, imports ...*types.Package) *types.Package {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, path+".go", src, 0)
	require.NoError(t, err)
	conf := types.Config{Importer: given(imports)}
	pkg, err := conf.Check(path, fset, []*ast.File{f}, nil)
	require.NoError(t, err)
	return pkg
}

// given imports from a list.
type given []*types.Package

func (list given) Import(path string) (*types.Package, error) {
	for _, p := range list {
		if p.Path() == path {
			return p, nil
		}
	}
	return nil, assert.AnError
}

func TestSignaturesFindPlantedFaults(t *testing.T) {
	inner := compile(t, "m/internal/ascii", "package ascii\ntype Set int\ntype Gen[T any] struct{}\nfunc New() Set { return 0 }")
	outer := compile(t, "m/sockets", "package sockets\ntype Conn struct{}")
	tests := []struct {
		name, src string
		want      string
	}{
		{"a parameter", "func F(ascii.Set) {}", "a.F shows the internal type internal/ascii.Set"},
		{"a result behind a map and a func", "func F() map[string]func(...*ascii.Set) { return nil }", "a.F shows"},
		{"a field", "type T struct{ S []ascii.Set }", "a.T shows"},
		{"an inner field", "type T struct{ s ascii.Set }", ""},
		{"a method", "type T int; func (*T) Do(ascii.Set) {}", "a.T shows"},
		{"an inner method", "type T int; func (*T) do(ascii.Set) {}", ""},
		{"an interface's method", "type T interface{ Do() chan ascii.Set }", "a.T shows"},
		{"an embedded interface", "type T interface{ t }; type t interface{ Do(ascii.Set) }", "a.T shows"},
		{"embedded", "type T struct{ ascii.Set }", "a.T shows"},
		{"embedded through an inner type", "type T struct{ t }; type t struct{ S ascii.Set }", "a.T shows"},
		{"an alias", "type T = ascii.Set", "a.T shows"},
		{"an inner alias", "type t = ascii.Set; func F(t) {}", "a.F shows"},
		{"defined on it", "type T ascii.Set", ""},
		{"a variable whose type is not written", "var V = ascii.New()", "a.V shows"},
		{"a constant", "const C = ascii.Set(1)", "a.C shows"},
		{"an inner type returned", "type t struct{ next *t }; func (t) Do(ascii.Set) {}; func F() *t { return nil }", "a.F shows"},
		{"a type argument", "type G[T any] struct{}; func F(G[ascii.Set]) {}", "a.F shows"},
		{"a constraint", "func F[T ~string | ascii.Set]() {}", "a.F shows"},
		{"a generic internal type", "func F(ascii.Gen[int]) {}", "a.F shows"},
		{"an inner function", "func f(ascii.Set) {}", ""},
		{"a type of sockets", "func F(*sockets.Conn) error { return nil }", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			src := "package a\nimport (\"m/internal/ascii\"; \"m/sockets\")\nvar _ ascii.Set; var _ sockets.Conn\n" + tt.src
			faults := house.CheckSignatures("m", compile(t, "m/a", src, inner, outer))
			if tt.want == "" {
				assert.Empty(t, faults)
				return
			}
			if assert.NotEmpty(t, faults) {
				assert.Contains(t, faults[0].String(), tt.want)
			}
		})
	}
}
