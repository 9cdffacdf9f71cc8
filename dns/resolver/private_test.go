package resolver_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/dns"
	"applayer/dns/resolver"
)

// Records that lead into our own network are dropped, in whatever form they say
// its addresses; the others of their set stay.
func TestPrivate(t *testing.T) {
	w := small(t, &resolver.EngineOptions{Private: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fc00::/7")}})
	w.serve("192.0.2.20", zone(t, "example.com.",
		"a.example.com. 60 A 10.1.2.3", "a.example.com. 60 A 198.51.100.1",
		"mapped.example.com. 60 AAAA ::ffff:10.1.2.3", "ula.example.com. 60 AAAA fd00::1",
		"web.example.com. 60 HTTPS 1 . ipv4hint=198.51.100.1,10.1.2.3", "web.example.com. 60 HTTPS 2 . ipv6hint=2001:db8::1",
		"svc.example.com. 60 SVCB 1 . alpn=dot ipv6hint=fd00::1",
	))
	for _, row := range []struct {
		name string
		typ  dns.Type
		want []string
	}{
		{"a.example.com.", dns.TypeA, []string{"a.example.com. 60 IN A 198.51.100.1"}},
		{"mapped.example.com.", dns.TypeAAAA, nil},
		{"ula.example.com.", dns.TypeAAAA, nil},
		{"web.example.com.", dns.TypeHTTPS, []string{"web.example.com. 60 IN HTTPS 2 . ipv6hint=2001:db8::1"}},
		{"svc.example.com.", dns.TypeSVCB, nil},
	} {
		assert.Equal(t, row.want, lines(w.ask(row.name, row.typ).Answer), row.name)
	}
}
