package cli

import (
	"context"
	"io"
	"sync"
)

// interruptible lets reads from r end with ctx: a read that waits for a
// terminal or a pipe cannot be called off, so a goroutine makes it, and stays
// behind in it until the process ends.
type interruptible struct {
	ctx context.Context
	r   io.Reader

	mu   sync.Mutex // one Read at a time
	rest []byte     // read and not yet taken
	err  error      // what follows it
	done chan struct{}
	buf  [32 << 10]byte
}

// Read gives ctx's error once ctx has ended.
func (s *interruptible) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(p) == 0 {
		return 0, nil
	}
	if s.done == nil && len(s.rest) == 0 && s.err == nil {
		s.done = make(chan struct{})
		go func() {
			defer close(s.done)
			n, err := s.r.Read(s.buf[:])
			s.rest, s.err = s.buf[:n], err
		}()
	}
	if s.done != nil {
		select {
		case <-s.done:
			s.done = nil
		case <-s.ctx.Done():
			return 0, s.ctx.Err()
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	if n == 0 {
		return 0, s.err
	}
	return n, nil
}
