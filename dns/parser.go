package dns

import "encoding/binary"

// Parser goes through a message entry by entry, question and records in their
// order, without an allocation (RFC 1035 §4.1). It looks at an entry's owner
// and at its data when it is asked for them, and else goes past them:
//
//	h, err := p.Start(msg)
//	for p.Next() {
//		use(p.Section(), p.Type(), p.RData())
//	}
//	err = p.Err()
//
// The zero Parser is ready for Start. What it returns as octets are views of
// the message.
type Parser struct {
	// Lenient lets octets stand behind the last record.
	Lenient bool

	msg     []byte
	fault   fault
	counts  [4]uint16
	section Section
	left    int // entries of section that were not yet gone to
	at      int // where the entry begins: its owner's name
	fixed   int // where it goes on behind the name
	next    int // where the next one begins
}

// fault is what is wrong with a message. A [ParseError] is made of it when
// somebody asks: a flood of broken messages costs no allocations.
type fault struct {
	at        int
	what, ref string
	err       error
}

// Start begins with msg and returns its header. An error, here and in
// [Parser.Err], is a [*ParseError].
func (p *Parser) Start(msg []byte) (Header, error) {
	h := p.start(msg)
	return h, p.Err()
}

func (p *Parser) start(msg []byte) (h Header) {
	p.msg, p.fault.err, p.section, p.left = msg, nil, SectionNone, 0
	p.at, p.fixed, p.next, p.counts = 0, 0, HeaderSize, [4]uint16{}
	if len(msg) < HeaderSize {
		p.fail(len(msg), "header", "RFC 1035 §4.1.1", errUnexpectedEOF)
		return h
	}
	h, c, _ := ParseHeader(msg)
	p.counts = [4]uint16{c.Question, c.Answer, c.Authority, c.Additional}
	least := int(c.Question)*minQuestion + (int(c.Answer)+int(c.Authority)+int(c.Additional))*minRR
	if least > len(msg)-HeaderSize {
		p.fail(4, "counts", "RFC 1035 §4.1.1", ErrCount)
	}
	return h
}

// Counts returns how many entries the header says that there are.
func (p *Parser) Counts() Counts {
	return Counts{p.counts[0], p.counts[1], p.counts[2], p.counts[3]}
}

// Next goes to the next entry. It is false at the end of the message, and where
// the message is broken, which [Parser.Err] tells.
func (p *Parser) Next() bool {
	for p.left == 0 {
		if p.section == SectionAdditional {
			p.end()
			return false
		}
		if p.fault.err != nil {
			return false
		}
		p.section++
		p.left = int(p.counts[p.section-1])
	}
	if p.fault.err != nil {
		return false
	}
	p.left--
	return p.entry()
}

// NextIn goes to the next entry of section s, past the rest of those before it.
// It is false where s has no more; [Parser.Next] then goes to what follows s.
// What lies behind the message is looked at after the additional section.
func (p *Parser) NextIn(s Section) bool {
	for p.fault.err == nil {
		switch {
		case p.section > s || p.section == s && p.left == 0:
			if p.section == SectionAdditional {
				p.end()
			}
			return false
		case p.section < s && p.left == 0:
			p.section++
			p.left = int(p.counts[p.section-1])
		default:
			p.left--
			if !p.entry() {
				return false
			}
			if p.section == s {
				return true
			}
		}
	}
	return false
}

// entry finds where the entry at next ends.
func (p *Parser) entry() bool {
	msg := p.msg
	p.at = p.next
	off := p.at
	for {
		if off >= len(msg) {
			return p.fail(off, "name", "RFC 1035 §4.1.4", errUnexpectedEOF)
		}
		c := int(msg[off])
		if c == 0 {
			off++
			break
		}
		if c >= pointerBits {
			if off+2 > len(msg) {
				return p.fail(off, "pointer", "RFC 1035 §4.1.4", errUnexpectedEOF)
			}
			if (c&^pointerBits)<<8|int(msg[off+1]) >= p.at {
				return p.fail(off, "name", "RFC 1035 §4.1.4", ErrPointer)
			}
			off += 2
			break
		}
		if c > MaxLabel {
			return p.fail(off, "label type", "RFC 6891 §5", ErrLabel)
		}
		if off += 1 + c; off-p.at >= MaxName {
			return p.fail(off, "name", "RFC 1035 §2.3.4", ErrNameTooLong)
		}
	}
	p.fixed = off
	if p.section == SectionQuestion {
		if len(msg)-off < 4 {
			return p.fail(len(msg), "question", "RFC 1035 §4.1.2", errUnexpectedEOF)
		}
		p.next = off + 4
		return true
	}
	if len(msg)-off < 10 {
		return p.fail(len(msg), "record", "RFC 1035 §4.1.3", errUnexpectedEOF)
	}
	n := int(msg[off+8])<<8 | int(msg[off+9])
	if n > len(msg)-off-10 {
		return p.fail(off+10, "RDATA", "RFC 1035 §4.1.3", errUnexpectedEOF)
	}
	p.next = off + 10 + n
	return true
}

// end looks behind the last record.
func (p *Parser) end() {
	if p.fault.err == nil && !p.Lenient && p.next != len(p.msg) {
		p.fail(p.next, "message", "RFC 1035 §4.1", ErrTrailingBytes)
	}
}

// fail notes a fault. It is apart so that the way of a sound message stays
// short.
//
//go:noinline
func (p *Parser) fail(at int, what, ref string, err error) bool {
	p.fault = fault{at, what, ref, err}
	return false
}

// Err returns what ended [Parser.Next] before the end of the message.
func (p *Parser) Err() error {
	f := &p.fault
	if f.err == nil {
		return nil
	}
	return &ParseError{Offset: int64(f.at), Section: p.section, What: f.what, Ref: f.ref, Reply: int(RCodeFormErr), Err: f.err}
}

// Section returns the section of the entry.
func (p *Parser) Section() Section { return p.section }

// Offset returns where in the message the entry begins, with its owner's name.
func (p *Parser) Offset() int { return p.at }

// AppendName appends the entry's owner, or the question's name, uncompressed.
func (p *Parser) AppendName(dst []byte) ([]byte, error) {
	dst, _, err := AppendNameAt(dst, p.msg, p.at)
	return dst, inSection(p.section, err)
}

// Name returns the entry's owner, or the question's name, which it allocates.
func (p *Parser) Name() (Name, error) {
	n, _, err := ParseNameAt(p.msg, p.at)
	return n, inSection(p.section, err)
}

// Type returns the entry's type.
func (p *Parser) Type() Type { return Type(binary.BigEndian.Uint16(p.msg[p.fixed:])) }

// Class returns the entry's class; of an OPT record this is a size
// (RFC 6891 §6.1.2).
func (p *Parser) Class() Class { return Class(binary.BigEndian.Uint16(p.msg[p.fixed+2:])) }

// TTL returns the record's time to live, 0 where its top bit is set
// (RFC 2181 §8); 0 for a question.
func (p *Parser) TTL() uint32 {
	if t := p.ttl(); t <= MaxTTL {
		return t
	}
	return 0
}

// ttl returns the field as it stands there.
func (p *Parser) ttl() uint32 {
	if p.section == SectionQuestion {
		return 0
	}
	return binary.BigEndian.Uint32(p.msg[p.fixed+4:])
}

// RData returns the record's data as it stands in the message: names in it may
// be compressed. It is nil for a question.
func (p *Parser) RData() []byte {
	if p.section == SectionQuestion {
		return nil
	}
	return p.msg[p.fixed+10 : p.next : p.next]
}

// RDataOffset returns where in the message the record's data begins.
func (p *Parser) RDataOffset() int { return p.fixed + 10 }

// Question returns the question that [Parser.Next] went to.
func (p *Parser) Question() (Question, error) {
	n, err := p.Name()
	return Question{n, p.Type(), p.Class()}, err
}

// RR returns the record that [Parser.Next] went to, with its data read; types
// may be nil.
func (p *Parser) RR(types PrivateTypes) (RR, error) {
	n, err := p.Name()
	if err != nil {
		return RR{}, err
	}
	rr := RR{Name: n, Class: p.Class(), TTL: p.TTL()}
	rdata := p.RData()
	if isWithoutData(p.Type(), rr.Class, len(rdata)) {
		rr.Data = &Unknown{RRType: p.Type()}
		return rr, nil
	}
	rr.Data, err = ParseRData(p.Type(), p.msg, p.RDataOffset(), len(rdata), types)
	return rr, inSection(p.section, err)
}
