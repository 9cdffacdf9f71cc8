package smtp

import (
	"strings"
	"unicode/utf8"

	"applayer/internal/ascii"
)

// atext is what an Atom is made of (RFC 5322 §3.2.3).
var atext = ascii.Alpha.Or(ascii.Digit).Or(ascii.Chars("!#$%&'*+-/=?^_`{|}~"))

// ParsePath reads the path at the front of b, from "<" to ">", n octets long. A
// source route before the mailbox is checked and dropped (RFC 5321 §4.1.2,
// Appendix C). utf8 says that local part and domain may be UTF-8
// (RFC 6531 §3.3); else that is [ErrNotASCII]. The null path and Postmaster
// without a domain are taken: [ParseMail] and [ParseRcpt] know where they may
// stand.
//
// Any error is a [*ParseError] with Reply 501 5.1.3, or 553 5.6.7 for UTF-8
// where it may not be.
func ParsePath(b []byte, utf8 bool) (p Path, n int, err error) {
	l := pathLexer{s: string(b), utf8: utf8}
	p, err = l.path()
	if err != nil {
		return Path{}, 0, err
	}
	return p, l.n, nil
}

// ParseMailbox reads a mailbox without angle brackets, as programs have it:
// "bob@hamburger.edu", or "Postmaster". It may be UTF-8.
func ParseMailbox(s string) (Path, error) {
	l := pathLexer{s: s, utf8: true}
	p, err := l.mailbox()
	if err == nil && l.n < len(s) {
		err = l.bad("Mailbox", ErrSyntax)
	}
	if err != nil {
		return Path{}, err
	}
	return p, nil
}

// pathLexer reads a path from s; n octets are read.
type pathLexer struct {
	s    string
	n    int
	utf8 bool
}

// bad makes the error of what stands at n.
func (l *pathLexer) bad(what string, err error) error {
	return badPath(l.n, what, "RFC 5321 §4.1.2", err)
}

// long makes the error of a part that is too long.
func (l *pathLexer) long(what, ref string) error { return badPath(l.n, what, ref, ErrValue) }

func badPath(at int, what, ref string, err error) error {
	e := &ParseError{Offset: int64(at), What: what, Ref: ref, Reply: 501, Enhanced: EnhancedCode{5, 1, 3}, Err: err}
	if err == ErrNotASCII {
		e.Ref, e.Reply, e.Enhanced = "RFC 6531 §3.5", 553, EnhancedCode{5, 6, 7}
	}
	return e
}

// next is the octet at n, 0 at the end.
func (l *pathLexer) next() byte {
	if l.n < len(l.s) {
		return l.s[l.n]
	}
	return 0
}

// take takes c, if it is next.
func (l *pathLexer) take(c byte) bool {
	if l.next() != c {
		return false
	}
	l.n++
	return true
}

// path reads a Path, a null one too.
func (l *pathLexer) path() (Path, error) {
	if !l.take('<') {
		return Path{}, l.bad("Path", ErrSyntax)
	}
	if l.take('>') {
		return Path{}, nil
	}
	if l.next() == '@' {
		if err := l.route(); err != nil {
			return Path{}, err
		}
	}
	p, err := l.mailbox()
	if err != nil {
		return Path{}, err
	}
	if !l.take('>') {
		return Path{}, l.bad("Path", ErrSyntax)
	}
	return p, nil
}

// route reads A-d-l and its colon.
func (l *pathLexer) route() error {
	for {
		if !l.take('@') {
			return l.bad("A-d-l", ErrSyntax)
		}
		if _, err := l.domain(); err != nil {
			return err
		}
		switch {
		case l.take(':'):
			return nil
		case !l.take(','):
			return l.bad("A-d-l", ErrSyntax)
		}
	}
}

// mailbox reads a Mailbox, or Postmaster alone.
func (l *pathLexer) mailbox() (p Path, err error) {
	from := l.n
	if l.next() == '"' {
		p.Local, err = l.quoted()
	} else {
		p.Local, err = l.dotString()
	}
	if err != nil {
		return Path{}, err
	}
	if len(p.Local) > maxLocal {
		return Path{}, l.long("Local-part", "RFC 5321 §4.5.3.1.1")
	}
	if !l.take('@') {
		if ascii.EqualFold(l.s[from:l.n], postmaster) {
			return p, nil
		}
		return Path{}, l.bad("Mailbox", ErrSyntax)
	}
	if l.next() == '[' {
		p.Domain, err = l.literal()
		p.Literal = true
	} else {
		p.Domain, err = l.domain()
	}
	if err != nil {
		return Path{}, err
	}
	if p.length() > maxPath {
		return Path{}, l.long("Path", "RFC 5321 §4.5.3.1.3")
	}
	return p, nil
}

// dotString reads a Dot-string.
func (l *pathLexer) dotString() (string, error) {
	from := l.n
	for {
		n, err := l.atom()
		if err != nil {
			return "", err
		}
		if n == 0 {
			return "", l.bad("Local-part", ErrSyntax)
		}
		if l.next() != '.' {
			return l.s[from:l.n], nil
		}
		l.n++
	}
}

// atom reads an Atom's octets.
func (l *pathLexer) atom() (n int, err error) {
	from := l.n
	for l.n < len(l.s) {
		n, err := l.beyond("Local-part")
		switch {
		case err != nil:
			return 0, err
		case n > 0:
			l.n += n
		case atext.Has(l.s[l.n]):
			l.n++
		default:
			return l.n - from, nil
		}
	}
	return l.n - from, nil
}

// beyond measures the character beyond ASCII that is next, 0 for none.
func (l *pathLexer) beyond(what string) (int, error) {
	if l.s[l.n] < utf8.RuneSelf {
		return 0, nil
	}
	if !l.utf8 {
		return 0, l.bad(what, ErrNotASCII)
	}
	r, n := utf8.DecodeRuneInString(l.s[l.n:])
	if r == utf8.RuneError && n <= 1 {
		return 0, l.bad(what, ErrSyntax)
	}
	return n, nil
}

// quoted reads a Quoted-string and returns what it stands for.
func (l *pathLexer) quoted() (string, error) {
	l.n++
	var b []byte
	for l.n < len(l.s) {
		n, err := l.beyond("Quoted-string")
		if err != nil {
			return "", err
		}
		switch c := l.s[l.n]; {
		case n > 0:
			b = append(b, l.s[l.n:l.n+n]...)
			l.n += n
			continue
		case c == '"':
			l.n++
			return string(b), nil
		case c == '\\':
			l.n++
		}
		c := l.next() // behind a backslash only ASCII may stand
		if c < ' ' || c > '~' {
			return "", l.bad("Quoted-string", ErrSyntax)
		}
		b = append(b, c)
		l.n++
	}
	return "", l.bad("Quoted-string", ErrSyntax)
}

// domain reads a Domain.
func (l *pathLexer) domain() (string, error) {
	from := l.n
	for l.n < len(l.s) {
		n, err := l.beyond("Domain")
		if err != nil {
			return "", err
		}
		if c := l.s[l.n]; n == 0 && !letDig.Has(c) && c != '-' && c != '.' {
			break
		}
		l.n += max(n, 1)
	}
	s := l.s[from:l.n]
	if len(s) > maxDomain {
		return "", l.long("Domain", "RFC 5321 §4.5.3.1.2")
	}
	if !isDomain(s) {
		return "", l.bad("Domain", ErrSyntax)
	}
	return s, nil
}

// literal reads an address-literal and returns what is between its brackets.
func (l *pathLexer) literal() (string, error) {
	end := strings.IndexByte(l.s[l.n:], ']')
	if end < 0 || !isLiteral(l.s[l.n+1:l.n+end]) {
		return "", badPath(l.n, "address-literal", "RFC 5321 §4.1.3", ErrSyntax)
	}
	s := l.s[l.n+1 : l.n+end]
	l.n += end + 1
	return s, nil
}

// AppendPath appends "<…>", with as little quoting as there can be
// (RFC 5321 §4.1.2). What [ParsePath] refuses is refused.
func AppendPath(dst []byte, p Path) ([]byte, error) {
	if err := p.check(); err != nil {
		return dst, err
	}
	dst = append(dst, '<')
	if !p.IsNull() {
		dst = p.appendMailbox(dst)
	}
	return append(dst, '>'), nil
}

// check tells what is wrong with p.
func (p Path) check() error {
	switch {
	case p.IsNull():
		return nil
	case len(p.Local) > maxLocal:
		return badPath(maxLocal, "Local-part", "RFC 5321 §4.5.3.1.1", ErrValue)
	case !utf8.ValidString(p.Local), ascii.Span(&quotable, p.Local) < len(p.Local):
		return badPath(ascii.Span(&quotable, p.Local), "Local-part", "RFC 5321 §4.1.2", ErrSyntax)
	case p.Literal && !isLiteral(p.Domain):
		return badPath(len(p.Local)+1, "address-literal", "RFC 5321 §4.1.3", ErrSyntax)
	case !p.Literal && p.Domain == "" && ascii.EqualFold(p.Local, postmaster):
		return nil
	case !p.Literal && !isDomain(p.Domain):
		return badPath(len(p.Local)+1, "Domain", "RFC 5321 §4.1.2", ErrSyntax)
	case p.length() > maxPath:
		return badPath(maxPath, "Path", "RFC 5321 §4.5.3.1.3", ErrValue)
	}
	return nil
}

// quotable are the octets that a quoted string can hold.
var quotable = ascii.Range(' ', '~').Or(ascii.Range(0x80, 0xff))

// length is the length of "<…>".
func (p Path) length() int {
	n := len("<>") + len(p.Local)
	if p.mustQuote() {
		n += len(`""`) + strings.Count(p.Local, `"`) + strings.Count(p.Local, `\`)
	}
	if p.Domain != "" {
		n += len("@") + len(p.Domain)
	}
	if p.Literal {
		n += len("[]")
	}
	return n
}

// mustQuote tells whether the local part is no Dot-string.
func (p Path) mustQuote() bool {
	for atom := range strings.SplitSeq(p.Local, ".") {
		if atom == "" || ascii.Span(&atextBeyond, atom) < len(atom) {
			return true
		}
	}
	return false
}

// atextBeyond is what an Atom is made of with UTF-8 (RFC 6531 §3.3).
var atextBeyond = atext.Or(ascii.Range(0x80, 0xff))

// appendMailbox appends a Mailbox, or Postmaster alone.
func (p Path) appendMailbox(dst []byte) []byte {
	if p.mustQuote() {
		dst = append(dst, '"')
		for i := range len(p.Local) {
			if c := p.Local[i]; c == '"' || c == '\\' {
				dst = append(dst, '\\')
			}
			dst = append(dst, p.Local[i])
		}
		dst = append(dst, '"')
	} else {
		dst = append(dst, p.Local...)
	}
	switch {
	case p.Literal:
		dst = append(append(append(dst, "@["...), p.Domain...), ']')
	case p.Domain != "":
		dst = append(append(dst, '@'), p.Domain...)
	}
	return dst
}
