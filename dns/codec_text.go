package dns

import (
	"bytes"
	"math"
	"strconv"

	"applayer/internal/ascii"
)

// Token is one word of a master file (RFC 1035 §5.1).
type Token struct {
	// Text is the word as it is written, its escapes not undone, without the
	// quotes around it.
	Text []byte
	// Quoted tells that there were quotes.
	Quoted bool
	// Offset is where the word begins in its text, the quote before it
	// included: quotes that follow a word without a blank begin a word of their
	// own, right at the end of that one.
	Offset int
}

// decimal is a number up to max, in text. It tells whether v has been set.
func (c *Codec) decimal(v *uint64, max uint64) (set bool) {
	if c.op == opPrint {
		c.space()
		c.dst = strconv.AppendUint(c.dst, *v, 10)
		return false
	}
	t, ok := c.word("number")
	if !ok {
		return false
	}
	u, used, err := ascii.Decimal(t.Text, max)
	if err != nil || used != len(t.Text) {
		c.fail("number "+quoted(t.Text), "RFC 1035 §5.1", ErrSyntax)
		return false
	}
	*v = u
	return true
}

// unitSeconds are the units of times in master files.
func unitSeconds(c byte) uint64 {
	switch ascii.Lower(c) {
	case 's':
		return 1
	case 'm':
		return 60
	case 'h':
		return 3600
	case 'd':
		return 86400
	case 'w':
		return 604800
	}
	return 0
}

// parseSeconds reads a number of seconds, or numbers with units: 1w2d3h4m5s.
func parseSeconds(b []byte) (s uint32, ok bool) {
	var sum uint64
	for i := 0; i < len(b); {
		v, n, err := ascii.Decimal(b[i:], math.MaxUint32)
		if err != nil {
			return 0, false
		}
		if i += n; i == len(b) {
			// A number without a unit stands alone.
			return uint32(v), n == len(b)
		}
		unit := unitSeconds(b[i])
		if sum += v * unit; unit == 0 || sum > math.MaxUint32 {
			return 0, false
		}
		i++
	}
	return uint32(sum), len(b) > 0
}

// Text is a character-string: up to 255 octets of any value behind their length
// (RFC 1035 §3.3). Its text is quoted.
func (c *Codec) Text(v *string) {
	switch c.op {
	case opParse:
		if n := c.take(1); n != nil {
			if b := c.take(int(n[0])); b != nil {
				*v = c.mem.string(b)
			}
		}
	case opScan:
		t, ok := c.token("character-string")
		switch {
		case !ok:
		case c.onward:
			at := len(c.dst)
			c.dst = c.appendUnescaped(append(c.dst, 0), t, 255)
			c.dst[at] = byte(len(c.dst) - at - 1)
		default:
			*v = c.scanText(t, 255)
		}
	default:
		c.appendText(*v)
	}
}

// Texts are one character-string or more, to the end of the RDATA.
func (c *Codec) Texts(v *[]string) {
	if !c.reads() {
		if len(*v) == 0 {
			c.fail("no character-string", "RFC 1035 §3.3.14", ErrValue)
		}
		for _, s := range *v {
			c.appendText(s)
		}
		return
	}
	*v = (*v)[:0]
	for {
		var s string
		c.Text(&s)
		if !c.onward && c.err == nil {
			*v = append(*v, s)
		}
		if !c.more() {
			return
		}
	}
}

func (c *Codec) appendText(s string) {
	switch {
	case c.err != nil:
	case len(s) > 255:
		c.fail("character-string longer than 255 octets", "RFC 1035 §3.3", ErrValue)
	case c.op == opPrint:
		c.space()
		c.dst = appendQuoted(c.dst, s)
	default:
		c.dst = append(append(c.dst, byte(len(s))), s...)
	}
}

// LongText is text to the end of the RDATA, without a length of its own; its
// text is quoted.
func (c *Codec) LongText(v *string) {
	switch c.op {
	case opParse:
		*v = c.mem.string(c.take(c.end - c.off))
	case opPrint:
		c.space()
		c.dst = appendQuoted(c.dst, *v)
	case opScan:
		if t, ok := c.token("text"); ok {
			*v = c.scanText(t, 1<<16-1)
		}
	default:
		c.dst = append(c.dst, *v...)
	}
}

// appendQuoted appends octets in quotes, escaped so that they read as the same
// (RFC 1035 §5.1).
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		switch b := s[i]; {
		case b == '"' || b == '\\':
			dst = append(dst, '\\', b)
		case b < ' ' || b >= 0x7f:
			dst = appendDecimalEscape(dst, b)
		default:
			dst = append(dst, b)
		}
	}
	return append(dst, '"')
}

// scanText undoes a token's escapes; max is how long it may be.
func (c *Codec) scanText(t *Token, max int) string {
	b := c.appendUnescaped(c.mem.scratch[:0], t, max)
	c.mem.scratch = b
	if c.err != nil {
		return ""
	}
	return c.mem.string(b)
}

// appendUnescaped is scanText for octets.
func (c *Codec) appendUnescaped(dst []byte, t *Token, max int) []byte {
	start := len(dst)
	for text := t.Text; len(text) > 0; {
		plain := bytes.IndexByte(text, '\\')
		if plain < 0 {
			dst = append(dst, text...)
			break
		}
		dst = append(dst, text[:plain]...)
		o, n, ok := escape(text[plain+1:])
		if !ok {
			c.fail("escape in a character-string", "RFC 1035 §5.1", ErrSyntax)
			return dst
		}
		dst = append(dst, o)
		text = text[plain+1+n:]
	}
	if len(dst)-start > max {
		c.fail("character-string longer than "+strconv.Itoa(max)+" octets", "RFC 1035 §3.3", ErrSyntax)
	}
	return dst
}
