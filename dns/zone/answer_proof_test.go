package zone_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/dns"
	"applayer/dns/zone"
)

// Where all that is below an empty name is opted out, the name has no NSEC3
// record, and its closest ancestor with one is what is proved. The records are
// those that dnssec-signzone makes of such a zone; named proves the same. That of
// the apex covers the hash of deleg.
func TestProvableEncloser(t *testing.T) {
	const (
		soa      = ". 300 IN SOA a.root. admin.root. 1 7200 900 1209600 300"
		apex     = "bekjp7dgpvsjukll47bk43i3urmq4u2f. 300 IN NSEC3 1 1 0 - T7FDR1JGLJKJUC4NJ7ISP4PVUPVO48TM NS SOA NSEC3PARAM"
		asterisk = "6hlrm49h778hn670802mjdfgcgcqct9a. 300 IN NSEC3 1 1 0 - BEKJP7DGPVSJUKLL47BK43I3URMQ4U2F TXT"
		aRoot    = "2cj52pvbiht9rtc2mdnu7cp1ljp66iop. 300 IN NSEC3 1 1 0 - 6HLRM49H778HN670802MJDFGCGCQCT9A A"
		root     = "t7fdr1jgljkjuc4nj7isp4pvupvo48tm. 300 IN NSEC3 1 1 0 - 2CJ52PVBIHT9RTC2MDNU7CP1LJP66IOP"
	)
	h := &zone.Handler{Store: served(t, ".", soa+"\n"+apex+"\n"+asterisk+"\n"+aRoot+"\n"+root+`
		. 300 IN NS a.root.
		. 0 IN NSEC3PARAM 1 0 0 -
		*. 300 IN TXT "any"
		a.root. 300 IN A 192.0.2.1
		b.b.deleg. 300 IN NS a.root.`)}
	for _, tt := range []struct {
		name, qname string
		qtype       dns.Type
		want        string
	}{
		{"5155-7.2.2 a name below", "x.b.deleg.", dns.TypeA, "NXDOMAIN aa\nU " + soa + "\nU " + apex + "\nU " + asterisk},
		{"5155-7.2.4 the empty name", "b.deleg.", dns.TypeA, "NOERROR aa\nU " + soa + "\nU " + apex},
		{"5155-7.2.7 the delegation", "b.b.deleg.", dns.TypeA, "NOERROR\nU b.b.deleg. 300 IN NS a.root.\nU " + apex + "\nA a.root. 300 IN A 192.0.2.1"},
	} {
		assert.Equal(t, tt.want, told(answered(t, h, tt.qname, tt.qtype, asking{edns: &dns.EDNS{DNSSECOK: true}})), tt.name)
	}
}
