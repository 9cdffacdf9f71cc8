package dns_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/internal/golden"
)

// What can be written is read as the same; what was read can be written. A
// Message that is used again reads as a new one, and leaves the names of the
// message before.
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
		if errors.Is(err, dns.ErrMessageTooLong) || errors.Is(err, dns.ErrRDLength) {
			return // it was compressed where it may not be
		}
		require.NoError(t, err)
		again := new(dns.Message)
		require.NoError(t, again.Parse([]byte(response), nil))
		before := again.Answer[0].Name
		name := before.String()
		for _, b := range [][]byte{b, out, b} {
			require.NoError(t, again.Parse(b, nil))
			sameMessage(t, m, again)
		}
		assert.Equal(t, name, before.String())
	})
}

func sameMessage(t *testing.T, want, got *dns.Message) {
	t.Helper()
	assert.Equal(t, want.Header, got.Header)
	assert.Equal(t, list(want.Question), list(got.Question))
	assert.Equal(t, list(want.Answer), list(got.Answer))
	assert.Equal(t, list(want.Authority), list(got.Authority))
	assert.Equal(t, list(want.Additional), list(got.Additional))
	assert.Equal(t, want.TSIG, got.TSIG)
	require.Equal(t, want.EDNS == nil, got.EDNS == nil)
	if want.EDNS != nil {
		assert.Equal(t, list(want.EDNS.Options), list(got.EDNS.Options))
		e := *got.EDNS
		e.Options = want.EDNS.Options
		assert.Equal(t, *want.EDNS, e)
	}
}

// list makes no difference between a list without entries and none.
func list[T any](s []T) []T { return append([]T{}, s...) }

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
