package http1

import (
	"bytes"
	"iter"

	"applayer/internal/ascii"
)

// span is a run of octets of a head.
type span struct{ from, to uint32 }

func (s span) of(b []byte) []byte { return b[s.from:s.to] }

// fieldSpan is where a field's name and value stand.
type fieldSpan struct{ name, value span }

// head is what both kinds of heads have: the octets, and where in them the
// fields are.
type head struct {
	raw    []byte
	fields []fieldSpan
	folded bool // a value contains obs-fold
}

// Raw returns the head's octets, as they were given to Parse.
func (h *head) Raw() []byte { return h.raw }

// Len returns the number of fields.
func (h *head) Len() int { return len(h.fields) }

// At returns the name and the value of the field at place i, counted from 0.
// Where a response folded a value over lines, the fold is still in it
// (RFC 9112 §5.2).
func (h *head) At(i int) (name, value []byte) {
	f := &h.fields[i]
	return f.name.of(h.raw), f.value.of(h.raw)
}

// All yields the names and values of the fields in order, as At gives them.
func (h *head) All() iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		for i := range h.fields {
			if !yield(h.At(i)) {
				return
			}
		}
	}
}

// Get returns the value of the first field of that name, nil without one.
func (h *head) Get(name string) []byte {
	for i := range h.fields {
		if n, v := h.At(i); ascii.EqualFold(n, name) {
			return v
		}
	}
	return nil
}

// appendTo cuts the fields of dst from s, which is the head as a string.
func (h *head) appendTo(dst *Header, s string) {
	for i := range h.fields {
		f := &h.fields[i]
		dst.fields = append(dst.fields, Field{s[f.name.from:f.name.to], s[f.value.from:f.value.to]})
	}
}

// fill makes dst the fields of s, which is the head as a string.
func (h *head) fill(dst *Header, s string) {
	if n := len(h.fields); cap(dst.fields) < n {
		dst.fields = make([]Field, n, max(n, 8))
	} else {
		if len(dst.fields) > n {
			clear(dst.fields[n:])
		}
		dst.fields = dst.fields[:n]
	}
	for i := range h.fields {
		f := &h.fields[i]
		dst.fields[i] = Field{s[f.name.from:f.name.to], s[f.value.from:f.value.to]}
	}
}

// locate tells where the last field of that name stands in an error about what
// the fields mean.
func (h *head) locate(err error) error {
	perr, ok := err.(*ParseError)
	if !ok || perr.Field == "" {
		return err
	}
	for i := len(h.fields) - 1; i >= 0; i-- {
		if name, _ := h.At(i); ascii.EqualFold(name, perr.Field) {
			at := h.fields[i].value.from
			start, _ := emptyLine(h.raw)
			perr.Offset = int64(at)
			perr.Line = 1 + bytes.Count(h.raw[start:at], []byte{'\n'})
			break
		}
	}
	return err
}

// fieldRules is what differs between the field sections of messages.
type fieldRules struct {
	// bareLF lets an LF without CR end a line (RFC 9112 §2.2).
	bareLF bool
	// trimNames removes white space before a colon (RFC 9112 §5.1).
	trimNames bool
	// folds takes values that go on in the next line (RFC 9112 §5.2).
	folds bool
}

// takeFields takes the field lines from place i of h.raw on, up to the empty
// line, and returns where that ends. Line counts the lines before.
func (h *head) takeFields(i, line int, rules fieldRules, lim *Limits) (next int, err error) {
	b, start := h.raw, i
	maxField, maxFields := lim.maxField(), lim.maxFields()
	h.fields, h.folded = h.fields[:0], false
	for {
		line++
		if i == len(b) || !isToken[b[i]] {
			switch n, known := emptyLine(b[i:]); {
			case !known:
				return 0, atLine(line, malformed(len(b), "field section: no empty line at its end", "RFC 9112 §2.1"))
			case n == 1 && !rules.bareLF:
				return 0, atLine(line, bareLF(i))
			case n > 0 && i+n-start > lim.maxFieldSection():
				return 0, &LimitError{"MaxFieldSection", int64(lim.maxFieldSection()), StatusFieldsTooLarge}
			case n > 0:
				return i + n, nil
			}
		}
		var perr *ParseError
		if b[i] == ' ' || b[i] == '\t' {
			next, perr = h.fold(i, rules)
		} else if len(h.fields) == maxFields {
			return 0, &LimitError{"MaxFields", int64(maxFields), StatusFieldsTooLarge}
		} else {
			next, perr = h.parseField(i, rules)
		}
		if perr != nil {
			return 0, atLine(line, perr)
		}
		if next-int(h.fields[len(h.fields)-1].name.from) > maxField {
			return 0, &LimitError{"MaxField", int64(maxField), StatusFieldsTooLarge}
		}
		i = next
	}
}

func atLine(line int, err *ParseError) *ParseError {
	err.Line = line
	return err
}

// bareLF is the error of a line end without CR at place i. Others on the way
// may have taken what is around it for one line.
func bareLF(i int) *ParseError { return malformed(i, "line: LF without CR", "RFC 9112 §2.2") }

const badValue = "field value: control character"

// textEnd returns where the text at place i ends, without and with its line
// end. A control character before that is the error what.
func textEnd(b []byte, i int, lf bool, what string) (end, next int, _ *ParseError) {
	end = findCtl(b, i)
	switch {
	case end == len(b):
		return 0, 0, malformed(end, "line: no CRLF at its end", "RFC 9112 §2.1")
	case b[end] == '\r' && end+1 < len(b) && b[end+1] == '\n':
		return end, end + 2, nil
	case b[end] == '\n' && lf:
		return end, end + 1, nil
	case b[end] == '\n':
		return 0, 0, bareLF(end)
	}
	return 0, 0, malformed(end, what, "RFC 9110 §5.5")
}

// parseField takes field-line from place i on and returns where the next one
// begins: a token, at once a colon, and the value between optional white space
// (RFC 9112 §5).
func (h *head) parseField(i int, rules fieldRules) (next int, _ *ParseError) {
	b := h.raw
	colon := tokenEnd(b, i)
	name := span{uint32(i), uint32(colon)}
	if rules.trimNames && colon > i {
		for colon < len(b) && (b[colon] == ' ' || b[colon] == '\t') {
			colon++
		}
	}
	if colon == len(b) || b[colon] != ':' || name.from == name.to {
		return 0, badName(b, i, colon)
	}
	from := colon + 1
	for from < len(b) && (b[from] == ' ' || b[from] == '\t') {
		from++
	}
	to, next, err := textEnd(b, from, rules.bareLF, badValue)
	if err != nil {
		return 0, inField(name.of(b), err)
	}
	for from < to && (b[to-1] == ' ' || b[to-1] == '\t') {
		to--
	}
	h.fields = append(h.fields, fieldSpan{name, span{uint32(from), uint32(to)}})
	return next, nil
}

func inField(name []byte, err *ParseError) *ParseError {
	err.Field = string(name)
	return err
}

// badName tells what is wrong with the field name at place i, which ends at
// place at without a colon.
func badName(b []byte, i, at int) *ParseError {
	switch {
	case at == i && at < len(b):
		return malformed(at, "field name: no token", "RFC 9110 §5.1")
	case at == len(b) || b[at] == '\r' || b[at] == '\n':
		return malformed(at, "field line: no colon", "RFC 9112 §5")
	case b[at] == ' ' || b[at] == '\t':
		// A server that skipped it and a proxy that took it for a part of the
		// name would see two different requests.
		return inField(b[i:at], malformed(at, "field name: white space before the colon", "RFC 9112 §5.1"))
	}
	return malformed(at, "field name: no token", "RFC 9110 §5.1")
}

// fold appends the line at place i, which begins with white space, to the value
// of the field line before it: obs-fold (RFC 9112 §5.2).
func (h *head) fold(i int, rules fieldRules) (next int, _ *ParseError) {
	b := h.raw
	if len(h.fields) == 0 {
		return 0, malformed(i, "field section: white space before the first field", "RFC 9112 §2.2")
	}
	last := &h.fields[len(h.fields)-1]
	if !rules.folds {
		return 0, inField(last.name.of(b), malformed(i, "field line: folded", "RFC 9112 §5.2"))
	}
	end, next, err := textEnd(b, i, rules.bareLF, badValue)
	if err != nil {
		return 0, inField(last.name.of(b), err)
	}
	from := i
	for from < end && (b[from] == ' ' || b[from] == '\t') {
		from++
	}
	for end > from && (b[end-1] == ' ' || b[end-1] == '\t') {
		end--
	}
	switch {
	case from == end: // a line of white space alone adds nothing
	case last.value.from == last.value.to: // the value begins here
		last.value = span{uint32(from), uint32(end)}
	default:
		last.value.to = uint32(end)
		h.folded = true
	}
	return next, nil
}

// unfold returns h.raw with each fold replaced by spaces of the same length,
// which RFC 9112 §5.2 allows, so that all offsets stay.
func (h *head) unfold() []byte {
	b := bytes.Clone(h.raw)
	for _, f := range h.fields {
		v := f.value.of(b)
		for i, c := range v {
			if c == '\r' || c == '\n' {
				v[i] = ' '
			}
		}
	}
	return b
}
