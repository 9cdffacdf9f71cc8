package dns_test

import (
	"context"
	"net/netip"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/internal/testkit"
)

// serve answers by a Server on the lab's address until the test ends.
func (l *lab) serve(s *dns.Server) {
	s.Handler = dns.HandlerFunc(func(_ context.Context, w *dns.Responder, q *dns.Query) {
		w.Add(dns.SectionAnswer, dns.RR{Name: q.Name(), Class: q.Class, TTL: 60, Data: &dns.A{Addr: netip.MustParseAddr("192.0.2.1")}})
	})
	pc, err := l.ListenPacket(context.Background(), "udp", server53.String())
	require.NoError(l.t, err)
	tcp, err := l.Listen(context.Background(), "tcp", server53.String())
	require.NoError(l.t, err)
	tls, err := l.Listen(context.Background(), "tcp", netip.AddrPortFrom(server53.Addr(), 853).String())
	require.NoError(l.t, err)
	done := make(chan error, 3)
	go func() { done <- s.ServeUDP(pc) }()
	go func() { done <- s.ServeTCP(tcp) }()
	go func() { done <- s.ServeTLS(tls) }()
	l.t.Cleanup(func() {
		s.Close()
		for range 3 {
			assert.ErrorIs(l.t, <-done, dns.ErrServerClosed)
		}
	})
}

// TestClientServer: our two ends, with what EDNS has for both.
func TestClientServer(t *testing.T) {
	server, trust := testkit.Certificate(t, "192.0.2.53")
	trust.ServerName = ""
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.serve(&dns.Server{RequireCookies: true, NSID: "ns1", TLSConfig: server})
		c := l.client()
		c.MixCase = true
		m := question()
		m.EDNS = &dns.EDNS{}
		m.EDNS.SetNSID(nil)
		got, how, err := c.Exchange(t.Context(), server53, m)
		require.NoError(t, err)
		assert.Equal(t, 2, how.Sent, "RFC 7873 §5.2.3: BADCOOKIE, and again")
		assert.Equal(t, dns.RCodeNoError, got.RCode)
		assert.Equal(t, "www.Example.org.\t60\tIN\tA\t192.0.2.1", got.Answer[0].String())
		id, _ := got.EDNS.NSID()
		assert.Equal(t, "ns1", string(id))
		cookie, ok := got.EDNS.Cookie()
		assert.True(t, ok)
		assert.Len(t, cookie.Server, 16)
		_, how, err = c.Exchange(t.Context(), server53, m)
		require.NoError(t, err)
		assert.Equal(t, 1, how.Sent)

		over := l.client()
		over.Network = dns.NetworkTLS
		over.Transport.TLSConfig = trust
		got, how, err = over.Exchange(t.Context(), netip.AddrPortFrom(server53.Addr(), 853), m)
		require.NoError(t, err)
		assert.Len(t, got.Answer, 1)
		assert.Len(t, how.Query, dns.QueryPadding)
		assert.Zero(t, len(how.Reply)%dns.ResponsePadding, "RFC 8467 §4.1")
	})
}
