package zone

import (
	"math"
	"strconv"

	"applayer/dns"
	"applayer/internal/ascii"
)

// generator is a $GENERATE at work. RFCs do not know it; it is named's:
//
//	$GENERATE start-stop[/step] owner [TTL] [class] type data
//
// In owner and data a dollar sign stands for the number, and
// ${offset[,width[,base]]} for the number and offset, padded with zeros to so
// many characters: in decimal (d), octal (o), hexadecimal (x, X), or as the
// labels of a reverse name (n, N), a digit each from the lowest on. "\$" and
// "$$" are dollar signs. Data in quotes stands for what is in them; named needs
// the quotes where data has several words.
type generator struct {
	left      int // records to make
	next      int64
	step      int64
	made      bool // the record at hand was made, of number
	number    int64
	name      dns.Name
	head      dns.RRHead
	owner     template
	data      template
	expansion []byte
	entry     dns.Entry
}

// A template is text, and places where the number goes.
type template []piece

// piece is a piece of text and, unless base is 0, the number behind it.
type piece struct {
	text   string
	offset int64
	width  int
	base   byte
}

const (
	// maxExpanded is the most octets of an owner or of data that is made.
	maxExpanded = 2048
	maxWidth    = 255
)

// generate starts a $GENERATE.
func (r *Reader) generate(tokens []dns.Token) *fault {
	if len(tokens) < 5 {
		return syntax(0, "$GENERATE without range, owner, type and data", "")
	}
	start, stop, step, ok := parseRange(tokens[1].Text)
	if !ok {
		return syntax(tokens[1].Offset, "range "+quoted(tokens[1].Text), "")
	}
	n := int((stop-start)/step + 1)
	switch {
	case n > r.limits.MaxGenerate:
		return limitReached(tokens[1].Offset, "MaxGenerate", r.limits.MaxGenerate)
	case n > r.limits.MaxGenerated-r.generated:
		return limitReached(tokens[1].Offset, "MaxGenerated", r.limits.MaxGenerated)
	}
	g := generator{left: n, next: start, step: step, expansion: r.gen.expansion, entry: r.gen.entry}
	if tokens[2].Quoted {
		return syntax(tokens[2].Offset, "owner in quotes", "")
	}
	var f *fault
	if g.owner, f = parseTemplate(nil, tokens[2].Text, tokens[2].Offset); f != nil {
		return f
	}
	head, used, err := r.parser.Head(tokens[3:])
	if err != nil {
		return faultOf(err)
	}
	at := tokens[3+used-1].Offset
	if f := r.checkHead(&head, at); f != nil {
		return f
	}
	g.head = head
	if g.data, f = dataTemplate(tokens[3+used:], at); f != nil {
		return f
	}
	r.generated += n
	r.gen = g
	return nil
}

// parseRange reads start-stop or start-stop/step.
func parseRange(b []byte) (start, stop, step int64, ok bool) {
	number := func() int64 {
		v, n, err := ascii.Decimal(b, math.MaxInt32)
		ok = ok && err == nil
		b = b[n:]
		return int64(v)
	}
	sign := func(c byte) bool {
		if len(b) == 0 || b[0] != c {
			return false
		}
		b = b[1:]
		return true
	}
	ok = true
	start = number()
	ok = sign('-') && ok
	stop, step = number(), 1
	if sign('/') {
		step = number()
	}
	return start, stop, step, ok && len(b) == 0 && start <= stop && step > 0
}

// dataTemplate makes the template of the data: what the only word holds that is
// in quotes, or else the words.
func dataTemplate(tokens []dns.Token, at int) (t template, f *fault) {
	if len(tokens) == 0 {
		return nil, syntax(at, "$GENERATE without data", "")
	}
	if len(tokens) == 1 && tokens[0].Quoted {
		return parseTemplate(nil, unescapeQuotes(tokens[0].Text), tokens[0].Offset)
	}
	for _, word := range tokens {
		text := make([]byte, 0, len(word.Text)+3)
		text = append(text, ' ')
		if word.Quoted {
			text = append(text, '"')
		}
		text = append(text, word.Text...)
		if word.Quoted {
			text = append(text, '"')
		}
		if t, f = parseTemplate(t, text, word.Offset); f != nil {
			return nil, f
		}
	}
	return t, nil
}

// unescapeQuotes undoes the escapes of quotes alone.
func unescapeQuotes(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' && i+1 < len(b) {
			if i++; b[i] != '"' {
				out = append(out, '\\')
			}
		}
		out = append(out, b[i])
	}
	return out
}

// parseTemplate appends the pieces of b to t.
func parseTemplate(t template, b []byte, at int) (template, *fault) {
	var text []byte
	for i := 0; i < len(b); {
		switch {
		case b[i] == '\\' && i+1 < len(b):
			text = append(text, b[i], b[i+1])
			i += 2
		case b[i] != '$':
			text = append(text, b[i])
			i++
		case i+1 < len(b) && b[i+1] == '$':
			text = append(text, `\$`...)
			i += 2
		default:
			p, n, ok := parsePlace(b[i:])
			if !ok {
				return nil, syntax(at, "place of the number "+quoted(b[i:]), "")
			}
			p.text = string(text)
			t, text = append(t, p), text[:0]
			i += n
		}
	}
	if len(text) > 0 {
		t = append(t, piece{text: string(text)})
	}
	return t, nil
}

// parsePlace reads $ or ${offset[,width[,base]]} and tells how long it is.
func parsePlace(b []byte) (p piece, n int, ok bool) {
	p.base = 'd'
	if len(b) < 2 || b[1] != '{' {
		return p, 1, true
	}
	n = 2
	negative := n < len(b) && b[n] == '-'
	if negative {
		n++
	}
	v, used, err := ascii.Decimal(b[n:], math.MaxInt32)
	if err != nil {
		return p, n, false
	}
	n += used
	if p.offset = int64(v); negative {
		p.offset = -p.offset
	}
	if n < len(b) && b[n] == ',' {
		v, used, err := ascii.Decimal(b[n+1:], maxWidth)
		if err != nil {
			return p, n, false
		}
		p.width = int(v)
		n += 1 + used
		if n+1 < len(b) && b[n] == ',' {
			p.base = b[n+1]
			n += 2
		}
	}
	switch p.base {
	case 'd', 'o', 'x', 'X', 'n', 'N':
		return p, n + 1, n < len(b) && b[n] == '}'
	}
	return p, n, false
}

// generateOne makes the next record of the $GENERATE at work, up to its data.
func (r *Reader) generateOne() *fault {
	g := &r.gen
	i := g.next
	g.made, g.number = true, i
	g.left--
	g.next += g.step
	b, f := g.owner.expand(g.expansion[:0], i)
	if f != nil {
		return f
	}
	b, f = g.data.expand(append(b, ' '), i)
	if f != nil {
		return f
	}
	b = append(b, '\n')
	g.expansion = b
	g.entry = dns.Entry{Tokens: g.entry.Tokens[:0]}
	n, err := g.entry.Parse(b, &dns.EntryLimits{MaxToken: -1, MaxEntry: -1})
	switch {
	case err == dns.ErrIncomplete:
		return syntax(0, "parenthesis that is not closed", "RFC 1035 §5.1")
	case err != nil:
		return faultOf(err)
	case len(g.entry.Tokens) == 0 || n != len(b):
		return syntax(0, "owner and data", "")
	}
	if g.name, err = r.parser.Name(g.entry.Tokens[0]); err != nil {
		return faultOf(err)
	}
	r.rec = record{head: g.head, first: 1}
	return nil
}

// fault is what is wrong with the record that was made last. Its words stand
// nowhere in the file.
func (g *generator) fault(f *fault) *fault {
	return &fault{0, "$GENERATE at " + strconv.FormatInt(g.number, 10) + ": " + f.what, f.ref, f.err}
}

// expand appends the text of t for a number.
func (t template) expand(dst []byte, i int64) ([]byte, *fault) {
	start := len(dst)
	for k := range t {
		p := &t[k]
		dst = append(dst, p.text...)
		if p.base != 0 {
			v := i + p.offset
			if v < 0 && p.base != 'd' {
				return dst, &fault{0, "negative number in base " + string(rune(p.base)), "", dns.ErrValue}
			}
			dst = p.appendNumber(dst, v)
		}
		if len(dst)-start > maxExpanded {
			return dst, &fault{0, "text of more than " + strconv.Itoa(maxExpanded) + " octets", "", dns.ErrValue}
		}
	}
	return dst, nil
}

func (p *piece) appendNumber(dst []byte, v int64) []byte {
	var digits [24]byte
	var d []byte
	switch p.base {
	case 'n', 'N':
		return appendNibbles(dst, uint64(v), p.width, p.base == 'N')
	case 'o':
		d = strconv.AppendInt(digits[:0], v, 8)
	case 'x', 'X':
		d = strconv.AppendInt(digits[:0], v, 16)
	default:
		d = strconv.AppendInt(digits[:0], max(v, -v), 10)
	}
	width := p.width
	if v < 0 {
		dst = append(dst, '-')
		width--
	}
	for range width - len(d) {
		dst = append(dst, '0')
	}
	for _, c := range d {
		if p.base == 'X' {
			c = ascii.Upper(c)
		}
		dst = append(dst, c)
	}
	return dst
}

// appendNibbles appends hexadecimal digits as labels, the lowest first, up to
// width characters with the dots between them, and all that are not zero.
func appendNibbles(dst []byte, v uint64, width int, upper bool) []byte {
	digits := "0123456789abcdef"
	if upper {
		digits = "0123456789ABCDEF"
	}
	for {
		dst = append(dst, digits[v&15])
		v >>= 4
		if width--; v == 0 && width <= 0 {
			return dst
		}
		dst = append(dst, '.')
		if width--; v == 0 && width <= 0 {
			// The width ends with a dot, as in named: one more digit would
			// follow.
			return dst
		}
	}
}
