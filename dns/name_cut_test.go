package dns_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/dns"
)

func TestCutName(t *testing.T) {
	label := "\x3f" + strings.Repeat("a", 63)
	longest := label + label + label + "\x3d" + strings.Repeat("b", 61) + "\x00"
	for _, tt := range []struct {
		name, wire, want, rest string
		ok                     bool
	}{
		{"the root", "\x00", "\x00", "", true},
		{"what follows is left", "\x01A\x02bc\x00\x01", "\x01A\x02bc\x00", "\x01", true},
		{"1035-2.3.4 255 octets", longest, longest, "", true},
		{"1035-2.3.4 257 octets", "\x01a" + longest, "", "\x01a" + longest, false},
		{"no octets", "", "", "", false},
		{"no root", "\x01a", "", "\x01a", false},
		{"label cut", "\x05ab\x00", "", "\x05ab\x00", false},
		{"a pointer", "\x01a\xc0\x0c", "", "\x01a\xc0\x0c", false},
	} {
		n, rest, ok := dns.CutName(tt.wire)
		assert.Equal(t, tt.ok, ok, tt.name)
		assert.Equal(t, tt.want, n.Wire(), tt.name)
		assert.Equal(t, tt.rest, rest, tt.name)
	}
	wire := "\x03www\x07example\x00"
	assert.Zero(t, testing.AllocsPerRun(10, func() { _, _, _ = dns.CutName(wire) }))
}
