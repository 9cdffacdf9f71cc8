package sockets_test

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/sockets"
)

func TestParseAddrMap(t *testing.T) {
	tests := []struct {
		name, in string
		want     sockets.AddrMap
		wantAt   int64
	}{
		{"address with ports", "128.119.245.12:80 127.0.0.5:8080\n", sockets.AddrMap{"128.119.245.12:80": "127.0.0.5:8080"}, -1},
		{"address without port", "192.31.80.30 127.0.0.5\n", sockets.AddrMap{"192.31.80.30": "127.0.0.5"}, -1},
		{"name and port", "www.someSchool.edu:80 127.1.2.3:8080", sockets.AddrMap{"www.someschool.edu:80": "127.1.2.3:8080"}, -1},
		{"4343-2 name with a dot at its end", "WWW.Things.com. 127.0.0.9\n", sockets.AddrMap{"www.things.com": "127.0.0.9"}, -1},
		{"name without dots", "hamburger 127.0.0.9\n", sockets.AddrMap{"hamburger": "127.0.0.9"}, -1},
		{"1123-2.1 label that begins with a digit", "12-53-246-01.com 127.0.0.9\n", sockets.AddrMap{"12-53-246-01.com": "127.0.0.9"}, -1},
		{"IPv6 bare", "2001:DB8::0:1 ::1\n", sockets.AddrMap{"2001:db8::1": "::1"}, -1},
		{"IPv6 in brackets", "[2001:db8::1] [::1]:8053\n", sockets.AddrMap{"2001:db8::1": "[::1]:8053"}, -1},
		{"IPv6 with a port", "[2001:db8::1]:053 127.0.0.1:08053\n", sockets.AddrMap{"[2001:db8::1]:53": "127.0.0.1:8053"}, -1},
		{"IPv4 inside IPv6 is IPv4", "::ffff:192.0.2.1 127.0.0.1\n", sockets.AddrMap{"192.0.2.1": "127.0.0.1"}, -1},
		{"comments, blanks, CRLF, empty lines", "# a map\r\n\r\n \t192.0.2.1\t 127.0.0.1 # one\r\n#\n192.0.2.2 127.0.0.2#two", sockets.AddrMap{"192.0.2.1": "127.0.0.1", "192.0.2.2": "127.0.0.2"}, -1},
		{"empty", "", sockets.AddrMap{}, -1},

		{"one field", "192.0.2.1\n", nil, 0},
		{"three fields", "# x\n a 127.0.0.1 b\n", nil, 5},
		{"comment in the place of LOCAL", "192.0.2.1 # 127.0.0.1\n", nil, 0},
		{"mapped twice", "192.0.2.1 127.0.0.1\n192.0.2.1 127.0.0.2\n", nil, 20},
		{"mapped twice in two forms", "a.example 127.0.0.1\nA.example. 127.0.0.2\n", nil, 20},
		{"LOCAL is a name", "192.0.2.1 localhost:80\n", nil, 10},
		{"LOCAL is a part of PUBLIC", "192.0.2.1 2\n", nil, 10},
		{"address with a dot at its end", "::0.:0 ::\n", nil, 0},
		{"mistyped IPv4", "192.0.2 127.0.0.1\n", nil, 0},
		{"octet above 255", "192.0.2.256 127.0.0.1\n", nil, 0},
		{"port above 65535", "192.0.2.1:65536 127.0.0.1\n", nil, 0},
		{"port without digits", "192.0.2.1:http 127.0.0.1\n", nil, 0},
		{"empty port", "192.0.2.1: 127.0.0.1\n", nil, 0},
		{"port alone", ":80 127.0.0.1\n", nil, 0},
		{"IPv6 with an open bracket", "[2001:db8::1 127.0.0.1\n", nil, 0},
		{"IPv4 in brackets", "[192.0.2.1]:80 127.0.0.1\n", nil, 0},
		{"text after the bracket", "[2001:db8::1]80 127.0.0.1\n", nil, 0},
		{"empty label", "a..example 127.0.0.1\n", nil, 0},
		{"label longer than 63", "a234567890123456789012345678901234567890123456789012345678901234.example 127.0.0.1\n", nil, 0},
		{"octet that is in no name", "a/b 127.0.0.1\n", nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := sockets.ParseAddrMap([]byte(tt.in))
			assert.Equal(t, tt.want, got)
			checkParseError(t, err, tt.wantAt)
		})
	}
}

func TestAddrMapLocal(t *testing.T) {
	m := sockets.AddrMap{
		"www.example":        "127.0.0.2",
		"www.example:80":     "127.0.0.3:8080",
		"192.0.2.1":          "127.0.0.4:9000",
		"[2001:db8::1]:53":   "[::1]:8053",
		"2001:db8::2":        "::1",
		"198.51.100.1:12000": "127.0.0.5",
	}
	tests := []struct{ name, addr, want string }{
		{"name with this port", "www.example:80", "127.0.0.3:8080"},
		{"name with another port", "www.example:443", "127.0.0.2:443"},
		{"case and dot do not matter", "WWW.Example.:80", "127.0.0.3:8080"},
		{"every port to one", "192.0.2.1:25", "127.0.0.4:9000"},
		{"IPv6 with its port", "[2001:db8:0::1]:53", "[::1]:8053"},
		{"IPv6 with another port", "[2001:db8::1]:54", ""},
		{"IPv6 keeps the port", "[2001:db8::2]:54", "[::1]:54"},
		{"LOCAL without port keeps it", "198.51.100.1:12000", "127.0.0.5:12000"},
		{"not in the map", "192.0.2.9:25", ""},
		{"no port", "192.0.2.1", ""},
		{"no address", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := m.Local(tt.addr)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.want != "", ok)
		})
	}
	_, ok := sockets.AddrMap(nil).Local("192.0.2.1:25")
	assert.False(t, ok, "a nil map has nothing")
}

func TestAddrMapSetAndAppend(t *testing.T) {
	m := make(sockets.AddrMap)
	require.NoError(t, m.Set("WWW.Example.:080", "127.0.0.3:8080"))
	require.NoError(t, m.Set("192.0.2.1", "::1"))
	checkParseError(t, m.Set("", "::1"), 0)
	checkParseError(t, m.Set("192.0.2.1", "localhost"), 0)
	checkParseError(t, m.Set("fe80::1%a#b", "::1"), 0)
	b, err := m.AppendText([]byte("# map\n"))
	require.NoError(t, err)
	assert.Equal(t, "# map\n192.0.2.1 ::1\nwww.example:80 127.0.0.3:8080\n", string(b))

	for _, bad := range []sockets.AddrMap{
		{"WWW.example": "127.0.0.1"},
		{"www.example\n192.0.2.1": "127.0.0.1"},
		{"www.example": "127.0.0.1 127.0.0.2"},
		{"www.example": "www.example"},
	} {
		_, err := bad.MarshalText()
		assert.Error(t, err, "%v", bad)
	}
}

// What is read is written in a form that reads the same, and every key of the
// map is found under itself.
func FuzzParseAddrMap(f *testing.F) {
	for _, s := range []string{
		"192.0.2.1 127.0.0.1\n", "www.Example.:80 127.0.0.1:8080 # c\r\n", "[2001:db8::1]:53 [::1]:8053",
		"fe80::1%eth0 ::1", "a 1.2.3.4\nA. 1.2.3.4", "::ffff:1.2.3.4%z ::ffff:1.2.3.4%z", "[fe80::1%a]b]:1 ::1", "::0.:0 ::",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := sockets.ParseAddrMap(b)
		if err != nil {
			checkOffset(t, err, len(b))
			return
		}
		text, err := m.AppendText(nil)
		if err != nil {
			t.Fatalf("%q: %v: %v", b, m, err)
		}
		again, err := sockets.ParseAddrMap(text)
		if err != nil || !maps.Equal(m, again) {
			t.Fatalf("%q: %v came back as %v, %v", b, m, again, err)
		}
		for public := range m {
			if _, ok := m.Local(public); ok {
				continue
			}
			if _, ok := m.Local(joinAny(public)); !ok {
				t.Fatalf("%q: %q is not found", b, public)
			}
		}
	})
}

func ExampleAddrMap() {
	m, err := sockets.ParseAddrMap([]byte(`
# public           local
128.119.245.12:80  127.0.0.5:8080
hamburger.edu      127.0.0.6
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, addr := range []string{"128.119.245.12:80", "hamburger.edu:25", "192.0.2.1:80"} {
		local, ok := m.Local(addr)
		fmt.Println(addr, local, ok)
	}
	// Output:
	// 128.119.245.12:80 127.0.0.5:8080 true
	// hamburger.edu:25 127.0.0.6:25 true
	// 192.0.2.1:80  false
}

// checkOffset expects a ParseError that points into the input.
func checkOffset(t *testing.T, err error, size int) {
	t.Helper()
	perr, ok := errors.AsType[*sockets.ParseError](err)
	if !ok || perr.Offset < 0 || perr.Offset > int64(size) {
		t.Fatalf("%v does not point into %d octets", err, size)
	}
}

// joinAny adds a port to a key that has none.
func joinAny(host string) string { return net.JoinHostPort(host, "7") }
