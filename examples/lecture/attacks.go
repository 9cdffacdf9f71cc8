package main

import (
	"context"
	"errors"
	"net/netip"
	"sync/atomic"
	"time"

	"applayer/dns"
	"applayer/dns/resolver"
)

var attacksScene = Scene{
	Name:  "attacks",
	Title: "attacks on the DNS, each with its defence off and on",
	Run:   playAttacks,
}

func playAttacks(ctx context.Context, n *Net) error {
	for _, act := range []func(context.Context, *Net) error{
		floodRoot, floodTop, guessIDs, forgeReferral, poisonGlue,
	} {
		if err := act(ctx, n); err != nil {
			return err
		}
	}
	n.Printf("a man in the middle, reflection and phishing: signatures, TLS and rate limits come with a later part of the project")
	return nil
}

// flooded is a name server that may be so busy with a flood that it answers
// nobody, or nobody but those that a filter lets through.
type flooded struct {
	next dns.Handler
	busy atomic.Bool
}

func (f *flooded) ServeDNS(ctx context.Context, w *dns.Responder, q *dns.Query) {
	if f.busy.Load() {
		w.Drop()
		return
	}
	f.next.ServeDNS(ctx, w, q)
}

// overwhelm has a server answer nobody, until the returned function is called.
func overwhelm(s *nameServer) (end func()) {
	f := &flooded{next: s.next}
	f.busy.Store(true)
	s.divert(f)
	return func() { f.busy.Store(false) }
}

// divert puts a handler in the place of the server's.
func (s *nameServer) divert(h dns.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = h
}

// impatient are limits by which a question that nobody answers ends soon.
var impatient = resolver.Limits{
	FirstTimeout: 50 * time.Millisecond, MaxTimeout: 100 * time.Millisecond, TCPTimeout: 100 * time.Millisecond,
	MaxTime: 700 * time.Millisecond, MaxTries: 2,
}

// lookups asks for names, and tells which were answered.
func (h *hierarchy) lookups(ctx context.Context, n *Net, want map[string]string, names ...string) error {
	for _, name := range names {
		got, err := h.ask(ctx, "host", name)
		if err != nil {
			return err
		}
		answer := ""
		if len(got) > 0 {
			answer = got[0]
		}
		n.Expect(name, want[name], answer)
	}
	return nil
}

// floodRoot floods the root's servers.
func floodRoot(ctx context.Context, n *Net) error {
	n.Printf("a flood at the root: 21 October 2002, ICMP to all 13 servers, for an hour; 6 February 2007, for 24 hours;")
	n.Printf("30 November and 1 December 2015, 5 million queries a second: nearly nobody noticed, since caches know the top-level domains")
	h, err := startHierarchy(ctx, n, &wire{n: n, untold: true}, hierarchyOptions{roots: 2, limits: impatient})
	if err != nil {
		return err
	}
	defer h.stop()
	if err := h.lookups(ctx, n, map[string]string{"gaia.cs.umass.edu": "128.119.245.12"}, "gaia.cs.umass.edu"); err != nil {
		return err
	}
	n.Printf("all root servers are flooded; the cache knows edu")
	ends := []func(){overwhelm(h.roots[0]), overwhelm(h.roots[1])}
	if err := h.lookups(ctx, n, map[string]string{
		"gaia.cs.umass.edu": "128.119.245.12", "www.umass.edu": "128.119.8.148", "engineering.nyu.edu": "216.165.47.10",
		"www.amazon.com": "SERVFAIL",
	}, "gaia.cs.umass.edu", "www.umass.edu", "engineering.nyu.edu", "www.amazon.com"); err != nil {
		return err
	}
	n.Printf("without a cache nobody is answered")
	if err := h.forget(); err != nil {
		return err
	}
	if err := h.lookups(ctx, n, map[string]string{"engineering.nyu.edu": "SERVFAIL"}, "engineering.nyu.edu"); err != nil {
		return err
	}
	n.Printf("one of the 13 servers filters the flood, and answers again: one is enough")
	ends[1]()
	if err := h.forget(); err != nil {
		return err
	}
	return h.lookups(ctx, n, map[string]string{
		"engineering.nyu.edu": "216.165.47.10", "www.amazon.com": "176.32.98.166",
	}, "engineering.nyu.edu", "www.amazon.com")
}

// floodTop floods the server of a top-level domain.
func floodTop(ctx context.Context, n *Net) error {
	n.Printf("a flood at a top-level domain is worse (.cn, August 2013): caches know some names below it, not all")
	h, err := startHierarchy(ctx, n, &wire{n: n, untold: true}, hierarchyOptions{roots: 1, limits: impatient})
	if err != nil {
		return err
	}
	defer h.stop()
	want := map[string]string{"gaia.cs.umass.edu": "128.119.245.12", "www.umass.edu": "128.119.8.148", "engineering.nyu.edu": "SERVFAIL", "www.amazon.com": "176.32.98.166"}
	if err := h.lookups(ctx, n, want, "gaia.cs.umass.edu"); err != nil {
		return err
	}
	overwhelm(h.edu)
	n.Printf("edu is flooded; the cache knows umass.edu")
	return h.lookups(ctx, n, want, "gaia.cs.umass.edu", "www.umass.edu", "engineering.nyu.edu", "www.amazon.com")
}

// The victims of the forgers: a bank, and where they want its clients to go.
const (
	bankServer  = "198.51.100.53:53"
	thiefServer = "203.0.113.66:53"
	bankAddr    = "198.51.100.80"
	thiefAddr   = "203.0.113.66"
	bankZone    = `$ORIGIN bmo.com.
$TTL 3600
@   SOA ns hostmaster 1 7200 1800 1209600 300
    NS  ns
ns  A   198.51.100.53
www A   198.51.100.80
`
	// thiefZone has a name whose answer comes with an address of the bank's.
	thiefZone = `$ORIGIN thief.example.
$TTL 3600
@   SOA ns hostmaster 1 7200 1800 1209600 300
    NS  ns
ns  A   203.0.113.66
www A   203.0.113.67
`
)

// naive is a local server as there were before 2008: its questions leave from
// one port with ids that count up, and it believes and keeps all that a reply
// says.
type naive struct {
	w      *wire
	server netip.AddrPort
	id     uint16
	cache  map[string]string
}

// lookup asks for an address, unless it has it.
func (r *naive) lookup(ctx context.Context, name string) (string, error) {
	name = dns.MustName(name).String()
	if addr, ok := r.cache[name]; ok {
		return addr, nil
	}
	m := question(name, dns.TypeA)
	r.id++
	m.ID = r.id
	query, err := dns.AppendMessage(nil, m)
	if err != nil {
		return "", err
	}
	nc, err := r.w.dial("naive")(ctx, "udp", r.server.String())
	if err != nil {
		return "", err
	}
	defer nc.Close()
	if _, err := nc.Write(query); err != nil {
		return "", err
	}
	buf := make([]byte, 4096)
	for ctx.Err() == nil {
		size, err := nc.Read(buf)
		if err != nil {
			return "", err
		}
		reply, err := dns.ParseMessage(buf[:size], nil)
		if err != nil || reply.ID != r.id {
			continue
		}
		for _, rr := range append(reply.Answer, reply.Additional...) {
			if a, ok := rr.Data.(*dns.A); ok {
				r.cache[rr.Name.String()] = a.Addr.String()
			}
		}
		for _, rr := range reply.Authority {
			if ns, ok := rr.Data.(*dns.NS); ok && len(reply.Answer) == 0 {
				// Referred elsewhere, from now on it asks there.
				if addr, err := netip.ParseAddr(r.cache[ns.Host.String()]); err == nil {
					r.server = netip.AddrPortFrom(addr, 53)
				}
			}
		}
		return r.cache[name], nil
	}
	return "", context.Cause(ctx)
}

// errNoAnswer means that an answer has no address.
var errNoAnswer = errors.New("no address")

// defended asks as the project's client does.
func defended(ctx context.Context, client *dns.Client, server netip.AddrPort, name string) (string, *dns.Exchanged, error) {
	m, how, err := client.Exchange(ctx, server, question(name, dns.TypeA))
	if err != nil {
		return "", nil, err
	}
	for _, rr := range m.Answer {
		if a, ok := rr.Data.(*dns.A); ok {
			return a.Addr.String(), how, nil
		}
	}
	return "", how, errNoAnswer
}
