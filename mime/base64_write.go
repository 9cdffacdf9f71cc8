package mime

import (
	"encoding/binary"
	"errors"
	"io"
)

// ErrClosed means that something was written behind Close.
var ErrClosed = errors.New("mime: write behind Close")

const (
	base64LineChars  = 76 // RFC 2045 §6.8: no more than 76 characters a line
	base64LineOctets = base64LineChars / 4 * 3
	base64Line       = base64LineChars + 2 // with its CRLF
	base64Lines      = 104                 // written at a time: about 8 KiB
)

// Base64Writer encodes into the base64 of RFC 2045 §6.8, in lines of 76
// characters with CRLF. Close ends it.
type Base64Writer struct {
	w     io.Writer
	begun [base64LineOctets]byte // of a line that is not full
	n     int
	out   []byte
	err   error
}

// NewBase64Writer returns a writer that encodes to w.
func NewBase64Writer(w io.Writer) *Base64Writer { return &Base64Writer{w: w} }

// Write encodes p. Octets of a line that is not full wait for more.
func (w *Base64Writer) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	written := len(p)
	if w.n > 0 {
		n := copy(w.begun[w.n:], p)
		w.n += n
		p = p[n:]
		if w.n < len(w.begun) {
			return written, nil
		}
		w.n = 0
		w.lines(w.begun[:])
	}
	whole := len(p) - len(p)%base64LineOctets
	w.lines(p[:whole])
	w.n = copy(w.begun[:], p[whole:])
	if w.err != nil {
		return 0, w.err
	}
	return written, nil
}

// Close writes what waits and the last line's end. It does not close the
// underlying writer. Nothing written gives nothing.
func (w *Base64Writer) Close() error {
	if w.err == nil {
		w.lines(w.begun[:w.n])
		w.n = 0
		w.flush()
	}
	if w.err == nil {
		w.err = ErrClosed
		return nil
	}
	if w.err == ErrClosed {
		return nil
	}
	return w.err
}

// lines encodes lines, of which the last may be short.
func (w *Base64Writer) lines(p []byte) {
	for len(p) > 0 && w.err == nil {
		if w.out == nil {
			w.out = make([]byte, 0, base64Lines*base64Line)
		}
		if cap(w.out)-len(w.out) < base64Line {
			w.flush()
		}
		line := p[:min(len(p), base64LineOctets)]
		p = p[len(line):]
		w.out = append(appendBase64(w.out, line), "\r\n"...)
	}
}

func (w *Base64Writer) flush() {
	if len(w.out) == 0 || w.err != nil {
		return
	}
	_, w.err = w.w.Write(w.out)
	w.out = w.out[:0]
}

// base64Pairs has the two characters of each 12 bits, the first in the high
// octet.
var base64Pairs = func() (t [1 << 12]uint16) {
	for i := range t {
		t[i] = uint16(base64Alphabet[i>>6])<<8 | uint16(base64Alphabet[i&63])
	}
	return t
}()

// appendBase64 appends src in base64 with padding, as one line.
func appendBase64(dst, src []byte) []byte {
	t := &base64Pairs
	at := len(dst)
	dst = append(dst, make([]byte, (len(src)+2)/3*4)...)
	out := dst[at:]
	for len(src) >= 8 && len(out) >= 8 {
		v := binary.BigEndian.Uint64(src)
		binary.BigEndian.PutUint64(out, uint64(t[v>>52])<<48|uint64(t[v>>40&0xfff])<<32|uint64(t[v>>28&0xfff])<<16|uint64(t[v>>16&0xfff]))
		src, out = src[6:], out[8:]
	}
	for len(src) >= 3 {
		v := uint32(src[0])<<16 | uint32(src[1])<<8 | uint32(src[2])
		binary.BigEndian.PutUint32(out, uint32(t[v>>12])<<16|uint32(t[v&0xfff]))
		src, out = src[3:], out[4:]
	}
	switch len(src) {
	case 1:
		binary.BigEndian.PutUint16(out, t[uint32(src[0])<<4])
		out[2], out[3] = '=', '='
	case 2:
		v := uint32(src[0])<<16 | uint32(src[1])<<8
		binary.BigEndian.PutUint16(out, t[v>>12])
		out[2], out[3] = byte(t[v&0xfff]>>8), '='
	}
	return dst
}
