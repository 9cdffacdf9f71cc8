package page

import (
	"bufio"
	"io"
	"strings"

	"applayer/internal/ascii"
)

// next takes an octet; there is none after an error.
func (t *Tokenizer) next() (byte, bool) {
	c, err := t.in.ReadByte()
	if err != nil {
		t.err = err
		return 0, false
	}
	t.offset++
	return c, true
}

// unread gives the last octet back.
func (t *Tokenizer) unread() {
	_ = t.in.UnreadByte() // it follows a next, so it cannot fail
	t.offset--
}

// skipPast passes over everything up to the octet, and that one.
func (t *Tokenizer) skipPast(c byte) bool {
	for {
		b, err := t.in.ReadSlice(c)
		t.offset += int64(len(b))
		switch err {
		case nil:
			return true
		case bufio.ErrBufferFull:
		default:
			t.err = err
			return false
		}
	}
}

// ahead tells whether word comes next, whatever its case, and takes it.
func (t *Tokenizer) ahead(word string) bool {
	b, _ := t.in.Peek(len(word)) // an error comes again
	if !ascii.EqualFold(b, word) {
		return false
	}
	t.take(len(word))
	return true
}

// aheadTag is ahead for a tag's name, which must end there. What ends it is
// not taken.
func (t *Tokenizer) aheadTag(word string) bool {
	b, _ := t.in.Peek(len(word) + 1)
	if len(b) <= len(word) || !ascii.EqualFold(b[:len(word)], word) {
		return false
	}
	if c := b[len(word)]; !space.Has(c) && c != '/' && c != '>' {
		return false
	}
	t.take(len(word))
	return true
}

func (t *Tokenizer) take(n int) {
	n, _ = t.in.Discard(n) // they are in the buffer
	t.offset += int64(n)
}

// declaration passes over what begins with "<!": a comment, a CDATA section, a
// DOCTYPE, or what is taken as a comment for being none (HTML §13.2.5.42).
func (t *Tokenizer) declaration() {
	switch {
	case t.ahead("--"):
		t.comment()
	case t.foreign > 0 && t.ahead("[CDATA["):
		t.section()
	default:
		t.skipPast('>')
	}
}

// comment passes over a comment up to "-->" or "--!>". At its very beginning
// ">" and "->" end it too (HTML §13.2.5.43 and following).
func (t *Tokenizer) comment() {
	dashes, opening, bang := 0, true, false
	for {
		c, ok := t.next()
		switch {
		case !ok || c == '>' && (opening || dashes >= 2 || bang):
			return
		case c == '-':
			if bang {
				dashes = 0
			}
			dashes, bang = dashes+1, false
		default:
			bang = c == '!' && dashes >= 2
			dashes, opening = 0, false
		}
	}
}

// section passes over a CDATA section up to "]]>".
func (t *Tokenizer) section() {
	brackets := 0
	for {
		c, ok := t.next()
		switch {
		case !ok || c == '>' && brackets >= 2:
			return
		case c == ']':
			brackets++
		default:
			brackets = 0
		}
	}
}

// rawText are the elements in whose text a tag is only their own end tag.
// noscript is none of them where there are no scripts.
var rawText = strings.Fields("script style title textarea xmp iframe noembed noframes plaintext")

// skipRawText passes over raw text and the name in its element's end tag, and
// returns where that tag begins.
func (t *Tokenizer) skipRawText() (begin int64, ok bool) {
	switch t.rawText {
	case "plaintext": // it has no end tag
		_, t.err = io.Copy(io.Discard, t.in)
		if t.err == nil {
			t.err = io.EOF
		}
		return 0, false
	case "script":
		return t.skipScript()
	}
	end := "/" + t.rawText
	for t.skipPast('<') {
		if begin := t.offset - 1; t.aheadTag(end) {
			return begin, true
		}
	}
	return 0, false
}

// skipScript is skipRawText for a script, in which "<!--" starts a part that
// may hold a script of its own with its end tag (HTML §13.2.5.15 and
// following).
func (t *Tokenizer) skipScript() (begin int64, ok bool) {
	for t.skipPast('<') {
		switch begin := t.offset - 1; {
		case t.aheadTag("/script"):
			return begin, true
		case t.ahead("!--"):
			if begin, ended := t.skipEscaped(); ended || t.err != nil {
				return begin, ended
			}
		}
	}
	return 0, false
}

// skipEscaped passes over the part of a script behind "<!--", up to "-->" or
// to the end tag's name, if that ended it.
func (t *Tokenizer) skipEscaped() (begin int64, ended bool) {
	dashes, double := 2, false
	for {
		c, ok := t.next()
		switch {
		case !ok:
			return 0, false
		case c == '-':
			dashes++
			continue
		case c == '>' && dashes >= 2:
			return 0, false
		case c != '<':
		case double:
			double = !t.aheadTag("/script")
		default:
			begin = t.offset - 1
			if t.aheadTag("/script") {
				return begin, true
			}
			double = t.aheadTag("script")
		}
		dashes = 0
	}
}
