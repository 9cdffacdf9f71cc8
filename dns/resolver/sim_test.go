package resolver_test

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/resolver"
)

// world is an Internet in memory: name servers by address, and a clock. It
// drives an engine without waiting.
type world struct {
	t       testing.TB
	now     time.Time
	engine  *resolver.Engine
	servers map[netip.Addr]respond
	delay   time.Duration
	log     []resolver.Send
	flights []flight
}

// respond answers a query with messages, none or several.
type respond func(network string, q *dns.Message) []any

// flight is a reply under way.
type flight struct {
	at   time.Time
	send uint64
	from netip.AddrPort
	msg  []byte
}

// newWorld makes a world whose root server is at 192.0.2.1.
func newWorld(t testing.TB, opts *resolver.EngineOptions) *world {
	t.Helper()
	w := &world{t: t, now: time.Unix(1_700_000_000, 0), servers: make(map[netip.Addr]respond), delay: 10 * time.Millisecond}
	if opts == nil {
		opts = &resolver.EngineOptions{}
	}
	if opts.Hints == nil {
		opts.Hints = rrs(t, ". 3600 NS a.root.", "a.root. 3600 A 192.0.2.1")
	}
	opts.Rand = rand.NewChaCha8([32]byte{1})
	w.engine = resolver.NewEngine(opts)
	return w
}

// rrs reads records: a name, a TTL, a type and data each.
func rrs(t testing.TB, lines ...string) (out []dns.RR) {
	t.Helper()
	var p dns.TextParser
	for _, line := range lines {
		words := strings.Fields(line)
		require.GreaterOrEqual(t, len(words), 4, line)
		typ, err := dns.ParseType(words[2])
		require.NoError(t, err, line)
		var tokens []dns.Token
		for _, w := range words[3:] {
			tokens = append(tokens, dns.Token{Text: []byte(w)})
		}
		d, err := p.RData(typ, tokens)
		require.NoError(t, err, line)
		var ttl uint32
		for _, c := range words[1] {
			ttl = ttl*10 + uint32(c-'0')
		}
		out = append(out, dns.RR{Name: dns.MustName(words[0]), Class: dns.ClassIN, TTL: ttl, Data: d})
	}
	return out
}

// zone makes the server of a zone: its records are those at or below origin,
// NS records below origin are delegations.
func zone(t testing.TB, origin string, lines ...string) respond {
	t.Helper()
	apex := dns.MustName(origin)
	all := rrs(t, lines...)
	soa := rrs(t, origin+" 3600 SOA ns.invalid. admin.invalid. 1 3600 600 86400 300")
	cut := func(name dns.Name) bool {
		return slices.ContainsFunc(all, func(rr dns.RR) bool {
			return rr.Type() == dns.TypeNS && !rr.Name.Equal(apex) && name.IsSubdomainOf(rr.Name)
		})
	}
	return func(_ string, q *dns.Message) []any {
		m := reply(q)
		name, typ := q.Question[0].Name, q.Question[0].Type
		for _, rr := range all {
			if rr.Type() == dns.TypeNS && !rr.Name.Equal(apex) && name.IsSubdomainOf(rr.Name) && (typ != dns.TypeDS || !name.Equal(rr.Name)) {
				m.Authority = append(m.Authority, rr)
			}
		}
		if len(m.Authority) > 0 {
			for _, ns := range m.Authority {
				for _, rr := range all {
					if d, ok := ns.Data.(*dns.NS); ok && rr.Name.Equal(d.Host) {
						m.Additional = append(m.Additional, rr)
					}
				}
			}
			return []any{m}
		}
		m.Authoritative = true
		exists := name.Equal(apex)
		for range 12 {
			alias := dns.Name{}
			for _, rr := range all {
				if !rr.Name.IsSubdomainOf(name) {
					continue
				}
				exists = true
				if !rr.Name.Equal(name) {
					continue
				}
				if rr.Type() == typ || rr.Type() == dns.TypeCNAME {
					m.Answer = append(m.Answer, rr)
				}
				if d, ok := rr.Data.(*dns.CNAME); ok && typ != dns.TypeCNAME {
					alias = d.Target
				}
			}
			if !alias.IsValid() {
				break
			}
			name, exists = alias, false
			if !name.IsSubdomainOf(apex) || cut(name) {
				return []any{m}
			}
		}
		if len(m.Answer) == 0 || m.Answer[len(m.Answer)-1].Type() == dns.TypeCNAME && typ != dns.TypeCNAME {
			m.Authority = soa
			if !exists {
				m.RCode = dns.RCodeNXDomain
			}
		}
		return []any{m}
	}
}

// reply begins the response to a query.
func reply(q *dns.Message) *dns.Message {
	m := &dns.Message{Question: q.Question}
	m.ID, m.Response, m.RecursionDesired = q.ID, true, q.RecursionDesired
	if q.EDNS != nil {
		m.EDNS = &dns.EDNS{UDPSize: 1232, DNSSECOK: q.EDNS.DNSSECOK}
	}
	return m
}

// serve puts a server at an address.
func (w *world) serve(addr string, r respond) { w.servers[netip.MustParseAddr(addr)] = r }

// pump hands what the engine sends to the servers.
func (w *world) pump() {
	for s, ok := w.engine.Next(); ok; s, ok = w.engine.Next() {
		w.log = append(w.log, s)
		r := w.servers[s.Server.Addr()]
		if r == nil {
			continue
		}
		q, err := dns.ParseMessage(s.Message, nil)
		require.NoError(w.t, err)
		for _, m := range r(s.Network, q) {
			f := flight{at: w.now.Add(w.delay), send: s.ID, from: s.Server}
			switch m := m.(type) {
			case *dns.Message:
				f.msg, err = dns.AppendMessage(nil, m)
				require.NoError(w.t, err)
			case []byte:
				f.msg = m
			case flight:
				f.msg, f.from = m.msg, m.from
			case time.Duration:
				continue
			}
			w.flights = append(w.flights, f)
		}
	}
}

// ask resolves a question to its end.
func (w *world) ask(name string, typ dns.Type) *resolver.Result {
	w.t.Helper()
	id := w.engine.Ask(w.now, dns.Question{Name: dns.MustName(name), Type: typ, Class: dns.ClassIN})
	return w.wait(id)
}

// wait goes on until the result is there.
func (w *world) wait(id uint64) *resolver.Result {
	w.t.Helper()
	for range 10000 {
		w.pump()
		if got, r, ok := w.engine.NextResult(); ok {
			if got == id {
				return r
			}
			continue
		}
		w.step()
	}
	require.Fail(w.t, "no end")
	return nil
}

// step goes to the next event: a reply that arrives, or a timeout.
func (w *world) step() {
	next := w.engine.NextTimeout()
	i := -1
	for j, f := range w.flights {
		if i < 0 || f.at.Before(w.flights[i].at) {
			i = j
		}
	}
	if i >= 0 && (next.IsZero() || !w.flights[i].at.After(next)) {
		f := w.flights[i]
		w.flights = slices.Delete(w.flights, i, i+1)
		w.now = f.at
		_ = w.engine.Handle(w.now, f.send, f.from, f.msg)
		return
	}
	require.False(w.t, next.IsZero(), "nothing will ever happen")
	w.now = next
	w.engine.Timeout(w.now)
}

// asked returns what was sent to an address since the log was emptied, as
// "name TYPE", over TCP with " tcp" behind.
func (w *world) asked(addr string) (out []string) {
	for _, s := range w.log {
		if s.Server.Addr() != netip.MustParseAddr(addr) {
			continue
		}
		m, err := dns.ParseMessage(s.Message, nil)
		require.NoError(w.t, err)
		line := m.Question[0].Name.Canonical().String() + " " + m.Question[0].Type.String()
		if s.Network == "tcp" {
			line += " tcp"
		}
		out = append(out, line)
	}
	return out
}

// lines are records as text.
func lines(rrs []dns.RR) (out []string) {
	for _, rr := range rrs {
		out = append(out, strings.ReplaceAll(rr.String(), "\t", " "))
	}
	return out
}

// small is a world of a root, com and example.com.
func small(t testing.TB, opts *resolver.EngineOptions) *world {
	w := newWorld(t, opts)
	w.serve("192.0.2.1", zone(t, ".", ". 3600 NS a.root.", "a.root. 3600 A 192.0.2.1",
		"com. 3600 NS a.nic.com.", "a.nic.com. 3600 A 192.0.2.10"))
	w.serve("192.0.2.10", zone(t, "com.", "com. 3600 NS a.nic.com.", "a.nic.com. 3600 A 192.0.2.10",
		"example.com. 3600 NS ns.example.com.", "ns.example.com. 3600 A 192.0.2.20"))
	w.serve("192.0.2.20", zone(t, "example.com.", "example.com. 3600 NS ns.example.com.", "ns.example.com. 3600 A 192.0.2.20",
		"www.example.com. 60 A 198.51.100.1", "mail.example.com. 60 A 198.51.100.2",
		"alias.example.com. 60 CNAME www.example.com.", "example.com. 60 MX 10 mail.example.com.",
		"a.b.c.example.com. 60 A 198.51.100.3"))
	return w
}

func (w *world) addr(s string) netip.Addr { return netip.MustParseAddr(s) }
