package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"testing"
	"text/tabwriter"
)

// results has the rounds of each implementation of one subject: values by
// implementation and unit, in the order of the rounds.
type results map[string]map[string][]float64

func (r results) add(impl string, b testing.BenchmarkResult) {
	units := r[impl]
	if units == nil {
		units = make(map[string][]float64)
		r[impl] = units
	}
	if _, reported := b.Extra["ns/op"]; !reported {
		units["ns/op"] = append(units["ns/op"], float64(b.T.Nanoseconds())/float64(b.N))
	}
	units["allocs/op"] = append(units["allocs/op"], float64(b.AllocsPerOp()))
	for unit, v := range b.Extra {
		units[unit] = append(units[unit], v)
	}
}

// interleave measures all implementations of a subject once in each round.
// The order turns by one from round to round, so that none always follows the
// same other.
func interleave(s subject, rounds int) (results, error) {
	r := make(results)
	for round := range rounds {
		for i := range s.implementations {
			impl := s.implementations[(round+i)%len(s.implementations)]
			b, err := s.measure(impl)
			if err != nil {
				return nil, err
			}
			r.add(impl.name, b)
		}
	}
	return r, nil
}

// figure is the interval that a line of wanted.txt asks for.
func (r results) figure(w wanted) interval {
	if w.ratio() {
		return r.ratio(w, "ns/op")
	}
	return summarize(slices.Clone(r[w.ours][w.unit]))
}

func (r results) ratio(w wanted, unit string) interval {
	return summarize(ratios(r[w.ours][unit], r[w.peer][unit]))
}

// report prints got beside wanted for one subject, then the peers of which no
// ratio is wanted, then what was measured of each. It tells whether all was met.
func report(out io.Writer, s subject, r results, all []wanted) bool {
	tw := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	met := true
	asked := make(map[string]bool)
	for _, w := range all {
		if w.subject != s.name {
			continue
		}
		asked[w.peer] = true
		got := r.figure(w)
		verdict := "met"
		if !got.met(w) {
			verdict, met = "MISSED", false
		}
		fmt.Fprintln(tw, w.row(got, verdict))
	}
	ours := s.implementations[0].name
	for _, impl := range s.implementations[1:] {
		if w := (wanted{subject: s.name, unit: "ratio", ours: ours, peer: impl.name}); !asked[impl.name] {
			fmt.Fprintln(tw, w.row(r.ratio(w, s.measured()), "not asked for"))
		}
	}
	for _, impl := range s.implementations {
		fmt.Fprintf(tw, "%s\t%s\t%v %s\n", s.name, impl.name, summarize(slices.Clone(r[impl.name][s.measured()])), s.measured())
	}
	tw.Flush()
	return met
}

// row is one line of the report.
func (w wanted) row(got interval, verdict string) string {
	sign := "<="
	if w.atLeast {
		sign = ">="
	}
	want := "wanted " + sign + " " + strconv.FormatFloat(w.figure, 'g', -1, 64)
	if verdict == "not asked for" {
		want = ""
	}
	if !w.ratio() {
		return fmt.Sprintf("%s\t%s\tgot %v %s\t%s\t%s\t", w.subject, w.ours, got, w.unit, want, verdict)
	}
	return fmt.Sprintf("%s\t%s / %s\tgot %v\t%s\t%s\twins: %s", w.subject, w.ours, w.peer, got, want, verdict, got.winner(w.ours, w.peer))
}
