package dns_test

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"applayer/dns"
)

// A request goes in, a response comes out: the way of every transport.
func ExampleServer_AppendResponse() {
	s := &dns.Server{Handler: dns.HandlerFunc(func(_ context.Context, w *dns.Responder, q *dns.Query) {
		w.SetAuthoritative(true)
		rr := dns.RR{Name: q.Name(), Class: q.Class, TTL: 60, Data: &dns.A{Addr: netip.MustParseAddr("192.0.2.1")}}
		if err := w.Add(dns.SectionAnswer, rr); err != nil {
			w.SetRCode(dns.RCodeServFail)
		}
	})}
	query, err := dns.AppendMessage(nil, &dns.Message{
		Header:   dns.Header{ID: 7},
		Question: []dns.Question{{Name: dns.MustName("example.org"), Type: dns.TypeA, Class: dns.ClassIN}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	response := s.AppendResponse(context.Background(), nil, query, dns.Origin{})
	var p dns.Parser
	h, err := p.Start(response)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(h.ID, h.RCode)
	for p.NextIn(dns.SectionAnswer) {
		rr, err := p.RR(nil)
		fmt.Println(rr, err)
	}
	// Output:
	// 7 NOERROR
	// example.org.	60	IN	A	192.0.2.1 <nil>
}

// A message is built up to a size; what does not fit sets TC.
func ExampleBuilder() {
	var b dns.Builder
	name := dns.MustName("example.org")
	b.Start(nil, dns.Header{ID: 7, Response: true}, 60)
	if err := b.Question(dns.Question{Name: name, Type: dns.TypeTXT, Class: dns.ClassIN}); err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range []string{"what there", "is to tell"} {
		if err := b.Add(dns.SectionAnswer, dns.RR{Name: name, Class: dns.ClassIN, Data: &dns.TXT{Texts: []string{s}}}); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println(len(b.Finish()), "octets, truncated:", b.Truncated())
	// Output: 29 octets, truncated: true
}

// A server on loopback, and a client that asks it.
func ExampleServer() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s := &dns.Server{Handler: dns.HandlerFunc(func(_ context.Context, w *dns.Responder, q *dns.Query) {
		w.SetAuthoritative(true)
		if q.Type != dns.TypeTXT {
			return
		}
		if err := w.Add(dns.SectionAnswer, dns.RR{Name: q.Name(), Class: q.Class, Data: &dns.TXT{Texts: []string{"over " + q.Transport().String()}}}); err != nil {
			w.SetRCode(dns.RCodeServFail)
		}
	})}
	l, err := dns.Listen(ctx, "127.0.0.1:0", 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()

	var c dns.Client
	query := &dns.Message{Question: []dns.Question{{Name: dns.MustName("example.org"), Type: dns.TypeTXT, Class: dns.ClassIN}}}
	m, how, err := c.Exchange(ctx, l.Addr(), query)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.RCode, m.Answer[0], how.Network)

	if err := s.Shutdown(ctx); err != nil {
		fmt.Println(err)
	}
	fmt.Println(<-served)
	// Output:
	// NOERROR example.org.	0	IN	TXT	"over udp" udp
	// sockets: server closed
}
