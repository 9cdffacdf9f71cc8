package dns_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

func TestParseRR(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"1035-5.1 TTL and class", "a.b. 60 IN A 192.0.2.1", "a.b.\t60\tIN\tA\t192.0.2.1"},
		{"1035-5.1 class and TTL", "a.b. IN 60 A 192.0.2.1", "a.b.\t60\tIN\tA\t192.0.2.1"},
		{"1035-5.1 neither", "a.b. A 192.0.2.1", "a.b.\t0\tIN\tA\t192.0.2.1"},
		{"1035-5.1 class alone", "a. ch a 192.0.2.1", "a.\t0\tCH\tA\t192.0.2.1"},
		{"TTL with units", "a. 1w2D3h4m5s A 192.0.2.1", "a.\t788645\tIN\tA\t192.0.2.1"},
		{"names without a dot are absolute", "a.b MX 10 c", "a.b.\t0\tIN\tMX\t10 c."},
		{"the origin is the root", "@ NS @", ".\t0\tIN\tNS\t."},
		{"3597-5 unknown", `a CLASS32 TYPE731 \# 3 abcd ef`, "a.\t0\tCLASS32\tTYPE731\t\\# 3 ABCDEF"},
		{"3597-5 another form of a known type", `a TYPE1 \# 4 C0000201`, "a.\t0\tIN\tA\t192.0.2.1"},
		{"entry of several lines", "a SOA b c ( 1 ; serial\n 2 3 4 5 )\n; the end\n", "a.\t0\tIN\tSOA\tb. c. 1 2 3 4 5"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rr, err := dns.ParseRR(tt.in)
			require.NoError(t, err)
			assert.Equal(t, tt.want, rr.String())
		})
	}
}

func TestParseRRErrors(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		offset   int64
	}{
		{"empty", "", 0},
		{"comment alone", "; a", 0},
		{"1035-5.1 no owner", " A 192.0.2.1", 0},
		{"owner that is no name", "a..b A 192.0.2.1", 2},
		{"no type", "a IN 5", 5},
		{"owner alone", "a", 0},
		{"unknown type", "a IN NONESUCH", 5},
		{"quoted type", `a "A" 192.0.2.1`, 2},
		{"2181-8 TTL too long", "a 2147483648 A 192.0.2.1", 2},
		{"TTL with an unknown unit", "a 5y A 192.0.2.1", 2},
		{"two TTLs", "a 5 6 A 192.0.2.1", 4},
		{"two classes", "a IN IN A 192.0.2.1", 5},
		{"bad data", "a A 192.0.2", 4},
		{"no data", "a A", 0},
		{"more data", "a A 192.0.2.1 x", 4},
		{"two records", "a A 192.0.2.1\nb A 192.0.2.1", 14},
		{"two records with an empty line between", "a A 192.0.2.1\n\n b A 192.0.2.1", 16},
		{"a record and what is none", "a A 192.0.2.1\n\n)", 15},
		{"RDATA that no record can hold", "a TXT" + strings.Repeat(" "+strings.Repeat("b", 255), 256), 0},
		{"parenthesis not closed", "a A (192.0.2.1", 4},
		{"quotes not closed", `a TXT "b`, 6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := dns.ParseRR(tt.in)
			var pe *dns.ParseError
			require.ErrorAs(t, err, &pe)
			assert.Equal(t, tt.offset, pe.Offset, err)
		})
	}
}

// What has no text is left out of a record's; the error tells.
func TestRRText(t *testing.T) {
	a := &dns.A{Addr: netip.MustParseAddr("192.0.2.1")}
	_, err := dns.RR{Class: dns.ClassIN, Data: a}.AppendText(nil)
	require.ErrorIs(t, err, dns.ErrLabel)
	assert.Empty(t, dns.RR{Class: dns.ClassIN, Data: a}.String())
	without := dns.RR{Name: dns.MustName("a"), Class: dns.ClassANY}
	assert.Equal(t, "a.\t0\tANY\tTYPE0", without.String())
	bad := dns.RR{Name: dns.MustName("a"), Class: dns.ClassIN, Data: &dns.A{}}
	_, err = bad.AppendText(nil)
	require.ErrorIs(t, err, dns.ErrValue)
	assert.Equal(t, "a.\t0\tIN\tA\t", bad.String())
	two := `a 0 IN TYPE731 \# 1 ab "cd"`
	_, err = dns.ParseRR(two)
	require.ErrorIs(t, err, dns.ErrSyntax)
	_, err = dns.ParseRR("a 0 IN TYPE731")
	require.ErrorIs(t, err, dns.ErrSyntax)
}

func TestParseTTL(t *testing.T) {
	for in, want := range map[string]uint32{"0": 0, "3600": 3600, "1h30m": 5400, "1W": 604800, "2147483647": dns.MaxTTL} {
		got, err := dns.ParseTTL(in)
		require.NoError(t, err, in)
		assert.Equal(t, want, got, in)
	}
	for _, in := range []string{"", "h", "1h30", "-1", "2147483648", "99999999999999999999", "7101w", " 1"} {
		_, err := dns.ParseTTL(in)
		assert.ErrorIs(t, err, dns.ErrSyntax, in)
	}
}

func TestTextParserRR(t *testing.T) {
	p := dns.TextParser{
		Origin: dns.MustName("example."),
		Types:  dns.PrivateTypes{65280: {Mnemonic: "HOST", New: func() dns.RData { return new(host) }}},
	}
	var e dns.Entry
	_, err := e.Parse([]byte("www 5 host a\n"), nil)
	require.NoError(t, err)
	rr, err := p.RR(e.Tokens)
	require.NoError(t, err)
	assert.Equal(t, dns.RR{
		Name: dns.MustName("www.example."), Class: dns.ClassIN, TTL: 5,
		Data: &host{dns.MustName("a.example.")},
	}, rr)
	_, err = p.RR(nil)
	assert.ErrorIs(t, err, dns.ErrSyntax)
}

// host is a type that a program adds.
type host struct{ name dns.Name }

func (*host) Type() dns.Type        { return 65280 }
func (d *host) Fields(c *dns.Codec) { c.PlainName(&d.name) }

// What is read is printed as text that reads as the same.
func FuzzRR(f *testing.F) {
	for _, s := range []string{
		"a.b. 60 IN A 192.0.2.1", `a TXT "b" c\"d`, "a SOA b c 1 2 3 4 5", `a TYPE9 \# 1 00`, "1h 1h MX 1 @",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		rr, err := dns.ParseRR(s)
		if err != nil {
			return
		}
		text, err := rr.AppendText(nil)
		require.NoError(t, err)
		again, err := dns.ParseRR(string(text))
		require.NoError(t, err, "%q", text)
		assert.Equal(t, rr, again)
		if _, err := dns.ParseTTL(s); err == nil {
			t.Errorf("%q is a record and a TTL", s)
		}
	})
}
