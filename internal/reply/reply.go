// Package reply finds, reads and writes replies of three digits and a text, of
// one line or many, in the two forms that they have: FTP's (RFC 959 §4.2), in
// which lines between the first and the last are free, and SMTP's
// (RFC 5321 §4.2.1), in which each line begins with the code.
package reply

import (
	"errors"
	"strings"

	"applayer/internal/line"
)

// Errors of [Finder.Find], [Parse] and [Append].
var (
	// ErrIncomplete means that the octets hold no whole reply yet.
	ErrIncomplete = errors.New("reply incomplete")
	// ErrCode means a line that does not begin with three digits where it must.
	ErrCode = errors.New("reply code")
	// ErrOtherCode means a line with another code than the first one has.
	ErrOtherCode = errors.New("another reply code")
	// ErrSeparator means that neither space nor hyphen stands behind a code.
	ErrSeparator = errors.New("no space or hyphen behind the reply code")
	// ErrLineEnd means a line that does not end in CRLF where it must.
	ErrLineEnd = errors.New("line end")
	// ErrTooLong means more than [Format.Max] octets.
	ErrTooLong = errors.New("reply too long")
	// ErrLineTooLong means more than [Format.MaxLine] octets in one line.
	ErrLineTooLong = errors.New("reply line too long")
	// ErrTooManyLines means more than [Format.MaxLines] lines.
	ErrTooManyLines = errors.New("reply of too many lines")
	// ErrControlOctet means CR, LF or NUL in a text to write.
	ErrControlOctet = errors.New("CR, LF or NUL")
)

// Format says what a reply is. The zero value is FTP's form.
type Format struct {
	// EachLine asks for the code on each line and for CRLF at its end, as SMTP
	// does. Without it lines between the first and the last are free, and LF
	// alone ends a line too: there are FTP servers that send it.
	EachLine bool
	// Max is the longest reply in octets, MaxLine its longest line, both with
	// line ends, and MaxLines the most lines; 0 and less is no limit.
	Max, MaxLine, MaxLines int
}

// Finder finds the end of replies in a buffer that grows. It looks at each
// octet once, however they come. The zero value with a Format is ready.
type Finder struct {
	Format Format

	lines int     // whole lines found
	start int     // where the line begins that is not whole
	next  int     // how far into it there is no end
	code  [3]byte // of the first line
}

// Find returns the length of the reply at the front of b, with its end, and is
// then ready for the next reply. After ErrIncomplete, b begins with the same
// octets at the next call. With any other error, n is the place of what is
// wrong.
func (f *Finder) Find(b []byte) (n int, err error) {
	for {
		end, err := f.line(b)
		if err != nil {
			return end, err
		}
		last, err := f.see(line.Trim(b[f.start:end]))
		if err != nil {
			return f.start, err
		}
		if last {
			*f = Finder{Format: f.Format}
			return end, nil
		}
		f.lines, f.start, f.next = f.lines+1, end, 0
		if f.lines == f.Format.MaxLines {
			return end, ErrTooManyLines
		}
	}
}

// line finds where the line at f.start ends.
func (f *Finder) line(b []byte) (int, error) {
	format := line.Format{Max: -1, BareLF: line.Accept, BareCR: line.Keep}
	if f.Format.EachLine {
		format.BareLF, format.BareCR = line.Refuse, line.Refuse
	}
	if f.Format.Max > 0 {
		if format.Max = f.Format.Max - f.start; format.Max == 0 {
			return f.start, ErrTooLong
		}
	}
	tooLong := ErrTooLong
	if most := f.Format.MaxLine; most > 0 && (format.Max < 0 || most < format.Max) {
		format.Max, tooLong = most, ErrLineTooLong
	}
	n, next, err := format.Find(b[f.start:], f.next)
	switch {
	case err == nil:
		return f.start + n, nil
	case errors.Is(err, line.ErrIncomplete):
		f.next = next
		return 0, ErrIncomplete
	case errors.Is(err, line.ErrTooLong):
		return f.start + next, tooLong
	default:
		return f.start + next, ErrLineEnd
	}
}

// see looks at a whole line and tells whether it is the last one.
func (f *Finder) see(l []byte) (last bool, err error) {
	coded := hasCode(l)
	if f.lines == 0 {
		if !coded {
			return false, ErrCode
		}
		copy(f.code[:], l)
	}
	same := coded && string(l[:3]) == string(f.code[:])
	switch {
	case f.lines > 0 && !f.Format.EachLine:
		return same && (len(l) == 3 || l[3] == ' '), nil
	case !coded:
		return false, ErrCode
	case !same:
		return false, ErrOtherCode
	case len(l) == 3 || l[3] == ' ': // a code alone is met often enough
		return true, nil
	case l[3] == '-':
		return false, nil
	default:
		return false, ErrSeparator
	}
}

// hasCode tells whether a line begins with three digits.
func hasCode[T ~string | ~[]byte](l T) bool {
	return len(l) >= 3 && isDigit(l[0]) && isDigit(l[1]) && isDigit(l[2])
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// Parse reads the reply at the front of b, which is n octets long. The lines
// are without codes and ends. A line of FTP's form between the first and the
// last that repeats the code and a hyphen is taken without them: a text that
// begins so is to be padded by who sends it (RFC 959 §4.2), and many servers
// put the code on each line. With an error other than ErrIncomplete, n is the
// place of what is wrong.
func Parse(b []byte, format Format) (code int, lines []string, n int, err error) {
	f := Finder{Format: format}
	if n, err = f.Find(b); err != nil {
		return 0, nil, n, err
	}
	code = int(b[0]-'0')*100 + int(b[1]-'0')*10 + int(b[2]-'0')
	// One string holds all lines, so that a reply costs two allocations.
	whole := string(b[:n])
	first := whole[:3]
	lines = make([]string, 0, strings.Count(whole, "\n"))
	for l := range strings.Lines(whole) {
		l = strings.TrimSuffix(strings.TrimSuffix(l, "\n"), "\r")
		lines = append(lines, uncoded(l, first))
	}
	return code, lines, n, nil
}

// uncoded returns a line without its code and what stands behind that.
func uncoded(l, code string) string {
	if rest, ok := strings.CutPrefix(l, code); ok && (rest == "" || rest[0] == ' ' || rest[0] == '-') {
		return rest[min(1, len(rest)):]
	}
	return l
}

// Append appends a reply. In FTP's form a line between the first and the last
// that begins with three digits gets a space before it (RFC 959 §4.2), since it
// could be taken for the end. No lines are one empty line. A text with CR, LF or
// NUL is refused, since it would be two replies; n is then the number of its
// line.
func Append(dst []byte, code int, lines []string, format Format) (b []byte, n int, err error) {
	if code < 100 || code > 999 {
		return dst, 0, ErrCode
	}
	for i, l := range lines {
		if strings.ContainsAny(l, "\r\n\x00") {
			return dst, i, ErrControlOctet
		}
	}
	last := max(len(lines)-1, 0)
	for i := range last {
		switch {
		case i == 0 || format.EachLine:
			dst = append(appendCode(dst, code), '-')
		case hasCode(lines[i]):
			dst = append(dst, ' ')
		}
		dst = append(append(dst, lines[i]...), '\r', '\n')
	}
	dst = append(appendCode(dst, code), ' ')
	if len(lines) > 0 {
		dst = append(dst, lines[last]...)
	}
	return append(dst, '\r', '\n'), 0, nil
}

func appendCode(dst []byte, code int) []byte {
	return append(dst, byte('0'+code/100), byte('0'+code/10%10), byte('0'+code%10))
}
