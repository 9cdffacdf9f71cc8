package mime

import (
	"bytes"
	"io"

	"applayer/internal/boundary"
)

// scanner cuts the octets of a message into tokens: headers, content and the
// delimiters around it, and tells where entities end. It holds no octet: who
// drives it gives it what comes next, and brings more when it asks for more.
// What it finds does not depend on how the message was cut.
//
// It is a stack of the entities that are open. All boundaries in it are
// searched for at once, so that an enclosing one ends what is within
// (RFC 2046 §5.1.2).
type scanner struct {
	o   *Options // in force
	rep *report

	at    pos
	step  scanStep
	open  []scanFrame
	set   boundary.Set
	parts int // entities so far
	depth int // of what the message is within

	head  headScan
	body  scanned // the entity that the header is of
	fresh bool    // the content begins at the front of a line
	delim struct {
		n    int // the length of the delimiter that comes next, 0 for none
		open int // whose it is, as an index into set
		last bool
	}
	over bool // MaxParts was reached: the rest is one leaf
}

// pos is a place in a message: octets, LF, and LF without CR before it.
type pos struct{ off, lf, bare int64 }

// scanStep says what comes next.
type scanStep uint8

const (
	stepHeader   scanStep = iota // an entity's header
	stepCheck                    // that header, and the front of a body that may be encoded
	stepContent                  // body, preamble or epilogue
	stepEpilogue                 // what ends the line of the last delimiter
	stepDelim                    // the delimiter that s.delim describes
)

// scanFrame is an entity that is open.
type scanFrame struct {
	kind     Kind
	digest   bool // parts are messages unless they say otherwise
	set      int  // a multipart's boundary, as an index into scanner.set
	children int
	after    int  // delimiters behind the last one
	closed   bool // the last delimiter was seen
}

// token is what the scanner found.
type token struct {
	kind       tokenKind
	region     region // of tokenContent
	start, end pos
	entity     scanned // of tokenHeader
	after      int     // of an epilogue: the delimiters in it so far
	last       bool    // of tokenDelim: no part follows
}

type tokenKind uint8

const (
	tokenHeader  tokenKind = iota + 1 // a header, empty or not: an entity begins
	tokenContent                      // some octets of a region
	tokenDelim                        // the delimiter that ends a region, or the end of a last one's line
	tokenEnd                          // the innermost open entity ends
)

// region is what content is part of.
type region uint8

const (
	regionBody region = iota
	regionPreamble
	regionEpilogue
)

// scanned is what the scanner knows of an entity when its body begins.
type scanned struct {
	kind      Kind
	inner     Kind // of what is encoded
	opaque    bool // a limit made a leaf of it
	encoded   bool // composite, but with a transfer encoding: a leaf of the tree
	digest    bool // a multipart/digest
	inDigest  bool
	encoding  TransferEncoding
	number    int // among the parts of its parent, from 1
	headerLen int

	// Values of fields, from the header's first octet: none where the end is 0.
	contentType, contentEncoding extent
}

// extent is a run of octets in a header.
type extent struct{ start, end int }

func (x extent) of(b []byte) []byte { return b[x.start:x.end] }

// Defects of structure.
const (
	// DefectNoBoundary is a multipart whose boundary parameter is missing or
	// cannot be one: it is read as a leaf.
	DefectNoBoundary DefectCode = "no-boundary"
	// DefectLongBoundary is a boundary of more than 70 octets, up to 1024.
	DefectLongBoundary DefectCode = "long-boundary"
	// DefectNoParts is a multipart in which no delimiter stands: all of it is
	// preamble.
	DefectNoParts DefectCode = "no-parts"
	// DefectNoClose is a multipart without its last delimiter. It ended with an
	// enclosing one, or with the message.
	DefectNoClose DefectCode = "no-close-delimiter"
	// DefectPartsAfterClose is a delimiter behind the last one. It is part of
	// the epilogue.
	DefectPartsAfterClose DefectCode = "parts-after-close"
	// DefectEncodedComposite is a transfer encoding of a multipart or message.
	DefectEncodedComposite DefectCode = "encoded-composite"
	// DefectDuplicateField is a second field of a name that a header has once:
	// the first counts.
	DefectDuplicateField DefectCode = "duplicate-field"
	// DefectUnknownEncoding is a transfer encoding that is not known: the body is
	// left as it is.
	DefectUnknownEncoding DefectCode = "unknown-encoding"
)

// next takes one token from the front of b, which begins with the first octet
// that no token took. It has n octets, of which there may be none. eof says that
// nothing follows b. The error is [ErrIncomplete] for more octets, io.EOF when
// the last entity has ended, or the first defect when strict.
func (s *scanner) next(b []byte, eof bool) (t token, n int, err error) {
	t.start, t.end = s.at, s.at
	if s.rep.failed() {
		return t, 0, s.rep.err
	}
	switch s.step {
	case stepHeader:
		t, n, err = s.header(b, eof)
	case stepCheck:
		t, n, err = s.check(b, eof)
	case stepEpilogue:
		t, n, err = s.epilogue(b, eof)
	case stepDelim:
		t, n = s.delimiter(b)
	default:
		t, n, err = s.content(b, eof)
	}
	if s.rep.failed() {
		return t, 0, s.rep.err
	}
	return t, n, err
}

// take moves over b, whose line ends it counts.
func (s *scanner) take(b []byte) {
	s.at.off += int64(len(b))
	s.at.lf += int64(bytes.Count(b, lf))
	if s.o.Wire {
		s.at.bare += int64(bareLF(b))
	}
}

var cr, lf = []byte("\r"), []byte("\n")

// bareLF counts the LF without CR before them.
func bareLF(b []byte) (n int) {
	for at := 0; ; at++ {
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			return n
		}
		if at += i; at == 0 || b[at-1] != '\r' {
			n++
		}
	}
}

// content takes what stands before the next delimiter of any open multipart.
func (s *scanner) content(b []byte, eof bool) (t token, n int, err error) {
	hit, err := s.set.Find(b, s.fresh, eof)
	n = hit.Content
	if err == nil {
		s.delim.n, s.delim.open, s.delim.last = hit.End-n, hit.Open, hit.Last
		if f := s.owner(hit.Open); f.closed {
			return s.afterClose(f, b, hit)
		}
		s.step = stepDelim
		if n == 0 {
			t, n = s.delimiter(b)
			return t, n, nil
		}
	}
	switch {
	case n == 0 && !eof:
		return t, 0, ErrIncomplete
	case n == 0:
		t, err = s.end()
		return t, 0, err
	}
	t = s.contentToken()
	s.at.off += int64(n)
	s.at.lf += int64(hit.Lines)
	s.at.bare += int64(hit.Bare)
	s.fresh, t.end = false, s.at
	return t, n, nil
}

// contentToken returns the token of content that begins here.
func (s *scanner) contentToken() token {
	t := token{kind: tokenContent, start: s.at}
	if f := &s.open[len(s.open)-1]; f.kind == KindMultipart {
		t.region, t.after = regionPreamble, f.after
		if f.closed {
			t.region = regionEpilogue
		}
	}
	return t
}

// owner returns the multipart whose boundary has this index.
func (s *scanner) owner(set int) *scanFrame {
	for i := len(s.open) - 1; ; i-- {
		if f := &s.open[i]; f.kind == KindMultipart && f.set == set {
			return f
		}
	}
}

// afterClose takes a delimiter of a multipart that had its last one as content
// of the epilogue, up to the end of its line, which may belong to another
// delimiter. The multipart is the innermost open entity: only an enclosing
// delimiter leads out of an epilogue.
func (s *scanner) afterClose(f *scanFrame, b []byte, hit boundary.Hit) (t token, n int, err error) {
	if f.after++; f.after == 1 {
		s.rep.base = s.at.off
		s.rep.add(DefectPartsAfterClose, hit.Content, "RFC 2046 §5.1.1")
	}
	n = len(trimLineEnd(b[:hit.End]))
	t = s.contentToken()
	s.take(b[:n])
	s.fresh, s.delim.n, t.end = false, 0, s.at
	return t, n, nil
}

// delimiter ends the entities within the multipart whose delimiter comes next,
// one at a call, and takes the delimiter then.
func (s *scanner) delimiter(b []byte) (t token, n int) {
	if top := &s.open[len(s.open)-1]; top.kind != KindMultipart || top.set != s.delim.open {
		return s.pop(), 0
	}
	f := &s.open[len(s.open)-1]
	n = s.delim.n
	s.step, s.fresh, s.head = stepHeader, true, headScan{}
	if s.delim.last {
		// RFC 2046 §5.1.1: the line end behind it is the epilogue's, or that of the
		// next delimiter of an enclosing multipart.
		n = len(trimLineEnd(b[:n]))
		f.closed, s.step, s.fresh = true, stepEpilogue, false
		s.set.Close()
	}
	s.delim.n = 0
	t = token{kind: tokenDelim, start: s.at, last: f.closed}
	s.take(b[:n])
	t.end = s.at
	return t, n
}

// epilogue takes the line end that parts the last delimiter from the epilogue,
// unless it belongs to another delimiter.
func (s *scanner) epilogue(b []byte, eof bool) (t token, n int, err error) {
	n = len(b) - len(bytes.TrimPrefix(bytes.TrimPrefix(b, cr), lf))
	hit, err := s.set.At(b[n:], eof)
	if err == boundary.ErrIncomplete {
		return t, 0, ErrIncomplete
	}
	s.step = stepContent
	if n == 0 || err == nil && !s.owner(hit.Open).closed {
		return s.content(b, eof)
	}
	s.fresh = true
	t = token{kind: tokenDelim, start: s.at, last: true}
	s.take(b[:n])
	t.end = s.at
	return t, n, nil
}

// end ends the innermost open entity at the end of the message.
func (s *scanner) end() (token, error) {
	if len(s.open) == 0 {
		return token{start: s.at, end: s.at}, io.EOF
	}
	return s.pop(), nil
}

// pop takes the innermost open entity off the stack.
func (s *scanner) pop() token {
	last := len(s.open) - 1
	f := s.open[last]
	s.open = s.open[:last]
	if f.kind == KindMultipart && !s.over {
		s.set.Pop()
		s.rep.base = s.at.off
		switch {
		case f.children == 0 && !f.closed:
			s.rep.add(DefectNoParts, 0, "RFC 2046 §5.1.1")
		case !f.closed:
			s.rep.add(DefectNoClose, 0, "RFC 2046 §5.1.1")
		}
	}
	return token{kind: tokenEnd, start: s.at, end: s.at}
}
