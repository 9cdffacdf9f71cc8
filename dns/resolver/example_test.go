package resolver_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"applayer/dns"
	"applayer/dns/resolver"
)

// An engine tells what to send, and is told what came back.
func ExampleEngine() {
	now := time.Unix(1_700_000_000, 0)
	e := resolver.NewEngine(&resolver.EngineOptions{NoIPv6: true})
	e.Ask(now, dns.Question{Name: dns.MustName("www.example.com"), Type: dns.TypeA, Class: dns.ClassIN})

	send, _ := e.Next()
	m, err := dns.ParseMessage(send.Message, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(send.Network, send.Server.Port(), m.Question[0])

	// Nobody answers: in the end there is no result either.
	for next := e.NextTimeout(); !next.IsZero(); next = e.NextTimeout() {
		e.Timeout(next)
	}
	_, r, _ := e.NextResult()
	fmt.Println(r.RCode)
	// Output:
	// udp 53 . IN NS
	// SERVFAIL
}

// A Resolver has the lookups of net.Resolver. Here its cache knows the answer.
func ExampleResolver() {
	cache := resolver.NewCache(0)
	err := cache.Load(strings.NewReader(`answer authoritative 60 example.com. IN MX
	example.com. 60 IN MX 20 backup.example.com.
	example.com. 60 IN MX 10 mail.example.com.
`), time.Now())
	if err != nil {
		fmt.Println(err)
		return
	}
	r := &resolver.Resolver{EngineOptions: resolver.EngineOptions{Cache: cache}}
	defer r.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	mx, err := r.LookupMX(ctx, "example.com")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range mx {
		fmt.Println(m.Pref, m.Host)
	}
	// Output:
	// 10 mail.example.com.
	// 20 backup.example.com.
}

// A Handler makes a recursive name server of a dns.Server; ListenAndServe would
// run it. Here it is asked without a socket.
func ExampleHandler() {
	r := &resolver.Resolver{}
	defer r.Close()
	s := &dns.Server{Handler: &resolver.Handler{Resolver: r}}

	query := &dns.Message{Question: []dns.Question{{Name: dns.MustName("localhost"), Type: dns.TypeA, Class: dns.ClassIN}}}
	query.RecursionDesired = true
	for _, from := range []string{"127.0.0.1:40000", "192.0.2.1:40000"} {
		request, err := dns.AppendMessage(nil, query)
		if err != nil {
			fmt.Println(err)
			return
		}
		reply := s.AppendResponse(context.Background(), nil, request, dns.Origin{Peer: netip.MustParseAddrPort(from)})
		m, err := dns.ParseMessage(reply, nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(m.RCode, len(m.Answer))
	}
	// Output:
	// NOERROR 1
	// REFUSED 0
}
