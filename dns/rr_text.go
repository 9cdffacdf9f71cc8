package dns

import (
	"cmp"
	"errors"
	"strings"
)

// RRHead is what stands between a record's owner and its data in a master file:
// TTL and class in either order, or neither, and the type (RFC 1035 §5.1).
type RRHead struct {
	// TTL is the time to live; HasTTL tells that there was one.
	TTL    uint32
	HasTTL bool
	// Class is the class, 0 where there was none.
	Class Class
	Type  Type
}

// Head reads what stands between owner and data at the front of tokens, and
// returns how many of them it has. The error is a [*ParseError].
func (p *TextParser) Head(tokens []Token) (h RRHead, n int, err error) {
	for ; n < len(tokens); n++ {
		t := &tokens[n]
		switch {
		case t.Quoted || len(t.Text) == 0:
			return h, n, textError(t.Offset, "type", "RFC 1035 §5.1", ErrSyntax)
		case !h.HasTTL && t.Text[0] >= '0' && t.Text[0] <= '9':
			if h.TTL, h.HasTTL = parseTTL(t.Text); !h.HasTTL {
				return h, n, ttlError(t.Offset, t.Text)
			}
			continue
		case len(p.Types) == 0:
			if h.Type = commonType(t.Text); h.Type != 0 {
				return h, n + 1, nil
			}
		}
		if h.Class == 0 {
			if c, ok := classOf(t.Text); ok {
				h.Class = c
				continue
			}
		}
		typ, ok := p.typeOf(t.Text)
		if !ok {
			return h, n, textError(t.Offset, "type "+quoted(t.Text), "RFC 1035 §5.1", ErrSyntax)
		}
		h.Type = typ
		return h, n + 1, nil
	}
	at := 0
	if n > 0 {
		at = tokens[n-1].Offset
	}
	return h, n, textError(at, "type is missing", "RFC 1035 §5.1", ErrSyntax)
}

// commonType finds those types that most records of zones have, 0 for others.
func commonType(b []byte) Type {
	switch string(b) {
	case "A":
		return TypeA
	case "AAAA":
		return TypeAAAA
	case "NS":
		return TypeNS
	case "CNAME":
		return TypeCNAME
	case "MX":
		return TypeMX
	case "TXT":
		return TypeTXT
	case "PTR":
		return TypePTR
	case "DS":
		return TypeDS
	case "RRSIG":
		return TypeRRSIG
	case "NSEC":
		return TypeNSEC
	case "NSEC3":
		return TypeNSEC3
	}
	return 0
}

func (p *TextParser) typeOf(b []byte) (Type, bool) {
	for t, private := range p.Types {
		if strings.EqualFold(private.Mnemonic, string(b)) {
			return t, true
		}
	}
	if t, ok := lookUpper(typesByName, b); ok {
		return t, true
	}
	n, ok := numbered(b, "TYPE")
	return Type(n), ok
}

func classOf(b []byte) (Class, bool) {
	if string(b) == "IN" {
		return ClassIN, true
	}
	if c, ok := lookUpper(classesByName, b); ok {
		return c, true
	}
	n, ok := numbered(b, "CLASS")
	return Class(n), ok
}

// ParseTTL reads a time to live: a number of seconds, or numbers with units as
// in 1w2d3h4m5s, in any case. The error is a [*ParseError]; more than [MaxTTL]
// is none (RFC 2181 §8).
func ParseTTL(s string) (uint32, error) {
	ttl, ok := parseTTL([]byte(s))
	if !ok {
		return 0, ttlError(0, []byte(s))
	}
	return ttl, nil
}

func parseTTL(b []byte) (uint32, bool) {
	ttl, ok := parseSeconds(b)
	return ttl, ok && ttl <= MaxTTL
}

func ttlError(at int, b []byte) error {
	return textError(at, "TTL "+quoted(b), "RFC 2181 §8", ErrSyntax)
}

// ParseRR reads a record in the form of a master file: owner, TTL and class in
// either order, type, data, and perhaps a comment, in one entry (RFC 1035 §5.1).
// The TTL is 0 and the class IN where they are missing. Names are absolute,
// with a dot at their end or without; "@" is the root. The error is a
// [*ParseError].
func ParseRR(s string) (rr RR, err error) {
	b := append(make([]byte, 0, len(s)+1), s...)
	b = append(b, '\n')
	var e Entry
	n, err := parseEntry(&e, b, 0)
	if err != nil {
		return rr, err
	}
	if e.Blank || len(e.Tokens) == 0 {
		return rr, textError(0, "owner is missing", "RFC 1035 §5.1", ErrSyntax)
	}
	var rest Entry
	for at := n; at < len(b); at += n {
		if n, err = parseEntry(&rest, b, at); err != nil {
			return rr, err
		}
		if len(rest.Tokens) > 0 {
			return rr, textError(at+rest.Tokens[0].Offset, "more than a record", "RFC 1035 §5.1", ErrSyntax)
		}
	}
	p := TextParser{Origin: Root, one: true}
	if rr, err = p.RR(e.Tokens); err != nil {
		return RR{}, err
	}
	return rr, checkRDLength(rr.Data, e.Tokens)
}

// parseEntry takes the entry that stands in b at at, without limits: all of b
// is there already.
func parseEntry(e *Entry, b []byte, at int) (n int, err error) {
	n, err = e.Parse(b[at:], &EntryLimits{MaxToken: -1, MaxEntry: -1})
	if err == ErrIncomplete {
		open, _ := e.Unclosed()
		return 0, textError(at+open, "parenthesis that is not closed", "RFC 1035 §5.1", ErrSyntax)
	}
	if pe, ok := errors.AsType[*ParseError](err); ok {
		pe.Offset += int64(at)
	}
	return n, err
}

// checkRDLength refuses data that no record can hold. An octet of text stands for
// 16 at most, as in an IPv6 address: what is short in text is not looked at.
func checkRDLength(d RData, tokens []Token) error {
	bound := 0
	for _, t := range tokens {
		bound += 16 * (1 + len(t.Text))
	}
	if bound <= 1<<16-1 {
		return nil
	}
	if b, err := AppendRData(nil, d, nil); err != nil || len(b) > 1<<16-1 {
		return cmp.Or(err, error(textError(tokens[0].Offset, "RDATA of "+d.Type().String(), "RFC 1035 §3.2.1", ErrRDLength)))
	}
	return nil
}

// RR reads a whole record from the tokens of its entry, as [ParseRR] does, with
// names relative to the origin. The error is a [*ParseError].
func (p *TextParser) RR(tokens []Token) (rr RR, err error) {
	if len(tokens) == 0 {
		return rr, textError(0, "owner is missing", "RFC 1035 §5.1", ErrSyntax)
	}
	if rr.Name, err = p.Name(tokens[0]); err != nil {
		return RR{}, err
	}
	head, n, err := p.Head(tokens[1:])
	if err != nil {
		return RR{}, err
	}
	rr.TTL, rr.Class = head.TTL, head.Class
	if rr.Class == 0 {
		rr.Class = ClassIN
	}
	if rr.Data, err = p.RData(head.Type, tokens[1+n:]); err != nil {
		return RR{}, err
	}
	return rr, nil
}
