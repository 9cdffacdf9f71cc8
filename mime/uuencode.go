package mime

import (
	"bytes"
	"io"
)

// Defects of a uuencoded body. A body has each at most once, at its first place.
// Uuencode is in no RFC; the reference is the uuencode utility of POSIX.
const (
	// DefectUUBegin is a body without a "begin" line, so that none of it is
	// data.
	DefectUUBegin DefectCode = "uuencode-begin"
	// DefectUUEnd is a body without its "end" line: the last part may be missing.
	DefectUUEnd DefectCode = "uuencode-end"
	// DefectUULine is a line that is no data, or has less or more of it than its
	// first character says.
	DefectUULine DefectCode = "uuencode-line"
)

// uuRef stands where another codec cites an RFC.
const uuRef = "POSIX uuencode"

// uuMaxLine is how much of a line is looked at: 63 octets as characters, the
// length, a checksum that some add, and then some. More is passed over.
const uuMaxLine = 256

// UUReader decodes a body in x-uuencode, which RFC 2045 has not, but old mail
// has: what stands between "begin" and "end". Text around it is passed over. It
// never fails of itself. Only errors of its source are errors.
type UUReader struct {
	src     io.Reader
	in      []byte // read and not looked at
	own     []byte // where in points to
	err     error  // what the source ended with
	line    []byte // the begin of a line that is not whole
	at      int64  // octets before the line
	length  int64  // of the line so far
	state   uuState
	name    string
	defects []Defect
	out     []byte // decoded and not read
	decoded [64]byte
}

// uuState is where in a uuencoded body a reader is.
type uuState int

const (
	uuBefore uuState = iota // no "begin" so far
	uuInside
	uuAfter // the "end" has passed
)

// NewUUReader returns a reader of the first uuencoded file in r.
func NewUUReader(r io.Reader) *UUReader { return &UUReader{src: r} }

// Name returns the file's name as the "begin" line has it, "" before that line
// was read. A sender chose it: see SafeFilename before it becomes a file's.
func (r *UUReader) Name() string { return r.name }

// Defects lists what was wrong in what was read so far. Offsets count encoded
// octets.
func (r *UUReader) Defects() []Defect { return r.defects }

// Read decodes up to len(p) octets. At the end of the source it returns io.EOF.
func (r *UUReader) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	for n < len(p) {
		switch {
		case len(r.out) > 0:
			m := copy(p[n:], r.out)
			r.out = r.out[m:]
			n += m
		case len(r.in) > 0:
			r.take()
		case n > 0:
			return n, nil
		case r.err != nil:
			return 0, r.err
		default:
			r.fill()
		}
	}
	return n, nil
}

// fill reads more. At the end of the source what is left is a line.
func (r *UUReader) fill() {
	if r.own == nil {
		r.own = make([]byte, 4<<10)
	}
	n, err := readSome(r.src, r.own)
	r.in, r.err = r.own[:n], err
	if n == 0 && err == io.EOF {
		if r.length > 0 {
			r.endLine()
		}
		switch r.state {
		case uuBefore:
			r.defect(DefectUUBegin)
		case uuInside:
			r.defect(DefectUUEnd)
		}
	} else if err == io.EOF {
		r.err = nil // it will say so again
	}
}

// take looks at what was read up to the end of a line.
func (r *UUReader) take() {
	n := len(r.in)
	i := bytes.IndexByte(r.in, '\n')
	if i >= 0 {
		n = i + 1
	}
	r.line = append(r.line, r.in[:min(n, uuMaxLine-len(r.line))]...)
	r.length += int64(n)
	r.in = r.in[n:]
	if i >= 0 {
		r.endLine()
	}
}

// endLine decodes a whole line.
func (r *UUReader) endLine() {
	line := bytes.TrimRight(trimLineEnd(r.line), "\r")
	switch {
	case r.state == uuBefore:
		r.begin(line)
	case r.state == uuInside && string(bytes.TrimRight(line, " \t")) == "end":
		r.state = uuAfter
	case r.state == uuInside:
		r.data(line)
	}
	r.at += r.length
	r.line, r.length = r.line[:0], 0
}

// begin takes a line "begin mode name", the mode in octal digits.
func (r *UUReader) begin(line []byte) {
	rest, ok := bytes.CutPrefix(line, []byte("begin "))
	mode, name, named := bytes.Cut(rest, []byte(" "))
	if !ok || !named || len(mode) < 3 || len(mode) > 4 || len(bytes.Trim(mode, "01234567")) > 0 {
		return
	}
	r.state, r.name = uuInside, string(name)
}

// data decodes a line of data: how many octets it stands for, then four
// characters for each three of them. Blanks at its end may have been lost, and
// a blank is a zero.
func (r *UUReader) data(line []byte) {
	if len(line) == 0 {
		return
	}
	if line[0] < ' ' || line[0] > '`' {
		r.defect(DefectUULine)
		return
	}
	octets := uuBits(line[0])
	line = line[1:]
	chars := (octets + 2) / 3 * 4
	// Some add a character as a checksum; some write only as many characters as
	// the last octets need.
	if len(line) > chars+1 {
		r.defect(DefectUULine)
	}
	line = line[:min(len(line), chars)]
	for _, c := range line {
		if c < ' ' || c > '`' {
			r.defect(DefectUULine)
		}
	}
	r.out = r.decoded[:0]
	for at := 0; at < chars; at += 4 {
		var group int
		for place := range 4 {
			group <<= 6
			if at+place < len(line) {
				group |= uuBits(line[at+place])
			}
		}
		r.out = append(r.out, byte(group>>16), byte(group>>8), byte(group))
	}
	r.out = r.out[:octets]
}

// uuBits returns the six bits that a character stands for: a blank and "`" both
// for zero.
func uuBits(c byte) int { return int(c-' ') & 63 }

// defect notes a defect of the line if it is the first of its kind.
func (r *UUReader) defect(code DefectCode) {
	for _, known := range r.defects {
		if known.Code == code {
			return
		}
	}
	r.defects = append(r.defects, Defect{Code: code, Offset: r.at, Ref: uuRef})
}
