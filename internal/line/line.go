// Package line finds lines that end in CRLF, under a limit, with a choice for
// each of the two line ends that are none by the rules: the bare LF and the
// bare CR.
package line

import (
	"bytes"
	"errors"
)

// Errors of [Format.Find] and [Reader.ReadLine].
var (
	// ErrIncomplete means that the octets hold no whole line yet.
	ErrIncomplete = errors.New("line incomplete")
	ErrTooLong    = errors.New("line too long")
	ErrBareLF     = errors.New("LF without CR")
	ErrBareCR     = errors.New("CR without LF")
)

// Policy says what becomes of a CR or LF that stands alone.
type Policy uint8

const (
	// Refuse makes it an error.
	Refuse Policy = iota
	// Accept takes it as a line end.
	Accept
	// Keep takes it as an octet like others.
	Keep
)

// DefaultMax is the limit of a zero [Format].
const DefaultMax = 1000

// Format says what a line is. The zero value refuses bare CR and bare LF.
type Format struct {
	// Max is the longest line in octets, with its end (default 1000, negative
	// for no limit).
	Max int
	// BareLF and BareCR say what becomes of those.
	BareLF, BareCR Policy
}

// Find looks for the end of the line at the front of b. It returns the line's
// length with its end. Where b holds no whole line, the error is
// ErrIncomplete, and next is what to give as from when b has grown, so that
// nothing is looked at twice; from is 0 at first. With any other error, next
// is the place of the octet that is wrong. How b grew does not matter.
func (f *Format) Find(b []byte, from int) (end, next int, err error) {
	win := b
	if max := f.max(); max >= 0 {
		win = b[:min(len(b), max)]
	}
	for i := min(from, len(win)); ; {
		lf := len(win)
		if n := bytes.IndexByte(win[i:], '\n'); n >= 0 {
			lf = i + n
		}
		if f.BareCR != Keep {
			if n := bytes.IndexByte(win[i:lf], '\r'); n >= 0 {
				cr := i + n
				switch {
				case cr+1 == len(b):
					return 0, cr, ErrIncomplete // what follows decides
				case b[cr+1] != '\n' && f.BareCR == Refuse:
					return 0, cr, ErrBareCR
				case b[cr+1] != '\n':
					return cr + 1, 0, nil
				}
			}
		}
		switch {
		case lf == len(win) && len(win) == f.max():
			return 0, len(win), ErrTooLong
		case lf == len(win):
			return 0, lf, ErrIncomplete
		case lf > 0 && win[lf-1] == '\r', f.BareLF == Accept:
			return lf + 1, 0, nil
		case f.BareLF == Refuse:
			return 0, lf, ErrBareLF
		}
		i = lf + 1
	}
}

func (f *Format) max() int {
	if f.Max == 0 {
		return DefaultMax
	}
	return f.Max
}

// Trim returns the line without its end: one CRLF, LF or CR.
func Trim(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte{'\n'})
	return bytes.TrimSuffix(b, []byte{'\r'})
}
