package resolver_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/resolver"
)

const dumped = `delegation authoritative 60 example.com. IN NS
	example.com.	60	IN	NS	ns.example.com.
	ns.example.com.	60	IN	A	192.0.2.20
nothing authoritative 300 none.example.com. IN TYPE0
	example.com.	300	IN	SOA	ns.invalid. admin.invalid. 1 2 3 4 5
answer authoritative 60 www.example.com. IN A
	www.example.com.	60	IN	A	198.51.100.1
	www.example.com.	60	IN	A	198.51.100.2
nodata other 10 www.example.com. IN MX
`

func TestCacheDumpAndLoad(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	c := resolver.NewCache(0)
	require.NoError(t, c.Load(strings.NewReader(dumped), now))
	var b strings.Builder
	require.NoError(t, c.Dump(&b, now))
	assert.Equal(t, dumped, b.String())
	b.Reset()
	require.NoError(t, c.Dump(&b, now.Add(30*time.Second)))
	assert.Equal(t, strings.NewReplacer("\t60\t", "\t30\t", " 60 ", " 30 ", "300", "270").Replace(dumped[:strings.Index(dumped, "nodata")]), b.String(), "TTLs become less; what has ended is gone")
	assert.Equal(t, 4, c.Stats().Entries)
	c.Flush()
	assert.Zero(t, c.Stats().Entries)

	w := small(t, &resolver.EngineOptions{Cache: c})
	require.NoError(t, c.Load(strings.NewReader(dumped), w.now))
	r := w.ask("www.example.com.", dns.TypeA)
	assert.Len(t, r.Answer, 2)
	assert.Empty(t, w.log)
	w.ask("mail.example.com.", dns.TypeA)
	assert.Len(t, w.log, 1, "its delegation was known")
}

func TestCacheLoadRefuses(t *testing.T) {
	for _, row := range []struct {
		name, in string
		offset   int64
	}{
		{"a record of nothing", "\ta. 1 IN A 192.0.2.1\n", 0},
		{"a kind that is none", "word authoritative 1 a. IN A\n", 0},
		{"a rank that is none", "answer sure 1 a. IN A\n", 0},
		{"a TTL that is none", "answer other x a. IN A\n", 0},
		{"a TTL below zero", "answer other -1 a. IN A\n", 0},
		{"a name that is none", "answer other 1 a..b IN A\n", 0},
		{"a class that is none", "answer other 1 a. XX A\n", 0},
		{"a type that is none", "answer other 1 a. IN XX\n", 0},
		{"a word too few", "answer other 1 a. IN\n", 0},
		{"a record that is none", "answer other 1 a. IN A\n\ta. 1 IN A x\n", 23},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := resolver.NewCache(0).Load(strings.NewReader(row.in), time.Unix(0, 0))
			e, ok := errors.AsType[*dns.ParseError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, row.offset, e.Offset)
		})
	}
	assert.Error(t, resolver.NewCache(0).Load(strings.NewReader(strings.Repeat("x", 1<<20)), time.Unix(0, 0)), "a line without end")
}

// The cache keeps to its octets, whatever goes in, and what is used stays
// longer than what is not.
func TestCacheIsBounded(t *testing.T) {
	const octets = 1 << 20
	c := resolver.NewCache(octets)
	now := time.Unix(1_700_000_000, 0)
	load := func(i int) {
		in := fmt.Sprintf("answer authoritative 60 h%d.example. IN TXT\n\th%d.example. 60 IN TXT x%s\n", i, i, strings.Repeat("x", i%250))
		require.NoError(t, c.Load(strings.NewReader(in), now))
	}
	kept := asked("h0.example.", dns.TypeTXT)
	for i := range 20000 {
		load(i)
		resolver.CacheKnown(c, now, kept)
		require.LessOrEqual(t, c.Stats().Octets, octets)
	}
	assert.Greater(t, c.Stats().Entries, 2000)
	assert.True(t, resolver.CacheKnown(c, now, kept), "used all the time")
	found := 0
	for i := 1; i < 1000; i++ {
		if resolver.CacheKnown(c, now, asked(fmt.Sprintf("h%d.example.", i), dns.TypeTXT)) {
			found++
		}
	}
	assert.Less(t, found, 100, "old and not used")
}

func TestCacheRefusesGiants(t *testing.T) {
	c := resolver.NewCache(16 << 10)
	now := time.Unix(1_700_000_000, 0)
	in := "answer authoritative 60 a. IN TXT\n\ta. 60 IN TXT " + strings.Repeat(strings.Repeat("x", 200)+" ", 20) + "\n"
	require.NoError(t, c.Load(strings.NewReader(in), now))
	assert.Zero(t, c.Stats().Entries)
}

// RFC 2181 §5.4.1: what one without authority says does not replace the word of
// one with it, until that has ended.
func TestCacheRanks(t *testing.T) {
	c := resolver.NewCache(0)
	now := time.Unix(1_700_000_000, 0)
	set := func(rank, addr string, at time.Time) {
		in := fmt.Sprintf("answer %s 60 a. IN A\n\ta. 60 IN A %s\n", rank, addr)
		require.NoError(t, c.Load(strings.NewReader(in), at))
	}
	holds := func(addr string, at time.Time) bool {
		var b strings.Builder
		require.NoError(t, c.Dump(&b, at))
		return strings.Contains(b.String(), addr)
	}
	set("other", "192.0.2.1", now)
	set("authoritative", "192.0.2.2", now)
	assert.True(t, holds("192.0.2.2", now))
	set("other", "192.0.2.3", now)
	assert.True(t, holds("192.0.2.2", now))
	later := now.Add(time.Minute)
	set("other", "192.0.2.3", later)
	assert.True(t, holds("192.0.2.3", later))
}
