package dns_test

import (
	"net/netip"
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
