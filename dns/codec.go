package dns

import (
	"encoding/binary"
	"errors"
	"io"
)

// op is what a Codec does with the fields it is shown.
type op uint8

const (
	opParse     op = iota // from the wire
	opAppend              // to the wire
	opCanonical           // to the canonical form of the wire
	opPrint               // to text
	opScan                // from text
)

// Codec reads and writes the fields of an [RData] that shows them by its Fields
// method: one description serves wire, canonical and presentation form. Each
// method takes one field's address. The first error ends it: methods called
// later do nothing.
type Codec struct {
	op  op
	err error

	// opParse: the RDATA is msg[off:end]; what is kept is cut from mem.
	msg      []byte
	off, end int
	mem      *memory

	// opAppend, opCanonical, opPrint
	dst   []byte
	start int // where this RDATA begins in dst
	split int // opPrint: a blank behind so many characters of octets
	comp  *Compressor

	// opScan
	tokens []Token
	next   int
	origin Name
	// onward tells that fields go on to dst, as they stand on the wire, and that
	// no memory is taken for names and character-strings: their values are not
	// set. Only the types of [straight] can do with that.
	onward bool
}

var errUnexpectedEOF = io.ErrUnexpectedEOF

func (c *Codec) startParse(msg []byte, off, end int, mem *memory) {
	c.op, c.err = opParse, nil
	c.msg, c.off, c.end, c.mem = msg, off, end, mem
}

// parse fills d from what startParse was given.
func (c *Codec) parse(d RData) error {
	d.Fields(c)
	if c.err == nil && c.off != c.end {
		c.fail(d.Type().String(), "RFC 1035 §3.2.1", ErrRDLength)
	}
	return c.err
}

func (c *Codec) append(dst []byte, d RData, comp *Compressor, o op) ([]byte, error) {
	c.op, c.err = o, nil
	c.dst, c.start, c.comp = dst, len(dst), comp
	d.Fields(c)
	dst, c.dst = c.dst, nil
	if o == opPrint && c.err == errNoText {
		return c.appendAsUnknown(dst[:c.start], d)
	}
	return dst, c.err
}

// errNoText tells that a field has no presentation form, as an address of a
// family that has none. Such RDATA is written as that of an unknown type, which
// any type's may be (RFC 3597 §5).
var errNoText = errors.New("no presentation form")

func (c *Codec) appendAsUnknown(dst []byte, d RData) ([]byte, error) {
	wire, err := c.append(nil, d, nil, opAppend)
	if err != nil {
		return dst, err
	}
	return appendUnknownText(dst, wire, c.split), nil
}

// scan fills d from the tokens of its presentation form, all of them.
func (c *Codec) scan(d RData, tokens []Token, origin Name, mem *memory) error {
	c.op, c.tokens, c.next = opScan, tokens, 0
	if c.err != nil {
		c.err = nil
	}
	if c.mem != mem || c.origin != origin {
		c.mem, c.origin = mem, origin
	}
	d.Fields(c)
	if c.err == nil && c.next < len(c.tokens) {
		c.fail("more than the fields of "+d.Type().String(), "RFC 1035 §5.1", ErrSyntax)
	}
	return c.err
}

// scanOnward appends to dst what scan would fill d with, as it stands on the
// wire. What is in d then is of no use.
func (c *Codec) scanOnward(dst []byte, d RData, tokens []Token, origin Name, mem *memory) ([]byte, error) {
	c.onward, c.dst = true, dst
	err := c.scan(d, tokens, origin, mem)
	c.onward = false
	return c.dst, err
}

// free gives the codec back, without what it pointed to.
func (c *Codec) free() {
	c.err, c.mem, c.comp, c.split = nil, nil, nil, 0
	codecs.Put(c)
}

// Fail ends the work with a [*ParseError] for the field that comes next: what
// is wrong, the section that says so, and one of this package's errors.
func (c *Codec) Fail(what, ref string, err error) { c.fail(what, ref, err) }

func (c *Codec) fail(what, ref string, err error) {
	if c.err != nil {
		return
	}
	e := &ParseError{What: what, Ref: ref, Err: err}
	switch c.op {
	case opParse:
		e.Offset, e.Reply = int64(c.off), int(RCodeFormErr)
	case opScan:
		switch {
		case c.next > 0 && c.next <= len(c.tokens):
			e.Offset = int64(c.tokens[c.next-1].Offset)
		case len(c.tokens) > 0:
			e.Offset = int64(c.tokens[0].Offset)
		}
	default:
		e.Offset = int64(len(c.dst) - c.start)
	}
	c.err = e
}

// take returns the next n octets of the RDATA; nil after an error.
func (c *Codec) take(n int) []byte {
	if c.err != nil {
		return nil
	}
	if n > c.end-c.off {
		c.fail("RDATA", "RFC 1035 §3.2.1", ErrRDLength)
		return nil
	}
	b := c.msg[c.off : c.off+n : c.off+n]
	c.off += n
	return b
}

// token returns the next token; false, and an error, where there is none.
func (c *Codec) token(what string) (t *Token, ok bool) {
	if c.err != nil {
		return nil, false
	}
	if c.next == len(c.tokens) {
		c.fail(what+" is missing", "RFC 1035 §5.1", ErrSyntax)
		return nil, false
	}
	c.next++
	return &c.tokens[c.next-1], true
}

// word returns the next token, which may not be in quotes.
func (c *Codec) word(what string) (t *Token, ok bool) {
	if t, ok = c.token(what); ok && t.Quoted {
		c.fail(what+" in quotes", "RFC 1035 §5.1", ErrSyntax)
		return nil, false
	}
	return t, ok
}

// must ends the work unless a field is as its definition demands.
func (c *Codec) must(ok bool, what, ref string, err error) {
	if !ok {
		c.fail(what, ref, err)
	}
}

// more tells whether a field is left to be read, of the RDATA or of its text.
func (c *Codec) more() bool {
	switch {
	case c.err != nil:
		return false
	case c.op == opParse:
		return c.off < c.end
	case c.op == opScan:
		return c.next < len(c.tokens)
	}
	return false
}

// reads tells whether fields are set, and not written.
func (c *Codec) reads() bool { return c.op == opParse || c.op == opScan }

// space stands before each field of a text but the first.
func (c *Codec) space() {
	if len(c.dst) > c.start {
		c.dst = append(c.dst, ' ')
	}
}

// Uint8 is a field of 8 bits, in text a decimal number.
func (c *Codec) Uint8(v *uint8) {
	switch c.op {
	case opParse:
		if b := c.take(1); b != nil {
			*v = b[0]
		}
	case opAppend, opCanonical:
		c.dst = append(c.dst, *v)
	default:
		if u := uint64(*v); c.decimal(&u, 1<<8-1) {
			if *v = uint8(u); c.onward {
				c.dst = append(c.dst, *v)
			}
		}
	}
}

// Uint16 is a field of 16 bits, in text a decimal number.
func (c *Codec) Uint16(v *uint16) {
	switch c.op {
	case opParse:
		if b := c.take(2); b != nil {
			*v = binary.BigEndian.Uint16(b)
		}
	case opAppend, opCanonical:
		c.dst = binary.BigEndian.AppendUint16(c.dst, *v)
	default:
		if u := uint64(*v); c.decimal(&u, 1<<16-1) {
			if *v = uint16(u); c.onward {
				c.dst = binary.BigEndian.AppendUint16(c.dst, *v)
			}
		}
	}
}

// Uint32 is a field of 32 bits, in text a decimal number.
func (c *Codec) Uint32(v *uint32) {
	switch c.op {
	case opParse, opAppend, opCanonical:
		c.wire32(v)
	default:
		if u := uint64(*v); c.decimal(&u, 1<<32-1) {
			*v = uint32(u)
			c.onward32(*v)
		}
	}
}

// Seconds is a field of 32 bits, in text a decimal number of seconds; numbers
// with units, as in 1h30m, are read too.
func (c *Codec) Seconds(v *uint32) {
	switch c.op {
	case opParse, opAppend, opCanonical:
		c.wire32(v)
	case opPrint:
		c.Uint32(v)
	case opScan:
		t, ok := c.word("seconds")
		if !ok {
			return
		}
		s, ok := parseSeconds(t.Text)
		if !ok {
			c.fail("seconds "+quoted(t.Text), "RFC 1035 §5.1", ErrSyntax)
		}
		*v = s
		c.onward32(s)
	}
}

// onward32 passes 32 bits on that were read from text.
func (c *Codec) onward32(v uint32) {
	if c.onward {
		c.dst = binary.BigEndian.AppendUint32(c.dst, v)
	}
}

func (c *Codec) wire32(v *uint32) {
	if c.op != opParse {
		c.dst = binary.BigEndian.AppendUint32(c.dst, *v)
	} else if b := c.take(4); b != nil {
		*v = binary.BigEndian.Uint32(b)
	}
}
