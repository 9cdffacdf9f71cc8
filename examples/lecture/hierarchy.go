package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"applayer/dns"
	"applayer/dns/resolver"
	"applayer/dns/zone"
	"applayer/examples/internal/recursion"
)

var hierarchyScene = Scene{
	Name:  "hierarchy",
	Title: "the hierarchy of name servers: iterated and recursive queries",
	Run:   playHierarchy,
}

// rootServers are the letters of the thirteen names.
const rootServers = "abcdefghijklm"

// The lecture's addresses of name servers.
const (
	eduServer    = "192.31.80.30:53"
	umassServer  = "128.119.10.27:53"
	nyuServer    = "128.122.253.83:53"
	comServer    = "192.5.6.30:53"
	amazonServer = "204.74.108.1:53"
	localServer  = "128.238.1.68:53"
)

// rootAddr is the address of the i-th root server; but for the first they are
// ours.
func rootAddr(i int) netip.Addr {
	if i == 0 {
		return netip.MustParseAddr("198.41.0.4")
	}
	return netip.AddrFrom4([4]byte{198, 41, 0, byte(4 + i)})
}

// rootZone has the thirteen servers and the top-level domains.
func rootZone() string {
	var b strings.Builder
	b.WriteString("$ORIGIN .\n$TTL 518400\n. SOA a.root-servers.net. nstld.example. 1 1800 900 604800 86400\n")
	for i, letter := range rootServers {
		fmt.Fprintf(&b, ". NS %c.root-servers.net.\n%c.root-servers.net. A %s\n", letter, letter, rootAddr(i))
	}
	b.WriteString(`$TTL 172800
edu.               NS d.edu-servers.net.
d.edu-servers.net. A  192.31.80.30
com.               NS a.gtld-servers.net.
a.gtld-servers.net. A 192.5.6.30
`)
	return b.String()
}

const (
	eduZone = `$ORIGIN edu.
$TTL 172800
@         SOA d.edu-servers.net. nstld.example. 1 1800 900 604800 86400
          NS  d.edu-servers.net.
umass     NS  ns1.umass
ns1.umass A   128.119.10.27
nyu       NS  ns1.nyu
ns1.nyu   A   128.122.253.83
`
	umassZone = `$ORIGIN umass.edu.
$TTL 3600
@       SOA ns1 hostmaster 1 7200 1800 1209600 300
        NS  ns1
ns1     A   128.119.10.27
gaia.cs A   128.119.245.12
www     A   128.119.8.148
`
	nyuZone = `$ORIGIN nyu.edu.
$TTL 3600
@           SOA ns1 hostmaster 1 7200 1800 1209600 300
            NS  ns1
ns1         A   128.122.253.83
engineering A   216.165.47.10
`
	comZone = `$ORIGIN com.
$TTL 172800
@         SOA a.gtld-servers.net. nstld.example. 1 1800 900 604800 86400
          NS  a.gtld-servers.net.
amazon    NS  ns1.amazon
ns1.amazon A  204.74.108.1
`
	amazonZone = `$ORIGIN amazon.com.
$TTL 3600
@   SOA ns1 hostmaster 1 7200 1800 1209600 300
    NS  ns1
ns1 A   204.74.108.1
www A   176.32.98.166
`
)

// hierarchy is the name servers of the lecture, and the local one.
type hierarchy struct {
	n     *Net
	w     *wire
	roots []*nameServer
	edu, umass, nyu, com, amazon,
	local *nameServer
	resolver *resolver.Resolver
	primed   bytes.Buffer // what the local server's cache has before the first question
	stops    []func()
}

func (h *hierarchy) stop() {
	for _, stop := range slices.Backward(h.stops) {
		stop()
	}
	h.stops = nil
}

// rootAsked is how many questions all root servers got.
func (h *hierarchy) rootAsked() (sum int64) {
	for _, r := range h.roots {
		sum += r.asked.Load()
	}
	return sum
}

// hierarchyOptions are in what hierarchies differ.
type hierarchyOptions struct {
	// recursive has the servers ask each other.
	recursive bool
	// minimise shows each server only what it must see (RFC 9156).
	minimise bool
	// roots is how many root servers run; the others do not answer.
	roots int
	// limits are the local server's.
	limits resolver.Limits
}

// startHierarchy starts the servers, and the local one at localServer, which
// knows the root's servers already.
func startHierarchy(ctx context.Context, n *Net, w *wire, opts hierarchyOptions) (h *hierarchy, err error) {
	h = &hierarchy{n: n, w: w}
	defer func() {
		if err != nil {
			h.stop()
		}
	}()
	serve := func(name, addr string, texts ...string) *nameServer {
		if err != nil {
			return nil
		}
		var store *zone.Store
		if store, err = loadZones(texts...); err != nil {
			return nil
		}
		var handler dns.Handler = &zone.Handler{Store: store}
		if opts.recursive {
			client := &dns.Client{Transport: w.transport(name), NoCookies: true}
			h.stops = append(h.stops, func() { client.Close() })
			handler = &recursion.Handler{Authority: handler, Client: client}
		}
		var s *nameServer
		var stop func()
		if s, stop, err = serveNames(ctx, n, name, addr, handler); err != nil {
			return nil
		}
		s.store = store
		h.stops = append(h.stops, stop)
		return s
	}
	for i := range opts.roots {
		h.roots = append(h.roots, serve(string(rootServers[i])+".root-servers.net", netip.AddrPortFrom(rootAddr(i), 53).String(), rootZone()))
	}
	h.edu = serve("d.edu-servers.net", eduServer, eduZone)
	h.umass = serve("ns1.umass.edu", umassServer, umassZone)
	h.nyu = serve("ns1.nyu.edu", nyuServer, nyuZone)
	h.com = serve("a.gtld-servers.net", comServer, comZone)
	h.amazon = serve("ns1.amazon.com", amazonServer, amazonZone)
	if err != nil {
		return h, err
	}
	hints, err := rootHints(opts.roots)
	if err != nil {
		return h, err
	}
	h.resolver = &resolver.Resolver{
		EngineOptions: resolver.EngineOptions{Limits: opts.limits, Hints: hints, NoMinimise: !opts.minimise, KeepCase: true, Cache: resolver.NewCache(1 << 20)},
		Exchanger:     w.transport("dns.poly.edu"),
	}
	var local dns.Handler = &resolver.Handler{Resolver: h.resolver}
	if opts.recursive {
		// Who has others ask for him forwards, and asks the root alone.
		h.resolver.Forward = []netip.AddrPort{h.roots[0].addr}
	} else if err := h.prime(ctx); err != nil {
		return h, err
	}
	h.stops = append(h.stops, func() { h.resolver.Close() })
	if h.local = serveLocal(ctx, n, local, &h.stops, &err); err != nil {
		return h, err
	}
	return h, nil
}

// serveLocal starts the local name server of dns.poly.edu.
func serveLocal(ctx context.Context, n *Net, h dns.Handler, stops *[]func(), err *error) *nameServer {
	s, stop, serveErr := serveNames(ctx, n, "dns.poly.edu", localServer, h)
	if serveErr != nil {
		*err = serveErr
		return nil
	}
	*stops = append(*stops, stop)
	return s
}

// prime has the local server ask for the root's servers before anybody asks it
// (RFC 9609 §3), so that this is not among what is counted.
func (h *hierarchy) prime(ctx context.Context) error {
	r, err := h.resolver.Lookup(ctx, dns.Question{Name: dns.Root, Type: dns.TypeNS, Class: dns.ClassIN})
	if err != nil {
		return err
	}
	h.n.Expect("root servers that the local server knows", len(rootServers), len(r.Answer))
	for _, root := range h.roots {
		root.asked.Store(0)
		root.questions()
	}
	h.w.messages.Store(0)
	return h.resolver.Cache.Dump(&h.primed, time.Now())
}

// forget has the local server know nothing but the root.
func (h *hierarchy) forget() error {
	h.resolver.Cache.Flush()
	return h.resolver.Cache.Load(bytes.NewReader(h.primed.Bytes()), time.Now())
}

// rootHints are the names of the root servers, and the addresses of so many.
func rootHints(addresses int) ([]dns.RR, error) {
	var b strings.Builder
	for i, letter := range rootServers {
		fmt.Fprintf(&b, ". 3600000 NS %c.root-servers.net.\n", letter)
		if i < addresses {
			fmt.Fprintf(&b, "%c.root-servers.net. 3600000 A %s\n", letter, rootAddr(i))
		}
	}
	return resolver.ParseHints([]byte(b.String()))
}

// ask asks the local server for a host's address, as a host does.
func (h *hierarchy) ask(ctx context.Context, host, name string) (addrs []string, err error) {
	client := &dns.Client{Transport: h.w.transport(host), NoCookies: true}
	defer client.Close()
	m, _, err := client.Exchange(ctx, h.local.addr, question(name, dns.TypeA))
	if err != nil {
		return nil, err
	}
	if m.RCode != dns.RCodeNoError {
		return []string{m.RCode.String()}, nil
	}
	for _, rr := range m.Answer {
		if a, ok := rr.Data.(*dns.A); ok {
			addrs = append(addrs, a.Addr.String())
		}
	}
	return addrs, nil
}

// count resets the counters, does something and returns how many messages it
// took.
func (h *hierarchy) count(do func() error) (messages int64, err error) {
	h.w.messages.Store(0)
	for _, s := range slices.Concat(h.roots, []*nameServer{h.edu, h.umass, h.nyu, h.com, h.amazon}) {
		s.asked.Store(0)
		s.questions()
	}
	err = do()
	return h.w.messages.Load(), err
}

func playHierarchy(ctx context.Context, n *Net) error {
	n.Printf("why not one server: a single point of failure, all load in one place, a long way for most, no one to keep it up")
	for _, act := range []func(context.Context, *Net) error{iterated, recursive, minimised, byHand} {
		if err := act(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// iterated has the local server ask one server after another.
func iterated(ctx context.Context, n *Net) (err error) {
	h, err := startHierarchy(ctx, n, &wire{n: n}, hierarchyOptions{roots: len(rootServers)})
	if err != nil {
		return err
	}
	defer h.stop()
	n.Printf("iterated: the local server asks, and is told whom to ask next")
	var got []string
	messages, err := h.count(func() error {
		got, err = h.ask(ctx, "mills.cas.mcmaster.ca", "gaia.cs.umass.edu")
		return err
	})
	if err != nil {
		return err
	}
	n.Expect("address of gaia.cs.umass.edu", []string{"128.119.245.12"}, got)
	n.Expect("messages", int64(8), messages)
	n.Expect("questions to the root, to edu, to umass.edu", []int64{1, 1, 1}, []int64{h.rootAsked(), h.edu.asked.Load(), h.umass.asked.Load()})
	n.Expect("messages that the root handled", int64(2), 2*h.rootAsked())
	return h.load(ctx, n, "iterated", 1)
}

// recursive has each server ask the next.
func recursive(ctx context.Context, n *Net) error {
	h, err := startHierarchy(ctx, n, &wire{n: n}, hierarchyOptions{recursive: true, roots: 1})
	if err != nil {
		return err
	}
	defer h.stop()
	n.Printf("recursive: each server asks the next, and holds the question until it has the answer")
	var got []string
	messages, err := h.count(func() error {
		got, err = h.ask(ctx, "cis.poly.edu", "gaia.cs.umass.edu")
		return err
	})
	if err != nil {
		return err
	}
	n.Expect("address of gaia.cs.umass.edu", []string{"128.119.245.12"}, got)
	n.Expect("messages", int64(8), messages)
	n.Expect("messages that the root handled: asked, asking, answered, answering", int64(4), 2*h.rootAsked()+2*h.edu.asked.Load())
	return h.load(ctx, n, "recursive", 2)
}

// load asks for a hundred names of the domain, none known, and counts what comes
// to the root.
func (h *hierarchy) load(ctx context.Context, n *Net, way string, times int64) error {
	h.w.untold = true
	defer func() { h.w.untold = false }()
	const questions = 100
	var refused []error
	_, err := h.count(func() error {
		for i := range questions {
			// A cache that knows the root alone, as if each came by another server.
			if err := h.forget(); err != nil {
				return err
			}
			if _, err := h.ask(ctx, "host", fmt.Sprintf("host%d.umass.edu", i)); err != nil {
				refused = append(refused, err)
			}
		}
		return errors.Join(refused...)
	})
	if err != nil {
		return err
	}
	n.Expect(fmt.Sprintf("%s: messages at the root for %d questions to caches that know nothing", way, questions), 2*times*questions, 2*times*h.rootAsked())
	return nil
}

// minimised shows each server no more of the name than it needs.
func minimised(ctx context.Context, n *Net) error {
	h, err := startHierarchy(ctx, n, &wire{n: n}, hierarchyOptions{minimise: true, roots: 1})
	if err != nil {
		return err
	}
	defer h.stop()
	n.Printf("with minimised names (RFC 9156) the root sees only the top of the name")
	var got []string
	if _, err := h.count(func() error {
		got, err = h.ask(ctx, "engineering.nyu.edu", "gaia.cs.umass.edu")
		return err
	}); err != nil {
		return err
	}
	n.Expect("address of gaia.cs.umass.edu", []string{"128.119.245.12"}, got)
	n.Expect("what the root was asked", []string{"edu. A"}, h.roots[0].questions())
	n.Expect("what edu was asked", []string{"umass.edu. A"}, h.edu.questions())
	return nil
}

// byHand walks from the root to amazon.com without a local server.
func byHand(ctx context.Context, n *Net) error {
	h, err := startHierarchy(ctx, n, &wire{n: n}, hierarchyOptions{roots: 1})
	if err != nil {
		return err
	}
	defer h.stop()
	n.Printf("a client alone asks the root, com and amazon.com")
	client := &dns.Client{Transport: h.w.transport("client"), NoCookies: true}
	defer client.Close()
	server := h.roots[0].addr
	for questions := 1; ; questions++ {
		m, _, err := client.Exchange(ctx, server, question("www.amazon.com", dns.TypeA))
		if err != nil {
			return err
		}
		if len(m.Answer) > 0 {
			n.Expect("questions", 3, questions)
			n.Expect("address of www.amazon.com", "176.32.98.166", m.Answer[0].Data.(*dns.A).Addr.String())
			return nil
		}
		glue := slices.IndexFunc(m.Additional, func(rr dns.RR) bool { return rr.Type() == dns.TypeA })
		if glue < 0 || questions == 3 {
			n.Expect("a referral with an address", true, false)
			return nil
		}
		server = netip.AddrPortFrom(m.Additional[glue].Data.(*dns.A).Addr, 53)
	}
}
