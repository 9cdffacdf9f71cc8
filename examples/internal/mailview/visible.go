package mailview

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Visible makes one line of a text in which everything can be seen that would
// change how a terminal shows it.
func Visible(text string) string { return escape(text, hidden) }

// VisibleLines is [Visible] for text of several lines: their ends, which become
// LF, and tabs stay.
func VisibleLines(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return escape(text, func(r rune) bool { return r != '\n' && r != '\t' && hidden(r) })
}

// VisibleJSON puts JSON's own escapes in the place of what is hidden, which
// changes nothing of what it stands for.
func VisibleJSON(b []byte) []byte {
	return []byte(escape(string(bytes.TrimSuffix(b, []byte("\n"))), func(r rune) bool { return r != '\n' && hidden(r) }))
}

// hidden tells control characters, which can move the cursor or set a window's
// title, and those that change the direction of text (Unicode UAX #9), with
// which "fdp.exe" can be made to look like "exe.pdf".
func hidden(r rune) bool {
	switch {
	case r < ' ', r >= 0x7f && r < 0xa0:
		return true
	case r == 0x061c, r == 0x200e, r == 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return true
	case r == 0x2028, r == 0x2029, r == 0xfeff:
		return true // line ends of Unicode, and a byte order mark
	}
	return false
}

// escape writes \u and four digits for each character of a class, and \x and two
// for each octet that belongs to no character: some are controls in charsets of
// one octet, 9B begins what ESC [ does.
func escape(text string, class func(rune) bool) string {
	if utf8.ValidString(text) && !strings.ContainsFunc(text, class) {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], "\ufffd"):
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case class(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
