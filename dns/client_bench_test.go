package dns_test

import (
	"net"
	"net/netip"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"applayer/dns"
)

// BenchmarkClient asks a server on loopback that sends back what it prepared:
// what a question costs by each network, sockets and connections included.
func BenchmarkClient(b *testing.B) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(b, err)
	ln, err := net.Listen("tcp", pc.LocalAddr().String())
	if err != nil {
		pc.Close()
		b.Skip("the port is in use by another: ", err)
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	defer pc.Close()
	defer ln.Close()
	reply := func(q []byte) []byte {
		q[2] |= 0x80
		return q
	}
	wg.Go(func() {
		buf := make([]byte, 1232)
		for {
			n, from, err := pc.(*net.UDPConn).ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			pc.(*net.UDPConn).WriteToUDPAddrPort(reply(buf[:n]), from)
		}
	})
	wg.Go(func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer nc.Close()
				c := dns.NewConn(nc)
				for {
					q, err := c.ReadMessage()
					if err != nil || c.WriteMessage(reply(q)) != nil {
						return
					}
				}
			})
		}
	})
	server := netip.MustParseAddrPort(pc.LocalAddr().String())
	for _, network := range []string{dns.NetworkUDP, dns.NetworkTCP} {
		b.Run(network, func(b *testing.B) {
			c := &dns.Client{Network: network}
			defer c.Close()
			m := question()
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := c.Exchange(b.Context(), server, m); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(network+"/transport", func(b *testing.B) {
			var t dns.Transport
			defer t.Close()
			q, err := dns.AppendMessage(nil, question())
			require.NoError(b, err)
			m, err := dns.NewMatcher(q)
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := t.Exchange(b.Context(), network, server, q, m.Accept); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
