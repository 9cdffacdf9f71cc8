package mime

import "io"

// Part is an entity that a [Reader] is at or was at: the message or a part of
// it. Its header stays; its body is there as long as the [Event] lasts.
type Part struct {
	e      Entity // alone: it has no children, and no source
	r      *Reader
	layer  *layer // that it is in
	parent *Part
	block  []byte // the header's octets
	fields *Header
	shown  [3]bool // the regions that had their event
	taken  bool    // the body was asked for as the part began
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

// Encoded tells that the body is a multipart or a message in a transfer
// encoding. It is decoded to be walked through, while [Part.Raw] and [Part.Body]
// treat it as the leaf that it is in the tree of [Parse].
func (p *Part) Encoded() bool { return p.e.encoded }

// Decoded tells that the part is within one that is [Part.Encoded], so that
// offsets and lines count in what was decoded, from the front of its body.
func (p *Part) Decoded() bool { return p.layer.outer != nil }

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
// ends in CRLF. A second reader goes on where the first one stopped.
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

// TransferEncoding returns how the body is encoded, as
// [Entity.TransferEncoding] does.
func (p *Part) TransferEncoding() TransferEncoding { return p.e.encoding }

// Disposition returns how the part is to be shown (RFC 2183 §2), or
// [ErrNoField].
func (p *Part) Disposition() (Disposition, error) { return dispositionOf(p.Header()) }

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
	if len(p) == 0 {
		return 0, nil
	}
	l, chunk, err := b.more()
	if err != nil {
		return 0, err
	}
	n := copy(p, chunk)
	l.chunk = chunk[n:]
	return n, nil
}

// WriteTo writes all octets without a copy in between.
func (b *partReader) WriteTo(w io.Writer) (n int64, err error) {
	for {
		l, chunk, err := b.more()
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		got, err := w.Write(chunk)
		n += int64(got)
		l.chunk = chunk[got:]
		if err != nil {
			return n, err
		}
	}
}

// more returns the octets that come next.
func (b *partReader) more() (*layer, []byte, error) {
	r := b.p.r
	switch {
	case r.err != nil:
		return nil, nil, r.err
	case r.event != b.event || r.current.Part != b.p:
		return nil, nil, ErrPast
	case r.current.Kind == EventEnd:
		return nil, nil, io.EOF
	}
	l := r.layer
	chunk, err := l.more(b.p.e.content)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return l, chunk, err
}
