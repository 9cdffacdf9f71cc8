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
	assert.Equal(t, []string{"c.example.com. A", "b.c.example.com. A", "a.b.c.example.com. TXT"}, w.asked("192.0.2.20"))

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
