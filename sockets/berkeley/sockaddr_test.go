package berkeley_test

import (
	"encoding/binary"
	"encoding/hex"
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/sockets/berkeley"
)

// octets writes a struct out: le stands on a little-endian machine, be on a
// big-endian one.
func octets(t testing.TB, le, be string) []byte {
	s := le
	if binary.NativeEndian.Uint16([]byte{0, 1}) == 1 {
		s = be
	}
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	require.NoError(t, err)
	return b
}

func TestByteOrder(t *testing.T) {
	assert.Equal(t, []byte{0x13, 0xec}, binary.NativeEndian.AppendUint16(nil, berkeley.Htons(5100)))
	assert.Equal(t, []byte{127, 0, 0, 1}, binary.NativeEndian.AppendUint32(nil, berkeley.Htonl(uint32(berkeley.INADDR_LOOPBACK))))
	assert.Equal(t, uint16(5100), berkeley.Ntohs(berkeley.Htons(5100)))
	assert.Equal(t, uint32(0x01020304), berkeley.Ntohl(berkeley.Htonl(0x01020304)))
}

// The lecture's figure: port 5100 on INADDR_ANY.
func TestPort5100OnAnyAddress(t *testing.T) {
	want := octets(t,
		"02 00 13 ec 00 00 00 00 00 00 00 00 00 00 00 00",
		"00 02 13 ec 00 00 00 00 00 00 00 00 00 00 00 00")
	got, err := berkeley.SockaddrIn{Port: 5100, Addr: berkeley.INADDR_ANY}.Marshal()
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

func TestSockaddrLayout(t *testing.T) {
	long := strings.Repeat("p", 108)
	tests := []struct {
		name   string
		sa     berkeley.Sockaddr
		le, be string
		text   string
	}{
		{"IPv4 loopback", berkeley.SockaddrIn{Port: 12000, Addr: berkeley.INADDR_LOOPBACK},
			"0200 2ee0 7f000001 0000000000000000", "0002 2ee0 7f000001 0000000000000000", "127.0.0.1:12000"},
		{"IPv4 zero value", berkeley.SockaddrIn{},
			"0200 0000 00000000 0000000000000000", "0002 0000 00000000 0000000000000000", "0.0.0.0:0"},
		{"IPv4 broadcast, last port", berkeley.SockaddrIn{Port: 65535, Addr: berkeley.INADDR_BROADCAST},
			"0200 ffff ffffffff 0000000000000000", "0002 ffff ffffffff 0000000000000000", "255.255.255.255:65535"},
		{"IPv6 loopback", berkeley.SockaddrIn6{Port: 80, Addr: [16]byte{15: 1}},
			"0a00 0050 00000000 00000000000000000000000000000001 00000000",
			"000a 0050 00000000 00000000000000000000000000000001 00000000", "[::1]:80"},
		{"3493-3.3 flowinfo and scope", berkeley.SockaddrIn6{Port: 53, Flowinfo: 0x000abcde, Addr: [16]byte{0xfe, 0x80, 15: 2}, Scope: 3},
			"0a00 0035 000abcde fe800000000000000000000000000002 03000000",
			"000a 0035 000abcde fe800000000000000000000000000002 00000003", "[fe80::2%3]:53"},
		{"Unix path with its NUL", berkeley.SockaddrUn{Name: "/a/b"},
			"0100 2f612f62 00", "0001 2f612f62 00", "/a/b"},
		{"Unix abstract name", berkeley.SockaddrUn{Name: "ab", Abstract: true},
			"0100 00 6162", "0001 00 6162", "@ab"},
		{"Unix abstract name with a NUL inside", berkeley.SockaddrUn{Name: "a\x00", Abstract: true},
			"0100 00 6100", "0001 00 6100", "@a\x00"},
		{"Unix empty abstract name", berkeley.SockaddrUn{Abstract: true}, "0100 00", "0001 00", "@"},
		{"Unix without a name", berkeley.SockaddrUn{}, "0100", "0001", ""},
		{"Unix path of 108, no NUL", berkeley.SockaddrUn{Name: long},
			"0100" + hex.EncodeToString([]byte(long)), "0001" + hex.EncodeToString([]byte(long)), long},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := octets(t, tt.le, tt.be)
			got, err := berkeley.AppendSockaddr([]byte("x"), tt.sa)
			require.NoError(t, err)
			assert.Equal(t, append([]byte("x"), want...), got)
			back, err := berkeley.ParseSockaddr(want)
			require.NoError(t, err)
			assert.Equal(t, tt.sa, back)
			assert.Equal(t, tt.text, tt.sa.String())
		})
	}
}

func TestSockaddrLeniency(t *testing.T) {
	long := strings.Repeat("p", 108)
	tests := []struct {
		name   string
		le, be string
		want   berkeley.Sockaddr
	}{
		{"filling is not looked at", "0200 0050 7f000001 0102030405060708", "0002 0050 7f000001 0102030405060708",
			berkeley.SockaddrIn{Port: 80, Addr: berkeley.INADDR_LOOPBACK}},
		{"path ends at its NUL", "0100 2f61 00 6262", "0001 2f61 00 6262", berkeley.SockaddrUn{Name: "/a"}},
		{"path without a NUL", "0100 2f61", "0001 2f61", berkeley.SockaddrUn{Name: "/a"}},
		{"path of 108 with a NUL, as getsockname gives it", "0100" + hex.EncodeToString([]byte(long)) + "00",
			"0001" + hex.EncodeToString([]byte(long)) + "00", berkeley.SockaddrUn{Name: long}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := berkeley.ParseSockaddr(octets(t, tt.le, tt.be))
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestSockaddrRefused(t *testing.T) {
	tests := []struct {
		name   string
		le, be string
		offset int64
		cause  error
	}{
		{"nothing", "", "", 0, io.ErrUnexpectedEOF},
		{"half a family", "02", "00", 1, io.ErrUnexpectedEOF},
		{"family alone", "0200", "0002", 2, io.ErrUnexpectedEOF},
		{"IPv4 of 15 octets", "0200 0050 7f000001 00000000000000", "0002 0050 7f000001 00000000000000", 15, io.ErrUnexpectedEOF},
		{"IPv4 of 17 octets", "0200 0050 7f000001 000000000000000000", "0002 0050 7f000001 000000000000000000", 16, nil},
		{"IPv6 without scope", "0a00 0050 00000000 00000000000000000000000000000001", "000a 0050 00000000 00000000000000000000000000000001", 24, io.ErrUnexpectedEOF},
		{"family in network order", "0002 0050 7f000001 0000000000000000", "0200 0050 7f000001 0000000000000000", 0, nil},
		{"family of netlink", "1000 0000 00000000", "0010 0000 00000000", 0, nil},
		{"path of 109", "0100" + strings.Repeat("70", 109), "0001" + strings.Repeat("70", 109), 110, nil},
		{"abstract name of 108", "0100 00" + strings.Repeat("70", 108), "0001 00" + strings.Repeat("70", 108), 110, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := berkeley.ParseSockaddr(octets(t, tt.le, tt.be))
			var pe *berkeley.ParseError
			require.ErrorAs(t, err, &pe)
			assert.Equal(t, tt.offset, pe.Offset)
			if tt.cause != nil {
				assert.ErrorIs(t, err, tt.cause)
			}
		})
	}
}

func TestUnmarshalOfAnotherFamily(t *testing.T) {
	in, err := berkeley.SockaddrIn{Port: 1}.Marshal()
	require.NoError(t, err)
	in6, err := berkeley.SockaddrIn6{Port: 1}.Marshal()
	require.NoError(t, err)
	assert.ErrorContains(t, new(berkeley.SockaddrIn).Unmarshal(in6), "address family is PF_INET6, want PF_INET at byte 0")
	assert.ErrorContains(t, new(berkeley.SockaddrUn).Unmarshal(in), "address family is PF_INET, want PF_UNIX")
	assert.ErrorIs(t, new(berkeley.SockaddrUn).Unmarshal(nil), io.ErrUnexpectedEOF)
	assert.ErrorIs(t, new(berkeley.SockaddrIn6).Unmarshal(in), io.ErrUnexpectedEOF)
}

func TestMarshalRefuses(t *testing.T) {
	tests := []struct {
		name string
		sa   berkeley.SockaddrUn
		want string
	}{
		{"path of 109", berkeley.SockaddrUn{Name: strings.Repeat("p", 109)}, "berkeley: sun_path longer than 108 at byte 110"},
		{"abstract name of 108", berkeley.SockaddrUn{Name: strings.Repeat("p", 108), Abstract: true}, "berkeley: sun_path longer than 108 at byte 110"},
		{"NUL would cut the path", berkeley.SockaddrUn{Name: "/a\x00b"}, "berkeley: NUL in sun_path at byte 4"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := berkeley.AppendSockaddr([]byte("x"), tt.sa)
			assert.EqualError(t, err, tt.want)
			assert.Equal(t, []byte("x"), got)
		})
	}
}

func TestSockaddrFrom(t *testing.T) {
	tests := []struct {
		in   string
		want berkeley.Sockaddr
	}{
		{"127.0.0.1:80", berkeley.SockaddrIn{Port: 80, Addr: berkeley.INADDR_LOOPBACK}},
		{"1.2.3.4:65535", berkeley.SockaddrIn{Port: 65535, Addr: 0x01020304}},
		{"[2001:db8::1]:53", berkeley.SockaddrIn6{Port: 53, Addr: [16]byte{0x20, 0x01, 0x0d, 0xb8, 15: 1}}},
		{"[fe80::2%3]:53", berkeley.SockaddrIn6{Port: 53, Addr: [16]byte{0xfe, 0x80, 15: 2}, Scope: 3}},
		{"[::ffff:1.2.3.4]:53", berkeley.SockaddrIn6{Port: 53, Addr: [16]byte{10: 0xff, 11: 0xff, 12: 1, 13: 2, 14: 3, 15: 4}}},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			ap := netip.MustParseAddrPort(tt.in)
			got, err := berkeley.SockaddrFrom(ap)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			back, ok := berkeley.AddrPortOf(got)
			assert.True(t, ok)
			assert.Equal(t, ap, back)
		})
	}
	_, err := berkeley.SockaddrFrom(netip.AddrPort{})
	assert.Error(t, err, "no address")
	_, err = berkeley.SockaddrFrom(netip.MustParseAddrPort("[fe80::1%no-such-interface]:1"))
	assert.ErrorContains(t, err, `zone "no-such-interface"`)
	_, ok := berkeley.AddrPortOf(berkeley.SockaddrUn{Name: "/a"})
	assert.False(t, ok)
}
