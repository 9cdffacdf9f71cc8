package resolver_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/resolver"
)

func TestIterate(t *testing.T) {
	w := small(t, nil)
	r := w.ask("www.Example.com.", dns.TypeA)
	require.Equal(t, dns.RCodeNoError, r.RCode, "%v", r.Err)
	assert.Equal(t, []string{"www.example.com. 60 IN A 198.51.100.1"}, lines(r.Answer))
	assert.Equal(t, []string{". NS", "com. A"}, w.asked("192.0.2.1"), "priming, then no more than the top label")
	assert.Equal(t, []string{"example.com. A"}, w.asked("192.0.2.10"))
	assert.Equal(t, []string{"www.example.com. A"}, w.asked("192.0.2.20"))
	require.Len(t, r.Trace, 3, "priming is nobody's question")
	assert.Equal(t, resolver.ReplyReferral, r.Trace[0].Kind)
	assert.Equal(t, "com.", r.Trace[0].Referred.String())
	assert.Equal(t, resolver.ReplyAnswer, r.Trace[2].Kind)

	w.log = nil
	r = w.ask("WWW.example.com.", dns.TypeA)
	assert.Len(t, r.Answer, 1)
	assert.Empty(t, w.log, "from the cache")
	r = w.ask("mail.example.com.", dns.TypeA)
	assert.Len(t, r.Answer, 1)
	assert.Len(t, w.log, 1, "the zone's server is known")
}

func TestIterateToNothing(t *testing.T) {
	w := small(t, nil)
	r := w.ask("none.example.com.", dns.TypeA)
	assert.Equal(t, dns.RCodeNXDomain, r.RCode)
	require.Len(t, r.Authority, 1)
	assert.Equal(t, uint32(300), r.Authority[0].TTL, "the SOA's MINIMUM")
	w.log = nil
	r = w.ask("below.none.example.com.", dns.TypeMX)
	assert.Equal(t, dns.RCodeNXDomain, r.RCode, "RFC 8020")
	assert.Empty(t, w.log)
	r = w.ask("www.example.com.", dns.TypeMX)
	assert.Equal(t, dns.RCodeNoError, r.RCode)
	assert.Empty(t, r.Answer)
	require.Len(t, r.Authority, 1)
}

func TestIterateAlongAnAlias(t *testing.T) {
	w := small(t, nil)
	for range 2 {
		r := w.ask("alias.example.com.", dns.TypeA)
		assert.Equal(t, []string{"alias.example.com. 60 IN CNAME www.example.com.", "www.example.com. 60 IN A 198.51.100.1"}, lines(r.Answer))
	}
	assert.Len(t, w.log, 4)
}

func TestMinimise(t *testing.T) {
	w := small(t, nil)
	r := w.ask("a.b.c.example.com.", dns.TypeTXT)
	assert.Equal(t, dns.RCodeNoError, r.RCode)
	assert.Equal(t, []string{"c.example.com. A", "b.c.example.com. A", "a.b.c.example.com. A", "a.b.c.example.com. TXT"}, w.asked("192.0.2.20"))

	w = small(t, &resolver.EngineOptions{NoMinimise: true})
	w.ask("a.b.c.example.com.", dns.TypeTXT)
	assert.Equal(t, []string{". NS", "a.b.c.example.com. TXT"}, w.asked("192.0.2.1"))
}

func TestSilence(t *testing.T) {
	w := small(t, nil)
	delete(w.servers, netip.MustParseAddr("192.0.2.20"))
	start := w.now
	r := w.ask("www.example.com.", dns.TypeA)
	assert.Equal(t, dns.RCodeServFail, r.RCode)
	require.NotEmpty(t, r.EDE)
	assert.Equal(t, dns.EDENoReachableAuthority, r.EDE[0].Code)
	assert.LessOrEqual(t, w.now.Sub(start).Seconds(), 8.0)
	n := len(w.log)
	r = w.ask("www.example.com.", dns.TypeA)
	assert.ErrorIs(t, r.Err, resolver.ErrRemembered)
	assert.Len(t, w.log, n)
}

// A root whose records may not be kept is asked once for a question all the
// same.
func TestPrimingOfNoTime(t *testing.T) {
	w := small(t, nil)
	w.serve("192.0.2.1", zone(t, ".", ". 0 NS a.root.", "a.root. 0 A 192.0.2.1", "com. 3600 NS a.nic.com.", "a.nic.com. 3600 A 192.0.2.10"))
	r := w.ask("www.example.com.", dns.TypeA)
	assert.Len(t, r.Answer, 1)
	assert.Equal(t, []string{". NS", "com. A"}, w.asked("192.0.2.1"))
}

// Priming answers the question for the root's servers too: it is sent once.
func TestPrimingIsTheAnswer(t *testing.T) {
	w := small(t, nil)
	for range 2 {
		r := w.ask(".", dns.TypeNS)
		assert.Equal(t, []string{". 3600 IN NS a.root."}, lines(r.Answer))
	}
	assert.Equal(t, []string{". NS"}, w.asked("192.0.2.1"))
	assert.Zero(t, resolver.UnderWay(w.engine))
}

func TestQuestionsOfNobody(t *testing.T) {
	w := small(t, nil)
	for _, q := range []dns.Question{
		{}, {Name: dns.Root, Type: dns.TypeA, Class: dns.ClassCH},
		{Name: dns.Root, Type: dns.TypeAXFR, Class: dns.ClassIN}, {Name: dns.Root, Type: dns.TypeOPT, Class: dns.ClassIN},
	} {
		r := w.wait(w.engine.Ask(w.now, q))
		assert.Equal(t, dns.RCodeNotImp, r.RCode)
		assert.ErrorIs(t, r.Err, resolver.ErrQuestion)
	}
	assert.Empty(t, w.log)
}

// The limits on what is under way refuse, and forget nothing.
func TestTooManyQuestions(t *testing.T) {
	w := small(t, &resolver.EngineOptions{Limits: resolver.Limits{MaxQuestions: 2, MaxWaiting: 2}})
	ids := map[string]uint64{}
	for _, name := range []string{"a", "a2", "a3", "b", "c"} {
		ids[name] = w.engine.Ask(w.now, asked(name[:1]+".example.com.", dns.TypeA))
	}
	limits := map[uint64]string{}
	got := 0
	for range 10000 {
		w.pump()
		if id, r, ok := w.engine.NextResult(); ok {
			got++
			if e, ok := r.Err.(*dns.LimitError); ok {
				limits[id] = e.Name
			}
			if got == len(ids) {
				break
			}
			continue
		}
		w.step()
	}
	assert.Equal(t, map[uint64]string{ids["a3"]: "MaxWaiting", ids["c"]: "MaxQuestions"}, limits, "priming counts for none of them")
}

// An address that cannot be reached is passed over, and remembered as bad.
func TestUnreachableAddresses(t *testing.T) {
	w := small(t, nil)
	w.serve("192.0.2.10", zone(t, "com.", "example.com. 3600 NS ns.example.com.", "ns.example.com. 3600 A 192.0.2.20", "ns.example.com. 3600 A 192.0.2.21"))
	failed := 0
	for i := range 6 {
		id := w.engine.Ask(w.now, asked("x"+string(rune('a'+i))+".example.com.", dns.TypeA))
		for done := false; !done; {
			n := len(w.log)
			w.pump()
			for _, s := range w.log[n:] {
				if s.Server.Addr() == w.addr("192.0.2.21") {
					failed++
					w.engine.Fail(w.now, s.ID, errUnreachable)
				}
			}
			if got, r, ok := w.engine.NextResult(); ok {
				assert.Equal(t, id, got)
				assert.Equal(t, dns.RCodeNXDomain, r.RCode)
				done = true
				continue
			}
			if len(w.log) == n {
				w.step()
			}
		}
	}
	assert.LessOrEqual(t, failed, 1)
}
