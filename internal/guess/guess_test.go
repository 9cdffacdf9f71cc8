package guess_test

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"applayer/internal/guess"
)

var (
	here  = netip.MustParsePrefix("192.0.2.7/32")
	there = netip.MustParsePrefix("2001:db8::/64")
)

func TestDelays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &guess.Counter{Max: 7, Delay: time.Second}
		for _, want := range []time.Duration{1, 2, 4, 8, 16, 16, 16} {
			assert.False(t, c.TooMany(here))
			wait, tooMany := c.Refused(here)
			assert.Equal(t, want*time.Second, wait)
			assert.False(t, tooMany)
		}
		assert.True(t, c.TooMany(here))
		wait, tooMany := c.Refused(here)
		assert.True(t, tooMany, "it was under way when the others were refused")
		assert.Zero(t, wait)
		assert.False(t, c.TooMany(there))
		wait, _ = c.Refused(there)
		assert.Equal(t, time.Second, wait, "each peer has its own")

		time.Sleep(10*time.Minute - 1)
		assert.True(t, c.TooMany(here))
		time.Sleep(time.Nanosecond)
		assert.False(t, c.TooMany(here))
		wait, tooMany = c.Refused(here)
		assert.Equal(t, time.Second, wait, "what was long ago is forgotten")
		assert.False(t, tooMany)
	})
}

func TestLimits(t *testing.T) {
	refusals := func(c *guess.Counter, peer netip.Prefix) (told int) {
		for range 100 {
			if _, tooMany := c.Refused(peer); !tooMany {
				told++
			}
		}
		return told
	}
	assert.Equal(t, 50, refusals(new(guess.Counter), here), "by default")
	assert.Equal(t, 3, refusals(&guess.Counter{Max: 3}, here))
	none := &guess.Counter{Max: -1, Delay: -1}
	assert.Equal(t, 100, refusals(none, here))
	assert.False(t, none.TooMany(here))
	wait, _ := none.Refused(here)
	assert.Zero(t, wait)

	nobody := &guess.Counter{Max: 101, Delay: time.Second}
	assert.Equal(t, 100, refusals(nobody, netip.Prefix{}))
	wait, _ = nobody.Refused(netip.Prefix{})
	assert.Equal(t, time.Second, wait, "what has no address is not remembered")
	assert.False(t, nobody.TooMany(netip.Prefix{}))
	assert.Zero(t, nobody.Len())
}

// However many come at once, Max are told.
func TestAtOnce(t *testing.T) {
	c := &guess.Counter{Max: 10}
	var told atomic.Int32
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			if c.TooMany(here) {
				return
			}
			if _, tooMany := c.Refused(here); !tooMany {
				told.Add(1)
			}
		})
	}
	all.Wait()
	assert.Equal(t, int32(10), told.Load())
}

// What is remembered is bounded, and who has many addresses does not make others
// be forgotten.
func TestGuessesBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &guess.Counter{Max: 2}
		c.Refused(here)
		c.Refused(here)
		addr := netip.MustParseAddr("10.0.0.0")
		for range 10_000 {
			addr = addr.Next()
			_, tooMany := c.Refused(netip.PrefixFrom(addr, 32))
			assert.False(t, tooMany)
		}
		assert.Equal(t, 4096, c.Len())
		assert.True(t, c.TooMany(here))
		time.Sleep(11 * time.Minute)
		c.Refused(there)
		assert.Equal(t, 1, c.Len())
	})
}
