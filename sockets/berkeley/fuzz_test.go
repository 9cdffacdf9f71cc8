package berkeley_test

import (
	"bytes"
	"testing"

	"applayer/sockets/berkeley"
)

// Whatever parses is an address whose octets parse to the same address, and
// which stand in the input, filling apart.
func FuzzParseSockaddr(f *testing.F) {
	for _, sa := range []berkeley.Sockaddr{
		berkeley.SockaddrIn{Port: 5100},
		berkeley.SockaddrIn6{Port: 53, Flowinfo: 1, Addr: [16]byte{0xfe, 0x80, 15: 1}, Scope: 2},
		berkeley.SockaddrUn{Name: "/run/upper"},
		berkeley.SockaddrUn{Name: "upper\x00", Abstract: true},
		berkeley.SockaddrUn{},
	} {
		b, err := sa.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(append(b, 0))
		f.Add(b[:len(b)-1])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		sa, err := berkeley.ParseSockaddr(b)
		if err != nil {
			return
		}
		out, err := sa.Marshal()
		if err != nil {
			t.Fatalf("ParseSockaddr(% x) = %#v, which Marshal refuses: %v", b, sa, err)
		}
		again, err := berkeley.ParseSockaddr(out)
		if err != nil || again != sa {
			t.Fatalf("% x gave %#v, its octets % x gave %#v, %v", b, sa, out, again, err)
		}
		significant := out
		switch sa.(type) {
		case berkeley.SockaddrIn:
			significant = out[:8]
		case berkeley.SockaddrUn:
			significant = bytes.TrimRight(out, "\x00")
		}
		if !bytes.HasPrefix(b, significant) {
			t.Fatalf("% x gave %#v, whose octets are % x", b, sa, out)
		}
	})
}
