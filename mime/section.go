package mime

import (
	"errors"
	"strconv"
	"strings"

	"applayer/internal/ascii"
)

// Section names a piece of a message as IMAP does (RFC 9051 §6.4.5.1): a part by
// its number, and what of it. The zero value is the whole message.
type Section struct {
	// Part is the number of a part, as 4, 2 for "4.2"; empty is the message
	// itself.
	Part []int
	// Of says what of the part.
	Of SectionOf
	// Fields are the names that go with [OfHeaderFields] and
	// [OfHeaderFieldsNot], in any case.
	Fields []string
}

// SectionOf says what of a part a [Section] is.
type SectionOf uint8

// What of a part a section can be.
const (
	// OfBody is the body of the part, or without a part number the message with
	// its header.
	OfBody SectionOf = iota
	// OfHeader is the header of the message, or of the message that is the body
	// of the part.
	OfHeader
	// OfHeaderFields is those fields of OfHeader that are named, and its empty
	// line.
	OfHeaderFields
	// OfHeaderFieldsNot is the fields of OfHeader that are not named, and its
	// empty line.
	OfHeaderFieldsNot
	// OfText is the body of the message, or of the message that is the body of
	// the part.
	OfText
	// OfMIME is the header of the part itself.
	OfMIME
)

// sectionNames are the specifiers of RFC 9051 §6.4.5.1 in the order of the
// constants.
var sectionNames = [...]string{"", "HEADER", "HEADER.FIELDS", "HEADER.FIELDS.NOT", "TEXT", "MIME"}

// String returns what is written for it: "HEADER.FIELDS" and the like.
func (of SectionOf) String() string {
	if int(of) < len(sectionNames) {
		return sectionNames[of]
	}
	return "SectionOf(" + strconv.Itoa(int(of)) + ")"
}

// errSection is the cause of each error of [ParseSection].
var errSection = errors.New("not a section")

// ParseSection takes a section as it is written between the brackets of FETCH,
// such as "4.2.HEADER.FIELDS (Date From)"; the names may be quoted strings. The
// error is a [*ParseError].
func ParseSection(s string) (Section, error) {
	var sec Section
	at := 0
	for at < len(s) && ascii.Digit.Has(s[at]) {
		v, n, err := ascii.Decimal(s[at:], maxPartNumber)
		if err != nil || v == 0 || s[at] == '0' {
			return Section{}, sectionError(at, "part number")
		}
		sec.Part = append(sec.Part, int(v))
		if at += n; at == len(s) {
			return sec, nil
		}
		if s[at] != '.' || at+1 == len(s) {
			return Section{}, sectionError(at, "part number")
		}
		at++
	}
	end := len(s)
	if i := strings.IndexByte(s[at:], ' '); i >= 0 {
		end = at + i
	}
	of := OfHeader
	for !ascii.EqualFold(s[at:end], of.String()) {
		if of++; int(of) == len(sectionNames) {
			if s == "" {
				return sec, nil
			}
			return Section{}, sectionError(at, "part specifier")
		}
	}
	sec.Of = of
	if of == OfMIME && len(sec.Part) == 0 {
		return Section{}, sectionError(at, "MIME without a part number")
	}
	if of != OfHeaderFields && of != OfHeaderFieldsNot {
		if end < len(s) {
			return Section{}, sectionError(end, "text behind the section")
		}
		return sec, nil
	}
	var err error
	sec.Fields, err = parseSectionFields(s, end)
	if err != nil {
		return Section{}, err
	}
	return sec, nil
}

// maxPartNumber is more than any message has parts.
const maxPartNumber = 1<<31 - 1

func sectionError(at int, what string) error {
	return &ParseError{Offset: int64(at), What: what, Ref: "RFC 9051 §6.4.5.1", Err: errSection}
}

// parseSectionFields takes header-list of RFC 9051 §9 with the space before it:
// the names in parentheses, of which there is one at least.
func parseSectionFields(s string, at int) ([]string, error) {
	if !strings.HasPrefix(s[at:], " (") {
		return nil, sectionError(at, "no list of field names")
	}
	var names []string
	for at += 2; ; {
		name, n := parseSectionField(s[at:])
		if n == 0 {
			return nil, sectionError(at, "field name")
		}
		names = append(names, name)
		at += n
		switch {
		case s[at:] == ")":
			return names, nil
		case at == len(s) || s[at] != ' ':
			return nil, sectionError(at, "list of field names")
		}
		at++
	}
}

// isAstring is the class of octets in an atom of IMAP (RFC 9051 §9,
// ASTRING-CHAR).
var isAstring = ascii.VChar.Without(ascii.Chars(`(){%*"\`))

func parseSectionField(s string) (name string, n int) {
	if s == "" || s[0] != '"' {
		n = ascii.Span(&isAstring, s)
		return s[:n], n
	}
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' && i > 1:
			return unquote(s[1:i]), i + 1
		case c == '"', c == '\r', c == '\n', c == 0:
			return "", 0
		case c == '\\':
			if i++; i == len(s) || s[i] != '"' && s[i] != '\\' {
				return "", 0
			}
		}
	}
	return "", 0
}

// String returns the section as it is written between the brackets of FETCH.
func (s Section) String() string {
	var b []byte
	for i, n := range s.Part {
		if i > 0 {
			b = append(b, '.')
		}
		b = strconv.AppendInt(b, int64(n), 10)
	}
	if s.Of != OfBody {
		if len(b) > 0 {
			b = append(b, '.')
		}
		b = append(b, s.Of.String()...)
	}
	if s.Of == OfHeaderFields || s.Of == OfHeaderFieldsNot {
		b = append(b, " ("...)
		for i, name := range s.Fields {
			if i > 0 {
				b = append(b, ' ')
			}
			b = appendSectionField(b, name)
		}
		b = append(b, ')')
	}
	return string(b)
}

// appendSectionField appends a name as an atom, or else as a quoted string. CR, LF
// and NUL, which are in no name and would end the command, become "?"
// (RFC 9051 §9, QUOTED-CHAR).
func appendSectionField(dst []byte, name string) []byte {
	if name != "" && ascii.Span(&isAstring, name) == len(name) {
		return append(dst, name...)
	}
	dst = append(dst, '"')
	for i := range len(name) {
		switch c := name[i]; c {
		case '\r', '\n', 0:
			dst = append(dst, '?')
		case '"', '\\':
			dst = append(dst, '\\', c)
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
