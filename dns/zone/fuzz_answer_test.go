package zone_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/zone"
)

// model is a zone as RFC 1034 §4.3.2 and RFC 4592 have it: names, and nothing
// that would make it fast.
type model struct {
	origin  dns.Name
	records map[dns.Name][]dns.RR
}

func (m *model) has(n dns.Name, t dns.Type) []dns.RR {
	var list []dns.RR
	for _, rr := range m.records[n] {
		if rr.Type() == t {
			list = append(list, rr)
		}
	}
	return list
}

// exists tells whether a name or one below it has data.
func (m *model) exists(n dns.Name) bool {
	for owner := range m.records {
		if owner.IsSubdomainOf(n) {
			return true
		}
	}
	return false
}

// answer says what a question gets: response code, AA, the answer section.
func (m *model) answer(n dns.Name, t dns.Type) string {
	var b strings.Builder
	rcode, aa := "NOERROR", true
	seen := []dns.Name{}
	for links := 0; links <= 16 && !slices.Contains(seen, n) && n.IsSubdomainOf(m.origin); links++ {
		seen = append(seen, n)
		next, stop := m.step(&b, n, t, &rcode)
		if stop == "referral" && b.Len() == 0 {
			aa = false
		}
		if stop != "" {
			break
		}
		n = next
	}
	return fmt.Sprintf("%s %t%s", rcode, aa, b.String())
}

func (m *model) step(b *strings.Builder, n dns.Name, t dns.Type, rcode *string) (next dns.Name, stop string) {
	depth := m.origin.CountLabels()
	for i := depth; i <= n.CountLabels(); i++ {
		at := n.Ancestor(i)
		if at != m.origin && m.has(at, dns.TypeNS) != nil && (at != n || t != dns.TypeDS) {
			return n, "referral"
		}
		if d := m.has(at, dns.TypeDNAME); d != nil && at != n {
			target := d[0].Data.(*dns.DNAME).Target
			line := "\n" + at.String() + " DNAME " + target.String()
			if !strings.Contains(b.String(), line) {
				b.WriteString(line)
			}
			to, err := n.ReplaceSuffix(at, target)
			if err != nil {
				*rcode = "YXDOMAIN"
				return n, "too long"
			}
			fmt.Fprintf(b, "\n%s CNAME %s", n, to)
			if t == dns.TypeCNAME {
				return n, "found"
			}
			return to.Canonical(), ""
		}
	}
	from := n
	if !m.exists(n) {
		encloser := n.Parent()
		for !m.exists(encloser) {
			encloser = encloser.Parent()
		}
		from, _ = encloser.Prepend("*")
		if !m.exists(from) {
			*rcode = "NXDOMAIN"
			return n, "no name"
		}
	}
	if rrs := m.has(from, t); rrs != nil {
		for _, rr := range rrs {
			fmt.Fprintf(b, "\n%s %s", n, strings.Join(strings.Fields(rr.String())[3:], " "))
		}
		return n, "found"
	}
	if alias := m.has(from, dns.TypeCNAME); alias != nil {
		to := alias[0].Data.(*dns.CNAME).Target
		fmt.Fprintf(b, "\n%s CNAME %s", n, to)
		return to.Canonical(), ""
	}
	return n, "no data"
}

// FuzzAnswer compares the answers of small zones with those of the model: each
// three octets are a record, the last three the question.
func FuzzAnswer(f *testing.F) {
	f.Add("\x01\x00\x00\x05\x01\x07\x09\x02\x03\x2b\x00\x00\x00\x00\x00")
	f.Add("\x03\x03\x04\x04\x03\x05\x13\x04\x01\x17\x01\x00\x53\x00\x01")
	f.Add("\x15\x02\x10\x10\x00\x01\x40\x04\x02\x55\x00\x00\x15\x03\x05")
	f.Add("\x01\x04\x05\x05\x04\x01\x16\x00\x00")
	origin := dns.MustName("z.")
	labels := []string{"a", "b", "*", "C"}
	name := func(c byte) dns.Name {
		n := origin
		for depth := int(c>>6) + 1; depth > 0 && c != 0; depth-- {
			n, _ = n.Prepend(labels[c&3])
			c >>= 2
		}
		return n
	}
	types := []dns.Type{dns.TypeA, dns.TypeNS, dns.TypeCNAME, dns.TypeDNAME, dns.TypeTXT, dns.TypeDS}
	f.Fuzz(func(t *testing.T, in string) {
		if len(in) < 3 || len(in) > 90 {
			return
		}
		b := zone.NewBuilder(origin)
		require.NoError(t, b.Add(record(t, "z. 5 IN SOA ns.z. admin.z. 1 1 1 1 1")))
		m := &model{origin, map[dns.Name][]dns.RR{origin: {record(t, "z. 5 IN SOA ns.z. admin.z. 1 1 1 1 1")}}}
		for ; len(in) >= 6; in = in[3:] {
			n, target := name(in[0]), name(in[2])
			typ := types[in[1]%6]
			data := map[dns.Type]dns.RData{
				dns.TypeNS: &dns.NS{Host: target}, dns.TypeCNAME: &dns.CNAME{Target: target}, dns.TypeDNAME: &dns.DNAME{Target: target},
				dns.TypeTXT: &dns.TXT{Texts: []string{"t"}},
			}[typ]
			if data == nil {
				octets := []byte{192, 0, 2, in[2] | 128, 5}
				if typ == dns.TypeA {
					octets = octets[:4]
				}
				var err error
				data, err = dns.ParseRData(typ, octets, 0, len(octets), nil)
				require.NoError(t, err)
			}
			// No alias beside other data, nothing twice, no delegation by a
			// wildcard (RFC 4592 §4.2 leaves that open).
			owner := n.Canonical()
			if len(m.records[owner]) > 0 && (typ == dns.TypeCNAME || m.has(owner, dns.TypeCNAME) != nil || m.has(owner, typ) != nil) || typ == dns.TypeNS && n.IsWildcard() {
				continue
			}
			if (typ == dns.TypeDNAME || typ == dns.TypeCNAME) && n == origin {
				continue
			}
			rr := dns.RR{Name: n, Class: dns.ClassIN, TTL: 5, Data: data}
			require.NoError(t, b.Add(rr))
			m.records[owner] = append(m.records[owner], rr)
		}
		z, err := b.Zone()
		require.NoError(t, err)
		var store zone.Store
		store.Publish(z)
		q, typ := name(in[0]).Canonical(), types[in[1]%6]
		got := answered(t, &zone.Handler{Store: &store}, q.String(), typ, asking{over: dns.TransportTCP})
		var text strings.Builder
		fmt.Fprintf(&text, "%s %t", got.RCode, got.Authoritative)
		for _, rr := range got.Answer {
			fmt.Fprintf(&text, "\n%s %s", rr.Name, strings.Join(strings.Fields(rr.String())[3:], " "))
		}
		if want := strings.ToLower(m.answer(q, typ)); want != strings.ToLower(text.String()) {
			t.Errorf("%s %s\nwant %s\ngot  %s\nof %s", q, typ, want, text.String(), strings.Join(listed(z), "\n"))
		}
	})
}
