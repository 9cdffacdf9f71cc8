package zone_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/zone"
)

// listed are a zone's records, a line each.
func listed(z *zone.Zone) (list []string) {
	for rr := range z.All() {
		list = append(list, strings.Join(strings.Fields(rr.String()), " "))
	}
	return list
}

func TestBuilderAdd(t *testing.T) {
	const apex = "example.org. 60 IN SOA ns.example.org. admin.example.org. 1 7200 900 1209600 300"
	for _, tt := range []struct {
		name, records string
		want          []string // without the SOA record
		err           error
	}{
		{"4034-6.1 canonical order", "b.example.org. 5 A 192.0.2.1\nz.a.example.org. 5 A 192.0.2.2\na.example.org. 5 A 192.0.2.3\nexample.org. 5 NS ns.example.org.",
			[]string{"example.org. 5 IN NS ns.example.org.", "a.example.org. 5 IN A 192.0.2.3", "z.a.example.org. 5 IN A 192.0.2.2", "b.example.org. 5 IN A 192.0.2.1"}, nil},
		{"4034-6.1 octets below letters", `\000.example.org. 5 A 192.0.2.1` + "\n" + `\001.example.org. 5 A 192.0.2.2` + "\n" + `\000\000.example.org. 5 A 192.0.2.3` + "\n" + `a.\000.example.org. 5 A 192.0.2.4`,
			[]string{`\000.example.org. 5 IN A 192.0.2.1`, `a.\000.example.org. 5 IN A 192.0.2.4`, `\000\000.example.org. 5 IN A 192.0.2.3`, `\001.example.org. 5 IN A 192.0.2.2`}, nil},
		{"4343-3 names differ by case alone: the first spelling stays", "WWW.example.org. 5 A 192.0.2.1\nwww.EXAMPLE.org. 5 A 192.0.2.2",
			[]string{"WWW.example.org. 5 IN A 192.0.2.1", "WWW.example.org. 5 IN A 192.0.2.2"}, nil},
		{"2181-5 the same data is there once", "www.example.org. 5 A 192.0.2.1\nwww.example.org. 5 A 192.0.2.1\nwww.example.org. 5 MX 1 A.example.org.\nwww.example.org. 5 MX 1 a.example.ORG.",
			[]string{"www.example.org. 5 IN A 192.0.2.1", "www.example.org. 5 IN MX 1 A.example.org."}, nil},
		{"2181-5.2 a set has one TTL, the lowest", "www.example.org. 9 A 192.0.2.1\nwww.example.org. 5 A 192.0.2.2\nwww.example.org. 7 TXT a",
			[]string{"www.example.org. 5 IN A 192.0.2.1", "www.example.org. 5 IN A 192.0.2.2", "www.example.org. 7 IN TXT \"a\""}, nil},
		{"a name that comes again", "a.example.org. 5 A 192.0.2.1\nb.example.org. 5 A 192.0.2.1\na.example.org. 4 A 192.0.2.2\nb.example.org. 5 TXT b\na.example.org. 5 A 192.0.2.3",
			[]string{"a.example.org. 4 IN A 192.0.2.1", "a.example.org. 4 IN A 192.0.2.2", "a.example.org. 4 IN A 192.0.2.3", "b.example.org. 5 IN A 192.0.2.1", "b.example.org. 5 IN TXT \"b\""}, nil},

		{"1035-5.2 another zone", "www.example.com. 5 A 192.0.2.1", nil, zone.ErrOutOfZone},
		{"1035-5.2 the zone above", "org. 5 A 192.0.2.1", nil, zone.ErrOutOfZone},
		{"1035-5.2 a suffix that is no label", "xexample.org. 5 A 192.0.2.1", nil, zone.ErrOutOfZone},
		{"1035-5.2 another class", "www.example.org. 5 CH TXT a", nil, zone.ErrOutOfZone},
		{"1035-5.2 a second SOA", "example.org. 60 IN SOA ns.example.org. admin.example.org. 2 7200 900 1209600 300", nil, zone.ErrNoSOA},
		{"1035-5.2 a SOA below", "www.example.org. 60 IN SOA ns.example.org. admin.example.org. 2 7200 900 1209600 300", nil, zone.ErrNoSOA},
		{"2181-10.1 beside an alias", "www.example.org. 5 CNAME a.example.org.\nwww.example.org. 5 A 192.0.2.1", nil, zone.ErrAlias},
		{"2181-10.1 two aliases", "www.example.org. 5 CNAME a.example.org.\nwww.example.org. 5 CNAME b.example.org.", nil, zone.ErrAlias},
		{"6672-2.4 two DNAMEs", "www.example.org. 5 DNAME a.example.org.\nwww.example.org. 5 DNAME b.example.org.", nil, zone.ErrAlias},
		{"6895-3.1 a question's type", `www.example.org. 5 TYPE252 \# 0`, nil, zone.ErrMeta},
	} {
		z, err := try(t, "example.org.", apex+"\n"+tt.records)
		if tt.err != nil {
			assert.ErrorIs(t, err, tt.err, tt.name)
			continue
		}
		if assert.NoError(t, err, tt.name) {
			assert.Equal(t, append([]string{apex}, tt.want...), listed(z), tt.name)
			assert.Equal(t, len(tt.want)+1, z.Len(), tt.name)
		}
	}
	_, err := try(t, "example.org.", "example.org. 5 IN NS ns.example.org.")
	assert.ErrorIs(t, err, zone.ErrNoSOA)
}

func TestBuilderChange(t *testing.T) {
	old := build(t, "example.org.", `
		example.org. 60 IN SOA ns.example.org. admin.example.org. 1 7200 900 1209600 300
		www.example.org. 5 A 192.0.2.1
		www.example.org. 5 A 192.0.2.2
		www.example.org. 5 TXT a
		old.example.org. 5 A 192.0.2.3`)
	before := listed(old)
	b := old.Builder()
	assert.True(t, b.Remove(record(t, "WWW.example.org. 99 IN A 192.0.2.1")), "whatever TTL and case")
	assert.False(t, b.Remove(record(t, "www.example.org. 5 IN A 192.0.2.1")), "it is gone")
	assert.False(t, b.Remove(record(t, "other.example.com. 5 IN A 192.0.2.1")))
	assert.True(t, b.RemoveSet(dns.MustName("www.example.org"), dns.TypeTXT))
	assert.False(t, b.RemoveSet(dns.MustName("www.example.org"), dns.TypeTXT))
	assert.True(t, b.RemoveName(dns.MustName("old.example.org")))
	assert.False(t, b.RemoveName(dns.MustName("old.example.org")))
	require.NoError(t, b.Add(record(t, "old.example.org. 5 IN CNAME new.example.org.")), "an alias in the place of an address")
	assert.True(t, b.RemoveSet(dns.MustName("example.org"), dns.TypeSOA))
	require.NoError(t, b.Add(record(t, "example.org. 60 IN SOA ns.example.org. admin.example.org. 2 7200 900 1209600 300")))
	z, err := b.Zone()
	require.NoError(t, err)
	assert.Equal(t, []string{
		"example.org. 60 IN SOA ns.example.org. admin.example.org. 2 7200 900 1209600 300",
		"old.example.org. 5 IN CNAME new.example.org.",
		"www.example.org. 5 IN A 192.0.2.2",
	}, listed(z))
	assert.EqualValues(t, 2, z.Serial())
	assert.Equal(t, before, listed(old), "the version before is as it was")

	_, err = b.Zone()
	assert.ErrorIs(t, err, zone.ErrBuilt)
	assert.ErrorIs(t, b.Add(record(t, "x.example.org. 5 IN A 192.0.2.1")), zone.ErrBuilt)
	assert.False(t, b.RemoveName(dns.MustName("www.example.org")))
}

// A fault that is mended before the end is none.
func TestBuilderMended(t *testing.T) {
	b := zone.NewBuilder(dns.MustName("example.org"))
	for _, line := range []string{
		"example.org. 60 IN SOA ns.example.org. admin.example.org. 1 7200 900 1209600 300",
		"www.example.org. 5 IN A 192.0.2.1", "www.example.org. 5 IN CNAME a.example.org.", "a.example.org. 5 IN A 192.0.2.1",
	} {
		require.NoError(t, b.Add(record(t, line)))
	}
	assert.True(t, b.RemoveSet(dns.MustName("www.example.org"), dns.TypeA))
	_, err := b.Zone()
	assert.NoError(t, err)
}

// Versions by random changes hold what a map holds, in canonical order, and the
// versions before stay what they were.
func TestBuilderRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	origin := dns.MustName("example.org")
	b := zone.NewBuilder(origin)
	require.NoError(t, b.Add(record(t, "example.org. 60 IN SOA ns.example.org. admin.example.org. 1 7200 900 1209600 300")))
	type version struct {
		z    *zone.Zone
		want map[string]string
	}
	var versions []version
	want := map[string]string{}
	for round := range 12 {
		for range []int{4000, 1, 10, 600}[round%4] {
			name := dns.MustName(fmt.Sprintf("h%d.z%d.example.org", r.IntN(2000), r.IntN(3)))
			if r.IntN(3) == 0 {
				_, had := want[name.String()]
				assert.Equal(t, had, b.RemoveName(name))
				delete(want, name.String())
				continue
			}
			addr := netip.AddrFrom4([4]byte{10, 0, byte(r.IntN(256)), byte(r.IntN(256))})
			b.RemoveName(name)
			require.NoError(t, b.Add(dns.RR{Name: name, Class: dns.ClassIN, TTL: 5, Data: &dns.A{Addr: addr}}))
			want[name.String()] = addr.String()
		}
		z, err := b.Zone()
		require.NoError(t, err)
		versions = append(versions, version{z, maps.Clone(want)})
		b = z.Builder()
	}
	for i, v := range versions {
		got := map[string]string{}
		var names []dns.Name
		for rr := range v.z.All() {
			names = append(names, rr.Name)
			if a, ok := rr.Data.(*dns.A); ok {
				got[rr.Name.String()] = a.Addr.String()
			}
		}
		assert.Equal(t, v.want, got, "version %d", i)
		assert.True(t, slices.IsSortedFunc(names, dns.Name.Compare), "version %d", i)
		assert.Equal(t, len(v.want)+1, v.z.Len())
		for name := range v.want {
			_, ok := v.z.Set(dns.MustName(strings.ToUpper(name)), dns.TypeA)
			require.True(t, ok, name)
		}
		_, ok := v.z.Set(dns.MustName("h.z1.example.org"), dns.TypeA)
		assert.False(t, ok)
	}
}

// Records that are added in any order, some twice, to no zone or to one that has
// some of them, give what they give one by one.
func TestBuilderAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	origin := dns.MustName("example.org")
	soa := record(t, "example.org. 60 IN SOA ns.example.org. admin.example.org. 1 7200 900 1209600 300")
	var rrs []dns.RR
	for i := range 400 {
		owner := dns.MustName(fmt.Sprintf("h%d.z%d.example.org", i%40, i%3))
		ttl := uint32(60 + i%2)
		rrs = append(rrs,
			dns.RR{Name: owner, Class: dns.ClassIN, TTL: ttl, Data: &dns.A{Addr: netip.AddrFrom4([4]byte{10, 0, 0, byte(r.IntN(9))})}},
			dns.RR{Name: owner, Class: dns.ClassIN, TTL: ttl, Data: &dns.NS{Host: dns.MustName([]string{"ns.", "NS.", "ms."}[r.IntN(3)])}},
			dns.RR{Name: owner, Class: dns.ClassIN, TTL: ttl, Data: &dns.TXT{Texts: []string{[]string{"ns", "NS"}[r.IntN(2)]}}})
	}
	// Names and data are the same whatever their case: which is kept is not asked.
	told := func(z *zone.Zone) (all []string) {
		for rr := range z.All() {
			all = append(all, strings.Replace(rr.String(), "\tNS\tNS.", "\tNS\tns.", 1))
		}
		slices.Sort(all)
		return all
	}
	build := func(b *zone.Builder, rrs []dns.RR) *zone.Zone {
		require.NoError(t, b.Add(soa))
		for _, rr := range rrs {
			require.NoError(t, b.Add(rr))
		}
		z, err := b.Zone()
		require.NoError(t, err)
		return z
	}
	oneByOne := zone.NewBuilder(origin)
	require.False(t, oneByOne.RemoveName(origin))
	want := told(build(oneByOne, rrs))
	for i := range 10 {
		r.Shuffle(len(rrs), func(i, j int) { rrs[i], rrs[j] = rrs[j], rrs[i] })
		z := build(zone.NewBuilder(origin), rrs)
		require.Equal(t, want, told(z))
		first := build(zone.NewBuilder(origin), rrs[:100*i])
		z = build(first.Builder(), rrs[50*i:])
		require.Equal(t, want, told(z))
		assert.Equal(t, len(want), z.Len())
	}
}

// What comes in the worst order takes no more than in the best: names by turns,
// sets of very many records.
func TestBuilderTurns(t *testing.T) {
	b := zone.NewBuilder(dns.MustName("example.org"))
	require.NoError(t, b.Add(record(t, "example.org. 60 IN SOA ns.example.org. admin.example.org. 1 7200 900 1209600 300")))
	names := []dns.Name{dns.MustName("a.example.org"), dns.MustName("b.example.org")}
	const n = 100_000
	for i := range n {
		a := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		require.NoError(t, b.Add(dns.RR{Name: names[i%2], Class: dns.ClassIN, TTL: 5, Data: &dns.A{Addr: a}}))
	}
	z, err := b.Zone()
	require.NoError(t, err)
	assert.Equal(t, n+1, z.Len())
	// Such a set fits into no message.
	var store zone.Store
	store.Publish(z)
	m := answered(t, &zone.Handler{Store: &store}, "a.example.org.", dns.TypeA, asking{over: dns.TransportTCP})
	assert.Equal(t, "NOERROR aa tc", told(m))
}

func TestLoad(t *testing.T) {
	load := func(text string) (*zone.Zone, []zone.Problem, error) {
		return zone.Load(strings.NewReader(text), &zone.ReaderOptions{Origin: dns.MustName("example.org"), File: "f"})
	}
	const good = "$TTL 60\n@ SOA ns admin 1 1 1 1 1\n@ NS ns\nns A 192.0.2.1\n"
	z, warnings, err := load(good + "www 5 A 192.0.2.1\nwww 6 A 192.0.2.1\nsub NS ns.sub\nx.sub TXT a\nsub2 NS www\n")
	require.NoError(t, err)
	assert.Equal(t, 7, z.Len())
	var told []string
	for _, w := range warnings {
		assert.True(t, w.Warning)
		told = append(told, w.Error())
	}
	assert.ElementsMatch(t, []string{
		"zone: www.example.org. A: record that is there twice (RFC 2181 §5)",
		"zone: www.example.org. A: TTLs of a set that differ: the lowest counts (RFC 2181 §5.2)",
		"zone: sub.example.org. NS: name server ns.sub.example.org. has no address (RFC 1034 §4.2.1)",
		"zone: x.sub.example.org. TXT: below the delegation of sub.example.org. (RFC 1034 §4.2.1)",
	}, told)

	for _, tt := range []struct{ name, in, want string }{
		{"1034-4.2.1 no name server", "@ 5 SOA ns admin 1 1 1 1 1\n", "zone: example.org. NS: no name server (RFC 1034 §4.2.1)"},
		{"6672-2.4 below a DNAME", good + "d DNAME ns\na.d A 192.0.2.1\n", "zone: a.d.example.org.: below the DNAME record of d.example.org. (RFC 6672 §2.4)"},
		{"6672-2.4 below a DNAME at the apex", good + "@ DNAME example.net.\n", "zone: ns.example.org.: below the DNAME record of example.org. (RFC 6672 §2.4)"},
		{"1035-5.2 another zone", good + "example.com. A 192.0.2.1\n", "zone: f:5:1: zone example.org.: example.com.: not of this zone"},
	} {
		_, _, err := load(tt.in)
		assert.EqualError(t, err, tt.want, tt.name)
	}
	_, _, err = zone.Load(strings.NewReader(good), nil)
	assert.Error(t, err, "no origin")
	_, _, err = load(good + "www A x\n")
	_, ok := errors.AsType[*zone.ParseError](err)
	assert.True(t, ok)
	_, _, err = zone.LoadFile(dns.MustName("example.org"), t.TempDir())
	assert.Error(t, err, "a folder")
}
