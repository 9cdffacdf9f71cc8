package http1

import (
	"strings"

	"applayer/internal/ascii"
)

// MediaType is what Content-Type tells, such as "text/html; charset=utf-8"
// (RFC 9110 §8.3.1).
type MediaType struct {
	// Type and Subtype are tokens in lower case.
	Type, Subtype string
	// Params are in the order in which they were sent.
	Params []Parameter
}

// ParseMediaType takes a media type, all of s but white space around it. Type,
// subtype and the parameters' names become lower-case. The error is a
// [*ParseError].
func ParseMediaType(s string) (MediaType, error) {
	s = trimOWS(s)
	end := 0
	for end < len(s) && (isToken[s[end]] || s[end] == '/') {
		end++
	}
	kind, subtype, _ := strings.Cut(s[:end], "/")
	if !IsToken(kind) || !IsToken(subtype) {
		return MediaType{}, malformed(0, "media type: no type \"/\" subtype", "RFC 9110 §8.3.1")
	}
	params, err := parseParameters(s, end)
	if err != nil {
		return MediaType{}, err
	}
	return MediaType{strings.ToLower(kind), strings.ToLower(subtype), params}, nil
}

// Is tells whether the type and subtype are those of essence, such as
// "text/html", whatever the case and the parameters.
func (m *MediaType) Is(essence string) bool {
	kind, subtype, _ := strings.Cut(essence, "/")
	return ascii.EqualFold(m.Type, kind) && ascii.EqualFold(m.Subtype, subtype)
}

// Param returns the value of the first parameter of that name, "" without one.
func (m *MediaType) Param(name string) string {
	value, _ := parameter(m.Params, name)
	return value
}

// AppendText appends the media type as it is sent: values that are no tokens
// are quoted. It is an [encoding.TextAppender]. What [ParseMediaType] would
// refuse is not written; dst is then returned as it was.
func (m *MediaType) AppendText(dst []byte) ([]byte, error) {
	if !IsToken(m.Type) || !IsToken(m.Subtype) {
		return dst, refused(0, "media type: no token", "RFC 9110 §8.3.1")
	}
	b := append(dst, m.Type...)
	b = append(b, '/')
	b = append(b, m.Subtype...)
	b, err := appendParameters(b, m.Params)
	if err != nil {
		return dst, rebase(err, len(dst))
	}
	return b, nil
}

// String returns the media type as it is sent, "" if it cannot be.
func (m *MediaType) String() string {
	b, _ := m.AppendText(nil)
	return string(b)
}
