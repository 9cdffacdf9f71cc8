package resolver

import (
	"net/netip"
	"strings"

	"applayer/dns"
	"applayer/internal/ascii"
)

// rootServers are the root's name servers: the letter, the IPv4 and the IPv6
// address, as the file named.root has them. Priming replaces them by what the
// root says (RFC 9609 §3).
var rootServers = [...][3]string{
	{"a", "198.41.0.4", "2001:503:ba3e::2:30"},
	{"b", "170.247.170.2", "2801:1b8:10::b"},
	{"c", "192.33.4.12", "2001:500:2::c"},
	{"d", "199.7.91.13", "2001:500:2d::d"},
	{"e", "192.203.230.10", "2001:500:a8::e"},
	{"f", "192.5.5.241", "2001:500:2f::f"},
	{"g", "192.112.36.4", "2001:500:12::d0d"},
	{"h", "198.97.190.53", "2001:500:1::53"},
	{"i", "192.36.148.17", "2001:7fe::53"},
	{"j", "192.58.128.30", "2001:503:c27::2:30"},
	{"k", "193.0.14.129", "2001:7fd::1"},
	{"l", "199.7.83.42", "2001:500:9f::42"},
	{"m", "202.12.27.33", "2001:dc3::35"},
}

// hintTTL is the TTL of the records in named.root.
const hintTTL = 3600000

// RootHints returns the built-in hints: the root's NS records and the addresses
// of its servers.
func RootHints() (rrs []dns.RR) {
	for _, s := range rootServers {
		host := dns.MustName(s[0] + ".root-servers.net")
		rrs = append(rrs,
			dns.RR{Name: dns.Root, Class: dns.ClassIN, TTL: hintTTL, Data: &dns.NS{Host: host}},
			dns.RR{Name: host, Class: dns.ClassIN, TTL: hintTTL, Data: &dns.A{Addr: netip.MustParseAddr(s[1])}},
			dns.RR{Name: host, Class: dns.ClassIN, TTL: hintTTL, Data: &dns.AAAA{Addr: netip.MustParseAddr(s[2])}},
		)
	}
	return rrs
}

// ParseHints reads hints in the form of the file named.root: a record a line,
// with a name, a TTL, a class where it is not left out, a type and data, and
// comments behind semicolons. Names are absolute; types are NS, A and AAAA. The
// error is a [*dns.ParseError] with the offset in the text.
func ParseHints(text []byte) (rrs []dns.RR, err error) {
	rest, off := string(text), 0
	ns, addrs := 0, 0
	for len(rest) > 0 {
		line, after, _ := strings.Cut(rest, "\n")
		body, _, _ := strings.Cut(line, ";")
		if words := strings.Fields(body); len(words) > 0 {
			rr, ok := parseHint(words)
			if !ok {
				return nil, &dns.ParseError{Offset: int64(off), What: "hint", Ref: "RFC 1035 §5.1", Err: dns.ErrSyntax}
			}
			if rr.Type() == dns.TypeNS {
				ns++
			} else {
				addrs++
			}
			rrs = append(rrs, rr)
		}
		off += len(rest) - len(after)
		rest = after
	}
	if ns == 0 || addrs == 0 {
		return nil, &dns.ParseError{Offset: int64(len(text)), What: "hints without a server and its address", Ref: "RFC 9609 §2", Err: dns.ErrCount}
	}
	return rrs, nil
}

// parseHint reads the words of one line.
func parseHint(words []string) (rr dns.RR, ok bool) {
	var err error
	if rr.Name, err = dns.ParseName(words[0]); err != nil {
		return rr, false
	}
	words = words[1:]
	rr.Class, rr.TTL = dns.ClassIN, hintTTL
	for len(words) > 2 {
		// TTL and class may be left out, and stand in either order.
		if ttl, used, err := ascii.Decimal(words[0], dns.MaxTTL); err == nil && used == len(words[0]) {
			rr.TTL = uint32(ttl)
		} else if !ascii.EqualFold(words[0], "IN") {
			return rr, false
		}
		words = words[1:]
	}
	if len(words) != 2 {
		return rr, false
	}
	switch strings.ToUpper(words[0]) {
	case "NS":
		host, err := dns.ParseName(words[1])
		rr.Data = &dns.NS{Host: host}
		return rr, err == nil && rr.Name.IsRoot()
	case "A":
		a, err := netip.ParseAddr(words[1])
		rr.Data = &dns.A{Addr: a}
		return rr, err == nil && a.Is4()
	case "AAAA":
		a, err := netip.ParseAddr(words[1])
		rr.Data = &dns.AAAA{Addr: a}
		return rr, err == nil && a.Is6() && a.Zone() == ""
	}
	return rr, false
}
