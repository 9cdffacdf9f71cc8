package mime

import (
	"slices"
	"strings"

	"applayer/internal/ascii"
)

// ListCommands is the value of a field such as List-Unsubscribe, which says how
// to do something with a mailing list (RFC 2369).
type ListCommands struct {
	// URLs are ways of doing it, the best first.
	URLs []ListURL
	// No means that it cannot be done: List-Post has it where a list is not open
	// to posting (RFC 2369 §3.4).
	No bool
}

// ListURL is one way of giving a command to a mailing list.
type ListURL struct {
	// URL is the address as it is written, most often one of mailto or https. It
	// comes from the sender: nothing is known of whom it leads to.
	URL string
	// Comment is what the parentheses before or behind it hold.
	Comment string
}

// DefectListCommand is a list field whose rest is ignored, as it is no list of
// addresses in angle brackets (RFC 2369 §2).
const DefectListCommand DefectCode = "list-command"

const listRef = "RFC 2369 §2"

// ParseListCommands reads the value of List-Help, List-Unsubscribe,
// List-Subscribe, List-Post, List-Owner or List-Archive.
func ParseListCommands(s string, opts *Options) (ListCommands, []Defect, error) {
	return parseValue(s, opts, parseListCommands)
}

func parseListCommands(s string, o *Options, r *report) (c ListCommands) {
	l := lexer{s: s, o: o, r: r, stops: "<"}
	for !r.failed() {
		l.forgetComment()
		l.skipCFWS()
		at := l.at
		if l.peek() != '<' {
			if len(c.URLs) == 0 && ascii.EqualFold(l.atom(), "NO") {
				c.No = true
				return c
			}
			r.add(DefectListCommand, at, listRef)
			return c
		}
		end := strings.IndexByte(s[at:], '>')
		if end < 0 {
			r.add(DefectListCommand, at, listRef)
			return c
		}
		u := ListURL{URL: withoutBlanks(s[at+1 : at+end])}
		before, ok := l.takeComment()
		l.at += end + 1
		l.skipCFWS()
		if u.Comment, _ = l.takeComment(); ok {
			u.Comment = before
		}
		c.URLs = append(c.URLs, u)
		if !l.take(',') {
			break // what follows is ignored (RFC 2369 §2, rule 2)
		}
	}
	return c
}

// isURL is the class of octets in an address between angle brackets.
var isURL = ascii.VChar.Without(ascii.Chars("<>"))

// AppendText appends the value of the field. It refuses addresses with blanks,
// angle brackets or octets beyond ASCII.
func (c ListCommands) AppendText(dst []byte) ([]byte, error) {
	if c.No && len(c.URLs) == 0 {
		return append(dst, "NO"...), nil
	}
	for i, u := range c.URLs {
		if err := checkValue("", u.URL+u.Comment); err != nil {
			return dst, err
		}
		if ascii.Span(&isURL, u.URL) != len(u.URL) {
			return dst, &ParseError{What: "list command", Ref: listRef}
		}
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(append(append(dst, '<'), u.URL...), '>')
		if u.Comment != "" {
			dst = appendComment(append(dst, ' '), u.Comment)
		}
	}
	if len(c.URLs) == 0 || c.No {
		return dst, &ParseError{What: "list command", Ref: listRef}
	}
	return dst, nil
}

// ListCommands reads the field of a name, such as "List-Unsubscribe". The error
// is [ErrNoField] where there is none.
func (h *Header) ListCommands(name string) (ListCommands, error) {
	return firstValue(h, name, parseListCommands)
}

// SetListCommands sets the field of a name, such as "List-Unsubscribe".
func (h *Header) SetListCommands(name string, c ListCommands) error { return setValue(h, name, c) }

// OneClick returns the address to which a POST request with the body
// "List-Unsubscribe=One-Click" ends the subscription without another question
// (RFC 8058 §3.1). Such a request is only to be made where the reader asks for
// it and a signature covers both fields (RFC 8058 §4).
func (h *Header) OneClick() (url string, ok bool) {
	if withoutBlanks(h.Get("List-Unsubscribe-Post")) != "List-Unsubscribe=One-Click" {
		return "", false
	}
	c, err := h.ListCommands("List-Unsubscribe")
	i := slices.IndexFunc(c.URLs, func(u ListURL) bool {
		return len(u.URL) > len("https:") && ascii.EqualFold(u.URL[:len("https:")], "https:")
	})
	if err != nil || i < 0 {
		return "", false
	}
	return c.URLs[i].URL, true
}
