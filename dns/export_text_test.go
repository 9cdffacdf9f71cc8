package dns

import "net/netip"

// ParseIPv6 and ParseIPv4 read addresses that have a plain form.
func ParseIPv6(b []byte) (string, bool) {
	a, ok := parseIPv6(b)
	return netip.AddrFrom16(a).String(), ok
}

// ParseIPv4 is ParseIPv6 for the other family.
func ParseIPv4(b []byte) (string, bool) {
	a, ok := parseIPv4(b)
	return netip.AddrFrom4(a).String(), ok
}

// WordEnd finds where a word ends.
func WordEnd(b []byte, i int) int { return wordEnd(b, i) }
