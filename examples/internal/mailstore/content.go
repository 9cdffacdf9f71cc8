package mailstore

import (
	"bufio"
	"context"
	"encoding/binary"
	"hash/crc32"
	"io"
	"os"
	"sync"

	"applayer/mime"
)

// The cache of a mailbox is a file beside its index that has the envelopes and
// structures that somebody has asked for: a head of eight octets, then for each
// message a head of twelve, and the content. It is never synced: what is damaged, or
// of another UIDVALIDITY, is thrown away.
const (
	cacheFile       = "mailstore-cache"
	cacheMagic      = "msc1"
	cacheHead       = len(cacheMagic) + 4 // and UIDVALIDITY
	cacheRecordHead = 4 + 4 + 4           // UID, length, CRC-32C of these and of the content

	// maxContent is the largest content that is kept.
	maxContent = 1 << 20
)

// cache is the cache of a mailbox, which is read when something is first asked for.
type cache struct {
	load sync.Once

	mu   sync.Mutex // guards below
	f    *os.File   // nil if there is none to be had
	at   map[uint32]cached
	size int64 // of the file, with what is being written
}

// cached is where a content is.
type cached struct {
	off int64
	n   int
}

// Content returns the envelope and the structure of a message, from the cache if
// they were asked for before.
func (m *Mailbox) Content(ctx context.Context, uid uint32) (*Content, error) {
	m.cache.load.Do(func() { m.cache.open(m) })
	m.mu.Lock()
	there := m.state.find(uid) != nil
	m.mu.Unlock()
	if there {
		if c := m.cache.get(uid); c != nil {
			return c, nil
		}
	}
	w, err := m.OpenMessage(uid)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	size, err := w.Size()
	if err != nil {
		return nil, err
	}
	e, err := mime.Parse(w, size, nil)
	if err != nil {
		return nil, err
	}
	c := &Content{}
	if c.Envelope, err = e.Envelope(); err != nil {
		return nil, err
	}
	if c.Structure, err = e.BodyStructure(); err != nil {
		return nil, err
	}
	m.cache.put(uid, c)
	return c, nil
}

// open reads where contents are, and makes the file anew if it is of no use.
func (c *cache) open(m *Mailbox) {
	f, err := m.root.OpenFile(cacheFile, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		m.store.log.Warn("no cache", "mailbox", m.path, "err", err)
		return
	}
	m.mu.Lock()
	validity, live := m.state.validity, m.state.live()
	m.mu.Unlock()
	at, size := readCache(f, validity)
	if size == 0 || len(at) > 1000 && len(at) > 2*live {
		var head [cacheHead]byte
		copy(head[:], cacheMagic)
		binary.BigEndian.PutUint32(head[len(cacheMagic):], validity)
		at, size = map[uint32]cached{}, int64(cacheHead)
		if _, err := f.WriteAt(head[:], 0); err != nil {
			f.Close()
			return
		}
	}
	if f.Truncate(size) != nil {
		f.Close()
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.f, c.at, c.size = f, at, size
}

// readCache returns where the contents are, and how much of the file is good: nothing
// if it is of another UIDVALIDITY.
func readCache(f io.ReaderAt, validity uint32) (at map[uint32]cached, size int64) {
	at = map[uint32]cached{}
	var head [cacheHead]byte
	if _, err := f.ReadAt(head[:], 0); err != nil || string(head[:len(cacheMagic)]) != cacheMagic ||
		binary.BigEndian.Uint32(head[len(cacheMagic):]) != validity {
		return at, 0
	}
	size = int64(cacheHead)
	r := bufio.NewReaderSize(io.NewSectionReader(f, size, 1<<62), 64<<10)
	for {
		var rec [cacheRecordHead]byte
		if _, err := io.ReadFull(r, rec[:]); err != nil {
			return at, size
		}
		uid, n := binary.BigEndian.Uint32(rec[:]), binary.BigEndian.Uint32(rec[4:])
		if uid == 0 || n > maxContent {
			return at, size
		}
		if _, err := r.Discard(int(n)); err != nil {
			return at, size
		}
		at[uid] = cached{size, int(n)}
		size += int64(cacheRecordHead) + int64(n)
	}
}

// get returns what the cache has of a message, nil if nothing.
func (c *cache) get(uid uint32) *Content {
	c.mu.Lock()
	place, ok := c.at[uid]
	f := c.f
	c.mu.Unlock()
	if !ok {
		return nil
	}
	b := make([]byte, cacheRecordHead+place.n)
	if _, err := f.ReadAt(b, place.off); err != nil {
		return nil
	}
	if binary.BigEndian.Uint32(b) != uid || binary.BigEndian.Uint32(b[8:]) != contentSum(b) {
		return nil
	}
	content, err := parseContent(b[cacheRecordHead:])
	if err != nil {
		return nil
	}
	return &content
}

// contentSum is the checksum of a record of the cache.
func contentSum(b []byte) uint32 {
	return crc32.Update(crc32.Checksum(b[:8], castagnoli), castagnoli, b[cacheRecordHead:])
}

// put adds what is known of a message. What cannot be written is asked for again.
func (c *cache) put(uid uint32, content *Content) {
	b := appendContent(make([]byte, cacheRecordHead, 1024), content)
	if len(b)-cacheRecordHead > maxContent {
		return
	}
	binary.BigEndian.PutUint32(b, uid)
	binary.BigEndian.PutUint32(b[4:], uint32(len(b)-cacheRecordHead))
	binary.BigEndian.PutUint32(b[8:], contentSum(b))
	c.mu.Lock()
	f, off := c.f, c.size
	if f != nil {
		c.size += int64(len(b))
	}
	c.mu.Unlock()
	if f == nil {
		return
	}
	if _, err := f.WriteAt(b, off); err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.f == f { // else it was closed meanwhile
		c.at[uid] = cached{off, len(b) - cacheRecordHead}
	}
}

// close closes the file.
func (c *cache) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.f == nil {
		return nil
	}
	f := c.f
	c.f, c.at = nil, nil
	return f.Close()
}
