package dns

import (
	"bytes"
	"encoding/binary"
	"net/netip"
)

// The families of addresses in a client subnet: IANA's address family numbers
// (RFC 7871 §6).
const (
	familyIPv4 = 1
	familyIPv6 = 2
)

// Subnet is what the Client Subnet option says (RFC 7871 §6): for which
// addresses of clients an answer is wanted, and for which it holds.
type Subnet struct {
	// Prefix holds the addresses of the clients. One of length 0 asks that no
	// address be told to others (RFC 7871 §7.1.2). The zero Prefix is such a
	// one without a family: some clients send it.
	Prefix netip.Prefix
	// Scope is for how many bits of the address the answer holds: 0 in a query,
	// and in an answer that is the same for all.
	Scope uint8
}

// ParseSubnet reads the data of a Client Subnet option. The error is a
// [*ParseError] for a family that is not known, prefix lengths longer than its
// addresses, and an address with octets too few or too many, or with a bit set
// behind the prefix (RFC 7871 §6).
func ParseSubnet(b []byte) (s Subnet, err error) {
	const ref = "RFC 7871 §6"
	if len(b) < 4 {
		return s, optionError(len(b), "client subnet", ref, ErrRDLength)
	}
	source, scope, addr := int(b[2]), b[3], b[4:]
	var wide [16]byte
	var a netip.Addr
	switch binary.BigEndian.Uint16(b) {
	case 0:
		if source != 0 || scope != 0 || len(addr) != 0 {
			return s, optionError(0, "client subnet without a family", ref, ErrValue)
		}
		return Subnet{}, nil
	case familyIPv4:
		a = netip.IPv4Unspecified()
	case familyIPv6:
		a = netip.IPv6Unspecified()
	default:
		return s, optionError(0, "family of a client subnet", ref, ErrValue)
	}
	switch {
	case source > a.BitLen():
		return s, optionError(2, "source prefix length", ref, ErrValue)
	case int(scope) > a.BitLen():
		return s, optionError(3, "scope prefix length", ref, ErrValue)
	case len(addr) != (source+7)/8:
		return s, optionError(4, "address of a client subnet", ref, ErrRDLength)
	}
	copy(wide[:], addr)
	if a.Is4() {
		a = netip.AddrFrom4([4]byte(wide[:4]))
	} else {
		a = netip.AddrFrom16(wide)
	}
	s = Subnet{netip.PrefixFrom(a, source), scope}
	if s.Prefix.Masked() != s.Prefix {
		return Subnet{}, optionError(4, "address of a client subnet", ref, ErrValue)
	}
	return s, nil
}

// AppendSubnet appends the data of a Client Subnet option; of the address no
// more than the prefix's bits. The error is [ErrValue] for a scope longer than
// the family's addresses, and for a zone.
func AppendSubnet(dst []byte, s Subnet) ([]byte, error) {
	p := s.Prefix.Masked()
	if s.Prefix != (netip.Prefix{}) && !p.IsValid() || int(s.Scope) > p.Addr().BitLen() {
		return dst, ErrValue
	}
	family := uint16(0)
	switch {
	case p.Addr().Is4():
		family = familyIPv4
	case p.Addr().Is6():
		family = familyIPv6
	}
	dst = binary.BigEndian.AppendUint16(dst, family)
	dst = append(dst, byte(max(p.Bits(), 0)), s.Scope)
	return append(dst, p.Addr().AsSlice()[:(max(p.Bits(), 0)+7)/8]...), nil
}

// Subnet returns the Client Subnet option; false where there is none, or one
// that is malformed, which [EDNS.Check] tells.
func (e *EDNS) Subnet() (s Subnet, ok bool) {
	b, ok := e.Option(OptionSubnet)
	if !ok {
		return s, false
	}
	s, err := ParseSubnet(b)
	return s, err == nil
}

// SetSubnet sets the Client Subnet option. The error is that of [AppendSubnet].
func (e *EDNS) SetSubnet(s Subnet) error {
	b, err := AppendSubnet(nil, s)
	if err != nil {
		return err
	}
	e.SetOption(OptionSubnet, b)
	return nil
}

// sameSubnet tells whether an answer repeats the family, source prefix length
// and address of the query, all that it said (RFC 7871 §7.3, §11.2). To a query
// that said only a length of 0, an answer may tell for whom it is.
func sameSubnet(query, reply []byte) bool {
	q, err := ParseSubnet(query)
	if err != nil {
		return true // what we sent on purpose may come back as it likes
	}
	if _, err := ParseSubnet(reply); err != nil {
		return false
	}
	return q.Prefix.Bits() <= 0 || bytes.Equal(query[:3], reply[:3]) && bytes.Equal(query[4:], reply[4:])
}
