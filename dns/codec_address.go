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
