package mailstore

import (
	"context"
	"errors"
	"os"
	"sync"

	"applayer/internal/durable"
	"applayer/mime/maildir"
)

// user is what is counted of a user's mail.
type user struct {
	dir string

	mu       sync.Mutex // guards below
	settled  bool       // the folder is on the disk
	known    bool       // all folders are in sizes
	sizes    map[string]int64
	used     int64 // sum of sizes
	reserved int64 // for deliveries under way
}

// settle makes sure that the user's folder and Maildir are on the disk.
func (u *user) settle(root *os.Root) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.settled {
		return nil
	}
	err := errors.Join(durable.SyncDir(root, u.dir), durable.SyncDir(root, "."))
	u.settled = err == nil
	return err
}

// sizeIs tells the size of a mailbox, and how much of it room was reserved for, which
// is given back at the same moment: else a message would count twice, or not at all.
func (u *user) sizeIs(path string, octets, reserved int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.used += octets - u.sizes[path]
	u.sizes[path] = octets
	u.reserved -= reserved
}

// sizeGone tells that there is no such mailbox any more.
func (u *user) sizeGone(path string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.used -= u.sizes[path]
	delete(u.sizes, path)
}

// renamed tells that a mailbox has another path.
func (u *user) renamed(from, to string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if size, ok := u.sizes[from]; ok {
		u.used -= u.sizes[to]
		u.sizes[to] = size
		delete(u.sizes, from)
	}
}

// left is how much more of a quota there is.
func (u *user) left(quota int64) int64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	return max(quota-u.used-u.reserved, 0)
}

// reserve keeps room for a delivery, which sizeIs gives back when it is counted, or
// release.
func (u *user) reserve(quota, octets int64) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.used+u.reserved+octets > quota {
		return false
	}
	u.reserved += octets
	return true
}

func (u *user) release(octets int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.reserved -= octets
}

// measure finds out how much a user has, if there is a quota and it is not known.
func (s *Store) measure(u *user) error {
	if s.opts.Quota <= 0 {
		return nil
	}
	u.mu.Lock()
	known := u.known
	u.mu.Unlock()
	if known {
		return nil
	}
	folders, err := s.folders(u.dir)
	if err != nil {
		return err
	}
	for _, f := range append(folders, maildir.Folder{}) {
		m, err := s.open(u.dir, f, f.File == "")
		if err == nil {
			err = errors.Join(m.Count(context.Background()), m.Close())
		}
		if err != nil && !errors.Is(err, ErrNoMailbox) {
			return err
		}
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.known = true
	return nil
}
