package dns_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

// words are an entry's tokens as text, those in quotes with their quotes.
func words(e *dns.Entry) (w []string) {
	for _, t := range e.Tokens {
		s := string(t.Text)
		if t.Quoted {
			s = `"` + s + `"`
		}
		w = append(w, s)
	}
	return w
}

func TestEntry(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     []string
		blank    bool
		n        int
	}{
		{"1035-5.1 record", "a  IN\tA 192.0.2.1\nb", []string{"a", "IN", "A", "192.0.2.1"}, false, 18},
		{"1035-5.1 blank owner", "\tA 192.0.2.1\n", []string{"A", "192.0.2.1"}, true, 13},
		{"1035-5.1 empty line", "\nx", nil, false, 1},
		{"1035-5.1 blank line", " \t\n", nil, true, 3},
		{"1035-5.1 comment", "; a (b\n", nil, false, 7},
		{"1035-5.1 comment behind a record", "a A 1;\"(\n", []string{"a", "A", "1"}, false, 9},
		{"1035-5.1 parentheses", "a SOA (b ; (\n c (\n1 ))2\n", []string{"a", "SOA", "b", "c", "1", "2"}, false, 24},
		{"1035-5.1 parentheses end words", "a(b)c\n", []string{"a", "b", "c"}, false, 6},
		{"1035-5.1 quoted string", `a "b c" "" "d;(" "e\"\\"` + "\n", []string{"a", `"b c"`, `""`, `"d;("`, `"e\"\\"`}, false, 25},
		{"1035-5.1 quotes end words", `a"b"c` + "\n", []string{"a", `"b"`, "c"}, false, 6},
		{"1035-5.1 escapes end no word", `a\ b\;c\"\(\010\\ d` + "\n", []string{`a\ b\;c\"\(\010\\`, "d"}, false, 20},
		{"CRLF", "a b\r\nc", []string{"a", "b"}, false, 5},
		{"a closed parenthesis alone", "()\n", nil, false, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var e dns.Entry
			n, err := e.Parse([]byte(tt.in), nil)
			require.NoError(t, err)
			assert.Equal(t, tt.want, words(&e))
			assert.Equal(t, tt.blank, e.Blank)
			assert.Equal(t, tt.n, n)
			assert.Equal(t, strings.Count(tt.in[:n], "\n"), e.Lines)
		})
	}
}

func TestEntryErrors(t *testing.T) {
	lim := &dns.EntryLimits{MaxToken: 4, MaxEntry: 16}
	for _, tt := range []struct {
		name, in string
		offset   int64
		limit    string // of a LimitError, in place of the ParseError
	}{
		{"1035-5.1 parenthesis not open", "a )\n", 2, ""},
		{"1035-5.1 quotes not closed", "a \"b\nc\" \n", 2, ""},
		{"1035-5.1 escape of a line end", "a b\\\n", 3, ""},
		{"1035-5.1 escape of a CRLF", "a b\\\r\n", 3, ""},
		{"long word", "abcde\n", 0, "MaxToken"},
		{"long word without an end", "abcde", 0, "MaxToken"},
		{"long quoted string", "\"abcde\"\n", 0, "MaxToken"},
		{"long quoted string without an end", "\"abcde", 0, "MaxToken"},
		{"long entry", "a b c (d e\n f g)\n", 0, "MaxEntry"},
		{"long comment", ";bcdefghijklmnopqrst", 0, "MaxEntry"},
		{"long escapes", `a b c d e f g  \` + "\\\n", 0, "MaxEntry"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var e dns.Entry
			_, err := e.Parse([]byte(tt.in), lim)
			if tt.limit != "" {
				var le *dns.LimitError
				require.ErrorAs(t, err, &le)
				assert.Equal(t, tt.limit, le.Name)
				assert.Equal(t, fmt.Sprintf("dns: limit %s of %d reached", le.Name, le.Max), err.Error())
				return
			}
			var pe *dns.ParseError
			require.ErrorAs(t, err, &pe)
			assert.ErrorIs(t, err, dns.ErrSyntax)
			assert.Equal(t, tt.offset, pe.Offset)
		})
	}
}

func TestEntryLimitsThatFit(t *testing.T) {
	for _, in := range []string{"abcd \"efgh\" (i\n)\n", "abcd " + strings.Repeat(" ", 10) + "\n"} {
		var e dns.Entry
		n, err := e.Parse([]byte(in), &dns.EntryLimits{MaxToken: 4, MaxEntry: len(in)})
		require.NoError(t, err)
		assert.Equal(t, len(in), n)
		n, err = e.Parse([]byte(in), &dns.EntryLimits{MaxToken: -1, MaxEntry: -1})
		require.NoError(t, err)
		assert.Equal(t, len(in), n)
	}
}

func TestEntryUnclosed(t *testing.T) {
	var e dns.Entry
	_, ok := e.Unclosed()
	assert.False(t, ok)
	_, err := e.Parse([]byte("a (b (c)\n"), nil)
	require.Equal(t, dns.ErrIncomplete, err)
	at, ok := e.Unclosed()
	assert.True(t, ok)
	assert.Equal(t, 2, at)
}

// In whichever pieces an entry comes, it is the same.
func FuzzEntry(f *testing.F) {
	for _, s := range []string{
		"a IN A 192.0.2.1\n", " (\"b\\\" c\" ;d\n e\\ f)\ng\n", "\"\\", ";", "\n", "a\\\n",
	} {
		f.Add([]byte(s), uint8(1))
	}
	f.Fuzz(func(t *testing.T, b []byte, step uint8) {
		lim := &dns.EntryLimits{MaxToken: 20, MaxEntry: 60}
		var whole dns.Entry
		n, err := whole.Parse(b, lim)
		var pieces dns.Entry
		at, size, errPieces := 0, 0, dns.ErrIncomplete
		for errPieces == dns.ErrIncomplete && size < len(b) {
			size = min(size+int(step)+1, len(b))
			at, errPieces = pieces.Parse(bytes.Clone(b[:size]), lim)
		}
		if len(b) == 0 {
			return
		}
		// Which of two limits is named may differ, not that one is.
		if _, limited := err.(*dns.LimitError); limited {
			require.ErrorAs(t, errPieces, new(*dns.LimitError))
			return
		}
		require.Equal(t, err, errPieces)
		if err != nil {
			return
		}
		assert.Equal(t, n, at)
		assert.Equal(t, whole.Tokens, pieces.Tokens)
		assert.Equal(t, whole.Blank, pieces.Blank)
		assert.LessOrEqual(t, n, 60)
		for _, tok := range whole.Tokens {
			assert.LessOrEqual(t, len(tok.Text), 20)
			start := tok.Offset
			if tok.Quoted {
				start++
			}
			assert.Equal(t, b[start:start+len(tok.Text)], tok.Text)
		}
	})
}

// Wherever an octet stands that ends a word, or that is near to one, it is found
// as one by one.
func TestWordEnd(t *testing.T) {
	ends := func(c byte) bool { return strings.IndexByte(" \t\r\n;()\"\\", c) >= 0 }
	for before := range 10 {
		for c := range 256 {
			for _, rest := range []string{"", "a", "a\\bcdefgh", "$;!", "\x00\xff\x80 \x7f", "abcdefghijklmnop "} {
				b := []byte(strings.Repeat("x", before) + string([]byte{byte(c)}) + rest)
				for from := range len(b) {
					want := from
					for want < len(b) && !ends(b[want]) {
						want++
					}
					require.Equal(t, want, dns.WordEnd(b, from), "%q from %d", b, from)
				}
			}
		}
	}
}
