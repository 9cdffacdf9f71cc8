package dns

import (
	"encoding/binary"
	"errors"
	"sync"
)

// Message is a DNS message (RFC 1035 §4.1): a query, a response, or another
// opcode's.
type Message struct {
	Header
	Question                      []Question
	Answer, Authority, Additional []RR
	// EDNS is what the OPT record says, which is not among Additional
	// (RFC 6891 §6.1); nil without one.
	EDNS *EDNS
	// TSIG is the signature at the message's end, which is not among Additional
	// (RFC 8945 §5.1); nil without one.
	TSIG *TSIG

	mem      *memory // of [Message.Parse]
	question [1]Question
	edns     EDNS
}

// ParseOptions say how messages are read. The zero value takes a message as a
// server takes a request.
type ParseOptions struct {
	// Lenient lets octets stand behind the last record.
	Lenient bool
	// Types are types that the program adds.
	Types PrivateTypes
}

// ParseMessage reads a whole message; nil opts are the zero value. The error is
// a [*ParseError].
func ParseMessage(msg []byte, opts *ParseOptions) (*Message, error) {
	mem := memories.Get().(*memory)
	defer memories.Put(mem)
	mem.opt.Options = nil
	m := new(Message)
	if err := m.parse(msg, opts, mem); err != nil {
		return nil, err
	}
	return m, nil
}

// memories are where [ParseMessage] cuts from. What it has cut belongs to the
// message; the rest of the piece is for the next one.
var memories = sync.Pool{New: func() any { return new(memory) }}

// minimum sizes of a question and of a record, whose name takes an octet.
const (
	minQuestion = 5
	minRR       = 11
)

// Parse is [ParseMessage] into m, whose memory is used again; what was read
// into m before may not be used any more, but for names, strings and octets.
func (m *Message) Parse(msg []byte, opts *ParseOptions) error {
	if m.mem == nil {
		m.mem = new(memory)
	}
	m.mem.reuse()
	return m.parse(msg, opts, m.mem)
}

func (m *Message) parse(msg []byte, opts *ParseOptions, mem *memory) error {
	if opts == nil {
		opts = &ParseOptions{}
	}
	h, counts, err := ParseHeader(msg)
	if err != nil {
		return err
	}
	questions, records := int(counts.Question), int(counts.Answer)+int(counts.Authority)+int(counts.Additional)
	if questions*minQuestion+records*minRR > len(msg)-HeaderSize {
		return &ParseError{Offset: 4, What: "counts", Ref: "RFC 1035 §4.1.1", Reply: int(RCodeFormErr), Err: ErrCount}
	}
	mem.startMessage(records)
	m.Header, m.EDNS, m.TSIG = h, nil, nil
	off, err := m.questions(msg, questions, mem)
	if err != nil {
		return inSection(SectionQuestion, err)
	}
	m.makeRoom(counts)
	for _, s := range [...]struct {
		section Section
		rrs     *[]RR
		n       uint16
	}{
		{SectionAnswer, &m.Answer, counts.Answer},
		{SectionAuthority, &m.Authority, counts.Authority},
		{SectionAdditional, &m.Additional, counts.Additional},
	} {
		for i := range s.n {
			if off, err = m.record(msg, off, s.section, s.rrs, i == s.n-1, opts, mem); err != nil {
				return inSection(s.section, err)
			}
		}
	}
	if off != len(msg) && !opts.Lenient {
		return &ParseError{Offset: int64(off), Section: SectionAdditional, What: "message", Ref: "RFC 1035 §4.1", Reply: int(RCodeFormErr), Err: ErrTrailingBytes}
	}
	return nil
}

// makeRoom empties the sections, and gives them room for so many records as the
// message can hold.
func (m *Message) makeRoom(c Counts) {
	an, ns, ar := int(c.Answer), int(c.Authority), int(c.Additional)
	if cap(m.Answer) >= an && cap(m.Authority) >= ns && cap(m.Additional) >= ar {
		m.Answer, m.Authority, m.Additional = m.Answer[:0], m.Authority[:0], m.Additional[:0]
		return
	}
	all := make([]RR, an+ns+ar)
	m.Answer = all[:0:an]
	m.Authority = all[an : an : an+ns]
	m.Additional = all[an+ns : an+ns : an+ns+ar]
}

// inSection tells a ParseError its section.
func inSection(s Section, err error) error {
	if e, ok := errors.AsType[*ParseError](err); ok && e.Section == SectionNone {
		e.Section = s
	}
	return err
}

func (m *Message) questions(msg []byte, n int, mem *memory) (off int, err error) {
	off = HeaderSize
	if cap(m.Question) < n {
		m.Question = m.question[:]
		if n > 1 {
			m.Question = make([]Question, n)
		}
	}
	m.Question = m.Question[:n]
	for i := range m.Question {
		q := &m.Question[i]
		if q.Name, off, err = mem.name(msg, off); err != nil {
			return off, err
		}
		if len(msg)-off < 4 {
			return off, &ParseError{Offset: int64(len(msg)), What: "question", Ref: "RFC 1035 §4.1.2", Reply: int(RCodeFormErr), Err: errUnexpectedEOF}
		}
		q.Type = Type(binary.BigEndian.Uint16(msg[off:]))
		q.Class = Class(binary.BigEndian.Uint16(msg[off+2:]))
		off += 4
	}
	return off, nil
}

// rawRR is what stands before a record's RDATA (RFC 1035 §4.1.3).
type rawRR struct {
	at    int // where the record begins
	typ   Type
	class uint16
	ttl   uint32
	n     int // octets of RDATA
}

// record reads the record at off into its section, or into EDNS or TSIG.
func (m *Message) record(msg []byte, off int, s Section, rrs *[]RR, last bool, opts *ParseOptions, mem *memory) (next int, err error) {
	raw := rawRR{at: off}
	owner, off, err := mem.name(msg, off)
	if err != nil {
		return off, err
	}
	if len(msg)-off < 10 {
		return off, &ParseError{Offset: int64(len(msg)), What: "record", Ref: "RFC 1035 §4.1.3", Reply: int(RCodeFormErr), Err: errUnexpectedEOF}
	}
	head := msg[off : off+10]
	raw.typ = Type(binary.BigEndian.Uint16(head))
	raw.class = binary.BigEndian.Uint16(head[2:])
	raw.ttl = binary.BigEndian.Uint32(head[4:])
	raw.n = int(binary.BigEndian.Uint16(head[8:]))
	if off += 10; raw.n > len(msg)-off {
		return off, &ParseError{Offset: int64(off), What: "RDATA of " + raw.typ.String(), Ref: "RFC 1035 §4.1.3", Reply: int(RCodeFormErr), Err: errUnexpectedEOF}
	}
	next = off + raw.n
	data, err := readData(msg, off, raw, opts, mem)
	if err != nil {
		return off, err
	}
	switch d := data.(type) {
	case *OPT:
		return next, m.setEDNS(s, owner, raw, d.Options)
	case *TSIG:
		return next, m.setTSIG(s, owner, raw, last, d)
	}
	n := len(*rrs) // there is room: makeRoom
	*rrs = (*rrs)[:n+1]
	rr := &(*rrs)[n]
	rr.Name, rr.Class, rr.TTL, rr.Data = owner, Class(raw.class), raw.ttl, data
	if rr.TTL > MaxTTL {
		rr.TTL = 0
	}
	return next, nil
}

// isWithoutData tells whether a record is one by which an update says what goes:
// of class NONE or ANY, without data (RFC 2136 §2.4, §2.5). The class of OPT and
// TSIG tells something else.
func isWithoutData(t Type, c Class, n int) bool {
	return n == 0 && (c == ClassNONE || c == ClassANY) && !t.IsMeta()
}

// readData reads a record's RDATA.
func readData(msg []byte, off int, raw rawRR, opts *ParseOptions, mem *memory) (RData, error) {
	if isWithoutData(raw.typ, Class(raw.class), raw.n) {
		return &Unknown{RRType: raw.typ}, nil
	}
	d := mem.newRData(raw.typ, opts.Types)
	c := &mem.codec
	c.startParse(msg, off, off+raw.n, mem)
	err := c.parse(d)
	c.msg = nil
	return d, err
}
