package resolver_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/resolver"
	"applayer/internal/golden"
)

// goodRecords is what the servers of the root and of com truly say.
var goodRecords = map[string]bool{
	". IN NS a.root.": true, "a.root. IN A 192.0.2.1": true, "com. IN NS a.nic.com.": true,
	"a.nic.com. IN A 192.0.2.10": true, "example.com. IN NS ns.example.com.": true, "ns.example.com. IN A 192.0.2.20": true,
	". IN SOA ns.invalid. admin.invalid. 1 3600 600 86400 300":    true,
	"com. IN SOA ns.invalid. admin.invalid. 1 3600 600 86400 300": true,
}

// FuzzResolverReply has the server of example.com send any octets. Whatever they
// are, the question ends within its limits, and neither the result nor the cache
// holds anything about names outside example.com but what their own servers said.
func FuzzResolverReply(f *testing.F) {
	seed := func(m *dns.Message) {
		b, err := dns.AppendMessage(nil, m)
		require.NoError(f, err)
		for mode := range byte(3) {
			f.Add(append([]byte{mode}, b...))
		}
	}
	q := &dns.Message{Question: []dns.Question{asked("www.example.com.", dns.TypeA)}}
	for _, s := range [][3][]string{
		{{"www.example.com. 60 A 198.51.100.1"}, {"com. 60 NS evil.com."}, {"evil.com. 60 A 192.0.2.66"}},
		{{"www.example.com. 60 CNAME www.victim.com.", "www.victim.com. 60 A 192.0.2.66"}},
		{{"example.com. 60 DNAME victim.com.", "www.victim.com. 60 A 192.0.2.66"}},
		{{}, {"www.example.com. 60 NS ns.victim.com."}, {"ns.victim.com. 60 A 192.0.2.66"}},
		{{}, {"com. 60 SOA a. b. 1 2 3 4 5"}},
		{{}, {"sub.example.com. 60 NS ns.sub.example.com."}, {"ns.sub.example.com. 60 A 192.0.2.10"}},
	} {
		m := reply(q)
		m.Authoritative = true
		m.Answer, m.Authority, m.Additional = rrs(f, s[0]...), rrs(f, s[1]...), rrs(f, s[2]...)
		seed(m)
	}
	for m := range golden.Messages(f, "../testdata/golden") {
		if !m.FromClient {
			f.Add(append([]byte{2}, m.Data...))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		w := small(t, nil)
		if len(in) > 0 {
			w.serve("192.0.2.20", fuzzed(in[0]%3, in[1:]))
		}
		start := w.now
		r := w.ask("www.example.com.", dns.TypeA)
		assert.LessOrEqual(t, len(w.log), 104)
		assert.LessOrEqual(t, w.now.Sub(start).Seconds(), 8.1)
		if r.RCode == dns.RCodeServFail {
			assert.Empty(t, r.Answer)
		}
		for _, line := range lines(append(r.Answer[:len(r.Answer):len(r.Answer)], r.Authority...)) {
			words := strings.Fields(line)
			record := strings.Join(append(words[:1:1], words[2:]...), " ")
			assert.True(t, goodRecords[record] || dns.MustName(words[0]).IsSubdomainOf(dns.MustName("example.com.")), record)
		}
		checkBailiwick(t, w)
	})
}

// fuzzed makes a server that sends octets as they are, with the ID that is
// waited for, or with the ID and the question.
func fuzzed(mode byte, b []byte) respond {
	return func(_ string, q *dns.Message) []any {
		out := append([]byte(nil), b...)
		if mode >= 1 && len(out) >= dns.HeaderSize {
			binary.BigEndian.PutUint16(out, q.ID)
			out[2] |= 0x80
		}
		if mode == 2 && len(out) >= dns.HeaderSize {
			binary.BigEndian.PutUint16(out[4:], 1)
			name := q.Question[0].Name.AppendWire(nil)
			name = append(name, byte(q.Question[0].Type>>8), byte(q.Question[0].Type), 0, 1)
			rest := out[dns.HeaderSize:]
			if n := len("\x03www\x07example\x03com\x00\x00\x01\x00\x01"); len(rest) >= n {
				rest = rest[n:]
			}
			out = append(append(out[:dns.HeaderSize:dns.HeaderSize], name...), rest...)
		}
		return []any{out}
	}
}

// checkBailiwick fails where the cache knows of a name outside example.com what
// only example.com's server can have said.
func checkBailiwick(t *testing.T, w *world) {
	t.Helper()
	var b strings.Builder
	require.NoError(t, w.engine.Cache().Dump(&b, w.now))
	ours := dns.MustName("example.com.")
	inside := false
	for line := range strings.Lines(b.String()) {
		words := strings.Fields(line)
		if !strings.HasPrefix(line, "\t") {
			name := dns.MustName(words[3])
			// The delegation of example.com itself is com's to say.
			inside = name.IsSubdomainOf(ours) && (words[0] != "delegation" || !name.Equal(ours))
			continue
		}
		record := strings.Join(append(words[:1:1], words[2:]...), " ")
		if inside {
			assert.True(t, dns.MustName(words[0]).IsSubdomainOf(ours), "%s", b.String())
			continue
		}
		assert.True(t, goodRecords[record], "%q in\n%s", record, b.String())
	}
}

// FuzzCacheLoad: what is loaded is dumped so that it loads again.
func FuzzCacheLoad(f *testing.F) {
	f.Add("answer authoritative 60 a.example. IN A\n\ta.example.\t60\tIN\tA\t192.0.2.1\nnodata other 5 b. IN MX\nnothing authoritative 9 c. IN TYPE0\n\t. 1 IN SOA a. b. 1 2 3 4 5\n")
	f.Fuzz(func(t *testing.T, in string) {
		now := newWorld(t, nil).now
		c := resolver.NewCache(1 << 20)
		if c.Load(strings.NewReader(in), now) != nil {
			return
		}
		var one, two strings.Builder
		require.NoError(t, c.Dump(&one, now))
		again := resolver.NewCache(1 << 20)
		require.NoError(t, again.Load(strings.NewReader(one.String()), now), "%q", one.String())
		require.NoError(t, again.Dump(&two, now))
		require.Equal(t, one.String(), two.String())
	})
}
