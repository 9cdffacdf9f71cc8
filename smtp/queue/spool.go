package queue

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"applayer/internal/durable"
	"applayer/internal/lockfile"
	"applayer/smtp"
)

// The folders of a queue: messages, those that are being written, and files that
// are none.
const (
	dirMessages = "messages"
	dirTmp      = "tmp"
	dirCorrupt  = "corrupt"
	lockName    = "lock"
)

// spool is the folder of a queue.
type spool struct {
	root   *os.Root
	unlock func() error
	sync   folderSync // of messages
}

// openSpool opens the folder, makes it if it is not there, and takes its lock.
// What was being written when the last process ended is removed: nobody was told
// that it is here.
func openSpool(dir string) (s *spool, err error) {
	if err := durable.MakeAll(dir); err != nil {
		return nil, err
	}
	unlock, err := lockfile.Try(filepath.Join(dir, lockName))
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, unlock())
		}
	}()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	if err := prepare(root); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return &spool{root: root, unlock: unlock, sync: folderSync{do: func() error { return durable.SyncDir(root, dirMessages) }}}, nil
}

func prepare(root *os.Root) error {
	for _, name := range []string{dirMessages, dirTmp, dirCorrupt} {
		if err := root.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	stale, err := names(root, dirTmp)
	if err != nil {
		return err
	}
	for _, name := range stale {
		if err := root.RemoveAll(dirTmp + "/" + name); err != nil {
			return err
		}
	}
	return durable.SyncDir(root, ".")
}

// names returns the names in a folder.
func names(root *os.Root, dir string) ([]string, error) {
	f, err := root.Open(dir)
	if err != nil {
		return nil, err
	}
	list, err := f.Readdirnames(-1)
	return list, errors.Join(err, f.Close())
}

// close gives the folder back.
func (s *spool) close() error { return errors.Join(s.root.Close(), s.unlock()) }

// create begins a message.
func (s *spool) create(id string, arrived time.Time, env *smtp.Envelope) (*draft, error) {
	head, err := appendHeader(make([]byte, firstLen, 512), arrived, env)
	if err != nil {
		return nil, err
	}
	// What could not be read again would be lost.
	if _, _, err := parseHeader(head); err != nil {
		return nil, err
	}
	d := &draft{s: s, id: id, content: extent{offset: int64(len(head))}}
	// A report has the name of the one that could not be written, which may be here.
	d.f, err = s.root.OpenFile(d.tmp(), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	d.put(head)
	return d, nil
}

// load reads a message, but for its content. The file loses what an append left
// there that did not end.
func (s *spool) load(id string) (*entry, error) {
	f, err := s.root.OpenFile(dirMessages+"/"+id, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	e, err := read(f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	e.msg.ID = id
	return e, errors.Join(cutTail(f, e.file.end), f.Close())
}

// cutTail cuts off what is behind the end of what is whole.
func cutTail(f *os.File, end int64) error {
	info, err := f.Stat()
	if err != nil || info.Size() == end {
		return err
	}
	return f.Truncate(end)
}

// spoolFile is what a message is read from.
type spoolFile interface {
	io.ReaderAt
	io.Seeker
}

// read reads a message, but for its content.
func read(f spoolFile) (*entry, error) {
	length, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	first := make([]byte, min(length, int64(firstLen)))
	if _, err := f.ReadAt(first, 0); err != nil && err != io.EOF {
		return nil, err
	}
	x, err := parseFirst(first)
	if err != nil {
		return nil, err
	}
	behind := x.offset + x.size
	if length < behind {
		return nil, &ParseError{Offset: length, What: "content", Err: ErrShort}
	}
	if length-behind > maxTail {
		return nil, &ParseError{Offset: behind + maxTail, What: "state", Err: ErrSyntax}
	}
	head, err := io.ReadAll(io.NewSectionReader(f, 0, x.offset))
	if err != nil {
		return nil, err
	}
	arrived, env, err := parseHeader(head)
	if err != nil {
		return nil, err
	}
	tail, err := io.ReadAll(io.NewSectionReader(f, behind, length-behind))
	if err != nil {
		return nil, err
	}
	e := newEntry(Message{From: env.From, Options: env.MailOptions, Size: x.size, Arrived: arrived}, env.To)
	n, err := parseTail(tail, behind, e)
	e.file.content, e.file.end = x, behind+int64(n)
	return e, err
}

// remove removes a message.
func (s *spool) remove(id string) error {
	if err := s.root.Remove(dirMessages + "/" + id); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return s.sync.sync()
}

// setAside moves a file that is no message to where somebody can look at it. One
// that is not there was moved before, and what failed was the sync.
func (s *spool) setAside(name string) error {
	err := s.root.Rename(dirMessages+"/"+name, dirCorrupt+"/"+name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return errors.Join(durable.SyncDir(s.root, dirCorrupt), s.sync.sync())
}
