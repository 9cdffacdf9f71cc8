package http1

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"applayer/internal/ascii"
)

// inlineBody is up to how many octets in memory are sent without another
// goroutine: they fit into the buffers on the way, whatever the peer does.
const inlineBody = 16 << 10

// upload is a request's body on its way, sent by another goroutine so that the
// response can be read meanwhile: a server may answer before it has read all,
// or as it reads (RFC 9112 §9.5).
type upload struct {
	again    bool // the body can be sent again: so nobody may be reading it then
	body     io.Reader
	mu       sync.Mutex
	answered bool // the final response's head has come; guarded by mu

	inBody  atomic.Bool // within Read of the caller's body
	ending  atomic.Bool // all of the body is written
	stopped atomic.Bool
	done    chan struct{}
	err     error // of the caller's body; after done
	sendErr error // of the connection; after done
}

// sendBody sends a request's body and ends the message, or has another
// goroutine do so, which the call's end waits for. Final says that a final
// response came first.
func (x *call) sendBody(ctx context.Context, q *Request) (final bool, err error) {
	c := x.cc.c
	if q.Body == nil {
		if err := c.EndMessage(&q.Trailer); err != nil {
			return false, err
		}
		return false, x.flush()
	}
	if expectsContinue(q) {
		if final, err := x.awaitContinue(ctx); final || err != nil {
			return final, err
		}
	}
	if m, ok := q.Body.(interface{ Len() int }); ok && m.Len() <= inlineBody {
		if err := c.finishMessage(q.Body, &q.Trailer); err != nil {
			return false, x.afterSendError(err)
		}
		return false, x.flush()
	}
	_, again := bodyStart(q.Body)
	u := &upload{body: q.Body, again: again, done: make(chan struct{})}
	x.upload = u
	go u.run(x.cc, &q.Trailer, x.client.Timeouts.Header)
	return false, nil
}

// flush sends what is written.
func (x *call) flush() error { return x.afterSendError(x.cc.c.Flush()) }

// afterSendError lets pass what could not be sent: the peer may have answered
// before it closed, such as with 413. If it has not, reading tells.
func (x *call) afterSendError(err error) error {
	if err != nil && isLost(err) {
		x.last = true
		return nil
	}
	return err
}

// expectsContinue tells whether the body waits for a 100.
func expectsContinue(q *Request) bool {
	for m := range q.Header.List("Expect") {
		if ascii.EqualFold(m, "100-continue") {
			return q.Version != HTTP10
		}
	}
	return false
}

// awaitContinue waits for a 100, or for as long as a client should. Final tells
// that a final response came: the body stays unsent, and the connection ends
// with the response, since the server cannot know whether a body follows
// (RFC 9110 §10.1.1, CVE-2024-24791).
func (x *call) awaitContinue(ctx context.Context) (final bool, err error) {
	cc := x.cc
	if err := x.flush(); err != nil {
		return false, err
	}
	deadline := time.Now().Add(timeout(x.client.Timeouts.Expect, time.Second))
	for interim := 0; ; interim++ {
		if interim > x.client.Limits.maxInterim() {
			return false, &LimitError{Name: "MaxInterim", Max: int64(x.client.Limits.maxInterim())}
		}
		cc.sc.SetReadDeadline(deadline)
		err := cc.c.Wait()
		cc.sc.SetReadDeadline(time.Time{})
		switch {
		case err != nil && isTimeout(err) && ctx.Err() == nil:
			return false, nil
		case err != nil && err != io.EOF:
			return false, err
		}
		final, err := x.readOne()
		if final || err != nil {
			x.last = true
			return final, err
		}
		if x.resp.Status == StatusContinue {
			return false, nil
		}
	}
}

// run sends the body.
func (u *upload) run(cc *clientConn, trailer *Header, head time.Duration) {
	b := getBuffer()
	defer putBuffer(b)
	for empty := 0; ; empty++ {
		n, err := u.read(b)
		if n > 0 {
			empty = 0
			if _, u.sendErr = cc.c.Write(b[:n]); u.sendErr != nil {
				break
			}
		}
		if err == io.EOF {
			u.ending.Store(true)
			if u.sendErr = cc.c.EndMessage(trailer); u.sendErr == nil {
				u.sendErr = cc.c.Flush()
			}
			break
		}
		if err == nil && empty >= 100 {
			err = io.ErrNoProgress
		}
		if err != nil {
			u.err = err
			break
		}
	}
	u.mu.Lock()
	answered := u.answered
	switch {
	case answered:
	case u.sendErr != nil:
		// What the server said before it stopped reading can still be there.
		cc.sc.SetReadDeadline(time.Now().Add(lingerAfterSend))
	case head > 0:
		cc.sc.SetReadDeadline(time.Now().Add(head))
	}
	u.mu.Unlock()
	close(u.done)
	if u.err != nil || u.sendErr == ErrBodyLength {
		cc.c.Close() // the server must not take the part for the whole
	}
}

// lingerAfterSend is how long a response is awaited after sending has failed.
const lingerAfterSend = 2 * time.Second

// read reads the caller's body, unless the call has ended.
func (u *upload) read(b []byte) (int, error) {
	u.inBody.Store(true)
	defer u.inBody.Store(false)
	if u.stopped.Load() {
		return 0, errUploadStopped
	}
	return u.body.Read(b)
}

var errUploadStopped = io.ErrClosedPipe

// finished tells whether the body was sent, as one that there is not. A last
// write that is under way is waited for: the response to it may be here first.
func (u *upload) finished(cc *clientConn) bool {
	if u == nil {
		return true
	}
	if u.ending.Load() {
		cc.sc.SetWriteDeadline(time.Now().Add(drainTime))
		<-u.done
		cc.sc.SetWriteDeadline(time.Time{})
	}
	select {
	case <-u.done:
		return u.err == nil && u.sendErr == nil
	default:
		return false
	}
}

// failure returns why the body could not be read, if that is so.
func (u *upload) failure() error {
	if u == nil {
		return nil
	}
	select {
	case <-u.done:
		if u.sendErr == ErrBodyLength {
			return u.sendErr
		}
		return u.err
	default:
		return nil
	}
}

// stop ends the sending, and tells whether all was sent. It waits for the other
// goroutine unless that is within the Read of a body that may block for ever.
func (u *upload) stop(cc *clientConn) bool {
	if u.finished(cc) {
		return true
	}
	u.stopped.Store(true)
	cc.c.Close()
	if u.again || !u.inBody.Load() {
		<-u.done
	}
	return false
}
