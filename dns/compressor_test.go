package dns_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

func TestCompressor(t *testing.T) {
	for _, tt := range []struct {
		name  string
		names []string
		want  string // behind a header of 12 octets
	}{
		{"1035-4.1.4 a name twice", []string{"a.org", "a.org"}, "\x01a\x03org\x00\xc0\x0c"},
		{"1035-4.1.4 the end of a name", []string{"a.org", "b.org"}, "\x01a\x03org\x00\x01b\xc0\x0e"},
		{"1035-4.1.4 a name below another", []string{"org", "a.org", "b.a.org"}, "\x03org\x00\x01a\xc0\x0c\x01b\xc0\x11"},
		{"the root is not pointed to", []string{".", "."}, "\x00\x00"},
		{"4343-4.1 another case is another name", []string{"a.ORG", "a.org", "b.ORG"}, "\x01a\x03ORG\x00\x01a\x03org\x00\x01b\xc0\x0e"},
		{"a label that looks like two", []string{"a.b", `a\001b`}, "\x01a\x01b\x00\x03a\x01b\x00"},
		{"further back than the last names", []string{"a.x", "b", "c", "d", "e", "a.x"}, "\x01a\x01x\x00\x01b\x00\x01c\x00\x01d\x00\x01e\x00\xc0\x0c"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var c dns.Compressor
			for range 2 { // the second time after a Reset
				msg := []byte("stream" + strings.Repeat("h", 12))
				c.Reset(6)
				for _, n := range tt.names {
					msg = c.AppendName(msg, dns.MustName(n))
				}
				assert.Equal(t, tt.want, string(msg[18:]))
			}
		})
	}
}

// Names beyond the reach of a pointer, and more names than the table holds, are
// written so that they read as the same.
// The zero Name is no name: a message has no place for it.
func TestCompressorZeroName(t *testing.T) {
	var c dns.Compressor
	msg := make([]byte, 12)
	c.Reset(0)
	for _, n := range []string{"a", "b", "c", "d", "e"} {
		assert.Equal(t, msg, c.AppendName(msg, dns.Name{}))
		msg = c.AppendName(msg, dns.MustName(n))
	}
	assert.Equal(t, msg, c.AppendName(msg, dns.Name{}))
}

func TestCompressorOfManyNames(t *testing.T) {
	var c dns.Compressor
	c.Reset(0)
	msg := make([]byte, 12)
	var at []int
	var names []dns.Name
	for i := range 3000 {
		n := dns.MustName(fmt.Sprintf("host-%d.net-%d.example.org", i, i%7))
		at, names = append(at, len(msg)), append(names, n)
		msg = c.AppendName(msg, n)
	}
	require.Greater(t, len(msg), 1<<14)
	for i, off := range at {
		n, _, err := dns.ParseNameAt(msg, off)
		require.NoError(t, err)
		require.Equal(t, names[i], n)
	}
	assert.Less(t, len(msg), 3000*20, "most ends are pointed to")
}

// RFC 3597 §4: names are compressed in the data of the types of RFC 1035 alone.
func TestCompressionByType(t *testing.T) {
	owner := dns.MustName("a.example.org")
	for _, tt := range []struct {
		d          dns.RData
		compressed bool
	}{
		{&dns.NS{Host: owner}, true},
		{&dns.CNAME{Target: owner}, true},
		{&dns.PTR{Target: owner}, true},
		{&dns.MX{Exchange: owner}, true},
		{&dns.SOA{MName: owner, RName: owner}, true},
		{&dns.DNAME{Target: owner}, false},
		{&dns.SRV{Target: owner}, false},
	} {
		var c dns.Compressor
		c.Reset(0)
		msg := c.AppendName(make([]byte, 12), owner)
		short, err := dns.AppendRData(msg, tt.d, &c)
		require.NoError(t, err)
		plain, err := dns.AppendRData(nil, tt.d, nil)
		require.NoError(t, err)
		assert.Equal(t, tt.compressed, len(short)-len(msg) < len(plain), tt.d.Type())
		assert.Contains(t, string(plain), owner.Wire())
		// Compressed or not, it reads as the same, but where pointers may not be.
		got, err := dns.ParseRData(tt.d.Type(), short, len(msg), len(short)-len(msg), nil)
		require.NoError(t, err)
		assert.Equal(t, tt.d, got)
	}
}
