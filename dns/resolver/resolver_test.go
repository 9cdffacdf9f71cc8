package resolver_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/resolver"
)

func asked(name string, t dns.Type) dns.Question {
	return dns.Question{Name: dns.MustName(name), Type: t, Class: dns.ClassIN}
}

func TestLookup(t *testing.T) {
	bubble(t, func(t *testing.T, r *resolver.Resolver, m *memory) {
		res, err := r.Lookup(t.Context(), asked("www.example.com.", dns.TypeA))
		require.NoError(t, err)
		assert.Equal(t, []string{"www.example.com. 60 IN A 198.51.100.1"}, lines(res.Answer))
		assert.Len(t, res.Trace, 3)
		n := m.count()
		time.Sleep(9 * time.Second)
		res, err = r.Lookup(t.Context(), asked("www.example.com.", dns.TypeA))
		require.NoError(t, err)
		assert.Equal(t, []string{"www.example.com. 51 IN A 198.51.100.1"}, lines(res.Answer))
		assert.Equal(t, n, m.count())
	})
}

func TestLookupsShareOneUpstream(t *testing.T) {
	bubble(t, func(t *testing.T, r *resolver.Resolver, m *memory) {
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				res, err := r.Lookup(t.Context(), asked("www.example.com.", dns.TypeA))
				assert.NoError(t, err)
				assert.Len(t, res.Answer, 1)
			})
		}
		wg.Wait()
		assert.Equal(t, 4, m.count())
	})
}

func TestLookupGivesUp(t *testing.T) {
	bubble(t, func(t *testing.T, r *resolver.Resolver, m *memory) {
		delete(m.servers, netip.MustParseAddr("192.0.2.20"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := r.Lookup(ctx, asked("www.example.com.", dns.TypeA))
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		start := time.Now()
		res, err := r.Lookup(t.Context(), asked("mail.example.com.", dns.TypeA))
		require.NoError(t, err)
		assert.Equal(t, dns.RCodeServFail, res.RCode)
		assert.LessOrEqual(t, time.Since(start), 8*time.Second)
	})
}

func TestUnreachableServer(t *testing.T) {
	bubble(t, func(t *testing.T, r *resolver.Resolver, m *memory) {
		m.servers[netip.MustParseAddr("192.0.2.20")] = func(string, *dns.Message) []any { return []any{errUnreachable} }
		start := time.Now()
		res, err := r.Lookup(t.Context(), asked("www.example.com.", dns.TypeA))
		require.NoError(t, err)
		assert.Equal(t, dns.RCodeServFail, res.RCode)
		assert.ErrorIs(t, res.Err, resolver.ErrNoServer)
		assert.Less(t, time.Since(start), time.Second, "what is refused is not waited for")
	})
}

func TestClosedResolver(t *testing.T) {
	bubble(t, func(t *testing.T, r *resolver.Resolver, m *memory) {
		delete(m.servers, netip.MustParseAddr("192.0.2.1"))
		go func() {
			_, err := r.Lookup(t.Context(), asked("www.example.com.", dns.TypeA))
			assert.ErrorIs(t, err, resolver.ErrClosed)
		}()
		synctest.Wait()
		require.NoError(t, r.Close())
		_, err := r.Lookup(t.Context(), asked("www.example.com.", dns.TypeA))
		assert.ErrorIs(t, err, resolver.ErrClosed)
	})
}

func TestLookupsLikeThoseOfNet(t *testing.T) {
	bubble(t, func(t *testing.T, r *resolver.Resolver, m *memory) {
		ctx := t.Context()
		m.servers[netip.MustParseAddr("192.0.2.20")] = zone(t, "example.com.",
			"example.com. 60 MX 20 b.example.com.", "example.com. 60 MX 10 a.example.com.",
			"a.example.com. 60 A 198.51.100.1", "a.example.com. 60 A 198.51.100.2", "a.example.com. 60 AAAA 2001:db8::1",
			"example.com. 60 TXT one two", "_imap._tcp.example.com. 60 SRV 1 2 143 a.example.com.",
			"_imap._tcp.example.com. 60 SRV 0 2 143 b.example.com.")
		hosts, err := r.LookupHost(ctx, "a.example.com")
		require.NoError(t, err)
		assert.Equal(t, []string{"198.51.100.1", "198.51.100.2", "2001:db8::1"}, hosts)
		six, err := r.LookupNetIP(ctx, "ip6", "a.example.com")
		require.NoError(t, err)
		assert.Equal(t, []netip.Addr{netip.MustParseAddr("2001:db8::1")}, six)
		mx, err := r.LookupMX(ctx, "example.com")
		require.NoError(t, err)
		assert.Equal(t, []*net.MX{{Host: "a.example.com.", Pref: 10}, {Host: "b.example.com.", Pref: 20}}, mx)
		txt, err := r.LookupTXT(ctx, "example.com")
		require.NoError(t, err)
		assert.Equal(t, []string{"onetwo"}, txt)
		name, srv, err := r.LookupSRV(ctx, "imap", "tcp", "example.com")
		require.NoError(t, err)
		assert.Equal(t, "_imap._tcp.example.com.", name)
		assert.Equal(t, []*net.SRV{{Target: "b.example.com.", Port: 143, Weight: 2}, {Target: "a.example.com.", Port: 143, Priority: 1, Weight: 2}}, srv)
		ptr, err := r.LookupAddr(ctx, "127.0.0.1")
		require.NoError(t, err)
		assert.Equal(t, []string{"localhost."}, ptr)
		local, err := r.LookupHost(ctx, "localhost")
		require.NoError(t, err)
		assert.Equal(t, []string{"127.0.0.1", "::1"}, local)
		literal, err := r.LookupHost(ctx, "192.0.2.7")
		require.NoError(t, err)
		assert.Equal(t, []string{"192.0.2.7"}, literal)

		for _, row := range []struct {
			name string
			err  error
		}{
			{"no such name", second(r.LookupHost(ctx, "none.example.com"))},
			{"no address", second(r.LookupHost(ctx, "example.com"))},
			{"no MX", second(r.LookupMX(ctx, "a.example.com"))},
			{"no TXT", second(r.LookupTXT(ctx, "a.example.com"))},
			{"no SRV", third(r.LookupSRV(ctx, "", "", "a.example.com"))},
			{"no PTR", second(r.LookupAddr(ctx, "10.1.2.3"))},
			{"not a name", second(r.LookupHost(ctx, "a..b"))},
		} {
			e, ok := errors.AsType[*net.DNSError](row.err)
			require.True(t, ok, row.name)
			assert.True(t, e.IsNotFound, row.name)
		}
		_, err = r.LookupNetIP(ctx, "ip5", "a.example.com")
		assert.Error(t, err)
		_, err = r.LookupAddr(ctx, "a.example.com")
		assert.Error(t, err)
		delete(m.servers, netip.MustParseAddr("192.0.2.20"))
		_, err = r.LookupMX(ctx, "other.example.com")
		e, ok := errors.AsType[*net.DNSError](err)
		require.True(t, ok)
		assert.True(t, e.IsTemporary)
		assert.False(t, e.IsNotFound)
	})
}

func second[T any](_ T, err error) error        { return err }
func third[T, U any](_ T, _ U, err error) error { return err }
