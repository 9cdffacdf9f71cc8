package dns

import (
	"encoding/binary"

	"applayer/internal/ascii"
)

// Matcher tells which messages answer a query (RFC 5452 §9.1): those with its
// ID, opcode and question, and with what it said of itself in EDNS. It is made
// from the octets that were sent, by [NewMatcher], and looks at nothing else;
// addresses and ports are the transport's to compare. A Matcher may be used by
// several goroutines.
type Matcher struct {
	// MatchCase wants the letters of the question's name in the case in which
	// they were sent; for queries that mixed it at random. A reply with the
	// name in another case is a [*MismatchError] that says AskStream.
	MatchCase bool
	// WantCookie wants a COOKIE option in the reply, since the server is known
	// to send them (RFC 7873 §5.3). One that is missing is a [*MismatchError]
	// that says AskStream.
	WantCookie bool
	// WantQuestion wants the question in every reply. Without it, a refusal may
	// lack what the server could not, or would not, read; with it, such a one is
	// a [*MismatchError] that says AskStream. It is for datagrams: who forges one
	// has the ID alone to guess where nothing else need be right.
	WantQuestion bool

	id       uint16
	opcode   Opcode
	name     []byte // the question's, on the wire
	rest     [4]byte
	asked    bool // there is a question
	cookie   []byte
	subnet   []byte
	hasOPT   bool
	question Question
}

// MismatchError tells why a message is not the answer to a query.
type MismatchError struct {
	// What differs, as in "ID".
	What string
	// Ref is the section that says so.
	Ref string
	// AskStream tells that all else fits: the message seems to come from a
	// server that does not keep to the rule, and not from somebody who guesses.
	// A stream, into which nobody can send who cannot read it, will tell.
	AskStream bool
}

// Error tells what differs, such as
// "dns: no answer to the query: ID (RFC 5452 §9.1)".
func (e *MismatchError) Error() string {
	return "dns: no answer to the query: " + e.What + " (" + e.Ref + ")"
}

// What a reply may get wrong. They are made once: who guesses sends thousands.
var (
	errShort       = &MismatchError{What: "shorter than a header", Ref: "RFC 1035 §4.1.1"}
	errNoResponse  = &MismatchError{What: "no response", Ref: "RFC 1035 §4.1.1"}
	errWrongID     = &MismatchError{What: "ID", Ref: "RFC 5452 §9.1"}
	errWrongOpcode = &MismatchError{What: "opcode", Ref: "RFC 1035 §4.1.1"}
	errQuestion    = &MismatchError{What: "question", Ref: "RFC 5452 §9.1"}
	errNoQuestion  = &MismatchError{What: "a refusal without the question", Ref: "RFC 5452 §9.1", AskStream: true}
	errCase        = &MismatchError{What: "case of the question", Ref: "RFC 4343 §4.1", AskStream: true}
	errRecords     = &MismatchError{What: "records behind which the options stand", Ref: "RFC 1035 §4.1.3"}
	errCookie      = &MismatchError{What: "client cookie", Ref: "RFC 7873 §5.3"}
	errNoCookie    = &MismatchError{What: "no cookie from a server that has sent some", Ref: "RFC 7873 §5.3", AskStream: true}
	errSubnet      = &MismatchError{What: "client subnet", Ref: "RFC 7871 §7.3"}
)

// NewMatcher returns what matches the replies to a query, of which it keeps
// nothing. The error is a [*ParseError] where the octets are no message with
// one question or none.
func NewMatcher(query []byte) (*Matcher, error) {
	h, n, err := ParseHeader(query)
	if err != nil {
		return nil, err
	}
	if n.Question > 1 {
		return nil, &ParseError{Offset: 4, What: "questions", Ref: "RFC 5452 §9.1", Reply: int(RCodeFormErr), Err: ErrCount}
	}
	m := &Matcher{id: h.ID, opcode: h.Opcode, asked: n.Question == 1}
	if m.asked {
		var off int
		if m.question.Name, off, err = ParseNameAt(query, HeaderSize); err != nil {
			return nil, inSection(SectionQuestion, err)
		}
		if len(query)-off < 4 {
			return nil, &ParseError{Offset: int64(len(query)), Section: SectionQuestion, What: "question", Ref: "RFC 1035 §4.1.2", Reply: int(RCodeFormErr), Err: errUnexpectedEOF}
		}
		m.name = m.question.Name.AppendWire(nil)
		m.rest = [4]byte(query[off:])
		m.question.Type = Type(binary.BigEndian.Uint16(m.rest[:]))
		m.question.Class = Class(binary.BigEndian.Uint16(m.rest[2:]))
	}
	opt, found, ok := findOPT(query)
	if !ok {
		return nil, &ParseError{Offset: HeaderSize, What: "records", Ref: "RFC 1035 §4.1.3", Reply: int(RCodeFormErr), Err: errUnexpectedEOF}
	}
	m.hasOPT = found
	if b, ok := findOption(opt, OptionCookie); ok && len(b) >= clientCookieSize {
		m.cookie = append(m.cookie, b[:clientCookieSize]...)
	}
	if b, ok := findOption(opt, OptionSubnet); ok {
		m.subnet = append(m.subnet, b...)
	}
	return m, nil
}

// Question returns what the query asks; the zero Question where it has none.
func (m *Matcher) Question() Question { return m.question }

// ID returns the query's ID.
func (m *Matcher) ID() uint16 { return m.id }

// Accept tells whether a message answers the query: nil, or a
// [*MismatchError]. It looks no further than it must; the message may have
// other faults.
func (m *Matcher) Accept(reply []byte) error {
	h, n, err := ParseHeader(reply)
	switch {
	case err != nil:
		return errShort
	case h.ID != m.id:
		return errWrongID
	case !h.Response:
		return errNoResponse
	case h.Opcode != m.opcode:
		return errWrongOpcode
	}
	caseLost := false
	if !m.asked || n.Question != 1 {
		if !m.withoutQuestion(h, n) {
			return errQuestion
		}
		if m.asked && m.WantQuestion {
			return errNoQuestion
		}
	} else {
		q := reply[HeaderSize:]
		end := len(m.name)
		if len(q) < end+4 || [4]byte(q[end:]) != m.rest || !ascii.EqualFold(q[:end], m.name) {
			return errQuestion
		}
		caseLost = m.MatchCase && string(q[:end]) != string(m.name)
	}
	if err := m.acceptOptions(reply, h); err != nil {
		return err
	}
	if caseLost {
		return errCase
	}
	return nil
}

// withoutQuestion tells whether a reply may lack the question: since none was
// asked, or since the server says that it could not, or would not, read it.
// Such a one holds nothing that would be believed.
func (m *Matcher) withoutQuestion(h Header, n Counts) bool {
	if n.Question != 0 || n.Answer != 0 {
		return false
	}
	switch h.RCode {
	case RCodeFormErr, RCodeServFail, RCodeNotImp, RCodeRefused:
		return n.Authority == 0
	}
	return !m.asked
}

// acceptOptions looks for what the query said in EDNS. A truncated reply needs
// say nothing: it only sends us to a stream.
func (m *Matcher) acceptOptions(reply []byte, h Header) error {
	if m.cookie == nil && m.subnet == nil {
		return nil
	}
	opt, found, ok := findOPT(reply)
	if !ok && !h.Truncated {
		return errRecords
	}
	if m.cookie != nil {
		b, has := findOption(opt, OptionCookie)
		switch {
		case !has && m.WantCookie && !h.Truncated:
			return errNoCookie
		case !has:
		case !validCookieSize(len(b)) || string(b[:clientCookieSize]) != string(m.cookie):
			return errCookie
		}
	}
	// A server that knows nothing of the option leaves it out.
	if b, has := findOption(opt, OptionSubnet); found && has && m.subnet != nil && !sameSubnet(m.subnet, b) {
		return errSubnet
	}
	return nil
}

// findOPT returns the RDATA of a message's first OPT record, and whether there
// is one. It is not ok where the octets do not hold the records that the
// header counts.
func findOPT(msg []byte) (rdata []byte, found, ok bool) {
	p := Parser{Lenient: true}
	if _, err := p.Start(msg); err != nil {
		return nil, false, false
	}
	for p.NextIn(SectionAdditional) {
		if p.Type() == TypeOPT {
			return p.RData(), true, true
		}
	}
	return nil, false, p.Err() == nil
}

// findOption returns the data of the first option with that code.
func findOption(rdata []byte, code OptionCode) (data []byte, ok bool) {
	for len(rdata) >= 4 {
		size := int(binary.BigEndian.Uint16(rdata[2:]))
		if len(rdata)-4 < size {
			return nil, false
		}
		if OptionCode(binary.BigEndian.Uint16(rdata)) == code {
			return rdata[4 : 4+size], true
		}
		rdata = rdata[4+size:]
	}
	return nil, false
}
