package resolver_test

import (
	"fmt"
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
