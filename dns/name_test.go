package dns_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

func TestName(t *testing.T) {
	for _, tt := range []struct {
		in, out string
		labels  int
	}{
		{".", ".", 0},
		{"example.org", "example.org.", 2},
		{`a\.b.c\065\000.`, `a\.b.cA\000.`, 2},
	} {
		n, err := dns.ParseName(tt.in)
		require.NoError(t, err, tt.in)
		assert.Equal(t, tt.out, n.String())
		assert.Equal(t, tt.labels, n.CountLabels())
	}
	for _, in := range []string{"", "..", ".a", "a..b", "ü", "a b", `a\25`, `a\256`, `a\`} {
		_, err := dns.ParseName(in)
		assert.ErrorIs(t, err, dns.ErrLabel, in)
	}
	for _, a := range []string{"192.0.2.17", "2001:db8::17", "0.0.0.255"} {
		want := netip.MustParseAddr(a)
		got, ok := dns.ReverseName(want).ReverseAddr()
		assert.True(t, ok)
		assert.Equal(t, want, got)
	}
}
