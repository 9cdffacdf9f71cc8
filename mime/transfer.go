package mime

import "io"

// lookAhead is how much of a body is looked at to choose its encoding. A body
// is streamed, so what comes behind is unknown when the header is written.
const lookAhead = 64 << 10

// bodyFacts is what decides how a body can be written. It is gathered from
// octets in pieces.
type bodyFacts struct {
	octets   int64
	plain    int64 // those that quoted-printable writes as one, blanks included
	breaks   int64 // CR and LF
	eightBit bool  // some are not ASCII
	loneLF   bool  // some lines end in LF alone
	broken   bool  // NUL, a CR without LF, or a line of more than 998 octets
	fragile  bool  // a blank at the end of a line, or "From " at the front

	column     int
	from       int // how much of "From " the line has at its front
	last, prev byte
}

const fromLine = "From "

// look takes a piece of the body.
func (f *bodyFacts) look(p []byte) {
	f.octets += int64(len(p))
	for _, c := range p {
		switch {
		case c == '\n':
			f.endLine()
		case f.last == '\r':
			f.broken = true
			fallthrough
		default:
			f.octet(c)
		}
		f.prev, f.last = f.last, c
	}
}

func (f *bodyFacts) endLine() {
	f.breaks++
	before := f.last
	if before == '\r' {
		before = f.prev
		f.column--
	} else {
		f.loneLF = true
	}
	f.checkLine(before)
	f.column, f.from = 0, 0
}

// checkLine looks at a line that has ended behind an octet.
func (f *bodyFacts) checkLine(before byte) {
	f.broken = f.broken || f.column > longestLine
	f.fragile = f.fragile || f.column > 0 && (before == ' ' || before == '\t')
}

func (f *bodyFacts) octet(c byte) {
	switch {
	case c == '\r':
		f.breaks++
	case isQPPlain.Has(c):
		f.plain++
	case c >= 0x80:
		f.eightBit = true
	case c == 0:
		f.broken = true
	}
	if f.column < len(fromLine) && f.from == f.column && c == fromLine[f.column] {
		if f.from++; f.from == len(fromLine) {
			f.fragile = true
		}
	}
	f.column++
}

// end takes the end of the body, if it is known.
func (f *bodyFacts) end() {
	f.broken = f.broken || f.last == '\r'
	f.checkLine(f.last)
}

// asIs returns the encoding of a body, all of which was looked at, if it needs
// none: EncodingAuto if it does. What is exact has to arrive as it is, so that
// its line ends must be CRLF.
func (f *bodyFacts) asIs(exact bool, o WriteOptions) TransferEncoding {
	switch {
	case f.broken, exact && f.loneLF, o.Signable && f.fragile:
		return EncodingAuto
	case !f.eightBit:
		return Encoding7Bit
	case o.EightBit:
		return Encoding8Bit
	}
	return EncodingAuto
}

// encoded returns the shorter of quoted-printable and base64, quoted-printable
// only if it can be read without decoding and keeps each line end.
func (f *bodyFacts) encoded(text, whole bool) TransferEncoding {
	escaped := f.octets - f.plain
	if text {
		escaped -= f.breaks
	}
	// Quoted-printable adds two octets to each that is not plain; base64 adds a
	// third and the line ends.
	if escaped < f.octets/6 && whole && !(text && f.loneLF) {
		return EncodingQuotedPrintable
	}
	return EncodingBase64
}

// front is a body whose first octets were looked at.
type front struct {
	octets []byte
	whole  bool // nothing follows them
	rest   io.Reader
	facts  bodyFacts
}

// lookAt reads as much of a body as is needed to choose its encoding.
func lookAt(r io.Reader) (*front, error) {
	f := &front{rest: r}
	buf := make([]byte, lookAhead+1)
	n, err := io.ReadFull(r, buf)
	switch err {
	case io.EOF, io.ErrUnexpectedEOF:
		f.whole = true
	case nil:
	default:
		return nil, err
	}
	f.octets = buf[:n]
	f.facts.look(f.octets[:min(n, lookAhead)])
	if f.whole {
		f.facts.end()
	}
	return f, nil
}

// encoding chooses one. With canonical, all line ends are CRLF, those behind
// the front too.
func (f *front) encoding(text, canonical bool, o WriteOptions) TransferEncoding {
	if f.whole {
		if e := f.facts.asIs(true, o); e != EncodingAuto {
			return e
		}
	}
	return f.facts.encoded(text, f.whole || canonical)
}

// writeTo writes the whole body.
func (f *front) writeTo(w io.Writer) error {
	if _, err := w.Write(f.octets); err != nil || f.whole {
		return err
	}
	_, err := io.Copy(w, f.rest)
	return err
}
