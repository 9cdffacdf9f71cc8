package dns_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/internal/golden"
)

// response is one with an entry in each section, names compressed.
const response = "\x12\x34\x84\x00\x00\x01\x00\x02\x00\x01\x00\x01" +
	"\x03www\x07example\x03org\x00\x00\x01\x00\x01" +
	"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x04\x01a\xc0\x10" +
	"\xc0\x2d\x00\x01\x00\x01\x80\x00\x00\x3c\x00\x04\xc0\x00\x02\x01" +
	"\xc0\x10\x00\x02\x00\x01\x00\x00\x00\x3c\x00\x05\x02ns\xc0\x10" +
	"\x00\x00\x29\x04\xd0\x00\x00\x80\x00\x00\x00"

func TestParser(t *testing.T) {
	var p dns.Parser
	h, err := p.Start([]byte(response))
	require.NoError(t, err)
	assert.Equal(t, uint16(0x1234), h.ID)
	assert.Equal(t, dns.Counts{Question: 1, Answer: 2, Authority: 1, Additional: 1}, p.Counts())
	want := []struct {
		section dns.Section
		name    string
		typ     dns.Type
		ttl     uint32
		rdata   string
	}{
		{dns.SectionQuestion, "www.example.org.", dns.TypeA, 0, ""},
		{dns.SectionAnswer, "www.example.org.", dns.TypeCNAME, 60, "\x01a\xc0\x10"},
		{dns.SectionAnswer, "a.example.org.", dns.TypeA, 0, "\xc0\x00\x02\x01"}, // RFC 2181 §8
		{dns.SectionAuthority, "example.org.", dns.TypeNS, 60, "\x02ns\xc0\x10"},
		{dns.SectionAdditional, ".", dns.TypeOPT, 0x8000, ""},
	}
	for _, w := range want {
		require.True(t, p.Next(), "%v: %v", w, p.Err())
		assert.Equal(t, w.section, p.Section())
		assert.Equal(t, w.typ, p.Type())
		assert.Equal(t, w.ttl, p.TTL())
		assert.Equal(t, w.rdata, string(p.RData()))
		name, err := p.Name()
		require.NoError(t, err)
		assert.Equal(t, w.name, name.String())
	}
	assert.False(t, p.Next())
	assert.False(t, p.Next())
	assert.NoError(t, p.Err())
}

func TestParserNextIn(t *testing.T) {
	var p dns.Parser
	_, err := p.Start([]byte(response + "x"))
	require.NoError(t, err)
	require.True(t, p.NextIn(dns.SectionAuthority))
	rr, err := p.RR(nil)
	require.NoError(t, err)
	assert.Equal(t, "example.org.\t60\tIN\tNS\tns.example.org.", rr.String())
	assert.False(t, p.NextIn(dns.SectionAuthority), "it has one")
	assert.False(t, p.NextIn(dns.SectionAnswer), "there is no way back")
	require.True(t, p.NextIn(dns.SectionAdditional))
	assert.NoError(t, p.Err())
	assert.False(t, p.NextIn(dns.SectionAdditional))
	assert.ErrorIs(t, p.Err(), dns.ErrTrailingBytes)

	p.Lenient = true
	_, err = p.Start([]byte(response + "x"))
	require.NoError(t, err)
	for p.Next() {
	}
	assert.NoError(t, p.Err())
}

func TestParserErrors(t *testing.T) {
	const query = "\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x00\x00\x01\x00\x01"
	rr := func(s string) string { return "\x00\x07\x01\x00\x00\x00\x00\x01\x00\x00\x00\x00" + s }
	for _, test := range []struct {
		name, in string
		section  dns.Section
		offset   int64
		err      error
	}{
		{"1035-4.1.1 short header", query[:11], 0, 11, io.ErrUnexpectedEOF},
		{"1035-4.1.1 counts beyond the octets", "\x00\x07\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff" + query[12:], 0, 4, dns.ErrCount},
		{"1035-4.1.2 question cut", query[:18], dns.SectionQuestion, 18, io.ErrUnexpectedEOF},
		{"1035-4.1 octets behind", query + "x", dns.SectionAdditional, 19, dns.ErrTrailingBytes},
		{"1035-4.1.4 name cut", rr("\x0baaaabbbbbbb"), dns.SectionAnswer, 24, io.ErrUnexpectedEOF},
		{"1035-4.1.4 pointer to itself", rr("\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00"), dns.SectionAnswer, 12, dns.ErrPointer},
		{"1035-4.1.4 pointer forward", rr("\xc0\x20\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00"), dns.SectionAnswer, 12, dns.ErrPointer},
		{"1035-4.1.4 pointer cut", rr("\x09aaaaaaaaa\xc0"), dns.SectionAnswer, 22, io.ErrUnexpectedEOF},
		{"6891-5 label type", rr("\x40\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), dns.SectionAnswer, 12, dns.ErrLabel},
		{"2181-8 label of 255 octets in all", rr(string(bytes.Repeat([]byte("\x3f"+string(bytes.Repeat([]byte("a"), 63))), 4)) + "\x00"), dns.SectionAnswer, 268, dns.ErrNameTooLong},
		{"1035-4.1.3 fixed part cut", rr("\x03aaa\x00\x00\x01\x00\x01\x00\x00\x00"), dns.SectionAnswer, 24, io.ErrUnexpectedEOF},
		{"1035-4.1.3 RDATA cut", rr("\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x04abc"), dns.SectionAnswer, 23, io.ErrUnexpectedEOF},
	} {
		t.Run(test.name, func(t *testing.T) {
			var p dns.Parser
			p.Start([]byte(test.in))
			for p.Next() {
			}
			var pe *dns.ParseError
			require.ErrorAs(t, p.Err(), &pe)
			assert.Equal(t, test.section, pe.Section)
			assert.Equal(t, test.offset, pe.Offset)
			assert.Equal(t, int(dns.RCodeFormErr), pe.Reply)
			assert.ErrorIs(t, pe, test.err)
			assert.False(t, p.NextIn(dns.SectionAdditional), "an error stays")
		})
	}
}

// The data of a record, and its owner, are looked at when they are asked for.
func TestParserRR(t *testing.T) {
	rr := func(s string) *dns.Parser {
		p := new(dns.Parser)
		_, err := p.Start([]byte("\x00\x07\x28\x00\x00\x00\x00\x00\x00\x01\x00\x00" + s))
		require.NoError(t, err)
		require.True(t, p.Next())
		return p
	}
	_, err := rr("\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x03abc").RR(nil)
	assert.ErrorIs(t, err, dns.ErrRDLength)
	var pe *dns.ParseError
	require.ErrorAs(t, err, &pe)
	assert.Equal(t, dns.SectionAuthority, pe.Section)
	_, err = rr("\x03aaa\xc0\x04\x00\x01\x00\x01\x00\x00\x00\x00\x00\x04abcd").RR(nil)
	assert.NoError(t, err, "a pointer into the header is a name, if an odd one")
	deleted, err := rr("\x01a\x00\x00\x01\x00\xff\x00\x00\x00\x00\x00\x00").RR(nil)
	require.NoError(t, err)
	assert.Equal(t, dns.RR{Name: dns.MustName("a"), Class: dns.ClassANY, Data: &dns.Unknown{RRType: dns.TypeA}}, deleted, "2136-2.5.2")
	opt, err := rr("\x00\x00\x29\x00\xff\x00\x00\x00\x00\x00\x00").RR(nil)
	require.NoError(t, err)
	assert.Equal(t, &dns.OPT{}, opt.Data, "6891-6.1.2 the class of OPT is a size")
	_, err = rr("\x3faaa\xc0\x00" + "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00\x04abcd").RR(nil)
	assert.NoError(t, err, "octets of any value")
	p := new(dns.Parser)
	_, err = p.Start([]byte("\x00\x07\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x01a\xc0\x02\x00\x01\x00\x01\x00\x00\x00\x00\x00\x01\x40\xc0\x1a\x00\x01\x00\x01\x00\x00\x00\x00\x00\x00"))
	require.NoError(t, err)
	require.True(t, p.Next())
	require.True(t, p.Next())
	_, err = p.RR(nil)
	assert.ErrorIs(t, err, dns.ErrLabel, "what it points to is no name")
	_, err = p.AppendName(nil)
	assert.ErrorIs(t, err, dns.ErrLabel)
}

func TestParserDoesNotAllocate(t *testing.T) {
	msg := []byte(response)
	var p dns.Parser
	var name [dns.MaxName]byte
	octets := 0
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		p.Start(msg)
		for p.Next() {
			b, _ := p.AppendName(name[:0])
			octets += len(b) + len(p.RData())
		}
	}))
	assert.NotZero(t, octets)
}

// The Parser and ParseMessage have one grammar: what the one reads the other
// does, entry by entry. The Parser does not look into data and behind pointers
// of what it goes past.
func FuzzParser(f *testing.F) {
	golden.SeedMessages(f, captures)
	f.Add([]byte(response))
	f.Add([]byte("\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03org\x00\x00\x01\x00\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var p dns.Parser
		_, err := p.Start(b)
		var questions []dns.Question
		var rrs []dns.RR
		var broken error
		last := dns.HeaderSize
		for p.Next() {
			require.GreaterOrEqual(t, p.Offset(), last)
			last = p.Offset()
			if p.Section() == dns.SectionQuestion {
				q, err := p.Question()
				broken = cmpErr(broken, err)
				questions = append(questions, q)
				continue
			}
			rr, err := p.RR(nil)
			broken = cmpErr(broken, err)
			if err == nil && rr.Type() != dns.TypeOPT && rr.Type() != dns.TypeTSIG {
				rrs = append(rrs, rr)
			}
		}
		if err != nil {
			require.Equal(t, err, p.Err())
		}
		m, err := dns.ParseMessage(b, nil)
		if err != nil {
			return
		}
		require.NoError(t, p.Err())
		require.NoError(t, broken)
		assert.Equal(t, len(m.Question), len(questions))
		for i := range questions {
			assert.Equal(t, m.Question[i], questions[i])
		}
		all := append(append(append([]dns.RR{}, m.Answer...), m.Authority...), m.Additional...)
		require.Equal(t, len(all), len(rrs))
		for i := range all {
			assert.Equal(t, all[i].Name, rrs[i].Name)
			assert.Equal(t, all[i].TTL, rrs[i].TTL)
			a, err := dns.AppendRData(nil, all[i].Data, nil)
			require.NoError(t, err)
			b, err := dns.AppendRData(nil, rrs[i].Data, nil)
			require.NoError(t, err)
			assert.Equal(t, a, b)
		}
	})
}

// cmpErr returns the first of two errors.
func cmpErr(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

func BenchmarkParser(b *testing.B) {
	msg := []byte(response)
	b.SetBytes(int64(len(msg)))
	b.ReportAllocs()
	var p dns.Parser
	for b.Loop() {
		p.Start(msg)
		for p.Next() {
		}
	}
}
