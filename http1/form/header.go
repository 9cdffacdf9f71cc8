package form

import (
	"errors"
	"strings"
	"unicode/utf8"

	"applayer/http1"
	"applayer/internal/ascii"
)

// partHeader is what the header of a part says that matters to a form.
type partHeader struct {
	name, fileName string
	isFile         bool
	contentType    string
}

// parsePartHeader takes the header of a part, whole lines with their CRLF.
// The part of a nested multipart/mixed has no name of its own, and any
// disposition (RFC 7578 §4.3).
func parsePartHeader(b []byte, nested bool) (h partHeader, err error) {
	s := string(b)
	disposition, typed, encoded := false, false, false
	for at := 0; at < len(s); {
		f, err := parseFieldLine(s, at)
		if err != nil {
			return partHeader{}, err
		}
		var once *bool
		switch {
		case ascii.EqualFold(f.name, "Content-Disposition"):
			once, err = &disposition, h.parseDisposition(f.value, f.at, nested)
		case ascii.EqualFold(f.name, "Content-Type"):
			once, h.contentType = &typed, f.value
		case ascii.EqualFold(f.name, "Content-Transfer-Encoding"):
			once, err = &encoded, checkEncoding(f.value, f.at)
		}
		if err == nil && once != nil && *once {
			err = &ParseError{Offset: int64(at), What: f.name, Ref: "RFC 7578 §4.2", Reply: 400, Err: errTwice}
		}
		if err != nil {
			return partHeader{}, err
		}
		if once != nil {
			*once = true
		}
		at = f.next
	}
	if !disposition && !nested {
		return partHeader{}, &ParseError{What: "Content-Disposition", Ref: "RFC 7578 §4.2", Reply: 400, Err: errMissing}
	}
	if !typed {
		h.contentType = "text/plain" // RFC 7578 §4.4
	}
	return h, nil
}

// fieldLine is a field of a part's header: its value begins at at, what
// follows the line at next.
type fieldLine struct {
	name, value string
	at, next    int
}

// parseFieldLine takes the field whose line begins at s[at]. A line that
// continues the one before it begins with white space, which no name does.
func parseFieldLine(s string, at int) (f fieldLine, err error) {
	end := at + strings.Index(s[at:], "\r\n")
	line := s[at:end]
	n := ascii.Span(&token, line)
	if n == 0 || n == len(line) || line[n] != ':' {
		return f, &ParseError{Offset: int64(at + n), What: "field name and colon", Ref: "RFC 2046 §5.1", Reply: 400}
	}
	if i := ascii.Span(&text, line); i < len(line) {
		return f, &ParseError{Offset: int64(at + i), What: "field value", Ref: "RFC 2046 §5.1", Reply: 400, Err: errControl}
	}
	value := strings.TrimLeft(line[n+1:], " \t")
	f = fieldLine{name: line[:n], value: strings.TrimRight(value, " \t"), at: end - len(value), next: end + 2}
	if !utf8.ValidString(f.value) {
		return f, &ParseError{Offset: int64(f.at), What: "field value", Ref: "RFC 7578 §5.1.2", Reply: 400, Err: errUTF8}
	}
	return f, nil
}

var (
	token = ascii.VChar.Without(ascii.Chars(`"(),/:;<=>?@[\]{}`))
	text  = ascii.Range(' ', 0xff).Without(ascii.Chars("\x7f")).Or(ascii.Chars("\t"))
)

// parseDisposition takes the value of Content-Disposition, which begins at at
// in the header (RFC 7578 §4.2).
func (h *partHeader) parseDisposition(s string, at int, nested bool) error {
	const ref = "RFC 7578 §4.2"
	kind := s[:ascii.Span(&token, s)]
	if kind == "" || !nested && !ascii.EqualFold(kind, "form-data") {
		return &ParseError{Offset: int64(at), What: "form-data", Ref: ref, Reply: 400}
	}
	named := false
	err := eachParam(s, len(kind), at, func(name, value string, offset int64) error {
		fault := func(cause error) error {
			return &ParseError{Offset: offset, What: "parameter " + strings.ToLower(name), Ref: ref, Reply: 400, Err: cause}
		}
		switch {
		case ascii.EqualFold(name, "name"):
			if named {
				return fault(errTwice)
			}
			named, h.name = true, value
		case ascii.EqualFold(name, "filename"):
			if h.isFile {
				return fault(errTwice)
			}
			h.isFile, h.fileName = true, lastElement(value)
		case ascii.EqualFold(name, "filename*"), ascii.EqualFold(name, "name*"):
			return fault(errForbidden)
		}
		return nil
	})
	if err == nil && !named && !nested {
		err = &ParseError{Offset: int64(at), What: "parameter name", Ref: ref, Reply: 400, Err: errMissing}
	}
	return err
}

// lastElement cuts directories off a file's name, of whichever system, and
// leaves nothing of a name that is none (RFC 7578 §4.2).
func lastElement(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	if name == "." || name == ".." {
		return ""
	}
	return name
}

// checkEncoding refuses what would have to be decoded.
func checkEncoding(s string, at int) error {
	for _, same := range []string{"7bit", "8bit", "binary"} {
		if ascii.EqualFold(s, same) {
			return nil
		}
	}
	return &ParseError{Offset: int64(at), What: "Content-Transfer-Encoding", Ref: "RFC 7578 §4.7", Reply: 415, Err: errForbidden}
}

// eachParam yields the parameters of a disposition from s[from] on:
// *( OWS ";" OWS [ token "=" ( token / quoted-string ) ] ). Offsets count from
// at octets before s. [http1.ParseParameters] differs in the backslash, see
// parseValue.
func eachParam(s string, from, at int, yield func(name, value string, offset int64) error) error {
	fault := func(i int, what string) error {
		return &ParseError{Offset: int64(at + i), What: what, Ref: "RFC 9110 §5.6.6", Reply: 400}
	}
	for i := from + ows(s[from:]); i < len(s); i += ows(s[i:]) {
		if s[i] != ';' {
			return fault(i, "semicolon before a parameter")
		}
		i++
		i += ows(s[i:])
		begin := i
		i += ascii.Span(&token, s[i:])
		if i == begin {
			continue // RFC 9110 §5.6.6 lets a parameter be empty
		}
		name := s[begin:i]
		if i == len(s) || s[i] != '=' {
			return fault(i, "parameter")
		}
		value, n := parseValue(s[i+1:])
		if n == 0 {
			return fault(i+1, "parameter value")
		}
		i += 1 + n
		if err := yield(name, value, int64(at+begin)); err != nil {
			return err
		}
	}
	return nil
}

func ows(s string) int { return len(s) - len(strings.TrimLeft(s, " \t")) }

// parseValue takes a token or a quoted-string, of n octets in all; n is 0 if
// there is neither. In a quoted-string a backslash quotes a quotation mark and
// itself, and stands for itself otherwise: browsers send C:\dir\file with none
// doubled. For a quotation mark they send %22 (HTML §4.10.22.8).
func parseValue(s string) (value string, n int) {
	if s == "" || s[0] != '"' {
		n = ascii.Span(&token, s)
		return s[:n], n
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return strings.ReplaceAll(b.String(), "%22", `"`), i + 1
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
		}
		b.WriteByte(s[i])
	}
	return "", 0
}

// parseContentType takes the media type of a body: its name in lower case and
// the boundary, if there is one (RFC 9110 §8.3.1).
func parseContentType(s string) (kind, delimiter string, err error) {
	m, err := http1.ParseMediaType(s)
	if e, ok := errors.AsType[*http1.ParseError](err); ok {
		return "", "", &ParseError{Offset: e.Offset, What: "Content-Type: " + e.What, Ref: e.Ref, Reply: 400}
	}
	seen := false
	for _, p := range m.Params {
		if p.Name != "boundary" {
			continue
		}
		if seen {
			return "", "", &ParseError{What: "Content-Type: parameter boundary", Ref: "RFC 7578 §4.1", Reply: 400, Err: errTwice}
		}
		seen, delimiter = true, p.Value
	}
	return m.Type + "/" + m.Subtype, delimiter, nil
}
