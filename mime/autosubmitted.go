package mime

// AutoSubmitted tells whether a program sent the message, the value of an
// Auto-Submitted field (RFC 3834 §5).
type AutoSubmitted struct {
	// Keyword is "no", "auto-generated", "auto-replied" or another, in lower
	// case.
	Keyword string
	Params
}

// DefectAutoSubmitted is an Auto-Submitted field without a keyword.
const DefectAutoSubmitted DefectCode = "auto-submitted"

// ParseAutoSubmitted reads the value of an Auto-Submitted field.
func ParseAutoSubmitted(s string, opts *Options) (AutoSubmitted, []Defect, error) {
	return parseValue(s, opts, parseAutoSubmitted)
}

func parseAutoSubmitted(s string, o *Options, r *report) AutoSubmitted {
	l := lexer{s: s, o: o, r: r, stops: ";"}
	l.skipCFWS()
	a := AutoSubmitted{Keyword: lower(l.token())}
	if a.Keyword == "" {
		r.add(DefectAutoSubmitted, l.at, "RFC 3834 §5.1")
	}
	l.endOfType()
	a.Params = parseParams(&l, false)
	return a
}

// Automatic tells whether a program sent the message, so that no program is to
// answer it (RFC 3834 §2).
func (a AutoSubmitted) Automatic() bool { return a.Keyword != "" && a.Keyword != "no" }

// AppendText appends the value of the field.
func (a AutoSubmitted) AppendText(dst []byte) ([]byte, error) {
	if !isTokenText(a.Keyword) {
		return dst, &ParseError{Field: "Auto-Submitted", What: "keyword", Ref: "RFC 3834 §5.1", Err: injection(a.Keyword)}
	}
	return a.Params.AppendText(append(dst, a.Keyword...))
}

// AutoSubmitted returns what the message says of it, or [ErrNoField].
func (h *Header) AutoSubmitted() (AutoSubmitted, error) {
	return firstValue(h, "Auto-Submitted", parseAutoSubmitted)
}

// SetAutoSubmitted sets what the message says of it.
func (h *Header) SetAutoSubmitted(a AutoSubmitted) error { return setValue(h, "Auto-Submitted", a) }
