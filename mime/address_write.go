package mime

import (
	"strings"
	"unicode/utf8"

	"applayer/internal/ascii"
)

// isQPhrase is the class of octets that the Q encoding leaves as they are in a
// name (RFC 2047 §5 (3)).
var isQPhrase = ascii.Alpha.Or(ascii.Digit).Or(ascii.Chars("!*+-/"))

// isDtext is the class of octets between the brackets of a domain literal
// (RFC 5322 §3.4.1).
var isDtext = ascii.VChar.Without(ascii.Chars(`[]\`))

const (
	// longestQuoted is how long a name is that is written as a quoted string.
	longestQuoted = 900
	// firstWord is how long the encoded word is that may stand behind the name of
	// a field.
	firstWord = encodedLine - len("Disposition-Notification-To: ")
)

// IsZero tells whether it is the null address.
func (m Mailbox) IsZero() bool { return m == Mailbox{} }

// Addr returns local@domain, the local part quoted where it must be, and "" for
// the null address.
func (m Mailbox) Addr() string {
	if m.Local == "" && m.Domain == "" {
		return ""
	}
	return string(appendAddrSpec(nil, m))
}

// String returns the mailbox as people read it, in UTF-8. Control characters in
// it become U+FFFD.
func (m Mailbox) String() string {
	b, err := AppendMailbox(nil, m, &WriteOptions{UTF8: true})
	if err != nil {
		b = append(b[:0], '<')
		if m.Name != "" {
			b = append(appendQuoted(b[:0], m.Name), " <"...)
		}
		b = append(append(b, m.Addr()...), '>')
	}
	return visible(string(b))
}

// String returns the address as people read it, in UTF-8.
func (a Address) String() string { return AddressList{a}.String() }

// String returns the list as people read it, in UTF-8.
func (l AddressList) String() string {
	var b strings.Builder
	for i, a := range l {
		if i > 0 {
			b.WriteString(", ")
		}
		if !a.Group {
			b.WriteString(a.Mailbox.String())
			continue
		}
		b.WriteString(visible(string(appendQuoted(nil, a.Name))))
		b.WriteByte(':')
		for j, m := range a.Members {
			if j > 0 {
				b.WriteByte(',')
			}
			b.WriteString(" " + m.String())
		}
		b.WriteByte(';')
	}
	return b.String()
}

// visible returns s with U+FFFD for control characters and what is no UTF-8.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return utf8.RuneError
		}
		return r
	}, s)
}

// AppendAddressList appends a list of addresses as the value of a field. Names
// and local parts are quoted where they must be and not elsewhere. Names beyond
// ASCII become encoded words, or stay UTF-8 as the options have it; without the
// option, an address beyond ASCII is an error (RFC 6532 §3.2). The result has no
// line ends, but a blank wherever it may be folded: [Header.Set] folds it.
//
// What a reader would take for something else is refused, CR, LF and NUL with
// [ErrHeaderInjection].
func AppendAddressList(dst []byte, l AddressList, opts *WriteOptions) ([]byte, error) {
	var err error
	for i, a := range l {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if !a.Group {
			if dst, err = AppendMailbox(dst, a.Mailbox, opts); err != nil {
				return dst, err
			}
			continue
		}
		if dst, err = appendGroup(dst, a, opts); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// appendGroup appends a group (RFC 5322 §3.4).
func appendGroup(dst []byte, a Address, opts *WriteOptions) ([]byte, error) {
	var err error
	switch {
	case a.Name == "":
		dst = append(dst, `""`...)
	case ascii.EqualFold(a.Name, "mailto"): // not the front of a URL
		dst = appendQuoted(dst, a.Name)
	default:
		if dst, err = appendName(dst, a.Name, opts); err != nil {
			return dst, err
		}
	}
	dst = append(dst, ':')
	for i, m := range a.Members {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = AppendMailbox(append(dst, ' '), m, opts); err != nil {
			return dst, err
		}
	}
	return append(dst, ';'), nil
}

// AppendMailbox appends a mailbox, as [AppendAddressList] does for a list.
func AppendMailbox(dst []byte, m Mailbox, opts *WriteOptions) ([]byte, error) {
	if err := m.check(opts); err != nil {
		return dst, err
	}
	switch {
	case m.Name != "":
		var err error
		if dst, err = appendName(dst, m.Name, opts); err != nil {
			return dst, err
		}
		dst = append(dst, ' ')
	case hasEncodedWord(m.Local): // not without brackets, where a name could be
	case m.Domain != "" || isDotAtomText(m.Local):
		return appendAddrSpec(dst, m), nil
	}
	dst = append(dst, '<')
	if !m.nowhere() {
		dst = appendAddrSpec(dst, m)
	}
	return append(dst, '>'), nil
}

// nowhere tells whether there is no address.
func (m Mailbox) nowhere() bool { return m.Local == "" && m.Domain == "" }

// check refuses an address that would not be read as it is.
func (m Mailbox) check(opts *WriteOptions) error {
	bad := func(what, ref string) error {
		return &ParseError{What: what, Ref: ref, Err: injection(m.Local + m.Domain)}
	}
	switch {
	case injection(m.Local+m.Domain) != nil:
		return bad("address", "RFC 5322 §3.4.1")
	case !opts.utf8() && !isASCII(m.Local+m.Domain):
		return bad("address is not ASCII", "RFC 6532 §3.2")
	case !utf8.ValidString(m.Local) || !utf8.ValidString(m.Domain):
		return bad("address is not UTF-8", "RFC 6532 §3.2")
	case strings.ContainsFunc(m.Local, func(r rune) bool { return isControl(r) && r != '\t' }):
		return bad("local part", "RFC 5322 §3.2.4")
	case m.Domain != "" && !isDotAtomText(m.Domain) && !isLiteral(m.Domain):
		return bad("domain", "RFC 5322 §3.4.1")
	case len(m.Local)+len(m.Domain) > longestQuoted:
		return bad("address too long", "RFC 5322 §2.1.1")
	}
	return nil
}

// isLiteral tells whether s is a domain literal (RFC 5322 §3.4.1).
func isLiteral(s string) bool {
	n := len(s)
	return n > 1 && s[0] == '[' && s[n-1] == ']' && ascii.Span(&isDtext, s[1:n-1]) == n-2
}

// isDotAtomText tells whether s is atoms with dots between them, the dot-atom of
// RFC 5322 §3.2.3.
func isDotAtomText(s string) bool {
	return s != "" && s[0] != '.' && s[len(s)-1] != '.' && ascii.Span(&isDotAtext, s) == len(s) && !doubleDot(s)
}

// appendAddrSpec appends an address, of which the domain may be missing.
func appendAddrSpec(dst []byte, m Mailbox) []byte {
	if isDotAtomText(m.Local) {
		dst = append(dst, m.Local...)
	} else {
		dst = appendQuoted(dst, m.Local)
	}
	if m.Domain != "" {
		dst = append(append(dst, '@'), m.Domain...)
	}
	return dst
}

// appendName appends a phrase that says name: atoms, a quoted string or encoded
// words.
func appendName(dst []byte, name string, opts *WriteOptions) ([]byte, error) {
	if err := checkText(name); err != nil {
		return dst, err
	}
	switch {
	case hasEncodedWord(name) || strings.ContainsFunc(name, isControl) || !opts.utf8() && !isASCII(name) || len(name) > longestQuoted:
		room := maxEncodedWord
		if len(dst) == 0 {
			room = firstWord
		}
		return appendWords(dst, name, &isQPhrase, room), nil
	case isAtoms(name):
		return append(dst, name...), nil
	}
	return appendQuoted(dst, name), nil
}

// isAtoms tells whether name is atoms with one space between each two.
func isAtoms(name string) bool {
	for word := range strings.SplitSeq(name, " ") {
		if word == "" || ascii.Span(&isAtext, word) != len(word) {
			return false
		}
	}
	return true
}

// isControl tells whether a character is a control character of ASCII.
func isControl(r rune) bool { return r < ' ' || r == 0x7f }
