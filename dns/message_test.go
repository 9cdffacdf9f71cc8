package dns_test

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

func TestMessageRoundTrip(t *testing.T) {
	name := dns.MustName("www.example.org.")
	m := &dns.Message{
		Header:   dns.Header{ID: 4711, Response: true, Authoritative: true, RCode: dns.RCodeBadCookie},
		Question: []dns.Question{{Name: name, Type: dns.TypeA, Class: dns.ClassIN}},
		Answer: []dns.RR{
			{Name: name, Class: dns.ClassIN, TTL: 60, Data: &dns.CNAME{Target: dns.MustName("a.b.example.org")}},
			{Name: dns.MustName("a.b.example.org"), Class: dns.ClassIN, TTL: 60, Data: &dns.A{Addr: netip.MustParseAddr("192.0.2.1")}},
		},
		Authority: []dns.RR{{Name: dns.MustName("example.org"), Class: dns.ClassIN, TTL: 1, Data: &dns.SOA{MName: name, RName: name, Serial: 7}}},
		Additional: []dns.RR{
			{Name: name, Class: dns.ClassIN, TTL: 1, Data: &dns.TXT{Texts: []string{"a", "\x00\xff\""}}},
		},
		EDNS: &dns.EDNS{UDPSize: 1232, DNSSECOK: true, Options: []dns.Option{{Code: 10, Data: []byte("01234567")}}},
		TSIG: &dns.TSIG{KeyName: dns.MustName("key"), Algorithm: dns.MustName("hmac-sha256"), TimeSigned: 1 << 40, MAC: []byte{1, 2}},
	}
	b, err := dns.AppendMessage(nil, m)
	require.NoError(t, err)
	got, err := dns.ParseMessage(b, nil)
	require.NoError(t, err)
	assert.Equal(t, m.Header, got.Header)
	assert.Equal(t, m.Question, got.Question)
	assert.Equal(t, m.Answer, got.Answer)
	assert.Equal(t, m.Authority, got.Authority)
	assert.Equal(t, m.Additional, got.Additional)
	assert.Equal(t, m.EDNS, got.EDNS)
	assert.Equal(t, m.TSIG, got.TSIG)
	assert.Equal(t, "www.example.org.\t1\tIN\tTXT\t\"a\" \"\\000\\255\\\"\"", got.Additional[0].String())
	for n := range b {
		_, err := dns.ParseMessage(b[:n], nil)
		var pe *dns.ParseError
		require.ErrorAs(t, err, &pe, "%d octets", n)
	}
}

// query is the head and question of a message with the counts given.
func query(counts ...byte) string {
	var head strings.Builder
	head.WriteString("\x00\x07\x01\x00")
	for i := range 4 {
		head.WriteString(string([]byte{0, counts[i]}))
	}
	return head.String() + "\x01a\x00\x00\x01\x00\x01"
}

func TestParseMessageRefuses(t *testing.T) {
	const (
		rrA   = "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x7f\x00\x00\x01"
		opt   = "\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00"
		tsig  = "\x01k\x00\x00\xfa\x00\xff\x00\x00\x00\x00\x00\x11\x00\x00\x00\x00\x00\x00\x00\x01\x2c\x00\x00\x00\x07\x00\x00\x00\x00"
		short = "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x03\x7f\x00\x00"
	)
	for _, tt := range []struct {
		name, msg string
		section   dns.Section
		at        int64
		err       error
	}{
		{"1035-4.1.1 half a header", "\x00\x07\x01", dns.SectionNone, 3, io.ErrUnexpectedEOF},
		{"1035-4.1.1 more records than octets can hold", query(1, 0, 255, 255), dns.SectionNone, 4, dns.ErrCount},
		{"1035-4.1.2 half a question", query(1, 0, 0, 0)[:17], dns.SectionQuestion, 17, io.ErrUnexpectedEOF},
		{"1035-4.1.4 a question's name", "\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\xc0\x0c\x00\x01\x00\x01", dns.SectionQuestion, 12, dns.ErrPointer},
		{"1035-4.1 octets behind the message", query(1, 0, 0, 0) + "x", dns.SectionAdditional, 19, dns.ErrTrailingBytes},
		{"1035-4.1.3 half a record", query(1, 1, 0, 0) + rrA[:11], dns.SectionAnswer, 30, io.ErrUnexpectedEOF},
		{"1035-4.1.3 half of its data", query(1, 0, 1, 0) + rrA[:15], dns.SectionAuthority, 31, io.ErrUnexpectedEOF},
		{"1035-3.4.1 an address of three octets", query(1, 1, 0, 0) + short, dns.SectionAnswer, 31, dns.ErrRDLength},
		{"1035-3.4.1 an address of five octets", query(1, 1, 0, 0) + strings.Replace(rrA, "\x00\x04", "\x00\x05", 1) + "\x00", dns.SectionAnswer, 35, dns.ErrRDLength},
		{"6891-6.1.1 a second OPT", query(1, 0, 0, 2) + opt + opt, dns.SectionAdditional, 30, dns.ErrCount},
		{"6891-6.1.1 OPT among the answers", query(1, 1, 0, 0) + opt, dns.SectionAnswer, 19, dns.ErrCount},
		{"6891-6.1.1 OPT of another owner", query(1, 0, 0, 1) + "\xc0\x0c" + opt[1:], dns.SectionAdditional, 19, dns.ErrValue},
		{"6891-6.1.2 an option that is cut", query(1, 0, 0, 1) + opt[:9] + "\x00\x05\x00\x0a\x00\x08x", dns.SectionAdditional, 34, dns.ErrRDLength},
		{"8945-5.1 TSIG that is not the last", query(1, 0, 0, 2) + tsig + opt, dns.SectionAdditional, 19, dns.ErrCount},
		{"8945-4.2 TSIG of another class", query(1, 0, 0, 1) + strings.Replace(tsig, "\x00\xff", "\x00\x01", 1), dns.SectionAdditional, 19, dns.ErrValue},
		{"8945-5.1 TSIG among the answers", query(1, 1, 0, 0) + tsig, dns.SectionAnswer, 19, dns.ErrCount},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := dns.ParseMessage([]byte(tt.msg), nil)
			var pe *dns.ParseError
			require.ErrorAs(t, err, &pe)
			require.ErrorIs(t, err, tt.err)
			assert.Equal(t, tt.section, pe.Section)
			assert.Equal(t, tt.at, pe.Offset)
			assert.Equal(t, int(dns.RCodeFormErr), pe.Reply)
			assert.Contains(t, err.Error(), pe.Ref)
		})
	}
	m, err := dns.ParseMessage([]byte(query(1, 0, 0, 0)+"x"), &dns.ParseOptions{Lenient: true})
	require.NoError(t, err)
	assert.Len(t, m.Question, 1)
}

// The top bit of a TTL makes it 0 (RFC 2181 §8).
func TestParseMessageTTL(t *testing.T) {
	m, err := dns.ParseMessage([]byte(query(1, 1, 0, 0)+"\xc0\x0c\x00\x01\x00\x01\x80\x00\x00\x01\x00\x04\x7f\x00\x00\x01"), nil)
	require.NoError(t, err)
	assert.Zero(t, m.Answer[0].TTL)
}

// An update names what goes by records without data (RFC 2136 §2.5).
func TestMessageOfUpdate(t *testing.T) {
	m := &dns.Message{
		Header:   dns.Header{Opcode: dns.OpcodeUpdate},
		Question: []dns.Question{{Name: dns.MustName("org"), Type: dns.TypeSOA, Class: dns.ClassIN}},
		Authority: []dns.RR{
			{Name: dns.MustName("a.org"), Class: dns.ClassANY, Data: &dns.Unknown{RRType: dns.TypeA}},
			{Name: dns.MustName("a.org"), Class: dns.ClassNONE, Data: &dns.Unknown{RRType: dns.TypeANY}},
		},
	}
	b, err := dns.AppendMessage(nil, m)
	require.NoError(t, err)
	got, err := dns.ParseMessage(b, nil)
	require.NoError(t, err)
	assert.Equal(t, m.Authority, got.Authority)
}

// A message that is read into one that was used leaves names, strings and
// octets of the one before.
func TestMessageParseAgain(t *testing.T) {
	text := func(s string) []byte {
		b, err := dns.AppendMessage(nil, &dns.Message{Answer: []dns.RR{
			{Name: dns.MustName(s), Class: dns.ClassIN, Data: &dns.TXT{Texts: []string{s}}},
			{Name: dns.MustName(s), Class: dns.ClassIN, Data: &dns.Unknown{RRType: 4711, Octets: []byte(s)}},
		}})
		require.NoError(t, err)
		return b
	}
	var m dns.Message
	var names []dns.Name
	var octets [][]byte
	var want []string
	for i := range 100 {
		s := fmt.Sprintf("name-%d", i)
		require.NoError(t, m.Parse(text(s), nil))
		require.Len(t, m.Answer, 2)
		names = append(names, m.Answer[0].Name)
		octets = append(octets, m.Answer[1].Data.(*dns.Unknown).Octets)
		want = append(want, s)
	}
	for i, s := range want {
		assert.Equal(t, s+".", names[i].String())
		assert.Equal(t, s, string(octets[i]))
	}
}

func TestAppendMessageRefuses(t *testing.T) {
	name := dns.MustName("a.org")
	rr := func(d dns.RData) *dns.Message {
		return &dns.Message{Answer: []dns.RR{{Name: name, Class: dns.ClassIN, Data: d}}}
	}
	var many dns.Message
	for range 300 {
		many.Answer = append(many.Answer, dns.RR{Name: name, Class: dns.ClassIN, Data: &dns.TXT{Texts: []string{strings.Repeat("x", 255)}}})
	}
	for _, tt := range []struct {
		name string
		m    *dns.Message
		err  error
	}{
		{"6891-6.1.3 a code of EDNS without it", &dns.Message{Header: dns.Header{RCode: dns.RCodeBadVers}}, dns.ErrValue},
		{"6891-6.1.3 a code of 13 bits", &dns.Message{Header: dns.Header{RCode: 4096}, EDNS: &dns.EDNS{}}, dns.ErrValue},
		{"1035-4.1.1 an opcode of five bits", &dns.Message{Header: dns.Header{Opcode: 16}}, dns.ErrValue},
		{"a question without name", &dns.Message{Question: []dns.Question{{}}}, dns.ErrLabel},
		{"a record without owner", &dns.Message{Answer: []dns.RR{{Data: &dns.A{}}}}, dns.ErrLabel},
		{"a record without data", rr(nil), dns.ErrLabel},
		{"an IPv6 address in A", rr(&dns.A{Addr: netip.IPv6Loopback()}), dns.ErrValue},
		{"an IPv4 address in AAAA", rr(&dns.AAAA{Addr: netip.MustParseAddr("127.0.0.1")}), dns.ErrValue},
		{"an address with a zone", rr(&dns.AAAA{Addr: netip.MustParseAddr("fe80::1%eth0")}), dns.ErrValue},
		{"no name", rr(&dns.NS{}), dns.ErrLabel},
		{"no text", rr(&dns.TXT{}), dns.ErrValue},
		{"a text of 256 octets", rr(&dns.TXT{Texts: []string{strings.Repeat("x", 256)}}), dns.ErrValue},
		{"data of 65536 octets", rr(&dns.Unknown{RRType: 4711, Octets: make([]byte, 1<<16)}), dns.ErrRDLength},
		{"an option of 65536 octets", &dns.Message{EDNS: &dns.EDNS{Options: []dns.Option{{Data: make([]byte, 1<<16)}}}}, dns.ErrValue},
		{"8945-4.2 a time of 49 bits", &dns.Message{TSIG: &dns.TSIG{KeyName: name, Algorithm: name, TimeSigned: 1 << 48}}, dns.ErrValue},
		{"a MAC of 65536 octets", &dns.Message{TSIG: &dns.TSIG{KeyName: name, Algorithm: name, MAC: make([]byte, 1<<16)}}, dns.ErrValue},
		{"a message of 65536 octets", &many, dns.ErrMessageTooLong},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := dns.AppendMessage(nil, tt.m)
			require.ErrorIs(t, err, tt.err)
			pe, ok := errors.AsType[*dns.ParseError](err)
			if !ok {
				return
			}
			_, err = dns.AppendMessage([]byte("what is before"), tt.m)
			behind, _ := errors.AsType[*dns.ParseError](err)
			assert.Equal(t, pe, behind, "offsets count from the start of the message")
			if pe.Section > dns.SectionQuestion {
				assert.GreaterOrEqual(t, pe.Offset, int64(dns.HeaderSize))
			}
		})
	}
}

// The data of most records goes a shorter way to the wire than that of others:
// it must lead to the same octets.
func TestAppendMessageCommonData(t *testing.T) {
	name := dns.MustName("a.example.org")
	for _, d := range []dns.RData{
		&dns.A{Addr: netip.MustParseAddr("192.0.2.1")},
		&dns.AAAA{Addr: netip.MustParseAddr("2001:db8::1")},
		&dns.AAAA{Addr: netip.MustParseAddr("::ffff:192.0.2.1")},
		&dns.NS{Host: dns.MustName("ns.example.org")},
		&dns.CNAME{Target: name},
	} {
		t.Run(d.Type().String(), func(t *testing.T) {
			var comp dns.Compressor
			want := comp.AppendName(make([]byte, dns.HeaderSize), name)
			want = append(want, make([]byte, 10)...)
			head := len(want)
			want, err := dns.AppendRData(want, d, &comp)
			require.NoError(t, err)

			got, err := dns.AppendMessage(nil, &dns.Message{Answer: []dns.RR{{Name: name, Class: dns.ClassIN, Data: d}}})
			require.NoError(t, err)
			assert.Equal(t, want[head:], got[head:])
			assert.Equal(t, len(want)-head, int(got[head-1]))
		})
	}
}
