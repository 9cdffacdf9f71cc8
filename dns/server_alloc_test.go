//go:build !race

package dns_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

// prepared answers with octets that were written before, found by the name in
// lower case: the fast way.
var prepared = func() dns.Handler {
	type answer struct {
		body   []byte
		counts dns.Counts
	}
	answers := map[string]answer{"\x03www\x07example\x03org\x00": {
		[]byte("\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01"), dns.Counts{Answer: 1},
	}}
	return dns.HandlerFunc(func(_ context.Context, w *dns.Responder, q *dns.Query) {
		a, ok := answers[string(q.CanonicalName())]
		if !ok {
			w.SetRCode(dns.RCodeNXDomain)
			return
		}
		w.SetAuthoritative(true)
		w.AddBody(a.body, a.counts)
	})
}()

// From socket to socket nothing is allocated, over UDP and over TCP: what
// counts here is all of the process, both ends.
func TestServerDoesNotAllocate(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		for _, batch := range []int{1, 32} {
			t.Run(network, func(t *testing.T) {
				s := &dns.Server{Handler: prepared, Batch: batch}
				l, err := dns.Listen(t.Context(), "127.0.0.1:0", 1)
				require.NoError(t, err)
				var done sync.WaitGroup
				done.Go(func() { s.Serve(l) })
				defer done.Wait()
				defer s.Close()
				nc, err := net.Dial(network, l.Addr().String())
				require.NoError(t, err)
				defer nc.Close()
				nc.SetDeadline(time.Now().Add(time.Minute))
				request := []byte(withOptions("\x00\x0a\x00\x08aaaaaaaa"))
				if network == "tcp" {
					request = []byte(overStream(string(request)))
				}
				response := make([]byte, 512)
				n := 0
				assert.Zero(t, testing.AllocsPerRun(1000, func() {
					nc.Write(request)
					n, err = nc.Read(response)
				}))
				require.NoError(t, err)
				assert.Greater(t, n, 80)
			})
		}
	}
}

// Records that are added one by one take nothing either, once their names are
// at hand.
func TestResponderDoesNotAllocate(t *testing.T) {
	ns, glue := dns.RR{Name: dns.MustName("example.org"), Class: dns.ClassIN, Data: &dns.NS{Host: dns.MustName("ns.example.org")}}, a("ns.example.org", 1)
	s := &dns.Server{Handler: dns.HandlerFunc(func(_ context.Context, w *dns.Responder, q *dns.Query) {
		w.Add(dns.SectionAuthority, ns)
		w.AddGlue(glue)
	})}
	request, out := []byte(optHead+asked+opt), make([]byte, 0, 512)
	ctx := t.Context()
	assert.Zero(t, testing.AllocsPerRun(1000, func() { s.AppendResponse(ctx, out, request, udpOrigin) }))
}

// A flood of what is no query costs no allocation either.
func TestServerDoesNotAllocateForJunk(t *testing.T) {
	s, ctx, out := &dns.Server{Handler: prepared}, t.Context(), make([]byte, 0, 512)
	for _, junk := range []string{
		"", queryHead, response, queryHead + asked[:20], queryHead + asked + "x",
		"\x00\x07\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff", "\x00\x07\x28\x00\x00\x01\x00\x00\x00\x00\x00\x00" + asked,
		withOptions("\x00\x03"),
	} {
		request := []byte(junk)
		assert.Zero(t, testing.AllocsPerRun(100, func() { s.AppendResponse(ctx, out, request, udpOrigin) }), "%q", junk)
	}
}
