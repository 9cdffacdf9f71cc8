package webmail

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// Peers are known up to a bound, and who guesses from many addresses makes none
// of those that wait free to go on.
func TestGuardIsBounded(t *testing.T) {
	g := guard{first: time.Second}
	peer := func(i int) netip.Prefix {
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 32)
	}
	now := time.Unix(1e9, 0)
	for i := range maxPeers {
		assert.True(t, g.enter(peer(i), now))
		assert.Equal(t, time.Second, g.leave(peer(i), true, now))
	}
	assert.False(t, g.enter(peer(maxPeers), now), "all others wait")
	now = now.Add(time.Second)
	for i := range 1000 {
		assert.True(t, g.enter(peer(maxPeers+i), now))
		g.leave(peer(maxPeers+i), true, now)
		assert.False(t, g.enter(peer(maxPeers+i), now))
		assert.LessOrEqual(t, len(g.peers), maxPeers)
	}
	now = now.Add(forgetAfter)
	assert.True(t, g.enter(peer(maxPeers+1000), now))
	assert.Len(t, g.peers, 1, "what is over is forgotten")
	g.leave(peer(maxPeers+1000), false, now)
	assert.Empty(t, g.peers)
}
