package ftp_test

import (
	"bufio"
	"context"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/internal/testkit"
)

// moodyServer serves uploads and downloads of one small file, and ends one
// session in a few: before the greeting, by 421, or in the middle of anything.
type moodyServer struct {
	t          *testing.T
	network    *testkit.Network
	open, peak atomic.Int32
	most       int32 // sessions that it lets in
	sessions   atomic.Int32
}

func (m *moodyServer) serve(nc net.Conn) {
	defer nc.Close()
	defer m.open.Add(-1)
	n := m.open.Add(1)
	for {
		old := m.peak.Load()
		if n <= old || m.peak.CompareAndSwap(old, n) {
			break
		}
	}
	f := &faultyServer{step: "none"}
	a := &actor{tb: m.t, network: m.network, nc: nc, in: bufio.NewReader(nc)}

	switch {
	case n > m.most:
		io.WriteString(nc, "421 too many\r\n")
		return
	case m.sessions.Add(1)%8 == 0:
		return
	}
	steps := []string{"USER", "TYPE", "EPSV", "RETR", "STOR", "226", "NOOP"}
	f.step = steps[rand.N(len(steps))]
	mood := []string{"421", "its end within the reply", "the end of the connection"}[rand.N(3)]
	f.fault = faults[slices.IndexFunc(faults, func(f fault) bool { return f.name == mood })]
	f.play(a)
}

// A pool keeps its limit and its promises at a server that ends sessions at any
// step, with more callers than sessions: each call succeeds after some attempts,
// nothing is left open, and nobody waits for ever.
func TestPoolAtAMoodyServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := testkit.NewNetwork()
		m := &moodyServer{t: t, network: network, most: 3}
		l, err := network.Listen(t.Context(), "tcp", actorAddr)
		require.NoError(t, err)
		var serving sync.WaitGroup
		serving.Go(func() {
			for {
				nc, err := l.Accept()
				if err != nil {
					return
				}
				serving.Go(func() { m.serve(nc) })
			}
		})
		p := ftp.NewPool("tcp", actorAddr, onNetwork(network, nil))
		p.Max, p.CheckAfter = 5, time.Millisecond
		p.Retry = ftp.Retry{Attempts: 100}
		var callers sync.WaitGroup
		for range 20 {
			callers.Go(func() {
				for range 10 {
					var got strings.Builder
					_, err := p.Download(t.Context(), "a", &got, 0)
					assert.NoError(t, err)
					assert.Equal(t, "hello", got.String())
					assert.NoError(t, p.Upload(t.Context(), "a", strings.NewReader("hello")))
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.N(3))*time.Millisecond)
					p.With(ctx, func(c *ftp.Client) error { return c.Noop(ctx) })
					cancel()
				}
			})
		}
		callers.Wait()
		assert.LessOrEqual(t, m.peak.Load(), int32(5))
		p.Close()
		l.Close()
		serving.Wait()
		assert.Zero(t, m.open.Load(), "nothing is left open")
		assert.Greater(t, m.sessions.Load(), int32(10), "which it had to open again and again")
	})
}
