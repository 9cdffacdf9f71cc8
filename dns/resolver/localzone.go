package resolver

import (
	"fmt"
	"net/netip"

	"applayer/dns"
)

// localKind is what is answered within a zone that is served here.
type localKind uint8

const (
	localEmpty     localKind = iota + 1 // an apex and nothing below
	localNothing                        // not even an apex: every name is NXDOMAIN
	localHost                           // localhost and all below it: loopback
	localLoopback4                      // the reverse names of 127/8
	localLoopback6                      // the reverse name of ::1
)

// localZones are the zones that are never asked of the world, by their names on
// the wire.
var localZones = makeLocalZones()

func makeLocalZones() map[string]localKind {
	zones := map[string]localKind{}
	add := func(kind localKind, names ...string) {
		for _, n := range names {
			zones[dns.MustName(n).Wire()] = kind
		}
	}
	add(localHost, "localhost")        // RFC 6761 §6.3
	add(localNothing, "invalid")       // RFC 6761 §6.4
	add(localNothing, "test")          // RFC 6761 §6.2
	add(localNothing, "local")         // RFC 6762 §22.1
	add(localNothing, "onion")         // RFC 7686 §2
	add(localEmpty, "10.in-addr.arpa") // RFC 6303 §4.1, as the next two
	for i := 16; i < 32; i++ {         // 172.16.0.0/12
		add(localEmpty, fmt.Sprintf("%d.172.in-addr.arpa", i))
	}
	add(localEmpty, "168.192.in-addr.arpa")
	add(localLoopback4, "127.in-addr.arpa") // RFC 6303 §4.2
	add(localEmpty, "0.in-addr.arpa", "254.169.in-addr.arpa", "2.0.192.in-addr.arpa",
		"100.51.198.in-addr.arpa", "113.0.203.in-addr.arpa", "255.255.255.255.in-addr.arpa") // RFC 6303 §4.2
	for i := 64; i < 128; i++ { // 100.64.0.0/10, RFC 7793 §2
		add(localEmpty, fmt.Sprintf("%d.100.in-addr.arpa", i))
	}
	zones[dns.ReverseName(netip.IPv6Unspecified()).Wire()] = localEmpty                     // RFC 6303 §4.3
	zones[dns.ReverseName(netip.IPv6Loopback()).Wire()] = localLoopback6                    // RFC 6303 §4.3
	add(localEmpty, "d.f.ip6.arpa")                                                         // RFC 6303 §4.4
	add(localEmpty, "8.e.f.ip6.arpa", "9.e.f.ip6.arpa", "a.e.f.ip6.arpa", "b.e.f.ip6.arpa") // RFC 6303 §4.5
	add(localEmpty, "8.b.d.0.1.0.0.2.ip6.arpa")                                             // RFC 6303 §4.6
	return zones
}

// isLocal tells whether a name on the wire, in lower case, is one that is
// answered here.
func isLocal(name []byte) bool {
	for i := 0; i < len(name) && name[i] != 0; i += 1 + int(name[i]) {
		if _, ok := localZones[string(name[i:])]; ok {
			return true
		}
	}
	return false
}

// localAnswer answers what is answered here; false for other names.
func localAnswer(q dns.Question) (*Result, bool) {
	if q.Class != dns.ClassIN {
		return nil, false
	}
	name := q.Name.Canonical()
	for z := name; !z.IsRoot() && z.IsValid(); z = z.Parent() {
		if kind, ok := localZones[z.Wire()]; ok {
			return kind.answer(q, name, z), true
		}
	}
	return nil, false
}

// The numbers of the zones of RFC 6303 §3.
const (
	localTTL     = 10800
	localRefresh = 3600
	localRetry   = 1200
	localExpire  = 604800
)

var (
	loopback4 = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	localhost = dns.MustName("localhost")
	nobody    = dns.MustName("nobody.invalid")
)

func (k localKind) answer(q dns.Question, name, zone dns.Name) *Result {
	r := &Result{Question: q}
	add := func(d dns.RData) {
		if d.Type() == q.Type || q.Type == dns.TypeANY {
			r.Answer = append(r.Answer, dns.RR{Name: q.Name, Class: q.Class, TTL: localTTL, Data: d})
		}
	}
	soa := &dns.SOA{MName: zone, RName: nobody, Serial: 1, Refresh: localRefresh, Retry: localRetry, Expire: localExpire, Minimum: localTTL}
	exists := name == zone && k != localNothing
	switch a, _ := name.ReverseAddr(); {
	case k == localHost:
		exists = true
		add(&dns.A{Addr: loopback4})
		add(&dns.AAAA{Addr: netip.IPv6Loopback()})
	case k == localLoopback4 && a == loopback4, k == localLoopback6 && a == netip.IPv6Loopback():
		exists = true
		add(&dns.PTR{Target: localhost})
	}
	if name == zone && exists {
		add(soa)
		add(&dns.NS{Host: zone})
	}
	if len(r.Answer) == 0 {
		r.Authority = []dns.RR{{Name: zone, Class: q.Class, TTL: localTTL, Data: soa}}
		if !exists {
			r.RCode = dns.RCodeNXDomain
		}
	}
	return r
}
