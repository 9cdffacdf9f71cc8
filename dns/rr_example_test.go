package dns_test

import (
	"fmt"

	"applayer/dns"
)

func ExampleHTTPS() {
	rr, err := dns.ParseRR(`example.org. 300 IN HTTPS 1 . alpn="h2,h3" ipv4hint=192.0.2.1`)
	if err != nil {
		fmt.Println(err)
		return
	}
	if d, ok := rr.Data.(*dns.HTTPS); ok {
		fmt.Println(d.Priority, d.Target, d.ALPN(), d.Hints())
	}
	// Output: 1 . [h2 h3] [192.0.2.1]
}

func ExampleParseSvcParam() {
	d := &dns.SVCB{Priority: 1, Target: dns.MustName("svc.example.")}
	for _, s := range []string{"alpn=dot", "port=8853"} {
		p, err := dns.ParseSvcParam(s)
		if err != nil {
			fmt.Println(err)
			return
		}
		d.Params = append(d.Params, p)
	}
	fmt.Println(dns.RR{Name: dns.MustName("_dns.example."), Class: dns.ClassIN, TTL: 60, Data: d})
	// Output: _dns.example.	60	IN	SVCB	1 svc.example. alpn="dot" port=8853
}

func ExampleTypeBitmap() {
	types := dns.NewTypeBitmap(dns.TypeNSEC, dns.TypeA, dns.TypeRRSIG)
	fmt.Println(types, types.Has(dns.TypeA), types.Has(dns.TypeMX))
	// Output: A RRSIG NSEC true false
}

func ExampleRRSets() {
	var rrs []dns.RR
	for _, line := range []string{"a. 60 IN A 192.0.2.1", "a. 60 IN MX 1 a.", "A. 30 IN A 192.0.2.2"} {
		rr, err := dns.ParseRR(line)
		if err != nil {
			fmt.Println(err)
			return
		}
		rrs = append(rrs, rr)
	}
	for _, set := range dns.RRSets(rrs) {
		fmt.Println(set[0].Type(), len(set), dns.MinTTL(set))
	}
	// Output:
	// A 2 30
	// MX 1 60
}
