package form

import (
	"io"
	"strings"
	"unicode/utf8"

	"applayer/internal/boundary"
)

// Part is a field or a file in a multipart/form-data body. Its content is a
// stream that ends with the next call of [Reader.Next].
type Part struct {
	// Name is the field's name.
	Name string
	// FileName is the name of the file as the peer has it, cut down to its last
	// element. It is empty if none was given, if none was chosen, or if the name
	// was a directory's.
	FileName string
	// IsFile tells that a file name was given, be it empty: the field chooses
	// a file.
	IsFile bool
	// ContentType is the media type that the peer claims, "text/plain" if it
	// claims none (RFC 7578 §4.4).
	ContentType string
	// Offset is where the part's header begins in the body.
	Offset int64

	r    *Reader
	raw  *boundary.Part
	base int64
}

// Read reads the part's content.
func (p *Part) Read(b []byte) (int, error) {
	n, err := p.raw.Read(b)
	if err != nil && err != io.EOF {
		err = p.r.explain(err, p.base)
	}
	return n, err
}

// WriteTo writes the rest of the part's content to w; io.Copy uses it.
func (p *Part) WriteTo(w io.Writer) (int64, error) {
	n, err := p.raw.WriteTo(w)
	if err != nil {
		err = p.r.explain(err, p.base)
	}
	return n, err
}

// Text reads the rest of the part's content as a value of at most
// Limits.MaxValue octets of UTF-8.
func (p *Part) Text() (string, error) {
	most := p.r.bounds.value
	return p.text(bound{"MaxValue", most, most})
}

func (p *Part) text(most bound) (string, error) {
	var b strings.Builder
	if err := p.copyTo(&b, most); err != nil {
		return "", err
	}
	if s := b.String(); utf8.ValidString(s) {
		return s, nil
	}
	return "", &ParseError{Offset: p.Offset, What: "value", Ref: "RFC 7578 §5.1.2", Reply: 400, Err: errUTF8}
}

// copyTo copies the content to w, as far as the limit allows.
func (p *Part) copyTo(w io.Writer, most bound) error {
	limited := &limitedWriter{w: w, left: most.left}
	_, err := p.WriteTo(limited)
	if limited.over {
		return tooMuch(most.name, most.max)
	}
	return err
}

// limitedWriter fails rather than write more than left.
type limitedWriter struct {
	w    io.Writer
	left int64
	over bool
}

func (l *limitedWriter) Write(b []byte) (int, error) {
	if int64(len(b)) > l.left {
		l.over = true
		return 0, io.ErrShortWrite
	}
	l.left -= int64(len(b))
	return l.w.Write(b)
}
