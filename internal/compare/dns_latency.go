package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// lateness has dnsperf ask a server at half the rate that it can take, and
// reports how long 99 of 100 answers take at most, in µs.
func lateness(start func(dir string) (*server, error), lost losses) func(b *testing.B) error {
	return loaded(start, lost, func(b *testing.B, addr, dir string) error {
		rate, err := dnsperf(addr, dir, lost, "-l", "1")
		if err != nil {
			return err
		}
		half := strconv.Itoa(int(rate / 2))
		out, err := runDNSPerf(addr, dir, "-v", "-Q", half, "-l", strconv.Itoa(b.N))
		if err != nil {
			return err
		}
		times, err := parseTimes(out)
		if err != nil {
			return err
		}
		b.ReportMetric(quantile(times, 0.99), "µs")
		return nil
	})
}

// parseTimes takes the time of each answer, in µs, from what dnsperf prints when
// it is verbose: "> NOERROR host1.load.example. A 0.000123".
func parseTimes(out string) (times []float64, err error) {
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		if len(fields) < 3 || fields[0] != ">" {
			continue
		}
		if fields[1] != "NOERROR" {
			return nil, fmt.Errorf("dnsperf: %s", line)
		}
		seconds, err := strconv.ParseFloat(fields[len(fields)-1], 64)
		if err != nil {
			return nil, fmt.Errorf("dnsperf: %w", err)
		}
		times = append(times, seconds*1e6)
	}
	if len(times) == 0 {
		return nil, errors.New("dnsperf: no times")
	}
	return times, nil
}

// quantile returns the least of times that is not below a share q of them.
func quantile(times []float64, q float64) float64 {
	slices.Sort(times)
	return times[min(int(q*float64(len(times))), len(times)-1)]
}
