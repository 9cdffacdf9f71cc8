package zone

import "slices"

// index is the names of a zone in canonical order: a list that is cut into
// pages. A new version of a zone has the pages of the old one, but for those
// that were changed; a page that a version has is never written again.
type index struct {
	// first has the first key of each page.
	first []string
	pages []*page
	// recent is the page that was last written to: the next name is often its
	// neighbour.
	recent int
}

type page struct {
	entries []entry
	// by is the change that made the page and may still write to it.
	by *change
}

// change stands for one builder's work: what it made is its own until the
// version is published.
type change struct{ _ byte }

type entry struct {
	key  string
	node *node
}

// pageSize is how many entries a page has at most. Half of it is copied for a
// change, and the list of pages, so that both should be short.
const pageSize = 256

// position is a place in an index: that of an entry, or of where one would be.
type position struct{ page, entry int }

// search returns the position of a key, or of the next one behind it.
func (x *index) search(key []byte) (position, bool) {
	// The last page that does not begin behind the key.
	lo, hi := 0, len(x.first)
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); x.first[mid] <= string(key) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == 0 {
		return position{}, false
	}
	return x.searchPage(lo-1, key)
}

// searchPage is search within one page.
func (x *index) searchPage(i int, key []byte) (position, bool) {
	p := position{page: i}
	entries := x.pages[i].entries
	lo, hi := 0, len(entries)
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); entries[mid].key < string(key) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	p.entry = lo
	return p, lo < len(entries) && entries[lo].key == string(key)
}

// get returns the node at a key, nil for none.
func (x *index) get(key []byte) *node {
	if p, ok := x.search(key); ok {
		return x.pages[p.page].entries[p.entry].node
	}
	return nil
}

// searchNear is search for keys that often are near the one before.
func (x *index) searchNear(key []byte) (position, bool) {
	i := x.recent
	if i >= len(x.pages) || x.first[i] > string(key) || i+1 < len(x.pages) && x.first[i+1] <= string(key) {
		return x.search(key)
	}
	if n := len(x.pages[i].entries); x.pages[i].entries[n-1].key < string(key) {
		return position{i, n}, false
	}
	return x.searchPage(i, key)
}

// at returns the entry at a position or, where that is a page's end, the one
// behind it; false at the end of all.
func (x *index) at(p position) (entry, bool) {
	if p.page < len(x.pages) && p.entry == len(x.pages[p.page].entries) {
		p = position{page: p.page + 1}
	}
	if p.page >= len(x.pages) {
		return entry{}, false
	}
	return x.pages[p.page].entries[p.entry], true
}

// before returns the position of the entry before p; false where there is none.
func (x *index) before(p position) (position, bool) {
	switch {
	case p.entry > 0:
		return position{p.page, p.entry - 1}, true
	case p.page > 0:
		return position{p.page - 1, len(x.pages[p.page-1].entries) - 1}, true
	}
	return p, false
}

// put sets the node at a key; key is kept. The index is by's own, its pages may
// be shared.
func (x *index) put(by *change, key string, n *node) {
	if len(x.pages) == 0 {
		x.append(by, key, n)
		return
	}
	p, found := x.searchNear([]byte(key))
	pg := x.own(by, p.page)
	x.recent = p.page
	if found {
		pg.entries[p.entry].node = n
		return
	}
	if len(pg.entries) == pageSize {
		p = x.split(by, p)
		pg, x.recent = x.pages[p.page], p.page
	}
	pg.entries = slices.Insert(pg.entries, p.entry, entry{key, n})
	x.first[p.page] = pg.entries[0].key
}

// append is put for a key that is behind all others, of an index whose last page
// is by's own.
func (x *index) append(by *change, key string, n *node) {
	last := len(x.pages) - 1
	if last < 0 || len(x.pages[last].entries) == pageSize {
		x.first = append(x.first, key)
		x.pages = append(x.pages, &page{by: by, entries: make([]entry, 0, pageSize)})
		last++
	}
	pg := x.pages[last]
	pg.entries = append(pg.entries, entry{key, n})
}

// split cuts the full page of p in two and returns where p is then. A page that
// grows near its end keeps what is before that.
func (x *index) split(by *change, p position) position {
	pg := x.pages[p.page]
	cut := pageSize / 2
	if p.entry > pageSize*3/4 {
		cut = p.entry
	}
	half := &page{by: by, entries: append(make([]entry, 0, pageSize), pg.entries[cut:]...)}
	clear(pg.entries[cut:])
	pg.entries = pg.entries[:cut]
	x.pages = slices.Insert(x.pages, p.page+1, half)
	x.first = slices.Insert(x.first, p.page+1, "") // put knows
	if len(half.entries) > 0 {
		x.first[p.page+1] = half.entries[0].key
	}
	if p.entry >= cut {
		return position{p.page + 1, p.entry - cut}
	}
	return p
}

// remove takes the entry at a key out.
func (x *index) remove(by *change, key []byte) {
	p, found := x.search(key)
	if !found {
		return
	}
	pg := x.own(by, p.page)
	pg.entries = slices.Delete(pg.entries, p.entry, p.entry+1)
	if len(pg.entries) == 0 {
		x.pages = slices.Delete(x.pages, p.page, p.page+1)
		x.first = slices.Delete(x.first, p.page, p.page+1)
		return
	}
	x.first[p.page] = pg.entries[0].key
}

// own returns a page that by may write to: its own or a copy.
func (x *index) own(by *change, i int) *page {
	if pg := x.pages[i]; pg.by == by {
		return pg
	}
	x.pages[i] = &page{by: by, entries: append(make([]entry, 0, pageSize), x.pages[i].entries...)}
	return x.pages[i]
}

// clone returns an index of the same pages that may be changed alone.
func (x *index) clone() index {
	return index{first: slices.Clone(x.first), pages: slices.Clone(x.pages)}
}

// all goes through the entries from p on until f returns false.
func (x *index) all(p position, f func(entry) bool) {
	for ; p.page < len(x.pages); p = (position{page: p.page + 1}) {
		for _, e := range x.pages[p.page].entries[p.entry:] {
			if !f(e) {
				return
			}
		}
	}
}
