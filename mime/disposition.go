package mime

// Disposition is the value of a Content-Disposition field (RFC 2183 §2).
type Disposition struct {
	// Type is in lower case: "inline", "attachment", "form-data" (RFC 7578 §4.2)
	// or another. Unknown ones are to be treated as attachments (RFC 2183 §2.8).
	Type string
	Params
}

// DefectBadDisposition is a disposition without a type. It is read as an
// attachment.
const DefectBadDisposition DefectCode = "bad-disposition"

// Inline tells whether the part is to be shown with the message. Of what is no
// type at all or an unknown one, RFC 2183 §2.8 says that it is an attachment.
func (d Disposition) Inline() bool { return d.Type == "inline" }

// Filename returns the name that the sender gives the file, "" where there is
// none. It may be any text, with folders in it or worse: [SafeFilename] makes a
// name of it under which a file can be stored.
//
// In a form, percent signs with two digits stand for octets of UTF-8
// (RFC 7578 §4.2).
func (d Disposition) Filename() string {
	name := d.Get("filename")
	if d.Type == "form-data" {
		return percentDecoded(name)
	}
	return name
}

// String returns the disposition as it is written, what cannot be written left
// out.
func (d Disposition) String() string {
	b, err := d.AppendText(nil)
	if err != nil {
		return d.Type
	}
	return string(b)
}

// AppendText appends the disposition as the value of a field:
// `attachment; filename="a b.txt"`. Parameters are written as
// [Params.AppendText] does.
func (d Disposition) AppendText(dst []byte) ([]byte, error) {
	if !isTokenText(d.Type) {
		return dst, &ParseError{What: "disposition is no token", Ref: "RFC 2183 §2", Err: injection(d.Type)}
	}
	return d.Params.AppendText(append(dst, d.Type...))
}

// ParseDisposition takes the value of a Content-Disposition field. Damage is
// read as in [ParseMediaType]; where there is no type, it is "attachment".
func ParseDisposition(s string, opts *Options) (Disposition, []Defect, error) {
	o := opts.inForce()
	r := newReport(o)
	d := parseDisposition(s, o, r)
	return d, r.list, r.err
}

func parseDisposition(s string, o *Options, r *report) Disposition {
	return parseDispositionAs(s, o, r, false)
}

// parseDispositionAs is parseDisposition; with raw, values stay as [parseParams]
// tells.
func parseDispositionAs(s string, o *Options, r *report, raw bool) Disposition {
	l := lexer{s: s, o: o, r: r, stops: ";"}
	l.skipCFWS()
	from := l.at
	d := Disposition{Type: lower(l.token())}
	switch l.skipCFWS(); {
	case d.Type == "" || l.peek() == '=': // a parameter at once
		r.add(DefectBadDisposition, from, "RFC 2183 §2")
		if d.Type == "" {
			from = l.stopAt(from, ';')
		}
		d.Type, l.at = "attachment", from
	default:
		l.endOfType()
	}
	d.Params = parseParams(&l, raw)
	return d
}
