package dns_test

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/dns"
)

// fickle answers the queries of a connection as chance has it: late, out of
// order, with another question, not at all, in two pieces; and closes now and
// then, also within a message.
func fickle(r *rand.Rand, c *dns.Conn) {
	var mu sync.Mutex // r, and the writing
	chance := func(n int) int {
		mu.Lock()
		defer mu.Unlock()
		return r.IntN(n)
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	defer c.Close()
	for {
		q, err := c.ReadMessage()
		if err != nil || chance(40) == 0 {
			return
		}
		q = slices.Clone(q)
		kind, wait := chance(20), time.Duration(chance(300))*time.Millisecond
		wg.Go(func() {
			time.Sleep(wait)
			b := framed(answer(q, nil))
			mu.Lock()
			defer mu.Unlock()
			switch kind {
			case 0: // no answer
			case 1: // to another question first
				c.NetConn().Write(framed(answer(q, func(m *dns.Message) { m.Question[0].Type = dns.TypeMX })))
				c.NetConn().Write(b)
			case 2:
				c.NetConn().Write(b[:len(b)/2])
				c.Close()
			case 3:
				c.NetConn().Write(b[:1])
				c.NetConn().Write(b[1:])
			case 4: // close it soon
				c.NetConn().Write(framed(answer(q, func(m *dns.Message) {
					m.EDNS = &dns.EDNS{}
					m.EDNS.SetKeepalive(0)
				})))
			default:
				c.NetConn().Write(b)
			}
		})
	}
}

// TestTransportWalk: whatever the server does, an answer is that of its own
// query, an end comes in time, and nothing is left at the end.
func TestTransportWalk(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t)
			var n atomic.Uint64
			l.tcp(func(_ int, c *dns.Conn) { fickle(rand.New(rand.NewPCG(seed, n.Add(1))), c) })
			tr := l.transport()
			tr.MaxConns, tr.MaxPipelined, tr.IdleTimeout = 3, 4, 200*time.Millisecond
			var good, failed atomic.Int32
			var wg sync.WaitGroup
			for i := range 100 {
				wg.Go(func() {
					r := rand.New(rand.NewPCG(seed, uint64(1000+i)))
					time.Sleep(time.Duration(r.IntN(2000)) * time.Millisecond)
					id := uint16(r.IntN(8)) // so that they collide
					limit := time.Duration(1+r.IntN(5)) * time.Second
					ctx, cancel := context.WithTimeout(t.Context(), limit)
					defer cancel()
					begin := time.Now()
					reply, err := exchange(t, tr, ctx, dns.NetworkTCP, id)
					assert.LessOrEqual(t, time.Since(begin), limit)
					if err != nil {
						failed.Add(1)
						return
					}
					good.Add(1)
					assert.Equal(t, id, binary.BigEndian.Uint16(reply))
					m, err := dns.ParseMessage(reply, nil)
					if assert.NoError(t, err) {
						assert.Equal(t, exampleA, m.Question[0])
					}
				})
			}
			wg.Wait()
			assert.Greater(t, good.Load(), failed.Load())
			time.Sleep(time.Second)
			assert.Zero(t, tr.PeerCount(), "all idle ones have ended")
			require.NoError(t, tr.Close())
		})
	}
}
