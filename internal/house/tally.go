package house

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Tally counts the tests of a run, subtests included.
type Tally struct {
	// Passed, Failed and Skipped count tests, examples and fuzz seeds.
	Passed, Failed, Skipped int
	// BrokenPackages counts packages that failed without a failed test: they
	// did not build, or panicked, or ran out of time.
	BrokenPackages int
}

func (t Tally) String() string {
	s := fmt.Sprintf("%d passed, %d failed", t.Passed, t.Failed+t.BrokenPackages)
	if t.Skipped > 0 {
		s += fmt.Sprintf(", %d skipped", t.Skipped)
	}
	return s
}

// OK tells whether nothing failed and something passed.
func (t Tally) OK() bool { return t.Failed+t.BrokenPackages == 0 && t.Passed > 0 }

// event is a line of go test -json.
type event struct {
	Action, Package, ImportPath, Test, Output string
}

// ReadTally reads the output of go test -json, writes what go test would have
// written (a line a package, the output of failed tests, and the reason of each
// skipped one) to w, and counts. Of a package that passed it writes the last line
// alone.
func ReadTally(r io.Reader, w io.Writer) (Tally, error) {
	var t Tally
	output := map[[2]string][]string{} // by package and test
	failed := map[string]bool{}        // packages with a failed test
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			fmt.Fprintln(w, lines.Text()) // the go command itself speaks
			continue
		}
		key := [2]string{cmp.Or(e.Package, e.ImportPath), e.Test}
		switch e.Action {
		case "output", "build-output":
			output[key] = append(output[key], e.Output)
		case "build-fail":
			fmt.Fprint(w, strings.Join(output[key], ""))
		case "pass", "fail", "skip":
			if e.Test == "" {
				lines := output[key]
				if e.Action == "pass" && len(lines) > 0 {
					lines = lines[len(lines)-1:] // before the ok stand PASS and the seed
				}
				fmt.Fprint(w, strings.Join(lines, ""))
				if e.Action == "fail" && !failed[e.Package] {
					t.BrokenPackages++
				}
				break
			}
			switch e.Action {
			case "pass":
				t.Passed++
			case "skip":
				t.Skipped++
				fmt.Fprint(w, strings.Join(output[key], ""))
			case "fail":
				t.Failed++
				failed[e.Package] = true
				fmt.Fprint(w, strings.Join(output[key], ""))
			}
			delete(output, key)
		}
	}
	return t, lines.Err()
}
