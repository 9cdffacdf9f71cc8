package zone_test

import (
	"fmt"
	"log"
	"strings"

	"applayer/dns"
	"applayer/dns/zone"
)

func ExampleLoad() {
	const file = `$TTL 1h
@	SOA	ns admin 2024010100 2h 15m 2w 5m
	NS	ns
ns	A	192.0.2.53
sub	NS	ns.sub
`
	z, warnings, err := zone.Load(strings.NewReader(file), &zone.ReaderOptions{Origin: dns.MustName("example.org"), File: "example.org.zone"})
	if err != nil {
		log.Fatal(err)
	}
	for _, w := range warnings {
		fmt.Println(w)
	}
	fmt.Println(z.Origin(), z.Serial(), z.Len())
	// Output:
	// zone: sub.example.org. NS: name server ns.sub.example.org. has no address (RFC 1034 §4.2.1)
	// example.org. 2024010100 4
}
