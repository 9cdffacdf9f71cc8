package mime

import (
	"bytes"
	"unicode/utf8"
)

// valueReader reads values of fields of one header.
type valueReader struct {
	h      *Header
	o      *Options
	label  string // the charset of the text that the header is of
	looked bool   // it was looked for
}

// text returns the value of a field, in UTF-8 where it has octets beyond ASCII.
// RFC 6532 §3.2 lets them be UTF-8. Others come from programs that wrote their
// text as it was, so that the charset of the text tells what they are
// (RFC 7103 §7.7); with none they stay, and are read as windows-1252.
func (v *valueReader) text(f Field, r *report) string {
	s := f.RawValue()
	if utf8.ValidString(s) {
		return s
	}
	label := v.charset()
	if label == "" {
		return s
	}
	text, known := appendDecoded(nil, []byte(s), label, v.o, nil, 0)
	if !known || bytes.ContainsRune(text, utf8.RuneError) {
		return s
	}
	at := 0
	for s[at] < utf8.RuneSelf {
		at++
	}
	r.add(DefectUnlabelled8Bit, at, "RFC 7103 §7.7")
	return string(text)
}

// charset returns the charset that the text claims, "" where it has none that a
// header could be in.
func (v *valueReader) charset() string {
	if v.looked {
		return v.label
	}
	v.looked = true
	if t, ok := v.h.Field("Content-Type"); ok {
		label := parseMediaType(t.RawValue(), v.o, nil).Get("charset")
		if label != "" && keepsASCII(label, v.o) {
			v.label = label
		}
	}
	return v.label
}

// keepsASCII tells whether a charset has the octets of ASCII as they are, so
// that a header can be in it.
func keepsASCII(label string, o *Options) bool {
	const probe = "<a@b>: \"+AGE-\"\r\n ~"
	text, known := appendDecoded(nil, []byte(probe), label, o, nil, 0)
	return known && string(text) == probe
}
