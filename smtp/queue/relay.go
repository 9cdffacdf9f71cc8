package queue

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"time"

	"applayer/smtp"
)

// Relay is a [Deliverer] that brings messages to other hosts by SMTP: to those
// that the MX records of a domain name, one after the other until one takes the
// message (RFC 5321 §5.1), or to a smart host.
//
// The next host is tried after a connection that failed, a greeting that
// refuses, a session that broke before the whole message was sent, for
// recipients that were refused for now, and where the host lacks what the message
// needs, such as SMTPUTF8. What a host refuses for good no other is asked for.
// Where a session broke after the message and before its answer, the host may
// have it, so that none is tried until the next turn.
//
// Its fields are set before its first use and not changed after. Goroutines may
// share it.
type Relay struct {
	// Hostname is the name of this host, as it is said by EHLO and stands in MX
	// records. A host that greets by it, or another of our names, is ourselves,
	// and mail for it a loop (RFC 5321 §6.3).
	Hostname string
	// Self holds what other names and addresses this host has there.
	Self []string
	// Resolver finds hosts and addresses (default net.DefaultResolver).
	Resolver Resolver
	// SmartHost takes all mail, where it is not empty: a name or address, with a
	// port or without. No MX record is asked for then.
	SmartHost string
	// User and Password log in to the smart host.
	User, Password string
	// Port is the port of hosts (default 25).
	Port uint16
	// Options are those of the sessions. Hello is Hostname by default, and
	// Downgrade [Downgrade]. With TLSOpportunistic, the default, certificates
	// are not verified unless TLSConfig is set, since the session would go on in
	// the clear without TLS, and so it does after a handshake that failed
	// (RFC 7435 §3). The log has what became of it.
	Options smtp.Options
	// Limits bounds what it holds at a time.
	Limits RelayLimits
	// Logger hears of each try; nil is silent.
	Logger *slog.Logger

	pool relayPool
}

// Deliver brings m to the hosts of its recipients, which are all of one domain.
func (r *Relay) Deliver(ctx context.Context, m *Message, to []smtp.Recipient) []Result {
	if len(to) == 0 {
		return nil
	}
	t := &turn{relay: r, message: m, to: to, results: Same(len(to), Result{Err: errUntried})}
	for i := range to {
		t.pending = append(t.pending, i)
	}
	hosts, err := r.Route(ctx, to[0].Path)
	if err != nil {
		t.failed(err, "")
		return t.results
	}
	t.try(ctx, hosts)
	return t.results
}

// errUntried stands for recipients for whom no host was tried yet.
var errUntried = errors.New("smtp/queue: no host was tried")

// turn is one message's turn: a round of the hosts of its destination.
type turn struct {
	relay   *Relay
	message *Message
	to      []smtp.Recipient
	results []Result
	pending []int         // recipients for whom another host may be tried
	tried   []string      // addresses
	body    smtp.BodyType // of octets, once it is known
}

// try tries one host after the other. One that turns out to be this one ends it:
// who is no better would bring the mail back (RFC 5321 §5.1).
func (t *turn) try(ctx context.Context, hosts []Host) {
	if most := t.relay.Limits.maxAddresses(); most > 0 {
		hosts = hosts[:min(len(hosts), most)] // each of them has to be looked up
	}
	for _, h := range hosts {
		if len(t.pending) == 0 {
			return
		}
		if err := t.tryHost(ctx, h); isLoop(err) {
			return
		}
	}
}

// tryHost tries the addresses of a host that were not tried yet.
func (t *turn) tryHost(ctx context.Context, h Host) error {
	addrs, err := t.relay.addresses(ctx, h)
	if err != nil {
		t.failed(t.relay.excused(err), "")
		return err
	}
	for _, addr := range addrs {
		switch {
		case slices.Contains(t.tried, addr):
			continue
		case len(t.pending) == 0, len(t.tried) == t.relay.Limits.maxAddresses():
			return nil
		case ctx.Err() != nil:
			t.failed(context.Cause(ctx), "")
			return nil
		}
		t.tried = append(t.tried, addr)
		if err := t.visit(ctx, h.Name, addr); err != nil {
			t.relay.log("no session", t.message.ID, h.Name, addr, err)
			t.failed(t.relay.excused(err), h.Name)
			if isLoop(err) {
				return err
			}
		}
	}
	return nil
}

// visit tries one address. An error is of the session that was not to be had. One
// that was kept from a message before and ends before it has taken this one, as
// with hosts that take so many and no more, says nothing about the next.
func (t *turn) visit(ctx context.Context, host, addr string) error {
	for {
		s, err := t.relay.pool.take(ctx, t.relay, host, addr)
		if err != nil {
			return err
		}
		kept, pending := s.messages > 0, len(t.pending)
		ended := t.useAndGive(ctx, s)
		if !kept || !ended || len(t.pending) < pending || ctx.Err() != nil {
			return nil
		}
	}
}

// useAndGive uses a session and gives it back. It tells whether it has ended.
func (t *turn) useAndGive(ctx context.Context, s *relaySession) (ended bool) {
	defer t.relay.pool.give(t.relay, s)
	whole := false
	defer func() {
		if !whole {
			s.client.Close() // whatever broke off here, it is in the middle of something
		}
	}()
	t.use(ctx, s)
	whole = true
	return !s.client.Alive()
}

// use sends the message to those who are pending, in as many transactions as it
// takes. Those who are to be tried elsewhere are pending then.
func (t *turn) use(ctx context.Context, s *relaySession) {
	waiting := t.pending
	t.pending = nil
	most := t.relay.Limits.maxRecipients()
	for len(waiting) > 0 {
		n := min(len(waiting), most)
		again, err := t.send(ctx, s, waiting[:n])
		waiting = slices.Concat(again, waiting[n:])
		if len(again) > 0 {
			most = n - len(again) // what this host takes
		}
		if err != nil && !s.client.Alive() {
			// What was said of others is not about them.
			t.fail(waiting, fmt.Errorf("smtp/queue: the session ended: %v", err), "")
			t.pending = append(t.pending, waiting...)
			return
		}
	}
}

// excused makes a refusal that is for us one of no message: where the smart host
// does not let us in, for now or for good, somebody has to see to that.
func (r *Relay) excused(err error) error {
	if e, refused := errors.AsType[*smtp.ReplyError](err); refused && !e.Temporary() && r.SmartHost != "" {
		return fmt.Errorf("smtp/queue: smart host: %v", err)
	}
	return err
}

// send is one transaction. It returns those to whom the message may be sent in
// another over the same session: a host that has enough recipients for one says
// 452 to the rest, or as some do 552 (RFC 5321 §4.5.3.1.10).
func (t *turn) send(ctx context.Context, s *relaySession, batch []int) (again []int, err error) {
	body, err := t.message.Open()
	if err != nil {
		t.fail(batch, err, "")
		return nil, err
	}
	defer body.Close()
	e := smtp.Envelope{From: t.message.From, MailOptions: t.message.Options}
	e.Size = t.message.Size
	if _, eight := s.client.Extension("8BITMIME"); !eight && e.Body != smtp.BodyBinaryMIME {
		if e.Body, err = t.octets(); err != nil {
			t.fail(batch, err, "")
			return nil, err
		}
	}
	for _, i := range batch {
		e.To = append(e.To, t.to[i])
	}
	begun := time.Now()
	receipt, err := s.client.Send(ctx, e, body)
	s.messages++
	// Where the message was sent, it may be the message that the host is stuck at.
	if errors.Is(err, os.ErrDeadlineExceeded) && !receipt.Doubtful && ctx.Err() == nil {
		t.relay.pool.down.lost(s.addr, time.Since(begun), t.relay.Limits.maxDown(), err)
	}
	t.relay.log("sent", t.message.ID, s.host, s.addr, err, "tls", s.security())

	taken := false
	for k, i := range batch {
		result := s.result(receipt, k)
		switch {
		case result.Err == nil:
			taken = true
		case isFull(result.Err):
			again = append(again, i)
		case isLack(result.Err): // another host may have it
			result = hopeful(t.results[i], result)
			t.pending = append(t.pending, i)
		case !result.final() && !receipt.Doubtful:
			t.pending = append(t.pending, i)
		}
		t.results[i] = result
	}
	if !taken { // it would be the same once more
		t.pending = append(t.pending, again...)
		again = nil
	}
	return again, err
}

// result makes of what became of a recipient a Result.
func (s *relaySession) result(receipt *smtp.Receipt, k int) Result {
	host := s.host
	sent := receipt.Results[k]
	if sent.Err == nil {
		return Result{Relayed: !receipt.DSN, RemoteMTA: host, Reply: sent.Reply}
	}
	if e, replied := errors.AsType[*smtp.ReplyError](sent.Err); replied {
		if isFull(e) && e.Code == 552 {
			full := *e
			full.Code, full.Enhanced = 452, tooManyRecipients
			e = &full
		}
		return Result{Err: e, RemoteMTA: host}
	}
	return Result{Err: sent.Err, Permanent: isOurs(sent.Err, s.client.Alive())}
}

// octets tells of what kind those of the message are, whatever MAIL said of them:
// clients send 8-bit text without a word of it, and a host that takes 7 bits has to
// get it in those.
func (t *turn) octets() (smtp.BodyType, error) {
	if t.body != smtp.BodyUnsaid {
		return t.body, nil
	}
	body, err := t.message.Open()
	if err != nil {
		return smtp.BodyUnsaid, err
	}
	defer body.Close()
	var eight eightBit
	if _, err := io.Copy(&eight, body); err != nil {
		return smtp.BodyUnsaid, err
	}
	t.body = smtp.BodySevenBit
	if eight {
		t.body = smtp.BodyEightBit
	}
	return t.body, nil
}

// eightBit tells whether something was written to it that 7BIT cannot have
// (RFC 2045 §2.7).
type eightBit bool

// Write looks at p.
func (e *eightBit) Write(p []byte) (int, error) {
	*e = *e || eightBit(!isASCII(p) || bytes.IndexByte(p, 0) >= 0)
	return len(p), nil
}

// isOurs tells that the client did not send the message, for good. An address
// that cannot be written leaves the session as it is, a reply that cannot be read
// ends it.
func isOurs(err error, alive bool) bool {
	if _, bad := errors.AsType[*smtp.ParseError](err); bad {
		return alive
	}
	return isLack(err)
}

// isLack tells that the host lacks what the message needs.
func isLack(err error) bool {
	return errors.Is(err, smtp.ErrNotUTF8) || errors.Is(err, smtp.ErrTooLarge) || errors.Is(err, smtp.ErrUnsupported)
}

// isFull tells that a host takes no more recipients in this transaction, as far as
// is known: 452 without an enhanced code may mean that its disk is full.
func isFull(err error) bool {
	e, ok := errors.AsType[*smtp.ReplyError](err)
	switch {
	case !ok, e.Command != smtp.VerbRCPT.String():
		return false
	case e.Code == 452:
		return e.Enhanced.IsZero() || e.Enhanced == tooManyRecipients
	}
	return e.Code == 552
}

// tooManyRecipients is what 452 to RCPT has (RFC 3463 §3.6).
var tooManyRecipients = smtp.EnhancedCode{4, 5, 3}

// failed gives those who are pending an error, and hope for the next host.
func (t *turn) failed(err error, host string) { t.fail(t.pending, err, host) }

func (t *turn) fail(who []int, err error, host string) {
	if e, answered := errors.AsType[*smtp.ReplyError](err); !answered || isLocal(e) {
		host = ""
	}
	for _, i := range who {
		t.results[i] = hopeful(t.results[i], Result{Err: err, RemoteMTA: host})
	}
}

// isLocal tells that a refusal is this host's: what another said names the
// command that it was said to.
func isLocal(e *smtp.ReplyError) bool { return e.Command == "" }

// final tells that the message need not be tried again.
func (r Result) final() bool {
	if r.Err == nil || r.Permanent {
		return true
	}
	e, replied := errors.AsType[*smtp.ReplyError](r.Err)
	return replied && !e.Temporary()
}

// hopeful returns the result that leaves more hope: mail is given up only if all
// hosts refuse it for good. Of equals it is the newer.
func hopeful(old, newer Result) Result {
	if old.Err != errUntried && !old.final() && newer.final() {
		return old
	}
	return newer
}
