package resolver_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/resolver"
)

func TestRootHints(t *testing.T) {
	assert.Len(t, resolver.RootHints(), 39)
}

func TestParseHints(t *testing.T) {
	const good = "; comment\n.  3600000  NS  A.ROOT-SERVERS.NET.\nA.ROOT-SERVERS.NET. 3600000 IN A 198.41.0.4\r\nA.ROOT-SERVERS.NET. IN 7 AAAA 2001:503:ba3e::2:30 ; six\n"
	got, err := resolver.ParseHints([]byte(good))
	require.NoError(t, err)
	assert.Equal(t, []string{
		". 3600000 IN NS A.ROOT-SERVERS.NET.",
		"A.ROOT-SERVERS.NET. 3600000 IN A 198.41.0.4",
		"A.ROOT-SERVERS.NET. 7 IN AAAA 2001:503:ba3e::2:30",
	}, lines(got))

	for _, row := range []struct {
		name, in string
		offset   int64
	}{
		{"empty", "", 0},
		{"no address", ". NS a.\n", 8},
		{"no server", "a. A 192.0.2.1", 14},
		{"a type that is no hint", ". NS a.\na. TXT x\n", 8},
		{"one word", ". NS a.\na.\n", 8},
		{"class CH", ". CH NS a.\n", 0},
		{"servers of another zone", "com. NS a.\na. A 192.0.2.1\n", 0},
		{"A with an IPv6 address", ". NS a.\na. A ::1\n", 8},
		{"AAAA with an IPv4 address", ". NS a.\na. AAAA 192.0.2.1\n", 8},
		{"a name that is none", "a..b NS c.\n", 0},
		{"TTL too large", ". 4294967296 NS a.\n", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := resolver.ParseHints([]byte(row.in))
			e, ok := errors.AsType[*dns.ParseError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, row.offset, e.Offset)
		})
	}
}

func FuzzParseHints(f *testing.F) {
	f.Add([]byte(". NS a.\na. A 192.0.2.1\na. AAAA ::1 ; x\n"))
	f.Add([]byte(". 5 IN NS a.\r\n\na. IN 5 A 192.0.2.1"))
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := resolver.ParseHints(in)
		if err != nil {
			_, ok := errors.AsType[*dns.ParseError](err)
			require.True(t, ok)
			return
		}
		// What is printed reads the same.
		var text []byte
		for _, rr := range got {
			text = append(text, rr.String()...)
			text = append(text, '\n')
		}
		again, err := resolver.ParseHints(text)
		require.NoError(t, err, "%q", text)
		require.Equal(t, got, again)
	})
}
