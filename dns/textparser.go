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
	n, err := scanName(t, p.Origin, p.memory())
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
