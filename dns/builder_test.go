package dns_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

func a(name string, last byte) dns.RR {
	return dns.RR{Name: dns.MustName(name), Class: dns.ClassIN, TTL: 60, Data: &dns.A{Addr: netip.AddrFrom4([4]byte{192, 0, 2, last})}}
}

func text(name, s string) dns.RR {
	return dns.RR{Name: dns.MustName(name), Class: dns.ClassIN, TTL: 60, Data: &dns.TXT{Texts: []string{s}}}
}

func startBuilder(t *testing.T, b *dns.Builder, limit int) {
	b.Start([]byte("in front"), dns.Header{ID: 7, Response: true}, limit)
	require.NoError(t, b.Question(dns.Question{Name: dns.MustName("www.example.org"), Type: dns.TypeA, Class: dns.ClassIN}))
}

func finish(t *testing.T, b *dns.Builder) *dns.Message {
	out := b.Finish()
	require.Equal(t, "in front", string(out[:8]))
	m, err := dns.ParseMessage(out[8:], nil)
	require.NoError(t, err)
	return m
}

func TestBuilder(t *testing.T) {
	var b dns.Builder
	for range 2 { // it can be used again
		startBuilder(t, &b, 0)
		require.NoError(t, b.Add(dns.SectionAnswer, a("www.example.org", 1)))
		require.NoError(t, b.AddOctets(dns.SectionAnswer, dns.MustName("www.example.org"), dns.ClassIN, dns.TypeA, 60, []byte{192, 0, 2, 2}))
		require.NoError(t, b.Add(dns.SectionAdditional, a("a.example.org", 3)))
		b.Header.RCode = dns.RCodeBadCookie
		require.NoError(t, b.EDNS(&dns.EDNS{UDPSize: 1232}))
		require.NoError(t, b.TSIG(&dns.TSIG{KeyName: dns.MustName("key"), Algorithm: dns.MustName("hmac-sha256")}))
		assert.Equal(t, 12+21+16+16+18+11+5+10+29, b.Len(), "owners are compressed")
		m := finish(t, &b)
		assert.Equal(t, []dns.RR{a("www.example.org", 1), a("www.example.org", 2)}, m.Answer)
		assert.Equal(t, []dns.RR{a("a.example.org", 3)}, m.Additional)
		assert.Equal(t, dns.RCodeBadCookie, m.RCode)
		assert.NotNil(t, m.EDNS)
		assert.NotNil(t, m.TSIG)
		assert.False(t, m.Truncated)
	}
}

func TestBuilderErrors(t *testing.T) {
	var b dns.Builder
	startBuilder(t, &b, 0)
	require.NoError(t, b.Add(dns.SectionAuthority, a("a.example.org", 1)))
	assert.ErrorIs(t, b.Add(dns.SectionAnswer, a("a.example.org", 1)), dns.ErrSectionOrder)
	assert.ErrorIs(t, b.Question(dns.Question{Name: dns.Root}), dns.ErrSectionOrder)
	assert.ErrorIs(t, b.Add(dns.SectionQuestion, a("a.example.org", 1)), dns.ErrSectionOrder)
	assert.ErrorIs(t, b.Add(dns.SectionAuthority, dns.RR{}), dns.ErrLabel)
	assert.ErrorIs(t, b.AddOctets(dns.SectionAuthority, dns.Root, dns.ClassIN, dns.TypeA, 0, make([]byte, 1<<16)), dns.ErrRDLength)
	// The name of the record that could not be written is not pointed to.
	assert.ErrorIs(t, b.Add(dns.SectionAuthority, dns.RR{Name: dns.MustName("b.test"), Data: &dns.A{}}), dns.ErrValue)
	require.NoError(t, b.Add(dns.SectionAuthority, a("b.test", 2)))
	m := finish(t, &b)
	assert.Equal(t, []dns.RR{a("a.example.org", 1), a("b.test", 2)}, m.Authority)

	b.Start(nil, dns.Header{}, 0)
	assert.ErrorIs(t, b.Question(dns.Question{}), dns.ErrLabel)
	b.Start(nil, dns.Header{}, 12)
	assert.ErrorIs(t, b.EDNS(new(dns.EDNS)), dns.ErrMessageTooLong)
}

// Each limit gives the whole sets that go in, and TC where one of answer or
// authority does not (RFC 2181 §9).
func TestBuilderTruncates(t *testing.T) {
	type entry struct {
		section dns.Section
		rr      dns.RR
		glue    bool
	}
	entries := []entry{
		{dns.SectionAnswer, a("www.example.org", 1), false},
		{dns.SectionAnswer, a("www.example.org", 2), false},
		{dns.SectionAnswer, text("www.example.org", strings.Repeat("x", 100)), false},
		{dns.SectionAuthority, text("ns.example.org", strings.Repeat("y", 100)), false},
		{dns.SectionAdditional, a("glue.example.org", 3), true},
		{dns.SectionAdditional, a("glue.example.org", 4), true},
		{dns.SectionAdditional, text("more.test", strings.Repeat("z", 100)), false},
		{dns.SectionAdditional, a("last.test", 5), false},
	}
	var b dns.Builder
	build := func(limit int) *dns.Message {
		startBuilder(t, &b, limit)
		b.Reserve(11)
		for _, e := range entries {
			if e.glue {
				require.NoError(t, b.AddGlue(e.rr))
			} else {
				require.NoError(t, b.Add(e.section, e.rr))
			}
		}
		require.NoError(t, b.EDNS(&dns.EDNS{UDPSize: 1232}))
		assert.LessOrEqual(t, b.Len(), limit)
		assert.Equal(t, b.Header.Truncated, b.Truncated())
		return finish(t, &b)
	}
	// header, question, OPT; then the sets' sizes
	const none = 12 + 21 + 11
	const address, txt, authority, glue, more, last = 32, 12 + 101, 15 + 101, 21 + 16, 21 + 101, 7 + 14
	for _, test := range []struct {
		limit int
		sets  string
		tc    bool
	}{
		{none, "", true},
		{none + address - 1, "", true},
		{none + address, "A A", true},
		{none + address + txt - 1, "A A", true},
		{none + address + txt, "A A TXT", true},
		{none + address + txt + authority - 1, "A A TXT", true},
		{none + address + txt + authority, "A A TXT TXT", true},
		{none + address + txt + authority + glue - 1, "A A TXT TXT", true},
		{none + address + txt + authority + glue, "A A TXT TXT A A", false},
		{none + address + txt + authority + glue + 26, "A A TXT TXT A A A", false}, // without the one before
		{none + address + txt + authority + glue + more, "A A TXT TXT A A TXT", false},
		{none + address + txt + authority + glue + more + last, "A A TXT TXT A A TXT A", false},
	} {
		t.Run(fmt.Sprint(test.limit), func(t *testing.T) {
			m := build(test.limit)
			var got []string
			for _, rrs := range [][]dns.RR{m.Answer, m.Authority, m.Additional} {
				for _, rr := range rrs {
					got = append(got, rr.Type().String())
				}
			}
			assert.Equal(t, test.sets, strings.Join(got, " "))
			assert.Equal(t, test.tc, m.Truncated)
			assert.NotNil(t, m.EDNS)
		})
	}
	for limit := none; limit < 600; limit++ {
		build(limit) // parses, and keeps the limit
	}
}

func TestBuilderBody(t *testing.T) {
	body := []byte("\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x01")
	var b dns.Builder
	startBuilder(t, &b, 512)
	written, ok := b.AddBody(body, dns.Counts{Question: 9, Answer: 1})
	require.True(t, ok)
	written[9] = 30 // the TTL
	m := finish(t, &b)
	rr := a("www.example.org", 1)
	rr.TTL = 30
	assert.Equal(t, []dns.RR{rr}, m.Answer)
	_, ok = b.AddBody(body, dns.Counts{Answer: 1})
	assert.False(t, ok, "only once")

	startBuilder(t, &b, 12+21+15)
	_, ok = b.AddBody(body, dns.Counts{Answer: 1})
	assert.False(t, ok, "it does not fit")
	assert.Empty(t, finish(t, &b).Answer)
}

func TestBuilderDoesNotAllocate(t *testing.T) {
	var b dns.Builder
	buf := make([]byte, 0, 512)
	q := dns.Question{Name: dns.MustName("www.example.org"), Type: dns.TypeA, Class: dns.ClassIN}
	rr := a("www.example.org", 1)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		b.Start(buf, dns.Header{}, 512)
		b.Question(q)
		b.Add(dns.SectionAnswer, rr)
		b.Finish()
	}))
}
