package smtp

import (
	"strings"
	"unicode/utf8"

	"applayer/internal/ascii"
)

// What stands behind a path (RFC 5321 §4.1.2).
var (
	esmtpKeyword = letDig.Or(ascii.Chars("-"))
	esmtpValue   = ascii.VChar.Without(ascii.Chars("="))
)

// param is an esmtp-param.
type param struct {
	keyword string // as it came
	value   string
	valued  bool // there is an "="
	at      int  // where it stands in the argument
}

// is tells whether it has the keyword, in any case.
func (p *param) is(keyword string) bool { return ascii.EqualFold(p.keyword, keyword) }

// bad makes the error of a parameter that is ours and is wrong.
func (p *param) bad(ref string, err error) error {
	return &ParseError{
		Offset: int64(p.at), What: "parameter " + strings.ToUpper(p.keyword), Ref: ref,
		Reply: 501, Enhanced: EnhancedCode{5, 5, 4}, Err: err,
	}
}

// unknown makes the error of a parameter that is none of ours.
func (p *param) unknown() error {
	return &ParseError{
		Offset: int64(p.at), What: "parameter", Ref: "RFC 5321 §4.1.1.11",
		Reply: 555, Enhanced: EnhancedCode{5, 5, 4}, Err: ErrValue,
	}
}

// argument is the argument of MAIL or RCPT; n octets of it are read. All that is
// read points into it.
type argument struct {
	s string
	n int
}

// path reads "FROM:" or "TO:" and a path. Spaces before the path are no syntax,
// and in every other textbook's dialogue.
func (a *argument) path(word string, utf8 bool) (Path, error) {
	if len(a.s) < len(word) || !ascii.EqualFold(a.s[:len(word)], word) {
		return Path{}, badArgument(0, word[:len(word)-1], "RFC 5321 §4.1.1.2")
	}
	l := pathLexer{s: a.s, n: len(word), utf8: utf8}
	for l.take(' ') {
	}
	p, err := l.path()
	if err != nil {
		return Path{}, err
	}
	a.n = l.n
	return p, nil
}

// badArgument makes the error of an argument that has not the form of its
// command.
func badArgument(at int, what, ref string) error {
	return &ParseError{Offset: int64(at), What: what, Ref: ref, Reply: 501, Enhanced: EnhancedCode{5, 5, 4}, Err: ErrSyntax}
}

// param reads the next parameter; there is none where its keyword is empty.
func (a *argument) param() (p param, err error) {
	for a.n < len(a.s) {
		if a.s[a.n] != ' ' {
			return param{}, badArgument(a.n, "esmtp-param", "RFC 5321 §4.1.2")
		}
		if a.n++; a.n == len(a.s) || a.s[a.n] == ' ' {
			continue
		}
		at := a.n
		word, _, _ := strings.Cut(a.s[at:], " ")
		a.n += len(word)
		return parseParam(word, at)
	}
	return param{}, nil
}

func parseParam(word string, at int) (param, error) {
	keyword, value, valued := strings.Cut(word, "=")
	switch n := ascii.Span(&esmtpKeyword, keyword); {
	case n < len(keyword), n == 0, keyword[0] == '-':
		return param{}, badArgument(at+n, "esmtp-keyword", "RFC 5321 §4.1.2")
	case valued && (value == "" || !isValue(value)):
		return param{}, badArgument(at+n+1, "esmtp-value", "RFC 5321 §4.1.2")
	}
	return param{keyword, value, valued, at}, nil
}

// isValue tells whether s is an esmtp-value, with UTF-8 (RFC 6531 §3.3).
func isValue(s string) bool {
	for i := range len(s) {
		if s[i] < utf8.RuneSelf && !esmtpValue.Has(s[i]) {
			return false
		}
	}
	return utf8.ValidString(s)
}

// isText tells whether a decoded value can stand in a field of a report.
func isText(s string) bool {
	return ascii.Span(&quotable, s) == len(s) && utf8.ValidString(s)
}

// seen refuses a parameter that was there.
type seen uint16

func (s *seen) add(p *param, bit int) error {
	if *s&(1<<bit) != 0 {
		return p.bad("RFC 5321 §4.1.1.11", ErrValue)
	}
	*s |= 1 << bit
	return nil
}
