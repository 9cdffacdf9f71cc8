package mailstore

import (
	"context"
	"io"
	"strconv"

	"applayer/pop3"
)

// Maildrop opens the INBOX of a user for a POP3 session: as it is now, while
// deliveries go on. The error is [pop3.ErrInUse] if another session has it.
func (s *Store) Maildrop(ctx context.Context, user string) (pop3.Maildrop, error) {
	m, err := s.Mailbox(user, Inbox)
	if err != nil {
		return nil, err
	}
	unlock, ok := m.Lock()
	if !ok {
		m.Close()
		return nil, pop3.ErrInUse
	}
	d := &maildrop{m: m, unlock: unlock}
	if err := d.open(ctx); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// maildrop is a [pop3.Maildrop].
type maildrop struct {
	m      *Mailbox
	unlock func()
	v      *View
}

// open looks at the mailbox, and counts what nobody has counted: POP3 tells all sizes.
func (d *maildrop) open(ctx context.Context) (err error) {
	if d.v, err = d.m.viewAfter(ctx, lookChanged); err != nil {
		return err
	}
	for i := range d.v.messages {
		if d.v.messages[i].size < 0 {
			if err := d.m.Count(ctx); err != nil {
				return err
			}
			d.v, err = d.m.viewAfter(ctx, lookNever) // no more, whose sizes are not known
			return err
		}
	}
	return nil
}

func (d *maildrop) Len() int { return d.v.Len() }

func (d *maildrop) Stat(i int) int64 { return max(d.v.messages[i].size, 0) }

// UID is UIDVALIDITY and UID, which together are never another message's.
func (d *maildrop) UID(i int) string {
	b := strconv.AppendUint(nil, uint64(d.v.UIDValidity), 10)
	return string(strconv.AppendUint(append(b, '.'), uint64(d.v.messages[i].uid), 10))
}

func (d *maildrop) Open(_ context.Context, i int) (io.ReadCloser, error) {
	w, err := d.m.OpenMessage(d.v.messages[i].uid)
	if err != nil {
		return nil, err // not a nil *maildir.Wire that is no nil io.ReadCloser
	}
	return w, nil
}

func (d *maildrop) Commit(ctx context.Context, deleted []int) error {
	uids := make([]uint32, len(deleted))
	for i, at := range deleted {
		uids[i] = d.v.messages[at].uid
	}
	return d.m.Expunge(ctx, uids...)
}

func (d *maildrop) Close() error {
	d.unlock()
	return d.m.Close()
}
