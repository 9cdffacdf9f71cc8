package zone

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"applayer/dns"
)

// A Store holds the zones that are served, each in its latest version. Who reads
// takes no lock: a version that is published takes the place of the one before
// at once and whole, and an answer that was begun from that one is finished
// from it. The zero Store has no zone. It may be used by several goroutines and
// must not be copied.
type Store struct {
	current atomic.Pointer[zones]
	mu      sync.Mutex // held by who publishes
}

// zones are the versions that are served at one time.
type zones struct {
	// version is that of the store, which no other has.
	version uint64
	// byName are the zones by their apex on the wire in lower case.
	byName map[string]*Zone
	// deepest is how many labels the longest apex has.
	deepest int
}

var noZones zones

func (s *Store) load() *zones {
	if zs := s.current.Load(); zs != nil {
		return zs
	}
	return &noZones
}

// Publish serves these zones, each in the place of an earlier version of it.
func (s *Store) Publish(zs ...*Zone) {
	s.change(func(m map[string]*Zone) {
		for _, z := range zs {
			m[z.origin.Canonical().Wire()] = z
		}
	})
}

// Remove ends the serving of a zone.
func (s *Store) Remove(origin dns.Name) {
	s.change(func(m map[string]*Zone) { delete(m, origin.Canonical().Wire()) })
}

// change publishes a changed list of zones.
func (s *Store) change(f func(map[string]*Zone)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.load()
	next := &zones{version: before.version + 1, byName: maps.Clone(before.byName)}
	if next.byName == nil {
		next.byName = map[string]*Zone{}
	}
	f(next.byName)
	for _, z := range next.byName {
		next.deepest = max(next.deepest, z.origin.CountLabels())
	}
	s.current.Store(next)
}

// Zone returns the zone with that apex; nil if it is not served.
func (s *Store) Zone(origin dns.Name) *Zone {
	return s.load().byName[origin.Canonical().Wire()]
}

// Find returns the zone with the longest apex that n is at or below; nil if
// none is served.
func (s *Store) Find(n dns.Name) *Zone {
	var lower [dns.MaxName]byte
	return s.load().find(n.AppendCanonical(lower[:0]), 0)
}

// Zones returns all zones that are served, in canonical order.
func (s *Store) Zones() []*Zone {
	return slices.SortedFunc(maps.Values(s.load().byName), func(a, b *Zone) int { return a.origin.Compare(b.origin) })
}

// find returns the zone that answers a question for a name on the wire in lower
// case: that with the longest apex, but for DS, which belongs to the zone above
// if that one is here (RFC 4035 §3.1.4.1).
func (zs *zones) find(lower []byte, t dns.Type) *Zone {
	labels := 0
	for i := 0; i < len(lower) && lower[i] != 0; i += 1 + int(lower[i]) {
		labels++
	}
	var below *Zone
	for i := 0; i < len(lower); i += 1 + int(lower[i]) {
		if labels <= zs.deepest {
			if z := zs.byName[string(lower[i:])]; z != nil {
				if i > 0 || t != dns.TypeDS {
					return z
				}
				below = z
			}
		}
		if labels--; labels < 0 {
			break
		}
	}
	return below
}
