package dns

import "encoding/binary"

// step is what becomes of a request after it was read.
type step uint8

const (
	stepDrop  step = iota // no answer
	stepReply             // the server answers by itself
	stepServe             // the handler answers
)

// read takes the request apart as far as every server must, and says what comes
// next and, for an answer of the server's own, its RCODE.
func (q *Query) read(p *Parser) (step, RCode) {
	h := p.start(q.raw)
	q.Header = h
	switch {
	case len(q.raw) < HeaderSize, h.Response:
		// Answers to responses could go round for ever.
		return stepDrop, 0
	case h.Opcode != OpcodeQuery:
		// UPDATE and NOTIFY will have their handlers here; IQUERY is no more
		// (RFC 3425 §3), DSO is not done (RFC 8490 §5.1.1). An OPT record gets
		// one, where there is one that can be read (RFC 6891 §6.1.1).
		q.hasEDNS = p.fault.err == nil && q.readRecords(p) && q.hasEDNS
		return stepReply, RCodeNotImp
	case p.fault.err != nil:
		return stepReply, RCodeFormErr
	}
	if questions := p.Counts().Question; questions > 1 {
		return stepReply, RCodeFormErr // RFC 9619 §4
	} else if questions == 1 && !q.readQuestion(p) {
		return stepReply, RCodeFormErr
	}
	if !q.readRecords(p) {
		return stepReply, RCodeFormErr
	}
	return q.check()
}

// readQuestion takes the question. Its name has nothing before it to point to.
func (q *Query) readQuestion(p *Parser) bool {
	if !p.NextIn(SectionQuestion) || q.raw[p.fixed-1] != 0 {
		return false
	}
	n := p.fixed - HeaderSize
	for i := HeaderSize; q.raw[i] != 0; i += 1 + int(q.raw[i]) {
		if q.raw[i] >= pointerBits {
			return false
		}
	}
	q.nameLen = n
	q.Type, q.Class = p.Type(), p.Class()
	return true
}

// readRecords goes through the three sections, of which a query needs the OPT
// record alone.
func (q *Query) readRecords(p *Parser) bool {
	for p.Next() {
		switch p.Type() {
		case TypeOPT:
			if q.hasEDNS || p.Section() != SectionAdditional || q.raw[p.Offset()] != 0 || !q.readEDNS(p) {
				q.hasEDNS = false
				return false // RFC 6891 §6.1.1
			}
		case TypeTSIG:
			// It is the last record (RFC 8945 §5.1), and is not verified yet.
			if p.Section() != SectionAdditional || p.left > 0 {
				return false
			}
		}
	}
	return p.fault.err == nil
}

// readEDNS takes the OPT record, whose options stay where they are.
func (q *Query) readEDNS(p *Parser) bool {
	ttl := p.ttl()
	e := &q.edns
	e.UDPSize, e.Version = uint16(p.Class()), uint8(ttl>>16)
	e.DNSSECOK, e.Z = ttl&bitDO != 0, uint16(ttl)&^bitDO
	if e.Version != 0 {
		e.Options, q.optLen = e.Options[:0], 0 // their form is another's
	} else if q.optLen = len(p.RData()); !q.readOptions(p.RData()) {
		return false
	}
	q.optAt, q.hasEDNS = p.RDataOffset(), true
	return true
}

// readOptions takes the options of an OPT record (RFC 6891 §6.1.2).
func (q *Query) readOptions(b []byte) bool {
	e := &q.edns
	e.Options = e.Options[:0]
	for len(b) > 0 {
		if len(b) < 4 {
			return false
		}
		n := 4 + int(binary.BigEndian.Uint16(b[2:]))
		if n > len(b) {
			return false
		}
		e.Options = append(e.Options, Option{OptionCode(binary.BigEndian.Uint16(b)), b[4:n:n]})
		b = b[n:]
	}
	return true
}

// check holds a request that can be parsed to the rules for queries.
func (q *Query) check() (step, RCode) {
	if q.hasEDNS {
		switch {
		case q.edns.Version != 0:
			return stepReply, RCodeBadVers // RFC 6891 §6.1.3
		case !q.checkOptions():
			return stepReply, RCodeFormErr
		}
	}
	q.readCookie()
	switch q.Type {
	case TypeOPT, TypeTSIG, TypeTKEY:
		return stepReply, RCodeFormErr // RFC 6891 §6.1.1, RFC 8945 §4.2, RFC 2930 §2
	}
	return q.checkCookie()
}

// checkOptions looks into the options that have a form.
func (q *Query) checkOptions() bool {
	for _, o := range q.edns.Options {
		if o.Code == OptionKeepalive && q.origin.Transport == TransportUDP {
			continue // whatever it says (RFC 7828 §3.3.1)
		}
		if o.check(true) != nil {
			return false
		}
	}
	return true
}
