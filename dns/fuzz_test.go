package dns_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/internal/golden"
)

// What can be written is read as the same; what was read can be written.
func FuzzMessageRoundTrip(f *testing.F) {
	golden.SeedMessages(f, captures)
	f.Add([]byte("\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03org\x00\x00\x01\x00\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _, headErr := dns.ParseHeader(b)
		m, err := dns.ParseMessage(b, nil)
		if headErr != nil {
			require.Error(t, err)
		}
		if err != nil {
			return
		}
		out, err := dns.AppendMessage(nil, m)
		require.NoError(t, err)
		again := new(dns.Message)
		require.NoError(t, again.Parse(out, nil))
		assert.Equal(t, m.Header, again.Header)
		assert.Equal(t, m.Question, again.Question)
		assert.Equal(t, m.Answer, again.Answer)
		assert.Equal(t, m.Authority, again.Authority)
		assert.Equal(t, m.Additional, again.Additional)
	})
}

// A name is the same in text and on the wire, and what stands behind it in a
// message does not matter.
func FuzzName(f *testing.F) {
	f.Add("www.example.org.", []byte("\x03www\x07example\x00"))
	f.Add(`a\.b\000`, []byte("\x00\xc0\x00"))
	f.Fuzz(func(t *testing.T, s string, b []byte) {
		if n, err := dns.ParseName(s); err == nil {
			again, err := dns.ParseName(n.String())
			require.NoError(t, err)
			assert.Equal(t, n, again)
			wired, next, err := dns.ParseNameAt(n.AppendWire(nil), 0)
			require.NoError(t, err)
			assert.Equal(t, n.Len(), next)
			assert.Equal(t, n, wired)
		}
		n, next, err := dns.ParseNameAt(b, len(b)/2)
		if err != nil {
			return
		}
		again, _, err := dns.ParseNameAt(append(b[:next:next], 0xff, 0xff), len(b)/2)
		require.NoError(t, err)
		assert.Equal(t, n, again)
		text, err := dns.ParseName(n.String())
		require.NoError(t, err)
		assert.Equal(t, n, text)
	})
}

// Mnemonics are read as they are printed.
func FuzzType(f *testing.F) {
	f.Add("NSEC3PARAM", "CLASS32")
	f.Fuzz(func(t *testing.T, s, c string) {
		if typ, err := dns.ParseType(s); err == nil {
			again, err := dns.ParseType(typ.String())
			require.NoError(t, err)
			assert.Equal(t, typ, again)
		}
		if class, err := dns.ParseClass(c); err == nil {
			again, err := dns.ParseClass(class.String())
			require.NoError(t, err)
			assert.Equal(t, class, again)
		}
	})
}
