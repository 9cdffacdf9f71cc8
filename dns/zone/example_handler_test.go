package zone_test

import (
	"context"
	"fmt"
	"log"
	"net/netip"

	"applayer/dns"
	"applayer/dns/zone"
)

func ExampleHandler() {
	b := zone.NewBuilder(dns.MustName("example.org"))
	for _, line := range []string{
		"example.org. 3600 IN SOA ns.example.org. admin.example.org. 1 7200 900 1209600 300",
		"*.example.org. 3600 IN A 192.0.2.80",
	} {
		rr, err := dns.ParseRR(line)
		if err != nil {
			log.Fatal(err)
		}
		if err := b.Add(rr); err != nil {
			log.Fatal(err)
		}
	}
	z, err := b.Zone()
	if err != nil {
		log.Fatal(err)
	}
	var store zone.Store
	store.Publish(z)
	server := &dns.Server{Handler: &zone.Handler{Store: &store}}

	// A server on sockets would be asked over them.
	query, err := dns.AppendMessage(nil, &dns.Message{
		Question: []dns.Question{{Name: dns.MustName("www.example.org"), Type: dns.TypeA, Class: dns.ClassIN}},
	})
	if err != nil {
		log.Fatal(err)
	}
	from := dns.Origin{Peer: netip.MustParseAddrPort("192.0.2.1:5353")}
	m, err := dns.ParseMessage(server.AppendResponse(context.Background(), nil, query, from), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.RCode, m.Authoritative)
	for _, rr := range m.Answer {
		fmt.Println(rr)
	}
	// Output:
	// NOERROR true
	// www.example.org.	3600	IN	A	192.0.2.80
}
