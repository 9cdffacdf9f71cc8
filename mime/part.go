package mime

import "io"

// Part is an entity that a [Reader] is at or was at: the message or a part of
// it. Its header stays; its body is there as long as the [Event] lasts.
type Part struct {
	e      Entity // alone: it has no children, and no source
	r      *Reader
	parent *Part
	block  []byte // the header's octets
	fields *Header

	event uint64 // the event that the body can be read in
	shown [3]bool
}

// Header returns the header, which must not be changed.
func (p *Part) Header() *Header {
	if p.fields == nil {
		h := makeHeader(p.block, p.e.header.off, p.r.o)
		p.fields = &h
	}
	return p.fields
}

// Kind tells whether the body holds parts, a message, or neither.
func (p *Part) Kind() Kind { return p.e.kind }

// Opaque tells that the part is a leaf because a limit was reached: its header
// may say multipart or message.
func (p *Part) Opaque() bool { return p.e.opaque }

// Path returns the number that IMAP gives the part, as [Entity.Path] does.
func (p *Part) Path() string { return p.e.Path() }

// Parent returns the part that this one is in, nil for the message.
func (p *Part) Parent() *Part { return p.parent }

// HeaderSpan returns where the header is, with the empty line that ends it.
func (p *Part) HeaderSpan() Span { return p.e.HeaderSpan() }

// BodySpan returns where the body is, in its transfer encoding. It is known at
// [EventEnd].
func (p *Part) BodySpan() Span { return p.e.BodySpan() }

// Preamble returns where the preamble of a multipart is, known once its first
// part begins.
func (p *Part) Preamble() Span { return p.e.Preamble() }

// Epilogue returns where the epilogue of a multipart is, known at [EventEnd].
func (p *Part) Epilogue() Span { return p.e.Epilogue() }

// PartsAfterClose counts the delimiters in the epilogue, as
// [Entity.PartsAfterClose] does.
func (p *Part) PartsAfterClose() int { return p.e.partsAfterClose }

// Raw returns a reader of the octets of the body in its transfer encoding; in
// [EventPreamble] and [EventEpilogue], of those. With [Options.Wire], each line
// ends in CRLF.
//
// To ask for the body of a multipart or message takes it as a whole: its parts
// are not walked through, and its [EventEnd] comes next.
func (p *Part) Raw() io.Reader {
	raw := io.Reader(&partReader{p, p.r.takeBody(p)})
	if p.r.o.Wire {
		return &wireReader{src: raw}
	}
	return raw
}

// MediaType returns the media type, as [Entity.MediaType] does.
func (p *Part) MediaType() MediaType { return p.e.MediaType() }

// Disposition returns how the part is to be shown (RFC 2183 §2), or
// [ErrNoField].
func (p *Part) Disposition() (Disposition, error) { return p.e.disposition(p.Header()) }

// Filename returns the name that the sender gives the file in the part, as the
// function [Filename] finds it; "" if there is none.
func (p *Part) Filename() string {
	d, err := p.Disposition()
	if err != nil {
		d = Disposition{}
	}
	return Filename(d, p.MediaType())
}

// Body returns a reader of the body without its transfer encoding, of what
// [Part.Raw] reads.
func (p *Part) Body() *BodyReader { return p.e.newBody(p.Raw()) }

// Text returns a reader of the body as UTF-8, without its transfer encoding, of
// what [Part.Raw] reads.
func (p *Part) Text() *BodyReader { return p.e.newText(p.Raw()) }

// partReader reads what an event is of.
type partReader struct {
	p     *Part
	event uint64
}

// Read gives the octets as the scanner comes by them.
func (b *partReader) Read(p []byte) (int, error) {
	r := b.p.r
	if r.event != b.event || r.current.Part != b.p {
		return 0, ErrPast
	}
	if len(p) == 0 {
		return 0, nil
	}
	chunk, err := r.more()
	if err != nil {
		return 0, err
	}
	n := copy(p, chunk)
	r.chunk = chunk[n:]
	return n, nil
}

// WriteTo writes all octets without a copy in between.
func (b *partReader) WriteTo(w io.Writer) (n int64, err error) {
	r := b.p.r
	for {
		if r.event != b.event || r.current.Part != b.p {
			return n, ErrPast
		}
		chunk, err := r.more()
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		got, err := w.Write(chunk)
		n += int64(got)
		r.chunk = chunk[got:]
		if err != nil {
			return n, err
		}
	}
}
