// Package dialogue reads and writes the text form of a dialogue between a
// client and a server: one message a line, C: or S: before it, as a lecture
// writes it down.
//
//	C: RETR 1
//	S: +OK 120 octets
//	C[data]@1.25s: a second connection, with the time since the beginning
//	S: \x00\x01 what does not print is a Go escape
//	C: three pieces \
//	# an empty line, and one that starts with #, is for the reader only
//
// A line stands for its text and CRLF; one that ends in a single backslash
// stands for its text alone, so that any octets can be written down.
package dialogue

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxLine is the longest line in octets that [ParseLine] and [Read] take.
const MaxLine = 1 << 20

// ErrTooLong tells of a line longer than [MaxLine].
var ErrTooLong = errors.New("dialogue: line too long")

// Line is one message, or one line of one.
type Line struct {
	// Time is when it passed, counted from the beginning; 0 is not written.
	Time time.Duration
	// Conn names the connection where there are several, as in "data".
	Conn string
	// Server tells that the server sent it.
	Server bool
	// Text is what was said, without escapes and without the CRLF.
	Text string
	// Open tells that no CRLF follows Text.
	Open bool
}

// Octets returns the octets that the line stands for.
func (l Line) Octets() []byte {
	if l.Open {
		return []byte(l.Text)
	}
	return append([]byte(l.Text), '\r', '\n')
}

// SyntaxError tells where a line is outside the form.
type SyntaxError struct {
	// Line counts from 1; it is 0 for a line on its own.
	Line int
	// Offset counts octets from the start of the line.
	Offset int
	// What was expected there.
	What string
}

func (e *SyntaxError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("dialogue: %s at byte %d", e.What, e.Offset)
	}
	return fmt.Sprintf("dialogue: line %d: %s at byte %d", e.Line, e.What, e.Offset)
}

// AppendLine appends l in text form, without a line end.
func AppendLine(dst []byte, l Line) []byte {
	if l.Server {
		dst = append(dst, 'S')
	} else {
		dst = append(dst, 'C')
	}
	if l.Conn != "" {
		dst = append(dst, '[')
		dst = appendEscaped(dst, l.Conn, ']')
		dst = append(dst, ']')
	}
	if l.Time != 0 {
		dst = append(dst, '@')
		dst = append(dst, l.Time.String()...)
	}
	dst = append(dst, ':')
	if l.Text == "" && !l.Open {
		return dst
	}
	dst = append(dst, ' ')
	// A space at the end would not survive every editor.
	if text, cut := strings.CutSuffix(l.Text, " "); cut && !l.Open {
		dst = appendEscaped(dst, text, '\\')
		return append(dst, `\x20`...)
	}
	dst = appendEscaped(dst, l.Text, '\\')
	if l.Open {
		dst = append(dst, '\\')
	}
	return dst
}

// appendEscaped escapes the backslash, also, and what does not print.
func appendEscaped(dst []byte, s string, also byte) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < 0x7f && c != '\\' && c != also {
			dst = append(dst, c)
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case c == '\\':
			dst = append(dst, `\\`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c < utf8.RuneSelf, r == utf8.RuneError && size == 1:
			const hex = "0123456789abcdef"
			dst = append(dst, '\\', 'x', hex[c>>4], hex[c&15])
		case strconv.IsPrint(r):
			dst = append(dst, s[i:i+size]...)
		case r < 0x10000:
			dst = fmt.Appendf(dst, `\u%04x`, r)
		default:
			dst = fmt.Appendf(dst, `\U%08x`, r)
		}
		i += size
	}
	return dst
}
