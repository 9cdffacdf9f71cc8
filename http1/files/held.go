package files

import (
	"container/list"
	"io"
	"os"
	"sync"
	"time"

	"applayer/http1"
)

// What is held of files that are asked for often.
const (
	defaultOpenFiles = 256
	maxHeldBody      = 32 << 10         // a file's octets, if there are no more
	maxIdle          = 2                // descriptors of a larger file
	maxUnused        = 60 * time.Second // then it is let go
	walkEvery        = time.Second      // then the name is looked up again
)

// state tells two states of a file apart, and two files.
type state struct {
	device, inode, links uint64
	size                 int64
	mode                 uint32
	written, changed     int64 // ns since 1970
}

// held is a file that was opened and may be sent again: its octets, if they are
// few, else descriptors, of which a response takes one for itself, since the
// kernel sends from where a descriptor stands.
type held struct {
	name  string
	state state
	tag   http1.EntityTag
	date  string // Last-Modified
	info  os.FileInfo
	body  []byte   // nil: to be sent from a descriptor
	probe *os.File // one of the descriptors, to ask for the state

	// The rest is the cache's.
	idle   []*os.File
	walked time.Time // when the name was looked up
	asked  time.Time // when the file was found to be as it was
	used   time.Time
	plain  time.Time // when there was no compressed file beside it
	place  *list.Element
	gone   bool
}

// cache holds files open.
type cache struct {
	mu    sync.Mutex
	files map[string]*held
	order list.List // the one used last in front
}

// get returns the file held under that name, whether it is time to ask it for
// its state, which it is after recheck, and to look its name up.
func (c *cache) get(name string, now time.Time, recheck time.Duration) (h *held, ask, walk bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h = c.files[name]
	if h == nil {
		return nil, false, false
	}
	c.order.MoveToFront(h.place)
	h.used = now
	if now.Sub(h.asked) < recheck {
		return h, false, false
	}
	h.asked = now
	if now.Sub(h.walked) < walkEvery {
		return h, true, false
	}
	h.walked = now // others need not do the same meanwhile
	return h, true, true
}

// add holds h, in place of what has its name, and lets go what is too much.
func (c *cache) add(h *held, limit int, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.files == nil {
		c.files = map[string]*held{}
	}
	if old := c.files[h.name]; old != nil {
		c.remove(old)
	}
	h.used, h.walked = now, now // asked it is first of all: it may have been replaced meanwhile
	h.place = c.order.PushFront(h)
	c.files[h.name] = h
	for last := c.order.Back(); last != nil; last = c.order.Back() {
		old := last.Value.(*held)
		if len(c.files) <= limit && now.Sub(old.used) < maxUnused {
			return
		}
		c.remove(old)
	}
}

// remove lets h go: its descriptors are closed, those in use when they are
// given back.
func (c *cache) remove(h *held) {
	if h.gone {
		return
	}
	h.gone = true
	delete(c.files, h.name)
	c.order.Remove(h.place)
	for _, f := range h.idle {
		f.Close()
	}
	h.idle = nil
}

func (c *cache) drop(h *held) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(h)
}

// dropName lets go what is held under that name, if anything.
func (c *cache) dropName(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h := c.files[name]; h != nil {
		c.remove(h)
	}
}

// take returns a descriptor that nobody uses, nil if there is none.
func (c *cache) take(h *held) *os.File {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(h.idle)
	if n == 0 {
		return nil
	}
	f := h.idle[n-1]
	h.idle = h.idle[:n-1]
	return f
}

// giveBack ends the use of a descriptor. The probe is kept first of all.
func (c *cache) giveBack(h *held, f *os.File) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h.gone || len(h.idle) >= maxIdle && f != h.probe {
		return f.Close()
	}
	h.idle = append(h.idle, f)
	return nil
}

// isPlain tells whether there was no compressed file beside h a moment ago.
func (c *cache) isPlain(h *held, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return now.Sub(h.plain) < walkEvery
}

// setPlain keeps that there was none.
func (c *cache) setPlain(h *held, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h.plain = now
}

// Close closes the files that are held open. The server can still be used; it
// will hold others.
func (s *FileServer) Close() error {
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	for _, h := range s.cache.files {
		s.cache.remove(h)
	}
	return nil
}

// holding returns how many files may be held, 0 for none.
func (s *FileServer) holding() int {
	switch {
	case !canHold || s.Root == nil || s.OpenFiles < 0:
		return 0
	case s.OpenFiles == 0:
		return defaultOpenFiles
	}
	return s.OpenFiles
}

// recall returns a file that is held and is still what its name means; nil if
// there is none. One system call asks the file itself, which shows whether it
// was written to, replaced or removed. That a folder above it was, only another
// walk along its name shows.
func (s *FileServer) recall(name string) *opened {
	if s.holding() == 0 {
		return nil
	}
	h, ask, walk := s.cache.get(name, time.Now(), s.Recheck)
	if h == nil {
		return nil
	}
	if ask && !s.isUnchanged(h, walk) {
		s.cache.drop(h)
		return nil
	}
	if h.body != nil {
		return &opened{info: h.info, held: h}
	}
	f := s.cache.take(h)
	if f == nil {
		var err error
		if f, err = s.Root.OpenFile(name, os.O_RDONLY|nonblock, 0); err != nil {
			return nil
		}
		if info, err := f.Stat(); err != nil || !h.is(info) {
			f.Close()
			return nil
		}
	}
	return &opened{File: f, info: h.info, held: h, cache: &s.cache}
}

// isUnchanged asks the file for its state, or looks it up by its name.
func (s *FileServer) isUnchanged(h *held, walk bool) bool {
	info, err := h.probe.Stat()
	if err == nil && walk {
		info, err = s.Root.Stat(h.name)
	}
	return err == nil && h.is(info)
}

// is tells whether info is of the file in the state that h has.
func (h *held) is(info os.FileInfo) bool {
	now, ok := stateOf(info)
	return ok && now == h.state
}

// hold keeps a file that was just opened, unless it was changed so lately that
// another change might not show.
func (s *FileServer) hold(name string, o *opened) *opened {
	limit := s.holding()
	f, ok := o.File.(*os.File)
	if limit == 0 || !ok || !o.info.Mode().IsRegular() {
		return o
	}
	now := time.Now()
	st, ok := stateOf(o.info)
	if !ok || now.Sub(time.Unix(0, max(st.written, st.changed))) < settled-s.hasty {
		return o
	}
	h := &held{name: name, state: st, info: o.info, probe: f, tag: entityTag(o.info, false)}
	h.date = string(http1.AppendDate(nil, o.info.ModTime()))
	if st.size <= maxHeldBody {
		body := make([]byte, st.size)
		if _, err := io.ReadFull(io.NewSectionReader(f, 0, st.size), body); err != nil {
			return o
		}
		if info, err := f.Stat(); err != nil || !h.is(info) { // written to meanwhile
			return o
		}
		h.body, h.idle = body, []*os.File{f}
		s.cache.add(h, limit, now)
		return &opened{info: o.info, held: h}
	}
	s.cache.add(h, limit, now)
	return &opened{File: f, info: o.info, held: h, cache: &s.cache}
}
