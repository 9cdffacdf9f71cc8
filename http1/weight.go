package http1

import (
	"iter"
	"strings"

	"applayer/internal/ascii"
)

// MaxWeight is the weight of what is wanted most: weights are in thousandths.
const MaxWeight = 1000

// Weighted yields the members of a list field with their weights, from 0, which
// is not acceptable, to [MaxWeight], which is also that of a member without one
// (RFC 9110 §12.4.2). They are in the order in which they were sent. A member
// keeps the parameters before its weight; one whose weight is none is left
// out.
func (h *Header) Weighted(name string) iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		for m := range h.List(name) {
			if value, weight, ok := cutWeight(m); ok && !yield(value, weight) {
				return
			}
		}
	}
}

// cutWeight splits a member from its weight: OWS ";" OWS "q=" qvalue.
func cutWeight(m string) (value string, weight int, ok bool) {
	for i := 0; i < len(m); i++ {
		switch m[i] {
		case '"': // a quoted parameter may contain anything
			_, n := parseQuoted(m[i:])
			if n < 0 {
				return "", 0, false
			}
			i += n - 1
		case ';':
			q := strings.TrimLeft(m[i+1:], " \t")
			if len(q) < 2 || ascii.Lower(q[0]) != 'q' || q[1] != '=' {
				continue
			}
			// What Accept lets follow, accept-ext, nobody uses; RFC 9110 §12.5.1
			// has dropped it.
			q, _, _ = strings.Cut(q[2:], ";")
			weight, ok = parseWeight(trimOWS(q))
			return trimOWS(m[:i]), weight, ok
		}
	}
	return m, MaxWeight, true
}

// parseWeight takes qvalue, all of s: 0 or 1 with at most three decimals.
func parseWeight(s string) (weight int, ok bool) {
	if s == "" || len(s) > len("0.000") || s[0] != '0' && s[0] != '1' || len(s) > 1 && s[1] != '.' {
		return 0, false
	}
	weight = int(s[0] - '0')
	for i := 2; i < len("0.000"); i++ {
		digit := 0
		if i < len(s) {
			if s[i] < '0' || s[i] > '9' {
				return 0, false
			}
			digit = int(s[i] - '0')
		}
		weight = weight*10 + digit
	}
	return weight, weight <= MaxWeight
}

// EncodingWeight tells how much a content coding, such as "gzip", is wanted by
// the request whose header this is: 0, if it must not be used, to [MaxWeight]
// (RFC 9110 §12.5.3). "identity" is no coding at all, and acceptable unless it
// is excluded.
//
// A request without Accept-Encoding would let the server choose. In practice it
// comes from a client that decodes nothing: identity alone is wanted then.
func (h *Header) EncodingWeight(coding string) int {
	others := -1
	for value, weight := range h.Weighted("Accept-Encoding") {
		switch {
		case ascii.EqualFold(value, coding), coding == "gzip" && ascii.EqualFold(value, "x-gzip"):
			return weight
		case value == "*":
			others = weight
		}
	}
	switch {
	case others >= 0:
		return others
	case ascii.EqualFold(coding, "identity"):
		return 1 // acceptable, but behind all that is named
	}
	return 0
}
