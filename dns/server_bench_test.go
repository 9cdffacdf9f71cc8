package dns_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"applayer/dns"
)

// fixed answers every query with a body that was prepared.
var fixed = dns.HandlerFunc(func(_ context.Context, w *dns.Responder, q *dns.Query) {
	w.AddBody(fixedBody, dns.Counts{Answer: 1})
})

var fixedBody = []byte("\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01")

// BenchmarkServerRespond is the work for a query without the socket.
func BenchmarkServerRespond(b *testing.B) {
	for _, bb := range []struct {
		name, request string
	}{
		{"plain", queryHead + asked},
		{"edns", optHead + asked + opt},
		{"cookie", withOptions("\x00\x0a\x00\x08aaaaaaaa")},
		{"formerr", queryHead + asked[:20]},
	} {
		b.Run(bb.name, func(b *testing.B) {
			s := &dns.Server{Handler: fixed}
			request, out := []byte(bb.request), make([]byte, 0, 512)
			b.ReportAllocs()
			for b.Loop() {
				s.AppendResponse(b.Context(), out, request, udpOrigin)
			}
		})
	}
}

// BenchmarkServer is a query and its answer over loopback, one at a time, or
// through pipelines of 64 on a connection.
func BenchmarkServer(b *testing.B) {
	for _, network := range []string{"udp", "tcp", "tcp-pipelined"} {
		b.Run(network, func(b *testing.B) {
			s := &dns.Server{Handler: fixed}
			l, err := dns.Listen(b.Context(), "127.0.0.1:0", 1)
			require.NoError(b, err)
			var done sync.WaitGroup
			done.Go(func() { s.Serve(l) })
			defer done.Wait()
			defer s.Close()
			nc, err := net.Dial(network[:3], l.Addr().String())
			require.NoError(b, err)
			defer nc.Close()
			nc.SetDeadline(time.Now().Add(time.Minute))
			request := queryHead + asked
			switch network {
			case "tcp":
				request = overStream(request)
			case "tcp-pipelined":
				for request = ""; len(request) < 64*35; {
					request += overStream(queryHead + asked)
				}
			}
			want := 49
			if network != "udp" {
				want = (49 + 2) * (len(request) / 35)
			}
			in, response := []byte(request), make([]byte, 65536)
			b.ReportAllocs()
			for b.Loop() {
				nc.Write(in)
				for got := 0; got < want; {
					n, err := nc.Read(response)
					if err != nil {
						b.Fatal(err)
					}
					got += n
				}
			}
			if network == "tcp-pipelined" {
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*64), "ns/query")
			}
		})
	}
}
