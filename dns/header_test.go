package dns_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

// Each bit of RFC 1035 §4.1.1, RFC 4035 §3.1.6 and §3.2.2 by itself.
func TestHeaderFlags(t *testing.T) {
	for _, tt := range []struct {
		name  string
		h     dns.Header
		flags uint16
	}{
		{"nothing", dns.Header{}, 0},
		{"QR", dns.Header{Response: true}, 0x8000},
		{"opcode", dns.Header{Opcode: dns.OpcodeUpdate}, 0x2800},
		{"the last opcode", dns.Header{Opcode: 15}, 0x7800},
		{"AA", dns.Header{Authoritative: true}, 0x0400},
		{"TC", dns.Header{Truncated: true}, 0x0200},
		{"RD", dns.Header{RecursionDesired: true}, 0x0100},
		{"RA", dns.Header{RecursionAvailable: true}, 0x0080},
		{"Z", dns.Header{Zero: true}, 0x0040},
		{"AD", dns.Header{AuthenticData: true}, 0x0020},
		{"CD", dns.Header{CheckingDisabled: true}, 0x0010},
		{"RCODE", dns.Header{RCode: dns.RCodeRefused}, 0x0005},
		{"the lecture's reply", dns.Header{Response: true, Authoritative: true, RecursionDesired: true, RecursionAvailable: true}, 0x8580},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.h.ID = 0xbeef
			counts := dns.Counts{Question: 1, Answer: 2, Authority: 3, Additional: 7}
			b := dns.AppendHeader([]byte("x"), tt.h, counts)
			require.Len(t, b, 1+dns.HeaderSize)
			assert.Equal(t, tt.flags, tt.h.Flags())
			h, c, err := dns.ParseHeader(b[1:])
			require.NoError(t, err)
			assert.Equal(t, tt.h, h)
			assert.Equal(t, counts, c)
		})
	}
	all := dns.Header{RCode: dns.RCodeBadCookie}
	assert.EqualValues(t, 7, all.Flags(), "the upper bits of an RCODE are EDNS's (RFC 6891 §6.1.3)")
}

func TestNamesOfCodes(t *testing.T) {
	assert.Equal(t, "UPDATE", dns.OpcodeUpdate.String())
	assert.Equal(t, "OPCODE3", dns.Opcode(3).String())
	assert.Equal(t, "OPCODE200", dns.Opcode(200).String())
	assert.Equal(t, "NXDOMAIN", dns.RCodeNXDomain.String())
	assert.Equal(t, "BADCOOKIE", dns.RCodeBadCookie.String())
	assert.Equal(t, "BADVERS", dns.RCode(16).String())
	assert.Equal(t, "RCODE12", dns.RCode(12).String())
	assert.Equal(t, "RCODE4095", dns.RCode(4095).String())
	for s, want := range map[dns.Section]string{
		dns.SectionNone: "header", dns.SectionQuestion: "question", dns.SectionAnswer: "answer",
		dns.SectionAuthority: "authority", dns.SectionAdditional: "additional",
	} {
		assert.Equal(t, want, s.String())
	}
	q := dns.Question{Name: dns.MustName("a.org"), Type: dns.TypeNSAPPTR, Class: dns.ClassCH}
	assert.Equal(t, "a.org. CH NSAP-PTR", q.String())
}

func TestParseTypeAndClass(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want dns.Type
		out  string
	}{
		{"A", 1, "A"}, {"aaaa", 28, "AAAA"}, {"nsap-ptr", 23, "NSAP-PTR"}, {"NSEC3PARAM", 51, "NSEC3PARAM"},
		{"TYPE1", 1, "A"}, {"type731", 731, "TYPE731"}, {"TYPE65535", 65535, "TYPE65535"}, {"any", 255, "ANY"},
	} {
		got, err := dns.ParseType(tt.in)
		require.NoError(t, err, tt.in)
		assert.Equal(t, tt.want, got)
		assert.Equal(t, tt.out, got.String())
	}
	for _, in := range []string{"", "TYPE", "TYPE65536", "TYPE-1", "TYPE1x", "NOTATYPE", "averylongmnemonicindeed"} {
		_, err := dns.ParseType(in)
		assert.ErrorIs(t, err, dns.ErrSyntax, in)
	}
	for _, tt := range []struct {
		in   string
		want dns.Class
		out  string
	}{
		{"in", dns.ClassIN, "IN"}, {"CH", dns.ClassCH, "CH"}, {"hs", dns.ClassHS, "HS"},
		{"NONE", dns.ClassNONE, "NONE"}, {"any", dns.ClassANY, "ANY"}, {"CLASS32", 32, "CLASS32"}, {"class1", 1, "IN"},
	} {
		got, err := dns.ParseClass(tt.in)
		require.NoError(t, err, tt.in)
		assert.Equal(t, tt.want, got)
		assert.Equal(t, tt.out, got.String())
	}
	for _, in := range []string{"", "CLASS", "CLASS65536", "INN"} {
		_, err := dns.ParseClass(in)
		assert.ErrorIs(t, err, dns.ErrSyntax, in)
	}
	assert.True(t, dns.TypeOPT.IsMeta())
	assert.True(t, dns.TypeANY.IsMeta())
	assert.False(t, dns.TypeURI.IsMeta())
	assert.False(t, dns.TypeA.IsMeta())
}
