package dns

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"slices"
	"time"

	"applayer/internal/ascii"
)

// exchange is one question of a client to a server, in the order that a
// [Machine] keeps.
type exchange struct {
	c       *Client
	server  netip.AddrPort
	m       *Message
	stream  string // the network where UDP will not do
	machine Machine

	plain      bool // without the EDNS that we would add
	badCookies int
	failed     int
	err        error // of the last try that failed

	how     Exchanged
	matcher *Matcher
	name    Name   // the question's name as the caller wrote it
	cookie  Cookie // what was sent
	sent    bool   // a cookie was
	reply   *Message
}

func (x *exchange) run(ctx context.Context) (*Message, error) {
	for {
		switch s := x.machine.State(); s {
		case StateAnswered:
			return x.reply, nil
		case StateFailed:
			return nil, x.err
		default:
			e, err := x.step(ctx, s)
			if err != nil {
				x.err = err
			}
			if err := x.machine.Do(e); err != nil {
				return nil, err
			}
		}
	}
}

// step asks, or waits for what becomes of it.
func (x *exchange) step(ctx context.Context, s State) (Event, error) {
	switch {
	case s == StateUDP:
		return x.ask(ctx, NetworkUDP)
	case s == StateTCP:
		return x.ask(ctx, x.stream)
	case contextError(ctx) != nil:
		return EventGiveUp, contextError(ctx)
	case x.failed >= x.c.tries():
		return EventGiveUp, nil
	case s == StateReady && (x.c.Network == "" || x.c.Network == NetworkUDP):
		return EventAskUDP, nil
	}
	return EventAskTCP, nil
}

// ask sends the query and tells what came of it.
func (x *exchange) ask(ctx context.Context, network string) (Event, error) {
	x.how.Server, x.how.Network = x.server, network
	id, err := x.id()
	if err != nil {
		return EventGiveUp, err
	}
	try, cancel := x.c.tryContext(ctx)
	defer cancel()
	begin := time.Now()
	x.how.Sent++
	fatal := false
	reply, err := x.c.transport().exchange(try, network, x.server, id, func(local netip.Addr) ([]byte, func([]byte) error, error) {
		accept, err := x.make(network, id, local)
		fatal = err != nil
		return x.how.Query, accept, err
	})
	x.how.RTT = time.Since(begin)
	switch {
	case fatal, contextError(ctx) != nil:
		return EventGiveUp, err
	case errors.Is(err, ErrForgery):
		return EventForgery, err
	case isAskStream(err):
		return EventNotKept, err
	case err != nil:
		x.failed++
		if contextError(try) != nil {
			return EventTimeout, err
		}
		return EventBroken, err
	}
	return x.judge(network, reply)
}

func isAskStream(err error) bool {
	e, ok := errors.AsType[*MismatchError](err)
	return ok && e.AskStream
}

// judge reads an answer and tells what it means for the question.
func (x *exchange) judge(network string, reply []byte) (Event, error) {
	if q := x.matcher.Question(); q.Name.IsValid() && reply[5] == 1 {
		// The names that point to the question get back the case that the
		// caller gave it.
		copy(reply[HeaderSize:], x.name.Wire())
	}
	x.how.Reply = reply
	var err error
	if x.reply, err = ParseMessage(reply, &ParseOptions{Lenient: true, Types: x.c.Types}); err != nil {
		if h, _, _ := ParseHeader(reply); network == NetworkUDP && h.Truncated && !x.c.NoFallback {
			return EventTruncated, nil // some cut in the middle of a record
		}
		x.failed++
		return EventBroken, err
	}
	x.learnCookie()
	m := x.reply
	switch {
	case network == NetworkUDP && m.Truncated && !x.c.NoFallback:
		return EventTruncated, nil
	case m.EDNS == nil && x.m.EDNS == nil && x.matcher.hasOPT && (m.RCode == RCodeFormErr || m.RCode == RCodeNotImp):
		x.plain = true
		return EventEDNSRefused, nil
	case m.RCode == RCodeBadCookie && x.sent && x.badCookies == 0:
		x.badCookies++
		return EventBadCookie, nil
	case m.RCode == RCodeBadCookie && x.sent && network == NetworkUDP && !x.c.NoFallback:
		return EventBadCookies, nil
	}
	return EventAnswer, nil
}

func (x *exchange) id() (uint16, error) {
	if x.m.TSIG != nil {
		return x.m.ID, nil // the signature covers it
	}
	var b [2]byte
	_, err := io.ReadFull(x.c.rand(), b[:])
	return binary.BigEndian.Uint16(b[:]), err
}

// make writes the query as it is sent from that address, and returns what
// takes its answer.
func (x *exchange) make(network string, id uint16, local netip.Addr) (accept func([]byte) error, err error) {
	m := *x.m
	m.ID = id
	known := false
	if m.TSIG == nil {
		if known, err = x.addEDNS(&m, network, local); err != nil {
			return nil, err
		}
	}
	if network == NetworkTLS && m.TSIG == nil {
		x.how.Query, err = AppendPaddedMessage(nil, &m, QueryPadding)
	} else {
		x.how.Query, err = AppendMessage(nil, &m)
	}
	if err != nil {
		return nil, err
	}
	x.name = Name{}
	if len(m.Question) == 1 {
		x.name = m.Question[0].Name
	}
	mixed := x.c.MixCase && network == NetworkUDP && m.TSIG == nil && x.name.IsValid()
	if mixed {
		if err := mixCase(x.how.Query[HeaderSize:HeaderSize+x.name.Len()], x.c.rand()); err != nil {
			return nil, err
		}
	}
	if x.matcher, err = NewMatcher(x.how.Query); err != nil {
		return nil, err
	}
	x.matcher.MatchCase = mixed
	x.matcher.WantCookie = known && network == NetworkUDP
	x.matcher.WantQuestion = network == NetworkUDP
	return x.accept, nil
}

// accept counts what does not answer the query.
func (x *exchange) accept(reply []byte) error {
	err := x.matcher.Accept(reply)
	if err == nil || isAskStream(err) {
		return err
	}
	x.how.Ignored++
	if refused := x.machine.Do(EventMismatch); refused != nil {
		return refused
	}
	return err
}

// addEDNS gives the query its OPT record, and that its cookie. It tells whether
// the server is known to send cookies.
func (x *exchange) addEDNS(m *Message, network string, local netip.Addr) (known bool, err error) {
	x.sent = false
	if m.EDNS == nil && (x.c.NoEDNS || x.plain) {
		return false, nil
	}
	edns := EDNS{}
	if m.EDNS != nil {
		edns = *m.EDNS
		edns.Options = slices.Clone(edns.Options)
	}
	m.EDNS = &edns
	if edns.UDPSize == 0 {
		edns.UDPSize = x.c.UDPSize
	}
	if edns.UDPSize == 0 {
		edns.UDPSize = DefaultUDPSize
	}
	if network == NetworkUDP {
		edns.RemoveOption(OptionKeepalive) // RFC 7828 §3.2.1
	}
	if _, own := edns.Option(OptionCookie); own || x.c.NoCookies {
		return false, nil
	}
	cookie, ok, err := x.c.cookies.get(x.server, local, time.Now(), x.c.rand())
	if err != nil || !ok {
		return false, err
	}
	x.cookie, x.sent = cookie, true
	return len(cookie.Server) > 0, edns.SetCookie(cookie)
}

// learnCookie keeps the server's cookie, whatever else the answer says
// (RFC 7873 §5.3).
func (x *exchange) learnCookie() {
	if !x.sent {
		return
	}
	cookie, ok := x.reply.EDNS.Cookie()
	switch {
	case ok:
		x.c.cookies.put(x.server, cookie)
	case !x.reply.Truncated:
		x.c.cookies.none(x.server, x.cookie, time.Now())
	}
}

// mixCase makes each letter of a name on the wire large or small by a random
// bit. Length octets are no letters.
func mixCase(name []byte, random io.Reader) error {
	var bits [(MaxName + 7) / 8]byte
	if _, err := io.ReadFull(random, bits[:(len(name)+7)/8]); err != nil {
		return err
	}
	for i, c := range name {
		if lower := ascii.Lower(c); lower >= 'a' && lower <= 'z' {
			name[i] = lower &^ (bits[i/8] >> (i % 8) & 1 << 5)
		}
	}
	return nil
}
