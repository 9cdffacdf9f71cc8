package resolver

import (
	"hash/maphash"
	"math/rand/v2"
	"sync"
	"time"

	"applayer/dns"
)

// Security is what is known of the signatures of a set in the cache.
type Security uint8

// SecurityUnchecked is the state of all that was never validated.
const SecurityUnchecked Security = 0

// space keeps apart what is known about a name: that it is delegated, say, and
// that it has NS records, which the zone itself says (RFC 2181 §6.1). What is
// in one space never answers for another, so that glue is no answer and a
// child cannot prolong its own delegation (CVE-2012-1033).
type space uint8

const (
	spaceAnswer           space = iota // a set, or that there is none of this type
	spaceName                          // that the name does not exist (RFC 8020 §2)
	spaceDelegation                    // NS records of a referral with its glue
	spaceFailure                       // that the question could not be answered (RFC 9520)
	spaceReady                         // octets of a response
	spaceReadyDO                       // the same with what DNSSEC adds
	spaceSubnet                        // a set that was given for a client's network
	spaceUnchecked                     // what a forwarder gave that was asked not to check
	spaceUncheckedName                 // that it said the name does not exist
	spaceUncheckedFailure              // that it gave nothing even so
)

// rank orders answers by trust (RFC 2181 §5.4.1).
type rank uint8

const (
	rankOther         rank = iota // the answer of one without authority: a forwarder
	rankAuthoritative             // the answer of the zone's own server
)

// meta is what the cache knows of an entry beside its octets.
type meta struct {
	space    space
	rank     rank
	security Security
	negative bool // no set: the octets are the SOA and its company
	// untold is what was answered to a question without a client's network, by
	// one that might have answered otherwise with it (RFC 7871 §7.3.1).
	untold bool
}

// entry is what a lookup finds.
type entry struct {
	meta
	// ttl is what is left of its life, in seconds: below zero for a stale one.
	ttl int64
	// age is how many seconds it has been kept.
	age  int64
	data []byte
}

// cacheShards is how many parts the cache has, each with its lock.
const cacheShards = 16

// slotCost is what an entry costs beside its octets: the slot and its place in
// the map.
const slotCost = 96

// DefaultCacheSize is how many octets a Cache holds that was not told.
const DefaultCacheSize = 64 << 20

// Cache keeps what servers have said. It is bounded by octets; of two entries
// that it picks at random the one unused for longer makes room. It may be used
// by several goroutines, and by several resolvers.
//
// Answers are kept on the wire, in cells without pointers, so that the garbage
// collector does not look through them.
type Cache struct {
	seed   maphash.Seed
	shards [cacheShards]shard
}

// NewCache returns an empty cache of that many octets; zero is
// [DefaultCacheSize].
func NewCache(octets int) *Cache {
	if octets <= 0 {
		octets = DefaultCacheSize
	}
	c := &Cache{seed: maphash.MakeSeed()}
	for i := range c.shards {
		c.shards[i].max = octets / cacheShards
	}
	return c
}

// shard is a part of the cache.
type shard struct {
	mu    sync.Mutex
	max   int
	index map[uint64]uint32 // from hashes to slots
	slots []slot
	cells cells
	clock uint32
	hits  uint64
	looks uint64
}

// slot is one entry. It has no pointers.
type slot struct {
	hash            uint64
	stored, expires int64 // in seconds
	first           uint32
	used            uint32
	key, size       uint32 // octets of the key, and of the key and the data
	meta            meta
}

// clockSlack is by how many seconds a clock may be set back without a loss of
// what is known.
const clockSlack = 5

// age returns for how many seconds the entry has been kept. Where the clock was
// set back since, nobody knows, and the entry is of no use: its records would
// live longer than their zone said.
func (e *slot) age(now int64) (seconds int64, known bool) {
	return max(now-e.stored, 0), e.stored-now <= clockSlack
}

// maxKey is the longest key: the space, a type, a class, a name, a bucket.
const maxKey = 5 + dns.MaxName + 1

// appendKey appends the key of an entry; the name is canonical.
func appendKey(dst []byte, s space, t dns.Type, class dns.Class, name []byte) []byte {
	dst = append(dst, byte(s), byte(t>>8), byte(t), byte(class>>8), byte(class))
	return append(dst, name...)
}

func (c *Cache) shard(key []byte) (*shard, uint64) {
	h := maphash.Bytes(c.seed, key)
	return &c.shards[h>>(64-4)], h
}

// put keeps data for ttl seconds. A live answer of a higher rank stays in its
// place.
func (c *Cache) put(now time.Time, m meta, name dns.Name, t dns.Type, class dns.Class, ttl int64, data []byte) {
	var lower, buf [maxKey]byte
	c.putKey(now.Unix(), m, appendKey(buf[:0], m.space, t, class, name.AppendCanonical(lower[:0])), ttl, data)
}

func (c *Cache) putKey(now int64, m meta, key []byte, ttl int64, data []byte) {
	if ttl <= 0 {
		return
	}
	s, h := c.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, ok := s.index[h]; ok {
		old := &s.slots[i]
		if _, known := old.age(now); known && old.meta.rank > m.rank && old.expires > now && s.cells.hasPrefix(old.first, key) {
			return
		}
		s.drop(i)
	}
	size := len(key) + len(data)
	cost := need(size)*cellSize + slotCost
	if cost > s.max/4 {
		return
	}
	for s.bytes()+cost > s.max && len(s.slots) > 0 {
		s.evict()
	}
	if s.index == nil {
		s.index = make(map[uint64]uint32)
	}
	s.clock++
	s.index[h] = uint32(len(s.slots))
	s.slots = append(s.slots, slot{
		hash: h, stored: now, expires: now + ttl, used: s.clock, meta: m,
		first: s.cells.store(key, data), key: uint32(len(key)), size: uint32(size),
	})
}

func (s *shard) bytes() int { return s.cells.used*cellSize + len(s.slots)*slotCost }

// evict drops the one unused for longer of two entries picked at random.
func (s *shard) evict() {
	i, j := rand.IntN(len(s.slots)), rand.IntN(len(s.slots))
	if i == j {
		j = (i + 1) % len(s.slots)
	}
	if s.clock-s.slots[j].used > s.clock-s.slots[i].used {
		i = j
	}
	s.drop(uint32(i))
}

// drop removes an entry; the last one takes its slot.
func (s *shard) drop(i uint32) {
	s.cells.release(s.slots[i].first)
	delete(s.index, s.slots[i].hash)
	last := len(s.slots) - 1
	if int(i) != last {
		s.slots[i] = s.slots[last]
		s.index[s.slots[i].hash] = i
	}
	s.slots = s.slots[:last]
}

// get looks for an entry and appends its octets to dst. One that ended up to
// stale ago is found too.
func (c *Cache) get(dst []byte, now time.Time, sp space, name dns.Name, t dns.Type, class dns.Class, stale time.Duration) (entry, bool) {
	var lower, buf [maxKey]byte
	return c.getKey(dst, now.Unix(), appendKey(buf[:0], sp, t, class, name.AppendCanonical(lower[:0])), stale)
}

func (c *Cache) getKey(dst []byte, now int64, key []byte, stale time.Duration) (entry, bool) {
	s, h := c.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks++
	i, ok := s.index[h]
	if !ok {
		return entry{}, false
	}
	e := &s.slots[i]
	age, known := e.age(now)
	if !known || e.expires+int64(stale/time.Second) <= now || !s.cells.hasPrefix(e.first, key) {
		return entry{}, false
	}
	s.hits++
	s.clock++
	e.used = s.clock
	return entry{
		meta: e.meta, ttl: e.expires - e.stored - age, age: age,
		data: s.cells.append(dst, e.first, int(e.key), int(e.size)),
	}, true
}

// remove forgets an entry.
func (c *Cache) remove(sp space, name dns.Name, t dns.Type, class dns.Class) {
	var lower, buf [maxKey]byte
	key := appendKey(buf[:0], sp, t, class, name.AppendCanonical(lower[:0]))
	s, h := c.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, ok := s.index[h]; ok && s.cells.hasPrefix(s.slots[i].first, key) {
		s.drop(i)
	}
}

// CacheStats are the numbers of a [Cache].
type CacheStats struct {
	// Entries is how many entries there are, those that have ended included,
	// and Octets what they take.
	Entries, Octets int
	// Lookups counts lookups, and Hits those that found something.
	Lookups, Hits uint64
}

// Stats returns the cache's numbers.
func (c *Cache) Stats() (st CacheStats) {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		st.Entries += len(s.slots)
		st.Octets += s.bytes()
		st.Lookups += s.looks
		st.Hits += s.hits
		s.mu.Unlock()
	}
	return st
}

// Flush forgets everything.
func (c *Cache) Flush() {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		s.index, s.slots, s.cells = nil, nil, cells{}
		s.mu.Unlock()
	}
}
