package mailstore

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sync"
	"time"

	"applayer/mime/maildir"
)

// Mailbox is a folder of a user. All who have it open share it; it is closed when
// the last of them has closed it. Goroutines may share it.
type Mailbox struct {
	store  *Store
	user   *user
	folder maildir.Folder
	path   string      // below the store's root
	users  int         // guarded by store.mu
	here   os.FileInfo // the directory, if it is this mailbox's alone; guarded by store.mu

	// Who changes the mailbox has its turn, in which he may wait for the disk. It is
	// a channel so that one who waits for it can give up. It guards the fields below
	// up to mu, which do not change once loaded but for index and scanned.
	turn    chan struct{}
	loaded  bool
	root    *os.Root
	dir     *maildir.Dir
	index   *index
	scanned scanned
	told    *View // the last that is on the disk

	arrivals arrivals
	cache    cache

	mu            sync.Mutex // guards below; who writes state has the turn too
	state         state
	odd           map[uint32]string // names of files that are not as we would write them
	view          *View             // of state, if nothing has changed since
	subscriptions map[*Subscription]struct{}
	locked        bool  // by Lock
	ready         bool  // loaded
	failed        error // why there is no use in going on
}

// stale is how old a file in tmp is that nobody writes any more, as the author of
// Maildir has it.
const stale = 36 * time.Hour

// Name is the folder's name.
func (m *Mailbox) Name() string {
	if m.folder.File == "" {
		return Inbox
	}
	return folderName(m.folder)
}

// begin waits for the turn, which end gives back.
func (m *Mailbox) begin(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case m.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	m.mu.Lock()
	err := m.failed
	m.mu.Unlock()
	if err != nil {
		m.end()
	}
	return err
}

func (m *Mailbox) end() { <-m.turn }

// load reads the index and looks at what is there, unless that was done.
func (m *Mailbox) load(create bool) error {
	m.mu.Lock()
	ready, err := m.ready, m.failed
	m.mu.Unlock()
	if ready || err != nil {
		return err // without a turn, so that a delivery begins while others are synced
	}
	if err := m.begin(context.Background()); err != nil {
		return err
	}
	defer m.end()
	if m.loaded {
		return nil
	}
	root, dir, err := m.store.openDir(m, create)
	if err != nil {
		return m.fail(err)
	}
	m.root, m.dir = root, dir
	if err := m.store.claim(m); err != nil {
		return m.fail(errors.Join(err, m.closeFiles()))
	}
	// What was never delivered is left in tmp by those who die.
	if _, err := dir.Clean(m.store.opts.Now().Add(-stale)); err != nil {
		m.store.log.Warn("tmp not cleaned", "mailbox", m.path, "err", err)
	}
	if err := m.loadIndex(); err != nil {
		return m.fail(errors.Join(err, m.closeFiles()))
	}
	if err := m.index.sync(&m.state); err == nil {
		m.told = m.look()
	}
	if err := m.scan(lookAlways); err != nil {
		return m.fail(errors.Join(err, m.closeFiles()))
	}
	m.loaded = true
	m.mu.Lock()
	m.ready = true
	m.mu.Unlock()
	m.user.sizeIs(m.path, m.state.octets, 0)
	return nil
}

// fail makes the mailbox useless: it has to be opened anew.
func (m *Mailbox) fail(err error) error {
	m.mu.Lock()
	if m.failed == nil {
		m.failed = err
	}
	m.view = nil
	m.wakeAll()
	m.mu.Unlock()
	return err
}

// lost makes others open it anew.
func (m *Mailbox) lost() { m.store.forget(m) }

// gone ends the use of a mailbox whose directory is another's, or nobody's, when who
// has his turn is ready.
func (m *Mailbox) gone() {
	m.turn <- struct{}{}
	defer m.end()
	m.user.sizeGone(m.path)
	m.fail(ErrGone)
	m.lost()
}

// loadIndex reads the index, or begins one if it is missing or damaged.
func (m *Mailbox) loadIndex() error {
	x, s, cut, err := openIndex(m.root, m.store.opts.fault)
	m.index = x
	bad, isBad := errors.AsType[*ParseError](err)
	switch {
	case isBad:
		m.store.log.Error("index damaged: its messages get new UIDs", "mailbox", m.path, "err", bad)
	case err != nil:
		return err
	case cut:
		m.store.log.Warn("index cut where a write was not ended", "mailbox", m.path, "bytes", x.size)
	}
	if isBad || s.validity == 0 {
		v, err := m.store.newValidity(s.validity)
		if err != nil {
			return err
		}
		s = state{validity: v, next: 1, modSeq: 1}
		if err := x.rewrite(&s); err != nil {
			return err
		}
	}
	s.clean()
	m.mu.Lock()
	m.state = s
	m.mu.Unlock()
	return nil
}

// record makes changes: in memory, then in the index. The caller has the turn. A
// change that cannot be made holds up no other. After an error of the index itself the
// changes are made, and it is written anew before they are told.
func (m *Mailbox) record(records ...*record) error { return m.recordReserved(0, records) }

// recordReserved is record of messages for which so much room was reserved.
func (m *Mailbox) recordReserved(reserved int64, records []*record) error {
	if len(records) == 0 {
		return nil
	}
	var b []byte
	var err error
	m.mu.Lock()
	for _, r := range records {
		if err2 := m.state.apply(r); err2 != nil {
			err = errors.Join(err, err2)
			continue
		}
		b = appendRecord(b, r)
	}
	m.view = nil
	octets := m.state.octets
	m.wakeAll()
	m.mu.Unlock()
	m.user.sizeIs(m.path, octets, reserved)
	return errors.Join(err, m.index.append(b))
}

// nextModSeq is the mod-sequence of a change that is to be made by who has the turn.
func (m *Mailbox) nextModSeq() uint64 { return m.state.modSeq + 1 }

// settle makes sure that what is to be told is on the disk: no UID or mod-sequence
// that a client has seen can stand for something else after a crash. The caller has
// the turn.
func (m *Mailbox) settle() error {
	if err := m.index.shrink(&m.state); err != nil {
		m.store.log.Warn("index not rewritten", "mailbox", m.path, "err", err)
	}
	return m.index.sync(&m.state)
}

// tell settles what a caller is to be told of his own change, and tells whether he can
// be.
func (m *Mailbox) tell() bool {
	if m.begin(context.Background()) != nil {
		return false
	}
	defer m.end()
	if err := m.settle(); err != nil {
		m.store.log.Error("index not written: a UID is not told", "mailbox", m.path, "err", err)
		return false
	}
	return true
}

// Close gives the Mailbox back. Nobody may use it who has closed it.
func (m *Mailbox) Close() error {
	m.store.release(m)
	return nil
}

// shut closes the files.
func (m *Mailbox) shut() error {
	m.turn <- struct{}{}
	defer m.end()
	m.fail(ErrClosed)
	if !m.loaded {
		return nil
	}
	m.loaded = false
	return m.closeFiles()
}

func (m *Mailbox) closeFiles() error {
	var err error
	if m.index != nil {
		if m.index.broken == nil && m.index.dirty {
			err = m.index.sync(nil)
		}
		err = errors.Join(err, m.index.close())
	}
	return errors.Join(err, m.cache.close(), m.dir.Close(), m.root.Close())
}

// file returns the file of a message as it was last seen. The caller has mu.
func (m *Mailbox) file(msg *message) maildir.Message {
	f := fileOf(msg.base, msg.flags)
	if odd, ok := m.odd[msg.uid]; ok {
		if name, err := maildir.ParseName(odd); err == nil {
			f.Name, f.File = name, odd
		}
	}
	return f
}

// fileOf returns the file of a message as we name it.
func fileOf(base string, set flagSet) maildir.Message {
	f := maildir.Message{New: set&flagNew != 0}
	f.Base, f.Flags = base, set.flags()
	f.Info = !f.New || f.Flags != ""
	f.File = f.String()
	return f
}

// isNamed remembers the name of a message's file, if it is not as we would write it.
func (m *Mailbox) isNamed(msg *message, f maildir.Message) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f.File == fileOf(msg.base, setOfFile(f)).File {
		delete(m.odd, msg.uid)
	} else {
		m.odd[msg.uid] = f.File
	}
}

// OpenMessage opens a message for reading, in the form with CRLF line ends. The error
// for one that is not there is [ErrNoMessage].
func (m *Mailbox) OpenMessage(uid uint32) (*maildir.Wire, error) {
	m.mu.Lock()
	msg := m.state.find(uid)
	if msg == nil || m.failed != nil {
		err := m.failed
		m.mu.Unlock()
		if err == nil {
			err = ErrNoMessage
		}
		return nil, err
	}
	f := m.file(msg)
	m.mu.Unlock()
	w, err := m.dir.OpenWire(f)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoMessage
	}
	return w, err
}

// Subscription tells of changes of a mailbox.
type Subscription struct {
	// C gets a value when something has changed, or the mailbox has been removed,
	// since a value was taken from it: then [Mailbox.View] shows what.
	C <-chan struct{}

	c chan struct{}
	m *Mailbox
}

// Subscribe begins to tell of changes. It never keeps who makes them waiting.
func (m *Mailbox) Subscribe() *Subscription {
	s := &Subscription{c: make(chan struct{}, 1), m: m}
	s.C = s.c
	m.mu.Lock()
	defer m.mu.Unlock()
	m.subscriptions[s] = struct{}{}
	return s
}

// Close ends it.
func (s *Subscription) Close() error {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	delete(s.m.subscriptions, s)
	return nil
}

// wakeAll tells all subscribers. The caller has mu.
func (m *Mailbox) wakeAll() {
	for s := range m.subscriptions {
		select {
		case s.c <- struct{}{}:
		default: // he has not yet looked at the last change
		}
	}
}

// Lock gives a mailbox to one who wants no other such: a POP3 session
// (RFC 1939 §4). Deliveries and all other use go on. It is false if another has
// it; else unlock, which may be called again, gives it back.
func (m *Mailbox) Lock() (unlock func(), ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.locked {
		return nil, false
	}
	m.locked = true
	return sync.OnceFunc(func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.locked = false
	}), true
}
