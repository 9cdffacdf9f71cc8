package dns_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"applayer/dns"
)

// serveOne answers one query over UDP on loopback, and tells where.
func serveOne() (netip.AddrPort, error) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return netip.AddrPort{}, err
	}
	go func() {
		defer pc.Close()
		buf := make([]byte, dns.MinUDPSize)
		n, from, err := pc.ReadFrom(buf)
		if err != nil {
			return
		}
		pc.WriteTo(answer(buf[:n], nil), from)
	}()
	return pc.LocalAddr().(*net.UDPAddr).AddrPort(), nil
}

func ExampleClient() {
	server, err := serveOne() // an address such as 192.0.2.53:53
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var c dns.Client
	defer c.Close()
	m, how, err := c.Exchange(ctx, server, &dns.Message{
		Header:   dns.Header{RecursionDesired: true},
		Question: []dns.Question{{Name: dns.MustName("example.org"), Type: dns.TypeA, Class: dns.ClassIN}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(how.Network, m.RCode, m.Answer[0])
	// Output: udp NOERROR example.org.	60	IN	A	192.0.2.1
}
