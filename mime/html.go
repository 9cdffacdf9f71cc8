package mime

import (
	"html"
	"io"
	"strings"

	"applayer/internal/ascii"
)

// HTMLOptions says what an [HTMLReader] makes of HTML.
type HTMLOptions struct {
	// Links puts the target of each link behind its text, in "<" and ">", where
	// the text is not the target itself: it shows where a link really leads.
	Links bool
}

// Bounds of what an HTMLReader holds.
const (
	maxHTMLName   = 16      // of an element or attribute: longer ones are none that matter
	maxHTMLValue  = 2 << 10 // of an attribute
	maxHTMLEntity = 33      // of a character reference: "&CounterClockwiseContourIntegral;"
	maxHTMLQuote  = 20      // of block quotes
)

// HTMLReader reads the text of an HTML document, as one would read it without
// style: elements make line ends, lists "*", block quotes ">"; scripts, styles and
// comments are left out. Nothing is run or fetched. It takes damaged HTML as
// browsers do, in linear time, and holds a few kilobytes.
type HTMLReader struct {
	r     io.Reader
	links bool
	in    []byte
	err   error

	out htmlText
	at  int // how much of out was read

	state  func(h *HTMLReader, c byte) // what takes the next octet
	name   []byte                      // of the element
	end    bool                        // it is an end tag
	attr   []byte                      // the attribute's name
	value  []byte                      // and its value
	quote  byte                        // that ends the value
	href   string                      // attributes of the tag that matter
	alt    string
	raw    string // the element whose text is left out, and which only its end tag ends
	match  int    // how much of that tag was seen
	dashes int    // how many "-" of the end of a comment were seen
	entity []byte // a character reference, from "&" on

	target string // of the link that is open
	label  []byte // the beginning of its text
}

// NewHTMLReader returns a reader of the text of the HTML in UTF-8 that r has.
func NewHTMLReader(r io.Reader, opts *HTMLOptions) *HTMLReader {
	h := &HTMLReader{r: r, state: (*HTMLReader).text}
	if opts != nil {
		h.links = opts.Links
	}
	return h
}

// Read implements [io.Reader].
func (h *HTMLReader) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	for h.at == len(h.out.b) {
		if h.err != nil {
			return 0, h.err
		}
		h.fill()
	}
	n = copy(p, h.out.b[h.at:])
	h.at += n
	return n, nil
}

// fill takes a piece of the document. At its end it sets err.
func (h *HTMLReader) fill() {
	if h.in == nil {
		h.in = make([]byte, 4<<10)
	}
	h.out.b, h.at = h.out.b[:0], 0
	var n int
	n, h.err = h.r.Read(h.in)
	for _, c := range h.in[:n] {
		h.state(h, c)
	}
	if h.err == io.EOF {
		h.finish()
	}
}

// finish ends the document. A tag or comment that has no end is left out.
func (h *HTMLReader) finish() {
	if len(h.entity) > 0 {
		h.endEntity()
	}
	h.endLink()
	h.out.finish()
}

func (h *HTMLReader) text(c byte) {
	switch c {
	case '<':
		h.state = (*HTMLReader).tagOpen
	case '&':
		h.entity = append(h.entity[:0], c)
		h.state = (*HTMLReader).reference
	default:
		h.put(c)
	}
}

// put writes an octet of text.
func (h *HTMLReader) put(c byte) {
	if h.target != "" && len(h.label) < maxHTMLValue {
		h.label = append(h.label, c)
	}
	h.out.octet(c)
}

// reference takes an octet of a character reference.
func (h *HTMLReader) reference(c byte) {
	switch {
	case c == ';':
		h.entity = append(h.entity, c)
		h.endEntity()
		h.state = (*HTMLReader).text
	case len(h.entity) < maxHTMLEntity && (ascii.Alpha.Has(c) || ascii.Digit.Has(c) || c == '#' && len(h.entity) == 1):
		h.entity = append(h.entity, c)
	default:
		h.endEntity()
		h.state = (*HTMLReader).text
		h.text(c)
	}
}

// endEntity writes what a character reference stands for, or itself if it is
// none.
func (h *HTMLReader) endEntity() {
	for _, c := range []byte(html.UnescapeString(string(h.entity))) {
		h.put(c)
	}
	h.entity = h.entity[:0]
}

// tagOpen takes the octet behind "<".
func (h *HTMLReader) tagOpen(c byte) {
	h.end = false
	switch {
	case ascii.Alpha.Has(c):
		h.beginTag(c)
	case c == '/':
		h.state = (*HTMLReader).endTagOpen
	case c == '!':
		h.dashes = 0
		h.state = (*HTMLReader).declaration
	case c == '?':
		h.state = (*HTMLReader).bogus
	default:
		h.put('<')
		h.state = (*HTMLReader).text
		h.text(c)
	}
}

// endTagOpen takes the octet behind "</".
func (h *HTMLReader) endTagOpen(c byte) {
	switch {
	case ascii.Alpha.Has(c):
		h.end = true
		h.beginTag(c)
	case c == '>':
		h.state = (*HTMLReader).text
	default:
		h.state = (*HTMLReader).bogus
	}
}

// declaration takes what is behind "<!": "--" begins a comment.
func (h *HTMLReader) declaration(c byte) {
	switch {
	case c == '-' && h.dashes == 0:
		h.dashes = 1
	case c == '-':
		h.state = (*HTMLReader).comment // "<!-->" and "<!--->" are comments too
		h.dashes = 2
	default:
		h.state = (*HTMLReader).bogus
		h.bogus(c)
	}
}

// comment looks for "-->" or "--!>".
func (h *HTMLReader) comment(c byte) {
	switch {
	case c == '-':
		h.dashes++
	case c == '>' && h.dashes >= 2:
		h.state = (*HTMLReader).text
	case c == '!' && h.dashes == 2:
	default:
		h.dashes = 0
	}
}

// bogus looks for the ">" of a declaration or of what is none.
func (h *HTMLReader) bogus(c byte) {
	if c == '>' {
		h.state = (*HTMLReader).text
	}
}

func (h *HTMLReader) beginTag(c byte) {
	h.name = append(h.name[:0], ascii.Lower(c))
	h.attr, h.value = h.attr[:0], h.value[:0]
	h.href, h.alt = "", ""
	h.state = (*HTMLReader).tagName
}

func (h *HTMLReader) tagName(c byte) {
	switch {
	case c == '>' || c == '/' || isHTMLSpace(c):
		h.state = (*HTMLReader).beforeAttribute
		h.beforeAttribute(c)
	case len(h.name) <= maxHTMLName:
		h.name = append(h.name, ascii.Lower(c))
	}
}

func (h *HTMLReader) beforeAttribute(c byte) {
	switch {
	case c == '>':
		h.endAttribute()
		h.tag()
	case c == '=' && len(h.attr) > 0:
		h.state = (*HTMLReader).beforeValue
	case c != '/' && !isHTMLSpace(c):
		h.endAttribute()
		h.attr = append(h.attr, ascii.Lower(c))
		h.state = (*HTMLReader).attributeName
	}
}

func (h *HTMLReader) attributeName(c byte) {
	switch {
	case c == '>' || c == '/' || c == '=' || isHTMLSpace(c):
		h.state = (*HTMLReader).beforeAttribute
		h.beforeAttribute(c)
	case len(h.attr) <= maxHTMLName:
		h.attr = append(h.attr, ascii.Lower(c))
	}
}

func (h *HTMLReader) beforeValue(c byte) {
	switch {
	case isHTMLSpace(c):
	case c == '"' || c == '\'':
		h.quote = c
		h.state = (*HTMLReader).attributeValue
	default:
		h.quote = 0
		h.state = (*HTMLReader).attributeValue
		h.attributeValue(c)
	}
}

func (h *HTMLReader) attributeValue(c byte) {
	switch {
	case h.quote == 0 && (c == '>' || isHTMLSpace(c)):
		h.endAttribute()
		h.state = (*HTMLReader).beforeAttribute
		h.beforeAttribute(c)
	case h.quote != 0 && c == h.quote:
		h.endAttribute()
		h.state = (*HTMLReader).beforeAttribute
	case len(h.value) <= maxHTMLValue:
		h.value = append(h.value, c)
	}
}

// endAttribute keeps the attribute, if it matters, and is the first of its name.
func (h *HTMLReader) endAttribute() {
	if len(h.value) > 0 && len(h.value) <= maxHTMLValue {
		switch string(h.attr) {
		case "href":
			if h.href == "" {
				h.href = strings.TrimSpace(html.UnescapeString(string(h.value)))
			}
		case "alt":
			if h.alt == "" {
				h.alt = html.UnescapeString(string(h.value))
			}
		}
	}
	h.attr, h.value = h.attr[:0], h.value[:0]
}

// rawText looks for the end tag of the element whose text is left out.
func (h *HTMLReader) rawText(c byte) {
	c = ascii.Lower(c)
	switch n := len(h.raw); {
	case h.match == n+2 && (c == '>' || c == '/' || isHTMLSpace(c)):
		h.end = true
		h.beginTag(h.raw[0])
		h.name = append(h.name[:0], h.raw...)
		h.raw = ""
		h.tagName(c)
	case h.match == 0 && c == '<', h.match == 1 && c == '/', h.match >= 2 && h.match < n+2 && c == h.raw[h.match-2]:
		h.match++
	case c == '<':
		h.match = 1
	default:
		h.match = 0
	}
}

// isHTMLSpace tells whether an octet is white space in HTML.
func isHTMLSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'
}

// htmlElement is what an element does to the text.
type htmlElement struct {
	breaks int  // line ends before and behind it: two make an empty line
	hidden bool // its text is left out
}

// htmlElements are the elements that matter. Those of HTML that stand within a
// line are none of them.
var htmlElements = map[string]htmlElement{
	"address": {breaks: 1}, "article": {breaks: 1}, "aside": {breaks: 1}, "blockquote": {breaks: 2}, "center": {breaks: 1},
	"dd": {breaks: 1}, "dir": {breaks: 1}, "div": {breaks: 1}, "dl": {breaks: 2}, "dt": {breaks: 1}, "fieldset": {breaks: 1},
	"figcaption": {breaks: 1}, "figure": {breaks: 1}, "footer": {breaks: 1}, "form": {breaks: 1},
	"h1": {breaks: 2}, "h2": {breaks: 2}, "h3": {breaks: 2}, "h4": {breaks: 2}, "h5": {breaks: 2}, "h6": {breaks: 2},
	"header": {breaks: 1}, "hr": {breaks: 1}, "li": {breaks: 1}, "main": {breaks: 1}, "menu": {breaks: 1}, "nav": {breaks: 1},
	"ol": {breaks: 1}, "p": {breaks: 2}, "pre": {breaks: 2}, "section": {breaks: 1}, "table": {breaks: 1}, "tr": {breaks: 1}, "ul": {breaks: 1},
	"script": {hidden: true}, "style": {hidden: true}, "title": {hidden: true}, "template": {hidden: true},
	"iframe": {hidden: true}, "noembed": {hidden: true}, "noframes": {hidden: true}, "textarea": {hidden: true},
}

// tag does what the tag says.
func (h *HTMLReader) tag() {
	h.state = (*HTMLReader).text
	name := string(h.name)
	element := htmlElements[name]
	if element.breaks > 0 {
		h.out.lineEnd(element.breaks)
	}
	if h.end {
		h.endTag(name)
		return
	}
	switch name {
	case "br":
		h.out.lineEnd(h.out.breaks + 1)
	case "hr":
		h.out.string("---")
		h.out.lineEnd(1)
	case "li":
		h.out.string("* ")
	case "td", "th":
		h.out.space = true
	case "img":
		for _, c := range []byte(h.alt) {
			h.put(c)
		}
	case "pre":
		h.out.pre++
	case "blockquote":
		h.out.quote++
	case "a":
		h.endLink()
		if h.links && isLink(h.href) {
			h.target, h.label = h.href, h.label[:0]
		}
	}
	if element.hidden {
		h.raw, h.match = name, 0
		h.state = (*HTMLReader).rawText
	}
}

func (h *HTMLReader) endTag(name string) {
	switch name {
	case "a":
		h.endLink()
	case "pre":
		h.out.pre = max(h.out.pre-1, 0)
	case "blockquote":
		h.out.quote = max(h.out.quote-1, 0)
	}
}

// isLink tells whether a link leads anywhere: not to a place in the document, not
// to a script.
func isLink(target string) bool {
	scheme, _, ok := strings.Cut(target, ":")
	if !ok {
		return false
	}
	switch strings.ToLower(scheme) {
	case "http", "https", "ftp", "mailto", "tel":
		return true
	}
	return false
}

// endLink writes the target of the open link, if its text is not that.
func (h *HTMLReader) endLink() {
	if h.target == "" {
		return
	}
	label := strings.Join(strings.Fields(string(h.label)), " ")
	if label != h.target && "mailto:"+label != h.target && label+"/" != h.target {
		h.out.space = true
		h.out.string("<" + h.target + ">")
	}
	h.target = ""
}

// htmlText is the text of a document, with white space as HTML has it.
type htmlText struct {
	b      []byte
	begun  bool // something was written
	space  bool // white space is due
	breaks int  // line ends that are due
	pre    int  // how many pre elements are open
	quote  int  // how many block quotes
}

// lineEnd has at least n line ends come before what follows, two at most.
func (t *htmlText) lineEnd(n int) { t.breaks, t.space = min(max(t.breaks, n), 2), false }

// octet writes an octet of text. Control characters are left out.
func (t *htmlText) octet(c byte) {
	switch {
	case c == '\n' && t.pre > 0:
		if t.begun {
			t.breaks++
		}
	case isHTMLSpace(c) && (t.pre == 0 || c != ' ' && c != '\t'):
		t.space = true
	case c < ' ' && c != '\t', c == 0x7F:
	default:
		t.flush()
		t.b = append(t.b, c)
		t.begun = true
	}
}

// string writes text of one line.
func (t *htmlText) string(s string) {
	t.flush()
	for i := range len(s) {
		if c := s[i]; c >= ' ' && c != 0x7F {
			t.b = append(t.b, c)
		}
	}
	t.begun = true
}

// flush writes the white space that is due.
func (t *htmlText) flush() {
	switch {
	case !t.begun:
		t.marks()
	case t.breaks > 0:
		for range t.breaks {
			t.b = append(t.b, '\n')
		}
		t.marks()
	case t.space:
		t.b = append(t.b, ' ')
	}
	t.space, t.breaks = false, 0
}

// marks begins a line.
func (t *htmlText) marks() { t.b = appendQuote(t.b, min(t.quote, maxHTMLQuote)) }

// finish ends the last line.
func (t *htmlText) finish() {
	if t.begun {
		t.b = append(t.b, '\n')
	}
}

// HTMLText returns the text of HTML in UTF-8, as [HTMLReader] reads it.
func HTMLText(s string, opts *HTMLOptions) string {
	b, _ := io.ReadAll(NewHTMLReader(strings.NewReader(s), opts)) // a string has no errors
	return string(b)
}
