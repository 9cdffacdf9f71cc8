package resolver_test

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"applayer/dns"
	"applayer/dns/resolver"
)

// memory carries messages to servers in memory, 10 ms each, for a Resolver in a
// synctest bubble.
type memory struct {
	mu      sync.Mutex
	servers map[netip.Addr]respond
	asked   []string
}

func (m *memory) Exchange(ctx context.Context, network string, server netip.AddrPort, query []byte, accept func([]byte) error) ([]byte, error) {
	q, err := dns.ParseMessage(query, nil)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	m.asked = append(m.asked, server.Addr().String()+" "+q.Question[0].Name.Canonical().String()+" "+q.Question[0].Type.String())
	r := m.servers[server.Addr()]
	m.mu.Unlock()
	if r == nil {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	time.Sleep(10 * time.Millisecond)
	for _, reply := range r(network, q) {
		var msg []byte
		switch reply := reply.(type) {
		case *dns.Message:
			if msg, err = dns.AppendMessage(nil, reply); err != nil {
				return nil, err
			}
		case []byte:
			msg = reply
		case error:
			return nil, reply
		}
		if accept(msg) == nil {
			return msg, nil
		}
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

func (m *memory) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.asked)
}

// bubble runs a test with a Resolver over the small world.
func bubble(t *testing.T, f func(t *testing.T, r *resolver.Resolver, m *memory)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := small(t, nil)
		m := &memory{servers: w.servers}
		r := &resolver.Resolver{Exchanger: m}
		r.Hints = rrs(t, ". 3600 NS a.root.", "a.root. 3600 A 192.0.2.1")
		f(t, r, m)
		require.NoError(t, r.Close())
	})
}

var errUnreachable = errors.New("unreachable")
