package form

import (
	"strings"
	"unicode/utf8"

	"applayer/internal/ascii"
)

// ParseURLEncoded takes a whole application/x-www-form-urlencoded body, or a
// query without its question mark: fields divided by "&", of which empty ones
// are passed over, "+" for a space, percent-encoding (RFC 3986 §2.1) of UTF-8.
func ParseURLEncoded[T ~string | ~[]byte](b T, lim *Limits) (Fields, error) {
	bounds := lim.bounds()
	if int64(len(b)) > bounds.body {
		return nil, tooMuch("MaxBody", bounds.body)
	}
	s := string(b)
	var fields Fields
	for start := 0; start < len(s); {
		end := len(s)
		if i := strings.IndexByte(s[start:], '&'); i >= 0 {
			end = start + i
		}
		if end > start {
			if int64(len(fields)) == bounds.fields {
				return nil, tooMuch("MaxFields", bounds.fields)
			}
			f, err := parseField(s, start, end, &bounds)
			if err != nil {
				return nil, err
			}
			fields = append(fields, f)
		}
		start = end + 1
	}
	return fields, nil
}

// parseField takes the field at s[start:end]: name ["=" value].
func parseField(s string, start, end int, bounds *bounds) (f Field, err error) {
	equals := end
	if i := strings.IndexByte(s[start:end], '='); i >= 0 {
		equals = start + i
	} else {
		f.Bare = true
	}
	if f.Name, err = decode("name", s, start, equals); err != nil {
		return Field{}, err
	}
	if int64(len(f.Name)) > bounds.name {
		return Field{}, tooMuch("MaxName", bounds.name)
	}
	if f.Bare {
		return f, nil
	}
	if f.Value, err = decode("value", s, equals+1, end); err != nil {
		return Field{}, err
	}
	if int64(len(f.Value)) > bounds.value {
		return Field{}, tooMuch("MaxValue", bounds.value)
	}
	return f, nil
}

// decode returns s[start:end] with its pluses and percent signs resolved.
func decode(what, s string, start, end int) (string, error) {
	out := s[start:end]
	if i := strings.IndexAny(out, "%+"); i >= 0 {
		b := append(make([]byte, 0, len(out)), out[:i]...)
		for i := start + i; i < end; i++ {
			switch {
			case s[i] == '+':
				b = append(b, ' ')
			case s[i] != '%':
				b = append(b, s[i])
			case end-i < 3 || !ascii.Hex.Has(s[i+1]) || !ascii.Hex.Has(s[i+2]):
				return "", &ParseError{Offset: int64(i), What: what, Ref: "RFC 3986 §2.1", Reply: 400, Err: errPercent}
			default:
				b = append(b, unhex(s[i+1])<<4|unhex(s[i+2]))
				i += 2
			}
		}
		out = string(b)
	}
	if !utf8.ValidString(out) {
		return "", &ParseError{Offset: int64(start), What: what, Ref: "RFC 7578 §5.1.2", Reply: 400, Err: errUTF8}
	}
	return out, nil
}

// unhex returns the value of a hexadecimal digit.
func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return ascii.Lower(c) - 'a' + 10
}
