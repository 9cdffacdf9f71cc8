package cookie

import (
	"cmp"
	"container/list"
	"slices"
	"time"
)

// store is the cookies of a jar. There is at most one of a domain, name, path
// and host-only-flag (6265bis §5.7 step 23); it finds what must go in constant
// time, since servers decide how often something must.
type store struct {
	domains map[string]*domain
	// unused has all entries, the one that was not used for longest in front.
	unused list.List
	// expiry is not after the first date of expiry among the entries; zero
	// means that there is none.
	expiry time.Time
	// order counts creations, secure the entries that are Secure, changes
	// what would be seen in a file.
	order, changes uint64
	secure         int
}

// domain is the entries of one domain, by what tells them apart and by how
// long they were not used, those without and those with Secure.
type domain struct {
	byID   map[id]*entry
	unused [2]list.List
}

type id struct {
	name, path string
	hostOnly   bool
}

type entry struct {
	Stored
	order          uint64
	all, ofDomain  *list.Element
	listedAsSecure int
}

func (c *Stored) id() id { return id{c.Name, c.Path, c.HostOnly} }

// put inserts a cookie, or removes the one it replaces if it has expired
// already, and then what is too much (RFC 6265 §5.3 steps 11 and 12). What had
// expired before was swept.
func (s *store) put(c Stored, now time.Time, l *Limits) {
	s.order++
	e := &entry{Stored: c, order: s.order}
	if d := s.domains[c.Domain]; d != nil {
		if old := d.byID[c.id()]; old != nil {
			e.Created, e.order = old.Created, old.order
			s.drop(old)
		}
	}
	if !c.Expires.IsZero() && !c.Expires.After(now) {
		return
	}
	s.insert(e)
	if d := s.domains[c.Domain]; len(d.byID) > l.MaxPerDomain {
		s.drop(d.victim())
	}
	if s.unused.Len() > l.MaxCookies {
		s.drop(s.unused.Front().Value.(*entry))
	}
}

// victim is the entry that goes first: one without Secure if there is one.
func (d *domain) victim() *entry {
	front := d.unused[0].Front()
	if front == nil {
		front = d.unused[1].Front()
	}
	return front.Value.(*entry)
}

func (s *store) insert(e *entry) {
	if s.domains == nil {
		s.domains = map[string]*domain{}
	}
	d := s.domains[e.Domain]
	if d == nil {
		d = &domain{byID: map[id]*entry{}}
		s.domains[e.Domain] = d
	}
	if e.Secure {
		e.listedAsSecure = 1
		s.secure++
	}
	d.byID[e.id()] = e
	e.ofDomain = d.unused[e.listedAsSecure].PushBack(e)
	e.all = s.unused.PushBack(e)
	if !e.Expires.IsZero() && (s.expiry.IsZero() || e.Expires.Before(s.expiry)) {
		s.expiry = e.Expires
	}
	s.changes++
}

func (s *store) drop(e *entry) {
	d := s.domains[e.Domain]
	delete(d.byID, e.id())
	d.unused[e.listedAsSecure].Remove(e.ofDomain)
	s.unused.Remove(e.all)
	s.secure -= e.listedAsSecure
	if len(d.byID) == 0 {
		delete(s.domains, e.Domain)
	}
	s.changes++
}

// use notes that an entry was sent.
func (s *store) use(e *entry, now time.Time) {
	e.Used = now
	s.domains[e.Domain].unused[e.listedAsSecure].MoveToBack(e.ofDomain)
	s.unused.MoveToBack(e.all)
}

// sweep removes what has expired. It looks at the entries only when the first
// of them may have.
func (s *store) sweep(now time.Time) {
	if s.expiry.IsZero() || s.expiry.After(now) {
		return
	}
	s.expiry = time.Time{}
	s.removeIf(func(c *Stored) bool {
		if c.Expires.IsZero() {
			return false
		}
		if !c.Expires.After(now) {
			return true
		}
		if s.expiry.IsZero() || c.Expires.Before(s.expiry) {
			s.expiry = c.Expires
		}
		return false
	})
}

func (s *store) removeIf(remove func(*Stored) bool) {
	for at := s.unused.Front(); at != nil; {
		e := at.Value.(*entry)
		at = at.Next()
		if remove(&e.Stored) {
			s.drop(e)
		}
	}
}

func (s *store) remove(name string, which id) bool {
	d := s.domains[name]
	if d == nil || d.byID[which] == nil {
		return false
	}
	s.drop(d.byID[which])
	return true
}

// entries returns the entries that have not expired, by age.
func (s *store) entries(now time.Time) []*entry {
	s.sweep(now)
	all := make([]*entry, 0, s.unused.Len())
	for at := s.unused.Front(); at != nil; at = at.Next() {
		all = append(all, at.Value.(*entry))
	}
	slices.SortFunc(all, func(a, b *entry) int { return cmp.Compare(a.order, b.order) })
	return all
}

// hidesSecure tells whether a cookie from an insecure origin would stand in
// front of a Secure one of the same name (6265bis §5.7 step 16).
func (s *store) hidesSecure(c *Stored) bool {
	if s.secure == 0 {
		return false
	}
	for at := s.unused.Front(); at != nil; at = at.Next() {
		e := at.Value.(*entry)
		if e.Secure && e.Name == c.Name && pathMatch(c.Path, e.Path) &&
			(domainMatch(e.Domain, c.Domain) || domainMatch(c.Domain, e.Domain)) {
			return true
		}
	}
	return false
}
