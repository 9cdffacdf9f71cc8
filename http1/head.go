package http1

import (
	"bytes"
	"iter"
	"math"

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

// parseFields takes the field lines from place i on, up to the empty line that
// ends h.raw. Line counts the lines before.
func (h *head) parseFields(i, line int, rules fieldRules, lim *Limits) error {
	b := h.raw
	if uint64(len(b)) > math.MaxUint32 {
		return &LimitError{"MaxFieldSection", math.MaxUint32, StatusFieldsTooLarge}
	}
	maxField, maxFields := lim.maxField(), lim.maxFields()
	h.fields, h.folded = h.fields[:0], false
	for i < len(b) {
		line++
		end, next, err := lineEnd(b, i, rules.bareLF)
		if err != nil {
			err.Line = line
			return err
		}
		if end == i {
			if next != len(b) {
				return atLine(line, malformed(next, "field section: octets behind the empty line", "RFC 9112 §2.1"))
			}
			return nil
		}
		if next-i > maxField {
			return &LimitError{"MaxField", int64(maxField), StatusFieldsTooLarge}
		}
		if len(h.fields) == maxFields {
			return &LimitError{"MaxFields", int64(maxFields), StatusFieldsTooLarge}
		}
		if b[i] == ' ' || b[i] == '\t' {
			err = h.fold(i, end, rules)
			if err == nil && next-int(h.fields[len(h.fields)-1].name.from) > maxField {
				return &LimitError{"MaxField", int64(maxField), StatusFieldsTooLarge}
			}
		} else {
			err = h.parseField(i, end, rules)
		}
		if err != nil {
			err.Line = line
			return err
		}
		i = next
	}
	return atLine(line, malformed(len(b), "field section: no empty line at its end", "RFC 9112 §2.1"))
}

func atLine(line int, err *ParseError) *ParseError {
	err.Line = line
	return err
}

// lineEnd returns where the line at place i ends, without and with its line
// end.
func lineEnd(b []byte, i int, bareLF bool) (end, next int, _ *ParseError) {
	n := bytes.IndexByte(b[i:], '\n')
	switch {
	case n < 0:
		return 0, 0, malformed(len(b), "line: no CRLF at its end", "RFC 9112 §2.1")
	case n > 0 && b[i+n-1] == '\r':
		return i + n - 1, i + n + 1, nil
	case !bareLF:
		return 0, 0, malformed(i+n, "line: LF without CR", "RFC 9112 §2.2")
	}
	return i + n, i + n + 1, nil
}

// parseField takes field-line, all of b[i:end]: a token, at once a colon, and
// the value between optional white space (RFC 9112 §5).
func (h *head) parseField(i, end int, rules fieldRules) *ParseError {
	b := h.raw[:end]
	colon := i
	for colon < end && isToken[b[colon]] {
		colon++
	}
	name := span{uint32(i), uint32(colon)}
	if rules.trimNames && colon > i {
		for colon < end && (b[colon] == ' ' || b[colon] == '\t') {
			colon++
		}
	}
	if colon == end || b[colon] != ':' || name.from == name.to {
		return badName(b, i, colon)
	}
	from, to := colon+1, end
	for from < to && (b[from] == ' ' || b[from] == '\t') {
		from++
	}
	for from < to && (b[to-1] == ' ' || b[to-1] == '\t') {
		to--
	}
	if at := findCtl(b[from:to]); at >= 0 {
		return inField(name.of(b), malformed(from+at, "field value: control character", "RFC 9110 §5.5"))
	}
	h.fields = append(h.fields, fieldSpan{name, span{uint32(from), uint32(to)}})
	return nil
}

func inField(name []byte, err *ParseError) *ParseError {
	err.Field = string(name)
	return err
}

// badName tells what is wrong with the field name at place i, which ends at
// place at without a colon.
func badName(b []byte, i, at int) *ParseError {
	switch {
	case at == len(b):
		return malformed(at, "field line: no colon", "RFC 9112 §5")
	case at == i:
		return malformed(at, "field name: no token", "RFC 9110 §5.1")
	case b[at] == ' ' || b[at] == '\t':
		// A server that skipped it and a proxy that took it for a part of the
		// name would see two different requests.
		return inField(b[i:at], malformed(at, "field name: white space before the colon", "RFC 9112 §5.1"))
	}
	return malformed(at, "field name: no token", "RFC 9110 §5.1")
}

// fold appends b[i:end], which begins with white space, to the value of the
// field line before it: obs-fold (RFC 9112 §5.2).
func (h *head) fold(i, end int, rules fieldRules) *ParseError {
	b := h.raw
	if len(h.fields) == 0 {
		return malformed(i, "field section: white space before the first field", "RFC 9112 §2.2")
	}
	last := &h.fields[len(h.fields)-1]
	if !rules.folds {
		return inField(last.name.of(b), malformed(i, "field line: folded", "RFC 9112 §5.2"))
	}
	if at := findCtl(b[i:end]); at >= 0 {
		return inField(last.name.of(b), malformed(i+at, "field value: control character", "RFC 9110 §5.5"))
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
	return nil
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
