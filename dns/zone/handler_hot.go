package zone

import (
	"hash/maphash"
	"math/rand/v2"
	"sync/atomic"

	"applayer/dns"
)

// hot is a table of answers that were given: a question that comes again is
// answered by a copy of octets. It is a cache without a lock: who does not find
// an answer makes it anew, and who puts one in may displace another. Answers
// that were made from an earlier version of the zones are not found any more.
type hot struct {
	slots []atomic.Pointer[prepared]
	seed  maphash.Seed
}

// prepared is an answer in the table.
type prepared struct {
	version   uint64 // of the zones; they themselves would be held by this
	name      string
	typ       dns.Type
	signed    bool
	delegated bool
	result
}

const (
	// ways is in how many slots an answer may be.
	ways = 4
	// maxPrepared is the longest answer that is kept, in octets.
	maxPrepared = 4096
)

// newHot returns a table of that many answers, about; nil for less than one.
func newHot(n int) *hot {
	if n < 1 {
		return nil
	}
	size := ways
	for size < n {
		size *= 2
	}
	return &hot{slots: make([]atomic.Pointer[prepared], size), seed: maphash.MakeSeed()}
}

// bucket returns the slots in which the answer to a question may be.
func (h *hot) bucket(q *question) []atomic.Pointer[prepared] {
	sum := maphash.Bytes(h.seed, q.name) ^ uint64(q.typ)*0x9e3779b97f4a7c15
	i := int(sum>>32) & (len(h.slots) - 1) &^ (ways - 1)
	return h.slots[i : i+ways]
}

// find returns the answer to a question; nil where it has to be made.
func (h *hot) find(zs *zones, q *question) *prepared {
	slots := h.bucket(q)
	for i := range slots {
		if p := slots[i].Load(); p != nil && p.version == zs.version && p.typ == q.typ && p.signed == q.signed && p.delegated == q.delegated && p.name == string(q.name) {
			return p
		}
	}
	return nil
}

// keep puts an answer in: into a slot that has none of this version, else, one
// time in sixteen, into any. So a few questions that come often stay where many
// come once.
func (h *hot) keep(zs *zones, q *question, r *result) {
	if len(r.octets) > maxPrepared {
		return
	}
	slots := h.bucket(q)
	free := -1
	for i := range slots {
		if p := slots[i].Load(); p == nil || p.version != zs.version {
			free = i
			break
		}
	}
	if free < 0 {
		dice := rand.Uint32()
		if dice%16 != 0 {
			return
		}
		free = int(dice>>4) % ways
	}
	slots[free].Store(&prepared{zs.version, string(q.name), q.typ, q.signed, q.delegated, r.copy()})
}
