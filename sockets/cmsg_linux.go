package sockets

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strconv"
	"syscall"
)

// packetInfo is what a socket that listens on all addresses tells of each
// datagram: the address it was sent to, by control messages (RFC 3542 §6 for
// IPv6, ip(7) for IPv4).
type packetInfo uint8

const (
	infoOff packetInfo = iota
	infoIPv4
	infoIPv6 // also carries IPv4, mapped
)

func (i packetInfo) on() bool { return i != infoOff }

// A control message is a cmsghdr (length as a machine word, level, type) and
// its data, padded to machine words.
const (
	wordSize     = strconv.IntSize / 8
	cmsgHeader   = wordSize + 8
	pktInfo4Size = 12 // struct in_pktinfo: ifindex, spec_dst, addr
	pktInfo6Size = 20 // struct in6_pktinfo: addr, ifindex

	// controlSize holds both kinds, which a dual-stack socket sends.
	controlSize = 128
)

// askPacketInfo switches the control messages on.
func askPacketInfo(c *net.UDPConn) packetInfo {
	rc, err := c.SyscallConn()
	if err != nil {
		return infoOff
	}
	info := infoOff
	rc.Control(func(fd uintptr) {
		sa, err := syscall.Getsockname(int(fd))
		if err != nil {
			return
		}
		err4 := syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, syscall.IP_PKTINFO, 1)
		if _, ok := sa.(*syscall.SockaddrInet6); !ok {
			if err4 == nil {
				info = infoIPv4
			}
			return
		}
		if syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IPV6, syscall.IPV6_RECVPKTINFO, 1) == nil {
			info = infoIPv6
		}
	})
	return info
}

// take sets p's Destination and local address from control messages.
func (i packetInfo) take(p *Packet, oob []byte) {
	to, local := parsePacketInfo(oob)
	if to.IsValid() {
		p.Destination = netip.AddrPortFrom(to, p.Destination.Port())
	}
	p.local = local
}

// parsePacketInfo finds the address that a datagram was sent to, and what a
// reply must say to leave from there. Messages that it does not know it skips;
// those cut short end it.
func parsePacketInfo(oob []byte) (to netip.Addr, local localAddr) {
	for len(oob) >= cmsgHeader {
		n := word(oob)
		if n < cmsgHeader || n > uint64(len(oob)) {
			return to, local
		}
		level := binary.NativeEndian.Uint32(oob[wordSize:])
		typ := binary.NativeEndian.Uint32(oob[wordSize+4:])
		data := oob[cmsgHeader:n]
		switch {
		case level == syscall.IPPROTO_IP && typ == syscall.IP_PKTINFO && len(data) >= pktInfo4Size:
			// Where a dual-stack socket sends both kinds, this is the better:
			// spec_dst is our own address also where addr is a broadcast.
			to = netip.AddrFrom4([4]byte(data[8:12]))
			local = localAddr{addr: netip.AddrFrom4([4]byte(data[4:8]))}
			if local.addr.IsUnspecified() {
				// The datagram came before the option was set.
				local = sourceFor(to, 0)
			}
			return to, local
		case level == syscall.IPPROTO_IPV6 && typ == syscall.IPV6_PKTINFO && len(data) >= pktInfo6Size:
			to = netip.AddrFrom16([16]byte(data[:16])).Unmap()
			local = sourceFor(to, int(binary.NativeEndian.Uint32(data[16:])))
		}
		oob = oob[min(alignWord(n), uint64(len(oob))):]
	}
	return to, local
}

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// sourceFor leaves out what a reply must not carry: a group is no source, and
// only link-local addresses need the interface, others go by route.
func sourceFor(to netip.Addr, ifIndex int) localAddr {
	switch {
	case to.Is4() && (to.IsMulticast() || to == broadcast):
		return localAddr{}
	case to.IsMulticast():
		return localAddr{ifIndex: ifIndex}
	case to.IsLinkLocalUnicast() && to.Is6():
		return localAddr{addr: to, ifIndex: ifIndex}
	}
	return localAddr{addr: to}
}

// appendTo appends the control message that makes a datagram leave from l.
func (i packetInfo) appendTo(dst []byte, l localAddr) []byte {
	switch i {
	case infoIPv4:
		dst = appendCmsgHeader(dst, pktInfo4Size, syscall.IPPROTO_IP, syscall.IP_PKTINFO)
		dst = binary.NativeEndian.AppendUint32(dst, uint32(l.ifIndex))
		a := [4]byte{}
		if l.addr.Is4() {
			a = l.addr.As4()
		}
		dst = append(dst, a[:]...)
		dst = append(dst, 0, 0, 0, 0)
	case infoIPv6:
		dst = appendCmsgHeader(dst, pktInfo6Size, syscall.IPPROTO_IPV6, syscall.IPV6_PKTINFO)
		a := [16]byte{}
		if l.addr.IsValid() {
			a = l.addr.As16()
		}
		dst = append(dst, a[:]...)
		dst = binary.NativeEndian.AppendUint32(dst, uint32(l.ifIndex))
	}
	for len(dst)%wordSize != 0 {
		dst = append(dst, 0)
	}
	return dst
}

func appendCmsgHeader(dst []byte, size, level, typ int) []byte {
	if wordSize == 8 {
		dst = binary.NativeEndian.AppendUint64(dst, uint64(cmsgHeader+size))
	} else {
		dst = binary.NativeEndian.AppendUint32(dst, uint32(cmsgHeader+size))
	}
	dst = binary.NativeEndian.AppendUint32(dst, uint32(level))
	return binary.NativeEndian.AppendUint32(dst, uint32(typ))
}

// word reads a machine word from the front of b.
func word(b []byte) uint64 {
	if wordSize == 8 {
		return binary.NativeEndian.Uint64(b)
	}
	return uint64(binary.NativeEndian.Uint32(b))
}

func alignWord(n uint64) uint64 { return (n + wordSize - 1) &^ (wordSize - 1) }
