package mime

import (
	"encoding/binary"
	"io"
	"unicode/utf8"

	"applayer/internal/ascii"
)

// QPOptions says how quoted-printable is written. The zero value writes text.
type QPOptions struct {
	// Binary encodes CR and LF as any other octet. Without it CRLF and a lone LF
	// are line ends, which are written as CRLF (RFC 2045 §6.7 (4)).
	Binary bool
}

const (
	// qpAhead is how many octets the encoder has to see to decide about the first
	// of them: "From ", or a character of four octets and a line end.
	qpAhead = 6
	// qpPiece is how much is written at a time, about.
	qpPiece = 8 << 10
	// qpMaxStep is the most that one step of the encoder appends: a line and a
	// character that has no room on it.
	qpMaxStep = 2 * (qpLine + 2)
)

// QPWriter encodes into the quoted-printable of RFC 2045 §6.7, in lines of at
// most 76 characters. No line ends in a blank, begins with "From " or is a lone
// ".", so that what mail programs do to those cannot harm it (RFC 2049 §3), and
// no character of UTF-8 is divided by a line's end. Close ends it.
type QPWriter struct {
	w        io.Writer
	inBinary bool
	softEnd  bool   // a soft line break ends the last line
	column   int    // of the encoded line
	ahead    []byte // not encoded yet, as what follows decides
	out      []byte
	err      error
}

// NewQPWriter returns a writer that encodes to w. opts may be nil.
func NewQPWriter(w io.Writer, opts *QPOptions) *QPWriter {
	return &QPWriter{w: w, inBinary: opts != nil && opts.Binary}
}

// Write encodes p. A few octets at the end wait for what follows.
func (w *QPWriter) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	written := len(p)
	if waiting := len(w.ahead); waiting > 0 {
		// The ones that wait are decided with as many of p as are looked at.
		w.ahead = append(w.ahead, p[:min(len(p), qpAhead)]...)
		took := w.encode(w.ahead, false)
		if len(w.ahead)-waiting == len(p) {
			w.ahead = append(w.ahead[:0], w.ahead[took:]...)
			return w.wrote(written)
		}
		p = p[took-waiting:]
	}
	took := w.encode(p, false)
	w.ahead = append(w.ahead[:0], p[took:]...)
	return w.wrote(written)
}

func (w *QPWriter) wrote(n int) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	return n, nil
}

// Close writes what waits. It adds no line end and does not close the
// underlying writer.
func (w *QPWriter) Close() error {
	if w.err == ErrClosed {
		return nil
	}
	if w.err == nil {
		w.encode(w.ahead, true)
		w.ahead = nil
		if w.softEnd && w.column > 0 {
			w.out = append(w.out, softBreak...)
		}
		w.flush()
	}
	if w.err != nil {
		return w.err
	}
	w.err = ErrClosed
	return nil
}

func (w *QPWriter) flush() {
	if len(w.out) > 0 && w.err == nil {
		_, w.err = w.w.Write(w.out)
	}
	w.out = w.out[:0]
}

// isQPPlain is the class of octets that stand for themselves, blanks only where
// no line end follows (RFC 2045 §6.7 (2) and (3)).
var isQPPlain = ascii.VChar.Or(ascii.Chars(" \t")).Without(ascii.Chars("="))

// encode encodes the front of b as far as it can tell what is to be done, and
// returns how many octets that are. With last nothing follows b.
func (w *QPWriter) encode(b []byte, last bool) (took int) {
	for len(b)-took >= qpAhead || last && took < len(b) {
		if cap(w.out)-len(w.out) < qpMaxStep {
			w.flush()
			if w.out == nil {
				w.out = make([]byte, 0, qpPiece)
			}
		}
		rest := b[took:]
		if w.column == 0 && w.opensLine(rest) {
			w.escape(rest[:1])
			took++
			continue
		}
		// One column is left for the "=" of a soft line break.
		if n := w.line(rest, qpLine-1-w.column); n > 0 {
			took += n
			continue
		}
		took += w.unit(rest)
	}
	return took
}

// line encodes octets at the front of b for as long as the line has room for
// any octet, up to a line end.
func (w *QPWriter) line(b []byte, room int) (n int) {
	at := len(w.out)
	out := w.out[:cap(w.out)]
	full, end := at+room-3, len(b)-utf8.UTFMax
	for n+1 < end && at+3 <= full {
		first, second := qpCodes[b[n]], qpCodes[b[n+1]]
		if first == 0 || second == 0 {
			break
		}
		both := uint64(first&0xffffff) | uint64(second)<<(first>>24*8)
		binary.LittleEndian.PutUint64(out[at:], both) // what is too much is written over
		at += int(first>>24 + second>>24)
		n += 2
	}
	if n < end && at <= full && qpCodes[b[n]] != 0 {
		code := qpCodes[b[n]]
		binary.LittleEndian.PutUint32(out[at:], code)
		at += int(code >> 24)
		n++
	}
	if n == 0 {
		return 0
	}
	if whole := characterEnd(b, n); whole < n {
		at -= 3 * (n - whole)
		n = whole
	}
	if n > 0 && qpCodes[b[n]] == 0 && (b[n-1] == ' ' || b[n-1] == '\t') {
		n, at = n-1, at-1
	}
	w.column += at - len(w.out)
	w.out = out[:at]
	return n
}

// characterEnd returns the last place in b up to end that is not inside a
// character of UTF-8. At least [utf8.UTFMax] octets follow end.
func characterEnd(b []byte, end int) int {
	for start := end - 1; start >= max(0, end-utf8.UTFMax+1) && !utf8.RuneStart(b[end]); start-- {
		if utf8.RuneStart(b[start]) {
			if _, size := utf8.DecodeRune(b[start:]); start+size > end {
				return start
			}
			break
		}
	}
	return max(0, end)
}

// qpCodes has what stands for each octet, the first character lowest, and its
// length as the fourth: 0 for CR and LF, of which what follows decides.
var qpCodes = func() (t [256]uint32) {
	for c := range t {
		switch {
		case isQPPlain.Has(byte(c)):
			t[c] = uint32(c) | 1<<24
		case c != '\r' && c != '\n':
			t[c] = '=' | uint32(qpDigits[c>>4])<<8 | uint32(qpDigits[c&15])<<16 | 3<<24
		}
	}
	return t
}()

const qpDigits = "0123456789ABCDEF"

// opensLine tells whether the first octet of a line has to be encoded, since
// something treats such lines specially on the way: RFC 2049 §3 warns of those
// that begin with "From " and of those that are a ".".
func (w *QPWriter) opensLine(b []byte) bool {
	switch b[0] {
	case 'F':
		return len(b) >= 5 && string(b[:5]) == "From "
	case '.':
		return w.lineEnd(b[1:]) >= 0
	}
	return false
}

// softBreak ends a line that goes on (RFC 2045 §6.7 (5)).
const softBreak = "=\r\n"

// lineEnd returns how long the line end at the front of b is: 0 at the end of
// everything, -1 if there is none.
func (w *QPWriter) lineEnd(b []byte) int {
	switch {
	case len(b) == 0 && !w.softEnd:
		return 0
	case w.inBinary || len(b) == 0:
		return -1
	case b[0] == '\n':
		return 1
	case b[0] == '\r' && len(b) > 1 && b[1] == '\n':
		return 2
	}
	return -1
}

// unit encodes a line end or a character, before it a soft line break if the
// line has no room for it. It returns how many octets of b that takes.
func (w *QPWriter) unit(b []byte) int {
	if n := w.lineEnd(b); n > 0 {
		w.out = append(w.out, "\r\n"...)
		w.column = 0
		return n
	}
	n, plain := 1, isQPPlain.Has(b[0])
	if plain && (b[0] == ' ' || b[0] == '\t') {
		plain = w.lineEnd(b[1:]) < 0
	}
	if _, size := utf8.DecodeRune(b); size > 1 {
		n = size
	}
	width := 3 * n
	if plain {
		width = 1
	}
	// The last column is for what ends the line: a hard line break needs none.
	if left := qpLine - w.column - width; left < 0 || left == 0 && w.lineEnd(b[n:]) < 0 {
		w.out = append(w.out, softBreak...)
		w.column = 0
		return 0
	}
	if plain {
		w.out = append(w.out, b[0])
		w.column++
		return 1
	}
	w.escape(b[:n])
	return n
}

// escape encodes octets, for which the line has room.
func (w *QPWriter) escape(b []byte) {
	for _, c := range b {
		w.out = append(w.out, '=', qpDigits[c>>4], qpDigits[c&15])
	}
	w.column += 3 * len(b)
}
