package resolver

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"applayer/dns"
)

// Handler answers the questions of clients by a [Resolver]: with it a
// [dns.Server] is a recursive name server (RFC 1034 §4.3.1).
//
// A question with RD clear is answered from the cache or refused. AD is never
// set, since nothing is validated; CD is copied, and passed on to forwarders
// (RFC 4035 §3.2.2). Signatures are for those who ask with DO.
type Handler struct {
	// Resolver resolves; it must not be nil.
	Resolver *Resolver
	// Allow are the networks whose questions are answered; others are refused,
	// for an open resolver serves attackers (RFC 5358 §4). Nil is
	// [DefaultAllow].
	Allow []netip.Prefix
	// MaxPerClient bounds the questions under way of one address (default 1000,
	// negative none); one more is refused.
	MaxPerClient int
	// NoLocalZones asks the world for the names of RFC 6761 and RFC 6303 too.
	NoLocalZones bool
	// Resolved, where it is set, is told of each question that was resolved,
	// and not of those answered from the cache. Goroutines may call it at once.
	Resolved func(*Result)

	mu      sync.Mutex
	clients map[netip.Addr]int
}

// DefaultAllow are the networks whose questions a Handler answers that was not
// told: loopback, private and link-local ones.
var defaultAllow = []netip.Prefix{
	netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"),
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("fc00::/7"),
}

// DefaultAllow returns the networks whose questions a [Handler] answers that
// was not told: loopback, private and link-local ones.
func DefaultAllow() []netip.Prefix { return slices.Clone(defaultAllow) }

const defaultPerClient = 1000

func (h *Handler) allows(a netip.Addr) bool {
	allow := h.Allow
	if allow == nil {
		allow = defaultAllow
	}
	a = a.Unmap().WithZone("")
	for _, p := range allow {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// ServeDNS answers from the cache at once, and else when the answer is there.
func (h *Handler) ServeDNS(_ context.Context, w *dns.Responder, q *dns.Query) {
	if !h.allows(q.Peer().Addr()) {
		w.SetRCode(dns.RCodeRefused)
		w.EDE(dns.EDEProhibited, "")
		return
	}
	w.SetRecursionAvailable(true)
	switch {
	case q.Class != dns.ClassIN:
		w.SetRCode(dns.RCodeRefused)
		return
	case q.Type == dns.TypeAXFR || q.Type == dns.TypeIXFR:
		w.SetRCode(dns.RCodeRefused)
		return
	case q.Type.IsMeta() && q.Type != dns.TypeANY:
		w.SetRCode(dns.RCodeNotImp)
		w.EDE(dns.EDEInvalidQueryType, "")
		return
	}
	h.Resolver.init()
	now := time.Now()
	subnet := h.subnet(w, q)
	found := false
	if !subnet.IsValid() {
		var fits bool
		if found, fits = h.Resolver.Cache.serveReady(now, w, q); fits {
			return
		}
	}
	question := q.Question()
	if !h.NoLocalZones && isLocal(q.CanonicalName()) {
		if r, ok := localAnswer(question); ok {
			w.SetAuthoritative(true) // these zones are served here (RFC 6303 §3)
			h.write(w, q, r)
			return
		}
	}
	if subnet.IsValid() {
		// What is known for this network, the engine knows.
	} else if r, ok := h.Resolver.Known(question); ok {
		if found {
			h.write(w, q, r) // as much of it as fits
		} else {
			h.answer(now, w, q, r)
		}
		return
	}
	if !q.Header.RecursionDesired {
		w.SetRCode(dns.RCodeRefused)
		w.EDE(dns.EDENotAuthoritative, "not in the cache")
		return
	}
	h.resolve(w, q, question, subnet)
}

// subnet returns the network of the client that servers are told, if any: what
// the client itself says, and that of its address where it says nothing and the
// address means something to the world. The answer to a client that said it has
// a scope (RFC 7871 §7.2.2).
func (h *Handler) subnet(w *dns.Responder, q *dns.Query) netip.Prefix {
	if !h.Resolver.Subnets || !q.Header.RecursionDesired {
		return netip.Prefix{}
	}
	if p, ok := q.Subnet(); ok {
		w.SetSubnetScope(0)
		return h.Resolver.engine.clientSubnet(p)
	}
	a := q.Peer().Addr().Unmap()
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return netip.Prefix{}
	}
	return h.Resolver.engine.clientSubnet(netip.PrefixFrom(a, a.BitLen()))
}

// resolve answers when the Resolver has a result.
func (h *Handler) resolve(w *dns.Responder, q *dns.Query, question dns.Question, subnet netip.Prefix) {
	client := q.Peer().Addr()
	if !h.enter(client) {
		w.SetRCode(dns.RCodeRefused)
		w.EDE(dns.EDEProhibited, "too many questions under way")
		return
	}
	who := Client{Network: subnet, CheckingDisabled: q.Header.CheckingDisabled}
	q, w = q.Detach()
	h.Resolver.ask(question, who, func(r *Result) {
		h.leave(client)
		if r == nil {
			w.SetRCode(dns.RCodeServFail)
		} else {
			if h.Resolved != nil {
				h.Resolved(r)
			}
			h.answer(time.Now(), w, q, r)
		}
		_ = w.Send() // nobody can be told
	})
}

// enter counts a question of a client, unless it has too many.
func (h *Handler) enter(client netip.Addr) bool {
	limit := h.MaxPerClient
	if limit == 0 {
		limit = defaultPerClient
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if limit > 0 && h.clients[client] >= limit {
		return false
	}
	if h.clients == nil {
		h.clients = make(map[netip.Addr]int)
	}
	h.clients[client]++
	return true
}

func (h *Handler) leave(client netip.Addr) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.clients[client]--; h.clients[client] <= 0 {
		delete(h.clients, client)
	}
}

// answer writes a result, and keeps its octets where it may serve again.
func (h *Handler) answer(now time.Time, w *dns.Responder, q *dns.Query, r *Result) {
	do := q.DNSSECOK()
	if r.Scope > 0 {
		w.SetSubnetScope(r.Scope)
	}
	if r.RCode == dns.RCodeServFail || r.Stale || r.Scope > 0 || r.unchecked {
		h.write(w, q, r)
		return
	}
	ready := makeReady(q.Question(), r, do)
	if ready == nil {
		h.write(w, q, r)
		return
	}
	h.Resolver.Cache.keepReady(now, q.CanonicalName(), q.Type, q.Class, do, ready)
	if !ready.write(w) {
		h.write(w, q, r)
	}
}

// write writes a result record by record: what does not fit is truncated at the
// border of a set. The owner that was asked for has the client's letters.
func (h *Handler) write(w *dns.Responder, q *dns.Query, r *Result) {
	w.SetRCode(r.RCode)
	for _, e := range r.EDE {
		w.EDE(e.Code, e.Text)
	}
	do, name := q.DNSSECOK(), q.Name()
	for _, s := range [...]struct {
		section dns.Section
		rrs     []dns.RR
	}{{dns.SectionAnswer, r.Answer}, {dns.SectionAuthority, r.Authority}} {
		for _, rr := range s.rrs {
			if !do && forDNSSEC(rr.Type(), q.Type) {
				continue
			}
			if rr.Name.Equal(name) {
				rr.Name = name
			}
			if w.Add(s.section, rr) != nil {
				return
			}
		}
	}
}

// forDNSSEC tells whether records of type t are for those alone who understand
// DNSSEC, unless asked for (RFC 4035 §3.2.1).
func forDNSSEC(t, asked dns.Type) bool {
	switch t {
	case dns.TypeRRSIG, dns.TypeNSEC, dns.TypeNSEC3:
		return t != asked && asked != dns.TypeANY
	}
	return false
}
