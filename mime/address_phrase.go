package mime

import (
	"strings"

	"applayer/internal/ascii"
)

// phraseItem is a word of a phrase (RFC 5322 §3.2.5) or what stands for one.
type phraseItem struct {
	kind phraseKind
	at   int
	gap  bool   // space or a comment stands before it
	text string // of a quoted string, what it means
}

// phraseKind says what a phraseItem is.
type phraseKind uint8

const (
	itemAtom    phraseKind = iota
	itemDot                // RFC 5322 §4.1, obs-phrase
	itemQuoted             // a quoted string
	itemEncoded            // an encoded word (RFC 2047 §5 (3))
	itemOther              // a character that should have been quoted
)

// phraseItem takes the next item of a phrase, where one stands for certain.
func (p *addressReader) phraseItem(gap bool) {
	it := phraseItem{at: p.at, gap: gap}
	switch c := p.peek(); {
	case c == '"':
		raw, _ := p.quotedString()
		it.kind, it.text = itemQuoted, unquote(raw)
	case c == '.':
		p.at++
		it.kind, it.text = itemDot, "."
	case c == '=' && p.encodedAtom(&it):
	case isAtext.Has(c):
		it.kind, it.text = itemAtom, p.atom()
	default:
		if p.at++; !p.oddName {
			p.r.add(DefectSpecialInName, it.at, "RFC 5322 §3.2.3") // RFC 7103 §7.1.4
			p.oddName = true
		}
		it.kind, it.text = itemOther, p.s[it.at:p.at]
	}
	if n := len(p.phrase); n > 0 && gap && it.kind != itemDot && p.phrase[n-1].kind != itemDot {
		p.run = n
	}
	p.phrase = append(p.phrase, it)
}

// longestAtomWord is how far behind the front of an encoded word in a phrase its
// end is looked for.
const longestAtomWord = longestLine

// encodedAtom takes an encoded word in a phrase. It should be an atom, but many
// have dots in it, and some commas and spaces.
func (p *addressReader) encodedAtom(it *phraseItem) bool {
	w, ok := wordStart(p.s, p.at)
	if !ok {
		return false
	}
	text := p.s[w.end:min(len(p.s), w.end+longestAtomWord)]
	n := strings.Index(text, "?=")
	if n < 0 || strings.ContainsAny(text[:n], "<>\"\n") || strings.Contains(text[:n], "=?") {
		return false
	}
	if atoms := ascii.Span(&isDotAtext, text[:n]); atoms < n {
		if strings.IndexByte(text[:n], '@') >= 0 && strings.ContainsAny(text[:n], " \t,") {
			return false
		}
		p.r.add(DefectBadEncodedWord, it.at, "RFC 2047 §5")
	}
	end := w.end + n + len("?=")
	it.kind, it.text = itemEncoded, p.s[p.at:end]
	p.at = end
	return true
}

// word returns the encoded word that encodedAtom took from s.
func (it *phraseItem) word(s string) encodedWord {
	w, _ := wordStart(s, it.at)
	w.text, w.closed = s[w.end:it.at+len(it.text)-len("?=")], true
	w.end = it.at + len(it.text)
	return w
}

// name returns what a phrase says, its encoded words decoded, with a space where
// space stood.
func (p *addressReader) name(items []phraseItem) string {
	switch {
	case len(items) == 0:
		return ""
	case len(items) == 1 && items[0].kind <= itemQuoted && !hasEncodedWord(items[0].text):
		return cleaned(p.text(items[0].text), items[0].at, p.r)
	}
	if name, ok := p.plainName(items); ok {
		return p.text(name)
	}
	d := wordDecoder{s: p.s, o: p.o, r: p.r}
	for i := range items {
		it := &items[i]
		if p.raw || it.kind != itemEncoded || d.run == 0 {
			d.flush()
			if it.gap && i > 0 {
				d.out = append(d.out, ' ')
			}
		}
		switch {
		case p.raw:
			d.out = append(d.out, it.text...)
		case it.kind == itemEncoded:
			if i > 0 && !it.gap {
				p.r.add(DefectEncodedWordPlace, it.at, "RFC 2047 §5")
			}
			d.add(it.word(p.s))
		default:
			d.out = append(d.out, p.wordText(it)...)
		}
	}
	d.flush()
	return cleaned(string(d.out), items[0].at, p.r)
}

// plainName returns a name of atoms with a space between each two, as it stands.
func (p *addressReader) plainName(items []phraseItem) (name string, ok bool) {
	n := -1
	for i := range items {
		if items[i].kind != itemAtom || i > 0 && !items[i].gap {
			return "", false
		}
		n += 1 + len(items[i].text)
	}
	first, last := items[0].at, items[len(items)-1]
	name = p.s[first : last.at+len(last.text)]
	return name, len(name) == n && !strings.ContainsAny(name, "\t\r\n")
}

// wordText returns what a word says that is not an encoded word, unless it holds
// one: RFC 2047 §5 forbids them in quoted strings, and there are programs that
// write them so.
func (p *addressReader) wordText(it *phraseItem) string {
	if it.kind == itemQuoted && hasEncodedWord(it.text) {
		p.r.add(DefectEncodedWordPlace, it.at, "RFC 2047 §5")
		return decodeText(it.text, it.at, p.o, p.r)
	}
	return p.text(it.text)
}

// commentName returns what a comment says that stands for a name.
func (p *addressReader) commentName(comment string) string {
	if !p.raw {
		comment = decodeText(comment, p.at, p.o, p.r)
	}
	return cleaned(trimBlank(comment), p.at, p.r)
}
