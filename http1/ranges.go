package http1

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"applayer/internal/ascii"
)

// maxRangeSpecs bounds the members of a Range field. Nobody who means well
// asks for so many; who asks for thousands wants the work of sorting them out
// (CVE-2011-3192).
const maxRangeSpecs = 1024

// defaultMaxRanges is how many parts a response has at most.
const defaultMaxRanges = 16

// RangeSpec is a range of octets as it is asked for, without knowing how many
// there are (RFC 9110 §14.1.2): int-range, with places counted from 0 and both
// included, or suffix-range.
type RangeSpec struct {
	// First is the first octet's place, -1 for the last octets.
	First int64
	// Last is the last octet's place, -1 for all from First on. Where First is
	// -1 it is how many octets from the end are meant.
	Last int64
}

// ParseRange takes the value of a Range field with the unit "bytes"
// (RFC 9110 §14.2). Numbers beyond an int64 become the largest one, which no
// representation reaches.
//
// The error is a [*ParseError], for another unit too, or a [*LimitError]
// beyond 1024 ranges. A server answers such a request as if it had no Range.
func ParseRange(s string) ([]RangeSpec, error) {
	unit, set, ok := strings.Cut(s, "=")
	if !ok || !ascii.EqualFold(unit, "bytes") {
		return nil, malformed(0, "range: unit other than bytes", "RFC 9110 §14.1")
	}
	var specs []RangeSpec
	for at := len("bytes="); set != ""; {
		member, rest, comma := strings.Cut(set, ",")
		if m := trimOWS(member); m != "" {
			spec, ok := parseRangeSpec(m)
			switch {
			case !ok:
				return nil, malformed(at, "range: neither int-range nor suffix-range", "RFC 9110 §14.1.1")
			case len(specs) == maxRangeSpecs:
				return nil, &LimitError{"MaxRangeSpecs", maxRangeSpecs, StatusRangeNotSatisfiable}
			}
			specs = append(specs, spec)
		}
		at += len(member)
		if comma {
			at++
		}
		set = rest
	}
	if specs == nil {
		return nil, malformed(len(s), "range: empty set", "RFC 9110 §14.1.1")
	}
	return specs, nil
}

// parseRangeSpec takes first-pos "-" [ last-pos ] or "-" suffix-length, all
// of s.
func parseRangeSpec(s string) (spec RangeSpec, ok bool) {
	first, last, dash := strings.Cut(s, "-")
	spec = RangeSpec{-1, -1}
	if !dash || first == "" && last == "" {
		return spec, false
	}
	if first != "" {
		if spec.First, ok = parsePos(first); !ok {
			return spec, false
		}
	}
	if last != "" {
		if spec.Last, ok = parsePos(last); !ok {
			return spec, false
		}
	}
	return spec, first == "" || last == "" || spec.First <= spec.Last
}

// parsePos takes 1*DIGIT, all of s. "Recipients MUST anticipate potentially
// large decimal numerals": the largest int64 stands for all beyond it.
func parsePos(s string) (int64, bool) {
	if ascii.Span(&ascii.Digit, s) != len(s) || s == "" {
		return 0, false
	}
	v, _, err := ascii.Decimal(s, math.MaxInt64)
	if err != nil {
		return math.MaxInt64, true
	}
	return int64(v), true
}

// AppendRange appends the value of a Range field that asks for these ranges,
// in the form that [ParseRange] reads, and refuses what it would refuse.
func AppendRange(dst []byte, specs ...RangeSpec) ([]byte, error) {
	if len(specs) == 0 {
		return dst, malformed(0, "range: empty set", "RFC 9110 §14.1.1")
	}
	if len(specs) > maxRangeSpecs {
		return dst, &LimitError{"MaxRangeSpecs", maxRangeSpecs, StatusRangeNotSatisfiable}
	}
	out := append(dst, "bytes="...)
	for i, s := range specs {
		if s.First < -1 || s.Last < -1 || s.First < 0 && s.Last < 0 || s.Last >= 0 && s.First > s.Last {
			return dst, malformed(0, "range: neither int-range nor suffix-range", "RFC 9110 §14.1.1")
		}
		if i > 0 {
			out = append(out, ',')
		}
		if s.First >= 0 {
			out = strconv.AppendInt(out, s.First, 10)
		}
		out = append(out, '-')
		if s.Last >= 0 {
			out = strconv.AppendInt(out, s.Last, 10)
		}
	}
	return out, nil
}

// ByteRange is a range that a representation has: places of its first and last
// octet, counted from 0, both included.
type ByteRange struct{ First, Last int64 }

// Len returns how many octets the range has.
func (r ByteRange) Len() int64 { return r.Last - r.First + 1 }

// resolve returns the part of size octets that is meant, and whether there is
// one (RFC 9110 §14.1.2).
func (s RangeSpec) resolve(size int64) (ByteRange, bool) {
	switch {
	case s.First < 0:
		return ByteRange{max(0, size-s.Last), size - 1}, s.Last > 0
	case s.Last < 0:
		return ByteRange{s.First, size - 1}, s.First < size
	}
	return ByteRange{s.First, min(s.Last, size-1)}, s.First < size
}

// SelectRanges decides how a representation of size octets answers ranges
// (RFC 9110 §14.2, §15.3.7.2): with [StatusPartialContent] and the parts, with
// [StatusRangeNotSatisfiable] if it has none of them, or whole, with
// [StatusOK].
//
// Ranges that overlap or touch become one, at the place of the first of them.
// The whole is sent where the ranges ask for more octets than it has, since
// some ask for the same ones again and again, where more than limit parts would
// be left (0 is 16, negative no limit), and where it is empty
// (CVE-2011-3192).
func SelectRanges(specs []RangeSpec, size int64, limit int) (parts []ByteRange, status int) {
	if size <= 0 || len(specs) == 0 {
		return nil, StatusOK
	}
	asked, left := make([]orderedRange, 0, len(specs)), size
	for i, s := range specs {
		r, ok := s.resolve(size)
		if !ok {
			continue
		}
		if left -= r.Len(); left < 0 {
			return nil, StatusOK
		}
		asked = append(asked, orderedRange{r, i})
	}
	if len(asked) == 0 {
		return nil, StatusRangeNotSatisfiable
	}
	asked = coalesce(asked)
	if limit == 0 {
		limit = defaultMaxRanges
	}
	if limit > 0 && len(asked) > limit {
		return nil, StatusOK
	}
	parts = make([]ByteRange, len(asked))
	for i := range asked {
		parts[i] = asked[i].ByteRange
	}
	return parts, StatusPartialContent
}

// orderedRange is a range and its place in the field.
type orderedRange struct {
	ByteRange
	place int
}

// coalesce makes one of ranges that overlap or touch, in place, and returns
// what is left in the order of the field.
func coalesce(asked []orderedRange) []orderedRange {
	slices.SortFunc(asked, func(a, b orderedRange) int { return cmp.Compare(a.First, b.First) })
	kept := asked[:1]
	for _, r := range asked[1:] {
		last := &kept[len(kept)-1]
		if r.First > last.Last+1 {
			kept = append(kept, r)
			continue
		}
		last.Last = max(last.Last, r.Last)
		last.place = min(last.place, r.place)
	}
	slices.SortFunc(kept, func(a, b orderedRange) int { return cmp.Compare(a.place, b.place) })
	return kept
}

// ContentRange tells which octets of a representation a message or part holds
// (RFC 9110 §14.4).
type ContentRange struct {
	// First and Last are the places of the first and last octet. In a response
	// with status 416 they are -1: "bytes */1234".
	First, Last int64
	// Size is how many octets the whole has, -1 if that is not known.
	Size int64
}

// ParseContentRange takes the value of a Content-Range field with the unit
// "bytes". The error is a [*ParseError], for numbers beyond an int64 too: what
// it would describe cannot be joined with anything.
func ParseContentRange(s string) (ContentRange, error) {
	refused := func(what string) (ContentRange, error) {
		return ContentRange{}, malformed(0, "content range: "+what, "RFC 9110 §14.4")
	}
	unit, rest, ok := strings.Cut(s, " ")
	if !ok || !ascii.EqualFold(unit, "bytes") {
		return refused("unit other than bytes")
	}
	span, size, ok := strings.Cut(rest, "/")
	if !ok {
		return refused("no complete length")
	}
	c := ContentRange{First: -1, Last: -1, Size: -1}
	if size != "*" {
		if c.Size, ok = parseExactPos(size); !ok {
			return refused("complete length is no number")
		}
	}
	if span == "*" {
		if c.Size < 0 {
			return refused("neither range nor length")
		}
		return c, nil
	}
	first, last, _ := strings.Cut(span, "-")
	var firstOK, lastOK bool
	c.First, firstOK = parseExactPos(first)
	c.Last, lastOK = parseExactPos(last)
	if !firstOK || !lastOK {
		return refused("place is no number")
	}
	if !c.valid() {
		return refused("places out of order")
	}
	return c, nil
}

// parseExactPos takes 1*DIGIT below 2^63, all of s.
func parseExactPos(s string) (int64, bool) {
	v, n, err := ascii.Decimal(s, math.MaxInt64)
	return int64(v), err == nil && n == len(s)
}

// valid tells whether c may be written: "a last-pos value less than its
// first-pos value, or a complete-length value less than or equal to its
// last-pos value" makes it invalid (RFC 9110 §14.4). A length of 2^63-1 leaves
// room for the last place and for counting octets.
func (c ContentRange) valid() bool {
	if c.First == -1 && c.Last == -1 {
		return c.Size >= 0
	}
	return 0 <= c.First && c.First <= c.Last && c.Last < math.MaxInt64 &&
		c.Size >= -1 && (c.Size == -1 || c.Last < c.Size)
}

// Satisfied tells whether c names octets, as it does everywhere but in a
// response with status 416.
func (c ContentRange) Satisfied() bool { return c.First >= 0 }

// Len returns how many octets the range has, 0 if it is not Satisfied.
func (c ContentRange) Len() int64 {
	if !c.Satisfied() {
		return 0
	}
	return c.Last - c.First + 1
}

// AppendText appends the field's value in the form that [ParseContentRange]
// reads, and refuses what it would refuse.
func (c ContentRange) AppendText(dst []byte) ([]byte, error) {
	if !c.valid() {
		return dst, malformed(0, "content range: places out of order", "RFC 9110 §14.4")
	}
	return c.append(dst), nil
}

func (c ContentRange) append(dst []byte) []byte {
	dst = append(dst, "bytes "...)
	if c.Satisfied() {
		dst = strconv.AppendInt(dst, c.First, 10)
		dst = append(dst, '-')
		dst = strconv.AppendInt(dst, c.Last, 10)
	} else {
		dst = append(dst, '*')
	}
	dst = append(dst, '/')
	if c.Size < 0 {
		return append(dst, '*')
	}
	return strconv.AppendInt(dst, c.Size, 10)
}

// String returns the field's value.
func (c ContentRange) String() string { return string(c.append(nil)) }
