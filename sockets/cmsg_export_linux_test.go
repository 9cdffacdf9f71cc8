package sockets

import "net/netip"

func ParsePacketInfo(oob []byte) (to, from netip.Addr, ifIndex int) {
	to, local := parsePacketInfo(oob)
	return to, local.addr, local.ifIndex
}

func AppendPacketInfo(ipv6 bool, from netip.Addr, ifIndex int) []byte {
	info := infoIPv4
	if ipv6 {
		info = infoIPv6
	}
	return info.appendTo(nil, localAddr{from, ifIndex})
}
