package mailstore

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"sync"
	"syscall"

	"applayer/mime/maildir"
)

// Deliver delivers a message to the INBOX of users, to each once: it is on the disk
// for all of them when it returns nil, and else for none. The message is read once,
// with lines that end in CRLF; what is to stand before it, such as Return-Path, the
// caller puts there. The error for one who has no room is [ErrOverQuota].
func (s *Store) Deliver(ctx context.Context, users []string, message io.Reader) error {
	return errors.Join(s.deliver(ctx, users, message, true)...)
}

// DeliverEach is Deliver where each user has his own result, in the order of users:
// the message is delivered to those whose error is nil (RFC 2033 §4.2).
func (s *Store) DeliverEach(ctx context.Context, users []string, message io.Reader) []error {
	return s.deliver(ctx, users, message, false)
}

// Room tells before a message comes whether a user has room for so many octets, 0
// where it is not known how many: the error is [ErrOverQuota] if he has not.
func (s *Store) Room(user string, octets int64) error {
	if s.opts.Quota <= 0 {
		return nil
	}
	m, err := s.Mailbox(user, Inbox)
	if err != nil {
		return err
	}
	defer m.Close()
	if err := s.measure(m.user); err != nil {
		return err
	}
	if left := m.user.left(s.opts.Quota); left <= 0 || octets > left {
		return ErrOverQuota
	}
	return nil
}

// target is a mailbox that a message goes to.
type target struct {
	*Mailbox
	users []int // places in the list of users
	uid   uint32
	err   error

	reserved int64 // room, in the user's quota
}

func (s *Store) deliver(ctx context.Context, users []string, message io.Reader, all bool) []error {
	errs := make([]error, len(users))
	targets := s.targets(users, errs)
	defer func() {
		for _, t := range targets {
			t.Close()
		}
	}()
	if all && slices.ContainsFunc(errs, func(err error) bool { return err != nil }) {
		return errs
	}
	s.deliverTo(ctx, targets, message, all)
	for _, t := range targets {
		for _, i := range t.users {
			errs[i] = t.err
		}
	}
	return errs
}

// targets opens the mailboxes of users.
func (s *Store) targets(users []string, errs []error) (targets []*target) {
	for i, name := range users {
		m, err := s.Mailbox(name, Inbox)
		if err == nil {
			err = s.measure(m.user)
		}
		if err != nil {
			errs[i] = err
			continue
		}
		at := slices.IndexFunc(targets, func(t *target) bool { return t.user == m.user })
		if at >= 0 {
			targets[at].users = append(targets[at].users, i)
			m.Close()
			continue
		}
		targets = append(targets, &target{Mailbox: m, users: []int{i}})
	}
	return targets
}

// deliverTo writes the message once and gives it a name in each mailbox.
func (s *Store) deliverTo(ctx context.Context, targets []*target, message io.Reader, all bool) {
	fail := func(err error) {
		for _, t := range targets {
			t.err = errors.Join(t.err, err)
		}
	}
	if len(targets) == 0 {
		return
	}
	y, at, err := create(targets, &maildir.DeliveryOptions{LF: true})
	if err != nil {
		fail(err)
		return
	}
	defer y.Abort()
	if err := s.receive(ctx, y, message, s.room(targets, all)); err != nil {
		fail(err)
		return
	}
	s.reserve(targets, y.WireSize())
	defer s.unreserve(targets)
	if !all || !anyFailed(targets) {
		s.place(targets, at, y)
	}
	if all && anyFailed(targets) {
		s.takeBack(targets)
	}
}

// place gives the message a name in the mailboxes that have room for it.
func (s *Store) place(targets []*target, at *target, y *maildir.Delivery) {
	if len(targets) > 1 {
		s.linkAll(targets, at, y)
		return
	}
	if t := targets[0]; t.err == nil {
		t.arrive(func(b *maildir.Batch) (maildir.Message, error) { return b.Place(y) })
	}
}

// arrive commits the message.
func (t *target) arrive(place func(*maildir.Batch) (maildir.Message, error)) {
	a := &arrival{place: place, reserved: t.reserved}
	t.commit(a)
	t.uid, t.err, t.reserved = a.uid, a.err, a.reserved
}

func anyFailed(targets []*target) bool {
	return slices.ContainsFunc(targets, func(t *target) bool { return t.err != nil })
}

// create begins the file in the first Maildir that can take it. One that was removed
// since it was opened is opened anew.
func create(targets []*target, opts *maildir.DeliveryOptions) (y *maildir.Delivery, at *target, err error) {
	for _, t := range targets {
		if err = t.store.opts.fault("create"); err == nil {
			y, err = t.begun(opts)
		}
		if errors.Is(err, fs.ErrNotExist) {
			if y, err = t.reopen(opts); err != nil {
				continue
			}
		}
		if err == nil {
			return y, t, nil
		}
	}
	return nil, nil, err
}

// reopen opens the mailbox anew and begins a delivery there.
func (t *target) reopen(opts *maildir.DeliveryOptions) (*maildir.Delivery, error) {
	old := t.Mailbox
	old.fail(ErrGone)
	old.lost()
	m, err := old.store.open(old.user.dir, maildir.Folder{}, true)
	if err != nil {
		return nil, err
	}
	t.Mailbox = m
	old.Close()
	return m.dir.Create(opts)
}

// begun begins a delivery. A tmp that somebody has removed, as it was empty, is made
// again.
func (m *Mailbox) begun(opts *maildir.DeliveryOptions) (*maildir.Delivery, error) {
	y, err := m.dir.Create(opts)
	if errors.Is(err, fs.ErrNotExist) && maildir.Make(m.root) == nil {
		return m.dir.Create(opts)
	}
	return y, err
}

// receive writes the message and syncs it.
func (s *Store) receive(ctx context.Context, y *maildir.Delivery, message io.Reader, room int64) error {
	r := &checkedReader{ctx: ctx, r: message, y: y, room: room, fault: s.opts.fault}
	_, err := y.ReadFrom(r)
	if err == nil {
		err = s.opts.fault("sync file")
	}
	if err == nil {
		_, err = y.Finish()
	}
	if err == nil && y.WireSize() > room {
		err = ErrOverQuota
	}
	return err
}

// checkedReader reads a message until there is no room or its context ends.
type checkedReader struct {
	ctx   context.Context
	r     io.Reader
	y     *maildir.Delivery
	room  int64
	fault func(string) error
}

func (r *checkedReader) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, context.Cause(r.ctx)
	}
	if r.y.WireSize() > r.room {
		return 0, ErrOverQuota
	}
	if err := r.fault("write"); err != nil {
		return 0, err
	}
	return r.r.Read(b)
}

// linkAll gives the file a name in all mailboxes. Some of them are done at the same
// time, as each waits for the disk.
func (s *Store) linkAll(targets []*target, at *target, y *maildir.Delivery) {
	const atOnce = 8
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for _, t := range targets {
		if t.err != nil {
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			t.arrive(func(b *maildir.Batch) (maildir.Message, error) { return s.link(t, b, at, y) })
			<-slots
		})
	}
	wg.Wait()
}

// link gives the file of a delivery a name in another Maildir, or makes a copy of it
// where files cannot have two.
func (s *Store) link(t *target, b *maildir.Batch, at *target, y *maildir.Delivery) (maildir.Message, error) {
	f, err := y.Finish()
	if err != nil {
		return f, err
	}
	if err = s.hardLink(at.path+"/"+y.TempFile(), t.Mailbox, f); err == nil {
		b.Changed(f)
		return f, nil
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOSPC) {
		return f, err
	}
	src, err := at.root.Open(y.TempFile())
	if err != nil {
		return f, err
	}
	defer src.Close()
	return t.copyFile(b, src, nil)
}

// hardLink gives a file another name, in a mailbox.
func (s *Store) hardLink(path string, m *Mailbox, as maildir.Message) error {
	if err := s.opts.fault("link"); err != nil {
		return err
	}
	return s.root.Link(path, m.path+"/"+filePath(as))
}

// filePath is the path of a message's file within its Maildir.
func filePath(f maildir.Message) string {
	if f.New {
		return "new/" + f.File
	}
	return "cur/" + f.File
}

// copyFile puts a copy of a file into the mailbox.
func (m *Mailbox) copyFile(b *maildir.Batch, src io.Reader, opts *maildir.DeliveryOptions) (maildir.Message, error) {
	y, err := m.begun(opts)
	if err != nil {
		return maildir.Message{}, err
	}
	defer y.Abort()
	if _, err := y.ReadFrom(src); err != nil {
		return maildir.Message{}, err
	}
	return b.Place(y)
}

// takeBack removes the message from the mailboxes that have it.
func (s *Store) takeBack(targets []*target) {
	for _, t := range targets {
		switch {
		case t.err != nil:
		case t.uid == 0:
			t.err = errNotForAll
		default:
			t.err = errors.Join(errNotForAll, t.Expunge(context.Background(), t.uid))
		}
	}
}

var errNotForAll = errors.New("mailstore: message could not be delivered to all")

// room is how much a message may have: the most that the quota of one of the users
// allows, or the least if it is for all or none.
func (s *Store) room(targets []*target, all bool) int64 {
	if s.opts.Quota <= 0 {
		return 1 << 62
	}
	room := targets[0].user.left(s.opts.Quota)
	for _, t := range targets[1:] {
		if left := t.user.left(s.opts.Quota); all {
			room = min(room, left)
		} else {
			room = max(room, left)
		}
	}
	return room
}

func (s *Store) reserve(targets []*target, octets int64) {
	for _, t := range targets {
		if s.opts.Quota <= 0 {
			return
		}
		if t.user.reserve(s.opts.Quota, octets) {
			t.reserved = octets
		} else {
			t.err = ErrOverQuota
		}
	}
}

// unreserve gives back what reserve took and is not counted.
func (s *Store) unreserve(targets []*target) {
	for _, t := range targets {
		t.user.release(t.reserved)
	}
}
