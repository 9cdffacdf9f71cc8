package dns_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/internal/golden"
)

// Whatever records are added and whatever the limit is, a Builder makes a
// message within it, of whole RR sets (RFC 2181 §9): of the answer and the
// authority the first ones, and TC where one is missing.
func FuzzBuilder(f *testing.F) {
	golden.SeedMessages(f, captures)
	f.Add([]byte(response))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := dns.ParseMessage(b, nil)
		if err != nil || len(m.Question) != 1 || m.RCode > 15 && m.EDNS == nil {
			return
		}
		m.Truncated = false
		least := dns.HeaderSize + m.Question[0].Name.Len() + 4
		for _, limit := range []int{0, least + len(b)/4, least + len(b)/2, least + len(b)*3/4} {
			built, edns := build(t, m, limit)
			if limit > 0 {
				require.LessOrEqual(t, len(built), limit)
			}
			got, err := dns.ParseMessage(built, nil)
			require.NoError(t, err)
			assert.Equal(t, edns, got.EDNS != nil)
			assert.Equal(t, m.Question, got.Question)
			if whole(t, m.Answer, got.Answer) && whole(t, m.Authority, got.Authority) {
				assert.False(t, got.Truncated)
			} else {
				assert.True(t, got.Truncated)
				assert.Empty(t, got.Additional)
			}
			subsets(t, m.Additional, got.Additional)
		}
	})
}

// build builds m, and tells whether there was room for its EDNS.
func build(t *testing.T, m *dns.Message, limit int) (msg []byte, edns bool) {
	var b dns.Builder
	b.Start(nil, m.Header, limit)
	require.NoError(t, b.Question(m.Question[0]))
	room := 0
	if m.EDNS != nil {
		opt, err := dns.AppendRData(nil, &dns.OPT{Options: m.EDNS.Options}, nil)
		require.NoError(t, err)
		if room = 11 + len(opt); room <= b.Left() {
			edns = true
			b.Reserve(room)
		}
	}
	for i, rrs := range [][]dns.RR{m.Answer, m.Authority, m.Additional} {
		for _, rr := range rrs {
			if err := b.Add(dns.SectionAnswer+dns.Section(i), rr); err != nil {
				require.ErrorIs(t, err, dns.ErrRDLength) // it was compressed where it may not be
			}
		}
	}
	if edns {
		require.NoError(t, b.EDNS(m.EDNS))
	}
	return b.Finish(), edns
}

// runs divides records where the RR set changes.
func runs(rrs []dns.RR) (all [][]dns.RR) {
	for i := range rrs {
		if i > 0 && rrs[i].Type() == rrs[i-1].Type() && rrs[i].Class == rrs[i-1].Class && rrs[i].Name.Equal(rrs[i-1].Name) {
			all[len(all)-1] = append(all[len(all)-1], rrs[i])
		} else {
			all = append(all, rrs[i:i+1:i+1])
		}
	}
	return all
}

// whole tells whether got are all of want; else they are its first sets.
func whole(t *testing.T, want, got []dns.RR) bool {
	n := 0
	for _, set := range runs(want) {
		if n == len(got) {
			return false
		}
		require.LessOrEqual(t, n+len(set), len(got), "a set that is not whole")
		require.Equal(t, set, got[n:n+len(set):n+len(set)])
		n += len(set)
	}
	require.Len(t, got, n)
	return true
}

// subsets checks that got are sets of want, each whole.
func subsets(t *testing.T, want, got []dns.RR) {
	for _, set := range runs(want) {
		if n := len(set); len(got) >= n && assert.ObjectsAreEqual(set, got[:n:n]) {
			got = got[n:]
		}
	}
	assert.Empty(t, got, "what is no set, or was not there")
}
