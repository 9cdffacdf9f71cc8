package mime

import (
	"slices"
	"unicode/utf8"
)

// AppendCharset appends text to dst in the charset that label names: UTF-8,
// US-ASCII or one of those of one octet a character; for any other the error is
// [ErrUnknownCharset]. A character that the charset has not is a [*ParseError] with
// its place. Mail that is new is best in UTF-8; this is for what has to be as
// others write it.
func AppendCharset(dst []byte, text, label string) ([]byte, error) {
	name, ok := charsetOf(label)
	if !ok || name > charsetUTF8 && name < charsetLatin1 {
		return dst, ErrUnknownCharset
	}
	missing := func(at int) ([]byte, error) {
		return dst, &ParseError{Offset: int64(at), What: "character that the charset has not", Ref: "RFC 2046 §4.1.2"}
	}
	if name == charsetUTF8 {
		if v := validUTF8([]byte(text)); v < len(text) {
			return missing(v)
		}
		return append(dst, text...), nil
	}
	out := dst
	for i, r := range text {
		c, ok := name.octet(r)
		if !ok {
			return missing(i)
		}
		out = append(out, c)
	}
	return out, nil
}

// octet returns what a character is in a charset of one octet a character.
func (c charset) octet(r rune) (octet byte, ok bool) {
	switch {
	case r < utf8.RuneSelf:
		return byte(r), true
	case c < charsetLatin1 || r > 0xFFFF || r == utf8.RuneError:
		return 0, false
	case c == charsetLatin1: // not windows-1252, which it is read as
		return byte(r), r <= 0xFF
	}
	i := slices.Index(octetTables[c][:], uint16(r))
	return byte(i + 0x80), i >= 0
}
