package http1

import "iter"

// List yields the members of all fields of that name, which RFC 9110 §5.6.1
// makes one comma-separated list: without white space around them, empty ones
// left out, a comma inside a quoted string kept.
func (h *Header) List(name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for v := range h.Values(name) {
			for m := range Members(v) {
				if !yield(m) {
					return
				}
			}
		}
	}
}

// Members yields the members of one field value, as [Header.List] does.
func Members(value string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for value != "" {
			n := memberLen(value)
			if m := trimOWS(value[:n]); m != "" && !yield(m) {
				return
			}
			value = value[min(n+1, len(value)):]
		}
	}
}

// memberLen returns how many octets come before the comma that ends the first
// member. A quoted string without an end takes the rest.
func memberLen(s string) int {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case quoted && s[i] == '\\':
			i++
		case !quoted && s[i] == ',':
			return i
		}
	}
	return len(s)
}

// trimOWS removes optional white space from both ends: SP and HTAB
// (RFC 9110 §5.6.3).
func trimOWS(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}
