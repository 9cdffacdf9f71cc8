package dns

import "errors"

// TextParser reads parts of records in their presentation form, token by token
// (RFC 1035 §5.1). The zero value reads absolute names alone. What it returns is
// cut from pieces that it makes as it goes, few for many records. It may not be
// used by several goroutines at once.
type TextParser struct {
	// Origin is what names without a dot at their end are relative to.
	Origin Name
	// Types are types that the program adds.
	Types PrivateTypes

	mem memory
	one bool // there is one record to read
	// values are those that [TextParser.AppendRData] reads types of straight by.
	values [len(straight)]RData
}

// memory is where what is read is kept.
func (p *TextParser) memory() *memory {
	if !p.one {
		p.mem.piece, p.mem.records = textPieceSize, textRecords
	}
	return &p.mem
}

// textRecords is for how many records of a type room is made at once.
const textRecords = 8

// Name reads a domain name: relative to the origin, the origin itself as "@".
// The error is a [*ParseError].
func (p *TextParser) Name(t Token) (Name, error) {
	n, err := scanName(&t, p.Origin, p.memory())
	if e, ok := errors.AsType[*ParseError](err); ok {
		e.Offset += int64(t.Offset)
	}
	return n, err
}

// RData reads the data of a record of type t from its tokens, all of them: the
// type's own form, or that of RFC 3597 §5. The error is a [*ParseError].
func (p *TextParser) RData(t Type, tokens []Token) (RData, error) {
	m := p.memory()
	c := &m.codec
	if len(tokens) == 0 || !isUnknownForm(tokens) {
		d := m.newRData(t, p.Types)
		if err := c.scan(d, tokens, p.Origin, m); err != nil {
			return nil, err
		}
		return d, nil
	}
	raw := &Unknown{RRType: t}
	if err := c.scan(raw, tokens, p.Origin, m); err != nil {
		return nil, err
	}
	if _, unknown := p.Types.newRData(t).(*Unknown); unknown {
		return raw, nil
	}
	d, err := ParseRData(t, raw.Octets, 0, len(raw.Octets), p.Types)
	if e, ok := errors.AsType[*ParseError](err); ok {
		// It counts octets of the RDATA, which stand nowhere in the text.
		e.Offset = int64(tokens[0].Offset)
	}
	return d, err
}

// AppendRData is [TextParser.RData] for those who want the data as it stands on
// the wire, as [AppendRData] appends it without compression. Most types are
// passed on field by field, and nothing is made of them.
func (p *TextParser) AppendRData(dst []byte, t Type, tokens []Token) ([]byte, error) {
	if !isStraight(t) || p.Types[t].New != nil || isUnknownForm(tokens) {
		d, err := p.RData(t, tokens)
		if err != nil {
			return dst, err
		}
		return AppendRData(dst, d, nil)
	}
	d := p.values[t]
	if d == nil {
		d = newRData(t)
		p.values[t] = d
	}
	m := p.memory()
	b, err := m.codec.scanOnward(dst, d, tokens, p.Origin, m)
	if err != nil {
		return dst, err
	}
	return b, nil
}

// straight are the types whose text has the fields of the wire one by one, and
// whose Fields methods look neither at names nor at character-strings: they can
// be passed on.
var straight = [...]bool{
	TypeA: true, TypeNS: true, TypeCNAME: true, TypeSOA: true, TypePTR: true, TypeHINFO: true, TypeMX: true,
	TypeTXT: true, TypeRP: true, TypeAFSDB: true, TypeAAAA: true, TypeSRV: true, TypeKX: true, TypeDNAME: true,
	TypeDS: true, TypeSSHFP: true, TypeRRSIG: true, TypeNSEC: true, TypeDNSKEY: true, TypeNSEC3: true,
	TypeNSEC3PARAM: true, TypeTLSA: true, TypeSMIMEA: true, TypeOPENPGPKEY: true, TypeCSYNC: true, TypeZONEMD: true,
	TypeSPF: true,
}

func isStraight(t Type) bool { return int(t) < len(straight) && straight[t] }
