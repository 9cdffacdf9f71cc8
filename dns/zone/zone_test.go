package zone_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/zone"
)

// signatures are as a signed zone has them, but that they sign nothing.
const signatures = "example.org." + soa + `
	www.example.org. 60 IN A 192.0.2.1
	www.example.org. 60 IN RRSIG A 13 3 60 20300101000000 20200101000000 7 example.org. AAAA
	www.example.org. 60 IN TXT "text"
	www.example.org. 60 IN RRSIG TXT 13 3 60 20300101000000 20200101000000 7 example.org. AAAA`

func TestSignatures(t *testing.T) {
	h := &zone.Handler{Store: served(t, "example.org.", signatures)}
	const (
		address = "\n> www.example.org. 60 IN A 192.0.2.1"
		sigA    = "\n> www.example.org. 60 IN RRSIG A 13 3 60 20300101000000 20200101000000 7 example.org. AAAA"
		sigTXT  = "\n> www.example.org. 60 IN RRSIG TXT 13 3 60 20300101000000 20200101000000 7 example.org. AAAA"
	)
	for _, tt := range []struct {
		name  string
		qtype dns.Type
		over  dns.TransportKind
		do    bool
		want  string
	}{
		{"3225-3 only who asks for them", dns.TypeA, dns.TransportUDP, false, "NOERROR aa" + address},
		{"4035-3.1.1 with DO", dns.TypeA, dns.TransportUDP, true, "NOERROR aa" + address + sigA},
		{"8482-7 one set over UDP", dns.TypeRRSIG, dns.TransportUDP, false, "NOERROR aa" + sigA},
		{"8482-7 all over TCP", dns.TypeRRSIG, dns.TransportTCP, false, "NOERROR aa" + sigA + sigTXT},
		{"8482-4.1 one set and its signatures", dns.TypeANY, dns.TransportUDP, true, "NOERROR aa" + address + sigA},
	} {
		for range 2 {
			m := answered(t, h, "www.example.org.", tt.qtype, asking{over: tt.over, edns: &dns.EDNS{DNSSECOK: tt.do}})
			assert.Equal(t, tt.want, told(m), tt.name)
		}
	}
}

func TestZone(t *testing.T) {
	z := build(t, "Example.org.", signatures)
	assert.Equal(t, "Example.org.", z.Origin().String())
	assert.Equal(t, dns.ClassIN, z.Class())
	assert.EqualValues(t, 1, z.Serial())
	assert.Equal(t, 1, z.SOA().Len())
	assert.Equal(t, 5, z.Len())
	assert.Len(t, z.Records(), 5)

	set, ok := z.Set(dns.MustName("WWW.example.org"), dns.TypeA)
	require.True(t, ok)
	assert.True(t, set.IsValid())
	assert.Equal(t, "www.example.org.", set.Name().String())
	assert.Equal(t, dns.TypeA, set.Type())
	assert.EqualValues(t, 60, set.TTL())
	assert.Equal(t, []netip.Addr{netip.MustParseAddr("192.0.2.1")}, slices.Collect(set.Addrs()))
	var types []string
	for s := range z.SetsAt(dns.MustName("www.example.org")) {
		types = append(types, s.Type().String()+" "+s.Covered().String())
	}
	assert.Equal(t, []string{"A TYPE0", "TXT TYPE0", "RRSIG A", "RRSIG TXT"}, types)
	for s := range z.Sets() { // and no more
		assert.Equal(t, dns.TypeSOA, s.Type())
		break
	}
	text, ok := z.Set(dns.MustName("www.example.org"), dns.TypeTXT)
	assert.True(t, ok)
	assert.Empty(t, slices.Collect(text.Addrs()), "text is no address")

	_, ok = z.Set(dns.MustName("www.example.org"), dns.TypeMX)
	assert.False(t, ok)
	_, ok = z.Set(dns.MustName("www.example.com"), dns.TypeA)
	assert.False(t, ok)
	var none zone.Set
	assert.False(t, none.IsValid())
	assert.Zero(t, none.Type())
	assert.Zero(t, none.Covered())
	assert.Zero(t, none.TTL())
	assert.Zero(t, none.Len())
	assert.False(t, none.Name().IsValid())
	assert.Empty(t, slices.Collect(none.All()))
	assert.Empty(t, slices.Collect(none.Addrs()))
}

func TestStore(t *testing.T) {
	var s zone.Store
	assert.Nil(t, s.Zone(dns.MustName("example.org")))
	assert.Nil(t, s.Find(dns.MustName("example.org")))
	assert.Empty(t, s.Zones())
	org, example, root := build(t, "org.", "org."+soa), build(t, "example.org.", "example.org."+soa), build(t, ".", "."+soa)
	s.Publish(example, org)
	assert.Same(t, example, s.Zone(dns.MustName("EXAMPLE.org")))
	assert.Nil(t, s.Zone(dns.MustName("www.example.org")))
	assert.Same(t, example, s.Find(dns.MustName("www.EXAMPLE.org")))
	assert.Same(t, org, s.Find(dns.MustName("xexample.org")))
	assert.Nil(t, s.Find(dns.MustName("com")))
	s.Publish(root)
	assert.Same(t, root, s.Find(dns.MustName("com")))
	assert.Same(t, root, s.Find(dns.Root))
	assert.Equal(t, []*zone.Zone{root, org, example}, s.Zones())
	s.Remove(dns.MustName("org"))
	assert.Same(t, root, s.Find(dns.MustName("org")))
	assert.Same(t, example, s.Find(dns.MustName("example.org")))
}

// A question for DS at an apex belongs to the zone above, if that one is here
// (RFC 4035 §3.1.4.1).
func TestDS(t *testing.T) {
	const child = "sub.example.org." + soa
	h := &zone.Handler{Store: served(t, "sub.example.org.", child)}
	assert.Equal(t, "NOERROR aa\nU sub.example.org. 300 IN"+soa[8:len(soa)-1], told(answered(t, h, "sub.example.org.", dns.TypeDS, asking{})), "the child alone")
	parent := "example.org." + soa + "sub.example.org. 60 IN NS ns.example.net.\n"
	h = &zone.Handler{Store: served(t, "sub.example.org.", child, "example.org.", parent)}
	assert.Equal(t, "NOERROR aa\nU example.org. 300 IN"+soa[8:len(soa)-1], told(answered(t, h, "sub.example.org.", dns.TypeDS, asking{})), "the parent too")
	h = &zone.Handler{Store: served(t, ".", "."+soa)}
	assert.Equal(t, "NOERROR aa\nU . 300 IN"+soa[8:len(soa)-1], told(answered(t, h, ".", dns.TypeDS, asking{})), "nothing is above the root")
}
