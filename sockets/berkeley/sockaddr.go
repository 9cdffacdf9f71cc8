package berkeley

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
)

// Sockaddr is a socket address: a [SockaddrIn], [SockaddrIn6] or [SockaddrUn].
// They are plain values and may be compared.
type Sockaddr interface {
	// Family is the first field of the C struct.
	Family() Family
	// Marshal gives the octets of the C struct.
	Marshal() ([]byte, error)
	// String gives the address as package net writes it.
	String() string
}

// InAddr is an IPv4 address as a number in the machine's order, as the C
// constants are written.
type InAddr uint32

// Addresses that the C headers name.
const (
	// INADDR_ANY stands for every address of this host.
	INADDR_ANY InAddr = 0
	// INADDR_LOOPBACK is 127.0.0.1.
	INADDR_LOOPBACK InAddr = 0x7f000001
	// INADDR_BROADCAST is 255.255.255.255.
	INADDR_BROADCAST InAddr = 0xffffffff
)

// Addr gives the address for package netip.
func (a InAddr) Addr() netip.Addr {
	return netip.AddrFrom4([4]byte{byte(a >> 24), byte(a >> 16), byte(a >> 8), byte(a)})
}

// String gives the dotted form.
func (a InAddr) String() string { return a.Addr().String() }

// SockaddrIn is an IPv4 socket address, struct sockaddr_in of 16 octets. Port
// and Addr are numbers in the machine's order; Marshal puts them in the
// network's. The zero value is port 0 on INADDR_ANY: "choose one for me".
type SockaddrIn struct {
	Port uint16
	Addr InAddr
}

// Family gives [PF_INET].
func (SockaddrIn) Family() Family { return PF_INET }

// AddrPort gives the address for packages net and netip.
func (sa SockaddrIn) AddrPort() netip.AddrPort { return netip.AddrPortFrom(sa.Addr.Addr(), sa.Port) }

// String gives address and port, as in "127.0.0.1:12000".
func (sa SockaddrIn) String() string { return sa.AddrPort().String() }

// SockaddrIn6 is an IPv6 socket address, struct sockaddr_in6 of 28 octets
// (RFC 3493 §3.3). The numbers are in the machine's order.
type SockaddrIn6 struct {
	Port uint16
	// Flowinfo holds the traffic class and the flow label, zero as a rule.
	Flowinfo uint32
	Addr     [16]byte
	// Scope is the index of the interface that a link-local address means.
	Scope uint32
}

// Family gives [PF_INET6].
func (SockaddrIn6) Family() Family { return PF_INET6 }

// AddrPort gives the address for packages net and netip; a scope becomes a
// zone by its number. Flowinfo has no place there.
func (sa SockaddrIn6) AddrPort() netip.AddrPort {
	a := netip.AddrFrom16(sa.Addr)
	if sa.Scope != 0 && !a.Is4In6() {
		a = a.WithZone(strconv.FormatUint(uint64(sa.Scope), 10))
	}
	return netip.AddrPortFrom(a, sa.Port)
}

// String gives address and port, as in "[::1]:12000".
func (sa SockaddrIn6) String() string { return sa.AddrPort().String() }

// SockaddrUn is the address of a Unix-domain socket, struct sockaddr_un: a path
// in the file system or, on Linux, an abstract name that vanishes with its
// socket. The zero value is the address of a socket without a name; bound to
// it, a socket gets an abstract name that the kernel chooses.
type SockaddrUn struct {
	// Name is the path, at most 108 octets and without NUL, or the abstract
	// name without the NUL that stands before it, at most 107 octets of any
	// value.
	Name string
	// Abstract tells that Name is no path.
	Abstract bool
}

// Family gives [PF_UNIX].
func (SockaddrUn) Family() Family { return PF_UNIX }

// String gives the name as package net writes it, with @ before an abstract one.
func (sa SockaddrUn) String() string {
	if sa.Abstract {
		return "@" + sa.Name
	}
	return sa.Name
}

// SockaddrFrom gives the socket address of an address and port: [SockaddrIn]
// for IPv4, [SockaddrIn6] for IPv6, IPv4-mapped addresses among them. A zone is
// a number or the name of an interface of this host.
func SockaddrFrom(ap netip.AddrPort) (Sockaddr, error) {
	a := ap.Addr()
	switch {
	case a.Is4():
		b := a.As4()
		addr := InAddr(b[0])<<24 | InAddr(b[1])<<16 | InAddr(b[2])<<8 | InAddr(b[3])
		return SockaddrIn{Port: ap.Port(), Addr: addr}, nil
	case a.Is6():
		scope, err := scopeOf(a.Zone())
		if err != nil {
			return nil, err
		}
		return SockaddrIn6{Port: ap.Port(), Addr: a.As16(), Scope: scope}, nil
	}
	return nil, fmt.Errorf("berkeley: no socket address for %q", ap.String())
}

// scopeOf gives the number of a zone.
func scopeOf(zone string) (uint32, error) {
	if zone == "" {
		return 0, nil
	}
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(n), nil
	}
	i, err := net.InterfaceByName(zone)
	if err != nil {
		return 0, fmt.Errorf("berkeley: zone %.100q: %w", zone, err)
	}
	return uint32(i.Index), nil
}

// AddrPortOf gives the address and port of an IPv4 or IPv6 socket address; ok
// is false for another.
func AddrPortOf(sa Sockaddr) (ap netip.AddrPort, ok bool) {
	in, ok := sa.(interface{ AddrPort() netip.AddrPort })
	if !ok {
		return netip.AddrPort{}, false
	}
	return in.AddrPort(), true
}
