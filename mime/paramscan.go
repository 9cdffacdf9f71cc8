package mime

import "applayer/internal/ascii"

// Defects of parameters as they are written.
const (
	// DefectEmptyParameter is a semicolon with no parameter behind it.
	DefectEmptyParameter DefectCode = "empty-parameter"
	// DefectBadParameter is text where a parameter should be.
	DefectBadParameter DefectCode = "bad-parameter"
	// DefectMissingSemicolon is a parameter with no semicolon before it.
	DefectMissingSemicolon DefectCode = "missing-semicolon"
	// DefectMissingValue is a parameter with nothing behind the equals sign.
	DefectMissingValue DefectCode = "missing-parameter-value"
	// DefectUnquotedValue is a value that should have had quotes around it.
	DefectUnquotedValue DefectCode = "unquoted-parameter-value"
	// DefectWrongQuotes is a value in single or typographic quotes.
	DefectWrongQuotes DefectCode = "wrong-quotes"
	// DefectTextBehindValue is text between a value and the next semicolon. It is
	// passed over.
	DefectTextBehindValue DefectCode = "text-behind-parameter-value"
)

// rawParam is a parameter as it is written.
type rawParam[T text] struct {
	name   T
	value  T // without the quotes around it
	at     int
	quoted bool // value is the content of a quoted string
	loose  bool // value is neither that nor a token, and may be folded
}

// content returns what the value means.
func (p *rawParam[T]) content() T {
	switch {
	case p.quoted:
		return unquoted(p.value)
	case p.loose:
		return unfolded(p.value)
	}
	return p.value
}

// param takes the next parameter of RFC 2045 §5.1 with the semicolon before it:
// it begins where the media type or the parameter before ended. ok is false at
// the end of the value. Nothing is allocated.
func (l *lexerOf[T]) param() (p rawParam[T], ok bool) {
	for {
		l.skipCFWS()
		semicolon := l.take(';')
		l.skipCFWS()
		if p.at = l.at; l.atEnd() {
			if semicolon {
				l.r.add(DefectEmptyParameter, l.at, "RFC 2045 §5.1")
			}
			return p, false
		}
		if l.peek() == ';' {
			l.r.add(DefectEmptyParameter, l.at, "RFC 2045 §5.1")
			continue
		}
		if p.name = l.token(); len(p.name) > 0 {
			if l.skipCFWS(); l.take('=') {
				if !semicolon {
					l.r.add(DefectMissingSemicolon, p.at, "RFC 2045 §5.1")
				}
				l.paramValue(&p)
				return p, true
			}
		}
		l.r.add(DefectBadParameter, p.at, "RFC 2045 §5.1")
		l.at = l.stopAt(l.at, ';')
	}
}

// paramValue takes the value of a parameter and what stands between it and the
// semicolon behind it.
func (l *lexerOf[T]) paramValue(p *rawParam[T]) {
	l.skipCFWS()
	from, free := l.at, isFreeText(p.name)
	switch {
	case l.peek() == '"':
		l.quotedValue(p)
	case !isExtended(p.name) && l.wronglyQuoted(p):
		l.r.add(DefectWrongQuotes, from, "RFC 2045 §5.1")
	default:
		p.value = l.token()
		end := l.at
		l.skipCFWS()
		switch {
		case l.valueEnds(free):
			if len(p.value) == 0 {
				l.r.add(DefectMissingValue, from, "RFC 2045 §5.1")
			}
			return
		case l.at == end || free:
			l.looseValue(p, from, free)
			l.r.add(DefectUnquotedValue, from, "RFC 2045 §5.1")
		}
	}
	if l.skipCFWS(); !l.valueEnds(false) {
		l.r.add(DefectTextBehindValue, l.at, "RFC 2045 §5.1")
		l.at = l.stopAt(l.at, ';')
	}
}

// quotedValue takes a quoted string. One that nothing closes ends before the
// next parameter.
func (l *lexerOf[T]) quotedValue(p *rawParam[T]) {
	from, closed := l.at+1, false
	p.quoted = true
	if p.value, closed = l.quotedString(); closed {
		return
	}
	for !l.atEnd() && !l.paramAt(l.at+1, false) {
		l.at = l.stopAt(l.at+1, ';')
	}
	p.value = trimBlank(l.s[from:l.at])
}

// looseValue takes what begins at from and is no token: up to the semicolon, and
// up to white space where the value is no free text.
func (l *lexerOf[T]) looseValue(p *rawParam[T], from int, free bool) {
	i := from
	for i < len(l.s) && l.s[i] != ';' {
		if !isBlank.Has(l.s[i]) {
			i++
			continue
		}
		if !free || l.paramAt(i, true) {
			break
		}
		i += ascii.Span(&isBlank, l.s[i:])
	}
	l.at = i
	p.value, p.loose = trimBlank(l.s[from:i]), true
}

// wronglyQuoted takes a value in single or typographic quotes, which lets it
// hold spaces and semicolons too. Where it is none, nothing is passed over.
func (l *lexerOf[T]) wronglyQuoted(p *rawParam[T]) bool {
	kind, n := quoteMark(l.s[l.at:])
	if kind == 0 || l.at < l.markless[kind] {
		return false
	}
	i := l.at + n
	for ; i < len(l.s) && (l.s[i] != ';' || !l.paramAt(i+1, false)); i++ {
		k, m := quoteMark(l.s[i:])
		if k != kind {
			continue
		}
		end := i + m
		for end < len(l.s) && isBlank.Has(l.s[end]) {
			end++
		}
		if end == len(l.s) || l.s[end] == ';' || l.s[end] == '(' {
			p.value, p.loose = l.s[l.at+n:i], true
			l.at = end
			return true
		}
	}
	l.markless[kind] = i // else each value in there would be searched for it again
	return false
}

// quoteMark tells whether s begins with a mark that is not the quotation mark of
// ASCII and that people and programs take for it: 1 is the apostrophe, 2 a mark
// in windows-1252 and 3 one in UTF-8. The other result is its length.
func quoteMark[T text](s T) (kind, n int) {
	switch {
	case len(s) == 0:
	case s[0] == '\'':
		return 1, 1
	case s[0] == 0x82, s[0] == 0x84, s[0] >= 0x91 && s[0] <= 0x94: // ‚ „ ‘ ’ “ ”
		return 2, 1
	case len(s) > 2 && s[0] == 0xe2 && s[1] == 0x80 && s[2] >= 0x98 && s[2] <= 0x9f: // U+2018 to U+201F
		return 3, 3
	case len(s) > 1 && s[0] == 0xc2 && (s[1] == 0xab || s[1] == 0xbb): // « »
		return 3, 2
	}
	return 0, 0
}

// valueEnds tells whether what comes next shows that a value is whole: the end,
// a semicolon or, behind one that was forgotten, another parameter.
func (l *lexerOf[T]) valueEnds(free bool) bool {
	return l.atEnd() || l.s[l.at] == ';' || l.paramAt(l.at, free)
}

// paramAt tells whether a parameter begins at an offset; with known, one of a
// name that is usual, as "next part=1" may well be a boundary.
func (l *lexerOf[T]) paramAt(at int, known bool) bool {
	for at < len(l.s) && isBlank.Has(l.s[at]) {
		at++
	}
	if at >= len(l.s) {
		return false
	}
	n := ascii.Span(&isToken, l.s[at:])
	if n == 0 || known && !isUsualName(l.s[at:at+n]) {
		return false
	}
	for at += n; at < len(l.s) && isBlank.Has(l.s[at]); {
		at++
	}
	return at < len(l.s) && l.s[at] == '='
}

// stopAt returns where c is next at or behind from, or the end.
func (l *lexerOf[T]) stopAt(from int, c byte) int {
	for from < len(l.s) && l.s[from] != c {
		from++
	}
	return min(from, len(l.s))
}

// isFreeText tells whether people write spaces in the values of a parameter.
func isFreeText[T text](name T) bool { return namedAs(name, "boundary", "filename", "name") }

// isUsualName tells whether a name is one that mail programs write.
func isUsualName[T text](name T) bool {
	return namedAs(name, "boundary", "charset", "filename", "format", "name", "protocol", "size", "type",
		"creation-date", "modification-date", "read-date")
}

// namedAs tells whether a parameter's name, but for the marks of RFC 2231
// behind it, is one of these.
func namedAs[T text](name T, names ...string) bool {
	base := name
	for i := range len(name) {
		if name[i] == '*' {
			base = name[:i]
			break
		}
	}
	for _, n := range names {
		if ascii.EqualFold(base, n) {
			return true
		}
	}
	return false
}

// isExtended tells whether a parameter's value has a charset and percent signs
// (RFC 2231 §4).
func isExtended[T text](name T) bool { return len(name) > 0 && name[len(name)-1] == '*' }
