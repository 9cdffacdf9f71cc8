package mailstore

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"sync"

	"applayer/mime/maildir"
)

// arrival is a message whose content is on the disk and that has no name yet.
type arrival struct {
	// place gives it its name, which is not synced.
	place    func(b *maildir.Batch) (maildir.Message, error)
	keywords []string
	reserved int64 // room in the quota, until the message is counted

	file maildir.Message
	uid  uint32
	err  error
	done chan struct{} // closed when uid or err is there
	lead chan struct{} // gets a value when it is to do the work for all
}

// arrivals are those that wait for a commit: while one of them is at it for all that
// were there when it began, others gather for the next. So many deliveries share the
// sync of the directory and the write of the index.
type arrivals struct {
	mu      sync.Mutex // guards below
	waiting []*arrival
	busy    bool
}

// commit gives messages their names and UIDs. When it returns the names are on the
// disk, of those that have no error.
func (m *Mailbox) commit(all ...*arrival) {
	for _, a := range all {
		a.done, a.lead = make(chan struct{}), make(chan struct{}, 1)
	}
	q := &m.arrivals
	q.mu.Lock()
	q.waiting = append(q.waiting, all...)
	if !q.busy {
		q.busy = true
		q.waiting[0].lead <- struct{}{}
	}
	q.mu.Unlock()
	// They are done together, and the first of them leads if one has to.
	select {
	case <-all[0].done:
	case <-all[0].lead:
		m.commitAll()
	}
	for _, a := range all {
		<-a.done
	}
}

// commitAll commits what waits, and hands on to one of those that came meanwhile.
func (m *Mailbox) commitAll() {
	err := m.begin(context.Background())
	q := &m.arrivals
	q.mu.Lock()
	batch := q.waiting
	q.waiting = nil
	q.mu.Unlock()
	if err == nil {
		m.commitBatch(batch)
		m.end()
	}
	for _, a := range batch {
		if err != nil {
			a.err = err
		}
		close(a.done)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.busy = len(q.waiting) > 0; q.busy {
		q.waiting[0].lead <- struct{}{}
	}
}

// commitBatch commits messages with one sync and one write. The caller has the turn.
func (m *Mailbox) commitBatch(batch []*arrival) {
	b := m.dir.Batch()
	err := m.store.opts.fault("place")
	for _, a := range batch {
		if a.err = err; err == nil {
			a.file, a.err = a.place(b)
		}
		if errors.Is(a.err, fs.ErrNotExist) {
			m.dirTimes() // which finds out if the mailbox was removed
		}
	}
	if err == nil {
		if err = m.store.opts.fault("sync"); err == nil {
			err = b.Commit()
		}
		if err != nil {
			m.unplace(batch, err)
		}
	}
	var records []*record
	modSeq := m.nextModSeq()
	next, reserved := m.state.next, int64(0)
	for _, a := range batch {
		if a.err == nil {
			a.uid = next
			reserved += a.reserved
			a.reserved = 0
			size, _ := a.file.WireSize()
			records = append(records, arrived(a.file, size, next, modSeq, a.keywords))
			next++
		}
	}
	if err = m.recordReserved(reserved, records); err == nil {
		return
	}
	// The mail is safe and will be found; UIDs are told when they are on the disk.
	m.store.log.Warn("index not written", "mailbox", m.path, "err", err)
	refused := slices.DeleteFunc(slices.Clone(batch), func(a *arrival) bool { return a.err != nil || m.state.find(a.uid) != nil })
	m.unplace(refused, err)
}

// unplace takes back what could not be synced, or has too many keywords: whoever
// sends it is told so, and may send it again.
func (m *Mailbox) unplace(batch []*arrival, err error) {
	b := m.dir.Batch()
	for _, a := range batch {
		if a.err == nil {
			a.err = errors.Join(err, b.Remove(a.file))
		}
	}
	b.Commit()
}
