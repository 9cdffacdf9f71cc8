package sockets_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets"
)

const ms = time.Millisecond

// The addresses of the tests, short as in a dialogue.
const (
	v6a, v6b, v6c = "2001:db8::a", "2001:db8::b", "2001:db8::c"
	v4a, v4b, v4c = "192.0.2.1", "192.0.2.2", "192.0.2.3"
)

// outcome is what comes of a connection attempt.
type outcome struct {
	after time.Duration
	err   error
	deaf  bool // does not hear that its ctx has ended
}

// never is a host that drops what we send.
var never = outcome{after: time.Hour}

// world plays hosts and a resolver in virtual time and keeps a record of
// everything that Dial does, with the time since the start.
type world struct {
	t       *testing.T
	epoch   time.Time
	hosts   map[string]outcome
	answers map[string]lookup // by network

	mu  sync.Mutex
	log []string
}

type lookup struct {
	after time.Duration
	addrs []netip.Addr
	err   error
}

func newWorld(t *testing.T) *world { return &world{t: t, epoch: time.Now()} }

func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = append(w.log, fmt.Sprintf("%4d ", time.Since(w.epoch).Milliseconds())+fmt.Sprintf(format, args...))
}

func (w *world) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	w.note("lookup %s %s", network, host)
	a := w.answers[network]
	select {
	case <-time.After(a.after):
		return a.addrs, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (w *world) connect(ctx context.Context, network, addr string) (net.Conn, error) {
	host := netip.MustParseAddrPort(addr).Addr().String()
	w.note("try %s", host)
	o, ok := w.hosts[host]
	if !ok {
		w.t.Errorf("%s is not of this world", addr)
	}
	quit := ctx.Done()
	if o.deaf {
		quit = nil
	}
	select {
	case <-time.After(o.after):
	case <-quit:
		w.note("give up %s", host)
		return nil, ctx.Err()
	}
	if o.err != nil {
		w.note("refused %s", host)
		return nil, &net.OpError{Op: "dial", Net: network, Addr: net.TCPAddrFromAddrPort(netip.MustParseAddrPort(addr)), Err: o.err}
	}
	w.note("accept %s", host)
	near, far := net.Pipe()
	far.Close()
	return &worldConn{near, w, host}, nil
}

type worldConn struct {
	net.Conn
	w    *world
	host string
}

func (c *worldConn) Close() error {
	c.w.note("close %s", c.host)
	return c.Conn.Close()
}

func (w *world) dialer() *sockets.Dialer {
	return &sockets.Dialer{Resolver: w, Connect: w.connect}
}

// Each row is a dial in virtual time: what stands in the record is all that
// happened, to the millisecond.
func TestDialRace(t *testing.T) {
	both := addrs(v6a, v6b, v4a, v4b)
	refused := outcome{after: 20 * ms, err: syscall.ECONNREFUSED}
	tests := []struct {
		name    string
		set     func(*sockets.Dialer)
		answers map[string]lookup
		hosts   map[string]outcome
		want    []string
		winner  string // empty: none
	}{
		{
			"8305-4 families interleaved, 8305-5 250 ms apart",
			nil,
			map[string]lookup{"ip": {addrs: both}},
			map[string]outcome{v6a: never, v4a: never, v6b: never, v4b: {after: 30 * ms}},
			[]string{"   0 lookup ip host", "   0 try 2001:db8::a", " 250 try 192.0.2.1", " 500 try 2001:db8::b", " 750 try 192.0.2.2",
				" 780 accept 192.0.2.2", " 780 give up 192.0.2.1", " 780 give up 2001:db8::a", " 780 give up 2001:db8::b"},
			v4b,
		},
		{
			"the first that answers in time is alone",
			nil,
			map[string]lookup{"ip": {addrs: both}},
			map[string]outcome{v6a: {after: 249 * ms}},
			[]string{"   0 lookup ip host", "   0 try 2001:db8::a", " 249 accept 2001:db8::a"},
			v6a,
		},
		{
			"the resolver's order leads, IPv4 first too",
			nil,
			map[string]lookup{"ip": {after: 40 * ms, addrs: addrs(v4b, v4a, v6c)}},
			map[string]outcome{v4b: never, v6c: never, v4a: {after: 10 * ms}},
			[]string{"   0 lookup ip host", "  40 try 192.0.2.2", " 290 try 2001:db8::c", " 540 try 192.0.2.1",
				" 550 accept 192.0.2.1", " 550 give up 192.0.2.2", " 550 give up 2001:db8::c"},
			v4a,
		},
		{
			"one that fails is followed at once, and the delay counts from there",
			nil,
			map[string]lookup{"ip": {addrs: both}},
			map[string]outcome{v6a: refused, v4a: refused, v6b: never, v4b: {after: 5 * ms}},
			[]string{"   0 lookup ip host", "   0 try 2001:db8::a", "  20 refused 2001:db8::a", "  20 try 192.0.2.1", "  40 refused 192.0.2.1",
				"  40 try 2001:db8::b", " 290 try 192.0.2.2", " 295 accept 192.0.2.2", " 295 give up 2001:db8::b"},
			v4b,
		},
		{
			"an earlier attempt may win after later ones began",
			nil,
			map[string]lookup{"ip": {addrs: both}},
			map[string]outcome{v6a: {after: 600 * ms}, v4a: never, v6b: never},
			[]string{"   0 lookup ip host", "   0 try 2001:db8::a", " 250 try 192.0.2.1", " 500 try 2001:db8::b",
				" 600 accept 2001:db8::a", " 600 give up 192.0.2.1", " 600 give up 2001:db8::b"},
			v6a,
		},
		{
			"a loser that connects after the winner is closed",
			nil,
			map[string]lookup{"ip": {addrs: addrs(v6a, v4a)}},
			map[string]outcome{v6a: {after: 400 * ms, deaf: true}, v4a: {after: 10 * ms}},
			[]string{"   0 lookup ip host", "   0 try 2001:db8::a", " 250 try 192.0.2.1", " 260 accept 192.0.2.1", " 400 accept 2001:db8::a", " 400 close 2001:db8::a"},
			v4a,
		},
		{
			"all fail",
			nil,
			map[string]lookup{"ip": {addrs: addrs(v6a, v4a)}},
			map[string]outcome{v6a: refused, v4a: refused},
			[]string{"   0 lookup ip host", "   0 try 2001:db8::a", "  20 refused 2001:db8::a", "  20 try 192.0.2.1", "  40 refused 192.0.2.1"},
			"",
		},
		{
			"8305-4 First Address Family Count of 2",
			func(d *sockets.Dialer) { d.FirstFamilyCount = 2 },
			map[string]lookup{"ip": {addrs: both}},
			map[string]outcome{v6a: never, v6b: never, v4a: never, v4b: {after: 10 * ms}},
			[]string{"   0 lookup ip host", "   0 try 2001:db8::a", " 250 try 2001:db8::b", " 500 try 192.0.2.1", " 750 try 192.0.2.2",
				" 760 accept 192.0.2.2", " 760 give up 192.0.2.1", " 760 give up 2001:db8::a", " 760 give up 2001:db8::b"},
			v4b,
		},
		{
			"8305-5 no delay under 10 ms",
			func(d *sockets.Dialer) { d.AttemptDelay = ms },
			map[string]lookup{"ip": {addrs: addrs(v6a, v4a)}},
			map[string]outcome{v6a: never, v4a: {after: 10 * ms}},
			[]string{"   0 lookup ip host", "   0 try 2001:db8::a", "  10 try 192.0.2.1", "  20 accept 192.0.2.1", "  20 give up 2001:db8::a"},
			v4a,
		},
		{
			"8305-5 no delay over 2 s",
			func(d *sockets.Dialer) { d.AttemptDelay = time.Minute },
			map[string]lookup{"ip": {addrs: addrs(v6a, v4a)}},
			map[string]outcome{v6a: never, v4a: {after: 10 * ms}},
			[]string{"   0 lookup ip host", "   0 try 2001:db8::a", "2000 try 192.0.2.1", "2010 accept 192.0.2.1", "2010 give up 2001:db8::a"},
			v4a,
		},
		{
			"one at a time when the delay is negative",
			func(d *sockets.Dialer) { d.AttemptDelay = -1 },
			map[string]lookup{"ip": {addrs: addrs(v6a, v4a)}},
			map[string]outcome{v6a: {after: 5 * time.Second, err: syscall.EHOSTUNREACH}, v4a: {after: 10 * ms}},
			[]string{"   0 lookup ip host", "   0 try 2001:db8::a", "5000 refused 2001:db8::a", "5000 try 192.0.2.1", "5010 accept 192.0.2.1"},
			v4a,
		},
		{
			"an address that comes twice is tried once, IPv4 inside IPv6 is IPv4",
			nil,
			map[string]lookup{"ip": {addrs: addrs(v4a, "::ffff:"+v4a, v4a)}},
			map[string]outcome{v4a: refused},
			[]string{"   0 lookup ip host", "   0 try 192.0.2.1", "  20 refused 192.0.2.1"},
			"",
		},
		{
			"attempts are bounded",
			func(d *sockets.Dialer) { d.MaxAttempts = 2 },
			map[string]lookup{"ip": {addrs: both}},
			map[string]outcome{v6a: refused, v4a: refused},
			[]string{"   0 lookup ip host", "   0 try 2001:db8::a", "  20 refused 2001:db8::a", "  20 try 192.0.2.1", "  40 refused 192.0.2.1"},
			"",
		},
		{
			"8305-3 AAAA first: IPv6 starts at once",
			func(d *sockets.Dialer) { d.SplitQueries = true },
			map[string]lookup{"ip6": {after: 10 * ms, addrs: addrs(v6a)}, "ip4": {after: 100 * ms, addrs: addrs(v4a)}},
			map[string]outcome{v6a: never, v4a: {after: 5 * ms}},
			[]string{"   0 lookup ip4 host", "   0 lookup ip6 host", "  10 try 2001:db8::a", " 260 try 192.0.2.1", " 265 accept 192.0.2.1", " 265 give up 2001:db8::a"},
			v4a,
		},
		{
			"8305-3 A first: AAAA within 50 ms leads",
			func(d *sockets.Dialer) { d.SplitQueries = true },
			map[string]lookup{"ip4": {after: 10 * ms, addrs: addrs(v4a)}, "ip6": {after: 40 * ms, addrs: addrs(v6a)}},
			map[string]outcome{v6a: {after: 5 * ms}},
			[]string{"   0 lookup ip4 host", "   0 lookup ip6 host", "  40 try 2001:db8::a", "  45 accept 2001:db8::a"},
			v6a,
		},
		{
			"8305-3 A first: no more than 50 ms, 8305-6 the late AAAA joins in",
			func(d *sockets.Dialer) { d.SplitQueries = true },
			map[string]lookup{"ip4": {after: 10 * ms, addrs: addrs(v4a, v4b)}, "ip6": {after: 100 * ms, addrs: addrs(v6a)}},
			map[string]outcome{v4a: never, v6a: never, v4b: {after: 5 * ms}},
			[]string{"   0 lookup ip4 host", "   0 lookup ip6 host", "  60 try 192.0.2.1", " 310 try 2001:db8::a", " 560 try 192.0.2.2",
				" 565 accept 192.0.2.2", " 565 give up 192.0.2.1", " 565 give up 2001:db8::a"},
			v4b,
		},
		{
			"8305-3 a negative AAAA answer ends the waiting",
			func(d *sockets.Dialer) { d.SplitQueries = true },
			map[string]lookup{"ip4": {after: 10 * ms, addrs: addrs(v4a)}, "ip6": {after: 30 * ms, err: &net.DNSError{Err: "no such host", IsNotFound: true}}},
			map[string]outcome{v4a: {after: 5 * ms}},
			[]string{"   0 lookup ip4 host", "   0 lookup ip6 host", "  30 try 192.0.2.1", "  35 accept 192.0.2.1"},
			v4a,
		},
		{
			"8305-3 a negative AAAA answer before the A answer",
			func(d *sockets.Dialer) { d.SplitQueries = true },
			map[string]lookup{"ip6": {after: 10 * ms}, "ip4": {after: 30 * ms, addrs: addrs(v4a)}},
			map[string]outcome{v4a: {after: 5 * ms}},
			[]string{"   0 lookup ip4 host", "   0 lookup ip6 host", "  30 try 192.0.2.1", "  35 accept 192.0.2.1"},
			v4a,
		},
		{
			"8305-3 no waiting when the delay is negative",
			func(d *sockets.Dialer) { d.SplitQueries, d.ResolutionDelay = true, -1 },
			map[string]lookup{"ip4": {after: 10 * ms, addrs: addrs(v4a)}, "ip6": {after: 40 * ms, addrs: addrs(v6a)}},
			map[string]outcome{v4a: {after: 5 * ms}},
			[]string{"   0 lookup ip4 host", "   0 lookup ip6 host", "  10 try 192.0.2.1", "  15 accept 192.0.2.1"},
			v4a,
		},
		{
			"8305-6 the answer that comes after all attempts failed is used at once",
			func(d *sockets.Dialer) { d.SplitQueries = true },
			map[string]lookup{"ip4": {addrs: addrs(v4a)}, "ip6": {after: time.Second, addrs: addrs(v6a)}},
			map[string]outcome{v4a: refused, v6a: {after: 5 * ms}},
			[]string{"   0 lookup ip4 host", "   0 lookup ip6 host", "  50 try 192.0.2.1", "  70 refused 192.0.2.1", "1000 try 2001:db8::a", "1005 accept 2001:db8::a"},
			v6a,
		},
		{
			"from a local address of IPv4 only to such",
			func(d *sockets.Dialer) { d.LocalAddr = netip.MustParseAddr("192.0.2.99") },
			map[string]lookup{"ip4": {addrs: addrs(v4a)}},
			map[string]outcome{v4a: {after: 5 * ms}},
			[]string{"   0 lookup ip4 host", "   0 try 192.0.2.1", "   5 accept 192.0.2.1"},
			v4a,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.answers, w.hosts = tt.answers, tt.hosts
				d := w.dialer()
				if tt.set != nil {
					tt.set(d)
				}
				conn, err := d.Dial(t.Context(), "tcp", "host:80")
				synctest.Wait()
				if tt.winner != "" {
					require.NoError(t, err)
					assert.Equal(t, tt.winner, conn.(*worldConn).host)
				} else {
					require.Error(t, err)
				}
				time.Sleep(time.Minute) // losers that are deaf; a bubble tells of any that stays
				assert.Equal(t, tt.want, w.sortedLog())
			})
		})
	}
}

// sortedLog is the record; what happens in the same instant by goroutines of
// their own has no order but the alphabet's, after what Dial itself did.
func (w *world) sortedLog() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	log := append([]string(nil), w.log...)
	concurrent := func(s string) bool { return strings.Contains(s, "give up") || strings.Contains(s, "lookup") }
	for i := range log { // insertion sort within runs of concurrent notes
		for j := i; j > 0 && log[j][:5] == log[j-1][:5] && concurrent(log[j]) && concurrent(log[j-1]) && log[j] < log[j-1]; j-- {
			log[j], log[j-1] = log[j-1], log[j]
		}
	}
	return log
}

func TestDialOneFamily(t *testing.T) {
	for _, tt := range []struct{ network, asks, host string }{
		{"tcp4", "ip4", v4a}, {"tcp6", "ip6", v6a}, {"udp4", "ip4", v4a}, {"udp6", "ip6", v6a},
	} {
		t.Run(tt.network, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.hosts = map[string]outcome{tt.host: {}}
				// A resolver that does not filter is filtered.
				w.answers = map[string]lookup{tt.asks: {addrs: addrs(v6a, v4a)}}
				conn, err := w.dialer().Dial(t.Context(), tt.network, "host:80")
				require.NoError(t, err)
				require.NoError(t, conn.Close())
				assert.Equal(t, []string{"   0 lookup " + tt.asks + " host", "   0 try " + tt.host, "   0 accept " + tt.host, "   0 close " + tt.host}, w.sortedLog())
			})
		})
	}
}

func TestDialErrors(t *testing.T) {
	notFound := &net.DNSError{Err: "no such host", Name: "host", IsNotFound: true}
	servfail := &net.DNSError{Err: "server misbehaving", Name: "host", IsTemporary: true}
	tests := []struct {
		name    string
		set     func(*sockets.Dialer)
		ctx     time.Duration // its deadline
		network string
		addr    string
		answers map[string]lookup
		hosts   map[string]outcome
		want    string
		is      []error
		timeout bool
	}{
		{
			"every attempt with its address", nil, 0, "tcp", "host:80",
			map[string]lookup{"ip": {addrs: addrs(v6a, v4a)}},
			map[string]outcome{v6a: {err: syscall.ENETUNREACH}, v4a: {err: syscall.ECONNREFUSED}},
			"sockets: dial tcp host:80: [2001:db8::a]:80: network is unreachable; 192.0.2.1:80: connection refused",
			[]error{syscall.ENETUNREACH, syscall.ECONNREFUSED}, false,
		},
		{
			"deadline: what was under way, and what had failed", nil, 300 * ms, "tcp", "host:80",
			map[string]lookup{"ip": {addrs: addrs(v6a, v4a, v6b)}},
			map[string]outcome{v6a: {err: syscall.ENETUNREACH}, v4a: {after: time.Hour, deaf: true}, v6b: {after: time.Hour, deaf: true}},
			"sockets: dial tcp host:80: [2001:db8::a]:80: network is unreachable; 192.0.2.1:80: context deadline exceeded; [2001:db8::b]:80: context deadline exceeded",
			[]error{syscall.ENETUNREACH, context.DeadlineExceeded}, true,
		},
		{
			"deadline before the answer", nil, 300 * ms, "tcp", "host:80",
			map[string]lookup{"ip": {after: time.Hour}}, nil,
			"sockets: dial tcp host:80: context deadline exceeded",
			[]error{context.DeadlineExceeded}, true,
		},
		{
			"every attempt timed out by itself", nil, 0, "tcp", "host:80",
			map[string]lookup{"ip": {addrs: addrs(v4a)}},
			map[string]outcome{v4a: {after: time.Minute, err: os.NewSyscallError("connect", syscall.ETIMEDOUT)}},
			"sockets: dial tcp host:80: 192.0.2.1:80: connect: connection timed out",
			[]error{syscall.ETIMEDOUT}, true,
		},
		{
			"no such name", nil, 0, "tcp", "host:80",
			map[string]lookup{"ip": {err: notFound}}, nil,
			"sockets: dial tcp host:80: lookup host: no such host", []error{notFound}, false,
		},
		{
			"an answer without addresses", nil, 0, "tcp", "host:80",
			map[string]lookup{"ip": {}}, nil,
			"sockets: dial tcp host:80: lookup host: no suitable address", nil, false,
		},
		{
			"both queries failed", func(d *sockets.Dialer) { d.SplitQueries = true }, 0, "tcp", "host:80",
			map[string]lookup{"ip6": {err: servfail}, "ip4": {after: 10 * ms, err: notFound}}, nil,
			"sockets: dial tcp host:80: lookup host: server misbehaving; lookup host: no such host", []error{servfail, notFound}, false,
		},
		{
			"a family without addresses is no cause", func(d *sockets.Dialer) { d.SplitQueries = true }, 0, "tcp", "host:80",
			map[string]lookup{"ip6": {err: notFound}, "ip4": {after: 10 * ms, addrs: addrs(v4a)}},
			map[string]outcome{v4a: {err: syscall.ECONNREFUSED}},
			"sockets: dial tcp host:80: 192.0.2.1:80: connection refused", []error{syscall.ECONNREFUSED}, false,
		},
		{
			"the limit is named", func(d *sockets.Dialer) { d.MaxAttempts = 1 }, 0, "tcp", "host:80",
			map[string]lookup{"ip": {addrs: addrs(v6a, v4a)}},
			map[string]outcome{v6a: {err: syscall.ECONNREFUSED}},
			"sockets: dial tcp host:80: [2001:db8::a]:80: connection refused; sockets: limit MaxAttempts of 1 reached", nil, false,
		},
		{
			"numeric address", nil, 0, "tcp", "[2001:db8::a]:80", nil,
			map[string]outcome{v6a: {err: syscall.ECONNREFUSED}},
			"sockets: dial tcp [2001:db8::a]:80: [2001:db8::a]:80: connection refused", []error{syscall.ECONNREFUSED}, false,
		},
		{
			"no port", nil, 0, "tcp", "host", nil, nil,
			"sockets: dial tcp host: address host: missing port in address", nil, false,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.answers, w.hosts = tt.answers, tt.hosts
				for host, o := range w.hosts {
					if o.after == 0 && o.err != nil {
						o.after = ms
						w.hosts[host] = o
					}
				}
				d := w.dialer()
				if tt.set != nil {
					tt.set(d)
				}
				ctx := t.Context()
				if tt.ctx > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.ctx)
					defer cancel()
				}
				conn, err := d.Dial(ctx, tt.network, tt.addr)
				assert.Nil(t, conn)
				require.EqualError(t, err, tt.want)
				for _, target := range tt.is {
					assert.ErrorIs(t, err, target)
				}
				ne, ok := errors.AsType[net.Error](err)
				require.True(t, ok)
				assert.Equal(t, tt.timeout, ne.Timeout())
				if tt.ctx > 0 {
					assert.Equal(t, tt.ctx, time.Since(w.epoch), "the deadline is kept")
				}
				time.Sleep(2 * time.Hour)
			})
		})
	}
}

func TestDialCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.answers = map[string]lookup{"ip": {addrs: addrs(v6a, v4a)}}
		w.hosts = map[string]outcome{v6a: never, v4a: {after: 100 * ms, deaf: true}}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(300*ms, cancel)
		_, err := w.dialer().Dial(ctx, "tcp", "host:80")
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, 300*ms, time.Since(w.epoch))
		time.Sleep(time.Minute)
		assert.Equal(t, []string{"   0 lookup ip host", "   0 try 2001:db8::a", " 250 try 192.0.2.1", " 300 give up 2001:db8::a",
			" 350 accept 192.0.2.1", " 350 close 192.0.2.1"}, w.sortedLog())
	})
}

// After Dial has returned ctx has no hold on the connection.
func TestDialOutlivesItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := testkit.NewNetwork()
		l, err := network.Listen(t.Context(), "tcp", "127.0.0.1:80")
		require.NoError(t, err)
		defer l.Close()
		d := sockets.Dialer{Resolver: sockets.HostTable{"host": addrs("127.0.0.1")}, Connect: network.Dial}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		conn, err := d.Dial(ctx, "tcp", "host:80")
		require.NoError(t, err)
		defer conn.Close()
		cancel()
		time.Sleep(time.Minute)
		_, err = conn.Write([]byte("x"))
		assert.NoError(t, err)
	})
}

func TestDialGoesStraight(t *testing.T) {
	table := sockets.AddrMap{
		"host:80":      "127.0.0.5:8080",
		"192.0.2.1:25": "127.0.0.6:8025",
		"2001:db8::a":  "127.0.0.7",
	}
	tests := []struct{ name, network, addr, want string }{
		{"numeric IPv4", "tcp", "203.0.113.1:80", "tcp 203.0.113.1:80"},
		{"numeric IPv6", "udp", "[2001:db8::1]:53", "udp [2001:db8::1]:53"},
		{"with a zone", "tcp6", "[fe80::1%eth0]:53", "tcp6 [fe80::1%eth0]:53"},
		{"service by name", "tcp", "203.0.113.1:http", "tcp 203.0.113.1:80"},
		{"service by transport", "udp", "203.0.113.1:domain", "udp 203.0.113.1:53"},
		{"the local host", "tcp", ":80", "tcp 127.0.0.1:80"},
		{"the local host in IPv6", "tcp6", ":80", "tcp6 [::1]:80"},
		{"unix path", "unix", "/run/upper:80", "unix /run/upper:80"},
		{"unix datagrams", "unixgram", "@upper", "unixgram @upper"},
		{"networks that it does not know", "ip4:1", "192.0.2.1", "ip4:1 192.0.2.1"},
		{"mapped name", "tcp", "host:80", "tcp 127.0.0.5:8080"},
		{"mapped by another service's name", "tcp", "HOST:http", "tcp 127.0.0.5:8080"},
		{"mapped address", "tcp", "192.0.2.1:25", "tcp 127.0.0.6:8025"},
		{"mapped to the other family", "tcp6", "[2001:db8::a]:993", "tcp 127.0.0.7:993"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			d := sockets.Dialer{
				Resolver: sockets.HostTable{},
				Map:      table,
				Connect: func(_ context.Context, network, addr string) (net.Conn, error) {
					got = append(got, network+" "+addr)
					return nil, syscall.ECONNREFUSED
				},
			}
			_, err := d.Dial(t.Context(), tt.network, tt.addr)
			require.ErrorIs(t, err, syscall.ECONNREFUSED)
			assert.Equal(t, []string{tt.want}, got)
		})
	}
}

// The addresses that a name resolves to are mapped one by one.
func TestDialMapsResolvedAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.answers = map[string]lookup{"ip": {addrs: addrs(v6a, v4a)}}
		w.hosts = map[string]outcome{"127.0.0.5": {after: ms, err: syscall.ECONNREFUSED}, "127.0.0.6": {after: ms}}
		d := w.dialer()
		d.Map = sockets.AddrMap{v6a: "127.0.0.5", v4a + ":80": "127.0.0.6:8080"}
		var trace []string
		d.Trace = &sockets.DialTrace{
			Mapped:    func(public, local string) { trace = append(trace, public+" is "+local) },
			Connected: func(network, addr string) { trace = append(trace, "connected "+addr) },
		}
		_, err := d.Dial(t.Context(), "tcp", "host:80")
		require.NoError(t, err)
		assert.Equal(t, []string{"[2001:db8::a]:80 is 127.0.0.5:80", "192.0.2.1:80 is 127.0.0.6:8080", "connected 127.0.0.6:8080"}, trace)
	})
}

func TestDialTrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.answers = map[string]lookup{"ip": {after: 5 * ms, addrs: addrs(v6a, v4a, v6b, v4b)}}
		w.hosts = map[string]outcome{v6a: {after: ms, err: syscall.ECONNREFUSED}, v4a: never, v6b: never, v4b: {after: 4 * ms}}
		d := w.dialer()
		var got []string
		note := func(format string, args ...any) {
			got = append(got, fmt.Sprintf("%d ", time.Since(w.epoch).Milliseconds())+fmt.Sprintf(format, args...))
		}
		d.Trace = &sockets.DialTrace{
			Lookup: func(network, host string) { note("lookup %s %s", network, host) },
			Answer: func(network, host string, addrs []netip.Addr, err error) {
				note("answer %s %s %d %v", network, host, len(addrs), err)
			},
			Attempt:   func(network, addr string) { note("attempt %s %s", network, addr) },
			Failed:    func(network, addr string, err error) { note("failed %s %s", network, addr) },
			Connected: func(network, addr string) { note("connected %s %s", network, addr) },
			Cancelled: func(network, addr string) { note("cancelled %s %s", network, addr) },
		}
		_, err := d.Dial(t.Context(), "tcp", "host:80")
		require.NoError(t, err)
		assert.Equal(t, []string{
			"0 lookup ip host",
			"5 answer ip host 4 <nil>",
			"5 attempt tcp [2001:db8::a]:80",
			"6 failed tcp [2001:db8::a]:80",
			"6 attempt tcp 192.0.2.1:80",
			"256 attempt tcp [2001:db8::b]:80",
			"506 attempt tcp 192.0.2.2:80",
			"510 connected tcp 192.0.2.2:80",
			"510 cancelled tcp 192.0.2.1:80",
			"510 cancelled tcp [2001:db8::b]:80",
		}, got)
	})
}

func TestDialTLS(t *testing.T) {
	server, client := testkit.Certificate(t, "mail.hamburger.edu", "127.0.0.7")
	client.ServerName = ""
	tests := []struct {
		name, addr string
		config     *tls.Config
		wantErr    string
	}{
		{"name from the address", "mail.hamburger.edu:993", client, ""},
		{"without the dot at its end", "mail.hamburger.edu.:993", client, ""},
		{"numeric", "127.0.0.7:993", client, ""},
		{"wrong name", "mail.crepes.fr:993", client, "certificate is valid for mail.hamburger.edu, not mail.crepes.fr"},
		{"nobody we trust", "mail.hamburger.edu:993", nil, "certificate signed by unknown authority"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := testkit.NewNetwork()
				l, err := network.Listen(t.Context(), "tcp", "127.0.0.7:993")
				require.NoError(t, err)
				var wg sync.WaitGroup
				wg.Go(func() {
					c, err := tls.NewListener(l, server).Accept()
					if err == nil {
						_ = c.(*tls.Conn).Handshake()
						c.Close()
					}
				})
				var handshakes int
				d := sockets.Dialer{
					Resolver: sockets.HostTable{"mail.hamburger.edu": addrs("127.0.0.7"), "mail.crepes.fr": addrs("127.0.0.7")},
					Connect:  network.Dial,
					Trace:    &sockets.DialTrace{Handshake: func(tls.ConnectionState, error) { handshakes++ }},
				}
				conn, err := d.DialTLS(t.Context(), "tcp", tt.addr, tt.config)
				assert.Equal(t, 1, handshakes)
				if tt.wantErr == "" {
					require.NoError(t, err)
					assert.True(t, conn.ConnectionState().HandshakeComplete)
					conn.Close()
				} else {
					require.ErrorContains(t, err, tt.wantErr)
					assert.ErrorContains(t, err, "127.0.0.7:993", "the address is named")
				}
				l.Close()
				wg.Wait()
				assert.Empty(t, client.ServerName, "the caller's config stays as it is")
			})
		})
	}
}

// A peer that accepts and says nothing is left when ctx ends.
func TestDialTLSKeepsTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := testkit.NewNetwork()
		l, err := network.Listen(t.Context(), "tcp", "127.0.0.7:993")
		require.NoError(t, err)
		defer l.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		d := sockets.Dialer{Connect: network.Dial}
		_, err = d.DialTLS(ctx, "tcp", "127.0.0.7:993", nil)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 3*time.Second, time.Since(start))
		ne, ok := errors.AsType[net.Error](err)
		require.True(t, ok)
		assert.True(t, ne.Timeout())
	})
}
