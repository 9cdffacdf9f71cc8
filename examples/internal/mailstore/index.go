package mailstore

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"

	"applayer/internal/durable"
)

// The index of a mailbox is a file beside its messages, to which records are
// appended.
const (
	indexFile    = "mailstore-index"
	indexNewFile = "mailstore-index.new"

	// rewriteAbove is how many records that are garbage an index may have.
	rewriteAbove = 1000
)

// readIndex reads an index. Its good part is size octets; what is behind them is the
// tail of a write that a crash has cut. The error is a [*ParseError] where it is
// damaged otherwise.
func readIndex(r io.Reader) (s state, size int64, err error) {
	lines := bufio.NewReaderSize(r, maxLine)
	for {
		line, err := lines.ReadSlice('\n')
		switch {
		case err == io.EOF:
			// All or nothing of the line is there, or zeros that were never written:
			// a cut tail has no LF.
			return s, size, headless(&s, size+int64(len(line)))
		case err == bufio.ErrBufferFull:
			return s, size, &ParseError{Offset: size, What: "line too long"}
		case err != nil:
			return s, size, err
		}
		rec, err := parseRecord(line[:len(line)-1])
		if err == nil {
			err = s.apply(&rec)
		}
		if err != nil {
			return s, size, damaged(err, size)
		}
		size += int64(len(line))
	}
}

// headless is the error for an index that has octets and no whole head.
func headless(s *state, size int64) error {
	if s.validity == 0 && size > 0 {
		return &ParseError{What: "no head"}
	}
	return nil
}

// damaged tells where an error was.
func damaged(err error, at int64) error {
	if bad, ok := errors.AsType[*ParseError](err); ok {
		bad.Offset += at
		return bad
	}
	return &ParseError{Offset: at, What: "record", Err: err}
}

// index is the file that an index is in. It is for one goroutine at a time.
type index struct {
	root  *os.Root
	fault func(op string) error
	f     *os.File // nil before the first write
	size  int64    // of what is good
	dirty bool     // not all is synced
	// broken is why something that was applied is not in the file: it is to be
	// rewritten before anything else is told.
	broken error
}

// openIndex opens and reads the index of a mailbox. One that is not there gives an
// empty state; cut tells that a tail was cut.
func openIndex(root *os.Root, fault func(string) error) (x *index, s state, cut bool, err error) {
	x = &index{root: root, fault: fault}
	root.Remove(indexNewFile)
	x.f, err = root.OpenFile(indexFile, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return x, state{}, false, nil
	}
	if err != nil {
		return x, state{}, false, err
	}
	if s, x.size, err = readIndex(x.f); err == nil {
		var info fs.FileInfo
		if info, err = x.f.Stat(); err == nil && info.Size() > x.size {
			cut = true
			err = x.f.Truncate(x.size)
		}
	}
	// What is there may be of a process that died before it was synced.
	x.dirty = true
	return x, s, cut, err
}

// append writes records behind the others.
func (x *index) append(b []byte) error {
	if x.broken == nil && x.f == nil {
		x.broken = errNotWritten
	}
	if x.broken != nil {
		return x.broken
	}
	err := x.fault("index")
	if err == nil {
		_, err = x.f.WriteAt(b, x.size)
	}
	if err != nil {
		x.broken = err
		x.f.Truncate(x.size) // what was written of it; else it is cut at the next start
		return err
	}
	x.size += int64(len(b))
	x.dirty = true
	return nil
}

var errNotWritten = errors.New("mailstore: index was not written")

// sync makes sure that all is on the disk that s has.
func (x *index) sync(s *state) error {
	if x.broken != nil || x.f == nil {
		return x.rewrite(s)
	}
	if !x.dirty {
		return nil
	}
	err := x.fault("index sync")
	if err == nil {
		err = x.f.Sync()
	}
	if err != nil {
		x.broken = err // what the file has now is not known (fsync tells it once)
		return err
	}
	x.dirty = false
	return nil
}

// rewrite makes the index anew: after a crash the old one or the new one is there.
func (x *index) rewrite(s *state) error {
	err := x.fault("index rewrite")
	if err != nil {
		return err
	}
	b := s.rewritten(nil)
	f, err := x.root.OpenFile(indexNewFile, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = x.root.Rename(indexNewFile, indexFile)
	}
	if err != nil {
		return errors.Join(err, f.Close(), x.root.Remove(indexNewFile))
	}
	// The old file has no name any more: what is appended to it is lost.
	x.close()
	x.f, x.size, x.dirty, x.broken = f, int64(len(b)), false, nil
	s.records = s.live() + len(s.gone) + 2
	if err = x.fault("index directory"); err == nil {
		err = durable.SyncDir(x.root, ".")
	}
	x.broken = err // which of the two a crash leaves is not known
	return err
}

// shrink rewrites the index if most of it is garbage.
func (x *index) shrink(s *state) error {
	if g := s.garbage(); g < rewriteAbove || g < s.live() {
		return nil
	}
	return x.rewrite(s)
}

func (x *index) close() error {
	if x.f == nil {
		return nil
	}
	return x.f.Close()
}
