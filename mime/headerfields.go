package mime

import "strings"

// Text returns the value of the first field of a name as text in UTF-8, with
// encoded words decoded ([DecodeText]); "" if there is none. Where Options.Strict
// is not set, there is no error.
func (h *Header) Text(name string) (string, error) {
	f, ok := h.Field(name)
	if !ok {
		return "", nil
	}
	return fieldValue(h, f, parseText)
}

func parseText(s string, o *Options, r *report) string {
	trimmed := strings.TrimLeft(s, " \t\r\n")
	return decodeText(strings.TrimRight(trimmed, " \t\r\n"), len(s)-len(trimmed), o, r)
}

// SetText sets the first field of a name, such as Subject, to text in UTF-8.
// Words that are not ASCII, or that are too long for a line, become encoded
// words; with UTF8 in the options, which may be nil, text stays UTF-8.
func (h *Header) SetText(name, text string, opts *WriteOptions) error {
	b, err := appendUnstructured(nil, text, len(name)+len(": "), opts)
	if err != nil {
		return inField(err, name)
	}
	return h.Set(name, string(b))
}

// AddText is [Header.SetText] for a field that is added at the end.
func (h *Header) AddText(name, text string, opts *WriteOptions) error {
	b, err := appendUnstructured(nil, text, len(name)+len(": "), opts)
	if err != nil {
		return inField(err, name)
	}
	return h.Add(name, string(b))
}

// ContentType returns the media type of the body. Without the field, or with one
// that cannot be read, it is text/plain in US-ASCII (RFC 2045 §5.2).
func (h *Header) ContentType() (MediaType, error) {
	f, ok := h.Field("Content-Type")
	if !ok {
		return MediaType{Type: "text", Subtype: "plain", Params: Params{{Name: "charset", Value: "us-ascii"}}}, nil
	}
	return fieldValue(h, f, parseMediaType)
}

// SetContentType sets the media type of the body.
func (h *Header) SetContentType(m MediaType) error { return setValue(h, "Content-Type", m) }

// Disposition returns how the part is to be shown and what its file is called
// (RFC 2183 §2). Without the field its Type is "".
func (h *Header) Disposition() (Disposition, error) {
	f, ok := h.Field("Content-Disposition")
	if !ok {
		return Disposition{}, nil
	}
	return fieldValue(h, f, parseDisposition)
}

// SetDisposition sets how the part is to be shown.
func (h *Header) SetDisposition(d Disposition) error { return setValue(h, "Content-Disposition", d) }

// Encoding returns the transfer encoding of the body in lower case, "7bit" where
// the field is missing or empty (RFC 2045 §6.1).
func (h *Header) Encoding() (string, error) {
	f, ok := h.Field("Content-Transfer-Encoding")
	if !ok {
		return "7bit", nil
	}
	return fieldValue(h, f, parseEncoding)
}

// DefectEncodingText is a Content-Transfer-Encoding that is not one token.
const DefectEncodingText DefectCode = "transfer-encoding"

func parseEncoding(s string, o *Options, r *report) string {
	l := lexer{s: s, o: o, r: r}
	l.skipCFWS()
	name := lower(l.token())
	if l.skipCFWS(); name == "" || !l.atEnd() {
		r.add(DefectEncodingText, l.at, "RFC 2045 §6.1")
	}
	if name == "" {
		return "7bit"
	}
	return name
}

// SetEncoding sets the transfer encoding of the body.
func (h *Header) SetEncoding(name string) error {
	if !isTokenText(name) {
		return &ParseError{Field: "Content-Transfer-Encoding", What: "encoding is no token", Ref: "RFC 2045 §6.1", Err: injection(name)}
	}
	return h.Set("Content-Transfer-Encoding", name)
}
