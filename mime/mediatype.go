package mime

import (
	"strings"

	"applayer/internal/ascii"
)

// MediaType is the value of a Content-Type field (RFC 2045 §5.1).
type MediaType struct {
	// Type and Subtype are in lower case, as "text" and "plain".
	Type, Subtype string
	Params
}

// Defects of media types.
const (
	// DefectBadMediaType is a media type without type or subtype. It is read as
	// text/plain, as RFC 2045 §5.2 recommends.
	DefectBadMediaType DefectCode = "bad-media-type"
	// DefectTextBehindType is text between a media type or a disposition and the
	// first semicolon. It is passed over.
	DefectTextBehindType DefectCode = "text-behind-type"
)

// Name returns type and subtype as "text/plain".
func (m MediaType) Name() string { return m.Type + "/" + m.Subtype }

// Is tells whether the media type is the one named, as "text/html", or, where
// the subtype is "*", one of that type.
func (m MediaType) Is(name string) bool {
	typ, subtype, _ := strings.Cut(name, "/")
	return ascii.EqualFold(m.Type, typ) && (subtype == "*" || ascii.EqualFold(m.Subtype, subtype))
}

// String returns the media type as it is written, what cannot be written left
// out.
func (m MediaType) String() string {
	b, err := m.AppendText(nil)
	if err != nil {
		return m.Name()
	}
	return string(b)
}

// AppendText appends the media type as the value of a field: "text/plain;
// charset=utf-8". Values that need it are quoted, and those that are long or not
// ASCII are written as RFC 2231 §4 says.
func (m MediaType) AppendText(dst []byte) ([]byte, error) {
	if !isTokenText(m.Type) || !isTokenText(m.Subtype) {
		return dst, &ParseError{What: "media type is no token", Ref: "RFC 2045 §5.1", Err: injection(m.Type + m.Subtype)}
	}
	return m.Params.AppendText(append(append(append(dst, m.Type...), '/'), m.Subtype...))
}

// ParseMediaType takes the value of a Content-Type field, which may have
// comments, folding and much that is wrong. Where there is no media type, it is
// text/plain (RFC 2045 §5.2).
func ParseMediaType(s string, opts *Options) (MediaType, []Defect, error) {
	o := opts.inForce()
	r := newReport(o)
	m := parseMediaType(s, o, r)
	return m, r.list, r.err
}

func parseMediaType(s string, o *Options, r *report) MediaType {
	return parseMediaTypeAs(s, o, r, false)
}

// parseMediaTypeAs is parseMediaType; with raw, values stay as [parseParams]
// tells.
func parseMediaTypeAs(s string, o *Options, r *report, raw bool) MediaType {
	l := lexer{s: s, o: o, r: r}
	m := MediaType{Type: "text", Subtype: "plain"}
	if typ, subtype, ok := l.mediaType(); ok {
		m.Type, m.Subtype = lower(typ), lower(subtype)
	}
	m.Params = parseParams(&l, raw)
	return m
}

// mediaType takes type and subtype up to the first parameter. ok is false where
// they are not both there.
func (l *lexerOf[T]) mediaType() (typ, subtype T, ok bool) {
	l.stops = ";"
	l.skipCFWS()
	from := l.at
	typ = l.token()
	if l.skipCFWS(); l.take('/') {
		l.skipCFWS()
		subtype = l.token()
	}
	if ok = len(typ) > 0 && len(subtype) > 0; !ok {
		l.r.add(DefectBadMediaType, from, "RFC 2045 §5.1")
		if l.at = from; l.paramAt(from, true) {
			return typ, subtype, false // a parameter at once
		}
		l.at = l.stopAt(from, ';')
		return typ, subtype, false
	}
	l.endOfType()
	return typ, subtype, true
}

// endOfType passes over what stands between a type and its first parameter.
func (l *lexerOf[T]) endOfType() {
	if l.skipCFWS(); !l.valueEnds(false) {
		l.r.add(DefectTextBehindType, l.at, "RFC 2045 §5.1")
		l.at = l.stopAt(l.at, ';')
	}
}

// contentType is what the structure of a message hangs on.
type contentType[T text] struct {
	typ, subtype T // as they are written; empty for text/plain by default
	boundary     T
	hasBoundary  bool
}

// scanContentType takes from a Content-Type field what the scanner needs, as
// [ParseMediaType] would have it, and allocates nothing where the boundary is
// written plainly.
func scanContentType[T text](value T, o *Options, r *report) (c contentType[T]) {
	l := lexerOf[T]{s: value, o: o, r: r}
	if typ, subtype, ok := l.mediaType(); ok {
		c.typ, c.subtype = typ, subtype
	}
	for n := 0; ; {
		p, ok := l.param()
		if !ok {
			return c
		}
		if digits, _, _ := sectionName(p.name); len(digits) == 0 {
			n++
		}
		switch {
		case n > o.MaxParams:
			return c
		case !namedAs(p.name, "boundary"):
		case len(p.name) > len("boundary"): // RFC 2231 §3 and §4
			b, has := parseMediaType(string(value), o, nil).Lookup("boundary")
			c.boundary, c.hasBoundary = T(b.Value), has
			return c
		case c.hasBoundary:
			r.add(DefectDuplicateParameter, p.at, "RFC 2045 §5.1")
		default:
			c.boundary, c.hasBoundary = p.content(), true
		}
	}
}

// lower returns s with its ASCII letters in lower case.
func lower(s string) string {
	for i := range len(s) {
		if s[i] != ascii.Lower(s[i]) {
			b := []byte(s)
			for j, c := range b {
				b[j] = ascii.Lower(c)
			}
			return string(b)
		}
	}
	return s
}
