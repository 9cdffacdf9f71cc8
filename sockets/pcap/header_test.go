package pcap_test

import (
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/sockets/pcap"
)

var (
	a4, b4 = netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	a6, b6 = netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2")
)

const (
	ethernetHex = "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02"
	// ip4 is 20 octets: length 28, id 7, DF, TTL 64, UDP.
	ip4 = "\x45\x00\x00\x1c\x00\x07\x40\x00\x40\x11\xb6\xc6\xc0\x00\x02\x01\xc0\x00\x02\x02"
	// ip6 is 38 octets after length and next header: the caller gives those.
	ip6Tail = "\x40\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01" +
		"\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02"
)

func TestParseEthernet(t *testing.T) {
	dst, src := [6]byte{2, 0, 0, 0, 0, 1}, [6]byte{2, 0, 0, 0, 0, 2}
	tests := []struct {
		name, in string
		want     pcap.Ethernet
		wantErr  string
	}{
		{"plain", ethernetHex + "\x08\x00", pcap.Ethernet{Destination: dst, Source: src, Type: pcap.EtherTypeIPv4}, ""},
		{"one tag", ethernetHex + "\x81\x00\x20\x05\x86\xdd", pcap.Ethernet{Destination: dst, Source: src, Tags: [2]uint32{0x81002005}, Type: pcap.EtherTypeIPv6}, ""},
		{"two tags", ethernetHex + "\x88\xa8\x00\x02\x81\x00\x00\x03\x08\x00", pcap.Ethernet{Destination: dst, Source: src, Tags: [2]uint32{0x88a80002, 0x81000003}, Type: pcap.EtherTypeIPv4}, ""},
		{"cut", ethernetHex + "\x08", pcap.Ethernet{}, "pcap: Ethernet header: unexpected EOF at byte 13"},
		{"tag cut", ethernetHex + "\x81\x00\x20\x05\x86", pcap.Ethernet{}, "pcap: Ethernet header: unexpected EOF at byte 17"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, n, err := pcap.ParseEthernet([]byte(tt.in))
			if tt.wantErr != "" {
				require.EqualError(t, err, tt.wantErr)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, len(tt.in), n)
			b, err := pcap.AppendEthernet(nil, got)
			require.NoError(t, err)
			assert.Equal(t, tt.in, string(b))
		})
	}
	for name, h := range map[string]pcap.Ethernet{
		"inner tag alone":     {Tags: [2]uint32{0, 0x81000001}},
		"tag that is none":    {Tags: [2]uint32{0x08000001}},
		"type of a tag":       {Type: pcap.EtherTypeVLAN},
		"type of a third tag": {Tags: [2]uint32{0x81000001}, Type: pcap.EtherTypeQinQ},
	} {
		b, err := pcap.AppendEthernet([]byte("x"), h)
		assert.Error(t, err, name)
		assert.Equal(t, "x", string(b), name)
	}
}

func TestParseIPv4(t *testing.T) {
	plain := pcap.IPv4{Length: 28, ID: 7, DontFragment: true, TTL: 64, Protocol: pcap.ProtocolUDP, Checksum: 0xb6c6, Source: a4, Destination: b4}
	options := "\x46" + ip4[1:10] + "\xb3\xc5" + ip4[12:] + "\x01\x01\x01\x00"
	withOptions := plain
	withOptions.Options, withOptions.Checksum = []byte{1, 1, 1, 0}, 0xb3c5
	piece := ip4[:6] + "\x20\x02" + ip4[8:10] + "\xd6\xc4" + ip4[12:]
	withPiece := plain
	withPiece.DontFragment, withPiece.MoreFragments, withPiece.FragmentOffset, withPiece.Checksum = false, true, 16, 0xd6c4
	tests := []struct {
		name, in string
		want     pcap.IPv4
		wantErr  string
	}{
		{"791-3.1 plain", ip4, plain, ""},
		{"791-3.1 options", options, withOptions, ""},
		{"791-3.1 fragment", piece, withPiece, ""},
		{"cut", ip4[:19], pcap.IPv4{}, "pcap: IPv4 header: unexpected EOF at byte 19 (RFC 791 §3.1)"},
		{"options cut", options[:22], pcap.IPv4{}, "pcap: IPv4 header: unexpected EOF at byte 22 (RFC 791 §3.1)"},
		{"version", "\x55" + ip4[1:], pcap.IPv4{}, "pcap: IPv4 version at byte 0 (RFC 791 §3.1)"},
		{"header length below 5", "\x44" + ip4[1:], pcap.IPv4{}, "pcap: IPv4 header length: impossible length at byte 0 (RFC 791 §3.1)"},
		{"total length below the header's", ip4[:3] + "\x13" + ip4[4:], pcap.IPv4{}, "pcap: IPv4 total length: impossible length at byte 2 (RFC 791 §3.1)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, n, err := pcap.ParseIPv4([]byte(tt.in))
			if tt.wantErr != "" {
				require.EqualError(t, err, tt.wantErr)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, len(tt.in), n)
			b, err := pcap.AppendIPv4(nil, got)
			require.NoError(t, err)
			assert.Equal(t, tt.in, string(b))
		})
	}
	for name, spoil := range map[string]func(*pcap.IPv4){
		"IPv6 address":         func(h *pcap.IPv4) { h.Source = a6 },
		"no address":           func(h *pcap.IPv4) { h.Destination = netip.Addr{} },
		"options not in words": func(h *pcap.IPv4) { h.Options = []byte{1} },
		"options too long":     func(h *pcap.IPv4) { h.Options = make([]byte, 44) },
		"length of no header":  func(h *pcap.IPv4) { h.Length = 19 },
		"odd fragment offset":  func(h *pcap.IPv4) { h.FragmentOffset = 4 },
		"fragment beyond":      func(h *pcap.IPv4) { h.FragmentOffset = 1 << 16 },
	} {
		h := plain
		spoil(&h)
		_, err := pcap.AppendIPv4(nil, h)
		assert.Error(t, err, name)
	}
}

func TestParseIPv6(t *testing.T) {
	plain := pcap.IPv6{TrafficClass: 0x12, FlowLabel: 0x34567, Length: 8, NextHeader: 17, HopLimit: 64, Source: a6, Destination: b6, Protocol: 17}
	with := func(next pcap.Protocol, p pcap.Protocol, extensions string) pcap.IPv6 {
		h := plain
		h.NextHeader, h.Protocol, h.Extensions = next, p, []byte(extensions)
		h.Length += uint16(len(extensions))
		return h
	}
	hop := "\x2b\x00\x01\x04\x00\x00\x00\x00"              // hop-by-hop, then routing
	routing := "\x33\x00\x00\x00\x00\x00\x00\x00"          // routing, then AH
	ah := "\x3c\x02" + strings.Repeat("\x00", 14)          // AH of 16, then destination options
	destination := "\x11\x01" + strings.Repeat("\x00", 14) // destination options of 16, then UDP
	piece := with(pcap.ProtocolFragment, 17, "\x11\x00\x00\x11\x00\x00\x00\x09")
	piece.Fragment, piece.FragmentID, piece.FragmentOffset, piece.MoreFragments = true, 9, 16, true
	after := with(pcap.ProtocolHopByHop, 60, "\x2c\x00\x01\x04\x00\x00\x00\x00"+"\x3c\x00\x00\x08\x00\x00\x00\x09")
	after.Fragment, after.FragmentID, after.FragmentOffset = true, 9, 8
	octets := func(h pcap.IPv6) string {
		return "\x61\x23\x45\x67\x00" + string([]byte{byte(h.Length), byte(h.NextHeader)}) + ip6Tail + string(h.Extensions)
	}
	tests := []struct {
		name string
		want pcap.IPv6
	}{
		{"8200-3 plain", plain},
		{"8200-4 four extension headers", with(pcap.ProtocolHopByHop, 17, hop+routing+ah+destination)},
		{"8200-4.5 fragment", piece},
		{"8200-4.5 the walk stops after the Fragment header", after},
		{"8200-4.7 no next header", with(59, 59, "")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if len(tt.want.Extensions) == 0 {
				tt.want.Extensions = nil
			}
			in := octets(tt.want)
			got, n, err := pcap.ParseIPv6([]byte(in + "payload!"))
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, len(in), n)
			b, err := pcap.AppendIPv6(nil, got)
			require.NoError(t, err)
			assert.Equal(t, in, string(b))
		})
	}
	faults := []struct{ name, in, want string }{
		{"cut", octets(plain)[:39], "pcap: IPv6 header: unexpected EOF at byte 39 (RFC 8200 §3)"},
		{"version", "\x41" + octets(plain)[1:], "pcap: IPv6 version at byte 0 (RFC 8200 §3)"},
		{"extension header cut", octets(with(0, 17, "\x11")), "pcap: IPv6 extension header: unexpected EOF at byte 41 (RFC 8200 §4)"},
		{"extension header longer than the packet", octets(with(0, 17, "\x11\x02\x00\x00\x00\x00\x00\x00")), "pcap: IPv6 extension header: unexpected EOF at byte 48 (RFC 8200 §4)"},
		{"extension header beyond the length field", "\x60\x00\x00\x00\x00\x04\x00" + ip6Tail + "\x11\x00\x00\x00\x00\x00\x00\x00", "pcap: IPv6 extension header: unexpected EOF at byte 44 (RFC 8200 §4)"},
	}
	for _, tt := range faults {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := pcap.ParseIPv6([]byte(tt.in))
			assert.EqualError(t, err, tt.want)
		})
	}
	for name, spoil := range map[string]func(*pcap.IPv6){
		"IPv4 address":        func(h *pcap.IPv6) { h.Source = a4 },
		"flow label":          func(h *pcap.IPv6) { h.FlowLabel = 1 << 20 },
		"length below":        func(h *pcap.IPv6) { h.NextHeader, h.Extensions = 0, make([]byte, 16) },
		"extension cut":       func(h *pcap.IPv6) { h.NextHeader = 0 },
		"extensions too many": func(h *pcap.IPv6) { h.Extensions = make([]byte, 8) },
	} {
		h := plain
		spoil(&h)
		_, err := pcap.AppendIPv6(nil, h)
		assert.Error(t, err, name)
	}
}

func TestParseUDPAndTCP(t *testing.T) {
	// Checked by hand: the words of pseudo header, header and payload sum to ffff.
	b, err := pcap.AppendUDP(nil, pcap.UDP{SourcePort: 1, DestinationPort: 2}, a4, b4, []byte("hi"))
	require.NoError(t, err)
	assert.Equal(t, "\x00\x01\x00\x02\x00\x0a\x13\x6ahi", string(b))
	h, n, err := pcap.ParseUDP(b)
	require.NoError(t, err)
	assert.Equal(t, pcap.UDP{SourcePort: 1, DestinationPort: 2, Length: 10, Checksum: 0x136a}, h)
	assert.Equal(t, 8, n)

	t.Run("768 a sum of 0 is sent as ffff", func(t *testing.T) {
		// The payload is what makes the sum of all words ffff.
		b, err := pcap.AppendUDP(nil, pcap.UDP{SourcePort: 1, DestinationPort: 2}, a4, b4, []byte{0x7b, 0xd3})
		require.NoError(t, err)
		assert.Equal(t, "\xff\xff", string(b[6:8]))
	})
	t.Run("too long", func(t *testing.T) {
		_, err := pcap.AppendUDP(nil, pcap.UDP{}, a4, b4, make([]byte, 65528))
		assert.ErrorIs(t, err, pcap.ErrTooLong)
	})
	t.Run("options", func(t *testing.T) {
		for _, n := range []int{1, 44} {
			_, err := pcap.AppendTCP(nil, pcap.TCP{Options: make([]byte, n)}, a4, b4, nil)
			assert.Error(t, err)
		}
	})

	want := pcap.TCP{SourcePort: 1, DestinationPort: 2, Sequence: 3, Acknowledgment: 4, Flags: pcap.SYN | pcap.ACK, Window: 5, Urgent: 6, Options: []byte{2, 4, 5, 0xb4}}
	b, err = pcap.AppendTCP(nil, want, a6, b6, []byte("odd"))
	require.NoError(t, err)
	got, n, err := pcap.ParseTCP(b)
	require.NoError(t, err)
	got.Checksum = 0
	assert.Equal(t, want, got)
	assert.Equal(t, "odd", string(b[n:]))

	faults := []struct{ name, in, want string }{
		{"TCP cut", strings.Repeat("\x00", 19), "pcap: TCP header: unexpected EOF at byte 19 (RFC 9293 §3.1)"},
		{"TCP offset below 5", strings.Repeat("\x00", 20), "pcap: TCP data offset: impossible length at byte 12 (RFC 9293 §3.1)"},
		{"TCP options cut", string(b[:22]), "pcap: TCP header: unexpected EOF at byte 22 (RFC 9293 §3.1)"},
	}
	for _, tt := range faults {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := pcap.ParseTCP([]byte(tt.in))
			assert.EqualError(t, err, tt.want)
		})
	}
	_, _, err = pcap.ParseUDP([]byte("\x00\x01\x00\x02\x00\x0a\x0d"))
	assert.EqualError(t, err, "pcap: UDP header: unexpected EOF at byte 7 (RFC 768)")
	_, _, err = pcap.ParseUDP([]byte("\x00\x01\x00\x02\x00\x07\x0d\x68"))
	assert.EqualError(t, err, "pcap: UDP length: impossible length at byte 4 (RFC 768)")
}

func TestDecode(t *testing.T) {
	udp := ip4 + "\x00\x01\x00\x02\x00\x08\x00\x00"
	tests := []struct {
		name    string
		link    pcap.LinkType
		in      string
		wantErr string
	}{
		{"Ethernet with padding", pcap.LinkTypeEthernet, ethernetHex + "\x08\x00" + udp + strings.Repeat("\x00", 18), ""},
		{"tagged", pcap.LinkTypeEthernet, ethernetHex + "\x81\x00\x00\x01\x08\x00" + udp, ""},
		{"raw", pcap.LinkTypeRaw, udp, ""},
		{"IPv4", pcap.LinkTypeIPv4, udp, ""},
		{"NULL", pcap.LinkTypeNull, "\x02\x00\x00\x00" + udp, ""},
		{"LINUX_SLL", pcap.LinkTypeLinuxSLL, strings.Repeat("\x00", 14) + "\x08\x00" + udp, ""},
		{"LINUX_SLL2", pcap.LinkTypeLinuxSLL2, "\x08\x00" + strings.Repeat("\x00", 18) + udp, ""},
		{"length 0: segmentation left to the interface", pcap.LinkTypeRaw, udp[:2] + "\x00\x00" + udp[4:], ""},
		{"ARP", pcap.LinkTypeEthernet, ethernetHex + "\x08\x06" + "arp", "pcap: EtherType: no IP packet at byte 14"},
		{"another link type", 147, udp, "pcap: LinkType(147): no IP packet at byte 0"},
		{"NULL cut", pcap.LinkTypeNull, "\x02", "pcap: NULL header: unexpected EOF at byte 1"},
		{"SLL cut", pcap.LinkTypeLinuxSLL, "\x02", "pcap: LINUX_SLL header: unexpected EOF at byte 1"},
		{"SLL2 cut", pcap.LinkTypeLinuxSLL2, "\x02", "pcap: LINUX_SLL2 header: unexpected EOF at byte 1"},
		{"Ethernet cut", pcap.LinkTypeEthernet, "\x02", "pcap: Ethernet header: unexpected EOF at byte 1"},
		{"nothing", pcap.LinkTypeRaw, "", "pcap: IP version: unexpected EOF at byte 0 (RFC 791 §3.1)"},
		{"IP 5", pcap.LinkTypeRaw, "\x50", "pcap: IP version: no IP packet at byte 0 (RFC 791 §3.1)"},
		{"offset behind the link header", pcap.LinkTypeNull, "\x02\x00\x00\x00" + ip4[:8], "pcap: IPv4 header: unexpected EOF at byte 12 (RFC 791 §3.1)"},
		{"IPv6 cut", pcap.LinkTypeIPv6, "\x60", "pcap: IPv6 header: unexpected EOF at byte 1 (RFC 8200 §3)"},
		{"UDP cut", pcap.LinkTypeRaw, udp[:27], "pcap: UDP header: unexpected EOF at byte 27 (RFC 768)"},
		{"UDP longer than IP", pcap.LinkTypeRaw, udp[:25] + "\x09" + udp[26:], "pcap: UDP length: unexpected EOF at byte 24 (RFC 768)"},
		{"TCP cut", pcap.LinkTypeRaw, udp[:9] + "\x06" + udp[10:], "pcap: TCP header: unexpected EOF at byte 28 (RFC 9293 §3.1)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var l pcap.Layers
			err := l.Decode(tt.link, []byte(tt.in))
			if tt.wantErr != "" {
				require.EqualError(t, err, tt.wantErr)
				_, ok := errors.AsType[*pcap.ParseError](err)
				assert.True(t, ok)
				assert.True(t, strings.Contains(tt.wantErr, "no IP") == errors.Is(err, pcap.ErrNoIP))
				assert.True(t, strings.Contains(tt.wantErr, "EOF") == errors.Is(err, io.ErrUnexpectedEOF))
				return
			}
			require.NoError(t, err)
			assert.Equal(t, netip.AddrPortFrom(a4, 1), l.Source)
			assert.Equal(t, netip.AddrPortFrom(b4, 2), l.Destination)
			assert.Empty(t, l.Payload)
			assert.Zero(t, l.Length)
		})
	}
}

func TestNames(t *testing.T) {
	assert.Equal(t, "ETHERNET", pcap.LinkTypeEthernet.String())
	assert.Equal(t, "S.", (pcap.SYN | pcap.ACK).String())
	assert.Equal(t, "FP.", (pcap.FIN | pcap.PSH | pcap.ACK).String())
	assert.Equal(t, "RUEW.", (pcap.RST | pcap.URG | pcap.ECE | pcap.CWR | pcap.ACK).String())
}
