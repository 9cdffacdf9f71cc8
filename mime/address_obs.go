package mime

import "strings"

// angleAddr takes what stands in angle brackets (RFC 5322 §3.4), with the
// obsolete route (RFC 5322 §4.4), which is dropped.
func (p *addressReader) angleAddr(name string) {
	open := p.at
	p.at++
	for p.skipCFWS(); p.take('<'); p.skipCFWS() { // RFC 7103 §7.1.2
		p.r.add(DefectStrayBracket, p.at-1, "RFC 5322 §3.4")
	}
	if p.peek() == '@' {
		p.route()
	}
	m := Mailbox{Name: name}
	if !p.take('>') {
		p.bracketed(&m, open)
	}
	p.strayBrackets()
	p.add(m)
}

// route passes over "@a,@b:", by which mail was once told its way. What is none
// stays.
func (p *addressReader) route() {
	from := p.at
	for p.peek() == '@' || p.peek() == ',' {
		if p.take('@') {
			p.domain()
			continue
		}
		p.at++
		p.skipCFWS()
	}
	if !p.take(':') {
		p.at = from
	}
	p.skipCFWS()
}

// bracketed takes an address and the bracket behind it.
func (p *addressReader) bracketed(m *Mailbox, open int) {
	from := p.at
	m.Local = p.dotted(true)
	hasAt := p.at > from && p.take('@')
	if hasAt {
		m.Domain = p.domain()
	}
	switch ended := p.atEnd() || p.peek() == ',' || p.peek() == ';'; {
	case hasAt && m.Domain != "" && p.take('>'):
	case hasAt && m.Domain != "" && ended: // RFC 7103 §7.1.3 and §7.1.5
		p.r.add(DefectUnclosedBracket, open, "RFC 5322 §3.4")
	case !hasAt && m.Local != "" && p.take('>'):
		p.r.add(DefectNoDomain, from, "RFC 5322 §3.4.1")
	default:
		p.looseAddress(m, from, open)
	}
}

// looseAddress makes an address of whatever stands between brackets, from where
// the address began.
func (p *addressReader) looseAddress(m *Mailbox, from, open int) {
	p.r.add(DefectBadAddrSpec, from, "RFC 5322 §3.4.1")
	end := from
	for end < len(p.s) && strings.IndexByte("<>,", p.s[end]) < 0 {
		end++
	}
	text := trimBlank(unfolded(p.s[from:end]))
	if len(text) > len("mailto:") && strings.EqualFold(text[:len("mailto:")], "mailto:") {
		text = text[len("mailto:"):]
	}
	m.Local, m.Domain = text, ""
	if i := strings.LastIndexByte(text, '@'); i >= 0 {
		m.Local, m.Domain = trimBlank(text[:i]), withoutBlanks(text[i+1:])
	}
	m.Local = strings.Trim(m.Local, `"`)
	if p.at = end; !p.take('>') {
		p.r.add(DefectUnclosedBracket, open, "RFC 5322 §3.4")
	}
}

// strayBrackets passes over closing brackets that close nothing, as RFC 7103
// gives in §7.1.2 and §7.1.3.
func (p *addressReader) strayBrackets() {
	for p.skipCFWS(); p.take('>'); p.skipCFWS() {
		p.r.add(DefectStrayBracket, p.at-1, "RFC 5322 §3.4")
	}
}
