package sockets

import (
	"context"
	"net"
	"sync"
	"time"
)

// past is a deadline that is over at once.
var past = time.Unix(1, 0)

// WithContext lets ctx govern nc until release is called: its deadline
// becomes the connection's, and its cancellation moves the deadline into the
// past, so that a Read or Write under way ends with a timeout. Call release
// when the work is done; it waits for a cancellation under way, and nothing
// moves a deadline after it. A second call does nothing.
//
// On a [*Conn] the context stands beside the deadlines set with
// [Conn.SetDeadline] and beside other contexts; the earliest decides, and the
// error of a Read or Write that it ends wraps both ctx's cause and
// [os.ErrDeadlineExceeded]. On any other net.Conn it takes the place of the
// deadline, release clears it, and the caller asks ctx for the cause.
//
// A call that was cut in the middle leaves a stream at an unknown place: close
// the connection then.
func WithContext(ctx context.Context, nc net.Conn) (release func()) {
	at, limited := ctx.Deadline()
	if !limited && ctx.Done() == nil {
		return func() {}
	}
	if c, ok := nc.(*Conn); ok {
		return c.wire.withContext(ctx, at, limited)
	}
	if limited {
		nc.SetDeadline(at)
	}
	return watch(ctx, func() { nc.SetDeadline(past) }, func() { nc.SetDeadline(time.Time{}) })
}

// watch calls cancelled when ctx ends before release, and released at the end.
func watch(ctx context.Context, cancelled, released func()) (release func()) {
	w := &watcher{cancelled: cancelled, released: released}
	w.running.Add(1)
	w.stop = context.AfterFunc(ctx, w.end)
	return w.release
}

type watcher struct {
	cancelled, released func()
	stop                func() bool
	running             sync.WaitGroup // until cancelled has returned
	once                sync.Once
}

func (w *watcher) end() {
	defer w.running.Done()
	w.cancelled()
}

func (w *watcher) release() {
	w.once.Do(func() {
		if !w.stop() {
			w.running.Wait()
		}
		w.released()
	})
}
