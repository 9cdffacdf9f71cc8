package dns

import "net/netip"

// IPv4 is a field of four octets, an IPv4 address.
func (c *Codec) IPv4(v *netip.Addr) {
	switch c.op {
	case opParse:
		if b := c.take(4); b != nil {
			*v = netip.AddrFrom4([4]byte(b))
		}
	case opScan:
		const what = "IPv4 address"
		if t, ok := c.word(what); ok {
			switch b, plain := parseIPv4(t.Text); {
			case !plain:
				c.scanAddr(v, t, netip.Addr.Is4, what, "RFC 1035 §3.4.1")
			case c.onward:
				c.dst = append(c.dst, b[:]...)
			default:
				*v = netip.AddrFrom4(b)
			}
		}
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
		const what = "IPv6 address"
		if t, ok := c.word(what); ok {
			switch b, plain := parseIPv6(t.Text); {
			case !plain:
				c.scanAddr(v, t, netip.Addr.Is6, what, "RFC 3596 §2.4")
			case c.onward:
				c.dst = append(c.dst, b[:]...)
			default:
				*v = netip.AddrFrom16(b)
			}
		}
	default:
		if !v.Is6() || v.Zone() != "" {
			c.fail("IPv6 address", "RFC 3596 §2.2", ErrValue)
			return
		}
		c.appendAddr(*v)
	}
}

// scanAddr reads an address in any form.
func (c *Codec) scanAddr(v *netip.Addr, t *Token, is func(netip.Addr) bool, what, ref string) {
	a, err := netip.ParseAddr(string(t.Text))
	if err != nil || !is(a) || a.Zone() != "" {
		c.fail(what+" "+quoted(t.Text), ref, ErrSyntax)
		return
	}
	if *v = a; c.onward {
		c.appendAddr(a)
	}
}

// parseIPv4 reads an IPv4 address in its plain form; what it does not know may
// be an address still.
func parseIPv4(b []byte) (v4 [4]byte, ok bool) {
	i := 0
	for k := range v4 {
		start, n := i, 0
		for ; i < len(b) && i-start < 3 && b[i] >= '0' && b[i] <= '9'; i++ {
			n = 10*n + int(b[i]-'0')
		}
		if i == start || n > 255 || b[start] == '0' && i-start > 1 {
			return v4, false
		}
		v4[k] = byte(n)
		if k < 3 {
			if i == len(b) || b[i] != '.' {
				return v4, false
			}
			i++
		}
	}
	return v4, i == len(b)
}

// parseIPv6 reads an IPv6 address that is written with hexadecimal groups alone;
// what it does not know may be an address still.
func parseIPv6(b []byte) (v6 [16]byte, ok bool) {
	n, gap := 0, -1 // octets, and where "::" stands
	for i := 0; i < len(b); {
		if b[i] == ':' {
			// "::" stands once; one colon between groups, and none at the start.
			if i+1 < len(b) && b[i+1] == ':' {
				if gap >= 0 {
					return v6, false
				}
				gap = n
				i += 2
				continue
			}
			if i == 0 || n == gap || i+1 == len(b) {
				return v6, false
			}
			i++
		} else if i > 0 && b[i-1] != ':' {
			return v6, false
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
			return v6, false
		}
		v6[n], v6[n+1] = byte(v>>8), byte(v)
		n += 2
	}
	switch {
	case gap >= 0 && n < len(v6):
		copy(v6[len(v6)-(n-gap):], v6[gap:n])
		clear(v6[gap : len(v6)-(n-gap)])
	case gap >= 0 || n < len(v6):
		return v6, false
	}
	return v6, true
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

// appendAddrText appends an address as RFC 5952 §4 has it, but those that begin
// with 96 bits of zero with their end as an IPv4 address, as inet_ntop and with
// it BIND and dig do.
func appendAddrText(dst []byte, a netip.Addr) []byte {
	if b := a.As16(); a.Is6() && [12]byte(b[:12]) == [12]byte{} && (b[12] != 0 || b[13] != 0) {
		return netip.AddrFrom4([4]byte(b[12:])).AppendTo(append(dst, "::"...))
	}
	return a.AppendTo(dst)
}
