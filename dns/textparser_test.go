package dns_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

// tokensOf returns the words of an entry; none where it is no entry.
func tokensOf(text string) []dns.Token {
	var e dns.Entry
	if _, err := e.Parse([]byte(text+"\n"), nil); err != nil {
		return nil
	}
	return e.Tokens
}

// requireSameOnward requires that data that is passed on to the wire is what is
// made of a value in between, and so the error. Both parsers have read before.
func requireSameOnward(t *testing.T, onward, inBetween *dns.TextParser, typ dns.Type, tokens []dns.Token) {
	t.Helper()
	var want []byte
	d, wantErr := inBetween.RData(typ, tokens)
	if wantErr == nil {
		want, wantErr = dns.AppendRData(nil, d, nil)
	}
	before := []byte("before")
	got, err := onward.AppendRData(before, typ, tokens)
	require.Equal(t, wantErr, err, "%s %s", typ, tokens)
	require.Equal(t, "before"+string(want), string(got), "%s %s", typ, tokens)
}

func TestTextParserAppendRData(t *testing.T) {
	for _, v := range readVectors(t) {
		onward, inBetween := &dns.TextParser{Origin: dns.MustName("example.")}, &dns.TextParser{Origin: dns.MustName("example.")}
		for _, g := range v.good {
			tokens := tokensOf(g.text + " more")
			for n := range len(tokens) + 1 {
				requireSameOnward(t, onward, inBetween, v.typ, tokens[:n])
			}
			requireSameOnward(t, onward, inBetween, v.typ, tokensOf(g.form))
		}
		for _, b := range v.bad {
			requireSameOnward(t, onward, inBetween, v.typ, tokensOf(b.text))
		}
	}
}

func TestTextParserAppendRDataNames(t *testing.T) {
	relative := dns.TextParser{Origin: dns.MustName("example.org.")}
	for _, row := range []struct {
		name, text, want string
	}{
		{"1035-5.1 relative", "10 mail", "\x00\x0a\x04mail\x07example\x03org\x00"},
		{"1035-5.1 absolute", "10 mail.", "\x00\x0a\x04mail\x00"},
		{"1035-5.1 the origin", "10 @", "\x00\x0a\x07example\x03org\x00"},
		{"7505-3 the root", "0 .", "\x00\x00\x00"},
		{"1035-5.1 escapes", `1 a\.b\000.`, "\x00\x01\x04a.b\x00\x00"},
		{"3597-5 as octets", `\# 3 000a00`, "\x00\x0a\x00"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := relative.AppendRData(nil, dns.TypeMX, tokensOf(row.text))
			require.NoError(t, err)
			assert.Equal(t, row.want, string(got))
		})
	}
	var none dns.TextParser
	for _, text := range []string{"10 mail", "10 @", `10 "@"`} {
		_, err := none.AppendRData(nil, dns.TypeMX, tokensOf(text))
		require.ErrorIs(t, err, dns.ErrSyntax)
	}
}

// Octets to the end of the data are words, and no character-strings.
func TestTextParserQuotedOctets(t *testing.T) {
	var p dns.TextParser
	for typ, text := range map[dns.Type]string{dns.TypeEID: `""`, dns.TypeDS: `1 8 1 00 "11"`, dns.TypeDNSKEY: `256 3 8 "AAAA"`} {
		_, err := p.RData(typ, tokensOf(text))
		require.ErrorIs(t, err, dns.ErrSyntax, "%s", typ)
		_, err = p.AppendRData(nil, typ, tokensOf(text))
		require.ErrorIs(t, err, dns.ErrSyntax, "%s", typ)
	}
}

// A type that the program has for its own stands before this package's.
func TestTextParserAppendRDataPrivate(t *testing.T) {
	p := dns.TextParser{Types: dns.PrivateTypes{dns.TypeA: {Mnemonic: "A", New: func() dns.RData { return new(point) }}}}
	tokens := tokensOf("60 A")
	d, err := p.RData(dns.TypeA, tokens)
	require.NoError(t, err)
	want, err := dns.AppendRData(nil, d, nil)
	require.NoError(t, err)
	got, err := p.AppendRData(nil, dns.TypeA, tokens)
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

// What is passed on takes no memory of its own.
func TestTextParserAppendRDataAllocates(t *testing.T) {
	p := dns.TextParser{Origin: dns.MustName("example.")}
	for typ, text := range map[dns.Type]string{
		dns.TypeA: "192.0.2.1", dns.TypeAAAA: "2001:db8::1", dns.TypeMX: "10 mail", dns.TypeTXT: `"a b" c\.d`,
		dns.TypeNS: "ns.example.net.", dns.TypeSOA: "ns admin 1 2h 15m 2w 300", dns.TypeSRV: "0 5 5060 sip",
	} {
		tokens := tokensOf(text)
		dst := make([]byte, 0, 100)
		allocs := testing.AllocsPerRun(10, func() {
			if _, err := p.AppendRData(dst, typ, tokens); err != nil {
				t.Fatal(err)
			}
		})
		assert.Zero(t, allocs, "%s", typ)
	}
}
