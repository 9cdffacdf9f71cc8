package dns_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/dns"
)

var addresses = []string{
	"::", "::1", "1::", "2001:db8::1", "1:2:3:4:5:6:7:8", "1::3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "FFFF::abCD",
	"1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1::2::3", ":::", ":1", "1:", ":", "", "12345::", "g::", "1::2:", ":1::", "::ffff:192.0.2.1", "fe80::1%eth0", "1 ::",
	"192.0.2.1", "0.0.0.0", "255.255.255.255", "256.0.0.1", "192.0.2", "192.0.2.1.", "192.0.2.01", "192.0.2.1.5", "1..2.3", ".1.2.3", "192.0.2.1a",
}

// FuzzAddress: what the fast ways read is what package netip reads; what they do
// not know has dots, a zone, or is no address.
func FuzzAddress(f *testing.F) {
	for _, s := range addresses {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want, err := netip.ParseAddr(s)
		plain := err == nil && want.Zone() == ""
		for i := range len(s) {
			plain = plain && (want.Is4() || s[i] != '.')
		}
		got4, ok4 := dns.ParseIPv4([]byte(s))
		got6, ok6 := dns.ParseIPv6([]byte(s))
		assert.Equal(t, plain, ok4 || ok6, s)
		switch {
		case ok4:
			assert.Equal(t, want.String(), got4)
		case ok6:
			assert.Equal(t, want.String(), got6)
		}
	})
}
