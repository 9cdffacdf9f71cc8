package dns_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

func parseRRs(t *testing.T, lines ...string) []dns.RR {
	t.Helper()
	rrs := make([]dns.RR, len(lines))
	for i, line := range lines {
		var err error
		rrs[i], err = dns.ParseRR(line)
		require.NoError(t, err)
	}
	return rrs
}

func printRRs(rrs []dns.RR) (lines []string) {
	for _, rr := range rrs {
		lines = append(lines, rr.String())
	}
	return lines
}

func TestRRSets(t *testing.T) {
	const sig = " 8 1 60 20300101000000 20200101000000 1 a. AQID"
	rrs := parseRRs(t,
		"a. 60 IN A 192.0.2.1",
		"A. 30 IN A 192.0.2.2",
		"a. 60 IN RRSIG A"+sig,
		"a. 60 IN RRSIG MX"+sig,
		"a. 60 IN MX 1 b.",
		"a. 90 IN A 192.0.2.3",
		"b. 60 IN A 192.0.2.1",
		"a. 60 CH A 192.0.2.1",
		"a. 60 IN RRSIG A"+sig,
	)
	before := slices.Clone(rrs)
	sets := dns.RRSets(rrs)
	want := [][]int{{0, 1, 5}, {2, 8}, {3}, {4}, {6}, {7}}
	require.Len(t, sets, len(want))
	for i, indices := range want {
		var set []dns.RR
		for _, k := range indices {
			set = append(set, rrs[k])
		}
		assert.Equal(t, set, sets[i])
	}
	assert.Equal(t, before, rrs, "what was given is not changed")
	assert.Equal(t, uint32(30), dns.MinTTL(sets[0]))
	assert.Zero(t, dns.MinTTL(nil))
	assert.Empty(t, dns.RRSets(nil))
	assert.True(t, dns.SameSet(&rrs[0], &rrs[1]))
	assert.False(t, dns.SameSet(&rrs[2], &rrs[3]), "they sign different sets")
}

func TestCanonicalOrder(t *testing.T) {
	// The names of RFC 4034 §6.1, then the data of one set.
	want := []string{
		"example.\t60\tIN\tA\t192.0.2.1",
		"a.example.\t60\tIN\tA\t192.0.2.1",
		"yljkjljk.a.example.\t60\tIN\tA\t192.0.2.1",
		"Z.a.example.\t60\tIN\tA\t192.0.2.1",
		"zABC.a.EXAMPLE.\t60\tIN\tA\t192.0.2.1",
		"z.example.\t60\tIN\tA\t192.0.2.1",
		"z.example.\t60\tIN\tA\t192.0.2.128",
		"z.example.\t60\tIN\tMX\t1 A.example.",
		"z.example.\t60\tIN\tMX\t1 b.example.",
		"z.example.\t60\tIN\tTYPE999\t\\# 1 00",
		"z.example.\t60\tIN\tTYPE999\t\\# 2 0000",
		"z.example.\t60\tIN\tTYPE999\t\\# 1 01",
		"z.example.\t60\tCH\tA\t192.0.2.1",
		`\001.z.example.` + "\t60\tIN\tA\t192.0.2.1",
		"*.z.example.\t60\tIN\tA\t192.0.2.1",
		`\200.z.example.` + "\t60\tIN\tA\t192.0.2.1",
	}
	rrs := parseRRs(t, want...)
	slices.Reverse(rrs)
	// Records that are there already, but for TTL and case.
	rrs = append(rrs, parseRRs(t, "Z.Example. 90 IN A 192.0.2.1", "z.example. 90 IN MX 1 a.EXAMPLE.")...)
	got, err := dns.CanonicalOrder(rrs)
	require.NoError(t, err)
	assert.Equal(t, want, printRRs(got))

	_, err = dns.CanonicalOrder([]dns.RR{{Name: dns.Root, Class: dns.ClassIN, Data: &dns.A{}}})
	require.ErrorIs(t, err, dns.ErrValue)
	got, err = dns.CanonicalOrder([]dns.RR{{Name: dns.Root}, {Name: dns.Root}})
	require.NoError(t, err)
	assert.Len(t, got, 1)
}

func TestEqualRData(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"MX 1 A.b.", "MX 1 a.B.", true},
		{"MX 1 a.", "MX 2 a.", false},
		{"NSEC A. A", "NSEC a. A", false},
		{"TXT a", "SPF a", false},
		{`TYPE15 \# 3 000100`, "MX 1 .", true},
	} {
		rrs := parseRRs(t, ". "+tt.a, ". "+tt.b)
		assert.Equal(t, tt.want, dns.EqualRData(rrs[0].Data, rrs[1].Data), "%s, %s", tt.a, tt.b)
	}
	assert.True(t, dns.EqualRData(nil, nil))
	assert.False(t, dns.EqualRData(nil, &dns.TXT{}))
	assert.False(t, dns.EqualRData(&dns.A{}, &dns.A{}), "neither can be written")
}

// The examples of RFC 1982 §5, in 32 bits.
func TestSerialCompare(t *testing.T) {
	for _, tt := range []struct {
		a, b uint32
		want int
		ok   bool
	}{
		{0, 0, 0, true},
		{0, 1, -1, true},
		{1, 0, +1, true},
		{44, 0, +1, true},
		{1<<31 - 1, 0, +1, true},
		{100, 44, +1, true},
		{1<<32 - 1, 0, -1, true},
		{1<<32 - 56, 44, -1, true},
		{0, 1<<31 - 1, -1, true},
		{0, 1 << 31, 0, false},
		{1 << 31, 0, 0, false},
		{7, 1<<31 + 7, 0, false},
		{7, 7 + dns.MaxSerialAdd, -1, true},
	} {
		c, ok := dns.SerialCompare(tt.a, tt.b)
		assert.Equal(t, tt.want, c, "%d, %d", tt.a, tt.b)
		assert.Equal(t, tt.ok, ok, "%d, %d", tt.a, tt.b)
	}
}
