package page

import (
	"html"
	"strconv"
	"strings"
	"unicode/utf8"

	"applayer/internal/ascii"
)

// maxEntity is longer than the longest name of a character reference.
const maxEntity = 40

// unescape resolves character references as in an attribute (HTML §13.2.5.72
// and following): a name without its semicolon is none where a letter, a digit
// or "=" follows, so that ?a=1&copy=2 stays what it is.
func unescape(s string) string {
	i := strings.IndexByte(s, '&')
	if i < 0 {
		return s
	}
	var b strings.Builder
	for ; i >= 0; i = strings.IndexByte(s, '&') {
		b.WriteString(s[:i])
		s = s[i:]
		text, n := reference(s)
		b.WriteString(text)
		s = s[n:]
	}
	b.WriteString(s)
	return b.String()
}

// reference resolves what the ampersand at the front of s begins, and returns
// how many octets it took.
func reference(s string) (text string, n int) {
	if strings.HasPrefix(s, "&#") {
		return numeric(s)
	}
	n = 1 + ascii.Span(&alnum, s[1:min(len(s), maxEntity)])
	bare := s[:n]
	if n < len(s) && s[n] == ';' {
		text = html.UnescapeString(s[:n+1])
		// It would take "&notit;" for "&not" and "it;".
		if !strings.HasSuffix(text, ";") || bare == "&semi" {
			return text, n + 1
		}
		return bare, n
	}
	if n < len(s) && s[n] == '=' {
		return bare, n
	}
	if text = html.UnescapeString(bare); utf8.RuneCountInString(text) == 1 {
		return text, n
	}
	return bare, n
}

var alnum = ascii.Alpha.Or(ascii.Digit)

// numeric resolves &#65; or &#x41; with or without semicolon.
func numeric(s string) (text string, n int) {
	digits, base, n := &ascii.Digit, 10, len("&#")
	if n < len(s) && ascii.Lower(s[n]) == 'x' {
		digits, base, n = &ascii.Hex, 16, n+1
	}
	end := n + ascii.Span(digits, s[n:])
	if end == n {
		return s[:n], n
	}
	// What is out of range, however long, is the replacement character.
	v, err := strconv.ParseUint(s[n:end], base, 32)
	if err != nil || v > utf8.MaxRune {
		v = utf8.RuneError
	}
	if end < len(s) && s[end] == ';' {
		end++
	}
	return html.UnescapeString("&#" + strconv.FormatUint(v, 10) + ";"), end
}
