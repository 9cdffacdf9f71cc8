package maildir

import "errors"

// Batch makes several changes to a Maildir, whose directories are synced once for
// all: nothing of it is sure to be on the disk before [Batch.Commit] returns. It is
// for one goroutine at a time.
type Batch struct {
	d        *Dir
	new, cur bool // directories that have changed
}

// Batch begins one.
func (d *Dir) Batch() *Batch { return &Batch{d: d} }

// Place gives a delivery's message its name, as [Delivery.Commit] does.
func (b *Batch) Place(y *Delivery) (Message, error) {
	m, err := y.Finish()
	if err != nil {
		return Message{}, err
	}
	if err := y.d.root.Rename(y.tmp, m.path()); err != nil {
		return Message{}, errors.Join(err, y.Abort())
	}
	y.state = ended
	b.changed(m)
	return m, nil
}

// SetFlags is [Dir.SetFlags].
func (b *Batch) SetFlags(m Message, flags Flags) (Message, error) {
	return b.ChangeFlags(m, func(Flags) Flags { return flags })
}

// ChangeFlags is SetFlags with the flags that change makes of those that the message
// has: if another program has given it others meanwhile, it is asked again.
func (b *Batch) ChangeFlags(m Message, change func(Flags) Flags) (Message, error) {
	from, to, err := b.d.rename(m, change)
	if err != nil {
		return Message{}, err
	}
	b.changed(to)
	b.changed(from)
	return to, nil
}

// Remove is [Dir.Remove].
func (b *Batch) Remove(m Message) error {
	from, err := b.d.retry(m, func(m Message) error { return b.d.root.Remove(m.path()) })
	if err == nil {
		b.changed(from)
	}
	return gone(err)
}

// Changed tells the batch of a message that has come or gone without it, as one
// that was linked from elsewhere.
func (b *Batch) Changed(m Message) { b.changed(m) }

func (b *Batch) changed(m Message) {
	b.new = b.new || m.New
	b.cur = b.cur || !m.New
}

// Commit syncs the directories that were changed.
func (b *Batch) Commit() error {
	// The new name first: should the machine stop in between, a message that moved
	// has both, and not none.
	var err error
	if b.cur {
		err = b.d.sync(dirCur)
	}
	if b.new {
		err = errors.Join(err, b.d.sync(dirNew))
	}
	b.new, b.cur = false, false
	return err
}
