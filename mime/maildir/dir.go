package maildir

import (
	"errors"
	"io/fs"
	"iter"
	"os"
	"strings"
	"time"

	"applayer/internal/durable"
)

// Dir is a Maildir.
type Dir struct {
	root *os.Root
}

// The three directories: messages that are being written, those that nobody has
// looked at, and all others.
const (
	dirTmp = "tmp"
	dirNew = "new"
	dirCur = "cur"
)

// Message is a message of a Maildir, by the name that it had when it was looked
// for.
type Message struct {
	Name
	// New tells that it is in new: no program has seen it yet.
	New bool
	// File is the name of its file, as it stands on the disk.
	File string
}

// dir returns the directory that the message is in.
func (m Message) dir() string {
	if m.New {
		return dirNew
	}
	return dirCur
}

func (m Message) path() string { return m.dir() + "/" + m.File }

// Create makes the Maildir at path, if it is not there, and opens it.
func Create(path string) (*Dir, error) {
	if err := durable.MakeAll(path); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	if err := Make(root); err != nil {
		root.Close()
		return nil, err
	}
	return open(root)
}

// Open opens the Maildir at path. One that lacks a directory is an error that is
// [fs.ErrNotExist].
func Open(path string) (*Dir, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	return open(root)
}

// OpenRoot opens the Maildir in a directory of root, which is named as [os.Root]
// has it. The root stays the caller's.
func OpenRoot(root *os.Root, name string) (*Dir, error) {
	inner, err := root.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	return open(inner)
}

// open takes root over, if it is a Maildir.
func open(root *os.Root) (*Dir, error) {
	for _, name := range []string{dirTmp, dirNew, dirCur} {
		info, err := root.Stat(name)
		if err == nil && !info.IsDir() {
			err = &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
		}
		if err != nil {
			root.Close()
			return nil, err
		}
	}
	return &Dir{root: root}, nil
}

// Make makes a Maildir of the directory that root is, if it is none yet.
func Make(root *os.Root) error {
	for _, name := range []string{dirTmp, dirNew, dirCur} {
		if err := root.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return durable.SyncDir(root, ".")
}

// Close closes the Dir. Files that were opened stay open.
func (d *Dir) Close() error { return d.root.Close() }

// New goes through the messages in new, in no order. A message that another program
// moves meanwhile may come or not; [Name.Time] tells the order of arrival.
func (d *Dir) New() iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) { d.messages(yield, dirNew) }
}

// Cur goes through the messages in cur, as [Dir.New] does.
func (d *Dir) Cur() iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) { d.messages(yield, dirCur) }
}

// All goes through the messages in new, then those in cur: one that is moved in
// between comes twice, and none is missed.
func (d *Dir) All() iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) { d.messages(yield, dirNew, dirCur) }
}

func (d *Dir) messages(yield func(Message, error) bool, dirs ...string) {
	for _, dir := range dirs {
		going := true
		err := d.each(dir, func(e fs.DirEntry) bool {
			if m, ok := message(dir, e); ok {
				going = yield(m, nil)
			}
			return going
		})
		if !going || err != nil && !yield(Message{}, err) {
			return
		}
	}
}

// message returns the message that an entry of a directory is, if it is one: a
// file whose name does not begin with a dot.
func message(dir string, e fs.DirEntry) (Message, bool) {
	name, err := ParseName(e.Name())
	if err != nil || !e.Type().IsRegular() {
		return Message{}, false
	}
	return Message{Name: name, New: dir == dirNew, File: e.Name()}, true
}

// Find looks for the message with a base, in cur and in new, by the [Name.Key] of it.
// The error for one that is gone is [fs.ErrNotExist].
func (d *Dir) Find(base string) (Message, error) {
	key := Name{Base: base}.Key()
	// A message moves from new to cur, so new is looked at first; and again, for
	// one whose flags were changed while cur was being read.
	for range 2 {
		for m, err := range d.All() {
			if err != nil {
				return Message{}, err
			}
			if m.Key() == key {
				return m, nil
			}
		}
	}
	return Message{}, &fs.PathError{Op: "find", Path: base, Err: fs.ErrNotExist}
}

// OpenMessage opens a message for reading. If it has another name by now it is
// looked for; if it is gone the error is [fs.ErrNotExist]. What is no file, as a pipe
// that somebody has put in its place, is not read: the error is [fs.ErrInvalid].
func (d *Dir) OpenMessage(m Message) (*os.File, error) {
	var f *os.File
	_, err := d.retry(m, func(m Message) (err error) {
		f, err = d.openFile(m.path())
		return err
	})
	return f, err
}

// openFile opens a file for reading, and waits for nobody who is to write it.
func (d *Dir) openFile(path string) (*os.File, error) {
	f, err := d.root.OpenFile(path, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: fs.ErrInvalid}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// SetFlags gives a message flags, which moves it to cur, and returns it with its
// name. If it has another name by now it is looked for; if it is gone the error is
// [fs.ErrNotExist]. One that would take the name of another, as where files were
// copied by hand, stays as it is, and the error is [fs.ErrExist].
func (d *Dir) SetFlags(m Message, flags Flags) (Message, error) {
	b := d.Batch()
	to, err := b.SetFlags(m, flags)
	if err != nil {
		return Message{}, err
	}
	return to, b.Commit()
}

// rename gives a message the name that has other flags. It can be renamed only by the
// name that the flags were taken from, so no change of another program is undone.
func (d *Dir) rename(m Message, change func(Flags) Flags) (from, to Message, err error) {
	from, err = d.retry(m, func(m Message) error {
		to = Message{Name: Name{Base: m.Base, Flags: change(m.Flags).With(), Info: true}}
		to.File = to.String()
		if to.path() == m.path() {
			_, err := d.root.Lstat(m.path())
			return err
		}
		if err := d.free(to, m); err != nil {
			return err
		}
		return d.root.Rename(m.path(), to.path())
	})
	return from, to, err
}

// free tells whether a message may take a name: no other message has it.
func (d *Dir) free(name, m Message) error {
	other, err := d.root.Lstat(name.path())
	if err != nil {
		return nil // none has it, or renaming fails too
	}
	info, err := d.root.Lstat(m.path())
	if err == nil && !os.SameFile(info, other) {
		err = &fs.PathError{Op: "rename", Path: name.path(), Err: fs.ErrExist}
	}
	return err
}

// Remove removes a message. One that is gone is no error.
func (d *Dir) Remove(m Message) error {
	b := d.Batch()
	if err := b.Remove(m); err != nil {
		return err
	}
	return b.Commit()
}

// gone makes success of an error that says that there is nothing to remove.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// retry does something with a message, and again if it has got another name. It
// returns the message with the name that it had.
func (d *Dir) retry(m Message, do func(Message) error) (Message, error) {
	if _, err := ParseName(m.File); err != nil {
		return m, err // made by hand, and perhaps a path
	}
	for range 10 { // names that change faster than that are not to be had
		err := do(m)
		if !errors.Is(err, fs.ErrNotExist) {
			return m, err
		}
		if m, err = d.Find(m.Base); err != nil {
			return m, err
		}
	}
	return m, &fs.PathError{Op: "open", Path: m.Base, Err: fs.ErrNotExist}
}

// Clean removes the files in tmp that nobody wrote to since a time, which programs
// leave that die while they deliver. The format's author has 36 hours. So it
// does with folders that were half made or half removed.
func (d *Dir) Clean(before time.Time) (removed int, err error) {
	var stale []string
	err = d.each(dirTmp, func(e fs.DirEntry) bool {
		half := e.IsDir() && strings.HasSuffix(e.Name(), halfSuffix)
		if info, err := e.Info(); err == nil && (info.Mode().IsRegular() || half) && info.ModTime().Before(before) {
			stale = append(stale, e.Name())
		}
		return true
	})
	for _, name := range stale {
		if err2 := d.root.RemoveAll(dirTmp + "/" + name); err2 == nil {
			removed++
		} else {
			err = errors.Join(err, err2)
		}
	}
	return removed, err
}

// sync makes sure that a directory's entries are on the disk.
func (d *Dir) sync(dir string) error { return durable.SyncDir(d.root, dir) }
