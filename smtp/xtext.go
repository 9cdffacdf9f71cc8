package smtp

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"applayer/internal/ascii"
)

// xchar is what stands for itself in xtext (RFC 3461 §4).
var xchar = ascii.VChar.Without(ascii.Chars("+="))

const upperHex = "0123456789ABCDEF"

// AppendXtext appends s as xtext (RFC 3461 §4): what is no printable ASCII, "+"
// and "=" as "+" and two digits.
func AppendXtext(dst []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if xchar.Has(c) {
			dst = append(dst, c)
		} else {
			dst = append(dst, '+', upperHex[c>>4], upperHex[c&15])
		}
	}
	return dst
}

// ParseXtext decodes xtext. Its digits are in upper case.
func ParseXtext(s string) (string, error) {
	var b []byte // nil while s stands for itself
	for i := 0; i < len(s); {
		n := ascii.Span(&xchar, s[i:])
		if n == len(s) {
			return s, nil
		}
		b = append(b, s[i:i+n]...)
		if i += n; i == len(s) {
			break
		}
		if s[i] != '+' || len(s)-i < 3 || !isUpperHex(s[i+1]) || !isUpperHex(s[i+2]) {
			return "", &ParseError{Offset: int64(i), What: "xtext", Ref: "RFC 3461 §4", Err: ErrSyntax}
		}
		b = append(b, unhex(s[i+1])<<4|unhex(s[i+2]))
		i += 3
	}
	return string(b), nil
}

func isUpperHex(c byte) bool { return '0' <= c && c <= '9' || 'A' <= c && c <= 'F' }

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c - 'A' + 10
}

// qchar is what stands for itself in an address of type utf-8 (RFC 6533 §3).
var qchar = ascii.VChar.Without(ascii.Chars(`\+=`))

// AppendUTF8Address appends an address of type utf-8 in its form of ASCII alone,
// utf-8-addr-xtext (RFC 6533 §3), which may stand wherever another form may:
// what is no printable ASCII, "\", "+" and "=" as in "\x{E9}".
func AppendUTF8Address(dst []byte, s string) []byte {
	for _, r := range s {
		if r < utf8.RuneSelf && qchar.Has(byte(r)) {
			dst = append(dst, byte(r))
			continue
		}
		dst = append(dst, `\x{`...)
		if r < 0x10 {
			dst = append(dst, '0')
		}
		dst = append(dst, strings.ToUpper(strconv.FormatInt(int64(r), 16))...)
		dst = append(dst, '}')
	}
	return dst
}

// ParseUTF8Address decodes an address of type utf-8, in any of the forms of
// RFC 6533 §3 that may stand in ORCPT. The two with UTF-8 itself need SMTPUTF8,
// which is the caller's to see to.
func ParseUTF8Address(s string) (string, error) {
	var b []byte
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1, r < utf8.RuneSelf && r != '\\' && !qchar.Has(byte(r)):
			n = 0
		case r == '\\':
			r, n = embedded(s[i:])
		}
		if n == 0 {
			return "", &ParseError{Offset: int64(i), What: "utf-8-enc-addr", Ref: "RFC 6533 §3", Err: ErrSyntax}
		}
		b = utf8.AppendRune(b, r)
		i += n
	}
	return string(b), nil
}

// embedded reads the EmbeddedUnicodeChar at the front of s, of n octets; 0 where
// there is none.
func embedded(s string) (r rune, n int) {
	digits, ok := strings.CutPrefix(s, `\x{`)
	if !ok {
		return 0, 0
	}
	end := strings.IndexByte(digits[:min(len(digits), 7)], '}')
	if end < 2 || ascii.Span(&ascii.Hex, digits[:end]) < end {
		return 0, 0
	}
	v, err := strconv.ParseUint(digits[:end], 16, 32)
	if err != nil || !utf8.ValidRune(rune(v)) {
		return 0, 0
	}
	return rune(v), len(`\x{`) + end + len("}")
}
