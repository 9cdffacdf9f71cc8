package sockets_test

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"applayer/sockets"
)

// spend asks n times and returns how often it was allowed.
func spend(t sockets.RateTable, addr string, n int, now time.Duration) int {
	allowed := 0
	for range n {
		if t.Allow(netip.MustParseAddr(addr), now) {
			allowed++
		}
	}
	return allowed
}

func TestRateTable(t *testing.T) {
	table := sockets.NewRateTable(sockets.PacketRate{PerSecond: 10, Burst: 5, Bits4: 24, Bits6: 56})
	tests := []struct {
		name string
		addr string
		now  time.Duration
		want int // of 20
	}{
		{"a burst", "192.0.2.1", 0, 5},
		{"nothing more at once", "192.0.2.1", 0, 0},
		{"its neighbour is the same source", "192.0.2.200", 0, 0},
		{"mapped into IPv6 too", "::ffff:192.0.2.7", 0, 0},
		{"another network is not", "192.0.3.1", 0, 5},
		{"a tenth of a second pays one", "192.0.2.1", 100 * time.Millisecond, 1},
		{"a long pause pays no more than the burst", "192.0.2.1", time.Hour, 5},
		{"time that goes back pays nothing", "192.0.2.1", time.Minute, 0},
		{"IPv6", "2001:db8:0:ff::1", time.Hour, 5},
		{"the same /56", "2001:db8:0:1::2", time.Hour, 0},
		{"another /56", "2001:db8:0:100::1", time.Hour, 5},
		{"zones do not matter", "2001:db8:0:100::1%eth0", time.Hour, 0},
		{"the unspecified address is a source as any", "::", time.Hour, 5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, spend(table, tt.addr, 20, tt.now))
		})
	}
	assert.True(t, table.Allow(netip.Addr{}, 0), "who has no IP address is not bounded")
}

func TestRateTableDefaults(t *testing.T) {
	table := sockets.NewRateTable(sockets.PacketRate{PerSecond: 3})
	assert.Equal(t, 65536, table.Places())
	assert.Equal(t, 3, spend(table, "192.0.2.1", 20, 0), "the burst is a second's worth")
	assert.Equal(t, 3, spend(table, "192.0.2.2", 20, 0), "a source is a host")
	assert.Equal(t, 3, spend(table, "2001:db8::1", 20, 0))
	assert.Equal(t, 0, spend(table, "2001:db8::2", 20, 0), "or a /64")
	slow := sockets.NewRateTable(sockets.PacketRate{PerSecond: 0.1, MaxSources: 9})
	assert.Equal(t, 1, spend(slow, "192.0.2.1", 20, 0))
	assert.Equal(t, 16, slow.Places())
}

// Forged sources fill the table and cannot grow it, nor can they get more
// through than its places are worth.
func TestRateTableForgedSources(t *testing.T) {
	const burst = 4
	table := sockets.NewRateTable(sockets.PacketRate{PerSecond: 1, Burst: burst, MaxSources: 64})
	assert.Equal(t, 64, table.Places())
	allowed := 0
	for i := range uint32(100_000) {
		var a [4]byte
		binary.BigEndian.PutUint32(a[:], i)
		if table.Allow(netip.AddrFrom4(a), 0) {
			allowed++
		}
	}
	assert.Equal(t, 64*burst, allowed)
	for i := range uint32(1000) {
		var a [4]byte
		binary.BigEndian.PutUint32(a[:], i)
		table.Allow(netip.AddrFrom4(a), 10*time.Second)
	}
	assert.Zero(t, testing.AllocsPerRun(100, func() { table.Allow(netip.MustParseAddr("192.0.2.1"), time.Minute) }))
}

// A source that goes on sending keeps its debt while others come and go.
func TestRateTableKeepsTheIndebted(t *testing.T) {
	table := sockets.NewRateTable(sockets.PacketRate{PerSecond: 1, Burst: 100, MaxSources: 8})
	assert.Equal(t, 100, spend(table, "192.0.2.1", 200, 0))
	for i := range uint32(50) { // fewer than the other places are worth
		var a [4]byte
		binary.BigEndian.PutUint32(a[:], i)
		assert.True(t, table.Allow(netip.AddrFrom4(a), 0))
	}
	assert.Zero(t, spend(table, "192.0.2.1", 10, 0))
}
