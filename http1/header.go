package http1

import (
	"iter"
	"slices"

	"applayer/internal/ascii"
)

// Field is a field line: a name and a value (RFC 9112 §5).
type Field struct {
	// Name is a token; its case is kept and has no meaning.
	Name string
	// Value is without white space around it. Octets from 0x80 on are kept as
	// they are (obs-text, RFC 9110 §5.5).
	Value string
}

// Header is a list of fields: a head's, or a trailer section's. It keeps their
// order, the case of their names, and fields of the same name apart, so that
// what was parsed is written back as it came. The zero value is an empty list,
// ready to use.
//
// Names are compared without regard to case. Add and Set take what they are
// given; what is no field is refused when the message is written.
type Header struct {
	fields []Field
}

// NewHeader returns a list of fields: names and values in turn.
func NewHeader(namesAndValues ...string) Header {
	var h Header
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		h.Add(namesAndValues[i], namesAndValues[i+1])
	}
	return h
}

// Len returns the number of fields.
func (h *Header) Len() int { return len(h.fields) }

// At returns the field at place i, counted from 0.
func (h *Header) At(i int) Field { return h.fields[i] }

// All yields names and values in order.
func (h *Header) All() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for i := range h.fields {
			if !yield(h.fields[i].Name, h.fields[i].Value) {
				return
			}
		}
	}
}

// index returns the place of the first field of that name at from or behind
// it, or -1.
func (h *Header) index(name string, from int) int {
	for i := from; i < len(h.fields); i++ {
		if ascii.EqualFold(h.fields[i].Name, name) {
			return i
		}
	}
	return -1
}

// Has tells whether there is a field of that name.
func (h *Header) Has(name string) bool { return h.index(name, 0) >= 0 }

// Get returns the value of the first field of that name, "" if there is none.
func (h *Header) Get(name string) string {
	if i := h.index(name, 0); i >= 0 {
		return h.fields[i].Value
	}
	return ""
}

// Values yields the values of all fields of that name, in order.
func (h *Header) Values(name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := h.index(name, 0); i >= 0; i = h.index(name, i+1) {
			if !yield(h.fields[i].Value) {
				return
			}
		}
	}
}

// Add appends a field.
func (h *Header) Add(name, value string) {
	h.fields = append(h.fields, Field{name, value})
}

// Set makes the field the only one of its name, at the place of the first one
// there was, or at the end.
func (h *Header) Set(name, value string) {
	i := h.index(name, 0)
	if i < 0 {
		h.Add(name, value)
		return
	}
	h.fields[i].Value = value
	h.del(name, i+1)
}

// Del removes all fields of that name.
func (h *Header) Del(name string) { h.del(name, 0) }

// del removes the fields of that name at from and behind it.
func (h *Header) del(name string, from int) {
	if from = h.index(name, from); from < 0 {
		return
	}
	kept := h.fields[:from]
	for _, f := range h.fields[from+1:] {
		if !ascii.EqualFold(f.Name, name) {
			kept = append(kept, f)
		}
	}
	clear(h.fields[len(kept):])
	h.fields = kept
}

// Clone returns a copy that shares nothing with h but the strings.
func (h *Header) Clone() Header { return Header{slices.Clone(h.fields)} }

// Reset removes all fields and keeps the memory for the next.
func (h *Header) Reset() {
	clear(h.fields)
	h.fields = h.fields[:0]
}
