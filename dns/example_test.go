package dns_test

import (
	"fmt"
	"net/netip"

	"applayer/dns"
)

func ExampleParseName() {
	n, err := dns.ParseName("www.Example.org")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(n, n.IsSubdomainOf(dns.MustName("example.ORG.")), n.Canonical())
	// Output: www.Example.org. true www.example.org.
}

func ExampleMessage() {
	query := &dns.Message{
		Header:   dns.Header{ID: 7, RecursionDesired: true},
		Question: []dns.Question{{Name: dns.MustName("example.org"), Type: dns.TypeA, Class: dns.ClassIN}},
	}
	b, err := dns.AppendMessage(nil, query)
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := dns.ParseMessage(b, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	m.Response = true
	m.Answer = []dns.RR{{Name: m.Question[0].Name, Class: dns.ClassIN, TTL: 3600, Data: &dns.A{Addr: netip.MustParseAddr("192.0.2.1")}}}
	fmt.Println(len(b), "octets;", m.Answer[0])
	// Output: 29 octets; example.org.	3600	IN	A	192.0.2.1
}
