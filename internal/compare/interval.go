package main

import (
	"fmt"
	"math"

	"golang.org/x/perf/benchmath"
)

// interval is a median with the bounds of its confidence interval.
type interval struct{ median, lo, hi float64 }

// summarize takes the median of the rounds and its interval of 95 %.
func summarize(rounds []float64) interval {
	if len(rounds) == 0 {
		return interval{math.NaN(), math.Inf(-1), math.Inf(1)}
	}
	s := benchmath.AssumeNothing.Summary(benchmath.NewSample(rounds, &benchmath.DefaultThresholds), 0.95)
	return interval{s.Center, s.Lo, s.Hi}
}

// ratios divides the peer's times by ours, round by round. The slices must be
// in the order of the rounds, which summarize does not keep.
func ratios(ours, peer []float64) []float64 {
	rs := make([]float64, min(len(ours), len(peer)))
	for i := range rs {
		rs[i] = peer[i] / ours[i]
	}
	return rs
}

// met tells that the interval reaches the wanted figure. Without a finite
// interval the median has to.
func (i interval) met(w wanted) bool {
	best := i.lo
	if w.atLeast {
		best = i.hi
	}
	if math.IsInf(best, 0) {
		best = i.median
	}
	if w.atLeast {
		return best >= w.figure
	}
	return best <= w.figure
}

// winner names who is faster, if the interval tells.
func (i interval) winner(ours, peer string) string {
	switch {
	case math.IsInf(i.lo, 0) || math.IsInf(i.hi, 0):
		return "too few rounds"
	case i.lo > 1:
		return ours
	case i.hi < 1:
		return peer
	}
	return "even"
}

func (i interval) String() string {
	if math.IsInf(i.lo, 0) || math.IsInf(i.hi, 0) {
		return fmt.Sprintf("%.4g [no interval]", i.median)
	}
	return fmt.Sprintf("%.4g [%.4g, %.4g]", i.median, i.lo, i.hi)
}
