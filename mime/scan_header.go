package mime

import (
	"bytes"

	"applayer/internal/ascii"
	"applayer/internal/boundary"
)

// headScan is how far the scanner came in a header. Each octet is looked at once
// however few come at a time.
type headScan struct {
	next   int // where the search for the line's end goes on
	line   int // where the line begins
	field  int // where the field begins
	value  int // where its value begins
	fields int
	traces int // of them "From " lines at the front

	own *boundary.Set // the boundary of this very header, once it was asked for

	known                        knownName // the field's
	contentType, contentEncoding extent
	duplicates                   []duplicate
}

// duplicate is a field whose name an earlier one has.
type duplicate struct {
	name  knownName
	field int // where it begins
}

// knownName is the name of a field that the scanner looks into.
type knownName uint8

const (
	nameOther knownName = iota
	nameContentType
	nameContentEncoding
)

// String returns the name.
func (n knownName) String() string {
	if n == nameContentType {
		return "Content-Type"
	}
	return "Content-Transfer-Encoding"
}

// lineKind is what a line of a header is.
type lineKind uint8

const (
	lineField lineKind = iota // of a field, or of none with a defect
	lineEmpty                 // ends the header
	lineDelimiter
	lineText   // there is no header
	lineBeyond // one field too many begins
	lineOwn    // a delimiter of the multipart that the header is of
)

// DefectFromLine is the line that parts the messages of an mbox file, at the
// front of a message. It is kept in the header as a [Field] without a name.
const DefectFromLine DefectCode = "from-line"

// header takes the header of the next entity.
func (s *scanner) header(b []byte, eof bool) (t token, n int, err error) {
	switch {
	case s.delim.n > 0: // no octet of it is before the delimiter
		return s.begin(b, 0, false, eof)
	case s.parts >= s.o.MaxParts:
		return s.rest()
	}
	n, end, err := s.headerEnd(b, eof)
	if err != nil {
		return t, 0, err
	}
	return s.begin(b, n, end == endsAtLimit, eof)
}

// headerEnding is what a header ends at.
type headerEnding uint8

const (
	endsAtEmptyLine headerEnding = iota
	endsAtOnce                   // there is none: the first line is text
	endsAtDelimiter
	endsAtOwnDelimiter // of the multipart that it is of: the empty line is missing
	endsWithMessage
	endsAtLimit
)

// headerEnd finds the end of a header: its fields and the empty line behind
// them. It ends before the delimiter of an open multipart too, and at the end of
// the message. A first line that is no field means that all is body
// (RFC 7103 §7.1.3). Beyond a limit, what was read so far is the header.
func (s *scanner) headerEnd(b []byte, eof bool) (n int, how headerEnding, err error) {
	h := &s.head
	s.rep.base = s.at.off
	for {
		if h.line == len(b) {
			if !eof {
				return 0, 0, ErrIncomplete
			}
			s.fieldEnds(b, h.line)
			return h.line, endsWithMessage, nil
		}
		if c := b[h.line]; h.next == h.line && c != ' ' && c != '\t' {
			s.fieldEnds(b, h.line)
			h.field = h.line
		}
		end, whole := len(b), false
		if i := bytes.IndexByte(b[h.next:], '\n'); i >= 0 {
			end, whole = h.next+i+1, true
		}
		if name, max := s.headLimit(end); name != "" {
			s.rep.limit(name, max, h.field)
			return h.field, endsAtLimit, nil
		}
		if !whole && !eof {
			h.next = end
			return 0, 0, ErrIncomplete
		}
		switch s.line(b, b[h.line:end], eof) {
		case lineEmpty:
			return end, endsAtEmptyLine, nil
		case lineText:
			return 0, endsAtOnce, nil
		case lineDelimiter:
			// RFC 2046 §5.1.1: the line end before it belongs to it.
			n = len(trimLineEnd(b[:h.line]))
			s.delim.n += h.line - n
			return n, endsAtDelimiter, nil
		case lineOwn:
			return h.line, endsAtOwnDelimiter, nil
		case lineBeyond:
			s.rep.limit("MaxFields", s.o.MaxFields, h.line)
			return h.line, endsAtLimit, nil
		}
		if s.rep.failed() {
			return 0, 0, s.rep.err
		}
		h.line, h.next = end, end
	}
}

// headLimit returns the limit that a header is beyond which is as long as this,
// the first of two.
func (s *scanner) headLimit(end int) (name string, max int) {
	inHeader, inField := end-s.o.MaxHeaderBytes, end-s.head.field-s.o.MaxFieldBytes
	switch {
	case inHeader > 0 && inHeader >= inField:
		return "MaxHeaderBytes", s.o.MaxHeaderBytes
	case inField > 0:
		return "MaxFieldBytes", s.o.MaxFieldBytes
	}
	return "", 0
}

// line tells what the next line of a header is.
func (s *scanner) line(b, line []byte, eof bool) lineKind {
	h := &s.head
	switch c := line[0]; {
	case c == '\n', c == '\r' && len(line) == 2 && line[1] == '\n':
		return lineEmpty
	case c == ' ' || c == '\t':
		if h.fields > 0 {
			return lineField
		}
	case c == '-':
		if hit, err := s.set.At(b[h.line:], eof); err == nil {
			s.delim.n, s.delim.open, s.delim.last = hit.End, hit.Open, hit.Last
			return lineDelimiter
		}
	}
	name, value := cutName(line)
	switch {
	case h.fields == s.o.MaxFields:
		return lineBeyond
	case name > 0:
		h.known, h.value = knownNameOf(line[:name]), h.line+value
	case h.fields > h.traces:
		s.rep.add(DefectNoColon, h.line, "RFC 5322 §2.2")
		if s.isOwnDelimiter(b, line, eof) {
			return lineOwn
		}
	case isFromLine(line) && (len(s.open) == 0 || s.open[len(s.open)-1].kind == KindMessage):
		s.rep.add(DefectFromLine, h.line, "RFC 4155 §A")
		h.traces++
	default:
		s.rep.add(DefectNoHeader, 0, "RFC 5322 §2.1")
		return lineText
	}
	h.fields++
	return lineField
}

// isOwnDelimiter tells whether a line that is no field is the first delimiter of
// the multipart that the header is of. Then the empty line between them was
// forgotten, and to go on would hide the first part from all but other readers.
func (s *scanner) isOwnDelimiter(b, line []byte, eof bool) bool {
	h := &s.head
	if !bytes.HasPrefix(line, []byte("--")) || h.contentType.end == 0 {
		return false
	}
	if h.own == nil {
		h.own = new(boundary.Set)
		c := scanContentType(h.contentType.of(b), s.o, nil)
		if kind, _ := kindOf(c.typ, c.subtype); kind == KindMultipart {
			_ = h.own.Push(c.boundary) // one that is none is told later
		}
	}
	_, err := h.own.At(b[h.line:], eof)
	return err == nil
}

func knownNameOf(name []byte) knownName {
	switch {
	case len(name) == len("Content-Type") && ascii.EqualFold(name, "Content-Type"):
		return nameContentType
	case len(name) == len("Content-Transfer-Encoding") && ascii.EqualFold(name, "Content-Transfer-Encoding"):
		return nameContentEncoding
	}
	return nameOther
}

// fieldEnds notes where the value of a field is that the scanner looks into: the
// first of its name.
func (s *scanner) fieldEnds(b []byte, end int) {
	h := &s.head
	known := h.known
	if h.known = nameOther; known == nameOther {
		return
	}
	at := &h.contentType
	if known == nameContentEncoding {
		at = &h.contentEncoding
	}
	if at.end > 0 {
		h.duplicates = append(h.duplicates, duplicate{known, h.field})
		return
	}
	*at = extent{h.value, h.value + len(trimLineEnd(b[h.value:end]))}
}

// rest makes a leaf of all that is left, where there would be one entity too
// many.
func (s *scanner) rest() (token, int, error) {
	s.rep.base = s.at.off
	s.rep.limit("MaxParts", s.o.MaxParts, 0)
	s.set.Reset()
	s.over = true
	return s.begin(nil, 0, true, false)
}

// begin looks at what entity the header is of that has n octets.
func (s *scanner) begin(b []byte, n int, opaque, eof bool) (token, int, error) {
	s.parts++
	s.body = scanned{
		opaque: opaque, encoding: Encoding7Bit, number: 1, headerLen: n,
	}
	if n > 0 {
		s.body.contentType, s.body.contentEncoding = s.head.contentType, s.head.contentEncoding
	}
	for _, d := range s.head.duplicates {
		s.rep.field = d.name.String()
		s.rep.add(DefectDuplicateField, d.field, "RFC 2045 §3")
	}
	s.rep.field = ""
	if last := len(s.open) - 1; last >= 0 {
		parent := &s.open[last]
		parent.children++
		s.body.number, s.body.inDigest = parent.children, parent.digest
	}
	s.classify(b[:n])
	s.head = headScan{}
	if s.body.encoded {
		s.step = stepCheck
		return s.check(b, eof)
	}
	return s.emit(b), n, nil
}

// emit gives out the header: its entity is open.
func (s *scanner) emit(b []byte) token {
	t := token{kind: tokenHeader, start: s.at, entity: s.body}
	s.take(b[:s.body.headerLen])
	t.end = s.at
	f := scanFrame{kind: s.body.kind, digest: s.body.digest, set: s.set.Len() - 1}
	s.open = append(s.open, f)
	switch s.fresh = true; {
	case f.kind == KindMessage:
		s.step = stepHeader
	case s.delim.n > 0:
		s.step = stepDelim
	default:
		s.step = stepContent
	}
	return t
}

// leaf makes a leaf of the multipart or message whose header was given out last:
// its parts are not looked for.
func (s *scanner) leaf() {
	f := &s.open[len(s.open)-1]
	if f.kind == KindMultipart {
		s.set.Pop()
	}
	f.kind = KindLeaf
	s.step = stepContent
	if s.delim.n > 0 {
		s.step = stepDelim
	}
}
