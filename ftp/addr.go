package ftp

import (
	"net/netip"
	"strconv"

	"applayer/internal/ascii"
)

// Network protocols of EPRT and EPSV, which are address families
// (RFC 2428 §2).
const (
	protocolIPv4 = 1
	protocolIPv6 = 2
)

// ParsePORT reads the argument of PORT, h1,h2,h3,h4,p1,p2 (RFC 959 §5.3.2):
// four octets of an IPv4 address and two of a port. Port 0 is refused, since
// nobody can be connected to there. Offsets count from the argument's start.
func ParsePORT(arg []byte) (netip.AddrPort, error) {
	octets, n, ok := parseHostPort(arg, false)
	if !ok || n != len(arg) {
		return netip.AddrPort{}, &ParseError{Offset: int64(n), What: "host-port", Ref: "RFC 959 §5.3.2", Reply: 501, Err: ErrSyntax}
	}
	ap := octets.addrPort()
	if ap.Port() == 0 {
		return netip.AddrPort{}, &ParseError{What: "port-number", Ref: "RFC 959 §5.3.2", Reply: 501, Err: ErrValue}
	}
	return ap, nil
}

// hostPort is h1 to h4, p1 and p2.
type hostPort [6]byte

func (o hostPort) addrPort() netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(o[:4])), uint16(o[4])<<8|uint16(o[5]))
}

// parseHostPort takes six numbers with commas between them from the front of b,
// and spaces behind the commas where loose. Where that fails, n is the place.
func parseHostPort[T ~string | ~[]byte](b T, loose bool) (octets hostPort, n int, ok bool) {
	for i := range octets {
		if i > 0 {
			if n == len(b) || b[n] != ',' {
				return octets, n, false
			}
			for n++; loose && n < len(b) && b[n] == ' '; {
				n++
			}
		}
		const digits = len("255")
		v, used, err := ascii.Decimal(b[n:min(n+digits+1, len(b))], 255)
		if err != nil || used > digits {
			return octets, n, false
		}
		octets[i], n = byte(v), n+used
	}
	return octets, n, true
}

// AppendPORT appends ap as PORT's argument. An address that is not IPv4 is an
// error with [ErrProtocol]: EPRT takes those.
func AppendPORT(dst []byte, ap netip.AddrPort) ([]byte, error) {
	if !ap.Addr().Unmap().Is4() || ap.Port() == 0 {
		return dst, addrError("host-port", "RFC 959 §5.3.2", ap)
	}
	host := ap.Addr().Unmap().As4()
	for _, o := range host {
		dst = append(strconv.AppendUint(dst, uint64(o), 10), ',')
	}
	dst = append(strconv.AppendUint(dst, uint64(ap.Port()>>8), 10), ',')
	return strconv.AppendUint(dst, uint64(ap.Port()&0xff), 10), nil
}

// addrError tells why an address cannot be written.
func addrError(what, ref string, ap netip.AddrPort) error {
	err := ErrValue
	if ap.Addr().IsValid() && ap.Port() != 0 {
		err = ErrProtocol
	}
	return &ParseError{What: what, Ref: ref, Err: err}
}

// ParseEPRT reads the argument of EPRT, such as |1|132.235.1.2|6275| or
// |2|::1|6275| (RFC 2428 §2), with any delimiter from 33 to 126. Another network
// protocol than 1 and 2 is an error with [ErrProtocol] and Reply 522. An IPv4
// address written as IPv6 is taken as what it is. Offsets count from the
// argument's start.
func ParseEPRT(arg []byte) (netip.AddrPort, error) {
	fail := func(at int, what string, err error) (netip.AddrPort, error) {
		return netip.AddrPort{}, &ParseError{Offset: int64(at), What: what, Ref: "RFC 2428 §2", Reply: 501, Err: err}
	}
	proto, addr, port, n, ok := cutExtended(arg)
	if !ok || n != len(arg) {
		return fail(n, "EPRT argument", ErrSyntax)
	}
	family, err := parseProtocol(proto, 1)
	if err != nil {
		return netip.AddrPort{}, err
	}
	ip, err := netip.ParseAddr(string(addr[:min(len(addr), 64)]))
	atAddr := 1 + len(proto) + 1
	if err != nil || ip.Zone() != "" || ip.Is4() != (family == protocolIPv4) {
		return fail(atAddr, "net-addr", ErrValue)
	}
	p, ok := parsePort(port)
	if !ok {
		return fail(atAddr+len(addr)+1, "tcp-port", ErrValue)
	}
	return netip.AddrPortFrom(ip.Unmap(), p), nil
}

// cutExtended takes <d>…<d>…<d>…<d> from the front of b, as it stands in EPRT
// and in 229. n is its length, or the place where it is not that.
func cutExtended[T ~string | ~[]byte](b T) (proto, addr, port T, n int, ok bool) {
	if len(b) == 0 || b[0] < 33 || b[0] > 126 {
		return proto, addr, port, 0, false
	}
	var fields [3]T
	n = 1
	for i := range fields {
		start := n
		for n < len(b) && b[n] != b[0] {
			n++
		}
		if n == len(b) {
			return proto, addr, port, n, false
		}
		fields[i] = b[start:n]
		n++
	}
	return fields[0], fields[1], fields[2], n, true
}

// parseProtocol takes net-prt, which stands at octet at of an argument.
func parseProtocol(b []byte, at int) (int, error) {
	v, n, err := ascii.Decimal(b, 1<<16)
	if err != nil || n != len(b) {
		return 0, &ParseError{Offset: int64(at), What: "net-prt", Ref: "RFC 2428 §2", Reply: 501, Err: ErrSyntax}
	}
	if v != protocolIPv4 && v != protocolIPv6 {
		return 0, &ParseError{Offset: int64(at), What: "net-prt", Ref: "RFC 2428 §2", Reply: 522, Err: ErrProtocol}
	}
	return int(v), nil
}

// parsePort takes a port number that is all of b.
func parsePort[T ~string | ~[]byte](b T) (uint16, bool) {
	v, n, err := ascii.Decimal(b, 65535)
	return uint16(v), err == nil && n == len(b) && v != 0
}

// AppendEPRT appends ap as EPRT's argument. A zone, which means nothing to the
// peer, is left out.
func AppendEPRT(dst []byte, ap netip.AddrPort) ([]byte, error) {
	addr := ap.Addr().Unmap().WithZone("")
	if !addr.IsValid() || ap.Port() == 0 {
		return dst, addrError("EPRT argument", "RFC 2428 §2", ap)
	}
	if addr.Is4() {
		dst = append(dst, "|1|"...)
	} else {
		dst = append(dst, "|2|"...)
	}
	dst = append(addr.AppendTo(dst), '|')
	return append(strconv.AppendUint(dst, uint64(ap.Port()), 10), '|'), nil
}

// ParseEPSV reads the argument of EPSV (RFC 2428 §3): the network protocol, 1 or
// 2; nothing, which is 0; or ALL. Another protocol is an error with
// [ErrProtocol] and Reply 522.
func ParseEPSV(arg []byte) (protocol int, all bool, err error) {
	switch {
	case len(arg) == 0:
		return 0, false, nil
	case ascii.EqualFold(arg, "ALL"):
		return 0, true, nil
	}
	protocol, err = parseProtocol(arg, 0)
	return protocol, false, err
}

// Parse227 finds the address in the text of a 227 reply. Its form was never
// settled: the first six numbers with commas between them are taken, inside
// parentheses or not (RFC 1123 §4.1.2.6), with spaces behind the commas or not.
//
// The host is what the server says it is. It may be one that the client was
// never meant to reach (CVE-2021-4189) or that has a meaning on the far side of
// a NAT alone: the address of the control connection is the better choice.
func Parse227(text string) (netip.AddrPort, error) {
	for i := range len(text) {
		if !isDigit(text[i]) || i > 0 && isDigit(text[i-1]) {
			continue
		}
		// A gap of spaces is looked at from six numbers at most.
		if octets, _, ok := parseHostPort(text[i:], true); ok && octets.addrPort().Port() != 0 {
			return octets.addrPort(), nil
		}
	}
	return netip.AddrPort{}, &ParseError{Offset: int64(len(text)), What: "host-port", Ref: "RFC 1123 §4.1.2.6", Err: ErrSyntax}
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// Append227 appends the text of a 227 reply, such as
// "Entering Passive Mode (127,0,0,1,4,5)." An address that is not IPv4 is an
// error with [ErrProtocol]: PASV cannot serve it (RFC 2428 §1).
func Append227(dst []byte, ap netip.AddrPort) ([]byte, error) {
	b, err := AppendPORT(append(dst, "Entering Passive Mode ("...), ap)
	if err != nil {
		return dst, err
	}
	return append(b, ")."...), nil
}

// max229 is how far Parse229 looks behind a parenthesis. The two fields that are
// to be empty may hold an address.
const max229 = 64

// Parse229 finds the port in the text of a 229 reply,
// (<d><d><d><tcp-port><d>) with any delimiter (RFC 2428 §3). What servers put
// into the two fields that are to be empty is not looked at: the host is that of
// the control connection.
func Parse229(text string) (port uint16, err error) {
	for i := range len(text) {
		if text[i] != '(' {
			continue
		}
		_, _, p, n, ok := cutExtended(text[i+1 : min(i+1+max229, len(text))])
		if port, ported := parsePort(p); ok && ported && i+1+n < len(text) && text[i+1+n] == ')' {
			return port, nil
		}
	}
	return 0, &ParseError{Offset: int64(len(text)), What: "tcp-port", Ref: "RFC 2428 §3", Err: ErrSyntax}
}

// Append229 appends the text of a 229 reply, such as
// "Entering Extended Passive Mode (|||6446|)".
func Append229(dst []byte, port uint16) ([]byte, error) {
	if port == 0 {
		return dst, &ParseError{What: "tcp-port", Ref: "RFC 2428 §3", Err: ErrValue}
	}
	dst = append(dst, "Entering Extended Passive Mode (|||"...)
	return append(strconv.AppendUint(dst, uint64(port), 10), "|)"...), nil
}
