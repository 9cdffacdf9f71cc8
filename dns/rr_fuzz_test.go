package dns_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

// RDATA that is read is written as the same, but for names that were
// compressed; its text tells all of it; its canonical form is one already.
func FuzzRData(f *testing.F) {
	for _, v := range readVectors(f) {
		for _, g := range v.good {
			if len(g.wire) < 1<<10 { // longer ones would be cut down for minutes
				f.Add(uint16(v.typ), g.wire)
			}
		}
		for _, b := range v.bad {
			if len(b.wire) < 1<<10 {
				f.Add(uint16(v.typ), b.wire)
			}
		}
	}
	f.Fuzz(func(t *testing.T, n uint16, b []byte) {
		typ := dns.Type(n)
		d, err := dns.ParseRData(typ, b, 0, len(b), nil)
		if err != nil {
			var pe *dns.ParseError
			require.ErrorAs(t, err, &pe)
			return
		}
		require.Equal(t, typ, d.Type())
		wire, err := dns.AppendRData(nil, d, nil)
		require.NoError(t, err)
		if len(wire) > 1<<16-1 {
			return // pointers made it more than a record can hold
		}
		again, err := dns.ParseRData(typ, wire, 0, len(wire), nil)
		require.NoError(t, err)
		require.Equal(t, d, again)

		text, err := dns.AppendRDataText(nil, d)
		require.NoError(t, err)
		require.False(t, bytes.ContainsFunc(text, func(r rune) bool { return r < ' ' || r >= 0x7f }), "%q", text)
		scanned, err := scanRData(typ, string(text))
		require.NoError(t, err, "%s", text)
		fromText, err := dns.AppendRData(nil, scanned, nil)
		require.NoError(t, err, "%s", text)
		require.Equal(t, string(wire), string(fromText), "%s", text)

		canonical, err := dns.AppendCanonicalRData(nil, d)
		require.NoError(t, err)
		require.Len(t, canonical, len(wire))
		d, err = dns.ParseRData(typ, canonical, 0, len(canonical), nil)
		require.NoError(t, err)
		same, err := dns.AppendCanonicalRData(nil, d)
		require.NoError(t, err)
		require.Equal(t, canonical, same)
	})
}

// Text of RDATA that is read is printed so that it reads as the same, and is the
// same on the wire if it goes there at once.
func FuzzRDataText(f *testing.F) {
	for _, v := range readVectors(f) {
		for _, g := range v.good {
			f.Add(uint16(v.typ), g.text)
		}
		for _, b := range v.bad {
			f.Add(uint16(v.typ), b.text)
		}
	}
	f.Fuzz(func(t *testing.T, n uint16, s string) {
		typ := dns.Type(n)
		onward, inBetween := &dns.TextParser{Origin: dns.Root}, &dns.TextParser{Origin: dns.Root}
		requireSameOnward(t, onward, inBetween, typ, tokensOf(s))
		d, err := scanRData(typ, s)
		if err != nil {
			return
		}
		wire, err := dns.AppendRData(nil, d, nil)
		require.NoError(t, err)
		if len(wire) > 1<<16-1 {
			return
		}
		_, err = dns.ParseRData(typ, wire, 0, len(wire), nil)
		require.NoError(t, err, "%x", wire)
		text, err := dns.AppendRDataText(nil, d)
		require.NoError(t, err)
		again, err := scanRData(typ, string(text))
		require.NoError(t, err, "%s", text)
		same, err := dns.AppendRData(nil, again, nil)
		require.NoError(t, err)
		require.Equal(t, string(wire), string(same), "%s", text)
	})
}

// A parameter that is read is printed so that it reads as the same.
func FuzzSvcParam(f *testing.F) {
	for _, s := range []string{"alpn=h2,h3", `alpn="f\\\\oo\\,bar,h2"`, "mandatory=ipv4hint,alpn", "port=53", "key667=hello", `key667="a b"`, "dohpath=/q{?dns}", "ech=AEX+DQA=", "ipv6hint=::1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := dns.ParseSvcParam(s)
		if err != nil {
			var pe *dns.ParseError
			require.ErrorAs(t, err, &pe)
			return
		}
		again, err := dns.ParseSvcParam(p.String())
		require.NoError(t, err, p.String())
		assert.Equal(t, p, again)
	})
}
