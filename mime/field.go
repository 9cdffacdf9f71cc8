package mime

import (
	"strings"

	"applayer/internal/ascii"
)

// Field is one field of a header, as its octets (RFC 5322 §2.2). The zero value
// is no field.
type Field struct {
	raw                 string
	nameEnd, valueStart int
	offset              int64
}

// notRead is the offset of a field that was made here.
const notRead = -1

// NewField makes a field of a name and a value, folded at 78 octets where the
// value has blanks. The value is written as it is but for blanks around it:
// what is not ASCII in it goes out as UTF-8, which RFC 6532 alone allows, so
// that most callers want [Header.AddText] for text. An error tells of a name
// outside of RFC 5322 §3.6.8, of a word too long for a line, or, as
// [ErrHeaderInjection], of an octet that would end the field.
func NewField(name, value string) (Field, error) {
	return newField(name, value, "\r\n")
}

// RawField makes a field of its octets, which are kept as they are: a signature
// that has been computed over them stays right. It must be one field with its
// line end and each folded line must hold more than blanks; else the error wraps
// [ErrHeaderInjection].
func RawField(raw string) (Field, error) {
	r := nextRawField([]byte(raw), 0)
	f := Field{raw: raw, nameEnd: r.nameEnd, valueStart: r.valueStart, offset: notRead}
	if err := checkName(f.Name()); err != nil {
		return Field{}, err
	}
	at := 0
	for line := range strings.Lines(raw) {
		text := trimLineEnd(line)
		folded := strings.Trim(text, " \t") != "" && (at == 0 || text[0] == ' ' || text[0] == '\t')
		if len(text) == len(line) || !folded || strings.ContainsAny(text, "\r\n\x00") {
			return Field{}, &ParseError{Offset: int64(at), Field: f.Name(), What: "field", Ref: "RFC 5322 §2.2.3", Err: ErrHeaderInjection}
		}
		at += len(line)
	}
	return f, nil
}

// Name returns the field's name as it is written, "" where the line is no
// field: one without colon, or the "From " line of an mbox file.
func (f Field) Name() string { return f.raw[:f.nameEnd] }

// Raw returns the octets of the field, with folding and line end.
func (f Field) Raw() string { return f.raw }

// RawValue returns the octets behind the colon, without the last line end. For
// a line that is no field, it is the line.
func (f Field) RawValue() string { return trimLineEnd(f.raw[f.valueStart:]) }

// Value returns the value as one line: the line ends of the folding are
// removed (RFC 5322 §2.2.3), and so are blanks around it. Encoded words stay as
// they are.
func (f Field) Value() string { return unfold(f.RawValue()) }

// Offset returns where in the message the field begins, -1 if it was not read
// but made.
func (f Field) Offset() int64 { return f.offset }

// is tells whether it is the field of that name.
func (f Field) is(name string) bool { return f.nameEnd > 0 && ascii.EqualFold(f.raw[:f.nameEnd], name) }

// unfold removes line ends before blanks, and blanks around the value.
func unfold(s string) string {
	s = strings.Trim(s, " \t\r\n")
	if strings.IndexByte(s, '\n') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for line := range strings.Lines(s) {
		b = append(b, trimLineEnd(line)...)
	}
	return string(b)
}
