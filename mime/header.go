package mime

import (
	"errors"
	"io"
	"iter"
	"slices"
	"strings"
)

// ErrNoField means that the header has no field of that name.
var ErrNoField = errors.New("mime: no such field")

// Header is the fields of a message or of a part, in their order and with their
// octets (RFC 5322 §2.2). A header that was read and not changed is written
// back octet for octet; a change touches no field but its own. Names are
// compared without regard to case.
//
// The zero value is an empty header. A Header must not be changed while others
// use it, and a copy shares its fields: use [Header.Clone].
type Header struct {
	fields []Field
	end    string // the empty line; "" where the header ended without
	read   bool   // else the empty line is CRLF
	opts   *Options
}

// Defects of header blocks.
const (
	// DefectNoHeader is a message whose first line is no field: all of it is
	// body.
	DefectNoHeader DefectCode = "no-header"
	// DefectNoColon is a line of the header that is neither a field nor folded.
	// It is kept as a [Field] without a name.
	DefectNoColon DefectCode = "no-colon"
)

// ParseHeader takes the header at the front of b, up to and with its empty line
// or up to the end of b, as a message may end with its header (RFC 5322 §3.5),
// and returns how many octets it has. A first line that is no field means that there is no header, and n is 0; so it is for a header
// beyond MaxHeaderBytes, MaxFields or MaxFieldBytes. The header holds a copy.
func ParseHeader(b []byte, opts *Options) (h Header, n int, defects []Defect, err error) {
	o := opts.inForce()
	r := newReport(o)
	n = findHeader(b, o, r)
	if r.failed() {
		return Header{}, 0, r.list, r.err
	}
	return makeHeader(b[:n], 0, o), n, r.list, nil
}

// findHeader returns how long the header at the front of b is, as the scanner of
// messages finds it.
func findHeader(b []byte, o *Options, r *report) (n int) {
	s := scanner{o: o, rep: r}
	n, end, err := s.headerEnd(b, true)
	if err != nil || end == endsAtLimit {
		return 0
	}
	return n
}

// isFromLine tells whether b begins with the line that parts the messages of an
// mbox file (RFC 4155 §A), which often gets into messages by mistake, at times
// quoted (RFC 7103 §7.1.2).
func isFromLine[T ~string | ~[]byte](b T) bool {
	if len(b) > 0 && b[0] == '>' {
		b = b[1:]
	}
	return len(b) >= 5 && string(b[:5]) == "From "
}

// makeHeader returns the header whose block, with the empty line if it has one,
// begins at an offset of the message. The options are in force.
func makeHeader(block []byte, base int64, o *Options) Header {
	text := string(block) // the one copy; all fields are cut from it
	h := Header{read: true, opts: o}
	h.fields = make([]Field, 0, countFields(block))
	for at := 0; at < len(text); {
		if text[at] == '\n' || strings.HasPrefix(text[at:], "\r\n") {
			h.end = text[at:]
			break
		}
		f := nextRawField(block, at)
		h.fields = append(h.fields, Field{
			raw:        text[f.start:f.end],
			nameEnd:    f.nameEnd - f.start,
			valueStart: f.valueStart - f.start,
			offset:     base + int64(f.start),
		})
		at = f.end
	}
	return h
}

// countFields returns how many lines of a block are not folded.
func countFields(block []byte) (n int) {
	for at := 0; at < len(block); {
		if block[at] != ' ' && block[at] != '\t' {
			n++
		}
		at = lineEnd(block, at)
	}
	return n
}

// Clone returns a header that shares nothing that can be changed.
func (h *Header) Clone() Header {
	c := *h
	c.fields = slices.Clone(h.fields)
	return c
}

// Len returns how many fields there are, lines that are no field included.
func (h *Header) Len() int { return len(h.fields) }

// Fields yields all fields in order. Those with an empty name are lines that
// are no field.
func (h *Header) Fields() iter.Seq[Field] { return slices.Values(h.fields) }

// All yields the fields of a name in order.
func (h *Header) All(name string) iter.Seq[Field] {
	return func(yield func(Field) bool) {
		for _, f := range h.fields {
			if f.is(name) && !yield(f) {
				return
			}
		}
	}
}

// Field returns the first field of a name.
func (h *Header) Field(name string) (f Field, ok bool) {
	for f := range h.All(name) {
		return f, true
	}
	return Field{}, false
}

// Has tells whether there is a field of that name.
func (h *Header) Has(name string) bool {
	_, ok := h.Field(name)
	return ok
}

// Get returns the value of the first field of a name, "" if there is none: as
// one line, and with encoded words as they are. [Header.Text] decodes them.
func (h *Header) Get(name string) string {
	f, ok := h.Field(name)
	if !ok {
		return ""
	}
	return f.Value()
}

// Values returns the values of all fields of a name, as [Header.Get] does.
func (h *Header) Values(name string) []string {
	var values []string
	for f := range h.All(name) {
		values = append(values, f.Value())
	}
	return values
}

// Add adds a field at the end. Its value is written as [NewField] tells.
func (h *Header) Add(name, value string) error { return h.Insert(len(h.fields), name, value) }

// Insert adds a field before the one with index at: 0 is the front and
// [Header.Len] the end. It panics if at is beyond them.
func (h *Header) Insert(at int, name, value string) error {
	f, err := newField(name, value, h.lineEnd())
	if err != nil {
		return err
	}
	h.InsertField(at, f)
	return nil
}

// InsertField adds a field with its octets as they are, as [Header.Insert] does.
func (h *Header) InsertField(at int, f Field) {
	if f.nameEnd == 0 {
		return
	}
	h.change()
	h.fields = slices.Insert(h.fields, at, f)
}

// Set gives the first field of a name a value and removes the others of that
// name. If there is none, it adds one at the end.
func (h *Header) Set(name, value string) error {
	f, err := newField(name, value, h.lineEnd())
	if err != nil {
		return err
	}
	h.SetField(f)
	return nil
}

// SetField is [Header.Set] with a field whose octets stay as they are.
func (h *Header) SetField(f Field) {
	if f.nameEnd == 0 {
		return
	}
	h.change()
	at := slices.IndexFunc(h.fields, func(g Field) bool { return g.is(f.Name()) })
	if at < 0 {
		h.fields = append(h.fields, f)
		return
	}
	h.fields[at] = f
	rest := slices.DeleteFunc(h.fields[at+1:], func(g Field) bool { return g.is(f.Name()) })
	h.fields = h.fields[:at+1+len(rest)]
}

// Del removes all fields of a name.
func (h *Header) Del(name string) {
	if h.Has(name) {
		h.change()
		h.fields = slices.DeleteFunc(h.fields, func(f Field) bool { return f.is(name) })
	}
}

// front returns where trace fields are put (RFC 5322 §3.6.7): before all fields,
// and behind the "From " line of an mbox file.
func (h *Header) front() int {
	i := slices.IndexFunc(h.fields, func(f Field) bool { return f.nameEnd > 0 })
	if i < 0 {
		return len(h.fields)
	}
	return i
}

// change makes the header one that fields can be added to: its last line and
// the header itself get the ends that they may lack.
func (h *Header) change() {
	eol := h.lineEnd()
	if n := len(h.fields); n > 0 && !strings.HasSuffix(h.fields[n-1].raw, "\n") {
		last := &h.fields[n-1]
		if strings.HasSuffix(last.raw, "\r") {
			last.raw += "\r\n" // a LF alone would make a line end of the CR
		} else {
			last.raw += eol
		}
	}
	if h.end == "" {
		h.end = eol
	}
}

// lineEnd returns how the lines of the header end: as its first, else in CRLF.
func (h *Header) lineEnd() string {
	if len(h.fields) > 0 {
		if raw := h.fields[0].raw; strings.HasSuffix(raw, "\n") && !strings.HasSuffix(raw, "\r\n") {
			return "\n"
		}
	}
	return "\r\n"
}

// AppendText appends the header as it is written: its fields, and the empty line
// that ends it. A header that was read without the empty line is written
// without, until it is changed.
func (h *Header) AppendText(dst []byte) ([]byte, error) {
	for _, f := range h.fields {
		dst = append(dst, f.raw...)
	}
	return append(dst, h.emptyLine()...), nil
}

// WriteTo writes what [Header.AppendText] appends.
func (h *Header) WriteTo(w io.Writer) (int64, error) {
	b, _ := h.AppendText(nil)
	n, err := w.Write(b)
	return int64(n), err
}

// emptyLine returns the line that ends the header.
func (h *Header) emptyLine() string {
	if h.end == "" && !h.read {
		return "\r\n"
	}
	return h.end
}
