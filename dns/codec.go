package dns

import (
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
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
	c.op, c.err = opScan, nil
	c.tokens, c.next, c.origin, c.mem = tokens, 0, origin, mem
	d.Fields(c)
	if c.err == nil && c.next < len(c.tokens) {
		c.fail("more than the fields of "+d.Type().String(), "RFC 1035 §5.1", ErrSyntax)
	}
	return c.err
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
func (c *Codec) token(what string) (t Token, ok bool) {
	if c.err != nil {
		return t, false
	}
	if c.next == len(c.tokens) {
		c.fail(what+" is missing", "RFC 1035 §5.1", ErrSyntax)
		return t, false
	}
	c.next++
	return c.tokens[c.next-1], true
}

// word returns the next token, which may not be in quotes.
func (c *Codec) word(what string) (t Token, ok bool) {
	if t, ok = c.token(what); ok && t.Quoted {
		c.fail(what+" in quotes", "RFC 1035 §5.1", ErrSyntax)
		return t, false
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
			*v = uint8(u)
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
			*v = uint16(u)
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
	}
}

func (c *Codec) wire32(v *uint32) {
	if c.op != opParse {
		c.dst = binary.BigEndian.AppendUint32(c.dst, *v)
	} else if b := c.take(4); b != nil {
		*v = binary.BigEndian.Uint32(b)
	}
}

// IPv4 is a field of four octets, an IPv4 address.
func (c *Codec) IPv4(v *netip.Addr) {
	switch c.op {
	case opParse:
		if b := c.take(4); b != nil {
			*v = netip.AddrFrom4([4]byte(b))
		}
	case opScan:
		c.scanAddr(v, netip.Addr.Is4, "IPv4 address", "RFC 1035 §3.4.1")
	default:
		if !v.Is4() {
			c.fail("IPv4 address", "RFC 1035 §3.4.1", ErrValue)
			return
		}
		c.appendAddr(*v)
	}
}

// IPv6 is a field of sixteen octets, an IPv6 address.
func (c *Codec) IPv6(v *netip.Addr) {
	switch c.op {
	case opParse:
		if b := c.take(16); b != nil {
			*v = netip.AddrFrom16([16]byte(b))
		}
	case opScan:
		c.scanAddr(v, netip.Addr.Is6, "IPv6 address", "RFC 3596 §2.4")
	default:
		if !v.Is6() || v.Zone() != "" {
			c.fail("IPv6 address", "RFC 3596 §2.2", ErrValue)
			return
		}
		c.appendAddr(*v)
	}
}

func (c *Codec) scanAddr(v *netip.Addr, is func(netip.Addr) bool, what, ref string) {
	t, ok := c.word(what)
	if !ok {
		return
	}
	a, ok := parseIPv4(t.Text)
	if !ok {
		a, ok = parseIPv6(t.Text)
	}
	if ok && is(a) {
		*v = a
		return
	}
	var err error
	if a, err = netip.ParseAddr(string(t.Text)); err != nil || !is(a) || a.Zone() != "" {
		c.fail(what+" "+quoted(t.Text), ref, ErrSyntax)
		return
	}
	*v = a
}

// parseIPv4 reads an IPv4 address in its plain form; what it does not know may
// be an address still.
func parseIPv4(b []byte) (netip.Addr, bool) {
	var v4 [4]byte
	i := 0
	for k := range v4 {
		start, n := i, 0
		for ; i < len(b) && i-start < 3 && b[i] >= '0' && b[i] <= '9'; i++ {
			n = 10*n + int(b[i]-'0')
		}
		if i == start || n > 255 || b[start] == '0' && i-start > 1 {
			return netip.Addr{}, false
		}
		v4[k] = byte(n)
		if k < 3 {
			if i == len(b) || b[i] != '.' {
				return netip.Addr{}, false
			}
			i++
		}
	}
	return netip.AddrFrom4(v4), i == len(b)
}

// parseIPv6 reads an IPv6 address that is written with hexadecimal groups alone;
// what it does not know may be an address still.
func parseIPv6(b []byte) (netip.Addr, bool) {
	var v6 [16]byte
	n, gap := 0, -1 // octets, and where "::" stands
	for i := 0; i < len(b); {
		if b[i] == ':' {
			// "::" stands once; one colon between groups, and none at the start.
			if i+1 < len(b) && b[i+1] == ':' {
				if gap >= 0 {
					return netip.Addr{}, false
				}
				gap = n
				i += 2
				continue
			}
			if i == 0 || n == gap || i+1 == len(b) {
				return netip.Addr{}, false
			}
			i++
		} else if i > 0 && b[i-1] != ':' {
			return netip.Addr{}, false
		}
		v, start := 0, i
		for ; i < len(b) && i-start < 4; i++ {
			digit, ok := hexDigit(b[i])
			if !ok {
				break
			}
			v = v<<4 | int(digit)
		}
		if i == start || n == len(v6) {
			return netip.Addr{}, false
		}
		v6[n], v6[n+1] = byte(v>>8), byte(v)
		n += 2
	}
	switch {
	case gap >= 0 && n < len(v6):
		copy(v6[len(v6)-(n-gap):], v6[gap:n])
		clear(v6[gap : len(v6)-(n-gap)])
	case gap >= 0 || n < len(v6):
		return netip.Addr{}, false
	}
	return netip.AddrFrom16(v6), true
}

func (c *Codec) appendAddr(v netip.Addr) {
	if c.op == opPrint {
		c.space()
		c.dst = appendAddrText(c.dst, v)
		return
	}
	if v.Is4() {
		b := v.As4()
		c.dst = append(c.dst, b[:]...)
		return
	}
	b := v.As16()
	c.dst = append(c.dst, b[:]...)
}

// CompressedName is a domain name that is compressed where it may be: those of
// the types of RFC 1035 alone (RFC 3597 §4).
func (c *Codec) CompressedName(v *Name) {
	if c.op == opAppend && c.comp != nil && v.IsValid() && c.err == nil {
		c.dst = c.comp.AppendName(c.dst, *v)
		return
	}
	c.name(v, true, true)
}

// Name is a domain name that is never sent compressed, but read so, since old
// senders compressed it; its canonical form is in lower case (RFC 3597 §4,
// RFC 4034 §6.2).
func (c *Codec) Name(v *Name) { c.name(v, true, true) }

// PlainName is a domain name of the types that came after RFC 3597: never
// compressed, its case kept in canonical form.
func (c *Codec) PlainName(v *Name) { c.name(v, false, false) }

// LowerName is a domain name that is never compressed, and in canonical form in
// lower case: that of RRSIG (RFC 4034 §3.1.7, RFC 6840 §5.1).
func (c *Codec) LowerName(v *Name) { c.name(v, false, true) }

func (c *Codec) name(v *Name, pointers, lower bool) {
	if c.err != nil {
		return
	}
	switch c.op {
	case opParse:
		// A name may point out of the RDATA, but not run over its end.
		n, next, err := c.mem.name(c.msg, c.off)
		switch {
		case err != nil:
			c.err = err
		case next > c.end:
			c.fail("name", "RFC 1035 §3.2.1", ErrRDLength)
		case !pointers && next-c.off != n.Len():
			c.fail("name", "RFC 3597 §4", ErrPointer)
		default:
			*v, c.off = n, next
		}
	case opScan:
		if t, ok := c.word("name"); ok {
			*v = c.scanName(t)
		}
	default:
		switch {
		case !v.IsValid():
			c.fail("name", "RFC 1035 §3.1", ErrLabel)
		case c.op == opPrint:
			c.space()
			c.dst = v.appendText(c.dst)
		case c.op == opCanonical && lower:
			c.dst = v.AppendCanonical(c.dst)
		default:
			c.dst = v.AppendWire(c.dst)
		}
	}
}

// scanName reads a name of a master file: relative to the origin without a dot
// at its end, the origin itself as "@" (RFC 1035 §5.1).
func (c *Codec) scanName(t Token) Name {
	n, err := scanName(t, c.origin, c.mem)
	if err != nil {
		if e, ok := errors.AsType[*ParseError](err); ok {
			e.Offset += int64(t.Offset)
		}
		c.err = err
	}
	return n
}

func scanName(t Token, origin Name, mem *memory) (Name, error) {
	if len(t.Text) == 1 && t.Text[0] == '@' && !t.Quoted {
		if !origin.IsValid() {
			return Name{}, textError(0, "@ without an origin", "RFC 1035 §5.1", ErrSyntax)
		}
		return origin, nil
	}
	var wire [MaxName]byte
	b, absolute, err := appendNameText(wire[:0], t.Text)
	if err != nil {
		return Name{}, err
	}
	if !absolute {
		if !origin.IsValid() {
			return Name{}, textError(0, "relative name "+quoted(t.Text)+" without an origin", "RFC 1035 §5.1", ErrSyntax)
		}
		if len(b)-1+origin.Len() > MaxName {
			return Name{}, textError(0, "name", "RFC 1035 §2.3.4", ErrNameTooLong)
		}
		b = origin.AppendWire(b[:len(b)-1])
	}
	return Name{mem.string(b)}, nil
}
