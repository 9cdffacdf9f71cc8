package ftp

import (
	"context"
	"sync"
	"time"
)

// pacer keeps transfers to a rate. A nil one lets all pass. Goroutines share
// it, and the rate.
type pacer struct {
	rate int64 // octets a second

	mu   sync.Mutex // guards next
	next time.Time  // when all that was allowed has passed
}

func newPacer(rate int64) *pacer { return &pacer{rate: rate} }

// pieces is how many pieces a second are aimed at, so that a slow transfer
// moves along.
const pieces = 8

// allow waits until some of b may pass, and returns that piece of it. The piece
// counts as passed.
func (p *pacer) allow(ctx context.Context, b []byte) ([]byte, error) {
	if p == nil || len(b) == 0 {
		return b, nil
	}
	b = b[:min(int64(len(b)), max(p.rate/pieces, 1))]
	d := p.reserve(len(b))
	if d <= 0 {
		return b, nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return b, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// reserve takes the place of n octets, and returns how long to wait for it.
func (p *pacer) reserve(n int) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if p.next.Before(now) {
		p.next = now
	}
	d := p.next.Sub(now)
	p.next = p.next.Add(time.Duration(float64(n) / float64(p.rate) * float64(time.Second)))
	return d
}
