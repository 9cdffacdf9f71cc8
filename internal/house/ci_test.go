package house_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/house"
)

func TestReadCoverage(t *testing.T) {
	m := load(t, "a/parse.go", "package a\n", "a/a.go", "package a\n", "cmd/main.go", "package main\n",
		"internal/house/h.go", "package house\n")
	got, err := house.ReadCoverage(m, strings.NewReader(`mode: atomic
m/a/parse.go:1.1,2.2 90 1
m/a/parse.go:3.1,4.2 10 0
m/a/a.go:1.1,2.2 20 0
m/a/a.go:1.1,2.2 20 3
m/cmd/main.go:1.1,2.2 9 0
m/internal/house/h.go:1.1,2.2 9 0
other/x.go:1.1,2.2 9 0
`))
	require.NoError(t, err)
	require.Len(t, got, 2)
	assert.Equal(t, house.Coverage{Name: "a/parse.go", Covered: 90, Total: 100, Floor: 95}, got[0])
	assert.False(t, got[0].Met(), "90 of 100 is below 95")
	assert.Equal(t, house.Coverage{Name: "a", Covered: 110, Total: 120, Floor: 80}, got[1], "a block counts once, run if it ever ran")
	assert.True(t, got[1].Met())
	assert.Equal(t, "a: 91.7 % of 120 statements (floor 80 %)", got[1].String())
	assert.True(t, house.Coverage{Covered: 19, Total: 20, Floor: 95}.Met(), "the floor itself is enough")
	assert.True(t, house.Coverage{Floor: 95}.Met(), "nothing to cover")

	m = load(t, "ftp/list.go", "package ftp\n", "ftp/client.go", "package ftp\n")
	got, err = house.ReadCoverage(m, strings.NewReader("mode: set\nm/ftp/list.go:1.1,2.2 9 1\nm/ftp/client.go:1.1,2.2 9 1\n"))
	require.NoError(t, err)
	require.Len(t, got, 2)
	assert.Equal(t, "ftp/list.go", got[0].Name, "it stands for parse.go")

	for _, bad := range []string{"m/a/a.go:1.1,2.2 x 1\n", "m/a/a.go 1\n", "m/a/a.go:1.1,2.2 1\n"} {
		_, err := house.ReadCoverage(m, strings.NewReader(bad))
		assert.Error(t, err, "%q", bad)
	}
}

func TestReadTally(t *testing.T) {
	tests := []struct {
		name, in string
		want     house.Tally
		printed  string
		line     string
		ok       bool
	}{
		{
			"passed and skipped", `{"Action":"output","Package":"m/a","Test":"TestA","Output":"noise\n"}
{"Action":"pass","Package":"m/a","Test":"TestA"}
{"Action":"output","Package":"m/a","Test":"TestB","Output":"b_test.go:1: no strace\n"}
{"Action":"skip","Package":"m/a","Test":"TestB"}
{"Action":"output","Package":"m/a","Output":"PASS\n"}
{"Action":"output","Package":"m/a","Output":"ok  \tm/a\t0.1s\n"}
{"Action":"pass","Package":"m/a"}
`,
			house.Tally{Passed: 1, Skipped: 1}, "b_test.go:1: no strace\nok  \tm/a\t0.1s\n", "1 passed, 0 failed, 1 skipped", true,
		},
		{
			"failed", `{"Action":"output","Package":"m/a","Test":"TestA","Output":"a_test.go:1: wrong\n"}
{"Action":"fail","Package":"m/a","Test":"TestA"}
{"Action":"pass","Package":"m/a","Test":"TestB"}
{"Action":"output","Package":"m/a","Output":"FAIL\tm/a\n"}
{"Action":"fail","Package":"m/a"}
`,
			house.Tally{Passed: 1, Failed: 1}, "a_test.go:1: wrong\nFAIL\tm/a\n", "1 passed, 1 failed", false,
		},
		{
			"does not build", `{"ImportPath":"m/a","Action":"build-output","Output":"a.go:1: undefined: x\n"}
{"ImportPath":"m/a","Action":"build-fail"}
{"Action":"pass","Package":"m/b","Test":"TestB"}
{"Action":"fail","Package":"m/a","FailedBuild":"m/a"}
`,
			house.Tally{Passed: 1, BrokenPackages: 1}, "a.go:1: undefined: x\n", "1 passed, 1 failed", false,
		},
		{"nothing ran", "go: no modules\n", house.Tally{}, "go: no modules\n", "0 passed, 0 failed", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			got, err := house.ReadTally(strings.NewReader(tt.in), &out)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			assert.Contains(t, out.String(), tt.printed)
			assert.Equal(t, tt.line, got.String())
			assert.Equal(t, tt.ok, got.OK())
		})
	}
}
