package mailstore

import (
	"context"
	"errors"
	"io/fs"

	"applayer/mime/maildir"
)

// Copy puts copies of messages into another mailbox: of all that are there, in order
// of their UIDs, or, after an error, of none. It returns the UIDs, and those of the
// copies in the same order; no copies are told if they could not be written to the
// index. Flags and keywords go with them.
func (m *Mailbox) Copy(ctx context.Context, to *Mailbox, uids ...uint32) (from, copies []uint32, err error) {
	if err := m.Count(ctx); err != nil {
		return nil, nil, err
	}
	originals, octets := m.pick(uids)
	if len(originals) == 0 {
		return nil, nil, nil
	}
	if err := m.store.measure(to.user); err != nil {
		return nil, nil, err
	}
	t := []*target{{Mailbox: to}}
	if m.store.reserve(t, octets); t[0].err != nil {
		return nil, nil, t[0].err
	}
	defer m.store.unreserve(t)
	all := make([]*arrival, len(originals))
	for i, o := range originals {
		all[i] = &arrival{keywords: o.keywords, place: func(b *maildir.Batch) (maildir.Message, error) { return m.copyTo(to, b, o) }}
		if t[0].reserved > 0 {
			all[i].reserved = max(o.size, 0)
		}
	}
	to.commit(all...)
	t[0].reserved = 0
	for i, a := range all {
		t[0].reserved += a.reserved
		err = errors.Join(err, a.err)
		if a.err == nil {
			from, copies = append(from, originals[i].uid), append(copies, a.uid)
		}
	}
	if err != nil {
		return nil, nil, errors.Join(err, to.Expunge(context.WithoutCancel(ctx), copies...))
	}
	if !to.tell() {
		copies = nil
	}
	return from, copies, nil
}

// original is a message to be copied.
type original struct {
	uid      uint32
	file     maildir.Message
	size     int64
	keywords []string
}

func (m *Mailbox) pick(uids []uint32) (all []original, octets int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, uid := range sorted(uids) {
		if msg := m.state.find(uid); msg != nil {
			all = append(all, original{uid, m.file(msg), msg.size, keywordNames(m.state.keywords, msg.keywords)})
			octets += max(msg.size, 0)
		}
	}
	return all, octets
}

// copyTo makes a copy, which is another name of the same file where that can be:
// messages do not change.
func (m *Mailbox) copyTo(to *Mailbox, b *maildir.Batch, o original) (maildir.Message, error) {
	src, err := m.dir.OpenMessage(o.file)
	if err != nil {
		return maildir.Message{}, err
	}
	defer src.Close()
	info, err := src.Stat()
	if err != nil {
		return maildir.Message{}, err
	}
	if o.size < 0 { // it has come since all were counted
		if o.size, err = maildir.NewWire(src, info.Size()).Size(); err != nil {
			return maildir.Message{}, err
		}
	}
	f := o.file
	received, ok := f.Time()
	if !ok {
		received = info.ModTime()
	}
	f.Base = maildir.UniqueBase(received, info.Size(), o.size)
	f.File = f.String()
	err = m.store.hardLink(m.path+"/"+filePath(o.file), to, f)
	if errors.Is(err, fs.ErrNotExist) { // it has another name by now
		if o.file, err = m.dir.Find(o.file.Base); err == nil {
			err = m.store.hardLink(m.path+"/"+filePath(o.file), to, f)
		}
	}
	if err == nil {
		b.Changed(f)
		return f, nil
	}
	return to.copyFile(b, src, &maildir.DeliveryOptions{Flags: f.Flags, Cur: !f.New, Received: received})
}

// Move is Copy, after which the originals are removed.
func (m *Mailbox) Move(ctx context.Context, to *Mailbox, uids ...uint32) (from, copies []uint32, err error) {
	if from, copies, err = m.Copy(ctx, to, uids...); err != nil {
		return nil, nil, err
	}
	return from, copies, m.Expunge(ctx, from...)
}
