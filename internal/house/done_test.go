package house_test

import (
	"strings"
	"testing"

	"applayer/internal/house"
)

func TestDone(t *testing.T) { none(t, house.CheckDone(module(t))) }

func TestCaptures(t *testing.T) { none(t, house.CheckCaptures(module(t))) }

func TestDoneFindsPlantedFaults(t *testing.T) {
	tests := []struct{ name, row, want string }{
		{"a test", "| sums | TestSum | passes |", ""},
		{"a test of a package", "| sums | TestSum (a) | passes |", ""},
		{"in the nested module", "| fast | BenchmarkEcho (internal/compare) | 1.0 |", ""},
		{"several", "| sums | `TestSum/of two`, FuzzSum; ExampleSum (a) | pass |", ""},
		{"a command", "| all | `.ci/run` | green |", ""},
		{"a command with a path", "| all | `go run ./cmd -v | tee x` | green |", ""},
		{"a command in a folder", "| all | `cd internal/compare && go run .` | met |", ""},
		{"a bar in the text", "| a \\| b | TestSum | passes |", ""},
		{"no such test", "| sums | TestSums | passes |", "x/testdata/DONE.md:3: no test, fuzz target, benchmark or example is named TestSums"},
		{"one of two is missing", "| sums | TestSum, FuzzSums (a) | pass |", "is named FuzzSums"},
		{"another package", "| sums | TestSum (cmd) | passes |", "TestSum is in a, not in cmd"},
		{"names nothing", "| sums | by hand | passes |", "names no test and no command"},
		{"names no command", "| sums | `sum` | passes |", "names no test and no command"},
		{"a path that is not there", "| all | `go run ./gone` | green |", "there is no ./gone"},
		{"no result", "| sums | TestSum | |", "a row has three cells"},
		{"two cells", "| sums | TestSum |", "a row has three cells"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			planted(t, house.CheckDone, tt.want,
				"x/testdata/DONE.md", "| bullet | shown by | result |\n|---|---|---|\n"+tt.row+"\n",
				"a/a_test.go", "package a\nfunc TestSum() {}\nfunc FuzzSum() {}\nfunc ExampleSum() {}\n",
				"cmd/main.go", "package main\n", ".ci/run", "",
				"internal/compare/go.mod", "module c\n", "internal/compare/a_test.go", "package c\nfunc BenchmarkEcho() {}\n")
		})
	}
}

func TestCapturesFindPlantedFaults(t *testing.T) {
	const dir, table = "a/testdata/golden/", "| capture | from |\n|---|---|\n"
	planted(t, house.CheckCaptures, "", dir+"x.pcap", "\x00", dir+"x.golden", "", dir+"README.md", table+"| `x.pcap` | nc 1.2 |\n")
	planted(t, house.CheckCaptures, "x.pcap: no row in a/testdata/golden/README.md", dir+"x.pcap", "\x00")
	planted(t, house.CheckCaptures, "y.txtar: no row", dir+"y.txtar", "", dir+"x.pcapng", "\x00", dir+"README.md", table+"| x.pcapng | nc, as in y.txtar |\n")
	planted(t, house.CheckCaptures, "z.eml: no row", dir+"z.eml", "", dir+"README.md", table)
	planted(t, house.CheckCaptures, "there is no \"x.pcap\" here", dir+"README.md", table+"| x.pcap | nc |\n")
	planted(t, house.CheckCaptures, "stays under 64 KiB", dir+"x.pcap", strings.Repeat("\x00", 64<<10), dir+"README.md", table+"| x.pcap | nc |\n")
}
