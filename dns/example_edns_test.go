package dns_test

import (
	"fmt"
	"net/netip"
	"time"

	"applayer/dns"
)

func ExampleEDNS() {
	e := &dns.EDNS{UDPSize: dns.DefaultUDPSize, DNSSECOK: true}
	e.SetNSID(nil) // asks for the server's name
	if err := e.SetSubnet(dns.Subnet{Prefix: netip.MustParsePrefix("192.0.2.77/24")}); err != nil {
		fmt.Println(err)
		return
	}
	for _, o := range e.Options {
		fmt.Printf("%v: %x, %d octets\n", o.Code, o.Data, len(o.Data))
	}
	e.SetOption(dns.OptionCookie, []byte("too short"))
	fmt.Println(e.Check(true))
	// Output:
	// NSID: , 0 octets
	// CLIENT-SUBNET: 00011800c00002, 7 octets
	// dns: additional: length of a cookie: RDATA length at byte 0 (RFC 7873 §5.2.2)
}

func ExampleCookieSecrets() {
	secrets := dns.CookieSecrets{Current: dns.CookieSecret{0xe5, 0xe9}}
	client, now := netip.MustParseAddr("198.51.100.100"), time.Unix(1559731985, 0)
	data := secrets.Append(nil, [8]byte{0x24, 0x64}, client, now)
	c, err := dns.ParseCookie(data) // as the client sends it back
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(secrets.Check(c, client, now.Add(time.Minute)))
	fmt.Println(secrets.Check(c, client, now.Add(40*time.Minute)))
	fmt.Println(secrets.Check(c, client.Next(), now))
	// Output:
	// good
	// renew
	// bad
}

func ExampleMatcher() {
	query, err := dns.AppendMessage(nil, &dns.Message{
		Header:   dns.Header{ID: 4711},
		Question: []dns.Question{{Name: dns.MustName("example.org"), Type: dns.TypeA, Class: dns.ClassIN}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := dns.NewMatcher(query)
	if err != nil {
		fmt.Println(err)
		return
	}
	reply := append([]byte(nil), query...)
	reply[2] |= 0x80 // QR
	fmt.Println(m.Accept(reply))
	reply[1]++
	fmt.Println(m.Accept(reply))
	// Output:
	// <nil>
	// dns: no answer to the query: ID (RFC 5452 §9.1)
}

func ExampleMachine() {
	var m dns.Machine
	for _, e := range []dns.Event{dns.EventAskUDP, dns.EventMismatch, dns.EventTruncated, dns.EventAskUDP, dns.EventAskTCP, dns.EventAnswer} {
		if err := m.Do(e); err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(e, "leads to", m.State())
	}
	// Output:
	// AskUDP leads to UDP
	// Mismatch leads to UDP
	// Truncated leads to MustTCP
	// dns: no AskUDP in state MustTCP (RFC 1035 §7)
	// AskTCP leads to TCP
	// Answer leads to Answered
}
