package ftp

import (
	"io"
	"io/fs"
	"os"
	"sync"
)

// quota counts the octets that the files of a [DirFS] have together. What is
// being written counts from the moment it is, what it replaces until it is
// replaced, as quotas of file systems have it. A nil quota has no end.
type quota struct {
	max int64
	// change is held from a look at a file until it is gone, so that no file
	// is given back twice.
	change sync.Mutex

	mu   sync.Mutex
	used int64 // guarded by mu
}

// newQuota counts what is in the directory.
func newQuota(max int64, dir *os.Root) (*quota, error) {
	q := &quota{max: max}
	err := walk(dir, func(_ *os.Root, info fs.FileInfo) { q.used += regularSize(info) })
	return q, err
}

func regularSize(info fs.FileInfo) int64 {
	if info.Mode().IsRegular() {
		return info.Size()
	}
	return 0
}

// take counts up to n octets more, and returns how many.
func (q *quota) take(n int64) int64 {
	if q == nil {
		return n
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	n = max(min(n, q.max-q.used), 0)
	q.used += n
	return n
}

// give counts n octets less.
func (q *quota) give(n int64) {
	if q == nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.used -= n
}

// left is how many octets there may be more, of n that there is room for.
func (q *quota) left(n int64) int64 {
	if q == nil {
		return n
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return max(min(n, q.max-q.used), 0)
}

// ending gives back the file under a name, if act ends it. By act something else
// may take the name, which counts already: moved is its name, "" for nothing.
func (q *quota) ending(dir *os.Root, name, moved string, act func() error) error {
	if q == nil {
		return act()
	}
	q.change.Lock()
	defer q.change.Unlock()
	before, err := dir.Lstat(name)
	if err != nil || moved != "" && isSame(dir, moved, before) {
		return act() // it ends nothing
	}
	if err := act(); err != nil {
		return err
	}
	q.give(regularSize(before))
	return nil
}

// isSame tells whether a name is another of the same file.
func isSame(dir *os.Root, name string, info fs.FileInfo) bool {
	other, err := dir.Lstat(name)
	return err == nil && os.SameFile(info, other)
}

// quotaSlice is how much is taken of a quota at once.
const quotaSlice = 1 << 20

// copyFrom copies from r to the file as far as there are octets left: in slices,
// each taken before it is read, so that uploads that run at once do not go beyond
// together. Each slice may still pass within the kernel.
func (q *quota) copyFrom(f *os.File, r io.Reader) (n int64, err error) {
	src, limited := r.(*io.LimitedReader)
	if !limited {
		src = &io.LimitedReader{R: r, N: 1<<63 - 1}
	}
	for src.N > 0 {
		want := min(src.N, quotaSlice)
		got := q.take(want)
		if got == 0 {
			return n, atEnd(src)
		}
		part := io.LimitedReader{R: src.R, N: got}
		m, err := f.ReadFrom(&part)
		n += m
		src.N -= m
		q.give(got - m)
		if err != nil || m < got {
			return n, err
		}
	}
	return n, nil
}

// atEnd returns nil if r has nothing more, [ErrQuota] if it has.
func atEnd(r io.Reader) error {
	var b [1]byte
	switch n, err := io.ReadFull(r, b[:]); {
	case n > 0:
		return ErrQuota
	case err == io.EOF:
		return nil
	default:
		return err
	}
}
