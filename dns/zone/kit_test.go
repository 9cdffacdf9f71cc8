package zone_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/zone"
)

// build makes a zone of records, a line each, with absolute names.
func build(t testing.TB, origin, records string) *zone.Zone {
	t.Helper()
	z, err := try(t, origin, records)
	require.NoError(t, err)
	return z
}

// try is build for zones that may not be.
func try(t testing.TB, origin, records string) (*zone.Zone, error) {
	t.Helper()
	b := zone.NewBuilder(dns.MustName(origin))
	for line := range strings.Lines(records) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if err := b.Add(record(t, line)); err != nil {
			return nil, err
		}
	}
	return b.Zone()
}

func record(t testing.TB, line string) dns.RR {
	t.Helper()
	rr, err := dns.ParseRR(line)
	require.NoError(t, err, line)
	return rr
}

// served is a store of zones: the origin stands before the records of each.
func served(t testing.TB, zones ...string) *zone.Store {
	t.Helper()
	var s zone.Store
	for i := 0; i < len(zones); i += 2 {
		s.Publish(build(t, zones[i], zones[i+1]))
	}
	return &s
}

// asking is how a question is put.
type asking struct {
	over   dns.TransportKind
	class  dns.Class
	edns   *dns.EDNS
	client string
}

// ask puts a question to a handler, and returns the answer's octets.
func ask(t testing.TB, h dns.Handler, name string, typ dns.Type, with asking) []byte {
	t.Helper()
	if with.class == 0 {
		with.class = dns.ClassIN
	}
	if with.client == "" {
		with.client = "192.0.2.9"
	}
	request, err := dns.AppendMessage(nil, &dns.Message{
		Header:   dns.Header{ID: 7},
		Question: []dns.Question{{Name: dns.MustName(name), Type: typ, Class: with.class}},
		EDNS:     with.edns,
	})
	require.NoError(t, err)
	s := dns.Server{Handler: h}
	from := dns.Origin{Peer: netip.AddrPortFrom(netip.MustParseAddr(with.client), 5353), Transport: with.over}
	return s.AppendResponse(t.Context(), nil, request, from)
}

// answered is ask for an answer that parses.
func answered(t testing.TB, h dns.Handler, name string, typ dns.Type, with asking) *dns.Message {
	t.Helper()
	octets := ask(t, h, name, typ, with)
	m, err := dns.ParseMessage(octets, nil)
	require.NoError(t, err, "%s %s: % x", name, typ, octets)
	require.Len(t, m.Question, 1)
	require.Equal(t, name, m.Question[0].Name.String())
	return m
}

// told writes an answer down: response code, AA, TC, and a line a record, with
// ">" before those of the answer, U of the authority and A of the additional
// section.
func told(m *dns.Message) string {
	var b strings.Builder
	b.WriteString(m.RCode.String())
	if m.Authoritative {
		b.WriteString(" aa")
	}
	if m.Truncated {
		b.WriteString(" tc")
	}
	for i, rrs := range [][]dns.RR{m.Answer, m.Authority, m.Additional} {
		for _, rr := range rrs {
			text := strings.Join(strings.Fields(rr.String()), " ")
			fmt.Fprintf(&b, "\n%c %s", ">UA"[i], text)
		}
	}
	return b.String()
}
