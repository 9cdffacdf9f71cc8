// Package boundary finds and writes what stands between the parts of a
// multipart body: the delimiter of RFC 2046 §5.1.1.
//
// A delimiter is a whole line: two hyphens, the boundary, two more hyphens if
// it is the last, spaces and tabs that a transport added, and the line's end.
// The line end before it belongs to it and not to the part. RFC 2046 §5.1.1
// would let the boundary at the front of a line be enough; then a part could
// not hold a multipart whose own boundary begins with the outer one, which
// mail programs do send, so a longer line is content here.
//
// [Delimiter] is the search, a pure function; [Reader] yields parts from a
// stream and [Writer] makes them. [Set] searches for the delimiters of all
// multiparts that are open, one within the other, and takes any boundary that
// mail has. What the fields in a part's header mean is the caller's business.
package boundary

import (
	"bytes"
	"errors"
)

// MaxLen is the length of the longest boundary (RFC 2046 §5.1.1).
const MaxLen = 70

// maxPadding bounds the white space behind a delimiter, which has to be held
// until the line's end shows that it was one.
const maxPadding = 256

// Errors of this package. A [Reader] wraps them in an [Error].
var (
	// ErrIncomplete means that more octets decide.
	ErrIncomplete = errors.New("delimiter incomplete")
	// ErrBoundary means that a string cannot be a boundary.
	ErrBoundary = errors.New("not a boundary of 1 to 70 characters")
	// ErrPadding means that a delimiter has too much white space behind it.
	ErrPadding = errors.New("white space behind a delimiter too long")
	// ErrHeaderTooLong means that a part's header is longer than the limit.
	ErrHeaderTooLong = errors.New("part header too long")
	// ErrHeaderCut means that a delimiter stands before a part header's end.
	ErrHeaderCut = errors.New("delimiter inside a part header")
	// ErrBareLF means that a line of a part's header ends in LF alone.
	ErrBareLF = errors.New("LF without CR")
	// ErrHeader means that a part header to be written is not whole lines.
	ErrHeader = errors.New("part header is not lines that end in CRLF")
	// ErrDelimiter means that content to be written holds the delimiter.
	ErrDelimiter = errors.New("content holds the delimiter")
	// ErrPast means that a part was used after its successor had been asked for.
	ErrPast = errors.New("part is past")
)

// Delimiter finds one boundary's delimiters.
type Delimiter struct {
	// BareLF also takes LF alone as a line's end, as mail on disk has it.
	BareLF bool

	line []byte // LF, two hyphens, the boundary
}

// NewDelimiter returns the Delimiter of a boundary, of which it takes a little
// more than RFC 2046 §5.1.1 allows: any visible character of ASCII, since
// senders use them, and spaces, though not at the end.
func NewDelimiter(boundary string) (*Delimiter, error) {
	if len(boundary) == 0 || len(boundary) > MaxLen || boundary[len(boundary)-1] == ' ' {
		return nil, ErrBoundary
	}
	for i := range len(boundary) {
		if boundary[i] < ' ' || boundary[i] > '~' {
			return nil, ErrBoundary
		}
	}
	return &Delimiter{line: []byte("\n--" + boundary)}, nil
}

// Match is what [Delimiter.Find] found.
type Match struct {
	// Content counts the octets at the front that are content for certain.
	Content int
	// End is where the delimiter's line ends and what follows begins.
	End int
	// Last tells that no part follows (close-delimiter).
	Last bool
}

// Find looks for the delimiter that ends the content at the front of b. With
// ErrIncomplete, Match.Content octets of b are content, and the next search is
// over the others and what comes behind them. How b is cut does not matter.
//
// fresh says that b begins where content began, at the front of a line, so
// that a delimiter needs no line end before it. eof says that nothing follows
// b: the last delimiter then needs no line end behind it.
func (d *Delimiter) Find(b []byte, fresh, eof bool) (Match, error) {
	dash := d.line[1:]
	if fresh && bytes.HasPrefix(b, dash) {
		if m, err := d.match(b, 0, len(dash), eof); err != errNone {
			return m, err
		}
	}
	if fresh && !eof && len(b) < len(dash) && bytes.HasPrefix(dash, b) {
		return Match{}, ErrIncomplete
	}
	for from := 0; ; {
		i := bytes.Index(b[from:], d.line)
		if i < 0 {
			break
		}
		start := from + i
		from = start + len(d.line)
		switch {
		case start > 0 && b[start-1] == '\r':
			start--
		case !d.BareLF:
			continue
		}
		if m, err := d.match(b, start, from, eof); err != errNone {
			return m, err
		}
	}
	if eof {
		return Match{Content: len(b)}, ErrIncomplete
	}
	return Match{Content: len(b) - d.begun(b)}, ErrIncomplete
}

// errNone says that a line begins like a delimiter and is none.
var errNone = errors.New("no delimiter")

// match looks at what follows the boundary, at b[at:]; start is where the
// content ends if this is a delimiter.
func (d *Delimiter) match(b []byte, start, at int, eof bool) (Match, error) {
	n, last, err := rest(b[at:], d.BareLF, maxPadding)
	if err == ErrIncomplete && eof {
		if !last {
			return Match{}, errNone
		}
		n, err = len(b)-at, nil
	}
	if err != nil {
		return Match{Content: start}, err
	}
	return Match{Content: start, End: at + n, Last: last}, nil
}

// rest takes what stands behind the boundary on a delimiter's line:
// ["--"] transport-padding CRLF.
func rest(b []byte, bareLF bool, padding int) (n int, last bool, err error) {
	if len(b) > 0 && b[0] == '-' {
		switch {
		case len(b) == 1:
			return 0, false, ErrIncomplete
		case b[1] != '-':
			return 0, false, errNone
		}
		n, last = 2, true
	}
	for pad := 0; ; pad++ {
		switch {
		case n == len(b):
			return 0, last, ErrIncomplete
		case b[n] == '\n' && bareLF:
			return n + 1, last, nil
		case b[n] == '\r' && n+1 == len(b):
			return 0, last, ErrIncomplete
		case b[n] == '\r' && b[n+1] == '\n':
			return n + 2, last, nil
		case b[n] != ' ' && b[n] != '\t':
			return 0, last, errNone
		case pad == padding:
			return 0, last, ErrPadding
		}
		n++
	}
}

// begun counts the octets at the end of b that may begin a delimiter. The LF
// is in a delimiter once, so only the last one can.
func (d *Delimiter) begun(b []byte) int {
	tail := b[max(0, len(b)-len(d.line)):]
	i := bytes.LastIndexByte(tail, '\n')
	switch {
	case i >= 0 && bytes.HasPrefix(d.line, tail[i:]):
		n := len(tail) - i
		if n < len(b) && b[len(b)-n-1] == '\r' {
			n++
		}
		return n
	case len(b) > 0 && b[len(b)-1] == '\r':
		return 1
	}
	return 0
}

// isLine tells whether a line without its end is a delimiter.
func (d *Delimiter) isLine(b []byte) bool {
	rest, ok := bytes.CutPrefix(b, d.line[1:])
	if !ok {
		return false
	}
	rest = bytes.TrimPrefix(rest, []byte("--"))
	return len(bytes.TrimLeft(rest, " \t")) == 0
}
