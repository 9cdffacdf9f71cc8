package sockets

import (
	"context"
	"errors"
	"math"
	"net"
	"os"
	"sync"
	"time"
)

// instant counts nanoseconds since a connection was made. It is cheaper to
// read and compare than a time.Time.
type instant int64

const (
	passed instant = math.MinInt64
	never  instant = math.MaxInt64
)

func (t instant) add(d time.Duration) instant {
	if s := t + instant(d); s >= t {
		return s
	}
	return never
}

// half is one direction's deadlines. The kernel-side deadline (armed) is only
// ever at or before the true one. When it fires early, the operation goes on
// under the true one, so that a busy connection moves it once a timeout and
// not once a Read, and the timeouts are exact all the same.
type half struct {
	set func(time.Time) error // SetReadDeadline or SetWriteDeadline of the base

	mu       sync.Mutex
	timeout  time.Duration // 0 is none
	user     instant       // what the handler set
	life     instant       // the end of MaxLifetime
	contexts *contextMark
	armed    instant // what the base holds
	start    instant // of the operation under way, or of the last one
	rateFrom instant // since when the operation's waiting is not yet counted
	early    int     // timeouts before a deadline that the base knows

	// Of reads alone.
	idle        bool
	idleSince   instant
	idleTimeout time.Duration
	draining    bool

	// The least rate: octets and waiting time in this window.
	rate    Rate
	windows int64 // how many windows the operation under way may take
	octets  int64
	waited  time.Duration

	timeoutName, rateName string
}

// mostEarly is how often one operation may time out before the deadline that
// its base was given. A kernel's timer may run a moment early; a connection of
// somebody else's that times out by a rule of its own would have us try again
// for ever, at full speed.
const mostEarly = 100

// contextMark is a context that governs the direction.
type contextMark struct {
	ctx  context.Context
	at   instant
	next *contextMark
}

// cause tells why an operation ended: a limit's name and value, a context, an
// error, or none of them for the handler's own deadline.
type cause struct {
	name string
	max  int64
	ctx  context.Context
	err  error
}

// limit is the true deadline of the operation under way, and what it stands
// for. The caller holds mu.
func (h *half) limit() (at instant, why cause) {
	at = h.user
	if h.life < at {
		at, why = h.life, cause{name: "MaxLifetime", max: int64(h.life)}
	}
	switch {
	case h.idle && h.draining:
		return passed, cause{err: ErrServerClosed}
	case h.idle && h.idleTimeout > 0:
		if t := h.idleSince.add(h.idleTimeout); t < at {
			at, why = t, cause{name: "IdleTimeout", max: int64(h.idleTimeout)}
		}
	case !h.idle && h.timeout > 0:
		if t := h.start.add(h.timeout); t < at {
			at, why = t, cause{name: h.timeoutName, max: int64(h.timeout)}
		}
	}
	if h.rate.Octets > 0 && !h.idle {
		left := h.rate.Window*time.Duration(h.windows) - h.waited
		if t := h.rateFrom.add(left); t < at {
			at, why = t, cause{name: h.rateName, max: h.rate.Octets}
		}
	}
	for m := h.contexts; m != nil; m = m.next {
		if m.at < at {
			at, why = m.at, cause{ctx: m.ctx}
		}
	}
	return at, why
}

// begin starts an operation at now and arms its deadline where it must be.
func (h *half) begin(born time.Time, now instant) {
	h.mu.Lock()
	h.start, h.rateFrom, h.windows, h.early = now, now, 1, 0
	if at, _ := h.limit(); at < h.armed || h.armed <= now {
		h.arm(born, at)
	}
	h.mu.Unlock()
}

// beginExact is begin for an operation that cannot go on after a deadline
// that fired early. It may take as many windows of the least rate as windows.
func (h *half) beginExact(born time.Time, now instant, windows int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.start, h.rateFrom, h.windows = now, now, max(windows, 1)
	if at, _ := h.limit(); at != h.armed {
		h.arm(born, at)
	}
}

// end counts what passed toward the least rate.
func (h *half) end(now instant, n int) {
	if h.rate.Octets <= 0 { // never changes
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.idle {
		return
	}
	h.waited += time.Duration(now - h.rateFrom)
	h.rateFrom = now
	h.octets += int64(n)
	if h.octets >= h.rate.Octets {
		h.octets, h.waited = 0, 0
	}
}

// over tells after a timeout whether the true deadline has passed, and why. If
// it has not, the deadline is armed anew and the operation may go on, unless
// the base has known that deadline and given timeouts too often.
func (h *half) over(born time.Time, now instant) (why cause, over bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at, why := h.limit()
	if at <= now {
		return why, true
	}
	if at == h.armed {
		h.early++
	}
	h.arm(born, at)
	return cause{}, h.early > mostEarly
}

// change makes f's change of the deadlines and lets it reach an operation
// under way.
func (h *half) change(born time.Time, f func()) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
	at, _ := h.limit()
	if at < h.armed {
		return h.arm(born, at)
	}
	return nil
}

func (h *half) arm(born time.Time, at instant) error {
	h.armed = at
	switch at {
	case never:
		return h.set(time.Time{})
	case passed:
		return h.set(past)
	}
	return h.set(born.Add(time.Duration(at)))
}

// timeoutError is a deadline that passed, with the limit or the context that
// set it.
type timeoutError struct {
	why error
	err error
}

func (e *timeoutError) Error() string   { return e.err.Error() + ": " + e.why.Error() }
func (e *timeoutError) Unwrap() []error { return []error{e.why, e.err} }

// Timeout and Temporary make it a net.Error.
func (e *timeoutError) Timeout() bool   { return true }
func (e *timeoutError) Temporary() bool { return true }

var _ net.Error = (*timeoutError)(nil)

// explain adds the cause to the error of a Read or Write that timed out.
func (w cause) explain(err error) error {
	switch {
	case w.ctx != nil:
		return &timeoutError{why: contextCause(w.ctx), err: err}
	case w.err != nil:
		return &timeoutError{why: w.err, err: err}
	case w.name != "":
		return &timeoutError{why: &LimitError{Name: w.name, Max: w.max}, err: err}
	}
	return err
}

// contextCause is why ctx ends. A connection's deadline may pass an instant
// before ctx's own timer has run.
func contextCause(ctx context.Context) error {
	t := time.NewTimer(100 * time.Millisecond)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return context.DeadlineExceeded
	}
}

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
