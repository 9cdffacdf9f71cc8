package zone_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/zone"
)

// request is a query as it comes.
func request(t testing.TB, name string, typ dns.Type, edns *dns.EDNS) []byte {
	t.Helper()
	b, err := dns.AppendMessage(nil, &dns.Message{Header: dns.Header{ID: 7}, Question: []dns.Question{{Name: dns.MustName(name), Type: typ, Class: dns.ClassIN}}, EDNS: edns})
	require.NoError(t, err)
	return b
}

var hotQuestions = []struct {
	name, qname string
	qtype       dns.Type
}{
	{"address", "www.example.", dns.TypeA},
	{"mail", "example.", dns.TypeMX},
	{"alias", "alias2.example.", dns.TypeA},
	{"referral", "cut.example.", dns.TypeA},
	{"nothing", "www.example.", dns.TypeTXT},
	{"wildcard", "anything.wild.example.", dns.TypeA},
	{"no name", "nowhere.example.", dns.TypeA},
	{"below a cut", "host.cut.example.", dns.TypeA},
}

func BenchmarkAnswer(b *testing.B) {
	store := served(b, "example.", interopZones["example."])
	from := dns.Origin{Peer: netip.MustParseAddrPort("192.0.2.9:5353")}
	for _, prepared := range []int{0, -1} {
		s := &dns.Server{Handler: &zone.Handler{Store: store, Prepared: prepared}}
		for _, q := range hotQuestions {
			b.Run(fmt.Sprintf("%s/%s", map[int]string{0: "kept", -1: "made"}[prepared], q.name), func(b *testing.B) {
				in := request(b, q.qname, q.qtype, nil)
				out := make([]byte, 0, 4096)
				b.ReportAllocs()
				for b.Loop() {
					out = s.AppendResponse(context.Background(), out[:0], in, from)
				}
			})
		}
	}
}
