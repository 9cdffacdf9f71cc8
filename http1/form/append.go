package form

import (
	"unicode/utf8"

	"applayer/http1"
	"applayer/internal/ascii"
)

// AppendURLEncoded appends fields as application/x-www-form-urlencoded, for a
// body or behind the question mark of a query. It refuses what
// [ParseURLEncoded] would not give back: text that is not UTF-8, and a Bare
// field that has a value or no name.
func AppendURLEncoded(dst []byte, fields Fields) ([]byte, error) {
	for i := range fields {
		f := &fields[i]
		switch {
		case f.Bare && (f.Value != "" || f.Name == ""):
			return dst, &ParseError{What: "field", Reply: 400, Err: errBare}
		case !utf8.ValidString(f.Name):
			return dst, &ParseError{What: "name", Ref: "RFC 7578 §5.1.2", Reply: 400, Err: errUTF8}
		}
		if err := checkValue(f.Value); err != nil {
			return dst, err
		}
		if i > 0 {
			dst = append(dst, '&')
		}
		dst = appendEncoded(dst, f.Name)
		if !f.Bare {
			dst = append(dst, '=')
			dst = appendEncoded(dst, f.Value)
		}
	}
	return dst, nil
}

// checkValue refuses the value of a field that is no text.
func checkValue(s string) error {
	if utf8.ValidString(s) {
		return nil
	}
	return &ParseError{What: "value", Ref: "RFC 7578 §5.1.2", Reply: 400, Err: errUTF8}
}

// plain is what browsers leave as it is.
var plain = ascii.Alpha.Or(ascii.Digit).Or(ascii.Chars("*-._"))

func appendEncoded(dst []byte, s string) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(s) {
		switch c := s[i]; {
		case plain.Has(c):
			dst = append(dst, c)
		case c == ' ':
			dst = append(dst, '+')
		default:
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		}
	}
	return dst
}

// appendPartHeader appends the header of a field's or file's part.
func appendPartHeader(dst []byte, h *partHeader) ([]byte, error) {
	dst = append(dst, "Content-Disposition: form-data; name="...)
	dst, err := appendQuoted(dst, "name", h.name)
	if err != nil {
		return dst, err
	}
	if h.isFile {
		dst = append(dst, "; filename="...)
		if dst, err = appendQuoted(dst, "filename", h.fileName); err != nil {
			return dst, err
		}
	}
	dst = append(dst, '\r', '\n')
	if h.contentType == "" {
		return dst, nil
	}
	if _, err := http1.ParseMediaType(h.contentType); err != nil || !utf8.ValidString(h.contentType) {
		return dst, &ParseError{What: "Content-Type", Ref: "RFC 9110 §8.3.1", Reply: 400, Err: err}
	}
	dst = append(dst, "Content-Type: "...)
	dst = append(dst, h.contentType...)
	return append(dst, '\r', '\n'), nil
}

// appendQuoted appends a quoted-string. A quotation mark is percent-encoded, as
// browsers do (HTML §4.10.22.8) and RFC 7578 §2 allows: behind a backslash it
// would end the name for receivers that know HTML's rules alone. A backslash is
// doubled for those that know the quoted-pair.
func appendQuoted(dst []byte, what, s string) ([]byte, error) {
	switch {
	case !utf8.ValidString(s):
		return dst, &ParseError{What: what, Ref: "RFC 7578 §5.1.2", Reply: 400, Err: errUTF8}
	case ascii.Span(&text, s) < len(s):
		return dst, &ParseError{What: what, Ref: "RFC 7578 §4.2", Reply: 400, Err: errControl}
	}
	dst = append(dst, '"')
	for i := range len(s) {
		switch s[i] {
		case '"':
			dst = append(dst, "%22"...)
		case '\\':
			dst = append(dst, `\\`...)
		default:
			dst = append(dst, s[i])
		}
	}
	return append(dst, '"'), nil
}
