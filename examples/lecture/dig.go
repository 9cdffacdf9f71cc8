package main

import (
	"context"
	"encoding/binary"
	"fmt"

	"applayer/dns"
	"applayer/dns/zone"
)

var digScene = Scene{
	Name:  "dig",
	Title: "a question and its answer, octet by octet",
	Run:   playDig,
}

// The zones of the lecture's dig. The name servers' addresses are ours.
const (
	mcmasterZone = `$ORIGIN mcmaster.ca.
$TTL 86400
@        SOA   pindns01 hostmaster 1 7200 1800 1209600 300
         NS    pindns01
         NS    pindns03
         NS    pindns05
pindns01 A     192.0.2.1
         AAAA  2001:db8::1
pindns03 A     192.0.2.3
         AAAA  2001:db8::3
pindns05 A     192.0.2.5
         AAAA  2001:db8::5
www 3600 CNAME pinwps02.uts
uts      NS    pindns01
         NS    pindns03
         NS    pindns05
`
	utsZone = `$ORIGIN uts.mcmaster.ca.
$TTL 86400
@             SOA pindns01.mcmaster.ca. hostmaster.mcmaster.ca. 1 7200 1800 1209600 300
              NS  pindns01.mcmaster.ca.
              NS  pindns03.mcmaster.ca.
              NS  pindns05.mcmaster.ca.
pinwps02 3600 A   130.113.64.30
long     3600 TXT ( "This text is longer than what fits into a datagram of 512 octets, so that the answer is cut, and asked for again over TCP. "
                    "This text is longer than what fits into a datagram of 512 octets, so that the answer is cut, and asked for again over TCP. "
                    "This text is longer than what fits into a datagram of 512 octets, so that the answer is cut, and asked for again over TCP. "
                    "This text is longer than what fits into a datagram of 512 octets, so that the answer is cut, and asked for again over TCP. " )
`
)

// digServer is the lecture's: with authority, and it would ask others too.
const digServer = "192.0.2.1:53"

// recursionAvailable answers as its handler, and says that it would ask others.
func recursionAvailable(h dns.Handler) dns.Handler {
	return dns.HandlerFunc(func(ctx context.Context, w *dns.Responder, q *dns.Query) {
		w.SetRecursionAvailable(true)
		h.ServeDNS(ctx, w, q)
	})
}

func playDig(ctx context.Context, n *Net) error {
	store, err := loadZones(mcmasterZone, utsZone)
	if err != nil {
		return err
	}
	srv, stop, err := serveNames(ctx, n, "pindns01.mcmaster.ca", digServer, recursionAvailable(&zone.Handler{Store: store, Full: true, Everywhere: true}))
	if err != nil {
		return err
	}
	defer stop()
	if err := stubQuery(n); err != nil {
		return err
	}
	w := &wire{n: n}
	client := &dns.Client{Transport: w.transport("dig"), UDPSize: 4096, NoCookies: true}
	defer client.Close()
	m := question("www.mcmaster.ca", dns.TypeA)
	m.EDNS = &dns.EDNS{UDPSize: 4096}
	answer, how, err := client.Exchange(ctx, srv.addr, m)
	if err != nil {
		return err
	}
	n.Printf("dig asks with EDNS: version 0, udp 4096")
	n.Expect("octets of the query", 44, len(how.Query))
	n.Expect("octets of the reply, names compressed", 288, len(how.Reply))
	n.Expect("transport protocol", "udp", how.Network)
	digHeader(n, how.Query, how.Reply)
	digSections(n, answer)
	return digTruncated(ctx, n, srv, client)
}

// stubQuery is the query that a host sends without EDNS.
func stubQuery(n *Net) error {
	b, err := dns.AppendMessage(nil, question("www.mcmaster.ca", dns.TypeA))
	if err != nil {
		return err
	}
	n.Printf("a stub resolver asks for www.mcmaster.ca A:")
	for i := 0; i < len(b); i += 16 {
		n.Printf("  %04x  % x", i, b[i:min(i+16, len(b))])
	}
	n.Expect("octets: a header of 12, a name of 17, type and class", 12+17+4, len(b))
	n.Printf("%d octets with the headers of UDP (8), IP (20) and Ethernet (14)", len(b)+8+20+14)
	n.Expect("octets on Ethernet", 75, len(b)+8+20+14)
	n.Expect("flags", "0x0100", fmt.Sprintf("0x%04x", binary.BigEndian.Uint16(b[2:])))
	_, counts, err := dns.ParseHeader(b)
	n.Expect("questions, answers, authority, additional", dns.Counts{Question: 1}, counts)
	return err
}

// question is a query for one name.
func question(name string, t dns.Type) *dns.Message {
	return &dns.Message{
		Header:   dns.Header{RecursionDesired: true},
		Question: []dns.Question{{Name: dns.MustName(name), Type: t, Class: dns.ClassIN}},
	}
}

// digHeader goes through the twelve octets that each message begins with.
func digHeader(n *Net, query, reply []byte) {
	field := func(b []byte, i int) string { return fmt.Sprintf("0x%04x", binary.BigEndian.Uint16(b[2*i:])) }
	h, counts, err := dns.ParseHeader(reply)
	n.Expect("the reply has a header", nil, err)
	n.Table(
		[]string{"header field", "query", "reply", "which says"},
		[]string{"identification", field(query, 0), field(reply, 0), "the reply repeats it"},
		[]string{"flags", field(query, 1), field(reply, 1), "qr aa rd ra: a reply, with authority, recursion desired and available; " + h.RCode.String()},
		[]string{"questions", field(query, 2), field(reply, 2), "the question comes back"},
		[]string{"answers", field(query, 3), field(reply, 3), "the alias and its address"},
		[]string{"authority", field(query, 4), field(reply, 4), "the zone's name servers"},
		[]string{"additional", field(query, 5), field(reply, 5), "their addresses, and EDNS"},
	)
	n.Expect("the reply's identification", field(query, 0), field(reply, 0))
	n.Expect("the reply's flags", "0x8580", field(reply, 1))
	n.Expect("the reply's counts", dns.Counts{Question: 1, Answer: 2, Authority: 3, Additional: 7}, counts)
}

// digSections checks the four sections of the reply.
func digSections(n *Net, m *dns.Message) {
	rows := [][]string{{"section", "name", "TTL", "type", "value"}}
	section := func(name string, rrs []dns.RR) (all []string) {
		for _, rr := range rrs {
			value, _ := dns.AppendRDataText(nil, rr.Data)
			rows = append(rows, []string{name, rr.Name.String(), fmt.Sprint(rr.TTL), rr.Type().String(), string(value)})
			all = append(all, fmt.Sprintf("%s %d %s %s", rr.Name, rr.TTL, rr.Type(), value))
		}
		return all
	}
	n.Expect("answer", []string{
		"www.mcmaster.ca. 3600 CNAME pinwps02.uts.mcmaster.ca.",
		"pinwps02.uts.mcmaster.ca. 3600 A 130.113.64.30",
	}, section("answer", m.Answer))
	n.Expect("authority", []string{
		"uts.mcmaster.ca. 86400 NS pindns01.mcmaster.ca.",
		"uts.mcmaster.ca. 86400 NS pindns03.mcmaster.ca.",
		"uts.mcmaster.ca. 86400 NS pindns05.mcmaster.ca.",
	}, section("authority", m.Authority))
	var a, aaaa int
	section("additional", m.Additional)
	for _, rr := range m.Additional {
		switch rr.Type() {
		case dns.TypeA:
			a++
		case dns.TypeAAAA:
			aaaa++
		}
	}
	n.Expect("addresses of the name servers, A and AAAA", []int{3, 3}, []int{a, aaaa})
	n.Table(rows...)
	if n.Expect("EDNS is there", true, m.EDNS != nil) {
		n.Expect("EDNS version", uint8(0), m.EDNS.Version)
	}
}

// digTruncated asks for more than fits into a datagram.
func digTruncated(ctx context.Context, n *Net, srv *nameServer, client *dns.Client) error {
	plain := &dns.Client{Transport: client.Transport, NoEDNS: true, NoFallback: true}
	cut, how, err := plain.Exchange(ctx, srv.addr, question("long.uts.mcmaster.ca", dns.TypeTXT))
	if err != nil {
		return err
	}
	n.Expect("over UDP without EDNS the answer is truncated", true, cut.Truncated && len(cut.Answer) == 0 && len(how.Reply) <= 512)
	whole, how, err := (&dns.Client{Transport: client.Transport, NoEDNS: true}).Exchange(ctx, srv.addr, question("long.uts.mcmaster.ca", dns.TypeTXT))
	if err != nil {
		return err
	}
	n.Expect("and asked for again over", "tcp", how.Network)
	n.Expect("where it is whole", true, len(whole.Answer) == 1 && !whole.Truncated && len(how.Reply) > 512)
	return nil
}
