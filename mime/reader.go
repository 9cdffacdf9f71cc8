package mime

import (
	"bytes"
	"errors"
	"io"
)

// ErrPast means that a body was read after its [Event] had passed.
var ErrPast = errors.New("mime: part is past")

// EventKind says what a [Reader] came to.
type EventKind uint8

// The events of a message, in the order of their octets. A part that is a leaf
// has EventStart, EventBody and EventEnd; between those two, a multipart has an
// EventPreamble if there is one, its parts, and an EventEpilogue; and a message,
// the message within.
const (
	EventStart    EventKind = iota + 1 // the header of a part was read
	EventBody                          // the body of a leaf can be read
	EventPreamble                      // what stands before the first part can be read
	EventEpilogue                      // what stands behind the last part can be read
	EventEnd                           // the part is over
)

// String returns "start", "body", "preamble", "epilogue" or "end".
func (k EventKind) String() string {
	names := [...]string{"EventKind(?)", "start", "body", "preamble", "epilogue", "end"}
	if int(k) >= len(names) {
		k = 0
	}
	return names[k]
}

// Event is what [Reader.Next] came to.
type Event struct {
	Kind EventKind
	Part *Part // that begins, goes on or ends
}

// Reader walks through a message as a stream. It holds a header at a time and
// never a body, and passes over what is not read. It is for one goroutine at a
// time.
//
// A multipart or message that is in a transfer encoding, though none may be, is
// decoded and walked through too: [Part.Encoded] tells of it.
type Reader struct {
	o      *Options
	report report // of the message as it stands
	tree   tree   // of options alone
	layer  *layer // where tokens come from

	open    *Part // the innermost
	current Event
	event   uint64 // how many there were
	due     due
	err     error
}

// due is what comes before the next token.
type due uint8

const (
	dueNothing due = iota
	dueBody        // the EventBody of a leaf
	dueLayer       // the layer of an encoded part
)

// NewReader returns a Reader of one message.
func NewReader(src io.Reader, opts *Options) *Reader {
	o := opts.inForce()
	r := &Reader{o: o, report: *newReport(o), tree: tree{o: o}, layer: &layer{window: window{src: src}}}
	r.layer.scanner.o, r.layer.scanner.rep = o, &r.report
	return r
}

// Next passes over what is left of the current event and returns the next one,
// which is good until the next call. The error is io.EOF when the message has
// ended, one of the source, or, if strict, the first defect. It is repeated.
func (r *Reader) Next() (*Event, error) {
	r.event++
	r.layer.chunk = nil
	now := r.due
	r.due = dueNothing
	switch {
	case r.err != nil:
	case now == dueBody:
		return r.is(EventBody, r.open)
	case now == dueLayer:
		r.err = r.decode(r.open)
	}
	for r.err == nil {
		t, octets, err := r.layer.token()
		if err == io.EOF && r.layer.outer != nil {
			r.leave()
			continue
		}
		if err != nil {
			r.err = err
			break
		}
		switch t.kind {
		case tokenHeader:
			return r.is(EventStart, r.begin(t, octets))
		case tokenContent:
			r.open.e.content(t)
			if kind := r.region(t.region); kind != 0 {
				r.layer.chunk = octets
				return r.is(kind, r.open)
			}
		case tokenDelim:
			r.open.e.delimiter(t)
		case tokenEnd:
			if p := r.open; r.layer.part != p {
				p.e.end, r.open = t.end, p.parent
				return r.is(EventEnd, p)
			}
		}
	}
	r.current = Event{}
	return nil, r.err
}

func (r *Reader) is(kind EventKind, p *Part) (*Event, error) {
	r.current = Event{kind, p}
	return &r.current, nil
}

// Defects returns what was wrong with the message so far, as
// [Entity.Defects] tells. What is wrong within an encoded part has the offset of
// its body, and is listed when the part is over.
func (r *Reader) Defects() []Defect { return r.report.list }

// MoreDefects counts the defects beyond MaxDefects.
func (r *Reader) MoreDefects() int { return r.report.more }

// begin makes the part that a header begins.
func (r *Reader) begin(t token, octets []byte) *Part {
	p := &Part{r: r, layer: r.layer, parent: r.open, block: bytes.Clone(octets)}
	var parent *Entity
	if p.parent != nil {
		parent = &p.parent.e
	}
	p.e.tree = &r.tree
	p.e.begin(parent, t)
	if t.entity.contentType.end > 0 {
		p.e.contentTypeValue = t.entity.contentType.of(p.block)
	}
	r.open = p
	switch {
	case p.e.encoded:
		p.e.kind, r.due = p.e.inner, dueLayer
	case p.e.kind == KindLeaf:
		r.due = dueBody
	}
	return p
}

// region returns the event that content of a region begins, 0 for none.
func (r *Reader) region(g region) EventKind {
	if g == regionBody || r.open.shown[g] {
		return 0
	}
	r.open.shown[g] = true
	if g == regionPreamble {
		return EventPreamble
	}
	return EventEpilogue
}

// takeBody makes the octets of a part readable, and returns the event in which
// they are.
func (r *Reader) takeBody(p *Part) uint64 {
	if r.current.Part == p && r.current.Kind == EventStart && !p.taken {
		p.taken, r.due = true, dueNothing
		if p.e.kind != KindLeaf && !p.e.encoded {
			p.layer.scanner.leaf()
		}
	}
	return r.event
}
