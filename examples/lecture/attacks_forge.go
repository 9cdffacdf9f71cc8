package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"

	"applayer/dns"
	"applayer/dns/resolver"
	"applayer/dns/zone"
)

// forgeries are replies to a query in its server's name, each with an id of
// those given.
func forgeries(query []byte, ids []uint16, answer func(q dns.Question, m *dns.Message)) (replies [][]byte) {
	m, err := dns.ParseMessage(query, nil)
	if err != nil || len(m.Question) == 0 {
		return nil
	}
	// An attacker off the path does not see the question's case: he knows the
	// name that he had asked for.
	q := m.Question[0]
	q.Name = q.Name.Canonical()
	reply := &dns.Message{Header: dns.Header{Response: true, Authoritative: true}, Question: []dns.Question{q}}
	answer(q, reply)
	b, err := dns.AppendMessage(nil, reply)
	if err != nil {
		return nil
	}
	for _, id := range ids {
		one := append([]byte(nil), b...)
		binary.BigEndian.PutUint16(one, id)
		replies = append(replies, one)
	}
	return replies
}

// address is a record of an address.
func address(name dns.Name, addr string) dns.RR {
	return dns.RR{Name: name, Class: dns.ClassIN, TTL: 86400, Data: &dns.A{Addr: netip.MustParseAddr(addr)}}
}

// guessIDs measures how often an attacker who cannot see the questions guesses
// their id, and their port.
func guessIDs(ctx context.Context, n *Net) error {
	const (
		races   = 2000
		guesses = 1000
		ports   = 65536 - 1024
	)
	random := rand.New(rand.NewPCG(2008, 7))
	onePort, anyPort := 0, 0
	for range races {
		m := question("www.bmo.com", dns.TypeA)
		m.ID = uint16(random.Uint32())
		port := random.IntN(ports)
		query, err := dns.AppendMessage(nil, m)
		if err != nil {
			return err
		}
		match, err := dns.NewMatcher(query)
		if err != nil {
			return err
		}
		reply := append([]byte(nil), query...)
		reply[2] |= 0x80
		for range guesses {
			binary.BigEndian.PutUint16(reply, uint16(random.Uint32()))
			if match.Accept(reply) != nil {
				continue
			}
			onePort++
			if random.IntN(ports) == port {
				anyPort++
			}
		}
	}
	expected := float64(races*guesses) / 65536
	n.Printf("an attacker sends %d forged replies before the true one comes, %d times; an id has 16 bits", guesses, races)
	n.Printf("one port, random ids: %d forgeries match, %.1f are expected; random ports too: %d, %.4f expected", onePort, expected, anyPort, expected/ports)
	n.Expect("with one port, as many as the id lets through", true, float64(onePort) > expected/2 && float64(onePort) < expected*2)
	n.Expect("with random ports", 0, anyPort)
	return nil
}

// forgeReferral answers questions for names that nobody has asked for with a
// referral to the thief: each new name is a new race, and one that is won is the
// whole domain.
func forgeReferral(ctx context.Context, n *Net) error {
	bank, thief, stop, err := startThieves(ctx, n)
	if err != nil {
		return err
	}
	defer stop()
	n.Printf("an attacker off the path has a victim ask for 1.bmo.com, 2.bmo.com …, and forges referrals of bmo.com to himself")
	domain, host := dns.MustName("bmo.com"), dns.MustName("ns.bmo.com")
	refer := func(_ dns.Question, m *dns.Message) {
		m.Authority = []dns.RR{{Name: domain, Class: dns.ClassIN, TTL: 86400, Data: &dns.NS{Host: host}}}
		m.Additional = []dns.RR{address(host, thief.addr.Addr().String())}
	}
	// The ids of a victim that counts are known from a question for the
	// attacker's own name; these are the next ten.
	guessed := func(query []byte) []uint16 {
		var ids []uint16
		for i := range 10 {
			ids = append(ids, uint16(i+1))
		}
		return ids
	}
	w := &wire{n: n, untold: true}
	w.forge = func(query []byte) [][]byte { return forgeries(query, guessed(query), refer) }
	victim := &naive{w: w, server: bank.addr, cache: map[string]string{}}
	if _, err := victim.lookup(ctx, "1.bmo.com"); err != nil {
		return err
	}
	w.forge = nil
	got, err := victim.lookup(ctx, "www.bmo.com")
	if err != nil {
		return err
	}
	n.Expect("ids that count up, one port: the victim is led to", thiefAddr, got)

	// The same ids and letters each time: one in 512 mixes has small letters only.
	client := &dns.Client{Transport: w.transport("defended"), MixCase: true, NoCookies: true, Rand: rand.NewChaCha8([32]byte{1})}
	defer client.Close()
	for i := range 5 {
		w.forge = func(query []byte) [][]byte { return forgeries(query, guessed(query), refer) }
		name := fmt.Sprintf("%d.bmo.com", i)
		m, how, err := client.Exchange(ctx, bank.addr, question(name, dns.TypeA))
		if err != nil {
			return err
		}
		n.Expect(name+": random ids: the forgeries are ignored, then asked over", "NXDOMAIN tcp", m.RCode.String()+" "+how.Network)
	}
	w.forge = nil
	got, _, err = defended(ctx, client, bank.addr, "www.bmo.com")
	n.Expect("and led to", bankAddr, got)
	if err != nil {
		return err
	}
	// An attacker who somehow knows the id fails at the letters' case.
	w.forge = func(query []byte) [][]byte {
		return forgeries(query, []uint16{binary.BigEndian.Uint16(query)}, func(q dns.Question, m *dns.Message) {
			m.Answer = []dns.RR{address(q.Name, thiefAddr)}
		})
	}
	got, how, err := defended(ctx, client, bank.addr, "www.bmo.com")
	n.Expect("an id that was guessed: the case of the question does not match, so it is asked over TCP", bankAddr+" tcp", got+" "+network(how))
	return err
}

func network(how *dns.Exchanged) string {
	if how == nil {
		return ""
	}
	return how.Network
}

// startThieves starts the server of the bank and that of the thief, who has the
// bank's zone too.
func startThieves(ctx context.Context, n *Net) (bank, thief *nameServer, stop func(), err error) {
	store, err := loadZones(bankZone)
	if err != nil {
		return nil, nil, nil, err
	}
	stolen, err := loadZones(thiefZone, "$ORIGIN bmo.com.\n$TTL 86400\n@ SOA ns hostmaster 1 7200 1800 1209600 300\n NS ns\nns A 203.0.113.66\nwww A "+thiefAddr+"\n")
	if err != nil {
		return nil, nil, nil, err
	}
	bank, stopBank, err := serveNames(ctx, n, "ns.bmo.com", bankServer, &zone.Handler{Store: store})
	if err != nil {
		return nil, nil, nil, err
	}
	thief, stopThief, err := serveNames(ctx, n, "ns.thief.example", thiefServer, &zone.Handler{Store: stolen})
	if err != nil {
		stopBank()
		return nil, nil, nil, err
	}
	return bank, thief, func() { stopThief(); stopBank() }, nil
}

// poisonGlue answers a question for the thief's own name with an address of the
// bank's beside.
func poisonGlue(ctx context.Context, n *Net) error {
	bank, thief, stop, err := startThieves(ctx, n)
	if err != nil {
		return err
	}
	defer stop()
	n.Printf("the thief's own server adds an address of the bank's to its answers")
	www := dns.MustName("www.bmo.com")
	honest := thief.next
	thief.divert(dns.HandlerFunc(func(ctx context.Context, w *dns.Responder, q *dns.Query) {
		honest.ServeDNS(ctx, w, q)
		_ = w.Add(dns.SectionAdditional, address(www, thiefAddr))
	}))
	w := &wire{n: n}
	victim := &naive{w: w, server: thief.addr, cache: map[string]string{}}
	if _, err := victim.lookup(ctx, "www.thief.example"); err != nil {
		return err
	}
	victim.server = bank.addr
	got, err := victim.lookup(ctx, "www.bmo.com")
	if err != nil {
		return err
	}
	n.Expect("who believes all that a reply says is led to", thiefAddr, got)

	hints, err := resolver.ParseHints([]byte(". 3600000 NS a.root-servers.net.\na.root-servers.net. 3600000 A " + rootAddr(0).String() + "\n"))
	if err != nil {
		return err
	}
	root := ". SOA a.root-servers.net. nstld.example. 1 1800 900 604800 86400\n. NS a.root-servers.net.\na.root-servers.net. A " + rootAddr(0).String() +
		"\nbmo.com. NS ns.bmo.com.\nns.bmo.com. A 198.51.100.53\nthief.example. NS ns.thief.example.\nns.thief.example. A 203.0.113.66\n"
	store, err := loadZones("$ORIGIN .\n$TTL 86400\n" + root)
	if err != nil {
		return err
	}
	_, stopRoot, err := serveNames(ctx, n, "a.root-servers.net", netip.AddrPortFrom(rootAddr(0), 53).String(), &zone.Handler{Store: store})
	if err != nil {
		return err
	}
	defer stopRoot()
	r := &resolver.Resolver{EngineOptions: resolver.EngineOptions{Hints: hints}, Exchanger: w.transport("resolver")}
	defer r.Close()
	for _, tt := range []struct{ name, want string }{{"www.thief.example", "203.0.113.67"}, {"www.bmo.com", bankAddr}} {
		addrs, err := r.LookupHost(ctx, tt.name)
		if err != nil {
			return err
		}
		n.Expect("a resolver that takes from a server only what it may speak for: "+tt.name, []string{tt.want}, addrs)
	}
	return nil
}
