package dns

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strconv"

	"applayer/internal/ascii"
)

// APL is a list of ranges of addresses (RFC 3123 §4).
type APL struct{ Items []APLItem }

// APLItem is a range in an [APL].
type APLItem struct {
	// Negated tells that the range is excluded.
	Negated bool
	// Family is 1 for IPv4, 2 for IPv6.
	Family uint16
	// Prefix is how many bits of the address count.
	Prefix uint8
	// Address is the address without zero octets at its end.
	Address []byte
}

// The families that have a text.
const (
	aplIPv4 = 1
	aplIPv6 = 2
)

// NewAPLItem returns the item of a range.
func NewAPLItem(p netip.Prefix, negated bool) APLItem {
	family := uint16(aplIPv6)
	if p.Addr().Is4() {
		family = aplIPv4
	}
	return APLItem{negated, family, uint8(p.Bits()), bytes.TrimRight(p.Addr().AsSlice(), "\x00")}
}

// Range returns the range; false for an item of another family.
func (i APLItem) Range() (netip.Prefix, bool) {
	var a netip.Addr
	switch {
	case !i.isValid():
		return netip.Prefix{}, false
	case i.Family == aplIPv4:
		var b [4]byte
		copy(b[:], i.Address)
		a = netip.AddrFrom4(b)
	case i.Family == aplIPv6:
		var b [16]byte
		copy(b[:], i.Address)
		a = netip.AddrFrom16(b)
	default:
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(a, int(i.Prefix)), true
}

func (i APLItem) isValid() bool {
	n := len(i.Address)
	switch {
	case n > 127 || n > 0 && i.Address[n-1] == 0:
		return false
	case i.Family == aplIPv4:
		return n <= 4 && i.Prefix <= 32
	case i.Family == aplIPv6:
		return n <= 16 && i.Prefix <= 128
	}
	return true
}

// Type returns [TypeAPL].
func (*APL) Type() Type { return TypeAPL }

// Fields shows the items. A list with a family that has no text is written as
// that of an unknown type.
func (d *APL) Fields(c *Codec) {
	const what, ref = "address prefix", "RFC 3123 §4"
	if c.reads() {
		for c.more() {
			var i APLItem
			if c.op == opParse {
				i.parse(c)
			} else {
				i.scan(c)
			}
			c.must(i.isValid(), what, ref, ErrValue)
			d.Items = append(d.Items, i)
		}
		return
	}
	for _, i := range d.Items {
		if c.must(i.isValid(), what, ref, ErrValue); c.err != nil {
			return
		}
		if c.op == opPrint {
			i.print(c)
		} else {
			i.append(c)
		}
	}
}

const aplNegated = 0x80

func (i *APLItem) parse(c *Codec) {
	if head := c.take(4); head != nil {
		i.Family, i.Prefix = binary.BigEndian.Uint16(head), head[2]
		i.Negated = head[3]&aplNegated != 0
		i.Address = c.mem.bytes(c.take(int(head[3] &^ aplNegated)))
	}
}

func (i APLItem) append(c *Codec) {
	c.dst = binary.BigEndian.AppendUint16(c.dst, i.Family)
	length := byte(len(i.Address))
	if i.Negated {
		length |= aplNegated
	}
	c.dst = append(append(c.dst, i.Prefix, length), i.Address...)
}

func (i APLItem) print(c *Codec) {
	p, ok := i.Range()
	if !ok {
		c.err = errNoText
		return
	}
	c.space()
	if i.Negated {
		c.dst = append(c.dst, '!')
	}
	c.dst = strconv.AppendUint(c.dst, uint64(i.Family), 10)
	c.dst = appendAddrText(append(c.dst, ':'), p.Addr())
	c.dst = strconv.AppendUint(append(c.dst, '/'), uint64(i.Prefix), 10)
}

// scan reads [!]family:address/prefix (RFC 3123 §5).
func (i *APLItem) scan(c *Codec) {
	const what, ref = "address prefix", "RFC 3123 §5"
	t, ok := c.word(what)
	if !ok {
		return
	}
	text, negated := bytes.CutPrefix(t.Text, []byte("!"))
	family, n, err := ascii.Decimal(text, 1<<16-1)
	if err == nil && n < len(text) && text[n] == ':' {
		var p netip.Prefix
		p, err = netip.ParsePrefix(string(text[n+1:]))
		*i = NewAPLItem(p, negated)
		if err == nil && uint64(i.Family) == family {
			i.Address = c.mem.bytes(i.Address)
			return
		}
	}
	c.fail(what+" "+quoted(t.Text), ref, ErrSyntax)
}
