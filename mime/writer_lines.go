package mime

import (
	"bytes"
	"errors"
	"io"

	"applayer/internal/ascii"
)

// ErrNotLines means a body written as 7bit or 8bit that is not lines of at most
// 998 octets without NUL and lone CR, or, as 7bit, not ASCII (RFC 2045 §2.7 and
// RFC 2045 §2.8).
var ErrNotLines = errors.New("mime: body is not lines that its encoding allows")

// ErrEightBit means octets beyond ASCII where [WriteOptions] allow none.
var ErrEightBit = errors.New("mime: octets beyond ASCII")

var (
	isLine7Bit = ascii.Range(1, 0x7f).Without(ascii.Chars("\r\n"))
	isLine8Bit = ascii.Range(1, 0xff).Without(ascii.Chars("\r\n"))
)

// lineWriter writes a body that needs no encoding, with a lone LF as CRLF. It
// refuses what the encoding that was promised does not allow.
type lineWriter struct {
	w      io.Writer
	class  *ascii.Class
	column int  // octets of the line so far
	cr     bool // the last octet was a CR, which waits for its LF
	out    []byte
	at     int64
	facts  *bodyFacts // of what has to be fit for a signature
	err    error
}

func newLineWriter(w io.Writer, e TransferEncoding, signable bool) *lineWriter {
	l := &lineWriter{w: w, class: &isLine7Bit}
	if signable {
		l.facts = new(bodyFacts)
	}
	if e == Encoding8Bit {
		l.class = &isLine8Bit
	}
	return l
}

func (l *lineWriter) Write(p []byte) (int, error) {
	written := len(p)
	if l.facts != nil {
		if l.facts.look(p); l.facts.fragile {
			l.refuse("blank at the end of a line, or From at its front", "RFC 3156 §5")
		}
	}
	for len(p) > 0 && l.err == nil {
		n := bytes.IndexByte(p, '\n')
		switch {
		case n == 0:
			l.cr = false
			l.column = 0
			l.put(crlf)
			l.at++
			p = p[1:]
			continue
		case n < 0:
			n = len(p)
		}
		if l.cr {
			l.refuse("lone CR", "RFC 2045 §2.7")
			break
		}
		p = p[l.text(p[:n]):]
	}
	l.flush()
	if l.err != nil {
		return 0, l.err
	}
	return written, nil
}

// text takes octets of one line, which may end in the CR of its end.
func (l *lineWriter) text(line []byte) int {
	n := len(line)
	if line[n-1] == '\r' {
		line = line[:n-1]
		l.cr = true
	}
	good := ascii.Span(l.class, line)
	l.at += int64(good)
	switch {
	case good < len(line):
		l.refuse("octet", "RFC 2045 §2.7")
		return n
	case l.column+len(line) > longestLine:
		l.refuse("line", "RFC 5322 §2.1.1")
		return n
	}
	l.column += len(line)
	l.at += int64(n - good)
	l.put(line)
	return n
}

// put adds octets to what is written at once.
func (l *lineWriter) put(b []byte) {
	if l.out == nil {
		l.out = make([]byte, 0, 8<<10)
	}
	if len(l.out)+len(b) > cap(l.out) {
		l.flush()
	}
	l.out = append(l.out, b...)
}

var crlf = []byte("\r\n")

// refuse ends the writing.
func (l *lineWriter) refuse(what, ref string) {
	l.err = &ParseError{Offset: l.at, What: what, Ref: ref, Err: ErrNotLines}
}

func (l *lineWriter) flush() {
	if len(l.out) > 0 {
		if _, err := l.w.Write(l.out); l.err == nil {
			l.err = err
		}
		l.out = l.out[:0]
	}
}

// Close refuses a body that ends in the middle of a line end.
func (l *lineWriter) Close() error {
	if l.err == nil && l.cr {
		l.refuse("lone CR", "RFC 2045 §2.7")
	}
	return l.err
}
