package dns_test

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/internal/testkit"
	"applayer/sockets"
)

var (
	server53 = netip.MustParseAddrPort("192.0.2.53:53")
	exampleA = dns.Question{Name: dns.MustName("www.Example.org"), Type: dns.TypeA, Class: dns.ClassIN}
)

// lab is a network in memory with a name server on it that does as told.
type lab struct {
	*testkit.Network
	t *testing.T
}

func newLab(t *testing.T) *lab { return &lab{Network: testkit.NewNetwork(), t: t} }

func (l *lab) transport() *dns.Transport {
	return &dns.Transport{Dialer: &sockets.Dialer{Connect: l.Dial}}
}

// client makes a client that is closed with the test.
func (l *lab) client() *dns.Client {
	t := l.transport()
	l.t.Cleanup(func() { t.Close() })
	return &dns.Client{Transport: t}
}

// udp serves datagrams until the test ends: what handle returns is sent back,
// in order.
func (l *lab) udp(handle func(query []byte) [][]byte) {
	pc, err := l.ListenPacket(context.Background(), "udp", server53.String())
	require.NoError(l.t, err)
	var wg sync.WaitGroup
	wg.Go(func() {
		buf := make([]byte, dns.MaxMessage)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			for _, b := range handle(buf[:n]) {
				pc.WriteTo(b, from)
			}
		}
	})
	l.t.Cleanup(func() { pc.Close(); wg.Wait() })
}

// tcp serves each connection until the test ends; the number counts them.
func (l *lab) tcp(serve func(n int, c *dns.Conn)) {
	ln, err := l.Listen(context.Background(), "tcp", server53.String())
	require.NoError(l.t, err)
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := 0; ; n++ {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			stop := context.AfterFunc(l.t.Context(), func() { nc.Close() })
			wg.Go(func() {
				defer stop()
				defer nc.Close()
				serve(n, dns.NewConn(nc))
			})
		}
	})
	l.t.Cleanup(func() { ln.Close(); wg.Wait() })
}

// answerAll answers all queries of a connection.
func answerAll(_ int, c *dns.Conn) {
	for {
		q, err := c.ReadMessage()
		if err != nil || c.WriteMessage(answer(q, nil)) != nil {
			return
		}
	}
}

// question makes a query for [exampleA].
func question() *dns.Message {
	return &dns.Message{Header: dns.Header{RecursionDesired: true}, Question: []dns.Question{exampleA}}
}

// answer answers a query with one address, after a change.
func answer(query []byte, change func(m *dns.Message)) []byte {
	m, err := dns.ParseMessage(query, nil)
	if err != nil {
		panic(err)
	}
	m.Response = true
	if m.EDNS != nil {
		m.EDNS = &dns.EDNS{UDPSize: 1232}
	}
	if len(m.Question) > 0 {
		m.Answer = []dns.RR{{Name: m.Question[0].Name, Class: dns.ClassIN, TTL: 60, Data: &dns.A{Addr: netip.MustParseAddr("192.0.2.1")}}}
	}
	if change != nil {
		change(m)
	}
	b, err := dns.AppendMessage(nil, m)
	if err != nil {
		panic(err)
	}
	return b
}

// truncated is an answer without records that says TC.
func truncated(query []byte) []byte {
	return answer(query, func(m *dns.Message) { m.Truncated, m.Answer = true, nil })
}

// withID returns the message with another ID.
func withID(b []byte, id uint16) []byte {
	b = append([]byte(nil), b...)
	binary.BigEndian.PutUint16(b, id)
	return b
}

func one(b []byte) [][]byte { return [][]byte{b} }

// short is a context of so many seconds.
func short(t *testing.T, seconds int) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(seconds)*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

// from dials from an address that may change.
func (l *lab) from(local *atomic.Pointer[string]) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		return l.DialFrom(ctx, network, *local.Load(), addr)
	}
}

func tlsServer(c *dns.Conn, config *tls.Config) *tls.Conn { return tls.Server(c.NetConn(), config) }
