package smtp

import (
	"bytes"
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
	keyword string // in upper case
	value   string
	valued  bool // there is an "="
	at      int  // where it stands in the argument
}

// badParam makes the error of a parameter that is ours and is wrong.
func (p *param) bad(ref string, err error) error {
	return &ParseError{
		Offset: int64(p.at), What: "parameter " + p.keyword, Ref: ref,
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

// parseMailRcpt reads "FROM:" or "TO:", a path, and parameters, which each gets.
// Spaces before the path are no syntax, and in every other textbook's dialogue.
func parseMailRcpt(arg []byte, word string, utf8 bool, each func(*param) error) (p Path, err error) {
	if len(arg) < len(word) || !ascii.EqualFold(arg[:len(word)], word) {
		return Path{}, badArgument(0, word[:len(word)-1], "RFC 5321 §4.1.1.2")
	}
	at := len(word)
	for at < len(arg) && arg[at] == ' ' {
		at++
	}
	p, n, err := ParsePath(arg[at:], utf8)
	if parse, ok := err.(*ParseError); ok {
		parse.Offset += int64(at)
		return Path{}, parse
	}
	return p, parseParams(arg, at+n, each)
}

// badArgument makes the error of an argument that has not the form of its
// command.
func badArgument(at int, what, ref string) error {
	return &ParseError{Offset: int64(at), What: what, Ref: ref, Reply: 501, Enhanced: EnhancedCode{5, 5, 4}, Err: ErrSyntax}
}

// parseParams reads the parameters in arg from at on.
func parseParams(arg []byte, at int, each func(*param) error) error {
	for at < len(arg) {
		if arg[at] != ' ' {
			return badArgument(at, "esmtp-param", "RFC 5321 §4.1.2")
		}
		if at++; at == len(arg) || arg[at] == ' ' {
			continue
		}
		n := bytes.IndexByte(arg[at:], ' ')
		if n < 0 {
			n = len(arg) - at
		}
		p, err := parseParam(arg[at:at+n], at)
		if err == nil {
			err = each(&p)
		}
		if err != nil {
			return err
		}
		at += n
	}
	return nil
}

func parseParam(b []byte, at int) (param, error) {
	keyword, value, valued := strings.Cut(string(b), "=")
	switch n := ascii.Span(&esmtpKeyword, keyword); {
	case n < len(keyword), n == 0, keyword[0] == '-':
		return param{}, badArgument(at+n, "esmtp-keyword", "RFC 5321 §4.1.2")
	case valued && (value == "" || !isValue(value)):
		return param{}, badArgument(at+n+1, "esmtp-value", "RFC 5321 §4.1.2")
	}
	return param{strings.ToUpper(keyword), value, valued, at}, nil
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
