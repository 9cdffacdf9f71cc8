package zone_test

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/zone"
)

const soa = " 3600 IN SOA ns.example.org. admin.example.org. 1 7200 900 1209600 300\n"

func TestRefused(t *testing.T) {
	store := served(t, "example.org.", "example.org."+soa+"example.org. 60 IN A 192.0.2.1")
	for _, tt := range []struct {
		name  string
		h     *zone.Handler
		qname string
		qtype dns.Type
		class dns.Class
		want  string
	}{
		{"no zones", &zone.Handler{}, "example.org.", dns.TypeA, dns.ClassIN, "REFUSED"},
		{"an empty store", &zone.Handler{Store: new(zone.Store)}, "example.org.", dns.TypeA, dns.ClassIN, "REFUSED"},
		{"another zone", &zone.Handler{Store: store}, "example.net.", dns.TypeA, dns.ClassIN, "REFUSED"},
		{"the zone above", &zone.Handler{Store: store}, "org.", dns.TypeA, dns.ClassIN, "REFUSED"},
		{"another class", &zone.Handler{Store: store}, "example.org.", dns.TypeA, dns.ClassHS, "REFUSED"},
		{"a transfer", &zone.Handler{Store: store}, "example.org.", dns.TypeAXFR, dns.ClassIN, "REFUSED"},
		{"1035-3.2.3 mailboxes", &zone.Handler{Store: store}, "example.org.", dns.TypeMAILB, dns.ClassIN, "NOTIMP"},
		{"4892-2 the version is nobody's business", &zone.Handler{Store: store}, "version.bind.", dns.TypeTXT, dns.ClassCH, "REFUSED"},
		{"4892-3 nor who it is", &zone.Handler{Store: store, Version: "1"}, "id.server.", dns.TypeTXT, dns.ClassCH, "REFUSED"},
		{"4892-2 the version", &zone.Handler{Version: "1.2"}, "Version.Bind.", dns.TypeTXT, dns.ClassCH, "NOERROR aa\n> Version.Bind. 0 CH TXT \"1.2\""},
		{"4892-3 the name", &zone.Handler{ServerID: "a"}, "hostname.bind.", dns.TypeTXT, dns.ClassCH, "NOERROR aa\n> hostname.bind. 0 CH TXT \"a\""},
		{"4892-3 has no address", &zone.Handler{ServerID: "a"}, "id.server.", dns.TypeA, dns.ClassCH, "NOERROR aa"},
		{"1035-3.2.5 all classes: no authority for them", &zone.Handler{Store: store}, "example.org.", dns.TypeA, dns.ClassANY, "NOERROR\n> example.org. 60 IN A 192.0.2.1"},
	} {
		assert.Equal(t, tt.want, told(answered(t, tt.h, tt.qname, tt.qtype, asking{class: tt.class})), tt.name)
	}
	m := answered(t, &zone.Handler{Store: store}, "example.net.", dns.TypeA, asking{edns: &dns.EDNS{}})
	ede, ok := m.EDNS.Option(dns.OptionEDE)
	assert.True(t, ok)
	assert.Equal(t, []byte{0, 20}, ede, "RFC 8914 §4.21")
}

func TestANY(t *testing.T) {
	store := served(t, "example.org.", "example.org."+soa+`
		www.example.org. 60 IN A 192.0.2.1
		www.example.org. 60 IN A 192.0.2.2
		www.example.org. 60 IN TXT "text"
		alias.example.org. 60 IN CNAME www.example.org.`)
	const one = "NOERROR aa\n> www.example.org. 60 IN A 192.0.2.1\n> www.example.org. 60 IN A 192.0.2.2"
	const all = one + "\n> www.example.org. 60 IN TXT \"text\""
	for _, tt := range []struct {
		name string
		any  zone.ANY
		over dns.TransportKind
		want string
	}{
		{"8482-4.4 one over UDP", zone.ANYOverTCP, dns.TransportUDP, one},
		{"8482-4.4 all over TCP", zone.ANYOverTCP, dns.TransportTCP, all},
		{"8482-4.4 all over TLS", zone.ANYOverTCP, dns.TransportTLS, all},
		{"8482-4.1 one", zone.ANYOne, dns.TransportTCP, one},
		{"8482-4.2 HINFO", zone.ANYHInfo, dns.TransportTCP, "NOERROR aa\n> www.example.org. 3600 IN HINFO \"RFC" + "8482\" \"\""},
		{"1035-3.2.3 all", zone.ANYAll, dns.TransportUDP, all},
	} {
		h := &zone.Handler{Store: store, ANY: tt.any}
		assert.Equal(t, tt.want, told(answered(t, h, "www.example.org.", dns.TypeANY, asking{over: tt.over})), tt.name)
	}
	h := &zone.Handler{Store: store, ANY: zone.ANYAll}
	assert.Equal(t, "NOERROR aa\n> alias.example.org. 60 IN CNAME www.example.org.", told(answered(t, h, "alias.example.org.", dns.TypeANY, asking{})), "1034-3.6.2 an alias is not followed")
	assert.Equal(t, "NXDOMAIN aa\nU example.org. 300 IN"+strings.TrimSuffix(soa[8:], "\n"), told(answered(t, h, "x.example.org.", dns.TypeANY, asking{})))
}

// addresses are those of a set in an answer.
func addresses(m *dns.Message) (list []string) {
	for _, rr := range m.Answer {
		if a, ok := rr.Data.(*dns.A); ok {
			list = append(list, a.Addr.String())
		}
	}
	return list
}

func TestRotate(t *testing.T) {
	store := served(t, "example.org.", "example.org."+soa+`
		www.example.org. 60 IN A 192.0.2.1
		www.example.org. 60 IN A 192.0.2.2
		www.example.org. 60 IN A 192.0.2.3
		one.example.org. 60 IN A 192.0.2.9`)
	order := func(h *zone.Handler) (first []string) {
		for range 6 {
			list := addresses(answered(t, h, "www.example.org.", dns.TypeA, asking{}))
			assert.ElementsMatch(t, []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}, list)
			first = append(first, list[0][8:])
		}
		return first
	}
	assert.Equal(t, []string{"1", "1", "1", "1", "1", "1"}, order(&zone.Handler{Store: store}))
	h := &zone.Handler{Store: store, Rotate: zone.RotateRoundRobin}
	assert.Equal(t, []string{"1", "2", "3", "1", "2", "3"}, order(h))
	assert.Equal(t, []string{"192.0.2.2", "192.0.2.3", "192.0.2.1"}, func() []string {
		answered(t, h, "www.example.org.", dns.TypeA, asking{})
		return addresses(answered(t, h, "www.example.org.", dns.TypeA, asking{}))
	}(), "each begins one further")
	assert.Equal(t, []string{"192.0.2.9"}, addresses(answered(t, h, "one.example.org.", dns.TypeA, asking{})))
	seen := map[string]bool{}
	h = &zone.Handler{Store: store, Rotate: zone.RotateRandom}
	for range 200 {
		seen[addresses(answered(t, h, "www.example.org.", dns.TypeA, asking{}))[0]] = true
	}
	assert.Len(t, seen, 3)
}

// near answers with the address of the client's half of the world.
type near struct{ asked []string }

func (n *near) Choose(_ context.Context, q *dns.Query, client netip.Prefix, set zone.Set) zone.Choice {
	n.asked = append(n.asked, fmt.Sprint(set.Name(), " ", set.Type(), " ", client))
	all := slices.Collect(set.Addrs())
	if client.Addr().As4()[0] < 128 {
		return zone.Choice{Addrs: all[:1], TTL: 5, Scope: 1}
	}
	return zone.Choice{Addrs: all[1:], Scope: 1}
}

func TestPolicy(t *testing.T) {
	store := served(t, "example.org.", "example.org."+soa+`
		www.example.org. 60 IN A 192.0.2.1
		www.example.org. 60 IN A 192.0.2.2
		*.example.org. 60 IN A 192.0.2.3
		*.example.org. 60 IN A 192.0.2.4
		alias.example.org. 60 IN CNAME www.example.org.
		text.example.org. 60 IN TXT "text"
		signed.example.org. 60 IN A 192.0.2.5
		signed.example.org. 60 IN A 192.0.2.6
		signed.example.org. 60 IN RRSIG A 13 3 60 20300101000000 20200101000000 1 example.org. AAAA`)
	const signed = "NOERROR aa\n> signed.example.org. 60 IN A 192.0.2.5\n> signed.example.org. 60 IN A 192.0.2.6\n" +
		"> signed.example.org. 60 IN RRSIG A 13 3 60 20300101000000 20200101000000 1 example.org. AAAA"
	subnet := func(prefix string) *dns.EDNS {
		e := new(dns.EDNS)
		require.NoError(t, e.SetSubnet(dns.Subnet{Prefix: netip.MustParsePrefix(prefix)}))
		return e
	}
	for _, tt := range []struct {
		name, qname string
		qtype       dns.Type
		client      string
		edns        *dns.EDNS
		want, asked string
		scope       int // of the client subnet in the answer, -1 for none there
	}{
		{"by the address", "www.example.org.", dns.TypeA, "10.0.0.1", nil, "NOERROR aa\n> www.example.org. 5 IN A 192.0.2.1", "www.example.org. A 10.0.0.1/32", -1},
		{"by the other address", "www.example.org.", dns.TypeA, "192.0.2.1", nil, "NOERROR aa\n> www.example.org. 60 IN A 192.0.2.2", "www.example.org. A 192.0.2.1/32", -1},
		{"7871-7.2.1 by the subnet", "www.example.org.", dns.TypeA, "192.0.2.1", subnet("10.0.0.0/8"), "NOERROR aa\n> www.example.org. 5 IN A 192.0.2.1", "www.example.org. A 10.0.0.0/8", 1},
		{"7871-7.1.2 a subnet of no bits", "www.example.org.", dns.TypeA, "192.0.2.1", subnet("0.0.0.0/0"), "NOERROR aa\n> www.example.org. 60 IN A 192.0.2.2", "www.example.org. A 192.0.2.1/32", 0},
		{"behind an alias", "alias.example.org.", dns.TypeA, "10.0.0.1", nil, "NOERROR aa\n> alias.example.org. 60 IN CNAME www.example.org.\n> www.example.org. 5 IN A 192.0.2.1", "www.example.org. A 10.0.0.1/32", -1},
		{"for a wildcard", "x.example.org.", dns.TypeA, "10.0.0.1", nil, "NOERROR aa\n> x.example.org. 5 IN A 192.0.2.3", "x.example.org. A 10.0.0.1/32", -1},
		{"4034-3.1.8.1 a signature is for the whole set", "signed.example.org.", dns.TypeA, "10.0.0.1", &dns.EDNS{DNSSECOK: true}, signed, "", -1},
		{"4034-3.1.8.1 who asks for none gets a part", "signed.example.org.", dns.TypeA, "10.0.0.1", &dns.EDNS{}, "NOERROR aa\n> signed.example.org. 5 IN A 192.0.2.5", "signed.example.org. A 10.0.0.1/32", -1},
		{"not for text", "text.example.org.", dns.TypeTXT, "10.0.0.1", nil, "NOERROR aa\n> text.example.org. 60 IN TXT \"text\"", "", -1},
		{"7871-7.2.1 text is the same for all", "text.example.org.", dns.TypeTXT, "10.0.0.1", subnet("10.0.0.0/8"), "NOERROR aa\n> text.example.org. 60 IN TXT \"text\"", "", 0},
	} {
		p := new(near)
		h := &zone.Handler{Store: store, Policy: p}
		m := answered(t, h, tt.qname, tt.qtype, asking{client: tt.client, edns: tt.edns})
		assert.Equal(t, tt.want, told(m), tt.name)
		scope := -1
		if m.EDNS != nil {
			if s, ok := m.EDNS.Subnet(); ok {
				scope = int(s.Scope)
			}
		}
		assert.Equal(t, tt.scope, scope, tt.name)
		assert.Equal(t, tt.asked, strings.Join(p.asked, ", "), tt.name)
	}
}

func TestTruncation(t *testing.T) {
	var records strings.Builder
	records.WriteString("example.org." + soa)
	for i := range 40 {
		fmt.Fprintf(&records, "many.example.org. 60 IN A 192.0.2.%d\n", i)
		fmt.Fprintf(&records, "cut.example.org. 60 IN NS ns%d.cut.example.org.\nns%d.cut.example.org. 60 IN A 192.0.2.%d\n", i, i, i)
	}
	records.WriteString(`
		some.example.org. 60 IN NS ns.some.example.org.
		ns.some.example.org. 60 IN AAAA 2001:db8::1
		sib.example.org. 60 IN NS ns.some.example.org.
		sib.example.org. 60 IN NS a.sib.example.org.
		a.sib.example.org. 60 IN A 192.0.2.1
	`)
	for i := range 20 {
		fmt.Fprintf(&records, "a.sib.example.org. 60 IN AAAA 2001:db8::%d\n", i)
	}
	store := served(t, "example.org.", records.String())
	h := &zone.Handler{Store: store}
	for _, tt := range []struct {
		name, qname                string
		over                       dns.TransportKind
		size                       uint16
		tc                         bool
		answer, authority, address int
	}{
		{"1035-4.2.1 the set does not fit into 512 octets", "many.example.org.", dns.TransportUDP, 0, true, 0, 0, 0},
		{"2181-9 a set is there whole or not at all", "many.example.org.", dns.TransportUDP, 600, true, 0, 0, 0},
		{"6891-6.2.3 it does into 1232", "many.example.org.", dns.TransportUDP, 1232, false, 40, 0, 0},
		{"7766-5 over TCP", "many.example.org.", dns.TransportTCP, 0, false, 40, 0, 0},
		{"9471-3.1 the addresses of a referral do not all fit", "x.cut.example.org.", dns.TransportUDP, 1232, true, 0, 40, 27},
		{"9471-3.1 over TCP they do", "x.cut.example.org.", dns.TransportTCP, 0, false, 0, 40, 40},
		{"9471-3.1 needed addresses are cut", "x.sib.example.org.", dns.TransportUDP, 0, true, 0, 2, 1},
		{"9471-3.3 addresses of a sibling are extras", "x.sib.example.org.", dns.TransportUDP, 680, false, 0, 2, 21},
		{"9471-3.3 and are there where they fit", "x.sib.example.org.", dns.TransportUDP, 710, false, 0, 2, 22},
	} {
		var edns *dns.EDNS
		if tt.size > 0 {
			edns = &dns.EDNS{UDPSize: tt.size}
		}
		for range 2 {
			octets := ask(t, h, tt.qname, dns.TypeA, asking{over: tt.over, edns: edns})
			if tt.over == dns.TransportUDP {
				assert.LessOrEqual(t, len(octets), max(int(tt.size), 512), tt.name)
			}
			m, err := dns.ParseMessage(octets, nil)
			require.NoError(t, err, tt.name)
			assert.Equal(t, []any{tt.tc, tt.answer, tt.authority, tt.address}, []any{m.Truncated, len(m.Answer), len(m.Authority), len(m.Additional)}, tt.name)
		}
	}
}

// Addresses that fill more than a message are left out, and names that come
// behind them do not point to where they were.
func TestAdditionalTooLong(t *testing.T) {
	var records strings.Builder
	records.WriteString("example.org." + soa + `
		example.org. 60 IN SRV 1 1 1 many.hosts.example.org.
		many.hosts.example.org. 60 IN AAAA 2001:db8::1
		example.org. 60 IN SRV 2 1 1 few.hosts.example.org.
		few.hosts.example.org. 60 IN A 192.0.2.1` + "\n")
	for i := range 5000 {
		fmt.Fprintf(&records, "many.hosts.example.org. 60 IN A 10.0.%d.%d\n", i>>8, i&255)
	}
	h := &zone.Handler{Store: served(t, "example.org.", records.String()), Full: true}
	assert.Equal(t, `NOERROR aa
> example.org. 60 IN SRV 1 1 1 many.hosts.example.org.
> example.org. 60 IN SRV 2 1 1 few.hosts.example.org.`, told(answered(t, h, "example.org.", dns.TypeSRV, asking{over: dns.TransportTCP})))
}

// Full adds addresses of the answer's zone, Everywhere those of others too.
func TestEverywhere(t *testing.T) {
	store := served(t,
		"example.org.", "example.org."+soa+`
			example.org. 60 IN MX 10 mx.example.org.
			example.org. 60 IN MX 20 mx.example.net.
			example.org. 60 IN MX 30 none.example.net.
			mx.example.org. 60 IN A 192.0.2.1`,
		"example.net.", "example.net."+soa+`
			mx.example.net. 60 IN A 192.0.2.2`)
	const answer = `NOERROR aa
> example.org. 60 IN MX 10 mx.example.org.
> example.org. 60 IN MX 20 mx.example.net.
> example.org. 60 IN MX 30 none.example.net.
`
	const own = "A mx.example.org. 60 IN A 192.0.2.1"
	for _, tt := range []struct {
		h    *zone.Handler
		want string
	}{
		{&zone.Handler{Store: store, Full: true}, answer + own},
		{&zone.Handler{Store: store, Full: true, Everywhere: true}, answer + own + "\nA mx.example.net. 60 IN A 192.0.2.2"},
	} {
		assert.Equal(t, tt.want, told(answered(t, tt.h, "example.org.", dns.TypeMX, asking{})))
	}
}

// Referrals are kept for all names below a cut: the same answer, but for where
// the names stand. One that is too long for that is right all the same.
func TestReferralShared(t *testing.T) {
	var records strings.Builder
	records.WriteString("example.org." + soa)
	for _, cut := range []struct {
		name    string
		servers int
	}{{"few", 3}, {"many", 400}} {
		for i := range cut.servers {
			fmt.Fprintf(&records, "%s.example.org. 60 IN NS a%d.ns.%[1]s.example.org.\na%[2]d.ns.%[1]s.example.org. 60 IN A 192.0.2.%[3]d\n", cut.name, i, i%256)
			fmt.Fprintf(&records, "%s.example.org. 60 IN NS a-very-long-name-of-a-server-that-is-not-here-%d.example.net.\n", cut.name, i)
		}
	}
	store := served(t, "example.org.", records.String())
	kept, made := &zone.Handler{Store: store}, &zone.Handler{Store: store, Prepared: -1}
	long := strings.Repeat(strings.Repeat("l", 60)+".", 3)
	for _, cut := range []string{"few", "many"} {
		for _, name := range []string{"x.", "", "y.z.", long, "X.", ""} {
			name += cut + ".example.org."
			for _, size := range []uint16{512, 700, 1232, 0} {
				with := asking{edns: &dns.EDNS{UDPSize: size}}
				if size == 0 {
					with.over = dns.TransportTCP
				}
				want := told(answered(t, made, name, dns.TypeA, with))
				assert.Equal(t, want, told(answered(t, kept, name, dns.TypeA, with)), "%s %d", name, size)
			}
		}
	}
}

// A question for the cut itself, of any type there can be, leaves the referral
// for the names below alone.
func TestReferralSharedWithNoType(t *testing.T) {
	store := served(t, "example.org.", "example.org."+soa+`
		cut.example.org. 60 IN NS ns.cut.example.org.
		ns.cut.example.org. 60 IN A 192.0.2.1`)
	const want = "NOERROR\nU cut.example.org. 60 IN NS ns.cut.example.org.\nA ns.cut.example.org. 60 IN A 192.0.2.1"
	for _, typ := range []dns.Type{0, dns.TypeNS, 65535} {
		h := &zone.Handler{Store: store}
		assert.Equal(t, want, told(answered(t, h, "cut.example.org.", typ, asking{})), "%s", typ)
		for _, below := range []string{"x.cut.example.org.", "y.x.cut.example.org."} {
			assert.Equal(t, want, told(answered(t, h, below, dns.TypeA, asking{})), "%s after %s", below, typ)
		}
		assert.Equal(t, want, told(answered(t, h, "cut.example.org.", typ, asking{})), "%s again", typ)
	}
}

// Versions that are served no more are not held by the answers that were kept.
func TestPublishFrees(t *testing.T) {
	h := &zone.Handler{Store: new(zone.Store)}
	var freed atomic.Int32
	const versions = 8
	for i := range versions {
		z := build(t, "example.org.", fmt.Sprintf("example.org.%sa%d.example.org. 60 IN A 192.0.2.1", soa, i))
		runtime.AddCleanup(z, func(int) { freed.Add(1) }, 0)
		h.Store.Publish(z)
		answered(t, h, fmt.Sprintf("a%d.example.org.", i), dns.TypeA, asking{})
	}
	for range 100 {
		if runtime.GC(); freed.Load() == versions-1 {
			break
		}
	}
	assert.EqualValues(t, versions-1, freed.Load(), "all but the last")
	runtime.KeepAlive(h)
}

// Answers that were kept are of one version of the zones: a new one is seen at
// once.
func TestPublish(t *testing.T) {
	var store zone.Store
	h := &zone.Handler{Store: &store}
	question := func() string { return told(answered(t, h, "www.example.org.", dns.TypeA, asking{})) }
	assert.Equal(t, "REFUSED", question())
	for i := range 3 {
		store.Publish(build(t, "example.org.", fmt.Sprintf("example.org.%s www.example.org. 60 IN A 192.0.2.%d", soa, i)))
		for range 3 {
			assert.Equal(t, fmt.Sprintf("NOERROR aa\n> www.example.org. 60 IN A 192.0.2.%d", i), question())
		}
	}
	store.Publish(build(t, "www.example.org.", "www.example.org."+soa))
	assert.Equal(t, "NOERROR aa\nU www.example.org. 300 IN"+strings.TrimSuffix(soa[8:], "\n"[:1]), question(), "the longest match")
	store.Remove(dns.MustName("WWW.example.org."))
	assert.Contains(t, question(), "192.0.2.2")
	store.Remove(dns.MustName("example.org."))
	assert.Equal(t, "REFUSED", question())
}

// Whoever asks while zones change gets an answer of one version, and none that
// is older than the one before.
func TestPublishMeanwhile(t *testing.T) {
	var store zone.Store
	version := func(i int) *zone.Zone {
		return build(t, "example.org.", fmt.Sprintf("example.org.%s www.example.org. 60 IN A 192.0.2.%d\nwww.example.org. 60 IN A 198.51.100.%d", soa, i, i))
	}
	store.Publish(version(0))
	h := &zone.Handler{Store: &store}
	var versions []*zone.Zone
	for i := range 200 {
		versions = append(versions, version(i))
	}
	var wg sync.WaitGroup
	var done atomic.Bool
	for range 4 {
		wg.Go(func() {
			for last := 0; !done.Load(); {
				octets := ask(t, h, "www.example.org.", dns.TypeA, asking{})
				a, b := octets[len(octets)-17], octets[len(octets)-1] // the last of each address
				if !assert.Equal(t, a, b) || !assert.GreaterOrEqual(t, int(a), last) {
					return
				}
				last = int(a)
			}
		})
	}
	for _, z := range versions {
		store.Publish(z)
	}
	done.Store(true)
	wg.Wait()
}
