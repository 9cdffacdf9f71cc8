package http1

import (
	"strings"

	"applayer/internal/ascii"
)

// maxParameters bounds the parameters of one value. It answers a value of
// thousands of empty ones, each of which would cost more memory than octets.
const maxParameters = 100

// Parameter is a parameter of a field value (RFC 9110 §5.6.6).
type Parameter struct {
	// Name is a token in lower case.
	Name string
	// Value is without the quotes that it may have been sent in.
	Value string
}

// ParseParameters takes parameters, all of s: each begins with a semicolon and
// may be empty (RFC 9110 §5.6.6). Names become lower-case. The error is a
// [*ParseError].
func ParseParameters(s string) ([]Parameter, error) {
	params, err := parseParameters(s, 0)
	if err != nil {
		return nil, err
	}
	return params, nil
}

// parseParameters is ParseParameters for what stands at place i of s, up to its
// end.
func parseParameters(s string, i int) ([]Parameter, *ParseError) {
	const ref = "RFC 9110 §5.6.6"
	var params []Parameter
	for {
		i = skipOWS(s, i)
		if i == len(s) {
			return params, nil
		}
		if s[i] != ';' {
			return nil, malformed(i, "parameters: no semicolon", ref)
		}
		i = skipOWS(s, i+1)
		if i == len(s) || s[i] == ';' {
			continue
		}
		if len(params) == maxParameters {
			return nil, malformed(i, "parameters: more than 100", ref)
		}
		from := i
		for i < len(s) && isToken[s[i]] {
			i++
		}
		name := s[from:i]
		if name == "" || i == len(s) || s[i] != '=' {
			return nil, malformed(i, "parameter: no name with an equals sign behind it", ref)
		}
		value, n := parseParameterValue(s[i+1:])
		if n < 0 {
			return nil, malformed(i+1, "parameter: neither a token nor a quoted string", ref)
		}
		i += 1 + n
		params = append(params, Parameter{strings.ToLower(name), value})
	}
}

func skipOWS(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t') {
		i++
	}
	return i
}

// parseParameterValue takes a token or a quoted string from the front of s and
// returns how many octets it was, -1 if it is neither.
func parseParameterValue(s string) (value string, n int) {
	if s != "" && s[0] == '"' {
		return parseQuoted(s)
	}
	for n < len(s) && isToken[s[n]] {
		n++
	}
	if n == 0 {
		return "", -1
	}
	return s[:n], n
}

// parseQuoted takes quoted-string from the front of s, which begins with a
// quote (RFC 9110 §5.6.4). N is -1 if it has no end or a control character.
func parseQuoted(s string) (value string, n int) {
	escaped := false
	for i := 1; i < len(s); i++ {
		switch {
		case isCtl(s[i]):
			return "", -1
		case s[i] == '\\':
			escaped = true
			if i++; i == len(s) || isCtl(s[i]) {
				return "", -1
			}
		case s[i] == '"' && escaped:
			return unescape(s[1:i]), i + 1
		case s[i] == '"':
			return s[1:i], i + 1
		}
	}
	return "", -1
}

// unescape removes the backslashes of quoted pairs.
func unescape(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// appendQuoted appends s as quoted-string. It is not ok if s has control
// characters, which nothing can quote.
func appendQuoted(dst []byte, s string) (_ []byte, ok bool) {
	b := append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case isCtl(c):
			return dst, false
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"'), true
}

// appendParameters appends each parameter with "; " before it, its value
// quoted where it is no token.
func appendParameters(dst []byte, params []Parameter) ([]byte, *ParseError) {
	b := dst
	for _, p := range params {
		if !IsToken(p.Name) {
			return dst, refused(len(b), "parameter: name is no token", "RFC 9110 §5.6.6")
		}
		b = append(b, "; "...)
		b = append(b, p.Name...)
		b = append(b, '=')
		if IsToken(p.Value) {
			b = append(b, p.Value...)
			continue
		}
		var ok bool
		if b, ok = appendQuoted(b, p.Value); !ok {
			return dst, refused(len(b), "parameter: control character", "RFC 9110 §5.6.4")
		}
	}
	return b, nil
}

// parameter returns the value of the first parameter of that name.
func parameter(params []Parameter, name string) (value string, ok bool) {
	for _, p := range params {
		if ascii.EqualFold(p.Name, name) {
			return p.Value, true
		}
	}
	return "", false
}
