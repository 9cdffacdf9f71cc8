package dns

import (
	"errors"
)

// Responder is where a [Handler] writes its answer: a message that has the
// request's ID, opcode, RD and CD bits and its question, case kept, and that
// the server completes with an OPT record if the request has one. Records go in
// as with a [Builder], which says what happens to those that do not fit.
type Responder struct {
	x       *serving
	b       Builder
	ede     []ExtendedError
	scope   int // of the client subnet; less than 0: not said
	dropped bool
	sent    bool
}

// start begins the response behind dst.
func (w *Responder) start(dst []byte) {
	q, s := &w.x.query, w.x.server
	w.ede, w.scope, w.dropped = w.ede[:0], -1, false
	w.b.Start(dst, Header{
		ID: q.Header.ID, Response: true, Opcode: q.Header.Opcode,
		RecursionDesired: q.Header.RecursionDesired, CheckingDisabled: q.Header.CheckingDisabled,
	}, s.responseLimit(q))
	if q.nameLen > 0 {
		w.b.echo(q.raw[HeaderSize:HeaderSize+q.nameLen+4], q.nameLen)
	}
	if q.hasEDNS {
		w.b.Reserve(w.optRoom())
	}
}

// Limit returns how many octets the message may have: over UDP what the client
// takes and the server allows, else [MaxMessage].
func (w *Responder) Limit() int { return w.b.limit - w.b.start }

// RCode returns the response code so far.
func (w *Responder) RCode() RCode { return w.b.Header.RCode }

// SetRCode sets the response code. One above 15 needs EDNS: a client without it
// gets SERVFAIL in its place.
func (w *Responder) SetRCode(r RCode) { w.b.Header.RCode = r }

// SetAuthoritative sets or clears AA.
func (w *Responder) SetAuthoritative(on bool) { w.b.Header.Authoritative = on }

// SetTruncated sets or clears TC, which the Responder sets by itself where what
// is added does not fit: it is for bodies that the handler has cut.
func (w *Responder) SetTruncated(on bool) { w.b.Header.Truncated = on }

// SetRecursionAvailable sets or clears RA.
func (w *Responder) SetRecursionAvailable(on bool) { w.b.Header.RecursionAvailable = on }

// SetAuthenticData sets or clears AD.
func (w *Responder) SetAuthenticData(on bool) { w.b.Header.AuthenticData = on }

// Add appends a record; see [Builder.Add].
func (w *Responder) Add(s Section, rr RR) error { return w.b.Add(s, rr) }

// AddGlue appends an address without which a referral leads nowhere; see
// [Builder.AddGlue].
func (w *Responder) AddGlue(rr RR) error { return w.b.AddGlue(rr) }

// AddOctets appends a record whose data is at hand as it stands on the wire;
// see [Builder.AddOctets].
func (w *Responder) AddOctets(s Section, owner Name, c Class, t Type, ttl uint32, rdata []byte) error {
	return w.b.AddOctets(s, owner, c, t, ttl, rdata)
}

// AddBody appends all that follows the question, prepared for this question
// before; see [Builder.AddBody]. It is the fast way.
func (w *Responder) AddBody(body []byte, counts Counts) (written []byte, ok bool) {
	return w.b.AddBody(body, counts)
}

// Left returns how many octets there are for records.
func (w *Responder) Left() int { return w.b.Left() }

// Truncated tells whether a record that is needed did not fit.
func (w *Responder) Truncated() bool { return w.b.Truncated() }

// Reset takes everything back that was written, to begin again.
func (w *Responder) Reset() {
	w.start(w.b.buf[:w.b.start])
}

// EDE explains the answer to a client that speaks EDNS (RFC 8914 §2). What does
// not fit is left out, the text first.
func (w *Responder) EDE(code EDECode, text string) {
	w.ede = append(w.ede, ExtendedError{code, text})
}

// SetSubnetScope says for how long a prefix of the client's address the answer
// holds, in bits (RFC 7871 §7.2.1). Without it a client subnet in the request
// is not answered.
func (w *Responder) SetSubnetScope(bits int) { w.scope = bits }

// Message takes the answer from a message: the AA, RA and AD bits, the RCode
// and the three sections. Its question and EDNS are the server's affair.
func (w *Responder) Message(m *Message) error {
	h := &w.b.Header
	h.Authoritative, h.RecursionAvailable, h.AuthenticData = m.Authoritative, m.RecursionAvailable, m.AuthenticData
	h.RCode = m.RCode
	for i, rrs := range [...][]RR{m.Answer, m.Authority, m.Additional} {
		for _, rr := range rrs {
			if err := w.Add(SectionAnswer+Section(i), rr); err != nil {
				return err
			}
		}
	}
	return nil
}

// Drop lets the request be without an answer.
func (w *Responder) Drop() { w.dropped = true }

// What a handler that answers later did wrong.
var (
	errNotDetached = errors.New("dns: Send of a query that was not detached")
	errSent        = errors.New("dns: second Send of a query")
)

// Send sends the answer of a query that was detached. The error is the
// transport's.
func (w *Responder) Send() error {
	switch {
	case !w.x.detached:
		return errNotDetached
	case w.sent:
		return errSent
	}
	w.sent = true
	return w.x.carrier.send(w.finish())
}

// finish completes the response and returns the buffer behind which it stands;
// nil for none.
func (w *Responder) finish() []byte {
	q := &w.x.query
	if w.dropped {
		w.x.ignored()
		return nil
	}
	if !q.hasEDNS && w.b.Header.RCode > 15 {
		w.b.Header.RCode = RCodeServFail
	}
	if q.hasEDNS {
		w.appendOPT()
	}
	buf := w.b.Finish()
	w.x.answered()
	return buf
}
