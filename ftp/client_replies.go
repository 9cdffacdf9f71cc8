package ftp

import (
	"context"
	"io"
	"time"

	"applayer/sockets"
)

// replies are those to the command of a transfer. They are read where they are
// waited for; but once octets have passed for a moment a goroutine reads, since
// whatever the server says ends the wait for them. Between watchAfter and hush
// they are the goroutine's.
type replies struct {
	conn *Conn
	// mark is the first reply, once begun; final the last one, or err why there
	// is none, once over.
	mark, final Reply
	err         error
	begun, over bool

	watcher *time.Timer   // begins the goroutine
	done    chan struct{} // closed at its end
}

func (r *replies) hasBegun() bool { return r.begun }
func (r *replies) isOver() bool   { return r.over }

// next reads a reply. The only error is a deadline that passes, which changes
// nothing.
func (r *replies) next() error {
	reply, err := r.conn.ReadReply()
	switch {
	case err != nil && isTimeout(err):
		return err
	case err == io.EOF:
		err = io.ErrUnexpectedEOF
	}
	if !r.begun {
		r.begun, r.mark = true, reply
	}
	if err != nil || reply.Code >= 200 {
		r.over, r.final, r.err = true, reply, err
	}
	return nil
}

// await reads replies until they are enough, d long.
func (t *transfer) await(ctx context.Context, enough func() bool, d time.Duration) error {
	release := sockets.WithContext(ctx, t.c.nc)
	defer release()
	t.c.nc.SetReadDeadline(deadline(d))
	for !enough() {
		if t.replies.next() == nil {
			continue
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return commandError(t.verb, t.arg, timedOut("ReplyTimeout", d))
	}
	return nil
}

// watchDelay is how long a transfer lasts before a goroutine waits for replies.
// Most are over by then, and need none.
const watchDelay = 20 * time.Millisecond

// watchAfter has a goroutine wait for the final reply from then on. A refusal
// ends the transfer's context.
func (t *transfer) watchAfter(d time.Duration) {
	r := t.replies
	t.c.nc.SetReadDeadline(time.Time{})
	r.done = make(chan struct{})
	r.watcher = time.AfterFunc(d, func() {
		defer close(r.done)
		for !r.over {
			if r.next() != nil {
				return
			}
		}
		if err := t.outcome(); err != nil {
			t.cancel(err)
		}
	})
}

// hush takes the replies back from the goroutine.
func (t *transfer) hush() {
	r := t.replies
	if r.watcher != nil && !r.watcher.Stop() {
		t.c.nc.SetReadDeadline(past)
		<-r.done
	}
	r.watcher = nil
}
