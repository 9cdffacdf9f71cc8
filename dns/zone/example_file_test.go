package zone_test

import (
	"fmt"
	"os"
	"strings"

	"applayer/dns"
	"applayer/dns/zone"
)

const exampleZone = `$TTL 1h
@    SOA   ns hostmaster ( 1 ; serial
           4h 1h 1w 5m )
     NS    ns
ns   A     192.0.2.1
www  5m A  192.0.2.80
     AAAA  2001:db8::80
`

func ExampleReader() {
	r := zone.NewReader(strings.NewReader(exampleZone), &zone.ReaderOptions{
		Origin: dns.MustName("example.org"),
		File:   "example.org.zone",
	})
	for rr, err := range r.All() {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(rr)
	}
	// Output:
	// example.org.	3600	IN	SOA	ns.example.org. hostmaster.example.org. 1 14400 3600 604800 300
	// example.org.	3600	IN	NS	ns.example.org.
	// ns.example.org.	3600	IN	A	192.0.2.1
	// www.example.org.	300	IN	A	192.0.2.80
	// www.example.org.	3600	IN	AAAA	2001:db8::80
}

func ExampleWriter() {
	w := zone.NewWriter(os.Stdout, &zone.WriterOptions{Origin: dns.MustName("example.org")})
	for _, s := range []string{"www.example.org. 300 IN A 192.0.2.80", "www.example.org. 300 IN AAAA 2001:db8::80"} {
		rr, err := dns.ParseRR(s)
		if err != nil {
			fmt.Println(err)
			return
		}
		if err := w.Write(rr); err != nil {
			fmt.Println(err)
			return
		}
	}
	if err := w.Flush(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// $ORIGIN example.org.
	// www	300	IN	A	192.0.2.80
	// 	300	IN	AAAA	2001:db8::80
}

func ExampleCheck() {
	var rrs []dns.RR
	for rr, err := range zone.NewReader(strings.NewReader(exampleZone+"www CNAME web\n"), &zone.ReaderOptions{Origin: dns.MustName("example.org")}).All() {
		if err != nil {
			fmt.Println(err)
			return
		}
		rrs = append(rrs, rr)
	}
	_, problems := zone.Check(dns.MustName("example.org"), rrs)
	for _, p := range problems {
		fmt.Println(p)
	}
	// Output: zone: www.example.org. CNAME: beside other data (RFC 2181 §10.1)
}
