package ftp

import (
	"bytes"
	"io"
)

// ASCIIReader reads NVT-ASCII, as a data connection has it under TYPE A, and
// gives text as it is kept here: CR LF becomes LF (RFC 959 §3.1.1.1). A CR alone
// stays, and so does an LF alone, which is what some clients send. What
// [ASCIIWriter] has written reads as what it was, to the octet.
type ASCIIReader struct{ in unpacker }

// NewASCIIReader returns an ASCIIReader of r. It reads no more of r than it is
// asked for.
func NewASCIIReader(r io.Reader) *ASCIIReader {
	return &ASCIIReader{unpacker{r: r, coding: asciiCoding{}}}
}

// Read reads text. It may return 0 and nil where the reader below did. After an
// error it repeats the error.
func (r *ASCIIReader) Read(p []byte) (int, error) { return r.in.Read(p) }

type asciiCoding struct{}

func (asciiCoding) decode(q []byte) (written, used int, err error) {
	cr := bytes.IndexByte(q, '\r')
	if cr < 0 {
		return len(q), len(q), nil
	}
	for w := cr; ; { // q[cr] is a CR, and what is before it stands at q[:w]
		if cr+1 == len(q) {
			return w, cr, nil
		}
		from := cr
		if q[cr+1] == '\n' {
			from++
		}
		next := bytes.IndexByte(q[cr+1:], '\r')
		if next < 0 {
			return w + copy(q[w:], q[from:]), len(q), nil
		}
		next += cr + 1
		w += copy(q[w:], q[from:next])
		cr = next
	}
}

// end lets a CR that is the last octet of all be what it is.
func (asciiCoding) end() error { return nil }

// ASCIIWriter takes text as it is kept here and writes NVT-ASCII: LF becomes
// CR LF (RFC 959 §3.1.1.1), whatever stands before it. That can be undone, as
// RFC 959 §3.1.2 asks; vsftpd leaves CR LF alone, which cannot.
type ASCIIWriter struct{ out packer }

// NewASCIIWriter returns an ASCIIWriter to w. It keeps nothing back.
func NewASCIIWriter(w io.Writer) *ASCIIWriter {
	return &ASCIIWriter{packer{w: w, encode: appendASCII}}
}

// Write writes text. n counts octets of p, in steps of 32 KiB.
func (w *ASCIIWriter) Write(p []byte) (n int, err error) { return w.out.Write(p) }

// appendASCII appends text as NVT-ASCII.
func appendASCII(dst, text []byte) []byte {
	for {
		i := bytes.IndexByte(text, '\n')
		if i < 0 {
			return append(dst, text...)
		}
		dst = append(append(dst, text[:i]...), '\r', '\n')
		text = text[i+1:]
	}
}

// ASCIISize returns how many octets the text of r has as NVT-ASCII, which SIZE
// answers under TYPE A (RFC 3659 §4).
func ASCIISize(r io.Reader) (int64, error) {
	var size int64
	buf := make([]byte, packed)
	for {
		n, err := r.Read(buf)
		size += int64(n + bytes.Count(buf[:n], []byte{'\n'}))
		switch err {
		case nil:
		case io.EOF:
			return size, nil
		default:
			return 0, err
		}
	}
}
