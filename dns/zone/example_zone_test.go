package zone_test

import (
	"fmt"
	"log"

	"applayer/dns"
	"applayer/dns/zone"
)

func ExampleBuilder() {
	origin := dns.MustName("example.org")
	first := zone.NewBuilder(origin)
	for _, line := range []string{
		"example.org. 3600 IN SOA ns.example.org. admin.example.org. 1 7200 900 1209600 300",
		"example.org. 3600 IN NS ns.example.org.",
		"ns.example.org. 3600 IN A 192.0.2.53",
	} {
		rr, err := dns.ParseRR(line)
		if err != nil {
			log.Fatal(err)
		}
		if err := first.Add(rr); err != nil {
			log.Fatal(err)
		}
	}
	old, err := first.Zone()
	if err != nil {
		log.Fatal(err)
	}

	next := old.Builder()
	rr, _ := dns.ParseRR("www.example.org. 60 IN CNAME ns.example.org.")
	if err := next.Add(rr); err != nil {
		log.Fatal(err)
	}
	changed, err := next.Zone()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(old.Len(), "records, then")
	for rr := range changed.All() {
		fmt.Println(rr.Name, rr.Type())
	}
	// Output:
	// 3 records, then
	// example.org. SOA
	// example.org. NS
	// ns.example.org. A
	// www.example.org. CNAME
}

func ExampleStore() {
	var store zone.Store
	b := zone.NewBuilder(dns.MustName("example.org"))
	rr, _ := dns.ParseRR("example.org. 3600 IN SOA ns.example.org. admin.example.org. 1 7200 900 1209600 300")
	if err := b.Add(rr); err != nil {
		log.Fatal(err)
	}
	z, err := b.Zone()
	if err != nil {
		log.Fatal(err)
	}
	store.Publish(z)
	fmt.Println(store.Find(dns.MustName("www.example.org")).Serial())
	fmt.Println(store.Find(dns.MustName("example.com")) == nil)
	// Output:
	// 1
	// true
}
