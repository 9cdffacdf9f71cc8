package resolver

import (
	"errors"
	"net/netip"
	"time"

	"applayer/dns"
)

// queryKey is one question to the servers of one zone. There is never more than
// one such under way, however many want to know: two would double the chance of
// a forger (RFC 5452 §5, CVE-2023-30464).
type queryKey struct {
	zone  dns.Name
	name  dns.Name
	typ   dns.Type
	class dns.Class
	// subnet is the client's network that the servers are told.
	subnet netip.Prefix
	// unchecked tells a forwarder not to check signatures.
	unchecked bool
}

// networkFor tells how a question begins: over UDP, unless another that differs
// in what the client says of itself alone is under way. Each of them would be one
// more chance for a forger (CVE-2025-40776).
func (e *Engine) networkFor(k queryKey) string {
	k.subnet, k.unchecked = netip.Prefix{}, false
	e.twins[k]++
	if e.twins[k] > 1 {
		return "tcp"
	}
	return "udp"
}

// untwin takes back what networkFor counted.
func (e *Engine) untwin(k queryKey) {
	k.subnet, k.unchecked = netip.Prefix{}, false
	if e.twins[k]--; e.twins[k] <= 0 {
		delete(e.twins, k)
	}
}

// query is a question to one server, over UDP and TCP as need be, and the tasks
// that wait for its outcome.
type query struct {
	queryKey
	server  *server
	waiters []*task

	// of the message under way
	send     uint64
	network  string
	sent     time.Time
	deadline time.Time
	matcher  *dns.Matcher
	edns     bool

	mismatches int
	suspicious bool // there were replies that were not taken
	noEDNS     bool // the server has shown that it does not know EDNS
	noSubnet   bool // it refused, perhaps for the client's network
	told       bool // the message under way has the client's network
	badCookies int
	hearsay    bool // what the server has heard elsewhere will do
	done       bool
}

// message builds the next message of the query, and what matches its reply. DO
// is set always, so that the cache serves those who ask for signatures too; the
// cookie is the server's own.
func (q *query) message(e *Engine, now time.Time) []byte {
	m := dns.Message{
		Header:   dns.Header{ID: e.random16(), RecursionDesired: len(e.opts.Forward) > 0, CheckingDisabled: q.unchecked},
		Question: []dns.Question{{Name: q.name, Type: q.typ, Class: q.class}},
	}
	q.edns = !q.noEDNS && !now.Before(q.server.noEDNS)
	q.told = q.edns && q.subnet.IsValid() && !q.noSubnet
	if q.edns {
		m.EDNS = &dns.EDNS{UDPSize: dns.DefaultUDPSize, DNSSECOK: true}
		must(m.EDNS.SetCookie(dns.Cookie{Client: e.clientCookie(q.server.addr.Addr()), Server: q.server.cookie}))
	}
	if q.told {
		must(m.EDNS.SetSubnet(dns.Subnet{Prefix: q.subnet}))
	}
	b, err := dns.AppendMessage(nil, &m)
	must(err)
	mixed := !e.opts.KeepCase && !now.Before(q.server.caseLost)
	if mixed {
		e.mixCase(b[dns.HeaderSize : dns.HeaderSize+q.name.Len()])
	}
	q.matcher, err = dns.NewMatcher(b)
	must(err)
	q.matcher.MatchCase = mixed
	q.matcher.WantQuestion = q.network == "udp"
	q.matcher.WantCookie = q.network == "udp" && len(q.server.cookie) > 0
	return b
}

// must is for what cannot fail: the names, networks and cookies that an engine
// puts into its messages have been checked.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// start sends the question over a network.
func (q *query) start(e *Engine, now time.Time, network string) {
	q.network, q.sent, q.mismatches, q.suspicious = network, now, 0, false
	timeout := e.limits.TCPTimeout
	if network == "udp" {
		timeout = q.server.timeout(&e.limits)
	}
	q.deadline = now.Add(timeout)
	q.server.used = now
	e.lastSend++
	q.send = e.lastSend
	e.sends[q.send] = q
	msg := q.message(e, now)
	e.out = append(e.out, Send{ID: q.send, Network: network, Server: q.server.addr, Message: msg, Deadline: q.deadline})
	e.timers.push(q.deadline, timer{send: q.send})
	for b := range q.budgets() {
		b.messages++
	}
}

// again ends the message under way and sends the question once more, unless
// nobody waits for it any more who has messages left.
func (q *query) again(e *Engine, now time.Time, network string, kind ReplyKind) {
	q.end(e, now, kind, 0, 0)
	for _, t := range q.waiters {
		if t.query == q && t.b.messages < e.limits.MaxMessages {
			q.start(e, now, network)
			return
		}
	}
	e.complete(now, q, &outcome{kind: ReplySilence})
}

// end takes the message under way from those that wait, and notes what came of
// it.
func (q *query) end(e *Engine, now time.Time, kind ReplyKind, rcode dns.RCode, octets int) *Step {
	delete(e.sends, q.send)
	step := &Step{
		Time: q.sent, Server: q.server.addr, Network: q.network, Zone: q.zone,
		Question: dns.Question{Name: q.name, Type: q.typ, Class: q.class},
		RTT:      now.Sub(q.sent), Kind: kind, RCode: rcode, Octets: octets,
	}
	for b := range q.budgets() {
		b.trace = append(b.trace, step)
	}
	return step
}

// budgets goes through the budgets of those who wait, each once.
func (q *query) budgets() func(yield func(*budget) bool) {
	return func(yield func(*budget) bool) {
		for i, t := range q.waiters {
			known := false
			for _, o := range q.waiters[:min(i, 8)] {
				known = known || o.b == t.b
			}
			if !known && !yield(t.b) {
				return
			}
		}
	}
}

// take looks at a message that came where the reply is waited for. The error
// tells that it is not the reply.
func (q *query) take(e *Engine, now time.Time, from netip.AddrPort, msg []byte) error {
	if netip.AddrPortFrom(from.Addr().Unmap(), from.Port()) != q.server.addr || len(msg) < dns.HeaderSize {
		return ErrNotReply
	}
	err := q.matcher.Accept(msg)
	switch mismatch, ok := errors.AsType[*dns.MismatchError](err); {
	case err == nil:
	case !ok || !mismatch.AskStream:
		return q.ignore(e, now)
	case q.network == "udp":
		q.again(e, now, "tcp", ReplySuspicious)
		return nil
	default:
		// Over TCP it is the server itself that does not keep the case.
		q.server.caseLost = now.Add(memorySpan)
	}
	for b := range q.budgets() {
		b.octets += len(msg)
	}
	h, counts, err := dns.ParseHeader(msg)
	if err == nil && h.Truncated && q.network == "udp" {
		q.server.replied(now.Sub(q.sent))
		q.again(e, now, "tcp", ReplyTruncated)
		return nil
	}
	q.read(e, now, msg, counts.Question == 1)
	return nil
}

// ignore counts a message that is not the reply. Over UDP somebody is guessing
// when there are many of them (RFC 5452 §9.3); over TCP it is the server, which
// then is of no use.
func (q *query) ignore(e *Engine, now time.Time) error {
	q.suspicious = true
	switch q.mismatches++; {
	case q.mismatches < e.limits.MaxMismatches:
		return ErrNotReply
	case q.network == "udp":
		q.again(e, now, "tcp", ReplySuspicious)
	default:
		q.end(e, now, ReplyMalformed, 0, 0)
		e.complete(now, q, &outcome{kind: ReplyMalformed})
	}
	return nil
}

// read takes apart the reply, which has the question or lacks it.
func (q *query) read(e *Engine, now time.Time, msg []byte, question bool) {
	if question {
		// Names that point at the question get its letters as we know them.
		plain := append([]byte(nil), msg...)
		q.name.AppendWire(plain[:dns.HeaderSize])
		msg = plain
	}
	r, err := parseReply(msg, q.name, q.class, e.limits.MaxSetRecords)
	if err != nil {
		q.replied(now)
		q.end(e, now, ReplyMalformed, 0, len(msg))
		e.complete(now, q, &outcome{kind: ReplyMalformed})
		return
	}
	q.learnCookie(r)
	q.replied(now)
	switch {
	case (r.RCode == dns.RCodeFormErr || r.RCode == dns.RCodeNotImp) && q.edns && r.edns == nil:
		// What RFC 6891 §7 takes as proof that it does not know EDNS.
		q.noEDNS = true
		q.again(e, now, q.network, ReplyNoEDNS)
		return
	case r.RCode == dns.RCodeRefused && q.told:
		q.noSubnet = true // it may not want to be told (RFC 7871 §7.3)
		q.again(e, now, q.network, ReplyFailure)
		return
	case r.RCode == dns.RCodeBadCookie && q.edns && q.badCookies < 2:
		q.badCookies++
		network := q.network
		if q.badCookies == 2 {
			network = "tcp" // RFC 7873 §5.3
		}
		q.again(e, now, network, ReplyBadCookie)
		return
	case q.noEDNS && r.RCode != dns.RCodeFormErr && r.RCode != dns.RCodeNotImp:
		q.server.noEDNS = now.Add(memorySpan)
	}
	if r.Truncated {
		q.end(e, now, ReplyTruncated, r.RCode, len(msg))
		e.complete(now, q, &outcome{kind: ReplyTruncated})
		return
	}
	e.dropPrivate(r)
	c := classifier{q: dns.Question{Name: q.name, Type: q.typ, Class: q.class}, zone: q.zone, forward: len(e.opts.Forward) > 0, hearsay: q.hearsay, maxAliases: e.limits.MaxAliases, maxPerZone: e.limits.MaxPerZone}
	o := c.classify(r)
	o.scope = q.scope(r)
	step := q.end(e, now, o.kind, r.RCode, len(msg))
	if o.referral != nil {
		step.Referred = o.referral.zone
	}
	e.complete(now, q, o)
}

// replied takes into account that the server lives. Over TCP the time tells of
// its connection too, and so of no round trip.
func (q *query) replied(now time.Time) {
	if q.network == "udp" {
		q.server.replied(now.Sub(q.sent))
	}
	q.server.silences = 0
}

// learnCookie keeps the server's part of the cookie (RFC 7873 §5.3). A server
// that gave some and stopped is believed over TCP; over UDP such a reply is not
// taken at all.
func (q *query) learnCookie(r *reply) {
	if c, ok := r.edns.Cookie(); q.edns && ok {
		q.server.cookie = c.Server
	} else if q.network != "udp" {
		q.server.cookie = nil
	}
}

// expired ends a message whose time is over.
func (q *query) expired(e *Engine, now time.Time) {
	q.server.silent(now.Sub(q.sent))
	if q.suspicious && q.network == "udp" {
		q.again(e, now, "tcp", ReplySuspicious)
		return
	}
	q.end(e, now, ReplySilence, 0, 0)
	e.complete(now, q, &outcome{kind: ReplySilence})
}
