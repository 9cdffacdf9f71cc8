// Package session keeps the calls on a client's session apart: one is under way
// at a time, and none once the session has ended.
package session

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
)

// Calls are the calls on a session. The fields are set before the first. Its
// methods may be called from any goroutine.
type Calls struct {
	// Proto begins the errors, as in "smtp".
	Proto string
	// Busy is the error of a call that begins while another is under way.
	Busy error
	// Close closes the connection. It is called once, when the session ends.
	Close func() error

	mu    sync.Mutex // guards what is below
	busy  bool
	ended error
}

// Begin begins a call, which [Calls.Done] ends. The error is ctx's cause where it
// has ended, Busy, or one that wraps net.ErrClosed and why the session has ended.
func (c *Calls) Begin(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.ended != nil:
		return c.endedError()
	case c.busy:
		return c.Busy
	}
	c.busy = true
	return nil
}

// endedError tells why no call is possible any more, under the lock.
func (c *Calls) endedError() error {
	if errors.Is(c.ended, net.ErrClosed) {
		return fmt.Errorf("%s: session: %w", c.Proto, c.ended)
	}
	return fmt.Errorf("%s: session: %w, by: %w", c.Proto, net.ErrClosed, c.ended)
}

// Done ends a call.
func (c *Calls) Done() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy = false
}

// End ends the session, for the reason that later calls are told. Only the first
// reason counts.
func (c *Calls) End(why error) {
	c.mu.Lock()
	first := c.ended == nil
	if first {
		c.ended = why
	}
	c.mu.Unlock()
	if first {
		c.Close()
	}
}

// Err tells why no call is possible any more, nil while the session goes on.
func (c *Calls) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended == nil {
		return nil
	}
	return c.endedError()
}

// Alive tells whether the session goes on.
func (c *Calls) Alive() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended == nil
}

// Free tells whether a call can begin.
func (c *Calls) Free() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended == nil && !c.busy
}
