package ftp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"time"
)

// Retry says how often what a broken connection ended is tried again. The zero
// value of a field is its default.
type Retry struct {
	// Attempts is how often in all (default 5). Attempts in which octets have
	// moved do not count.
	Attempts int
	// Wait is the time before the second attempt (default 1 s). It doubles up
	// to MaxWait (default 30 s); of each time a part of up to a half is left
	// out by chance, so that many clients do not come back at once.
	Wait, MaxWait time.Duration
}

func (r Retry) inForce() Retry {
	if r.Attempts <= 0 {
		r.Attempts = 5
	}
	if r.Wait <= 0 {
		r.Wait = time.Second
	}
	if r.MaxWait <= 0 {
		r.MaxWait = 30 * time.Second
	}
	return r
}

// again runs f with sessions of the pool until it succeeds, fails for good, or
// has failed often enough. f tells whether octets have moved.
func (p *Pool) again(ctx context.Context, f func(c *Client) (moved bool, err error)) error {
	retry := p.Retry.inForce()
	wait := retry.Wait
	for attempt := 1; ; attempt++ {
		moved, err := p.attempt(ctx, f)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil || !isBroken(err) || p.isClosed():
			return err
		case moved:
			attempt, wait = 1, retry.Wait
		case attempt >= retry.Attempts:
			return err
		}
		if tired := pause(ctx, wait-rand.N(wait/2+1)); tired != nil {
			return fmt.Errorf("%w, after: %w", tired, err)
		}
		wait = min(2*wait, retry.MaxWait)
	}
}

func (p *Pool) attempt(ctx context.Context, f func(c *Client) (bool, error)) (bool, error) {
	c, err := p.Get(ctx)
	if err != nil {
		return false, err
	}
	defer p.Put(c)
	return f(c)
}

// pause waits d.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// isBroken tells of errors that are a connection's, or a server's that goes
// down, and may not come again on another connection.
func isBroken(err error) bool {
	if refusal, ok := errors.AsType[*ReplyError](err); ok {
		return refusal.Code == 421 || refusal.Code == 425 || refusal.Code == 426
	}
	if _, ok := errors.AsType[*localError](err); ok {
		return false
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return false
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return false
	}
	_, network := errors.AsType[net.Error](err)
	return network || isTimeout(err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, context.DeadlineExceeded)
}

// localError is an error of this side's file, and not of the connection.
type localError struct {
	what string
	err  error
}

func (e *localError) Error() string { return "ftp: " + e.what + ": " + e.err.Error() }
func (e *localError) Unwrap() error { return e.err }
