package mime

import (
	"bytes"
	"io"
	"iter"
	"slices"
	"strconv"
)

// Entity is a message or a part of one: a header and a body (RFC 2045 §2.4). It
// holds where they are and not what they are: their octets are read from the
// source when they are asked for. The entities of a message are a tree, whose
// root is the message.
//
// An Entity does not change, and any number of goroutines may use it and its
// kin as far as the source serves them all: [io.ReaderAt] demands that it does.
type Entity struct {
	tree                      *tree
	parent, first, last, next *Entity

	scanned
	header, body, end pos // where header and body begin, and the body ends
	preEnd, epiStart  pos // of a multipart: where the preamble ends and the epilogue begins
	partsAfterClose   int
	contentTypeValue  []byte // as it stands; nil where there is none
}

// tree is what the entities of a message share.
type tree struct {
	o       *Options
	source  io.ReaderAt
	octets  []byte // all of them, for ParseBytes
	defects []Defect
	more    int
	slab    []Entity
}

// Span is a run of octets of a message.
type Span struct {
	// Start and End are offsets in the source; End is behind the last octet.
	Start, End int64
	// Size is how many octets are read from it: with [Options.Wire], a lone LF
	// counts as two.
	Size int64
	// Lines counts the line ends, as IMAP counts lines (RFC 9051 §7.5.2).
	Lines int64
}

// Parse reads the structure of a message of that many octets. It holds no more
// of it than a header at a time, and returns no error but one of the source, or,
// if strict, the first defect.
func Parse(r io.ReaderAt, size int64, opts *Options) (*Entity, error) {
	p := newTreeParser(opts)
	p.tree.source = r
	w := window{src: io.NewSectionReader(r, 0, size)}
	for {
		t, octets, err := w.next(&p.scanner)
		if err == io.EOF && p.scanner.at.off < size {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return p.finish(err)
		}
		if t.kind == tokenHeader && t.entity.contentType.end > 0 {
			p.contentType = slices.Clone(t.entity.contentType.of(octets))
		}
		p.take(t)
	}
}

// ParseBytes is [Parse] of a message in memory. It copies nothing: b must not be
// changed as long as the entity is in use.
func ParseBytes(b []byte, opts *Options) (*Entity, error) {
	p := newTreeParser(opts)
	p.tree.octets, p.tree.source = b, bytes.NewReader(b)
	for at := 0; ; {
		t, n, err := p.scanner.next(b[at:], true)
		if err != nil {
			return p.finish(err)
		}
		if t.kind == tokenHeader && t.entity.contentType.end > 0 {
			p.contentType = t.entity.contentType.of(b[at:])
		}
		p.take(t)
		at += n
	}
}

// treeParser makes a tree of the scanner's tokens.
type treeParser struct {
	scanner     scanner
	report      report
	tree        *tree
	root, open  *Entity
	contentType []byte // of the header that comes next
	frames      [8]scanFrame
}

func newTreeParser(opts *Options) *treeParser {
	o := opts.inForce()
	p := &treeParser{report: *newReport(o), tree: &tree{o: o}}
	p.scanner.o, p.scanner.rep, p.scanner.open = o, &p.report, p.frames[:0]
	return p
}

// take adds what a token tells.
func (p *treeParser) take(t token) {
	switch t.kind {
	case tokenHeader:
		e := p.tree.newEntity()
		e.begin(p.open, t)
		e.link()
		e.tree, e.contentTypeValue, p.contentType = p.tree, p.contentType, nil
		if p.open = e; e.parent == nil {
			p.root = e
		}
	case tokenContent:
		p.open.content(t)
	case tokenDelim:
		p.open.delimiter(t)
	case tokenEnd:
		p.open.end = t.end
		p.open = p.open.parent
	}
}

func (p *treeParser) finish(err error) (*Entity, error) {
	if err != io.EOF {
		return nil, err
	}
	p.tree.defects, p.tree.more = p.report.list, p.report.more
	return p.root, nil
}

// newEntity returns an entity of the slab: one allocation serves many.
func (t *tree) newEntity() *Entity {
	if len(t.slab) == cap(t.slab) {
		t.slab = make([]Entity, 0, min(max(4, 4*cap(t.slab)), 256))
	}
	t.slab = t.slab[:len(t.slab)+1]
	return &t.slab[len(t.slab)-1]
}

// begin makes e the entity that begins with a header, within parent.
func (e *Entity) begin(parent *Entity, t token) {
	e.parent, e.scanned = parent, t.entity
	e.header, e.body, e.end = t.start, t.end, t.end
	e.preEnd, e.epiStart = t.end, pos{}
}

// link makes e the last child of its parent.
func (e *Entity) link() {
	switch up := e.parent; {
	case up == nil:
		return
	case up.last == nil:
		up.first, up.last = e, e
	default:
		up.last.next, up.last = e, e
	}
}

// content takes note of octets of the entity's body.
func (e *Entity) content(t token) {
	switch {
	case e.encoded: // what it holds has no place in the source
	case t.region == regionPreamble:
		e.preEnd = t.end
	case t.region == regionEpilogue:
		e.partsAfterClose = t.after
	}
}

// delimiter takes note of a delimiter, or of the end of the last one's line.
func (e *Entity) delimiter(t token) {
	if t.last && !e.encoded {
		e.epiStart = t.end
	}
}

// Kind tells whether the body holds parts, a message, or neither.
func (e *Entity) Kind() Kind { return e.kind }

// Opaque tells that the entity is a leaf because a limit was reached: its header
// may say multipart or message.
func (e *Entity) Opaque() bool { return e.opaque }

// Encoded tells that the entity is a leaf because its body, a multipart or a
// message, is in a transfer encoding: what it holds has no place in the source.
func (e *Entity) Encoded() bool { return e.encoded }

// Parent returns the entity that this one is a part of, nil for the message.
func (e *Entity) Parent() *Entity { return e.parent }

// Children yields the parts of a multipart, or the one message of a message.
func (e *Entity) Children() iter.Seq[*Entity] {
	return func(yield func(*Entity) bool) {
		for c := e.first; c != nil; c = c.next {
			if !yield(c) {
				return
			}
		}
	}
}

// HeaderSpan returns where the header is, with the empty line that ends it.
func (e *Entity) HeaderSpan() Span { return e.span(e.header, e.body) }

// BodySpan returns where the body is, in its transfer encoding.
func (e *Entity) BodySpan() Span { return e.span(e.body, e.end) }

// Span returns where header and body are.
func (e *Entity) Span() Span { return e.span(e.header, e.end) }

// Preamble returns what stands before the first delimiter of a multipart,
// without the line end that belongs to it; all of the body if there is no
// delimiter.
func (e *Entity) Preamble() Span {
	if e.kind != KindMultipart {
		return e.span(e.body, e.body)
	}
	return e.span(e.body, e.preEnd)
}

// Epilogue returns what stands behind the line of the last delimiter of a
// multipart.
func (e *Entity) Epilogue() Span {
	if e.epiStart.off == 0 {
		return e.span(e.end, e.end)
	}
	return e.span(e.epiStart, e.end)
}

// PartsAfterClose counts the delimiters in the epilogue: parts that are ignored
// as RFC 2046 §5.1.1 asks, since they stand behind the last delimiter.
func (e *Entity) PartsAfterClose() int { return e.partsAfterClose }

func (e *Entity) span(from, to pos) Span {
	s := Span{Start: from.off, End: to.off, Size: to.off - from.off, Lines: to.lf - from.lf}
	if e.tree.o.Wire {
		s.Size += to.bare - from.bare
	}
	return s
}

// Defects returns what is wrong with the structure of the entity and of those in
// it, and with the fields that it depends on. Other fields are read when they
// are asked for; [Header.Check] reads them all.
func (e *Entity) Defects() []Defect {
	if e.parent == nil {
		return slices.Clip(e.tree.defects)
	}
	var in []Defect
	for _, d := range e.tree.defects {
		if e.header.off <= d.Offset && d.Offset <= e.end.off {
			in = append(in, d)
		}
	}
	return in
}

// MoreDefects counts the defects of the message beyond MaxDefects.
func (e *Entity) MoreDefects() int { return e.tree.more }

// Header reads the header. The error is one of the source.
func (e *Entity) Header() (Header, error) {
	if e.tree.octets != nil {
		return makeHeader(e.tree.octets[e.header.off:e.body.off], e.header.off, e.tree.o), nil
	}
	block := make([]byte, e.body.off-e.header.off)
	if n, err := e.tree.source.ReadAt(block, e.header.off); n < len(block) {
		return Header{}, unexpected(err)
	}
	return makeHeader(block, e.header.off, e.tree.o), nil
}

// unexpected returns the error of a source that ended too early.
func unexpected(err error) error {
	if err == nil || err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Source returns a reader of the octets of header and body. With
// [Options.Wire], each line ends in CRLF.
func (e *Entity) Source() io.Reader { return e.reader(e.header, e.end) }

// Raw returns a reader of the octets of the body, in its transfer encoding. With
// [Options.Wire], each line ends in CRLF.
func (e *Entity) Raw() io.Reader { return e.reader(e.body, e.end) }

// MediaType returns the media type, text/plain where the header names none, or
// message/rfc822 in a digest (RFC 2045 §5.2, RFC 2046 §5.1.5).
func (e *Entity) MediaType() MediaType {
	switch {
	case e.contentTypeValue != nil:
		return parseMediaType(string(e.contentTypeValue), e.tree.o, nil)
	case e.inDigest:
		return MediaType{Type: "message", Subtype: "rfc822"}
	}
	return MediaType{Type: "text", Subtype: "plain"}
}

// TransferEncoding returns how the body is encoded, [Encoding7Bit] where the
// header does not say (RFC 2045 §6.1).
func (e *Entity) TransferEncoding() TransferEncoding { return e.encoding }

// Disposition returns how the part is to be shown (RFC 2183 §2), or
// [ErrNoField].
func (e *Entity) Disposition() (Disposition, error) {
	h, err := e.Header()
	if err != nil {
		return Disposition{}, err
	}
	return dispositionOf(&h)
}

func dispositionOf(h *Header) (Disposition, error) {
	if !h.Has("Content-Disposition") {
		return Disposition{}, ErrNoField
	}
	return h.Disposition()
}

// Filename returns the name that the sender gives the file in the part, as the
// function [Filename] finds it; "" if there is none.
func (e *Entity) Filename() string {
	d, err := e.Disposition()
	if err != nil {
		d = Disposition{}
	}
	return Filename(d, e.MediaType())
}

// Body returns a reader of the body without its transfer encoding.
func (e *Entity) Body() *BodyReader { return e.newBody(e.Raw()) }

// Text returns a reader of the body as UTF-8, without its transfer encoding.
func (e *Entity) Text() *BodyReader { return e.newText(e.Raw()) }

// Octets returns the octets of a span of the message, such as its
// [Entity.Preamble].
func (e *Entity) Octets(s Span) *Octets {
	return &Octets{source: e.tree.source, start: s.Start, end: s.End, size: s.Size, wire: s.Size > s.End-s.Start}
}

func (e *Entity) reader(from, to pos) io.Reader {
	if e.tree.o.Wire && to.bare > from.bare {
		return &wireReader{src: io.NewSectionReader(e.tree.source, from.off, to.off-from.off)}
	}
	if e.tree.octets != nil {
		return bytes.NewReader(e.tree.octets[from.off:to.off])
	}
	return io.NewSectionReader(e.tree.source, from.off, to.off-from.off)
}

// Path returns the number that IMAP gives the entity, as in "2.1"
// (RFC 9051 §6.4.5.1). A multipart that is the body of a message has none of its
// own: its path is the message's, "" for the outermost.
func (e *Entity) Path() string {
	var numbers []int // from the innermost
	for ; e.parent != nil; e = e.parent {
		if e.parent.kind == KindMultipart || e.kind != KindMultipart {
			numbers = append(numbers, e.number)
		}
	}
	if e.kind != KindMultipart {
		numbers = append(numbers, 1)
	}
	var b []byte
	for i, n := range slices.Backward(numbers) {
		if b = strconv.AppendInt(b, int64(n), 10); i > 0 {
			b = append(b, '.')
		}
	}
	return string(b)
}
