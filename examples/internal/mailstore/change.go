package mailstore

import (
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"time"

	"applayer/mime/maildir"
)

// Change says what becomes of messages' flags and keywords.
type Change struct {
	// How says whether they replace those that are there, are added or removed.
	How How
	// Flags are letters from A to Z. Letters from a to z, which stand for other
	// programs' keywords, stay as they are.
	Flags maildir.Flags
	// Keywords are atoms of at most 100 octets. A mailbox can have 64 of them.
	Keywords []string
	// UnchangedSince leaves messages as they are that have a higher mod-sequence
	// (RFC 7162 §3.1.3). The default is no such condition.
	UnchangedSince uint64
}

// How is what a [Change] does.
type How uint8

// What a [Change] does.
const (
	Replace How = iota
	Add
	Remove
)

// Change changes flags and keywords of messages: of none, or of those that are not in
// modified, which have been changed meanwhile, and that are there. It is on the disk
// when it returns. After an error some may have changed, as a view shows.
func (m *Mailbox) Change(ctx context.Context, c Change, uids ...uint32) (modified []uint32, err error) {
	if slices.ContainsFunc(c.Keywords, func(k string) bool { return !validKeyword(k) }) {
		return nil, ErrKeyword
	}
	if err := m.begin(ctx); err != nil {
		return nil, err
	}
	defer m.end()
	c.Keywords = spelled(c.Keywords, m.state.keywords)
	b := m.dir.Batch()
	var records []*record
	for _, uid := range sorted(uids) {
		msg := m.state.find(uid)
		switch {
		case msg == nil:
			continue
		case c.UnchangedSince > 0 && msg.modSeq > c.UnchangedSince:
			modified = append(modified, uid)
			continue
		}
		r, err2 := m.change(b, &c, msg)
		if errors.Is(err2, fs.ErrNotExist) {
			continue // the next look finds that it has gone
		}
		if err = err2; err != nil {
			break
		}
		if r != nil {
			records = append(records, r)
		}
	}
	err = errors.Join(err, b.Commit(), m.record(records...))
	if err == nil {
		err = m.settle()
	}
	return modified, err
}

// sorted returns UIDs in order, each once.
func sorted(uids []uint32) []uint32 { return slices.Compact(slices.Sorted(slices.Values(uids))) }

// change renames a message's file, and returns the record of the change, nil if there
// is none.
func (m *Mailbox) change(b *maildir.Batch, c *Change, msg *message) (*record, error) {
	before := slices.Sorted(slices.Values(keywordNames(m.state.keywords, msg.keywords)))
	r := &record{kind: recordChange, uid: msg.uid, modSeq: m.nextModSeq(), flags: msg.flags, keywords: c.keywords(before)}
	if c.letters(msg.flags) == msg.flags&letterBits {
		if slices.Equal(r.keywords, before) {
			return nil, nil
		}
		return r, nil
	}
	if err := m.store.opts.fault("rename"); err != nil {
		return nil, err
	}
	f, err := b.ChangeFlags(m.file(msg), func(f maildir.Flags) maildir.Flags { return c.letters(setOf(f)).flags() })
	if err != nil {
		return nil, err
	}
	r.flags = setOfFile(f)
	m.isNamed(msg, f)
	return r, nil
}

// spelled returns keywords as those are spelled that the mailbox has.
func spelled(keywords, known []string) []string {
	keywords = slices.Clone(keywords)
	for i, k := range keywords {
		if at := indexFold(known, k); at >= 0 {
			keywords[i] = known[at]
		}
	}
	return keywords
}

// letters returns the letters that a message has after the change.
func (c *Change) letters(set flagSet) flagSet {
	set &= letterBits
	letters := setOf(c.Flags) & capitals
	switch c.How {
	case Add:
		return set | letters
	case Remove:
		return set &^ letters
	}
	return set&^capitals | letters
}

// keywords returns the keywords that a message has after the change, in order.
func (c *Change) keywords(before []string) []string {
	after := slices.Clone(c.Keywords)
	switch c.How {
	case Add:
		after = append(after, before...)
	case Remove:
		after = slices.DeleteFunc(slices.Clone(before), func(k string) bool { return slices.Contains(c.Keywords, k) })
	}
	slices.Sort(after)
	return slices.Compact(after)
}

// capitals are the flags that have a meaning to all programs.
const capitals flagSet = 1<<26 - 1

// Expunge removes messages. They are gone from the disk when it returns nil. Those
// that are not there are no error.
func (m *Mailbox) Expunge(ctx context.Context, uids ...uint32) error {
	if err := m.begin(ctx); err != nil {
		return err
	}
	defer m.end()
	b := m.dir.Batch()
	var removed []uint32
	var err error
	for _, uid := range sorted(uids) {
		msg := m.state.find(uid)
		if msg == nil {
			continue
		}
		if err = m.store.opts.fault("remove"); err == nil {
			err = b.Remove(m.file(msg))
		}
		if err != nil {
			break
		}
		m.isNamed(msg, fileOf(msg.base, 0))
		removed = append(removed, uid)
	}
	err = errors.Join(err, b.Commit(), m.record(goneRecords(m.nextModSeq(), removed)...))
	if err == nil {
		err = m.settle()
	}
	return err
}

// Count counts the size of messages that another program has delivered and whose
// names do not tell it. Whatever else is done to the mailbox goes on.
func (m *Mailbox) Count(ctx context.Context) error {
	const atOnce = 1000
	for part := range slices.Chunk(m.uncounted(), atOnce) {
		var records []*record
		var err error
		for _, o := range part {
			if err = context.Cause(ctx); err != nil {
				break
			}
			var size int64
			if size, err = m.count(o.file); err == nil {
				records = append(records, &record{kind: recordSize, uid: o.uid, size: size})
			} else if !errors.Is(err, fs.ErrNotExist) {
				break
			}
		}
		if err = errors.Join(err, m.recordSizes(records)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// uncounted returns the messages whose size is not known.
func (m *Mailbox) uncounted() (all []original) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.state.messages {
		if msg := &m.state.messages[i]; msg.size < 0 && msg.flags&flagDead == 0 {
			all = append(all, original{uid: msg.uid, file: m.file(msg)})
		}
	}
	return all
}

// recordSizes records sizes of messages that are still there.
func (m *Mailbox) recordSizes(records []*record) error {
	if err := m.begin(context.Background()); err != nil {
		return err
	}
	defer m.end()
	return m.record(slices.DeleteFunc(records, func(r *record) bool { return m.state.find(r.uid) == nil })...)
}

func (m *Mailbox) count(f maildir.Message) (int64, error) {
	w, err := m.dir.OpenWire(f)
	if err != nil {
		return 0, err
	}
	defer w.Close()
	return w.Size()
}

// AppendOptions are those of [Mailbox.Append]. The zero value, as nil, is for a
// message that has just come.
type AppendOptions struct {
	Flags    maildir.Flags
	Keywords []string
	// Received is when it was received. The default is the present.
	Received time.Time
}

// Append puts a message into the mailbox, as Deliver does. The UID is 0 if it could not
// be written to the index, and so cannot be told.
func (m *Mailbox) Append(ctx context.Context, message io.Reader, opts *AppendOptions) (uid uint32, err error) {
	var o AppendOptions
	if opts != nil {
		o = *opts
	}
	if slices.ContainsFunc(o.Keywords, func(k string) bool { return !validKeyword(k) }) {
		return 0, ErrKeyword
	}
	if err := m.store.measure(m.user); err != nil {
		return 0, err
	}
	t := &target{Mailbox: m}
	targets := []*target{t}
	y, err := m.begun(&maildir.DeliveryOptions{LF: true, Flags: o.Flags, Received: o.Received})
	if errors.Is(err, fs.ErrNotExist) {
		_, err = m.Refresh(ctx) // which finds out that the mailbox was removed
		return 0, cmp.Or(err, error(ErrGone))
	}
	if err != nil {
		return 0, err
	}
	defer y.Abort()
	if err := m.store.receive(ctx, y, message, m.store.room(targets, true)); err != nil {
		return 0, err
	}
	if m.store.reserve(targets, y.WireSize()); t.err != nil {
		return 0, t.err
	}
	defer m.store.unreserve(targets)
	a := &arrival{keywords: o.Keywords, reserved: t.reserved, place: func(b *maildir.Batch) (maildir.Message, error) { return b.Place(y) }}
	m.commit(a)
	if t.reserved = a.reserved; a.err != nil || !m.tell() {
		return 0, a.err
	}
	return a.uid, nil
}
