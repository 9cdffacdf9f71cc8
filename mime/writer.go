package mime

import (
	"io"
	"strings"
	"unicode/utf8"

	"applayer/internal/boundary"
)

// Writer writes an entity, which is a message or a part of one, header and body
// (RFC 2045 §2.4): a leaf with [Writer.Write], which the encoding that the
// header names is applied to, a multipart part by part with
// [Writer.CreatePart]. Nothing is held but a few KiB. [Message] decides for
// itself what is said here in so many words.
//
// It is for one goroutine at a time, and a part has to be closed, or the next
// one begun, before the whole is. After an error it repeats the error.
type Writer struct {
	opts  WriteOptions
	sink  *sink            // of the whole: nil for a part
	body  io.Writer        // of a leaf or a message
	close func() error     // ends the body
	parts *boundary.Writer // of a multipart
	part  *Writer          // the one that is being written
	most  TransferEncoding // of 7bit, 8bit and binary, what parts may have
	isMsg bool             // a message/rfc822, in which a message can begin
	// implied is what a part without a Content-Type is, or the entity itself
	// before its header was seen.
	implied string
	err     error
}

// NewWriter writes a header to w and returns a writer of its body. A multipart
// without a boundary gets one that nobody can guess and that neither base64 nor
// quoted-printable can produce; one that it has must be fit, and parts are
// searched for it. opts may be nil.
//
// The encoding is that of the field Content-Transfer-Encoding, or 7bit; a
// multipart or a message has 7bit, 8bit or binary, though message/global may be
// encoded (RFC 2045 §6.4, RFC 6532 §3.7). The error is [ErrEightBit] for what
// the options do not allow.
func NewWriter(w io.Writer, h *Header, opts *WriteOptions) (*Writer, error) {
	s := &sink{w: w}
	n := &Writer{opts: opts.inForce(), sink: s, most: EncodingBinary, implied: "text/plain"}
	err := n.begin(s, h, func(head []byte) error {
		_, err := s.Write(append(head, crlf...))
		return err
	})
	return n, err
}

// CreatePart begins a part of a multipart, or the message in a message/rfc822.
// The part before is closed.
func (w *Writer) CreatePart(h *Header) (*Writer, error) {
	if err := w.closePart(); err != nil {
		return nil, err
	}
	part := &Writer{opts: w.opts, most: w.most, implied: w.implied}
	switch {
	case w.parts != nil:
		w.err = part.begin(w.parts, h, w.parts.Next)
	case w.part == nil && w.isMsg:
		w.err = part.begin(w.body, h, func(head []byte) error {
			_, err := w.body.Write(append(head, crlf...))
			return err
		})
	default:
		w.err = &ParseError{What: "part of a leaf", Ref: "RFC 2046 §5.1"}
	}
	w.part = part
	return part, w.err
}

// begin writes the header by way of next, and makes ready for the body to go
// to w.
func (w *Writer) begin(to io.Writer, h *Header, next func(head []byte) error) error {
	w.err = func() error {
		head := h.Clone()
		encoding, err := encodingToWrite(&head)
		if err != nil {
			return err
		}
		media, err := w.mediaType(&head)
		if err != nil {
			return err
		}
		multipart := media.Type == "multipart"
		message := media.Is("message/rfc822") || media.Is("message/global") || media.Is("message/news")
		switch {
		case encoding == Encoding8Bit && !w.opts.EightBit, encoding == EncodingBinary && !w.opts.Binary:
			return &ParseError{Field: "Content-Transfer-Encoding", What: encoding.String(), Ref: "RFC 6152 §3", Err: ErrEightBit}
		case multipart && !encoding.isIdentity(), message && !encoding.isIdentity() && !media.Is("message/global"):
			return &ParseError{Field: "Content-Transfer-Encoding", What: "encoding of a composite", Ref: "RFC 2045 §6.4"}
		case encoding.isIdentity() && encoding > w.most:
			// RFC 2045 §6.4: the encoding of a multipart covers its parts.
			return &ParseError{Field: "Content-Transfer-Encoding", What: "part with more than its multipart", Ref: "RFC 2045 §6.4"}
		}
		block, err := writtenHeader(&head, w.opts)
		if err != nil {
			return err
		}
		if err := next(block); err != nil {
			return err
		}
		w.most, w.implied = encoding, "text/plain"
		switch {
		case multipart:
			if media.Subtype == "digest" {
				w.implied = "message/rfc822" // RFC 2046 §5.1.5
			}
			w.parts, err = boundary.NewWriter(to, media.Get("boundary"))
			return err
		case message && encoding.isIdentity():
			w.isMsg = true
		}
		w.body, w.close = w.bodyEncoder(to, encoding, media.Type == "text")
		return nil
	}()
	return w.err
}

// mediaType returns the media type of the header. If it is a multipart without a
// boundary, it gets one.
func (w *Writer) mediaType(h *Header) (MediaType, error) {
	value := w.implied
	f, ok := h.Field("Content-Type")
	if ok {
		value = f.RawValue()
	}
	media, _, err := ParseMediaType(value, nil)
	if err != nil || media.Type != "multipart" {
		return media, err
	}
	switch b := media.Get("boundary"); {
	case b == "":
		media.Set("boundary", newBoundary())
		text, err := media.AppendText(nil)
		if err != nil {
			return media, err
		}
		return media, h.Set("Content-Type", string(text))
	case !boundary.Valid(b):
		return media, &ParseError{Field: "Content-Type", What: "boundary", Ref: "RFC 2046 §5.1.1"}
	}
	return media, nil
}

// newBoundary returns a boundary of 130 random bits. RFC 2045 §6.7 recommends
// the "=_" at its front, which no encoded body holds.
func newBoundary() string { return "=_" + boundary.Random() }

// writtenHeader returns the lines of a header without the empty one, with CRLF
// as their ends.
func writtenHeader(h *Header, opts WriteOptions) ([]byte, error) {
	var b []byte
	for f := range h.Fields() {
		if f.Name() == "" {
			continue // the "From " line of an mbox file, or damage
		}
		for line := range strings.Lines(f.Raw()) {
			line = trimLineEnd(line)
			if i := strings.IndexAny(line, "\r\x00"); i >= 0 {
				return nil, &ParseError{Offset: int64(len(b) + i), Field: f.Name(), What: "octet", Ref: "RFC 5322 §2.2", Err: ErrHeaderInjection}
			}
			b = append(append(b, line...), crlf...)
		}
	}
	if !opts.UTF8 {
		for at, c := range b {
			if c >= utf8.RuneSelf {
				return nil, &ParseError{Offset: int64(at), What: "header", Ref: "RFC 5322 §2.2", Err: ErrEightBit}
			}
		}
	}
	return b, nil
}

// bodyEncoder returns what a body is written to, so that it comes out encoded,
// and what ends it.
func (w *Writer) bodyEncoder(to io.Writer, e TransferEncoding, text bool) (io.Writer, func() error) {
	var c io.WriteCloser
	switch e {
	case EncodingBase64:
		c = NewBase64Writer(to)
	case EncodingQuotedPrintable:
		// Octets that are no text keep their end, though a line end follows that
		// of the message.
		c = &QPWriter{w: to, inBinary: !text, softEnd: !text}
	case EncodingBinary:
		return to, func() error { return nil }
	default:
		c = newLineWriter(to, e, w.opts.Signable)
	}
	return c, c.Close
}

// Write writes content of a leaf, or of an embedded message as it is. In text in
// quoted-printable, and in what is not encoded, a lone LF is written as CRLF.
func (w *Writer) Write(p []byte) (int, error) {
	switch {
	case w.err != nil:
		return 0, w.err
	case w.body == nil || w.part != nil:
		w.err = &ParseError{What: "content outside of a leaf", Ref: "RFC 2046 §5.1"}
		return 0, w.err
	}
	n, err := w.body.Write(p)
	w.err = err
	return n, err
}

// Close ends the entity and the part in it that is open. It does not close the
// underlying writer. A whole message ends in a line end, even if its text does
// not.
func (w *Writer) Close() error {
	if w.err == ErrClosed {
		return nil
	}
	if err := w.closePart(); err != nil {
		return err
	}
	switch {
	case w.parts != nil:
		w.err = w.parts.Close()
	case w.close != nil:
		w.err = w.close()
	}
	if w.err == nil && w.sink != nil {
		w.err = w.sink.endLine()
	}
	if w.err != nil {
		return w.err
	}
	w.err = ErrClosed
	return nil
}

// closePart closes the part that is open.
func (w *Writer) closePart() error {
	if w.err == nil && w.part != nil {
		w.err = w.part.Close()
		if w.parts != nil {
			w.part = nil
		}
	}
	return w.err
}

// sink counts what is written and knows whether a line ended.
type sink struct {
	w    io.Writer
	n    int64
	last byte
}

func (s *sink) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	if n > 0 {
		s.n += int64(n)
		s.last = p[n-1]
	}
	return n, err
}

// endLine ends a line that has not ended.
func (s *sink) endLine() error {
	if s.last == '\n' {
		return nil
	}
	_, err := s.Write(crlf)
	return err
}
