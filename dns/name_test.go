package dns_test

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

// longest is a name of 255 octets: three labels of 63 and one of 61.
var longest = strings.Repeat(strings.Repeat("a", 63)+".", 3) + strings.Repeat("b", 61) + "."

func TestParseName(t *testing.T) {
	for _, tt := range []struct {
		name, in, out, wire string
		labels              int
	}{
		{"1035-3.1 the root", ".", ".", "\x00", 0},
		{"1035-5.1 every name is absolute", "example.org", "example.org.", "\x07example\x03org\x00", 2},
		{"4343-4.1 case is kept", "eXample.ORG.", "eXample.ORG.", "\x07eXample\x03ORG\x00", 2},
		{"1035-5.1 an escaped dot is part of its label", `a\.b.c`, `a\.b.c.`, "\x03a.b\x01c\x00", 2},
		{"1035-5.1 decimal escapes", `\065\000\255.`, `A\000\255.`, "\x03A\x00\xff\x00", 1},
		{"1035-5.1 characters with a meaning in master files", `\"\(\)\;\@\$\\`, `\"\(\)\;\@\$\\.`, "\x07\"();@$\\\x00", 1},
		{"4343-2.1 a space is printed as an escape", `a\ b`, `a\032b.`, "\x03a b\x00", 1},
		{"1035-2.3.4 the longest name", longest, longest, "", 4},
		{"1035-2.3.4 the most labels", strings.Repeat("a.", 127), strings.Repeat("a.", 127), "", 127},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n, err := dns.ParseName(tt.in)
			require.NoError(t, err)
			assert.Equal(t, tt.out, n.String())
			if tt.wire != "" {
				assert.Equal(t, tt.wire, n.Wire())
			}
			assert.Equal(t, tt.labels, n.CountLabels())
			assert.Len(t, slices.Collect(n.Labels()), tt.labels)
			assert.True(t, n.IsValid())
			assert.Equal(t, tt.in == ".", n.IsRoot())
			assert.Equal(t, n.Wire(), string(n.AppendWire(nil)))
		})
	}
}

func TestParseNameRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		at       int64
		err      error
	}{
		{"nothing", "", 0, dns.ErrLabel},
		{"3.1 two dots", "..", 0, dns.ErrLabel},
		{"3.1 a dot in front", ".a", 0, dns.ErrLabel},
		{"3.1 an empty label", "a..b", 2, dns.ErrLabel},
		{"2.3.4 a label of 64 octets", strings.Repeat("x", 64), 63, dns.ErrLabel},
		{"2.3.4 a name of 256 octets", strings.Repeat(strings.Repeat("a", 63)+".", 3) + strings.Repeat("b", 62), 253, dns.ErrNameTooLong},
		{"4343-2.1 a space", "a b", 1, dns.ErrLabel},
		{"5890-2.3.2.1 a U-label", "b\u00fccher", 1, dns.ErrLabel},
		{"5.1 two digits", `a\25`, 1, dns.ErrLabel},
		{"5.1 above 255", `a\256`, 1, dns.ErrLabel},
		{"5.1 nothing behind the backslash", `a\`, 1, dns.ErrLabel},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := dns.ParseName(tt.in)
			var pe *dns.ParseError
			require.ErrorAs(t, err, &pe)
			assert.ErrorIs(t, err, tt.err)
			assert.Equal(t, tt.at, pe.Offset)
			assert.NotEmpty(t, pe.Ref)
			assert.Panics(t, func() { dns.MustName(tt.in) })
		})
	}
}

// All 256 octets survive in a label, on the wire and in text.
func TestNameHoldsEveryOctet(t *testing.T) {
	for c := range 256 {
		n, err := dns.Root.Prepend(string([]byte{byte(c), 'x'}))
		require.NoError(t, err)
		again, err := dns.ParseName(n.String())
		require.NoError(t, err, n.String())
		assert.Equal(t, n, again)
		wired, next, err := dns.ParseNameAt(n.AppendWire(nil), 0)
		require.NoError(t, err)
		assert.Equal(t, n, wired)
		assert.Equal(t, n.Len(), next)
	}
}

func TestNameZero(t *testing.T) {
	var zero dns.Name
	assert.False(t, zero.IsValid())
	assert.Empty(t, zero.String())
	assert.Zero(t, zero.CountLabels())
	assert.Empty(t, zero.FirstLabel())
	assert.False(t, zero.Parent().IsValid())
	assert.False(t, zero.IsSubdomainOf(dns.Root))
	assert.False(t, dns.Root.IsSubdomainOf(zero))
	_, err := zero.AppendText(nil)
	assert.ErrorIs(t, err, dns.ErrLabel)
	assert.Negative(t, zero.Compare(dns.Root))
	assert.Positive(t, dns.Root.Compare(zero))
	assert.Zero(t, zero.Compare(zero))
}

func TestNameRelations(t *testing.T) {
	for _, tt := range []struct {
		name, zone string
		want       bool
	}{
		{"www.example.org", "example.org", true},
		{"WWW.EXAMPLE.ORG", "example.org", true},
		{"example.org", "example.org", true},
		{"example.org", ".", true},
		{".", ".", true},
		{"badexample.org", "example.org", false},
		{"org", "example.org", false},
		{"example.com", "example.org", false},
		// The octets of a label look like a label of their own.
		{`x\007example.org`, "example.org", false},
	} {
		assert.Equal(t, tt.want, dns.MustName(tt.name).IsSubdomainOf(dns.MustName(tt.zone)), "%s %s", tt.name, tt.zone)
	}
	n := dns.MustName("a.b.example.org")
	assert.Equal(t, "b.example.org.", n.Parent().String())
	assert.Equal(t, "a", n.FirstLabel())
	assert.Equal(t, []string{"a", "b", "example", "org"}, slices.Collect(n.Labels()))
	assert.Equal(t, "example.org.", n.Ancestor(2).String())
	assert.Equal(t, dns.Root, n.Ancestor(0))
	assert.Equal(t, n, n.Ancestor(9))
	assert.True(t, dns.MustName("*.example.org").IsWildcard())
	assert.False(t, dns.MustName("a*.example.org").IsWildcard())
	assert.False(t, dns.MustName("x.*.example.org").IsWildcard())
	assert.False(t, dns.MustName("**.org").IsWildcard())
	assert.False(t, dns.Root.Parent().IsValid())
	for label := range n.Labels() {
		assert.Equal(t, "a", label)
		break
	}
}

// The order of RFC 4034 §6.1, in which each comes before those behind it.
func TestNameCompare(t *testing.T) {
	ordered := []string{
		".", "example", "a.example", "yljkjljk.a.example", "Z.a.example", "zABC.a.EXAMPLE", "z.example",
		`\001.z.example`, "*.z.example", `\200.z.example`, "zz.example",
	}
	for i, a := range ordered {
		for j, b := range ordered {
			x, y := dns.MustName(a), dns.MustName(b)
			want := 0
			if i != j {
				want = map[bool]int{true: -1, false: +1}[i < j]
			}
			assert.Equal(t, want, x.Compare(y), "%s %s", a, b)
			assert.Equal(t, i == j, x.Equal(y))
		}
		assert.Zero(t, dns.MustName(a).Compare(dns.MustName(strings.ToUpper(a))))
	}
}

func TestNameIgnoresCase(t *testing.T) {
	lower, upper := dns.MustName("www.example.org"), dns.MustName("WwW.eXample.ORG")
	assert.True(t, lower.Equal(upper))
	assert.Equal(t, lower.Hash(), upper.Hash())
	assert.NotEqual(t, lower, upper, "== compares octets")
	assert.Equal(t, lower, upper.Canonical())
	assert.Equal(t, lower, lower.Canonical())
	assert.Equal(t, lower.Wire(), string(upper.AppendCanonical(nil)))
	// Only ASCII letters have a case (RFC 4343 §2).
	a, b := dns.MustName(`\192`), dns.MustName(`\224`)
	assert.False(t, a.Equal(b))
	assert.False(t, dns.MustName("[").Equal(dns.MustName("{")))
}

func TestNameBuilds(t *testing.T) {
	org := dns.MustName("example.org")
	n, err := org.Prepend("www.a")
	require.NoError(t, err)
	assert.Equal(t, `www\.a.example.org.`, n.String())
	for _, label := range []string{"", strings.Repeat("x", 64)} {
		_, err = org.Prepend(label)
		assert.ErrorIs(t, err, dns.ErrLabel)
	}
	_, err = dns.MustName(longest).Prepend("a")
	assert.ErrorIs(t, err, dns.ErrNameTooLong)

	n, err = dns.MustName("www").Concat(org)
	require.NoError(t, err)
	assert.Equal(t, "www.example.org.", n.String())
	_, err = dns.MustName(longest).Concat(org)
	assert.ErrorIs(t, err, dns.ErrNameTooLong)
	n, err = dns.MustName(longest).Concat(dns.Root)
	require.NoError(t, err)
	assert.Equal(t, longest, n.String())

	// The zero Name has no root to end with.
	_, err = dns.Name{}.Prepend("a")
	require.ErrorIs(t, err, dns.ErrLabel)
	_, err = dns.Name{}.Concat(org)
	require.ErrorIs(t, err, dns.ErrLabel)
	_, err = org.Concat(dns.Name{})
	require.ErrorIs(t, err, dns.ErrLabel)
	_, err = org.ReplaceSuffix(org, dns.Name{})
	require.ErrorIs(t, err, dns.ErrLabel)

	// RFC 6672 §2.2: a DNAME at example.org to example.net.
	n, err = dns.MustName("a.b.EXAMPLE.org").ReplaceSuffix(org, dns.MustName("example.net"))
	require.NoError(t, err)
	assert.Equal(t, "a.b.example.net.", n.String())
	_, err = dns.MustName("a.example.com").ReplaceSuffix(org, dns.MustName("example.net"))
	assert.ErrorIs(t, err, dns.ErrLabel)
	_, err = dns.MustName("a.b.example.org").ReplaceSuffix(org, dns.MustName(longest))
	assert.ErrorIs(t, err, dns.ErrNameTooLong)
	n, err = dns.MustName("a.example.org").ReplaceSuffix(dns.Root, org)
	require.NoError(t, err)
	assert.Equal(t, "a.example.org.example.org.", n.String())
}

func TestReverseName(t *testing.T) {
	for _, tt := range []struct{ addr, name string }{
		{"10.2.0.52", "52.0.2.10.in-addr.arpa."}, // RFC 1035 §3.5
		{"0.0.0.255", "255.0.0.0.in-addr.arpa."},
		{"4321:0:1:2:3:4:567:89ab", "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa."}, // RFC 3596 §2.5
	} {
		addr := netip.MustParseAddr(tt.addr)
		n := dns.ReverseName(addr)
		assert.Equal(t, tt.name, n.String())
		got, ok := dns.MustName(strings.ToUpper(tt.name)).ReverseAddr()
		assert.True(t, ok)
		assert.Equal(t, addr, got)
	}
	assert.Equal(t, "4.3.2.1.in-addr.arpa.", dns.ReverseName(netip.MustParseAddr("::ffff:1.2.3.4")).String())
	assert.False(t, dns.ReverseName(netip.Addr{}).IsValid())
	for _, name := range []string{
		"3.2.1.in-addr.arpa", "5.4.3.2.1.in-addr.arpa", "256.3.2.1.in-addr.arpa", "04.3.2.1.in-addr.arpa",
		"x.3.2.1.in-addr.arpa", "1a.3.2.1.in-addr.arpa", "4.3.2.1.example.org", "in-addr.arpa",
		strings.Repeat("0.", 31) + "ip6.arpa", strings.Repeat("0.", 31) + "g.ip6.arpa", strings.Repeat("0.", 31) + "00.ip6.arpa",
	} {
		_, ok := dns.MustName(name).ReverseAddr()
		assert.False(t, ok, name)
	}
}

func TestNameText(t *testing.T) {
	b, err := json.Marshal(map[string]dns.Name{"name": dns.MustName(`a\.b.org`)})
	require.NoError(t, err)
	assert.JSONEq(t, `{"name":"a\\.b.org."}`, string(b))
	var got map[string]dns.Name
	require.NoError(t, json.Unmarshal(b, &got))
	assert.Equal(t, dns.MustName(`a\.b.org`), got["name"])
	assert.Error(t, json.Unmarshal([]byte(`{"name":"a..b"}`), &got))
}
