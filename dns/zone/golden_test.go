package zone_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/zone"
	"applayer/internal/golden"
)

const captures = "../testdata/golden"

// transfers are the captures in which a zone goes over the wire whole.
var transfers = map[string][]string{
	"example.org":     {"dig-named-axfr", "kdig-named-axfr", "dig-pdns-axfr"},
	"secure.example":  {"kdig-knot-axfr"},
	"secure3.example": {"drill-nsd-axfr"},
}

// typesTransfer is the transfer of types.example, whose master file has types
// that only BIND has names for.
const typesTransfer = "dig-named-axfr-types"

// capturedZone reads the master file of a zone of the captures.
func capturedZone(t *testing.T, origin string) *zone.Zone {
	t.Helper()
	f, err := os.Open(filepath.Join(captures, "zones", origin+".zone"))
	require.NoError(t, err)
	defer f.Close()
	var rrs []dns.RR
	for rr, err := range zone.NewReader(f, &zone.ReaderOptions{Origin: dns.MustName(origin)}).All() {
		require.NoError(t, err)
		rrs = append(rrs, rr)
	}
	return zoneOf(t, origin, rrs)
}

func zoneOf(t *testing.T, origin string, rrs []dns.RR) *zone.Zone {
	t.Helper()
	b := zone.NewBuilder(dns.MustName(origin))
	for _, rr := range rrs {
		require.NoError(t, b.Add(rr), "%v", rr)
	}
	z, err := b.Zone()
	require.NoError(t, err)
	return z
}

// transferred gives the records of a captured transfer (RFC 5936 §2.2).
func transferred(t *testing.T, name string) (rrs []dns.RR) {
	t.Helper()
	for _, c := range golden.Load(t, filepath.Join(captures, name+".pcap")) {
		for m := range c.Messages() {
			parsed, err := dns.ParseMessage(m.Data, nil)
			require.NoError(t, err)
			rrs = append(rrs, parsed.Answer...)
		}
	}
	require.Equal(t, rrs[0].String(), rrs[len(rrs)-1].String(), "the SOA record at both ends")
	return rrs
}

// TestGoldenTransfers: the records that a server sends of a zone are those that
// we read in its master file.
func TestGoldenTransfers(t *testing.T) {
	for origin, names := range transfers {
		want := lines("", capturedZone(t, origin).Records())
		for _, name := range names {
			t.Run(name, func(t *testing.T) {
				got := lines("", transferred(t, name)[1:])
				if diff := golden.Diff(joined(want), joined(got)); diff != "" {
					t.Errorf("%s, - the file, + the server:\n%s", origin, diff)
				}
			})
		}
	}
}

// TestGoldenAnswers asks us what others were asked, of the same zones: the
// answers are the same.
func TestGoldenAnswers(t *testing.T) {
	store := new(zone.Store)
	for _, origin := range []string{"example.org", "secure.example", "secure3.example", "mcmaster.ca", "uts.mcmaster.ca", "2.0.192.in-addr.arpa"} {
		store.Publish(capturedZone(t, origin))
	}
	store.Publish(zoneOf(t, "types.example", transferred(t, typesTransfer)))
	tests := []struct {
		prefix  string
		handler *zone.Handler
		// additional tells to compare that section too.
		additional bool
		compared   int
	}{
		{"drill-nsd-", &zone.Handler{Store: store, Full: true}, true, 25},
		{"dig-named-", &zone.Handler{Store: store, ANY: zone.ANYAll}, false, 25},
	}
	for _, tt := range tests {
		compared := 0
		for _, path := range golden.Files(t, captures) {
			name := strings.TrimSuffix(filepath.Base(path), ".pcap")
			if !strings.HasPrefix(name, tt.prefix) || answersOtherwise[name] != "" {
				continue
			}
			t.Run(name, func(t *testing.T) {
				s := &dns.Server{Handler: tt.handler}
				for _, c := range golden.Load(t, path) {
					compared += compare(t, s, &c, tt.additional)
				}
			})
		}
		assert.GreaterOrEqual(t, compared, tt.compared, tt.prefix)
	}
}

// answersOtherwise are captures with answers unlike ours.
var answersOtherwise = map[string]string{
	"drill-nsd-any":    "NSD answers with the SOA record, we with another set (RFC 8482 §4.1 lets us choose)",
	"drill-nsd-dnskey": "NSD leaves the authority section out of answers with keys, since they are long",

	"drill-nsd-reverse": "NSD did not serve that zone",

	"dig-named-a-plain":     "named gives authority where RD is clear",
	"dig-named-any-minimal": "named was told to give one set",
	"dig-named-badcookie":   "named insisted on a cookie",
	"dig-named-case":        "named's answers have the case of the zone, ours that of the question",
	"dig-named-truncated":   "named gives a part of a set, we give none of it (RFC 2181 §9)",

	"dig-named-lecture-a": "named was told to give authority, see drill-nsd",
	"dig-named-lecture-b": "named was told to give authority, see drill-nsd",
	"dig-named-chaos":     "class CHAOS is off by default",
	"dig-named-ixfr-tsig": "a zone that was changed",
}

// compare asks s each question of a conversation, and tells how many.
func compare(t *testing.T, s *dns.Server, c *golden.Conversation, additional bool) (n int) {
	from := dns.Origin{Peer: netip.MustParseAddrPort("127.0.0.1:4000")}
	if c.Network == "tcp" {
		from.Transport = dns.TransportTCP
	}
	var query []byte
	for m := range c.Messages() {
		if m.FromClient {
			query = m.Data
			continue
		}
		want, err := dns.ParseMessage(m.Data, nil)
		require.NoError(t, err)
		if len(want.Question) != 1 || want.Question[0].Type == dns.TypeAXFR {
			continue
		}
		got, err := dns.ParseMessage(s.AppendResponse(t.Context(), nil, query, from), nil)
		require.NoError(t, err)
		if !additional {
			want.Additional, got.Additional = nil, nil
		}
		if diff := golden.Diff(view(want), view(got)); diff != "" {
			t.Errorf("%v, - theirs, + ours:\n%s", want.Question[0], diff)
		}
		n++
	}
	return n
}

// view is what counts in a response: not the order of sets and records.
func view(m *dns.Message) []byte {
	head := m.RCode.String()
	if m.Authoritative {
		head += " aa"
	}
	return joined([]string{head}, lines("answer\t", m.Answer), lines("authority\t", m.Authority), lines("additional\t", m.Additional))
}

// lines are records as text, each behind a word, sorted.
func lines(word string, rrs []dns.RR) (list []string) {
	for _, rr := range rrs {
		list = append(list, word+rr.String())
	}
	slices.Sort(list)
	return list
}

func joined(lists ...[]string) []byte {
	return []byte(strings.Join(slices.Concat(lists...), "\n") + "\n")
}
