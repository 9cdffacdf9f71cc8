package resolver_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/resolver"
)

// BenchmarkHit answers a question from the cache, from request octets to
// response octets.
func BenchmarkHit(b *testing.B) {
	for _, row := range []struct {
		name string
		rrs  []string
	}{
		{"A", []string{"www.example.com. 3600 A 198.51.100.1"}},
		{"alias", []string{"www.example.com. 3600 CNAME a.example.com.", "a.example.com. 3600 A 198.51.100.1", "a.example.com. 3600 A 198.51.100.2"}},
	} {
		b.Run(row.name, func(b *testing.B) {
			m := &memory{servers: small(b, nil).servers}
			m.servers[netip.MustParseAddr("192.0.2.20")] = zone(b, "example.com.", row.rrs...)
			r := &resolver.Resolver{Exchanger: m}
			r.Hints = rrs(b, ". 3600 NS a.root.", "a.root. 3600 A 192.0.2.1")
			defer r.Close()
			q := &dns.Message{Question: []dns.Question{asked("www.example.com.", dns.TypeA)}}
			q.RecursionDesired = true
			request, err := dns.AppendMessage(nil, q)
			require.NoError(b, err)
			s := dns.Server{Handler: &resolver.Handler{Resolver: r}}
			from := dns.Origin{Peer: netip.MustParseAddrPort("127.0.0.1:4000"), Local: netip.MustParseAddrPort("127.0.0.1:53")}
			buf := make([]byte, 0, 4096)
			got := s.AppendResponse(b.Context(), buf, request, from)
			b.SetBytes(int64(len(got)))
			b.ReportAllocs()
			for b.Loop() {
				s.AppendResponse(b.Context(), buf, request, from)
			}
		})
	}
}

// BenchmarkResolve resolves names that are not in the cache, one message each.
func BenchmarkResolve(b *testing.B) {
	w := small(b, nil)
	w.ask("www.example.com.", dns.TypeA)
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		w.log = w.log[:0]
		w.ask(fmt.Sprintf("h%d.example.com.", i), dns.TypeA)
		i++
	}
}
