package zone_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/dns"
	"applayer/dns/zone"
)

// wildcards is the zone of RFC 4592 §2.2.1.
const wildcards = `
example. 3600 IN SOA ns.example.com. admin.example. 1 7200 900 1209600 300
example. 3600 NS ns.example.com.
example. 3600 NS ns.example.net.
*.example. 3600 TXT "this is a wildcard"
*.example. 3600 MX 10 host1.example.
sub.*.example. 3600 TXT "this is not a wildcard"
host1.example. 3600 A 192.0.2.1
_ssh._tcp.host1.example. 3600 SRV 0 0 22 host1.example.
_ssh._tcp.host2.example. 3600 SRV 0 0 22 host1.example.
subdel.example. 3600 NS ns.example.com.
subdel.example. 3600 NS ns.example.net.
`

const wildcardsSOA = "\nU example. 300 IN SOA ns.example.com. admin.example. 1 7200 900 1209600 300"

func TestWildcards(t *testing.T) {
	h := &zone.Handler{Store: served(t, "example.", wildcards)}
	for _, tt := range []struct {
		name, qname string
		qtype       dns.Type
		want        string
	}{
		{"4592-2.2.1 synthesised MX", "host3.example.", dns.TypeMX, "NOERROR aa\n> host3.example. 3600 IN MX 10 host1.example."},
		{"4592-2.2.1 the wildcard has no A", "host3.example.", dns.TypeA, "NOERROR aa" + wildcardsSOA},
		{"4592-2.2.1 two labels below", "foo.bar.example.", dns.TypeTXT, "NOERROR aa\n> foo.bar.example. 3600 IN TXT \"this is a wildcard\""},
		{"4592-2.2.1 the name exists", "host1.example.", dns.TypeMX, "NOERROR aa" + wildcardsSOA},
		{"4592-2.2.1 the name exists below a wildcard", "sub.*.example.", dns.TypeMX, "NOERROR aa" + wildcardsSOA},
		{"4592-2.2.1 an empty name stops it", "_telnet._tcp.host1.example.", dns.TypeSRV, "NXDOMAIN aa" + wildcardsSOA},
		{"4592-2.2.1 delegated", "host.subdel.example.", dns.TypeA, "NOERROR\nU subdel.example. 3600 IN NS ns.example.com.\nU subdel.example. 3600 IN NS ns.example.net."},
		{"4592-2.2.1 an asterisk exists and its child does not", "ghost.*.example.", dns.TypeMX, "NXDOMAIN aa" + wildcardsSOA},
		{"4592-2.2.2 empty", "host2.example.", dns.TypeTXT, "NOERROR aa" + wildcardsSOA},
		{"4592-2.2.2 empty", "_tcp.host2.example.", dns.TypeTXT, "NOERROR aa" + wildcardsSOA},
		{"4592-2.3 the asterisk itself", "*.example.", dns.TypeTXT, "NOERROR aa\n> *.example. 3600 IN TXT \"this is a wildcard\""},
		{"4592-3.3.1 the closest encloser has no asterisk", "a.host1.example.", dns.TypeTXT, "NXDOMAIN aa" + wildcardsSOA},
	} {
		assert.Equal(t, tt.want, told(answered(t, h, tt.qname, tt.qtype, asking{})), "%s: %s %s", tt.name, tt.qname, tt.qtype)
	}
}
