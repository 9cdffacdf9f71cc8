package mime

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestLimitsInForce(t *testing.T) {
	assert.Equal(t, 64, (*Options)(nil).inForce().MaxDepth)
	o := &Options{Limits: Limits{MaxDepth: -1, MaxParts: 3}}
	in := o.inForce()
	assert.Equal(t, math.MaxInt, in.MaxDepth)
	assert.Equal(t, 3, in.MaxParts)
	assert.Equal(t, 1<<20, in.MaxHeaderBytes)
	assert.Equal(t, -1, o.MaxDepth, "the caller's options stay as they are")
}

func TestReport(t *testing.T) {
	r := newReport((&Options{Limits: Limits{MaxDefects: 1}}).inForce())
	r.base, r.field = 40, "From"
	r.add("no-colon", 2, "RFC 5322 §2.2")
	r.limit("MaxParts", 7, 3)
	assert.Equal(t, []Defect{{Code: "no-colon", Offset: 42, Field: "From", Ref: "RFC 5322 §2.2"}}, r.list)
	assert.Equal(t, "From: no colon at byte 42 (RFC 5322 §2.2)", r.list[0].String())
	assert.Equal(t, 1, r.more)
	assert.False(t, r.failed())

	r = newReport((&Options{Strict: true}).inForce())
	r.limit("MaxParts", 7, 3)
	r.add("no-colon", 2, "RFC 5322 §2.2")
	assert.True(t, r.failed())
	assert.Equal(t, &LimitError{Name: "MaxParts", Max: 7}, r.err)

	r = nil
	r.add("no-colon", 2, "")
	assert.False(t, r.failed())
}

func TestRawFields(t *testing.T) {
	tests := []struct {
		name, in    string
		names, rest []string // a value each
	}{
		{"5322-2.2 fields", "A: 1\r\nB:2\n", []string{"A", "B"}, []string{" 1", "2"}},
		{"5322-2.2.3 folding", "A: 1\r\n 2\r\n\t3\r\nB: 4\r\n", []string{"A", "B"}, []string{" 1\r\n 2\r\n\t3", " 4"}},
		{"5322-4.2 blank folded line", "A: 1\r\n \r\n 2\r\n", []string{"A"}, []string{" 1\r\n \r\n 2"}},
		{"5322-4.5 blanks before the colon", "A \t: 1\r\n", []string{"A"}, []string{" 1"}},
		{"no colon", "A 1\r\nB: 2\r\n", []string{"", "B"}, []string{"A 1", " 2"}},
		{"no name", ": 1\r\n", []string{""}, []string{": 1"}},
		{"folded line first", " x\r\nA: 1", []string{"", "A"}, []string{" x", " 1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := []byte(tt.in)
			var names, values []string
			var all []byte
			for f := range rawFields(b) {
				names = append(names, string(f.name(b)))
				values = append(values, string(f.value(b)))
				all = append(all, b[f.start:f.end]...)
			}
			assert.Equal(t, tt.names, names)
			assert.Equal(t, tt.rest, values)
			assert.Equal(t, tt.in, string(all), "no octet is passed over")
		})
	}
}
