package mime

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"applayer/internal/ascii"
)

const (
	// longestPlain is how long a value may be that is written in one piece
	// (RFC 2183 §2).
	longestPlain = 78
	// sectionLine is how long a line with one section of a longer value is.
	sectionLine = 76
)

// isAttributeChar is the class of octets in the name of a parameter and, as they
// are, in an extended value (RFC 2231 §7).
var isAttributeChar = isToken.Without(ascii.Chars("*'%"))

// isLanguageChar is the class of octets in a tag of a language.
var isLanguageChar = ascii.Alpha.Or(ascii.Digit).Or(ascii.Chars("-"))

// AppendText appends the parameters, each with a semicolon and a space before
// it. Values that need it are quoted; those that are long, or not printable
// ASCII, are written in the form of RFC 2231, in UTF-8.
func (p Params) AppendText(dst []byte) ([]byte, error) {
	for _, q := range p {
		var err error
		if dst, err = q.append(dst); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func (p Param) append(dst []byte) ([]byte, error) {
	if err := p.check(); err != nil {
		return dst, err
	}
	switch {
	case !isPrintable(p.Value), p.Language != "", hasEncodedWord(p.Value):
		return p.appendExtended(dst)
	case len(p.Value) > longestPlain && p.Name != "boundary":
		return p.appendSections(dst), nil
	}
	dst = append(append(append(dst, "; "...), p.Name...), '=')
	// A token may hold apostrophes, asterisks and percent signs, but there are
	// readers that take them for marks of RFC 2231 or for quotes.
	if p.Value != "" && ascii.Span(&isAttributeChar, p.Value) == len(p.Value) {
		return append(dst, p.Value...), nil
	}
	return appendQuoted(dst, p.Value), nil
}

// check refuses what would not be read as it was meant.
func (p Param) check() error {
	bad := func(what, ref string) error {
		return &ParseError{What: what, Ref: ref, Err: injection(p.Name + p.Value + p.Language)}
	}
	switch {
	case p.Name == "" || ascii.Span(&isAttributeChar, p.Name) != len(p.Name):
		return bad("parameter name", "RFC 2231 §7")
	case ascii.EqualFold(p.Name, "boundary") && (!isPrintable(p.Value) || len(p.Value) > maxEncodedBoundary):
		return bad("boundary", "RFC 2046 §5.1.1")
	case injection(p.Value) != nil:
		return bad("parameter value", "RFC 5322 §2.2")
	case !utf8.ValidString(p.Value):
		return bad("parameter value is not UTF-8", "RFC 2231 §4")
	case ascii.Span(&isLanguageChar, p.Language) != len(p.Language):
		return bad("parameter language", "RFC 2231 §7")
	}
	return nil
}

// maxEncodedBoundary is the longest boundary that is written: some that are too
// long are read, and a message with them can be written again.
const maxEncodedBoundary = 900

// appendSections appends a long value of ASCII in quoted sections
// (RFC 2231 §3).
func (p Param) appendSections(dst []byte) []byte {
	for n, rest := 0, p.Value; rest != ""; n++ {
		dst = append(append(append(dst, "; "...), p.Name...), '*')
		digits := len(dst)
		dst = append(strconv.AppendInt(dst, int64(n), 10), '=')
		room := max(sectionLine-len(p.Name)-(len(dst)-digits)-len(` *"";`), 10)
		i := 0
		for ; i < len(rest) && room > 0; i++ {
			if room--; rest[i] == '"' || rest[i] == '\\' {
				room--
			}
		}
		dst, rest = appendQuoted(dst, rest[:i]), rest[i:]
	}
	return dst
}

// appendExtended appends a value with its charset (RFC 2231 §4), in sections
// where it does not fit on a line.
func (p Param) appendExtended(dst []byte) ([]byte, error) {
	mark := "utf-8'"
	if isASCII(p.Value) {
		mark = "us-ascii'"
	}
	mark += p.Language + "'"
	if size := len(p.Name) + len(mark) + extendedLen(p.Value); size+len(" *=;") <= sectionLine {
		dst = append(append(append(append(dst, "; "...), p.Name...), "*="...), mark...)
		return appendPercentEncoded(dst, p.Value), nil
	}
	for n, rest := 0, p.Value; rest != "" || n == 0; n++ {
		dst = append(append(append(dst, "; "...), p.Name...), '*')
		digits := len(dst)
		dst = append(strconv.AppendInt(dst, int64(n), 10), "*="...)
		room := max(sectionLine-len(p.Name)-(len(dst)-digits)-len(" *;")-len(mark), 12)
		dst = append(dst, mark...)
		mark = ""
		i := 0
		for i < len(rest) {
			_, size := utf8.DecodeRuneInString(rest[i:])
			if room -= extendedLen(rest[i : i+size]); room < 0 {
				break
			}
			i += size
		}
		dst, rest = appendPercentEncoded(dst, rest[:i]), rest[i:]
	}
	return dst, nil
}

// extendedLen returns the length of s as an extended value.
func extendedLen(s string) (n int) {
	for i := range len(s) {
		if n++; !isAttributeChar.Has(s[i]) {
			n += 2
		}
	}
	return n
}

func appendPercentEncoded(dst []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if isAttributeChar.Has(c) {
			dst = append(dst, c)
			continue
		}
		dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
	}
	return dst
}

const upperHex = "0123456789ABCDEF"

// appendQuoted appends s as a quoted string (RFC 5322 §3.2.4).
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, s[i])
	}
	return append(dst, '"')
}

// isTokenText tells whether s is a token (RFC 2045 §5.1).
func isTokenText(s string) bool { return s != "" && ascii.Span(&isToken, s) == len(s) }

// isPrintable tells whether s is printable ASCII and spaces alone.
func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// injection returns [ErrHeaderInjection] where s has what would end a field.
func injection(s string) error {
	if strings.ContainsAny(s, "\r\n\x00") {
		return ErrHeaderInjection
	}
	return nil
}
