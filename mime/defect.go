package mime

import "strings"

// DefectCode names a kind of defect in words joined by hyphens, as in
// "duplicate-parameter". The words are stable: programs may compare them.
type DefectCode string

// Defect is something that a message has wrong and that did not keep it from
// being read.
type Defect struct {
	// Code is what is wrong.
	Code DefectCode
	// Offset counts octets from the start of the message, or of the value that a
	// function was given.
	Offset int64
	// Field is the name of the header field that it is in, "" where it is in
	// none.
	Field string
	// Ref is the section that was broken, as in "RFC 2045 §5.1".
	Ref string
	// Err tells more for some codes: a [*LimitError], [ErrUnknownCharset] or
	// [ErrUnknownEncoding].
	Err error
}

// error returns the defect as the [*ParseError] that it is under
// [Options.Strict].
func (d Defect) error() error {
	if limit, ok := d.Err.(*LimitError); ok {
		return limit
	}
	return &ParseError{Offset: d.Offset, Field: d.Field, What: strings.ReplaceAll(string(d.Code), "-", " "), Ref: d.Ref, Err: d.Err}
}

// String tells what, where and which rule.
func (d Defect) String() string { return strings.TrimPrefix(d.error().Error(), "mime: ") }

// DefectLimit is the code of every limit that was reached; Err says which.
const DefectLimit DefectCode = "limit"

// report collects the defects of a message, a field or a value. A nil report
// drops them.
type report struct {
	strict bool
	max    int    // how many are listed
	base   int64  // what is added to offsets
	field  string // the field that is being read

	list []Defect
	more int   // how many were not listed
	err  error // the first, when strict
}

// newReport returns a report as the options, which are in force, have it.
func newReport(o *Options) *report { return &report{strict: o.Strict, max: o.MaxDefects} }

// add notes a defect at an offset.
func (r *report) add(code DefectCode, at int, ref string) { r.addErr(code, at, ref, nil) }

// addErr is add with more to tell.
func (r *report) addErr(code DefectCode, at int, ref string, err error) {
	if r == nil {
		return
	}
	d := Defect{Code: code, Offset: r.base + int64(at), Field: r.field, Ref: ref, Err: err}
	if r.strict && r.err == nil {
		r.err = d.error()
	}
	if len(r.list) >= r.max {
		r.more++
		return
	}
	r.list = append(r.list, d)
}

// limit notes a limit that was reached.
func (r *report) limit(name string, max, at int) {
	r.addErr(DefectLimit, at, "", &LimitError{Name: name, Max: int64(max)})
}

// failed tells whether reading ends here.
func (r *report) failed() bool { return r != nil && r.err != nil }
