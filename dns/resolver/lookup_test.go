package resolver_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns/resolver"
)

// Exchangers of one preference, and servers of one priority, come in an order
// drawn anew: the heavier first more often, those of no weight last
// (RFC 5321 §5.1, RFC 2782).
func TestLookupsDraw(t *testing.T) {
	bubble(t, func(t *testing.T, r *resolver.Resolver, m *memory) {
		m.servers[netip.MustParseAddr("192.0.2.20")] = zone(t, "example.com.",
			"example.com. 3600 MX 10 a.example.com.", "example.com. 3600 MX 10 b.example.com.", "example.com. 3600 MX 20 z.example.com.",
			"_x._tcp.example.com. 3600 SRV 1 90 1 heavy.example.com.", "_x._tcp.example.com. 3600 SRV 1 10 1 light.example.com.",
			"_x._tcp.example.com. 3600 SRV 1 0 1 none.example.com.", "_x._tcp.example.com. 3600 SRV 2 100 1 later.example.com.")
		mx, srv := map[string]int{}, map[string]int{}
		const times = 2000
		for range times {
			hosts, err := r.LookupMX(t.Context(), "example.com")
			require.NoError(t, err)
			require.Len(t, hosts, 3)
			require.Equal(t, "z.example.com.", hosts[2].Host)
			mx[hosts[0].Host]++
			_, servers, err := r.LookupSRV(t.Context(), "x", "tcp", "example.com")
			require.NoError(t, err)
			require.Len(t, servers, 4)
			require.Equal(t, "later.example.com.", servers[3].Target)
			srv[servers[0].Target]++
		}
		// Far beyond what chance would do.
		assert.InDelta(t, times/2, mx["a.example.com."], times/8)
		assert.InDelta(t, times*9/10, srv["heavy.example.com."], times/16)
		assert.Greater(t, srv["light.example.com."], times/20)
		assert.Less(t, srv["none.example.com."], times/20)
	})
}

// What is no host's name is left out, and said (CVE-2021-33195).
func TestLookupsLeaveOutWhatIsNoHost(t *testing.T) {
	bubble(t, func(t *testing.T, r *resolver.Resolver, m *memory) {
		m.servers[netip.MustParseAddr("192.0.2.20")] = zone(t, "example.com.",
			`example.com. 60 MX 10 <script>.example.com.`, "example.com. 60 MX 10 a.example.com.",
			`x.example.com. 60 SRV 1 1 1 a;reboot.example.com.`, "x.example.com. 60 SRV 1 1 1 under_score.example.com.",
			`y.example.com. 60 MX 10 a\010b.example.com.`, "null.example.com. 60 MX 0 .")
		mx, err := r.LookupMX(t.Context(), "example.com")
		assert.Equal(t, []*net.MX{{Host: "a.example.com.", Pref: 10}}, mx)
		e, ok := errors.AsType[*net.DNSError](err)
		require.True(t, ok)
		assert.False(t, e.IsNotFound)
		_, srv, err := r.LookupSRV(t.Context(), "", "", "x.example.com")
		assert.Error(t, err)
		require.Len(t, srv, 1)
		assert.Equal(t, "under_score.example.com.", srv[0].Target)
		mx, err = r.LookupMX(t.Context(), "y.example.com")
		assert.Empty(t, mx)
		e, ok = errors.AsType[*net.DNSError](err)
		require.True(t, ok)
		assert.False(t, e.IsNotFound, "there is something")
		mx, err = r.LookupMX(t.Context(), "null.example.com")
		require.NoError(t, err)
		assert.Equal(t, []*net.MX{{Host: "."}}, mx, "RFC 7505 §3")
	})
}

// Errors tell time that ran out from time that was taken away.
func TestLookupErrors(t *testing.T) {
	bubble(t, func(t *testing.T, r *resolver.Resolver, m *memory) {
		_, err := r.LookupNetIP(t.Context(), "ip4", "::1")
		assert.True(t, dnsError(t, err).IsNotFound)
		_, err = r.LookupNetIP(t.Context(), "ip6", "192.0.2.1")
		assert.True(t, dnsError(t, err).IsNotFound)

		delete(m.servers, netip.MustParseAddr("192.0.2.20"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = r.LookupTXT(ctx, "a.example.com")
		assert.True(t, dnsError(t, err).IsTimeout)
		assert.ErrorIs(t, err, context.DeadlineExceeded)

		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, stop)
		_, err = r.LookupTXT(ctx, "b.example.com")
		assert.False(t, dnsError(t, err).IsTimeout)
		assert.ErrorIs(t, err, context.Canceled)

		_, err = r.LookupTXT(t.Context(), "c.example.com")
		assert.True(t, dnsError(t, err).IsTemporary)
		assert.True(t, dnsError(t, err).IsTimeout, "its servers were silent for 8 s: %v", err)
		require.NoError(t, r.Close())
		_, err = r.LookupTXT(t.Context(), "d.example.com")
		assert.False(t, dnsError(t, err).IsTemporary)
		assert.ErrorIs(t, err, resolver.ErrClosed)
	})
}

func dnsError(t *testing.T, err error) *net.DNSError {
	t.Helper()
	e, ok := errors.AsType[*net.DNSError](err)
	require.True(t, ok, "%v", err)
	return e
}
