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
type Reader struct {
	o       *Options
	report  report
	tree    tree // of options alone
	window  window
	scanner scanner

	open    *Part // the innermost
	current Event
	event   uint64 // how many there were
	bodyDue bool   // EventBody comes next
	chunk   []byte // octets of the current event that were not read
	pending token  // was found behind them; its kind is 0 for none
	err     error
}

// NewReader returns a Reader of one message.
func NewReader(src io.Reader, opts *Options) *Reader {
	o := opts.inForce()
	r := &Reader{o: o, report: *newReport(o), window: window{src: src}, tree: tree{o: o}}
	r.scanner.o, r.scanner.rep = o, &r.report
	return r
}

// Next passes over what is left of the current event and returns the next one,
// which is good until the next call. The error is io.EOF when the message has
// ended, one of the source, or, if strict, the first defect. It is repeated.
func (r *Reader) Next() (*Event, error) {
	r.event++
	r.chunk = nil
	if r.bodyDue {
		r.bodyDue = false
		return r.is(EventBody, r.open)
	}
	for {
		t, octets, err := r.token()
		if err != nil {
			r.current = Event{}
			return nil, err
		}
		switch t.kind {
		case tokenHeader:
			return r.is(EventStart, r.begin(t, octets))
		case tokenContent:
			r.open.e.content(t)
			if kind := r.region(t.region); kind != 0 {
				r.chunk = octets
				return r.is(kind, r.open)
			}
		case tokenDelim:
			r.open.e.delimiter(t)
		case tokenEnd:
			p := r.open
			p.e.end, r.open = t.end, p.parent
			return r.is(EventEnd, p)
		}
	}
}

func (r *Reader) is(kind EventKind, p *Part) (*Event, error) {
	r.current = Event{kind, p}
	return &r.current, nil
}

// Defects returns what was wrong with the message so far, as
// [Entity.Defects] tells.
func (r *Reader) Defects() []Defect { return r.report.list }

// MoreDefects counts the defects beyond MaxDefects.
func (r *Reader) MoreDefects() int { return r.report.more }

// token returns the scanner's next token.
func (r *Reader) token() (t token, octets []byte, err error) {
	if r.pending.kind != 0 {
		t, r.pending = r.pending, token{}
		return t, nil, nil
	}
	if r.err != nil {
		return t, nil, r.err
	}
	t, octets, r.err = r.window.next(&r.scanner)
	return t, octets, r.err
}

// begin makes the part that a header begins.
func (r *Reader) begin(t token, octets []byte) *Part {
	p := &Part{r: r, parent: r.open, block: bytes.Clone(octets)}
	var parent *Entity
	if p.parent != nil {
		parent = &p.parent.e
	}
	p.e.tree = &r.tree
	p.e.begin(parent, t)
	if t.entity.contentType.end > 0 {
		p.e.contentTypeValue = t.entity.contentType.of(p.block)
	}
	r.open, r.bodyDue = p, t.entity.kind == KindLeaf
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
	if r.current.Part == p && r.current.Kind == EventStart {
		if p.event != r.event && p.e.kind != KindLeaf {
			r.scanner.leaf()
		}
		r.bodyDue = false
	}
	p.event = r.event
	return r.event
}

// more returns the octets that come next of what the current event is of.
func (r *Reader) more() ([]byte, error) {
	if r.current.Kind == EventEnd {
		return nil, io.EOF
	}
	if len(r.chunk) > 0 {
		return r.chunk, nil
	}
	if r.pending.kind != 0 {
		return nil, io.EOF
	}
	t, octets, err := r.token()
	if err != nil {
		return nil, err
	}
	if t.kind != tokenContent {
		r.pending = t
		return nil, io.EOF
	}
	r.open.e.content(t)
	return octets, nil
}
