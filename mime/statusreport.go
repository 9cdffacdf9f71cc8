package mime

import (
	"errors"
	"io"
	"math"
	"strings"
)

// Report is what a multipart/report says (RFC 6522 §3).
type Report struct {
	// Type is the report-type parameter in lower case: "delivery-status"
	// (RFC 3464), "disposition-notification" (RFC 8098), "feedback-report"
	// (RFC 5965) or another.
	Type string
	// Text is the part for people.
	Text *Entity
	// Status is the part for programs.
	Status *Entity
	// Groups are the fields of Status. A delivery-status has a group for the
	// message and one for each recipient (RFC 3464 §2.1); the others have one.
	Groups []Header
	// Original is the message that the report is about, or its header; nil if
	// the report has none.
	Original *Entity
}

// DefectNotFields is text among the groups of fields of a report's status. What
// is behind it is not read.
const DefectNotFields DefectCode = "not-fields"

// ErrNoReport means that an entity is no multipart/report with the two parts
// that it needs.
var ErrNoReport = errors.New("mime: no report")

// Report reads what the entity reports, or what the body of the message in it
// does. The error is [ErrNoReport], a [*LimitError] for a status beyond
// MaxHeaderBytes, or one of the source.
func (e *Entity) Report() (*Report, error) {
	m := e.MediaType()
	if e.kind != KindMultipart || !m.Is("multipart/report") || e.first == nil || e.first.next == nil {
		return nil, ErrNoReport
	}
	r := &Report{Type: lower(m.Get("report-type")), Text: e.first, Status: e.first.next}
	r.Original = r.Status.next
	o := e.tree.o
	b, err := io.ReadAll(io.LimitReader(r.Status.Body(), min(int64(o.MaxHeaderBytes), math.MaxInt64-1)+1))
	switch {
	case err != nil:
		return nil, err
	case len(b) > o.MaxHeaderBytes:
		return nil, &LimitError{Name: "MaxHeaderBytes", Max: int64(o.MaxHeaderBytes)}
	}
	r.Groups, _, err = ParseFieldGroups(b, o)
	return r, err
}

// ParseFieldGroups takes groups of fields with empty lines between them: the
// body of a message/delivery-status (RFC 3464 §2.1) and its like. They have the
// form of header fields (RFC 3464 §2.1.1). It ends before a group whose first
// line is no field.
func ParseFieldGroups(b []byte, opts *Options) ([]Header, []Defect, error) {
	o := opts.inForce()
	r := newReport(o)
	var groups []Header
	for at := 0; ; {
		for at < len(b) && len(trimLineEnd(b[at:lineEnd(b, at)])) == 0 {
			at = lineEnd(b, at)
		}
		if at == len(b) {
			return groups, r.list, nil
		}
		n := findGroup(b[at:], at, o, r)
		if r.failed() {
			return nil, r.list, r.err
		}
		if n == 0 {
			return groups, r.list, nil
		}
		groups = append(groups, makeHeader(b[at:at+n], int64(at), o))
		at += n
	}
}

// findGroup returns how long the group at the front of b is, 0 where none is.
func findGroup(b []byte, at int, o *Options, r *report) int {
	in := report{max: o.MaxDefects}
	n := findHeader(b, o, &in)
	for _, d := range in.list {
		switch d.Code {
		case DefectNoHeader:
			r.add(DefectNotFields, at, "RFC 3464 §2.1")
		default:
			r.addErr(d.Code, at+int(d.Offset), d.Ref, d.Err)
		}
	}
	return n
}

// TypedValue takes the value of a field of a report that tells its kind before a
// semicolon, such as "rfc822; bob@example.org" of Final-Recipient or "dns;
// mx.example.org" of Reporting-MTA (RFC 3464 §2.1.2). The kind is in lower case.
// Without a semicolon it is "".
func (f Field) TypedValue() (kind, value string) {
	kind, value, ok := strings.Cut(f.Value(), ";")
	if !ok {
		return "", kind
	}
	return lower(strings.TrimRight(kind, " \t")), strings.TrimLeft(value, " \t")
}
