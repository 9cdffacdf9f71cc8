package resolver

import (
	"encoding/binary"
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
}

// networkFor tells how a question begins: over UDP, unless another that differs
// in the client's network alone is under way. Each of them would be one more
// chance for a forger (CVE-2025-40776).
func (e *Engine) networkFor(k queryKey) string {
	k.subnet = netip.Prefix{}
	e.twins[k]++
	if e.twins[k] > 1 {
		return "tcp"
	}
	return "udp"
}

// untwin takes back what networkFor counted.
func (e *Engine) untwin(k queryKey) {
	k.subnet = netip.Prefix{}
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
	id       uint16
	network  string
	sent     time.Time
	deadline time.Time
	question []byte // as sent
	cookie   []byte // our part, nil without
	edns     bool

	wrongIDs   int
	suspicious bool // there were replies that were not taken
	noEDNS     bool // the server has shown that it does not know EDNS
	noSubnet   bool // it refused, perhaps for the client's network
	told       bool // the message under way has the client's network
	badCookies int
	hearsay    bool // what the server has heard elsewhere will do
	done       bool
}

// The numbers of the OPT record in our messages.
const (
	udpSize      = 1232 // no path cuts it into fragments
	optionCookie = 10   // RFC 7873 §4
	clientCookie = 8
	maxCookie    = 40
)

// message builds the next message of the query.
func (q *query) message(e *Engine, now time.Time) []byte {
	q.id = e.random16()
	b := dns.AppendHeader(nil, dns.Header{ID: q.id, RecursionDesired: len(e.opts.Forward) > 0}, dns.Counts{Question: 1})
	b = q.name.AppendWire(b)
	if !e.opts.KeepCase && !now.Before(q.server.caseLost) {
		e.mixCase(b[dns.HeaderSize:])
	}
	b = binary.BigEndian.AppendUint16(b, uint16(q.typ))
	b = binary.BigEndian.AppendUint16(b, uint16(q.class))
	q.question = b[dns.HeaderSize:len(b):len(b)]
	q.cookie, q.told = nil, false
	if q.edns = !q.noEDNS && !now.Before(q.server.noEDNS); q.edns {
		binary.BigEndian.PutUint16(b[10:], 1)
		b = q.opt(e, b)
	}
	return b
}

// opt appends the OPT record: DO is set always, so that the cache serves those
// who ask for signatures too; the cookie is the server's own.
func (q *query) opt(e *Engine, b []byte) []byte {
	b = append(b, 0, 0, byte(dns.TypeOPT))
	b = binary.BigEndian.AppendUint16(b, udpSize)
	b = append(b, 0, 0, 0x80, 0)
	cookie := e.clientCookie(q.server.addr.Addr())
	q.cookie = cookie[:]
	b = append(b, 0, 0)
	start := len(b)
	n := clientCookie + len(q.server.cookie)
	b = binary.BigEndian.AppendUint16(b, optionCookie)
	b = binary.BigEndian.AppendUint16(b, uint16(n))
	b = append(b, q.cookie...)
	b = append(b, q.server.cookie...)
	if q.told = q.subnet.IsValid() && !q.noSubnet; q.told {
		b = appendSubnet(b, q.subnet)
	}
	binary.BigEndian.PutUint16(b[start-2:], uint16(len(b)-start))
	return b
}

// start sends the question over a network.
func (q *query) start(e *Engine, now time.Time, network string) {
	q.network, q.sent, q.wrongIDs, q.suspicious = network, now, 0, false
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
// nobody who waits for it has messages left.
func (q *query) again(e *Engine, now time.Time, network string, kind ReplyKind) {
	q.end(e, now, kind, 0, 0)
	for b := range q.budgets() {
		if b.messages < e.limits.MaxMessages {
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
	for b := range q.budgets() {
		b.octets += len(msg)
	}
	h, counts, err := dns.ParseHeader(msg)
	if err != nil || h.ID != q.id {
		if q.wrongIDs++; q.wrongIDs >= e.limits.MaxWrongIDs && q.network == "udp" {
			q.again(e, now, "tcp", ReplySuspicious)
			return nil
		}
		return ErrNotReply
	}
	if !h.Response || h.Opcode != dns.OpcodeQuery {
		q.suspicious = true
		return ErrNotReply
	}
	switch equal, folded := sameQuestion(msg, q.question); {
	case equal:
	case folded && q.network == "udp":
		q.again(e, now, "tcp", ReplySuspicious)
		return nil
	case folded:
		// Over TCP it is the server itself that does not keep the case.
		q.server.caseLost = now.Add(memorySpan)
	case q.network == "tcp" && counts.Question == 0 && (h.RCode == dns.RCodeFormErr || h.RCode == dns.RCodeNotImp):
		// Some say that they cannot read a question without repeating it.
	default:
		q.suspicious = true
		return ErrNotReply
	}
	if h.Truncated && q.network == "udp" {
		q.server.replied(now.Sub(q.sent))
		q.again(e, now, "tcp", ReplyTruncated)
		return nil
	}
	return q.read(e, now, msg, counts.Question == 1)
}

// read takes apart a message that is a reply by its header and question.
func (q *query) read(e *Engine, now time.Time, msg []byte, question bool) error {
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
		return nil
	}
	scope, right := q.subnetRight(r)
	if !right || !q.cookieRight(r) {
		q.suspicious = true
		return ErrNotReply
	}
	q.replied(now)
	switch {
	case (r.RCode == dns.RCodeFormErr || r.RCode == dns.RCodeNotImp) && q.edns && r.edns == nil:
		// What RFC 6891 §7 takes as proof that it does not know EDNS.
		q.noEDNS = true
		q.again(e, now, q.network, ReplyNoEDNS)
		return nil
	case r.RCode == dns.RCodeRefused && q.told:
		q.noSubnet = true // it may not want to be told (RFC 7871 §7.3)
		q.again(e, now, q.network, ReplyFailure)
		return nil
	case r.RCode == dns.RCodeBadCookie && q.cookie != nil && q.badCookies < 2:
		q.badCookies++
		network := q.network
		if q.badCookies == 2 {
			network = "tcp" // RFC 7873 §5.3
		}
		q.again(e, now, network, ReplyBadCookie)
		return nil
	case q.noEDNS && r.RCode != dns.RCodeFormErr && r.RCode != dns.RCodeNotImp:
		q.server.noEDNS = now.Add(memorySpan)
	}
	if r.Truncated {
		q.end(e, now, ReplyTruncated, r.RCode, len(msg))
		e.complete(now, q, &outcome{kind: ReplyTruncated})
		return nil
	}
	e.dropPrivate(r)
	c := classifier{q: dns.Question{Name: q.name, Type: q.typ, Class: q.class}, zone: q.zone, forward: len(e.opts.Forward) > 0, hearsay: q.hearsay, maxAliases: e.limits.MaxAliases}
	o := c.classify(r)
	o.scope = scope
	step := q.end(e, now, o.kind, r.RCode, len(msg))
	if o.referral != nil {
		step.Referred = o.referral.zone
	}
	e.complete(now, q, o)
	return nil
}

// replied takes into account that the server lives. Over TCP the time tells of
// its connection too, and so of no round trip.
func (q *query) replied(now time.Time) {
	if q.network == "udp" {
		q.server.replied(now.Sub(q.sent))
	}
	q.server.silences = 0
}

// cookieRight checks the cookie of a reply (RFC 7873 §5.3), and keeps the
// server's part of it.
func (q *query) cookieRight(r *reply) bool {
	if q.cookie == nil {
		return true
	}
	if r.edns != nil {
		for _, o := range r.edns.Options {
			if o.Code != optionCookie {
				continue
			}
			if len(o.Data) < 2*clientCookie || len(o.Data) > maxCookie || string(o.Data[:clientCookie]) != string(q.cookie) {
				return false
			}
			q.server.cookie = append([]byte(nil), o.Data[clientCookie:]...)
			return true
		}
	}
	// One that gave cookies before does not stop; over TCP it is believed.
	if len(q.server.cookie) > 0 {
		if q.network == "udp" {
			return false
		}
		q.server.cookie = nil
	}
	return true
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
