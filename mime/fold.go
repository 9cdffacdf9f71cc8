package mime

import (
	"errors"
	"strings"

	"applayer/internal/ascii"
)

// The lengths of a line without its CRLF (RFC 5322 §2.1.1).
const (
	wantedLine  = 78
	longestLine = 998
)

// ErrLongWord means a value with more octets between two blanks than a line may
// have, so that it cannot be folded (RFC 5322 §2.1.1).
var ErrLongWord = errors.New("mime: word longer than a line")

// newField is [NewField] with the line end of the header that it is for.
func newField(name, value, eol string) (Field, error) {
	if err := checkName(name); err != nil {
		return Field{}, err
	}
	if err := checkValue(name, value); err != nil {
		return Field{}, err
	}
	raw := make([]byte, 0, len(name)+len(value)+8)
	raw = append(raw, name...)
	raw = append(raw, ':', ' ')
	raw = appendFolded(raw, strings.Trim(value, " \t"), eol, isStructured(name))
	if at := tooLong(raw); at >= 0 {
		return Field{}, &ParseError{Offset: int64(at), Field: name, What: "line", Ref: "RFC 5322 §2.1.1", Err: ErrLongWord}
	}
	raw = append(raw, eol...)
	return Field{raw: string(raw), nameEnd: len(name), valueStart: len(name) + 1, offset: notRead}, nil
}

// checkName refuses a name that is none (RFC 5322 §3.6.8), so that it cannot
// hold a field or a line of its own.
func checkName(name string) error {
	n := ascii.Span(&isFieldName, name)
	if n == len(name) && n > 0 {
		return nil
	}
	e := &ParseError{Offset: int64(n), What: "field name", Ref: "RFC 5322 §3.6.8"}
	if strings.ContainsAny(name, ":\r\n\x00") {
		e.Err = ErrHeaderInjection
	}
	return e
}

// checkValue refuses a value with an octet that would end the field, or the
// message in the eyes of a reader in C.
func checkValue(name, value string) error {
	if i := strings.IndexAny(value, "\r\n\x00"); i >= 0 {
		return &ParseError{Offset: int64(i), Field: name, What: "value", Ref: "RFC 5322 §2.2", Err: ErrHeaderInjection}
	}
	return nil
}

// appendFolded appends a value, which has no blanks around it, to the name and
// ": " in dst. Lines are ended before blanks (RFC 5322 §2.2.3) so that they have
// at most 78 octets, or 76 with encoded words (RFC 2047 §2), where the blanks
// allow it. A line is not ended between the
// name and the value, as that surprises some readers, unless it would have more
// than 998 octets.
func appendFolded(dst []byte, value, eol string, structured bool) []byte {
	used, quoted := len(dst), false
	wanted := wantedLine
	if strings.Contains(value, "=?") {
		wanted = encodedLine
	}
	if n := strings.IndexAny(value, " \t"); used+max(n, 0) > longestLine || n < 0 && used+len(value) > longestLine {
		dst = append(dst[:used-1], eol...)
		value, used = " "+value, 0
	}
	for {
		n := len(value)
		if used+n > wanted {
			n = foldAt(value, max(wanted-used, 0), structured, &quoted)
		}
		dst = append(dst, value[:n]...)
		value = value[n:]
		if value == "" {
			return dst
		}
		dst = append(dst, eol...)
		used = 0
	}
}

// foldAt returns where the line that begins with s ends: at the last blanks
// within room, else at the first behind it. In structured fields it is better
// not within a quoted string, which some readers do not unfold; quoted tells
// whether s begins in one, and then whether the rest does.
func foldAt(s string, room int, structured bool, quoted *bool) int {
	best, bestQuoted := -1, -1
	in := *quoted
	for i := skipBlanks(s, 0); i < len(s); {
		if (s[i] == ' ' || s[i] == '\t') && i > 0 {
			if i > room && (best >= 0 || bestQuoted >= 0) {
				break
			}
			if in {
				bestQuoted = i
			} else {
				best = i
			}
			if i > room {
				break
			}
			i = skipBlanks(s, i)
			continue
		}
		switch {
		case !structured:
		case s[i] == '"':
			in = !in
		case s[i] == '\\' && i+1 < len(s) && s[i+1] != ' ' && s[i+1] != '\t':
			i++
		}
		i++
	}
	switch {
	case best >= 0:
		*quoted = false
		return best
	case bestQuoted >= 0:
		*quoted = true
		return bestQuoted
	}
	return len(s)
}

// skipBlanks returns where the blanks at s[at:] end.
func skipBlanks(s string, at int) int {
	for at < len(s) && (s[at] == ' ' || s[at] == '\t') {
		at++
	}
	return at
}

// tooLong returns where the first line of more than 998 octets begins, or -1.
func tooLong(field []byte) int {
	for at := 0; at < len(field); {
		end := lineEnd(field, at)
		if len(trimLineEnd(field[at:end])) > longestLine {
			return at
		}
		at = end
	}
	return -1
}
