package house_test

import (
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/house"
)

var realModule = sync.OnceValues(func() (*house.Module, error) {
	return house.Load(os.DirFS("../.."))
})

// module is the module that we are in, read once for all tests.
func module(t *testing.T) *house.Module {
	t.Helper()
	m, err := realModule()
	require.NoError(t, err)
	return m
}

// none fails with every fault on a line of its own.
func none(t *testing.T, faults []house.Fault) {
	t.Helper()
	for _, f := range faults {
		t.Error(f)
	}
}

// load makes a module of pairs of file name and text. Its name is m, and RF-C
// in a text stands for the three letters, which this file must not misuse.
func load(t *testing.T, files ...string) *house.Module {
	t.Helper()
	fsys := fstest.MapFS{"go.mod": {Data: []byte("module m\n")}}
	for pair := range slices.Chunk(files, 2) {
		fsys[pair[0]] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(pair[1], "RF-C", "RFC"))}
	}
	m, err := house.Load(fsys)
	require.NoError(t, err)
	return m
}

// planted runs a check over a small module: it finds exactly one fault that
// contains want, or none where want is empty.
func planted(t *testing.T, check func(*house.Module) []house.Fault, want string, files ...string) {
	t.Helper()
	faults := check(load(t, files...))
	if want == "" {
		assert.Empty(t, faults, "in %q", files)
		return
	}
	if assert.Len(t, faults, 1, "in %q", files) {
		assert.Contains(t, faults[0].String(), want, "in %q", files)
	}
}

func TestLoad(t *testing.T) {
	m := load(t,
		"go.mod", "module example.org/m // here\n\ngo 1.26\n\nrequire (\n\ta.example/x v1.0.0\n\tb.example/y v1.0.0 // indirect\n)\n",
		".gitignore", "*.out\n/coverage.txt\n/.cache/\n",
		"a/a.go", "package a\n", "a/a_test.go", "package a_test\n", "a/cpu.out", "x",
		"a/testdata/broken.go", "no Go at all",
		"cmd/main.go", "package main\n",
		"internal/compare/go.mod", "module compare\n", "internal/compare/gnet/x.go", "package gnet\n",
		"coverage.txt", "x", ".cache/x", "x", ".git/config", "x",
		"cap.pcap", "a\x00b")
	assert.Equal(t, "example.org/m", m.Name)
	assert.Equal(t, []string{"a.example/x"}, m.Requires)
	require.Len(t, m.Packages, 2)
	assert.Equal(t, "a", m.Packages[0].Name)
	assert.True(t, m.Packages[0].Importable())
	assert.Len(t, m.Packages[0].Tests, 1)
	assert.False(t, m.Packages[1].Importable(), "main")
	require.Len(t, m.Nested, 1)
	assert.Equal(t, "internal/compare/gnet", m.Nested[0].Dir)
	assert.Contains(t, m.Text, "a/testdata/broken.go")
	assert.Equal(t, int64(3), m.Sizes["cap.pcap"])
	for _, name := range []string{"cap.pcap", "a/cpu.out", "coverage.txt", ".cache/x", ".git/config"} {
		assert.NotContains(t, m.Text, name)
	}

	_, err := house.Load(fstest.MapFS{"a/a.go": {Data: []byte("package")}})
	assert.Error(t, err, "a file that is no Go")
}
