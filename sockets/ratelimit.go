package sockets

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"net/netip"
	"sync"
	"time"
)

// PacketRate bounds the packets that one source may send to a [PacketServer].
// Packets beyond it are dropped before the handler sees them, and counted.
// Sources are IP prefixes; peers without an IP address are not bounded.
//
// UDP sources can be forged, so the table of them is of fixed size. Where it
// has no room, a new source takes the place of the one that is least in debt,
// and its debt too: forged sources can make the bound stricter for others, but
// neither memory nor the packets let through in all grow with their number.
type PacketRate struct {
	// PerSecond is how many packets a second a source may send for long; 0 is
	// no bound at all.
	PerSecond float64
	// Burst is how many it may send at once after a pause (default
	// PerSecond, at least 1).
	Burst int
	// Bits4 and Bits6 are the lengths of the prefixes that count as one
	// source (default 32 and 64, a host's).
	Bits4, Bits6 int
	// MaxSources is how many sources are known at once (default 65536, about
	// 3 MiB), rounded up to 8 times a power of two.
	MaxSources int
}

// rateWays is how many sources share a set of the table, as in a cache.
const rateWays = 8

// rateTable is a set-associative table of token buckets, kept as debts: what a
// source has sent that time has not paid for. An empty place is a source
// without debt, so the zero table needs no filling.
type rateTable struct {
	perSecond, burst float64
	mask             [2][2]uint64 // of IPv4 and IPv6 keys
	seed             maphash.Seed // secret: a peer cannot choose its set
	sets             []rateSet
	start            time.Time
}

type rateSet struct {
	mu      sync.Mutex
	sources [rateWays]rateSource
}

type rateSource struct {
	key  [2]uint64
	debt float64
	at   time.Duration // when debt was right
}

// newRateTable returns nil where r bounds nothing.
func newRateTable(r PacketRate) *rateTable {
	if r.PerSecond <= 0 {
		return nil
	}
	def := func(v, d int) int {
		if v <= 0 {
			return d
		}
		return v
	}
	n := (def(r.MaxSources, 65536) + rateWays - 1) / rateWays
	return &rateTable{
		perSecond: r.PerSecond,
		burst:     max(1, float64(def(r.Burst, int(r.PerSecond)))),
		mask:      [2][2]uint64{keyMask(96 + min(def(r.Bits4, 32), 32)), keyMask(min(def(r.Bits6, 64), 128))},
		seed:      maphash.MakeSeed(),
		sets:      make([]rateSet, 1<<bits.Len(uint(n-1))),
		start:     time.Now(),
	}
}

func keyMask(n int) [2]uint64 {
	return [2]uint64{^uint64(0) << max(64-n, 0), ^uint64(0) << min(128-n, 64)}
}

// allow tells whether source a may send a packet at now, counted from any
// fixed time on, and charges it.
func (t *rateTable) allow(a netip.Addr, now time.Duration) bool {
	if !a.IsValid() {
		return true
	}
	k, hash := t.key(a)
	set := &t.sets[hash&uint64(len(t.sets)-1)]
	set.mu.Lock()
	defer set.mu.Unlock()
	s := t.find(set, k, now)
	if s.debt+1 > t.burst {
		return false
	}
	s.debt++
	return true
}

// find returns the place of k in set, with its debt as of now.
func (t *rateTable) find(set *rateSet, k [2]uint64, now time.Duration) *rateSource {
	least := &set.sources[0]
	for i := range set.sources {
		s := &set.sources[i]
		if now > s.at {
			s.debt = max(0, s.debt-t.perSecond*(now-s.at).Seconds())
			s.at = now
		}
		if s.key == k {
			return s
		}
		if s.debt < least.debt {
			least = s
		}
	}
	least.key = k
	return least
}

// key returns the source that a belongs to, and its hash.
func (t *rateTable) key(a netip.Addr) (key [2]uint64, hash uint64) {
	b := a.As16()
	m := t.mask[1]
	if a.Is4() || a.Is4In6() {
		m = t.mask[0]
	}
	key = [2]uint64{binary.BigEndian.Uint64(b[:8]) & m[0], binary.BigEndian.Uint64(b[8:]) & m[1]}
	binary.BigEndian.PutUint64(b[:8], key[0])
	binary.BigEndian.PutUint64(b[8:], key[1])
	return key, maphash.Bytes(t.seed, b[:])
}
