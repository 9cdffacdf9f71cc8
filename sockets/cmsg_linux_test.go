package sockets_test

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/sockets"
)

// cmsg builds a control message as the kernel lays it out on this machine.
func cmsg(level, typ uint32, data string) []byte {
	var b []byte
	n := uint32(strconv.IntSize/8 + 8 + len(data))
	if strconv.IntSize == 64 {
		b = binary.NativeEndian.AppendUint64(b, uint64(n))
	} else {
		b = binary.NativeEndian.AppendUint32(b, n)
	}
	b = binary.NativeEndian.AppendUint32(b, level)
	b = binary.NativeEndian.AppendUint32(b, typ)
	b = append(b, data...)
	for len(b)%(strconv.IntSize/8) != 0 {
		b = append(b, 0)
	}
	return b
}

func index(i uint32) string { return string(binary.NativeEndian.AppendUint32(nil, i)) }

func TestParsePacketInfo(t *testing.T) {
	const ipv4, ipv6 = syscall.IPPROTO_IP, syscall.IPPROTO_IPV6
	const info4, info6 = syscall.IP_PKTINFO, syscall.IPV6_PKTINFO
	mapped := "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x7f\x00\x00\x03"
	linkLocal := "\xfe\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"
	group := "\xff\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xfb"
	in4 := cmsg(ipv4, info4, index(2)+"\x7f\x00\x00\x02\x7f\x00\x00\x02")
	tests := []struct {
		name     string
		in       []byte
		to, from string
		ifIndex  int
	}{
		{"IPv4", in4, "127.0.0.2", "127.0.0.2", 0},
		{"IPv4 broadcast: spec_dst is ours", cmsg(ipv4, info4, index(2)+"\xc0\x00\x02\x01\xc0\x00\x02\xff"), "192.0.2.255", "192.0.2.1", 0},
		{"IPv4 before the option was set", cmsg(ipv4, info4, index(0)+"\x00\x00\x00\x00\x7f\x00\x00\x02"), "127.0.0.2", "127.0.0.2", 0},
		{"IPv4 group before the option was set", cmsg(ipv4, info4, index(0)+"\x00\x00\x00\x00\xe0\x00\x00\xfb"), "224.0.0.251", "", 0},
		{"3542-6.2 IPv6 with IPv4 mapped", cmsg(ipv6, info6, mapped+index(1)), "127.0.0.3", "127.0.0.3", 0},
		{"IPv6 link-local needs its interface", cmsg(ipv6, info6, linkLocal+index(3)), "fe80::1", "fe80::1", 3},
		{"IPv6 group is no source", cmsg(ipv6, info6, group+index(3)), "ff02::fb", "", 3},
		{"dual stack, IPv6 first", append(cmsg(ipv6, info6, mapped+index(1)), in4...), "127.0.0.2", "127.0.0.2", 0},
		{"another message before it", append(cmsg(syscall.SOL_SOCKET, syscall.SO_TIMESTAMP, "12345678"), in4...), "127.0.0.2", "127.0.0.2", 0},
		{"nothing", nil, "", "", 0},
		{"cut header", in4[:8], "", "", 0},
		{"cut data", in4[:len(in4)-6], "", "", 0},
		{"length below its header", append(make([]byte, 16), in4...), "", "", 0},
		{"in_pktinfo too short", cmsg(ipv4, info4, index(2)), "", "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			to, from, ifIndex := sockets.ParsePacketInfo(tt.in)
			assert.Equal(t, tt.to, text(to))
			assert.Equal(t, tt.from, text(from))
			assert.Equal(t, tt.ifIndex, ifIndex)
		})
	}
}

func text(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

func TestAppendPacketInfo(t *testing.T) {
	got := sockets.AppendPacketInfo(false, netip.MustParseAddr("127.0.0.2"), 0)
	assert.Equal(t, cmsg(syscall.IPPROTO_IP, syscall.IP_PKTINFO, index(0)+"\x7f\x00\x00\x02\x00\x00\x00\x00"), got)
	got = sockets.AppendPacketInfo(true, netip.MustParseAddr("::1"), 7)
	assert.Equal(t, cmsg(syscall.IPPROTO_IPV6, syscall.IPV6_PKTINFO, "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"+index(7)), got)
	got = sockets.AppendPacketInfo(true, netip.Addr{}, 7)
	assert.Equal(t, cmsg(syscall.IPPROTO_IPV6, syscall.IPV6_PKTINFO, string(make([]byte, 16))+index(7)), got)
}

func FuzzParsePacketInfo(f *testing.F) {
	f.Add(sockets.AppendPacketInfo(false, netip.MustParseAddr("127.0.0.2"), 0))
	f.Add(sockets.AppendPacketInfo(true, netip.MustParseAddr("fe80::1"), 3))
	f.Add(cmsg(syscall.IPPROTO_IP, syscall.IP_PKTINFO, index(2)+"\x7f\x00\x00\x02\x7f\x00\x00\x02"))
	f.Fuzz(func(t *testing.T, oob []byte) {
		_, from, ifIndex := sockets.ParsePacketInfo(oob)
		if !from.IsValid() || from.Is4() {
			return
		}
		// What a reply says of an IPv6 source comes back as the same source.
		again, from2, ifIndex2 := sockets.ParsePacketInfo(sockets.AppendPacketInfo(true, from, ifIndex))
		require.Equal(t, from, again)
		require.Equal(t, from, from2)
		require.Equal(t, ifIndex, ifIndex2)
	})
}
