package page

import (
	"bufio"
	"bytes"
	"io"
	"slices"
	"strings"

	"applayer/internal/ascii"
)

// Limits bounds what a [Tokenizer] keeps. The zero value of a field means its
// default; a negative value, no limit. A nil *Limits is all defaults.
type Limits struct {
	// MaxTag is how many octets of one tag's names and values are kept (default
	// 64 KiB). An attribute that does not fit is dropped.
	MaxTag int
	// MaxAttrs is how many attributes of one tag are kept (default 100), the
	// first ones. Telling repeated ones costs a look at each.
	MaxAttrs int
}

// Tag is a start tag or an end tag.
type Tag struct {
	// Name is the element's, with ASCII letters in lower case. It is empty for
	// a name longer than Limits.MaxTag.
	Name string
	// Attrs are the attributes in order, each name once: the first counts.
	Attrs []Attr
	// End tells that this is an end tag.
	End bool
	// SelfClosing tells that the tag ends in "/>".
	SelfClosing bool
	// Offset is where the tag begins in the stream.
	Offset int64
}

// Attr is an attribute.
type Attr struct {
	// Name has its ASCII letters in lower case.
	Name string
	// Value has its character references resolved. It is empty for an attribute
	// without one.
	Value string
}

// Attr returns the value of the attribute of that name, in lower case, and
// whether there is one.
func (t *Tag) Attr(name string) (value string, ok bool) {
	for i := range t.Attrs {
		if t.Attrs[i].Name == name {
			return t.Attrs[i].Value, true
		}
	}
	return "", false
}

// Tokenizer yields the tags of an HTML stream. It is for one goroutine at a
// time.
type Tokenizer struct {
	in       *bufio.Reader
	offset   int64 // of what is read next
	maxTag   int
	maxAttrs int

	rawText string // the element in whose text we are, if it is raw
	foreign int    // how many svg and math are open
	err     error  // repeated

	selfClosing bool
	buf         []byte // names and values of one tag
	spans       []span // of its attributes
	attrs       []Attr
}

// span is where an attribute's name and value are in the buffer.
type span struct{ name, value, end int }

// NewTokenizer returns a Tokenizer of r. lim may be nil.
func NewTokenizer(r io.Reader, lim *Limits) *Tokenizer {
	if lim == nil {
		lim = &Limits{}
	}
	return &Tokenizer{in: bufio.NewReader(r), maxTag: orDefault(lim.MaxTag, 64<<10), maxAttrs: orDefault(lim.MaxAttrs, 100)}
}

// orDefault gives def for zero and -1, which means none, for a negative v.
func orDefault(v, def int) int {
	switch {
	case v == 0:
		return def
	case v < 0:
		return -1
	}
	return v
}

// Next returns the next tag, whose Attrs are valid until the next call. The
// error is io.EOF at the end of the stream, where an unfinished tag is none.
func (t *Tokenizer) Next() (Tag, error) {
	for t.err == nil {
		if t.rawText != "" {
			name := t.rawText
			begin, ok := t.skipRawText()
			t.rawText = ""
			if !ok {
				break
			}
			t.buf = append(t.buf[:0], name...)
			if t.attributes() {
				return t.endTag(begin), nil
			}
			break
		}
		if !t.skipPast('<') {
			break
		}
		begin := t.offset - 1
		kind, ok := t.next()
		switch {
		case !ok:
		case kind == '!':
			t.declaration()
		case kind == '?':
			t.skipPast('>')
		case kind == '/':
			if tag, ok := t.afterSlash(begin); ok {
				return tag, nil
			}
		case ascii.Alpha.Has(kind):
			t.unread()
			if t.name() && t.attributes() {
				return t.startTag(begin), nil
			}
		default:
			t.unread() // text, and maybe another "<"
		}
	}
	return Tag{}, t.err
}

// afterSlash takes an end tag, or what is a comment for want of a name.
func (t *Tokenizer) afterSlash(begin int64) (Tag, bool) {
	c, ok := t.next()
	switch {
	case !ok || c == '>':
		return Tag{}, false
	case !ascii.Alpha.Has(c):
		t.unread()
		t.skipPast('>')
		return Tag{}, false
	}
	t.unread()
	if !t.name() || !t.attributes() {
		return Tag{}, false
	}
	return t.endTag(begin), true
}

// tag makes one string of the buffer and cuts the tag from it.
func (t *Tokenizer) tag(begin int64) Tag {
	s := string(t.buf)
	end := len(s)
	if len(t.spans) > 0 {
		end = t.spans[0].name
	}
	name := s[:end]
	t.attrs = t.attrs[:0]
	for _, a := range t.spans {
		t.attrs = append(t.attrs, Attr{s[a.name:a.value], unescape(s[a.value:a.end])})
	}
	return Tag{Name: name, Attrs: t.attrs, Offset: begin}
}

func (t *Tokenizer) endTag(begin int64) Tag {
	tag := t.tag(begin)
	tag.End = true
	if t.foreign > 0 && (tag.Name == "svg" || tag.Name == "math") {
		t.foreign--
	}
	return tag
}

// startTag also notes what text follows.
func (t *Tokenizer) startTag(begin int64) Tag {
	tag := t.tag(begin)
	tag.SelfClosing = t.selfClosing
	switch {
	case tag.Name == "svg" || tag.Name == "math":
		if !tag.SelfClosing {
			t.foreign++
		}
	case slices.Contains(breakout, tag.Name):
		t.foreign = 0
	case t.foreign == 0 && slices.Contains(rawText, tag.Name):
		t.rawText = tag.Name
	}
	return tag
}

// breakout are the elements that end svg and math (HTML §13.2.6.5).
var breakout = strings.Fields(`b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr
	i img li listing menu meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul var`)

// name takes a tag's name into the buffer, up to what cannot be in it.
func (t *Tokenizer) name() bool {
	t.buf = t.buf[:0]
	whole := true
	for {
		c, ok := t.next()
		switch {
		case !ok:
			return false
		case space.Has(c) || c == '/' || c == '>':
			t.unread()
			if !whole {
				t.buf = t.buf[:0]
			}
			return true
		}
		whole = whole && t.keep(ascii.Lower(c))
	}
}

// keep puts an octet into the buffer, if there is room.
func (t *Tokenizer) keep(c byte) bool {
	if t.maxTag >= 0 && len(t.buf) >= t.maxTag {
		return false
	}
	t.buf = append(t.buf, c)
	return true
}

// attributes takes attributes up to the tag's end.
func (t *Tokenizer) attributes() bool {
	t.spans = t.spans[:0]
	for {
		t.selfClosing = false
		c, ok := t.next()
		for ok && (space.Has(c) || c == '/') {
			t.selfClosing = c == '/'
			c, ok = t.next()
		}
		switch {
		case !ok:
			return false
		case c == '>':
			return true
		}
		if !t.attribute(c) {
			return false
		}
	}
}

// attribute takes the attribute whose name begins with c, which may be an
// equals sign, and drops it if it does not fit or came before.
func (t *Tokenizer) attribute(c byte) bool {
	begin := len(t.buf)
	whole := t.keep(ascii.Lower(c))
	ok := true
	for {
		if c, ok = t.next(); !ok {
			return false
		}
		if space.Has(c) || c == '/' || c == '>' || c == '=' {
			break
		}
		whole = whole && t.keep(ascii.Lower(c))
	}
	value := len(t.buf)
	for space.Has(c) {
		if c, ok = t.next(); !ok {
			return false
		}
	}
	if c == '=' {
		fits, ok := t.value()
		if !ok {
			return false
		}
		whole = whole && fits
	} else {
		t.unread()
	}
	if !whole || t.maxAttrs >= 0 && len(t.spans) >= t.maxAttrs || t.repeated(t.buf[begin:value]) {
		t.buf = t.buf[:begin]
		return true
	}
	t.spans = append(t.spans, span{begin, value, len(t.buf)})
	return true
}

func (t *Tokenizer) repeated(name []byte) bool {
	for _, a := range t.spans {
		if bytes.Equal(t.buf[a.name:a.value], name) {
			return true
		}
	}
	return false
}

// value takes an attribute's value in any quoting.
func (t *Tokenizer) value() (fits, ok bool) {
	c, ok := t.next()
	for ok && space.Has(c) {
		c, ok = t.next()
	}
	if !ok {
		return false, false
	}
	quote := c
	if quote != '"' && quote != '\'' {
		quote = 0
		t.unread()
	}
	for fits = true; ; {
		c, ok := t.next()
		switch {
		case !ok:
			return false, false
		case quote != 0 && c == quote:
			return fits, true
		case quote == 0 && (space.Has(c) || c == '>'):
			t.unread()
			return fits, true
		}
		fits = fits && t.keep(c)
	}
}

// space is white space in HTML.
var space = ascii.Chars("\t\n\f\r ")
