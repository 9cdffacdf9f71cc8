package queue

import "sync"

// folderSync syncs a folder. Calls that come while it is at work share the next.
type folderSync struct {
	do func() error

	turn sync.Mutex // of those that sync
	mu   sync.Mutex
	next *syncBatch // that has not begun
}

// syncBatch is the calls that one sync is for.
type syncBatch struct {
	done chan struct{}
	err  error
}

// sync returns when what was done in the folder before it was called is on the
// disk.
func (s *folderSync) sync() error {
	s.mu.Lock()
	b := s.next
	if b != nil {
		s.mu.Unlock()
		<-b.done
		return b.err
	}
	b = &syncBatch{done: make(chan struct{})}
	s.next = b
	s.mu.Unlock()

	s.turn.Lock()
	defer s.turn.Unlock()
	s.mu.Lock()
	s.next = nil // who comes now may have come too late
	s.mu.Unlock()
	b.err = s.do()
	close(b.done)
	return b.err
}
