package sockets

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// AddrMap sends dials for public addresses to local ones, so that the
// addresses of the lecture's names work on loopback. A key is a host name or
// an IP address, with a port (that service alone) or without (every port of
// the host); a value is an IP address, with a port or without, which keeps the
// port dialled. The more exact key decides. Keys are written in lower case and
// without a dot at the end, addresses as netip writes them, and the addresses
// of IPv6 in brackets before a port; [AddrMap.Set] and [ParseAddrMap] see to
// that.
type AddrMap map[string]string

// Causes of a [ParseError] of [ParseAddrMap] and [AddrMap.Set].
var (
	errFieldCount = errors.New("not PUBLIC LOCAL")
	errNoAddress  = errors.New("neither a name nor an IP address, with or without a port")
	errNotNumeric = errors.New("not an IP address, with or without a port")
	errTwice      = errors.New("mapped twice")
)

// ParseAddrMap takes the text of a -map file: a line `PUBLIC LOCAL` an
// address, blanks between the two; # starts a comment, empty lines are
// skipped, and CRLF ends a line as LF does. A public address may not be mapped
// twice.
func ParseAddrMap(b []byte) (AddrMap, error) {
	m := make(AddrMap)
	at := 0
	for line := range bytes.Lines(b) {
		if err := m.parseLine(line, int64(at)); err != nil {
			return nil, err
		}
		at += len(line)
	}
	return m, nil
}

func (m AddrMap) parseLine(line []byte, at int64) error {
	text, _, _ := bytes.Cut(line, []byte("#"))
	fields := bytes.Fields(text)
	if len(fields) == 0 {
		return nil
	}
	start := int64(bytes.Index(text, fields[0]))
	if len(fields) != 2 {
		return &ParseError{Offset: at + start, What: "address map line", Err: errFieldCount}
	}
	public, ok := canonicalAddr(string(fields[0]))
	if !ok {
		return &ParseError{Offset: at + start, What: "public address", Err: errNoAddress}
	}
	local, ok := numericAddr(string(fields[1]))
	if !ok {
		// The text begins with the first field: skip it to find the second,
		// which may be a part of it.
		skip := start + int64(len(fields[0]))
		return &ParseError{Offset: at + skip + int64(bytes.Index(text[skip:], fields[1])), What: "local address", Err: errNotNumeric}
	}
	if _, ok := m[public]; ok {
		return &ParseError{Offset: at + start, What: "public address", Err: errTwice}
	}
	m[public] = local
	return nil
}

// Set maps a public address, in any of the forms that [ParseAddrMap] takes, to
// a local one.
func (m AddrMap) Set(public, local string) error {
	key, ok := canonicalAddr(public)
	if !ok {
		return &ParseError{What: "public address", Err: errNoAddress}
	}
	value, ok := numericAddr(local)
	if !ok {
		return &ParseError{What: "local address", Err: errNotNumeric}
	}
	m[key] = value
	return nil
}

// Local returns the address to dial where addr, a host and a port, is meant,
// and whether the map has one. A nil map has none.
func (m AddrMap) Local(addr string) (string, bool) {
	host, port, ok := cutPort(addr)
	if !ok || port == "" {
		return "", false
	}
	host = canonicalHost(host)
	local, ok := m[net.JoinHostPort(host, port)]
	if !ok {
		local, ok = m[host]
	}
	if !ok {
		return "", false
	}
	if a, err := netip.ParseAddr(local); err == nil {
		local = net.JoinHostPort(a.String(), port)
	}
	return local, true
}

// AppendText appends the map in the form that [ParseAddrMap] reads, its lines
// sorted. It refuses keys and values that are not in the form that
// [AddrMap.Set] gives them.
func (m AddrMap) AppendText(dst []byte) ([]byte, error) {
	for _, public := range slices.Sorted(maps.Keys(m)) {
		local := m[public]
		if c, ok := canonicalAddr(public); !ok || c != public {
			return dst, fmt.Errorf("sockets: public address %q: %w", public, errNoAddress)
		}
		if c, ok := numericAddr(local); !ok || c != local {
			return dst, fmt.Errorf("sockets: local address %q: %w", local, errNotNumeric)
		}
		dst = fmt.Appendf(dst, "%s %s\n", public, local)
	}
	return dst, nil
}

// MarshalText is [AddrMap.AppendText] onto an empty slice.
func (m AddrMap) MarshalText() ([]byte, error) { return m.AppendText(nil) }

// canonicalAddr brings HOST, HOST:PORT, ADDR, [ADDR] or [ADDR]:PORT into the
// one form that keys of an AddrMap have.
func canonicalAddr(s string) (string, bool) {
	host, port, ok := cutPort(s)
	if !ok {
		return "", false
	}
	_, err := netip.ParseAddr(host)
	host = canonicalHost(host)
	if err != nil && !isName(host) { // an address has no dot at its end
		return "", false
	}
	if port == "" {
		return host, true
	}
	return net.JoinHostPort(host, port), true
}

// numericAddr is canonicalAddr for those addresses that need no resolver.
func numericAddr(s string) (string, bool) {
	host, port, ok := cutPort(s)
	if !ok {
		return "", false
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return "", false
	}
	if port == "" {
		return a.String(), true
	}
	return net.JoinHostPort(a.String(), port), true
}

// cutPort cuts the port, which may be absent, from a host. A bare address of
// IPv6 has no port, whatever its last group looks like. The port comes back
// without leading zeros.
func cutPort(s string) (host, port string, ok bool) {
	if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == '#' || r > '~' }) {
		return "", "", false // a zone could hold them, a line of the file could not
	}
	if _, err := netip.ParseAddr(s); err == nil {
		return s, "", true
	}
	if len(s) > 0 && s[0] == '[' {
		return cutBracketed(s)
	}
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return s, "", s != ""
	}
	port, ok = decimalPort(s[i+1:])
	return s[:i], port, ok && i > 0
}

// cutBracketed is cutPort for an address of IPv6 in brackets.
func cutBracketed(s string) (host, port string, ok bool) {
	end := strings.LastIndexByte(s, ']')
	if end < 0 {
		return "", "", false
	}
	host = s[1:end]
	if a, err := netip.ParseAddr(host); err != nil || a.Is4() {
		return "", "", false
	}
	rest := s[end+1:]
	if rest == "" {
		return host, "", true
	}
	if rest[0] != ':' {
		return "", "", false
	}
	port, ok = decimalPort(rest[1:])
	return host, port, ok
}

func decimalPort(s string) (string, bool) {
	n, err := parsePort([]byte(s), 0)
	return strconv.Itoa(int(n)), err == nil
}

// canonicalHost writes an address as netip does and a name in lower case.
func canonicalHost(host string) string {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Unmap().String()
	}
	return canonicalName(host)
}

// isName tells whether a host may be a name: letters, digits, hyphens and
// underscores in labels of 1 to 63 octets, 253 in all (RFC 1123 §2.1). What
// has only digits and dots is a mistyped address.
func isName(host string) bool {
	if len(host) > 253 {
		return false
	}
	label, letters := 0, false
	for i := range len(host) {
		c := host[i]
		switch {
		case c == '.':
			if label == 0 {
				return false
			}
			label = 0
			continue
		case 'a' <= c && c <= 'z', c == '-', c == '_':
			letters = true
		case c < '0' || c > '9':
			return false
		}
		if label++; label > 63 {
			return false
		}
	}
	return label > 0 && letters
}
