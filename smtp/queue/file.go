package queue

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"sync"
)

// file is the file of a message in the queue. Goroutines may share it.
type file struct {
	content extent

	mu  sync.Mutex
	end int64  // of what is whole
	due []byte // lines that the disk does not have yet
}

// write appends lines and makes sure that they are on the disk. What could not be
// written is, with the next call.
func (f *file) write(s *spool, id string, lines []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.due = append(f.due, lines...)
	if len(f.due) == 0 {
		return nil
	}
	w, err := s.root.OpenFile(dirMessages+"/"+id, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.writeDue(w), w.Close())
}

// note has lines that are to be written with the next call of write.
func (f *file) note(lines []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.due = append(f.due, lines...)
}

// writeDue writes line by line, each of which is on the disk before the next: of
// two that are written at once a crash could leave the second alone, and the file
// would be a damaged one. What an append left that failed in the middle is written
// over.
func (f *file) writeDue(w *os.File) error {
	for len(f.due) > 0 {
		line := f.due[:bytes.IndexByte(f.due, '\n')+1]
		if _, err := w.WriteAt(line, f.end); err != nil {
			return err
		}
		if err := w.Sync(); err != nil {
			return err
		}
		f.end += int64(len(line))
		f.due = f.due[len(line):]
	}
	f.due = nil
	return nil
}

// open opens the content.
func (f *file) open(s *spool, id string) (io.ReadCloser, error) {
	r, err := s.root.Open(dirMessages + "/" + id)
	if err != nil {
		return nil, err
	}
	if _, err := r.Seek(f.content.offset, io.SeekStart); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return &content{f: r, extent: f.content, left: f.content.size}, nil
}

// content reads the content of a message. If it is not what was written, the read
// that would be the last fails and has nothing: nobody gets the whole of it, also
// one who counts octets and does not wait for the end.
type content struct {
	f *os.File
	extent
	left int64
	got  uint32
}

// Read implements [io.Reader].
func (c *content) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, c.end()
	}
	n, err := c.f.Read(p[:min(int64(len(p)), c.left)])
	c.got = crc32.Update(c.got, castagnoli, p[:n])
	c.left -= int64(n)
	switch {
	case err == io.EOF:
		return n, &ParseError{Offset: c.offset + c.size - c.left, What: "content", Err: ErrShort}
	case err == nil && c.left == 0 && c.end() != io.EOF:
		return 0, c.end()
	}
	return n, err
}

// end returns what stands at the end of the content.
func (c *content) end() error {
	if c.got != c.sum {
		return &ParseError{Offset: c.offset, What: "content", Err: ErrChecksum}
	}
	return io.EOF
}

// Close closes the file.
func (c *content) Close() error { return c.f.Close() }

// draft is a message that is being written.
type draft struct {
	s       *spool
	id      string
	f       *os.File
	content extent
	buf     []byte // what is not written yet
	err     error
}

// draftBuffer is how much is written at a time.
const draftBuffer = 64 << 10

// Write appends content.
func (d *draft) Write(p []byte) (int, error) {
	d.content.sum = crc32.Update(d.content.sum, castagnoli, p)
	d.content.size += int64(len(p))
	d.put(p)
	return len(p), d.err
}

// put writes what comes in large pieces.
func (d *draft) put(p []byte) {
	if len(d.buf)+len(p) > draftBuffer {
		d.flush()
	}
	if len(p) < draftBuffer {
		d.buf = append(d.buf, p...)
	} else if d.err == nil {
		_, d.err = d.f.Write(p)
	}
}

func (d *draft) flush() {
	if d.err == nil && len(d.buf) > 0 {
		_, d.err = d.f.Write(d.buf)
	}
	d.buf = d.buf[:0]
}

// commit gives the message its place: when it returns, it is on the disk, and so
// is its name.
func (d *draft) commit() error {
	d.flush()
	if d.err == nil {
		_, d.err = d.f.WriteAt(appendFirst(nil, d.content), 0)
	}
	if d.err == nil {
		d.err = d.f.Sync()
	}
	if err := errors.Join(d.err, d.f.Close()); err != nil {
		return err
	}
	if err := d.s.root.Rename(d.tmp(), dirMessages+"/"+d.id); err != nil {
		return err
	}
	if err := d.s.sync.sync(); err != nil {
		// It may be there after a crash or not: the caller hears that it is not.
		return errors.Join(err, d.s.root.Remove(dirMessages+"/"+d.id))
	}
	return nil
}

// abort leaves nothing of a message that was not committed.
func (d *draft) abort() error {
	d.f.Close() // which it may be already
	err := d.s.root.Remove(d.tmp())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (d *draft) tmp() string { return dirTmp + "/" + d.id }
