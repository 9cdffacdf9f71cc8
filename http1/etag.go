package http1

import (
	"iter"
	"strings"

	"applayer/internal/ascii"
)

// EntityTag is an entity tag as it stands in a field, quotes and all:
// `"xyzzy"`, or `W/"xyzzy"` for a weak one (RFC 9110 §8.8.3). The empty string
// is no tag.
type EntityTag string

// etagChars is etagc. A backslash is one of them and escapes nothing.
var etagChars = table(ascii.Chars("!").Or(ascii.Range(0x23, 0x7e)).Or(ascii.Range(0x80, 0xff)))

// NewEntityTag makes the tag of an opaque string. The error is a [*ParseError]
// for one with octets that no tag has.
func NewEntityTag(opaque string, weak bool) (EntityTag, error) {
	s := `"` + opaque + `"`
	if weak {
		s = "W/" + s
	}
	return ParseEntityTag(s)
}

// ParseEntityTag takes entity-tag, all of s. The error is a [*ParseError].
func ParseEntityTag(s string) (EntityTag, error) {
	n := entityTagLen(s)
	if n == 0 || n != len(s) {
		return "", malformed(n, "entity tag", "RFC 9110 §8.8.3")
	}
	return EntityTag(s), nil
}

// entityTagLen returns how many octets the entity-tag at the front of s has,
// 0 if there is none.
func entityTagLen(s string) int {
	i := 0
	if strings.HasPrefix(s, "W/") {
		i = 2
	}
	if i == len(s) || s[i] != '"' {
		return 0
	}
	for i++; i < len(s) && etagChars[s[i]]; i++ {
	}
	if i == len(s) || s[i] != '"' {
		return 0
	}
	return i + 1
}

// Weak tells whether the tag says of itself that representations which differ
// may share it (RFC 9110 §8.8.1).
func (t EntityTag) Weak() bool { return strings.HasPrefix(string(t), "W/") }

// Opaque returns what stands between the quotes.
func (t EntityTag) Opaque() string {
	s := strings.TrimPrefix(string(t), "W/")
	if len(s) < 2 {
		return ""
	}
	return s[1 : len(s)-1]
}

// MatchStrong is the comparison by which octets may be joined or replaced:
// neither tag is weak, and they are equal (RFC 9110 §8.8.3.2). No tag matches
// nothing.
func (t EntityTag) MatchStrong(u EntityTag) bool {
	return t != "" && t == u && !t.Weak()
}

// MatchWeak is the comparison by which a stored response may be used again:
// the opaque parts are equal (RFC 9110 §8.8.3.2). No tag matches nothing.
func (t EntityTag) MatchWeak(u EntityTag) bool {
	return t != "" && u != "" && t.Opaque() == u.Opaque()
}

// EntityTags yields the tags of a list, such as the value of If-None-Match. A
// member that is no tag, as "*" is none, is passed over.
//
// [Members] would not do: it takes a backslash for an escape, which in an
// entity tag it is not.
func EntityTags(value string) iter.Seq[EntityTag] {
	return func(yield func(EntityTag) bool) {
		for {
			value = strings.TrimLeft(value, ", \t")
			if value == "" {
				return
			}
			n := entityTagLen(value)
			tag, rest := value[:n], strings.TrimLeft(value[n:], " \t")
			if n > 0 && (rest == "" || rest[0] == ',') {
				if !yield(EntityTag(tag)) {
					return
				}
				value = rest
				continue
			}
			comma := strings.IndexByte(rest, ',')
			if comma < 0 {
				return
			}
			value = rest[comma:]
		}
	}
}
