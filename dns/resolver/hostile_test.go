package resolver_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/resolver"
	"applayer/internal/testkit"
)

// hostile is a name server that says over UDP what udp makes of a query, and
// does to connections what tcp does.
func hostile(t *testing.T, udp func(query []byte, send func([]byte)), tcp func(net.Conn)) netip.AddrPort {
	t.Helper()
	l, err := dns.Listen(t.Context(), "127.0.0.1:0", 1)
	require.NoError(t, err)
	var running sync.WaitGroup
	running.Go(func() {
		buf := make([]byte, dns.MaxMessage)
		for {
			n, from, err := l.Packets[0].ReadFrom(buf)
			if err != nil {
				return
			}
			udp(buf[:n], func(b []byte) { _, _ = l.Packets[0].WriteTo(b, from) })
		}
	})
	running.Go(func() {
		for {
			nc, err := l.Streams.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer nc.Close()
				tcp(nc)
			})
		}
	})
	t.Cleanup(func() {
		assert.NoError(t, l.Close())
		running.Wait()
	})
	return l.Addr()
}

// truncated sends the query back as a reply that goes on over TCP.
func truncated(query []byte, send func([]byte)) {
	query[2] |= 0x82 // QR and TC
	send(query)
}

// drip writes octet for octet until the peer has gone.
func drip(nc net.Conn) {
	for _, b := range []byte{0xff, 0xff} {
		nc.Write([]byte{b})
	}
	for {
		if _, err := nc.Write([]byte{0}); err != nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// A server over real sockets that does what no server should costs a question its
// answer, and the resolver nothing: it ends in time, and leaves nothing behind.
func TestHostileServers(t *testing.T) {
	testkit.NoLeaks(t)
	stay := func(nc net.Conn) { _, _ = io.Copy(io.Discard, nc) }
	for _, row := range []struct {
		name string
		udp  func([]byte, func([]byte))
		tcp  func(net.Conn)
	}{
		{"7766-6.2.4 closes at once", truncated, func(net.Conn) {}},
		{"7766-8 closes within a length", truncated, func(nc net.Conn) { nc.Write([]byte{1}) }},
		{"7766-8 closes within a message", truncated, func(nc net.Conn) { nc.Write([]byte{1, 0, 0, 0}) }},
		{"7766-8 a length of nothing", truncated, func(nc net.Conn) { nc.Write([]byte{0, 0}); stay(nc) }},
		{"7766-8 a message octet for octet, for ever", truncated, drip},
		{"7766-6.2.3 takes the question and stays silent", truncated, stay},
		{"1035-4.1 messages without end", truncated, func(nc net.Conn) {
			for b := bytes.Repeat([]byte{0xff}, 1<<16+1); ; {
				if _, err := nc.Write(b); err != nil {
					return
				}
			}
		}},
		{"7766-5 truncated over TCP too", truncated, func(nc net.Conn) {
			c := dns.NewConn(nc)
			for {
				q, err := c.ReadMessage()
				if err != nil {
					return
				}
				truncated(q, func(b []byte) { c.WriteMessage(b) })
			}
		}},
		{"5452-9.3 a flood of guesses", func(q []byte, send func([]byte)) {
			for i := range uint16(2000) {
				binary.BigEndian.PutUint16(q, i)
				q[2] |= 0x80
				send(q)
			}
		}, func(net.Conn) {}},
		{"6891-6.2.3 datagrams of 60000 octets", func(q []byte, send func([]byte)) {
			q[2] |= 0x80
			send(append(q, make([]byte, 60000)...))
		}, func(net.Conn) {}},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := &resolver.Resolver{}
			r.Forward = []netip.AddrPort{hostile(t, row.udp, row.tcp)}
			r.Limits = resolver.Limits{MaxTime: 300 * time.Millisecond, TCPTimeout: 150 * time.Millisecond, MaxStale: -1}
			var all sync.WaitGroup
			for _, name := range []string{"a.example.com.", "b.example.com.", "c.example.com."} {
				all.Go(func() {
					res, err := r.Lookup(t.Context(), asked(name, dns.TypeA))
					if assert.NoError(t, err) {
						assert.Empty(t, res.Answer)
						assert.Contains(t, []dns.RCode{dns.RCodeServFail, dns.RCodeNoError}, res.RCode)
					}
				})
			}
			all.Wait()
			assert.NoError(t, r.Close())
		})
	}
}
