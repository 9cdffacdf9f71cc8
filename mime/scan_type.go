package mime

import (
	"bytes"
	"io"

	"applayer/internal/ascii"
	"applayer/internal/boundary"
)

// Kind is how the body of an entity is built.
type Kind uint8

// The kinds of entities.
const (
	// KindLeaf is an entity whose body holds no other.
	KindLeaf Kind = iota
	// KindMultipart is one whose body is parts between delimiters
	// (RFC 2046 §5.1).
	KindMultipart
	// KindMessage is one whose body is a message (RFC 2046 §5.2.1).
	KindMessage
)

// String returns "leaf", "multipart" or "message".
func (k Kind) String() string {
	switch k {
	case KindLeaf:
		return "leaf"
	case KindMultipart:
		return "multipart"
	case KindMessage:
		return "message"
	}
	return "Kind(?)"
}

// classify finds out of which kind the entity is that begins, and opens its
// boundary.
func (s *scanner) classify(head []byte) {
	e := &s.body
	if e.contentEncoding.end > 0 {
		if e.encoding = transferEncodingOf(e.contentEncoding.of(head)); e.encoding == EncodingUnknown {
			s.rep.field = "Content-Transfer-Encoding"
			s.rep.addErr(DefectUnknownEncoding, int(e.contentEncoding.start), "RFC 2045 §6.4", ErrUnknownEncoding)
		}
	}
	var c contentType[[]byte]
	if e.contentType.end > 0 {
		at := s.rep.base
		s.rep.field, s.rep.base = "Content-Type", at+int64(e.contentType.start)
		c = scanContentType(e.contentType.of(head), s.o, s.rep)
		s.rep.base = at
	}
	kind, global := kindOf(c.typ, c.subtype)
	if e.contentType.end == 0 && e.inDigest {
		kind = KindMessage // RFC 2046 §5.1.5
	}
	s.rep.field = "Content-Type"
	switch {
	case kind == KindLeaf || e.opaque:
	case s.depth+len(s.open) >= s.o.MaxDepth:
		s.rep.limit("MaxDepth", s.o.MaxDepth, 0)
		e.opaque = true
	case kind == KindMultipart && s.set.Push(c.boundary) != nil:
		s.rep.add(DefectNoBoundary, int(e.contentType.start), "RFC 2046 §5.1.1")
	default:
		s.composite(kind, global, c)
	}
	s.rep.field = ""
}

// composite makes the entity that begins a multipart or message.
func (s *scanner) composite(kind Kind, global bool, c contentType[[]byte]) {
	e := &s.body
	e.kind = kind
	if kind == KindMultipart {
		e.digest = ascii.EqualFold(c.subtype, "digest")
		if len(c.boundary) > boundary.MaxLen {
			s.rep.add(DefectLongBoundary, int(e.contentType.start), "RFC 2046 §5.1.1")
		}
	}
	if e.encoded = e.encoding.isDecoded(); e.encoded && !global {
		s.rep.field = "Content-Transfer-Encoding"
		s.rep.add(DefectEncodedComposite, int(e.contentEncoding.start), "RFC 2045 §6.4")
	}
}

// kindOf returns the kind of an entity of a media type. message/global is a
// message that may be encoded (RFC 6532 §3.7).
func kindOf(typ, subtype []byte) (kind Kind, global bool) {
	switch {
	case ascii.EqualFold(typ, "multipart"):
		return KindMultipart, false
	case !ascii.EqualFold(typ, "message"):
		return KindLeaf, false
	case ascii.EqualFold(subtype, "global"):
		return KindMessage, true
	case ascii.EqualFold(subtype, "rfc822"), ascii.EqualFold(subtype, "news"):
		return KindMessage, false
	}
	return KindLeaf, false // message/partial, external-body, delivery-status…
}

// maxFront is how much of a body is looked at to tell whether it is encoded.
const maxFront = 4096

// check tells whether a multipart or message is encoded as its header says,
// although none may be (RFC 2045 §6.4) but message/global (RFC 6532 §3.7): many
// are not.
func (s *scanner) check(b []byte, eof bool) (token, int, error) {
	e := &s.body
	front := b[e.headerLen:]
	if s.delim.n == 0 && len(front) < maxFront && !eof {
		return token{}, 0, ErrIncomplete
	}
	if s.delim.n > 0 {
		front = nil
	}
	if e.encoded = s.isEncoded(front[:min(len(front), maxFront)]); e.encoded {
		if e.kind == KindMultipart {
			s.set.Pop()
		}
		e.inner, e.kind = e.kind, KindLeaf
	}
	return s.emit(b), e.headerLen, nil
}

// isEncoded looks at the front of a body. A multipart is encoded if its first
// line becomes the boundary by decoding; a message, if it is none as it stands.
func (s *scanner) isEncoded(front []byte) bool {
	switch _, err := s.set.At(front, true); {
	case err == nil || len(front) == 0:
		return false
	case s.body.kind == KindMessage && s.body.encoding == EncodingQuotedPrintable:
		return isQuotedPrintable(front)
	case s.body.kind == KindMessage:
		name, _ := cutName(front)
		return name == 0
	}
	decoded, _ := io.ReadAll(s.body.encoding.decoder(bytes.NewReader(front)))
	hit, err := s.set.At(decoded, true)
	return err == nil && hit.Open == s.set.Len()-1
}

// isQuotedPrintable tells whether text has equals signs and all of them are as
// RFC 2045 §6.7 has them. Those of a message as it stands are not: its header has
// parameters and encoded words.
func isQuotedPrintable(b []byte) (is bool) {
	for {
		i := bytes.IndexByte(b, '=')
		if i < 0 {
			return is
		}
		b = bytes.TrimLeft(b[i+1:], " \t")
		switch {
		case len(b) < 2: // it was cut here
		case b[0] == '\n', b[0] == '\r' && b[1] == '\n':
		case !ascii.Hex.Has(b[0]) || !ascii.Hex.Has(b[1]):
			return false
		}
		is = true
	}
}
