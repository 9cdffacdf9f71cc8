package mailstore

import (
	"cmp"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"applayer/internal/durable"
	"applayer/internal/lockfile"
	"applayer/mime/maildir"
)

// Options are those of [Open]. The zero value, as nil, has the defaults.
type Options struct {
	// Quota is how many octets the messages of a user may have together, counted
	// with CRLF line ends as a client sees them. The default is no limit.
	Quota int64
	// MaxIdle is how many mailboxes are kept in memory that nobody uses (default
	// 256, negative for none): each has three files open, and is read again when it
	// is next needed.
	MaxIdle int
	// Logger gets what an operator should know: an index that was damaged, a tail
	// that was cut. Nil is silent.
	Logger *slog.Logger
	// Now is the clock. The default is time.Now.
	Now func() time.Time

	// fault is called before each step that a disk may fail, for tests.
	fault func(op string) error
}

const defaultMaxIdle = 256

// Store is the mail of many users. Goroutines may share it.
type Store struct {
	root *os.Root
	opts Options
	log  *slog.Logger

	unlock func() error

	mu     sync.Mutex // guards below
	closed bool
	boxes  map[string]*Mailbox // by path below root
	idle   []*Mailbox          // of those, the ones that nobody uses, longest first
	users  map[string]*user    // by folder
	given  uint32              // the last UIDVALIDITY
}

// The files of the store beside the users' folders, whose names do not begin with a
// dot.
const (
	storeLock    = ".lock"
	validityFile = ".uidvalidity"
	maildirName  = "Maildir"
)

// Open opens the store in a directory, which is made if it is not there. One process
// at a time has it: for another the error is [ErrLocked].
func Open(dir string, opts *Options) (*Store, error) {
	s := &Store{boxes: map[string]*Mailbox{}, users: map[string]*user{}}
	if opts != nil {
		s.opts = *opts
	}
	s.opts.MaxIdle = max(cmp.Or(s.opts.MaxIdle, defaultMaxIdle), 0)
	if s.opts.Now == nil {
		s.opts.Now = time.Now
	}
	if s.opts.fault == nil {
		s.opts.fault = func(string) error { return nil }
	}
	if s.log = s.opts.Logger; s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	err := durable.MakeAll(dir)
	if err != nil {
		return nil, err
	}
	if s.root, err = os.OpenRoot(dir); err != nil {
		return nil, err
	}
	if s.unlock, err = lockfile.Try(filepath.Join(dir, storeLock)); err != nil {
		return nil, errors.Join(err, s.root.Close())
	}
	if s.given, err = s.readValidity(); err != nil {
		return nil, errors.Join(err, s.root.Close(), s.unlock())
	}
	return s, nil
}

// Close closes the store and its mailboxes. Messages that are open stay so.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	boxes := s.boxes
	s.boxes, s.idle = map[string]*Mailbox{}, nil
	s.mu.Unlock()
	var err error
	for _, m := range boxes {
		err = errors.Join(err, m.shut())
	}
	return errors.Join(err, s.root.Close(), s.unlock())
}

// readValidity returns the last UIDVALIDITY that was given. Without it one could be
// given twice, if the clock is set back.
func (s *Store) readValidity() (uint32, error) {
	b, err := s.root.ReadFile(validityFile)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 32)
	if err != nil {
		s.log.Error("file of the last UIDVALIDITY damaged: the clock tells the next", "file", validityFile, "err", err)
	}
	return uint32(n), nil
}

// newValidity returns a UIDVALIDITY that is higher than any before and than least:
// the seconds of the clock, or one more than the last (RFC 9051 §2.3.1.1).
func (s *Store) newValidity(least uint32) (uint32, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := max(uint32(s.opts.Now().Unix()), s.given+1, least+1)
	const next = validityFile + ".new"
	f, err := s.root.OpenFile(next, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, err
	}
	_, err = f.WriteString(strconv.FormatUint(uint64(v), 10) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = s.root.Rename(next, validityFile)
	}
	if err != nil {
		return 0, err
	}
	s.given = v
	return v, durable.SyncDir(s.root, ".")
}

// Mailbox opens a folder of a user, [Inbox] for the one where mail is delivered:
// that is made if it is not there, as is the user's own folder. Any other has to be
// there: [Store.Create] makes it, and the error is [ErrNoMailbox]. All who open it
// share one Mailbox in memory, and each has to close it.
//
// Names of users are compared without regard to case in ASCII. A name that is
// longer than a file's can be, empty, or has control octets is [ErrName]; so is a
// folder's name with a dot.
func (s *Store) Mailbox(user, folder string) (*Mailbox, error) {
	dir, err := userFolder(user)
	if err != nil {
		return nil, err
	}
	f, inbox, err := folderOf(folder)
	if err != nil {
		return nil, err
	}
	if !inbox {
		f = s.find(dir, f)
	}
	return s.open(dir, f, inbox)
}

// open opens a folder, which is made if it is not there and may be.
func (s *Store) open(dir string, f maildir.Folder, create bool) (*Mailbox, error) {
	m, err := s.take(dir, f)
	for err == nil {
		if err = m.load(create); err == nil {
			return m, nil
		}
		m.lost()
		m.Close()
		alias, isAlias := errors.AsType[*aliasError](err)
		switch {
		case isAlias && s.use(alias.of):
			m, err = alias.of, nil
		case isAlias || errors.Is(err, ErrGone): // it was removed, and is looked for again
			m, err = s.take(dir, f)
		}
	}
	return nil, err
}

// take returns the Mailbox of a folder, which may not be loaded.
func (s *Store) take(dir string, f maildir.Folder) (*Mailbox, error) {
	path := folderPath(dir, f.File)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	m := s.boxes[path]
	if m == nil {
		m = &Mailbox{store: s, user: s.userOf(dir), folder: f, path: path, turn: make(chan struct{}, 1), subscriptions: map[*Subscription]struct{}{}}
		s.boxes[path] = m
	}
	s.used(m)
	return m, nil
}

// used counts one more who uses a mailbox. The caller has s.mu.
func (s *Store) used(m *Mailbox) {
	if m.users == 0 {
		s.idle = without(s.idle, m)
	}
	m.users++
}

// use takes a mailbox that is known, if it still is.
func (s *Store) use(m *Mailbox) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.boxes[m.path] != m {
		return false
	}
	s.used(m)
	return true
}

// aliasError means that a mailbox is open by another name of its directory: one is a
// symbolic link, or the file system does not tell capital letters from small ones. An
// index is for one Mailbox at a time.
type aliasError struct{ of *Mailbox }

func (e *aliasError) Error() string { return "mailstore: another name of " + e.of.path }

// claim makes sure that a mailbox is the only one that uses its directory.
func (s *Store) claim(m *Mailbox) error {
	here, err := m.root.Stat(".")
	for err == nil {
		other := s.claimed(m, here)
		if other == nil {
			return nil
		}
		if there, err := s.root.Stat(other.path); err == nil && os.SameFile(here, there) {
			return &aliasError{other}
		}
		other.gone() // somebody has renamed its directory, to what m is
	}
	return err
}

// claimed returns the mailbox that has claimed a directory before. If there is none
// it is m's.
func (s *Store) claimed(m *Mailbox, here os.FileInfo) *Mailbox {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, other := range s.boxes {
		if other != m && other.here != nil && os.SameFile(other.here, here) {
			return other
		}
	}
	m.here = here
	return nil
}

func (s *Store) user(dir string) *user {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.userOf(dir)
}

// userOf returns the user of a folder. The caller has s.mu.
func (s *Store) userOf(dir string) *user {
	u := s.users[dir]
	if u == nil {
		u = &user{dir: dir, sizes: map[string]int64{}}
		s.users[dir] = u
	}
	return u
}

func without(all []*Mailbox, m *Mailbox) []*Mailbox {
	for i := range all {
		if all[i] == m {
			return append(all[:i:i], all[i+1:]...)
		}
	}
	return all
}

// release gives a Mailbox back, and drops the ones that are idle for the longest
// time.
func (s *Store) release(m *Mailbox) {
	s.mu.Lock()
	var drop []*Mailbox
	if m.users--; m.users == 0 {
		if s.boxes[m.path] == m {
			s.idle = append(s.idle, m)
		} else {
			drop = append(drop, m)
		}
		for len(s.idle) > s.opts.MaxIdle {
			delete(s.boxes, s.idle[0].path)
			drop = append(drop, s.idle[0])
			s.idle = s.idle[1:]
		}
	}
	s.mu.Unlock()
	for _, m := range drop {
		if err := m.shut(); err != nil {
			s.log.Warn("mailbox not closed well", "mailbox", m.path, "err", err)
		}
	}
}

// forget makes the next one who opens a mailbox open it anew.
func (s *Store) forget(m *Mailbox) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.boxes[m.path] == m {
		delete(s.boxes, m.path)
		s.idle = without(s.idle, m)
	}
}

// openDir opens the Maildir of a mailbox, and makes it if it may be made. One that
// lacks one of its directories gets it: whoever made it was killed, or a backup has
// left out what was empty.
func (s *Store) openDir(m *Mailbox, create bool) (*os.Root, *maildir.Dir, error) {
	if err := s.opts.fault("open"); err != nil {
		return nil, nil, err
	}
	root, err := s.root.OpenRoot(m.path)
	if create && errors.Is(err, fs.ErrNotExist) {
		if err = s.root.MkdirAll(m.path, 0o700); err == nil {
			root, err = s.root.OpenRoot(m.path)
		}
	}
	if err != nil {
		return nil, nil, noMailbox(err)
	}
	d, err := s.mend(root, m, create)
	if err != nil {
		return nil, nil, errors.Join(noMailbox(err), root.Close())
	}
	return root, d, nil
}

// mend makes what a Maildir lacks, if it is one or is to be one, and opens it. What
// was made, now or by a process that died before it was synced, is on the disk then.
func (s *Store) mend(root *os.Root, m *Mailbox, create bool) (*maildir.Dir, error) {
	if !create && !hasAny(root, "cur", "new", "tmp") {
		return nil, ErrNoMailbox
	}
	if err := errors.Join(maildir.Make(root), m.user.settle(s.root)); err != nil {
		return nil, err
	}
	return maildir.OpenRoot(root, ".")
}

func hasAny(root *os.Root, names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		_, err := root.Stat(name)
		return err == nil
	})
}
