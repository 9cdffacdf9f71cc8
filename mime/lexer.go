package mime

import (
	"bytes"
	"strings"

	"applayer/internal/ascii"
)

// text is what a value can be read from: the string of a field, or the octets of
// a message that the scanner looks at.
type text interface{ ~string | ~[]byte }

// lexer takes the lexical tokens of RFC 5322 §3.2 and RFC 2045 §5.1 from the
// value of a field, left to right, as it stands in the message with its folding.
// Every method takes time in proportion to what it passes over.
type lexer = lexerOf[string]

type lexerOf[T text] struct {
	s  T
	at int // the next octet
	o  *Options
	r  *report

	// stops are the octets before which a comment or quoted string that nothing
	// closes ends; without one it runs to the end of the value.
	stops string

	// comment is what the last comment that was passed over holds, as it is
	// written, and hasComment that there was one since it was last cleared.
	comment    T
	hasComment bool

	quoteless bool   // a quoted string had no end, so none behind it has one
	uncloseds int    // comments that had no end
	markless  [4]int // by the kind of [quoteMark]: before it, none closes a value
}

// maxUncloseds is how many comments without an end are searched for one: each
// search goes to the end of the value.
const maxUncloseds = 16

// Defects of tokens.
const (
	// DefectUnclosedComment is a parenthesis that nothing closes: see
	// RFC 7103 §7.1.4.
	DefectUnclosedComment DefectCode = "unclosed-comment"
	// DefectUnclosedQuote is a quoted string that nothing closes: see
	// RFC 7103 §7.1.6.
	DefectUnclosedQuote DefectCode = "unclosed-quote"
	// DefectUnclosedLiteral is a domain literal that nothing closes.
	DefectUnclosedLiteral DefectCode = "unclosed-domain-literal"
	// DefectStrayDot is a dot in a local part or domain that is not between two
	// words. Some hosts have given out such addresses.
	DefectStrayDot DefectCode = "stray-dot"
)

var (
	// isAtext is the class of octets in an atom (RFC 5322 §3.2.3). Octets beyond
	// ASCII are UTF-8 by RFC 6532 §3.2, or else damage that is to be kept.
	isAtext    = ascii.Alpha.Or(ascii.Digit).Or(ascii.Chars("!#$%&'*+-/=?^_`{|}~")).Or(ascii.Range(0x80, 0xff))
	isDotAtext = isAtext.Or(ascii.Chars("."))
	// isToken is the class of octets in a token of MIME: printable ASCII but the
	// tspecials (RFC 2045 §5.1).
	isToken = ascii.VChar.Without(ascii.Chars(`()<>@,;:\"/[]?=`))
	// isBlank is white space and the line ends that folding puts into it
	// (RFC 5322 §3.2.2, FWS).
	isBlank = ascii.Chars(" \t\r\n")
)

// atEnd tells whether the value is used up.
func (l *lexerOf[T]) atEnd() bool { return l.at >= len(l.s) }

// peek returns the next octet, 0 at the end.
func (l *lexerOf[T]) peek() byte {
	if l.at < len(l.s) {
		return l.s[l.at]
	}
	return 0
}

// take passes over the octet c if it comes next.
func (l *lexerOf[T]) take(c byte) bool {
	if l.at < len(l.s) && l.s[l.at] == c {
		l.at++
		return true
	}
	return false
}

// span takes the octets that come next and are in the class; there may be none.
func (l *lexerOf[T]) span(class *ascii.Class) T {
	from := l.at
	l.at += ascii.Span(class, l.s[from:])
	return l.s[from:l.at]
}

// atom takes an atom without the space around it (RFC 5322 §3.2.3); it is empty
// where none comes next.
func (l *lexerOf[T]) atom() T { return l.span(&isAtext) }

// token takes a token of MIME (RFC 2045 §5.1); it is empty where none comes next.
func (l *lexerOf[T]) token() T { return l.span(&isToken) }

// skipFWS passes over white space and folding (RFC 5322 §3.2.2).
func (l *lexerOf[T]) skipFWS() { l.span(&isBlank) }

// skipCFWS passes over white space, folding and comments (RFC 5322 §3.2.2). The
// last comment is kept in l.comment.
func (l *lexerOf[T]) skipCFWS() {
	for l.at < len(l.s) {
		switch l.s[l.at] {
		case ' ', '\t', '\r', '\n':
			l.at++
		case '(':
			l.skipComment()
		default:
			return
		}
	}
}

// skipComment passes over the comment that comes next. Comments nest, which
// takes a counter and no stack.
func (l *lexerOf[T]) skipComment() {
	from := l.at + 1
	if end := l.commentEnd(from); end >= 0 {
		l.comment, l.hasComment, l.at = l.s[from:end], true, end+1
		return
	}
	l.r.add(DefectUnclosedComment, l.at, "RFC 5322 §3.2.2")
	l.at = l.stop(from)
	l.comment, l.hasComment = trimBlank(l.s[from:l.at]), true
}

// commentEnd returns where the parenthesis is that closes the comment which
// began before from, -1 where there is none.
func (l *lexerOf[T]) commentEnd(from int) int {
	if l.uncloseds >= maxUncloseds {
		return -1
	}
	deep, tooDeep := 1, false
	for i := from; i < len(l.s); i++ {
		switch l.s[i] {
		case '\\':
			i++
		case '(':
			if deep++; l.o != nil && deep > l.o.MaxCommentDepth && !tooDeep {
				l.r.limit("MaxCommentDepth", l.o.MaxCommentDepth, i)
				tooDeep = true
			}
		case ')':
			if deep--; deep == 0 {
				return i
			}
		}
	}
	l.uncloseds++
	return -1
}

// takeComment returns what the last comment says and forgets it.
func (l *lexerOf[T]) takeComment() (string, bool) {
	if !l.hasComment {
		return "", false
	}
	c := l.comment
	l.forgetComment()
	return unquote(c), true
}

// forgetComment is takeComment for those who do not want it.
func (l *lexerOf[T]) forgetComment() { l.hasComment = false }

// quotedString takes the quoted string that comes next and returns what is
// between the quotes, as it is written; [unquote] says what that means. closed
// tells whether there was an end.
func (l *lexerOf[T]) quotedString() (raw T, closed bool) {
	from := l.at + 1
	for i := from; i < len(l.s) && !l.quoteless; i++ {
		switch l.s[i] {
		case '\\':
			i++
		case '"':
			l.at = i + 1
			return l.s[from:i], true
		}
	}
	// A quotation mark further on is the second octet of a quoted pair, so it
	// opens nothing that the search would not have seen closed.
	l.quoteless = true
	l.r.add(DefectUnclosedQuote, l.at, "RFC 5322 §3.2.4")
	l.at = l.stop(from)
	return trimBlank(l.s[from:l.at]), false
}

// stop returns where what began before from and nothing closes ends.
func (l *lexerOf[T]) stop(from int) int {
	if l.stops != "" {
		for i := from; i < len(l.s); i++ {
			if strings.IndexByte(l.stops, l.s[i]) >= 0 {
				return i
			}
		}
	}
	return len(l.s)
}

// domainLiteral takes the domain literal that comes next, with its brackets and
// without the white space in it (RFC 5322 §3.4.1). One that nothing closes gets
// its bracket.
func (l *lexerOf[T]) domainLiteral() string {
	from := l.at
	for i := from + 1; i < len(l.s); i++ {
		switch c := l.s[i]; {
		case c == '\\':
			i++
		case c == ']':
			l.at = i + 1
			return withoutBlanks(l.s[from:l.at])
		case c == '[' || c == '@' || c == '<' || c == '>' || c == ',':
			return l.openLiteral(from, i)
		}
	}
	return l.openLiteral(from, len(l.s))
}

func (l *lexerOf[T]) openLiteral(from, end int) string {
	l.r.add(DefectUnclosedLiteral, from, "RFC 5322 §3.4.1")
	l.at = end
	return withoutBlanks(l.s[from:end]) + "]"
}

// word takes an atom or a quoted string (RFC 5322 §3.2.5) and returns what it
// means. ok is false where neither comes next.
func (l *lexerOf[T]) word() (w string, ok bool) {
	if l.peek() == '"' {
		raw, _ := l.quotedString()
		return unquote(raw), true
	}
	a := l.atom()
	return string(a), len(a) > 0
}

// dotted takes words with dots between them and returns what they mean, the
// comments and white space around the dots left out (RFC 5322 §4.4,
// obs-local-part and obs-domain): the local part of an address, the left side of
// a message identifier, or, where no word may be quoted, a domain. Dots that are
// not between words are kept. It passes over the space behind it too, and
// returns "" where neither word nor dot comes next.
func (l *lexerOf[T]) dotted(quoted bool) string {
	var first T // the first run of words and dots, most often the only one
	var all []byte
	dot, stray := true, false // dot: the run before ends in one, or there is none
	for runs := 0; ; runs++ {
		var run T
		switch c := l.peek(); {
		case isDotAtext.Has(c) && (dot || c == '.'):
			run = l.span(&isDotAtext)
			stray = stray || dot && c == '.' || doubleDot(run)
			dot = run[len(run)-1] == '.'
		case c == '"' && quoted && dot:
			raw, _ := l.quotedString()
			run, dot = T(unquote(raw)), false
		default:
			if runs > 0 && (dot || stray) {
				l.r.add(DefectStrayDot, l.at, "RFC 5322 §3.4.1")
			}
			if runs < 2 {
				return string(first)
			}
			return string(all)
		}
		switch runs {
		case 0:
			first = run
		case 1:
			all = append(append(all, first...), run...)
		default:
			all = append(all, run...)
		}
		l.skipCFWS()
	}
}

// doubleDot tells whether two dots stand side by side.
func doubleDot[T text](s T) bool {
	for i := 1; i < len(s); i++ {
		if s[i] == '.' && s[i-1] == '.' {
			return true
		}
	}
	return false
}

// unquote returns what the content of a quoted string or comment means: the
// backslash of a quoted pair and the line end of a fold are not part of it
// (RFC 5322 §3.2.1 and §3.2.2). A backslash at the end stays.
func unquote[T text](raw T) string { return string(unquoted(raw)) }

// unquoted is unquote without a copy where there is nothing to leave out.
func unquoted[T text](raw T) T {
	for i := range len(raw) {
		if raw[i] == '\\' || raw[i] == '\n' {
			return T(appendUnquoted(make([]byte, 0, len(raw)), raw, true))
		}
	}
	return raw
}

// unfolded returns raw without the line ends of folds (RFC 5322 §2.2.3).
func unfolded[T text](raw T) T {
	for i := range len(raw) {
		if raw[i] == '\n' {
			return T(appendUnquoted(make([]byte, 0, len(raw)), raw, false))
		}
	}
	return raw
}

func appendUnquoted[T text](b []byte, raw T, pairs bool) []byte {
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '\\' && pairs && i+1 < len(raw):
			i++
			b = append(b, raw[i])
		case c == '\n', c == '\r' && i+1 < len(raw) && raw[i+1] == '\n':
		default:
			b = append(b, c)
		}
	}
	return b
}

// trimBlank returns s without the white space and line ends around it.
func trimBlank[T text](s T) T {
	i, j := 0, len(s)
	for i < j && isBlank.Has(s[i]) {
		i++
	}
	for j > i && isBlank.Has(s[j-1]) {
		j--
	}
	return s[i:j]
}

// withoutBlanks returns s without the white space and line ends in it.
func withoutBlanks[T text](s T) string {
	b := []byte(s)
	if !bytes.ContainsAny(b, " \t\r\n") {
		return string(b)
	}
	kept := b[:0:0]
	for _, c := range b {
		if !isBlank.Has(c) {
			kept = append(kept, c)
		}
	}
	return string(kept)
}
