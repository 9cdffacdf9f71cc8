package dns

import (
	"encoding/binary"
	"errors"
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

	mem *memory
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
	m := new(Message)
	if err := m.Parse(msg, opts); err != nil {
		return nil, err
	}
	return m, nil
}

// minimum sizes of a question and of a record, whose name takes an octet.
const (
	minQuestion = 5
	minRR       = 11
)

// Parse is [ParseMessage] into m, whose slices are used again; what was read
// into m before may not be used any more, but for names, strings and octets.
func (m *Message) Parse(msg []byte, opts *ParseOptions) error {
	if opts == nil {
		opts = &ParseOptions{}
	}
	h, counts, err := ParseHeader(msg)
	if err != nil {
		return err
	}
	m.Header, m.EDNS, m.TSIG = h, nil, nil
	if m.mem == nil {
		m.mem = new(memory)
	}
	m.mem.nSeen = 0
	left := len(msg) - HeaderSize
	if int(counts.Question)*minQuestion+(int(counts.Answer)+int(counts.Authority)+int(counts.Additional))*minRR > left {
		return &ParseError{Offset: 4, What: "counts", Ref: "RFC 1035 §4.1.1", Reply: int(RCodeFormErr), Err: ErrCount}
	}
	off := HeaderSize
	m.Question = m.Question[:0]
	for range counts.Question {
		var q Question
		if q, off, err = m.question(msg, off); err != nil {
			return inSection(SectionQuestion, err)
		}
		m.Question = append(m.Question, q)
	}
	for _, s := range [...]struct {
		section Section
		rrs     *[]RR
		n       uint16
	}{
		{SectionAnswer, &m.Answer, counts.Answer},
		{SectionAuthority, &m.Authority, counts.Authority},
		{SectionAdditional, &m.Additional, counts.Additional},
	} {
		*s.rrs = (*s.rrs)[:0]
		for i := range s.n {
			var rr RR
			var raw rawRR
			if rr, raw, off, err = m.record(msg, off, opts); err != nil {
				return inSection(s.section, err)
			}
			switch raw.typ {
			case TypeOPT:
				err = m.setEDNS(s.section, rr, raw)
			case TypeTSIG:
				err = m.setTSIG(s.section, rr, i == s.n-1, raw)
			default:
				*s.rrs = append(*s.rrs, rr)
			}
			if err != nil {
				return err
			}
		}
	}
	if off != len(msg) && !opts.Lenient {
		return &ParseError{Offset: int64(off), Section: SectionAdditional, What: "message", Ref: "RFC 1035 §4.1", Reply: int(RCodeFormErr), Err: ErrTrailingBytes}
	}
	return nil
}

// inSection tells a ParseError its section.
func inSection(s Section, err error) error {
	if e, ok := errors.AsType[*ParseError](err); ok && e.Section == SectionNone {
		e.Section = s
	}
	return err
}

func (m *Message) question(msg []byte, off int) (q Question, next int, err error) {
	if q.Name, off, err = m.mem.name(msg, off); err != nil {
		return q, off, err
	}
	if len(msg)-off < 4 {
		return q, off, &ParseError{Offset: int64(len(msg)), What: "question", Ref: "RFC 1035 §4.1.2", Reply: int(RCodeFormErr), Err: errUnexpectedEOF}
	}
	q.Type = Type(binary.BigEndian.Uint16(msg[off:]))
	q.Class = Class(binary.BigEndian.Uint16(msg[off+2:]))
	return q, off + 4, nil
}

// rawRR is what stands before a record's RDATA (RFC 1035 §4.1.3).
type rawRR struct {
	at    int // where the record begins
	typ   Type
	class uint16
	ttl   uint32
	n     int // octets of RDATA
}

func (m *Message) record(msg []byte, off int, opts *ParseOptions) (rr RR, raw rawRR, next int, err error) {
	raw.at = off
	if rr.Name, off, err = m.mem.name(msg, off); err != nil {
		return rr, raw, off, err
	}
	if len(msg)-off < 10 {
		return rr, raw, off, &ParseError{Offset: int64(len(msg)), What: "record", Ref: "RFC 1035 §4.1.3", Reply: int(RCodeFormErr), Err: errUnexpectedEOF}
	}
	raw.typ = Type(binary.BigEndian.Uint16(msg[off:]))
	raw.class = binary.BigEndian.Uint16(msg[off+2:])
	raw.ttl = binary.BigEndian.Uint32(msg[off+4:])
	raw.n = int(binary.BigEndian.Uint16(msg[off+8:]))
	if off += 10; raw.n > len(msg)-off {
		return rr, raw, off, &ParseError{Offset: int64(off), What: "RDATA of " + raw.typ.String(), Ref: "RFC 1035 §4.1.3", Reply: int(RCodeFormErr), Err: errUnexpectedEOF}
	}
	rr.Class = Class(raw.class)
	if rr.TTL = raw.ttl; rr.TTL > MaxTTL {
		rr.TTL = 0
	}
	// An update says with classes NONE and ANY what goes, without data
	// (RFC 2136 §2.4, §2.5).
	if raw.n == 0 && (rr.Class == ClassNONE || rr.Class == ClassANY) {
		rr.Data = &Unknown{RRType: raw.typ}
		return rr, raw, off, nil
	}
	c := codecs.Get().(*Codec)
	defer c.free()
	c.startParse(msg, off, off+raw.n, m.mem)
	rr.Data = opts.Types.newRData(raw.typ)
	if err = c.parse(rr.Data); err != nil {
		return rr, raw, off, err
	}
	return rr, raw, off + raw.n, nil
}
