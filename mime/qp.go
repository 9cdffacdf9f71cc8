package mime

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/bits"
)

// Defects of a quoted-printable body. A body has each at most once, at its
// first place.
const (
	// DefectQPEscape is a "=" that two hexadecimal digits do not follow. It is
	// kept as it is (RFC 2045 §6.7, note 2 in the list of rules).
	DefectQPEscape DefectCode = "quoted-printable-escape"
	// DefectQPLine is a line of more than 76 characters. It is read all the same.
	DefectQPLine DefectCode = "quoted-printable-line"
	// DefectQPCut is a "=" at the end of the body, where a soft line break has
	// no line to go on with. It stands for nothing.
	DefectQPCut DefectCode = "quoted-printable-cut"
)

const (
	qpLine = 76 // RFC 2045 §6.7 (5): no more than 76 characters a line
	// qpMaxBlanks is the longest run of blanks that is taken for padding at the
	// end of a line. They have to be held until the line ends; a longer run is
	// text.
	qpMaxBlanks = 256
	// qpMaxHeld is what waits for more to come: "=", blanks and CR.
	qpMaxHeld = qpMaxBlanks + 2
	// qpGap is how far the decoder stays behind what it reads in the same memory,
	// since it writes eight octets at a time.
	qpGap = 8
)

// QPReader decodes the quoted-printable of RFC 2045 §6.7 as a stream. It never
// fails of itself: what is no quoted-printable is text. Line ends stay as they
// are. Only errors of its source are errors.
type QPReader struct {
	src  io.Reader
	d    qpDecoder
	err  error  // what the source ended with
	held []byte // encoded, not decided yet
	own  []byte // decoded in where the caller brings little room
	out  []byte // what is left of own
}

// NewQPReader returns a reader of what r's quoted-printable stands for. It
// decodes in the caller's memory, so larger reads are faster ones.
func NewQPReader(r io.Reader) *QPReader { return &QPReader{src: r} }

// Defects lists what was wrong in what was read so far. Offsets count encoded
// octets.
func (r *QPReader) Defects() []Defect { return r.d.defects }

// Read decodes up to len(p) octets. At the end of the source it returns io.EOF.
func (r *QPReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		switch {
		case len(r.out) > 0:
			n := copy(p, r.out)
			r.out = r.out[n:]
			return n, nil
		case r.err != nil:
			return 0, r.err
		}
		if len(p) > qpGap+qpMaxHeld*3/2 {
			if n := r.fill(p); n > 0 {
				return n, nil
			}
			continue
		}
		if r.own == nil {
			r.own = make([]byte, qpMaxHeld*4)
		}
		r.out = r.own[:r.fill(r.own)]
	}
}

// fill reads encoded octets into b, behind those that are held, and decodes
// them where they are: nothing stands for more octets than it has.
func (r *QPReader) fill(b []byte) int {
	src := b[qpGap:]
	held := copy(src, r.held)
	n, err := readSome(r.src, src[held:])
	r.err = err
	src = src[:held+n]
	// An error other than the end leaves undecided what was held.
	decoded, took := r.d.decode(b, src, err == io.EOF)
	r.held = append(r.held[:0], src[took:]...)
	return decoded
}

// qpDecoder decodes quoted-printable that comes in pieces.
type qpDecoder struct {
	column  int64 // octets of the encoded line before the piece
	longRun bool  // the piece before ended in more blanks than are padding
	at      int64 // octets before the piece
	defects []Defect
}

// decode decodes a piece into dst, which begins qpGap octets before src in the
// same memory or elsewhere, and returns how many octets it gave and how many it
// took. Those that it did not take, at most
// qpMaxHeld, belong in front of the next piece. With last there is none.
func (d *qpDecoder) decode(dst, src []byte, last bool) (n, took int) {
	if d.longRun {
		took = blanks(src)
		n = copy(dst, src[:took])
		d.column += int64(took)
		d.longRun = took == len(src)
	}
	for took < len(src) {
		i := bytes.IndexByte(src[took:], '\n')
		if i < 0 {
			break
		}
		start, end := took, took+i+1
		stop := end - 1
		if stop > start && src[stop-1] == '\r' {
			stop--
		}
		d.checkLine(stop-start, start)
		d.column = 0
		text, soft := d.trim(src[start:stop])
		n += d.text(dst[n:], src, start, start+text)
		if !soft {
			for _, c := range src[stop:end] {
				dst[n] = c
				n++
			}
		}
		took = end
	}
	if took < len(src) {
		m, end := d.tail(dst[n:], src, took, last)
		n, took = n+m, end
	}
	d.at += int64(took)
	return n, took
}

// tail decodes src[start:], which has no line end.
func (d *qpDecoder) tail(dst, src []byte, start int, last bool) (n, took int) {
	if last {
		d.checkLine(len(src)-start, start)
		text, soft := d.trim(src[start:])
		if soft {
			d.defect(DefectQPCut, int64(start+text))
		}
		return d.text(dst, src, start, start+text), len(src)
	}
	stop := start + undecided(src[start:])
	d.longRun = trailingBlanks(src[start:stop]) > qpMaxBlanks
	d.column += int64(stop - start)
	return d.text(dst, src, start, stop), stop
}

// undecided returns where in the front of a line the octets begin that more
// octets decide on: what may be an escape or a soft line break, blanks that may
// be padding, a CR that may belong to the line's end.
func undecided(line []byte) int {
	stop := len(line)
	if stop > 0 && line[stop-1] == '\r' {
		stop--
	}
	padding := trailingBlanks(line[:stop])
	switch {
	case padding > qpMaxBlanks:
		return stop
	case stop > padding && line[stop-padding-1] == '=':
		return stop - padding - 1
	case stop == len(line) && padding == 0 && stop > 1 && line[stop-2] == '=':
		return stop - 2
	}
	return stop - padding
}

// trim returns how much of a line, which has lost its end, is left without
// padding, and whether it ends in a soft line break, which is taken off too.
// RFC 2045 §6.7 (3): blanks at the end of an encoded line were added on the way
// and must be deleted.
func (d *qpDecoder) trim(line []byte) (text int, soft bool) {
	text = len(line)
	if padding := trailingBlanks(line); padding <= qpMaxBlanks {
		text -= padding
	}
	if text > 0 && line[text-1] == '=' {
		return text - 1, true
	}
	return text, false
}

// text decodes src[s:end], which is of one line. Runs of text are short, a word
// or a line, so that it takes eight octets at a step by itself and not by a
// search and a copy. What it writes too many is written over.
func (d *qpDecoder) text(dst, src []byte, s, end int) (n int) {
	const (
		ones  = 0x0101010101010101
		highs = 0x80 * ones
	)
	for s < end {
		for src[s] != '=' && len(src)-s >= 8 {
			v := binary.LittleEndian.Uint64(src[s:])
			binary.LittleEndian.PutUint64(dst[n:], v)
			equals := v ^ '='*ones
			found := (equals - ones) &^ equals & highs
			if found != 0 {
				run := bits.TrailingZeros64(found) / 8
				n, s = n+run, s+run
				break
			}
			n, s = n+8, s+8
			if s >= end {
				break
			}
		}
		if s >= end {
			return n - (s - end) // what stands behind the line was written too
		}
		if src[s] != '=' {
			dst[n] = src[s] // one of the last in the piece
			n, s = n+1, s+1
			continue
		}
		dst[n] = '='
		if end-s > 2 {
			if v := hexValue[src[s+1]]<<4 | hexValue[src[s+2]]; v >= 0 {
				dst[n] = byte(v)
				n, s = n+1, s+3
				continue
			}
		}
		d.defect(DefectQPEscape, int64(s))
		n, s = n+1, s+1
	}
	return n
}

// hexValue has the value of each hexadecimal digit, -1 for other octets. Lower
// case is taken (RFC 2045 §6.7, note 1 in the list of rules).
var hexValue = func() (t [256]int16) {
	for i := range t {
		t[i] = -1
	}
	for v, c := range []byte("0123456789ABCDEF") {
		t[c] = int16(v)
	}
	for v, c := range []byte("abcdef") {
		t[c] = int16(v + 10)
	}
	return t
}()

// checkLine notes a line that is too long, of which n octets are in the piece
// from start on.
func (d *qpDecoder) checkLine(n, start int) {
	if d.column+int64(n) > qpLine {
		d.defect(DefectQPLine, int64(start)-d.column)
	}
}

// defect notes a defect if it is the first of its kind. At counts from the piece.
func (d *qpDecoder) defect(code DefectCode, at int64) {
	for _, known := range d.defects {
		if known.Code == code {
			return
		}
	}
	d.defects = append(d.defects, Defect{Code: code, Offset: d.at + at, Ref: "RFC 2045 §6.7"})
}

// blanks counts the spaces and tabs at the front of b.
func blanks(b []byte) (n int) {
	for n < len(b) && (b[n] == ' ' || b[n] == '\t') {
		n++
	}
	return n
}

// trailingBlanks counts the spaces and tabs at the end of b.
func trailingBlanks(b []byte) (n int) {
	for n < len(b) && (b[len(b)-1-n] == ' ' || b[len(b)-1-n] == '\t') {
		n++
	}
	return n
}
