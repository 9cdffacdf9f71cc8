package main

import (
	"slices"
	"testing"

	miekg "github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/internal/golden"
)

// What we read, miekg/dns reads as the same: header, questions, and each
// record's owner, type, class, TTL and data, uncompressed. Differences that are
// known stand in [knownDifference], with who is right.
func FuzzDNSAgainstMiekg(f *testing.F) {
	golden.SeedMessages(f, "../../dns/testdata/golden")
	f.Fuzz(func(t *testing.T, b []byte) {
		ours, err := dns.ParseMessage(b, nil)
		if err != nil {
			return // we refuse more than it does
		}
		theirs := new(miekg.Msg)
		if err := theirs.Unpack(b); err != nil {
			if plain(ours) {
				t.Fatalf("we read it, miekg says: %v", err)
			}
			return
		}
		assert.Equal(t, ours.ID, theirs.Id)
		assert.EqualValues(t, ours.Opcode, theirs.Opcode)
		assert.Equal(t, ours.Header.Flags()>>15 == 1, theirs.Response)
		require.Len(t, theirs.Question, len(ours.Question))
		for i, q := range ours.Question {
			assert.EqualValues(t, q.Type, theirs.Question[i].Qtype)
			assert.EqualValues(t, q.Class, theirs.Question[i].Qclass)
			assert.Equal(t, q.Name.Wire(), packName(t, theirs.Question[i].Name))
		}
		sameRecords(t, ours.Answer, theirs.Answer)
		sameRecords(t, ours.Authority, theirs.Ns)
		// OPT and TSIG are among their records, and not among ours.
		extra := theirs.Extra[:0:0]
		for _, rr := range theirs.Extra {
			if t := rr.Header().Rrtype; t != miekg.TypeOPT && t != miekg.TypeTSIG {
				extra = append(extra, rr)
			}
		}
		sameRecords(t, ours.Additional, extra)
	})
}

func sameRecords(t *testing.T, ours []dns.RR, theirs []miekg.RR) {
	require.Len(t, theirs, len(ours))
	got := make([]byte, 1<<17)
	for i, rr := range ours {
		h := theirs[i].Header()
		require.EqualValues(t, rr.Type(), h.Rrtype)
		assert.EqualValues(t, rr.Class, h.Class)
		if h.Ttl <= dns.MaxTTL { // RFC 2181 §8: above, it is 0
			assert.Equal(t, rr.TTL, h.Ttl)
		}
		assert.Equal(t, rr.Name.Wire(), packName(t, h.Name))
		if knownDifference(rr) {
			continue
		}
		want, err := dns.AppendRData(nil, rr.Data, nil)
		require.NoError(t, err)
		n, err := miekg.PackRR(theirs[i], got, 0, nil, false)
		require.NoError(t, err, "%s", rr)
		head := len(rr.Name.Wire()) + 10
		require.GreaterOrEqual(t, n, head)
		assert.Equal(t, want, append([]byte(nil), got[head:n]...), "%s", rr)
	}
}

// knownDifference tells the records that miekg/dns gives back other than they
// came:
//   - records without data in classes NONE and ANY, which it makes empty.
func knownDifference(rr dns.RR) bool {
	return rr.Class == dns.ClassNONE || rr.Class == dns.ClassANY
}

// plain tells whether all records are of types that both surely read. Of the
// others miekg/dns refuses some that BIND sends.
func plain(m *dns.Message) bool {
	if m.EDNS != nil || m.TSIG != nil {
		return false
	}
	for _, rr := range slices.Concat(m.Answer, m.Authority, m.Additional) {
		switch rr.Type() {
		case dns.TypeA, dns.TypeNS, dns.TypeCNAME, dns.TypeSOA, dns.TypePTR, dns.TypeMX, dns.TypeTXT, dns.TypeAAAA, dns.TypeSRV:
		default:
			return false
		}
	}
	return true
}

func packName(t *testing.T, s string) string {
	b := make([]byte, 256)
	n, err := miekg.PackDomainName(s, b, 0, nil, false)
	require.NoError(t, err, s)
	return string(b[:n])
}
