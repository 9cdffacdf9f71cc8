package mime

import (
	"strings"
	"unicode/utf8"

	"applayer/internal/ascii"
)

// utf8 tells whether text beyond ASCII is written as it is (RFC 6532 §3).
func (o *WriteOptions) utf8() bool { return o != nil && o.UTF8 }

// isQText is the class of octets that the Q encoding leaves as they are in
// unstructured text (RFC 2047 §4.2).
var isQText = ascii.VChar.Without(ascii.Chars("=?_"))

const (
	// wordMark is what an encoded word begins with, up to its encoding. The rest
	// of the frame is "Q?" and "?=".
	wordMark = "=?utf-8?"
	// wordFrame is the length of all of the frame.
	wordFrame = len(wordMark) + len("Q??=")
	// encodedLine is the longest line with an encoded word in it (RFC 2047 §2).
	encodedLine = 76
	// longestBlank is how many blanks between two words are written as they are.
	longestBlank = 60
)

// AppendEncodedText appends text as the value of an unstructured field such as
// Subject. Its words of ASCII stay as they are; those that are not, that look
// like an encoded word or that are too long for a line become encoded words
// (RFC 2047 §5) in UTF-8. The result has no line ends: [Header.Set] folds it.
//
// CR, LF and NUL are refused with [ErrHeaderInjection].
func AppendEncodedText(dst []byte, text string, opts *WriteOptions) ([]byte, error) {
	return appendUnstructured(dst, text, len("Content-Description: "), opts)
}

// appendUnstructured is [AppendEncodedText] for a line of which some is used by
// the field's name.
func appendUnstructured(dst []byte, text string, used int, opts *WriteOptions) ([]byte, error) {
	if err := checkText(text); err != nil {
		return dst, err
	}
	room := encodedLine - used
	for at := 0; at < len(text); {
		end, encode := textSpan(text, at, opts)
		if encode {
			dst = appendWords(dst, text[at:end], &isQText, room)
		} else {
			dst = append(dst, text[at:end]...)
		}
		at, room = end, maxEncodedWord
	}
	return dst, nil
}

// checkText refuses text that cannot be written.
func checkText(text string) error {
	if i := strings.IndexAny(text, "\r\n\x00"); i >= 0 {
		return &ParseError{Offset: int64(i), What: "text", Ref: "RFC 5322 §2.2", Err: ErrHeaderInjection}
	}
	if !utf8.ValidString(text) {
		return &ParseError{What: "text is not UTF-8", Ref: "RFC 6532 §3.1"}
	}
	return nil
}

// textSpan returns where the words from at on end that are all to be encoded,
// with the blanks between them, or that are all not, with the blanks around
// them.
func textSpan(text string, at int, opts *WriteOptions) (end int, encode bool) {
	for i := at; ; {
		start := skipBlanks(text, i)
		stop := start
		for stop < len(text) && text[stop] != ' ' && text[stop] != '\t' {
			stop++
		}
		after := skipBlanks(text, stop)
		needs := start == stop || needsEncoding(text[start:stop], opts) || isLost(text, i, start) || isLost(text, stop, after)
		switch {
		case i == at:
			encode = needs
		case needs && !encode:
			return start, false
		case encode && !needs:
			return i, true
		}
		if i = stop; after == len(text) {
			return after, encode
		}
	}
}

// needsEncoding tells whether a word cannot stand as it is. 997 octets and a
// blank are a line (RFC 5322 §2.1.1).
func needsEncoding(word string, opts *WriteOptions) bool {
	if len(word) >= longestLine || strings.HasPrefix(word, "=?") || hasEncodedWord(word) {
		return true
	}
	for i := range len(word) {
		if c := word[i]; c < ' ' || c == 0x7f || c > 0x7f && !opts.utf8() {
			return true
		}
	}
	return false
}

// isLost tells whether the blanks text[i:j] would not come through: at an end of
// the text, or where they could fill a line.
func isLost(text string, i, j int) bool {
	return j > i && (i == 0 || j == len(text) || j-i > longestBlank)
}

// appendWords appends text as encoded words with a space between them: in B or
// Q, whichever is shorter. No word ends within a character (RFC 2047 §5). The
// first has at most room octets, if a character goes into that.
func appendWords(dst []byte, text string, plain *ascii.Class, room int) []byte {
	base64 := (len(text)+2)/3*4 < qLen(text, plain)
	room = min(room, maxEncodedWord)
	for first := true; text != "" || first; first = false {
		if !first {
			dst = append(dst, ' ')
		}
		n := wordLen(text, plain, base64, room-wordFrame)
		dst = append(dst, wordMark...)
		if base64 {
			dst = append(appendBase64(append(dst, "B?"...), []byte(text[:n])), "?="...)
		} else {
			dst = append(appendQ(append(dst, "Q?"...), text[:n], plain), "?="...)
		}
		text, room = text[n:], maxEncodedWord
	}
	return dst
}

// wordLen returns how much of text, in whole characters and at least one, goes
// into a word with this room for it.
func wordLen(text string, plain *ascii.Class, base64 bool, room int) (n int) {
	for n < len(text) {
		_, size := utf8.DecodeRuneInString(text[n:])
		if base64 {
			if (n+size+2)/3*4 > room && n > 0 {
				break
			}
		} else if room -= qLen(text[n:n+size], plain); room < 0 && n > 0 {
			break
		}
		n += size
	}
	return n
}

// qLen returns the length of s in the Q encoding.
func qLen(s string, plain *ascii.Class) (n int) {
	for i := range len(s) {
		if n++; s[i] != ' ' && !plain.Has(s[i]) {
			n += 2
		}
	}
	return n
}

// appendQ appends s in the Q encoding (RFC 2047 §4.2).
func appendQ(dst []byte, s string, plain *ascii.Class) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ':
			dst = append(dst, '_')
		case plain.Has(c):
			dst = append(dst, c)
		default:
			dst = append(dst, '=', upperHex[c>>4], upperHex[c&15])
		}
	}
	return dst
}
