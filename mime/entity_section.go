package mime

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"applayer/internal/ascii"
)

// ErrNoSection means that the message has no such section.
var ErrNoSection = errors.New("mime: no such section")

// Section returns the octets of a section of the message, which e is the root
// of, or of the message that e is in a tree. The error is [ErrNoSection] or one
// of the source.
func (e *Entity) Section(s Section) (*Octets, error) {
	part, err := e.part(s.Part)
	if err != nil {
		return nil, err
	}
	switch {
	case s.Of == OfBody && len(s.Part) == 0:
		return part.octets(part.header, part.end), nil
	case s.Of == OfBody:
		return part.octets(part.body, part.end), nil
	case s.Of == OfMIME && len(s.Part) > 0:
		return part.octets(part.header, part.body), nil
	}
	if len(s.Part) > 0 {
		if part.kind != KindMessage {
			return nil, ErrNoSection
		}
		part = part.first
	}
	switch s.Of {
	case OfHeader:
		return part.octets(part.header, part.body), nil
	case OfHeaderFields, OfHeaderFieldsNot:
		return part.headerFields(s)
	case OfText:
		return part.octets(part.body, part.end), nil
	}
	return nil, ErrNoSection
}

// part returns the entity with a number in the message that e is
// (RFC 9051 §6.4.5.1). The body of a message that is no multipart is its part 1,
// and the parts of a message within are those of its body.
func (e *Entity) part(number []int) (*Entity, error) {
	at, isMessage := e, true // isMessage: the next number is one of its body's
	for _, n := range number {
		if at.kind == KindMessage && !isMessage {
			at, isMessage = at.first, true
		}
		switch {
		case at.kind == KindMultipart:
			at = at.first
			for ; n > 1 && at != nil; n-- {
				at = at.next
			}
			if n < 1 || at == nil {
				return nil, ErrNoSection
			}
		case !isMessage || n != 1:
			return nil, ErrNoSection
		}
		isMessage = false
	}
	return at, nil
}

// headerFields returns those fields of the header that are asked for, and its
// empty line if it has one.
func (e *Entity) headerFields(s Section) (*Octets, error) {
	h, err := e.Header()
	if err != nil {
		return nil, err
	}
	var b []byte
	for f := range h.Fields() {
		named := slices.ContainsFunc(s.Fields, func(name string) bool { return ascii.EqualFold(f.Name(), name) })
		if named == (s.Of == OfHeaderFields) {
			b = append(b, f.Raw()...)
		}
	}
	b = append(b, h.emptyLine()...)
	o := &Octets{source: bytes.NewReader(b), end: int64(len(b)), size: int64(len(b))}
	if e.tree.o.Wire {
		bare := int64(bareLF(b))
		o.wire, o.size = bare > 0, o.size+bare
	}
	return o, nil
}

func (e *Entity) octets(from, to pos) *Octets {
	span := e.span(from, to)
	return &Octets{source: e.tree.source, start: span.Start, end: span.End, size: span.Size, wire: span.Size > span.End-span.Start}
}

// Octets are octets of a message that can be read as often as needed, from any
// place. With [Options.Wire], their lines end in CRLF. It remembers where it was
// read last, so that ranges that follow one another are read in linear time; so
// it is for one goroutine at a time.
type Octets struct {
	source     io.ReaderAt
	start, end int64 // in source
	size       int64
	wire       bool // lines in source may end in LF alone

	lines   *wireReader // where it was read last
	linesAt int64       // the offset that it reads next
}

// Size returns how many octets there are.
func (o *Octets) Size() int64 { return o.size }

// Reader returns a reader of all of them.
func (o *Octets) Reader() io.Reader { return o.Range(0, o.size) }

// Range returns a reader of up to n octets from an offset on, as IMAP's partial
// fetch has it (RFC 9051 §6.4.5): what is beyond the end is left out.
func (o *Octets) Range(off, n int64) io.Reader {
	off = max(0, min(off, o.size))
	n = max(0, min(n, o.size-off))
	if !o.wire {
		return io.NewSectionReader(o.source, o.start+off, n)
	}
	return &wireRange{o: o, at: off, end: off + n}
}

// wireRange reads a range of octets whose source has lines that end in LF.
type wireRange struct {
	o       *Octets
	at, end int64
}

// Read reads on from where the range is, wherever others have read meanwhile.
func (r *wireRange) Read(p []byte) (int, error) {
	if r.at == r.end {
		return 0, io.EOF
	}
	if err := r.o.seek(r.at); err != nil {
		return 0, err
	}
	n, err := r.o.lines.Read(p[:min(int64(len(p)), r.end-r.at)])
	r.at += int64(n)
	r.o.linesAt = r.at
	if err == io.EOF {
		err = io.ErrUnexpectedEOF // the source has become shorter
	}
	return n, err
}

// seek makes lines read from an offset on. Where the line ends before it are can
// only be told by reading.
func (o *Octets) seek(at int64) error {
	if o.lines == nil || at < o.linesAt {
		o.lines = &wireReader{src: io.NewSectionReader(o.source, o.start, o.end-o.start)}
		o.linesAt = 0
	}
	n, err := io.CopyN(io.Discard, o.lines, at-o.linesAt)
	o.linesAt += n
	if err != nil {
		return unexpected(err)
	}
	return nil
}
