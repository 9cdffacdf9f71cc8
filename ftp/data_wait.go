package ftp

import (
	"sync"
	"time"
)

// waitAfter is how long a data port lies before a goroutine waits at it. A
// client mostly connects and sends its command at once, and then the command
// finds the connection in the system's queue.
const waitAfter = 20 * time.Millisecond

// portWaiter begins to wait at a data port that has lain for waitAfter. Its
// timer runs on when the port is used before that, as most are, and looks after
// the next one: to stop one and start another for each of many small files would
// wake a thread each time.
type portWaiter struct {
	mu      sync.Mutex // guards what is below
	timer   *time.Timer
	running bool
	port    dataPort // at which nobody waits, without a listener for none
	due     time.Time
}

// watch begins to look after a port.
func (w *portWaiter) watch(port dataPort) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.port, w.due = port, time.Now().Add(waitAfter)
	if w.running {
		return
	}
	w.running = true
	if w.timer == nil {
		w.timer = time.AfterFunc(waitAfter, w.look)
	} else {
		w.timer.Reset(waitAfter)
	}
}

// look is what the timer runs.
func (w *portWaiter) look() {
	w.mu.Lock()
	port, left := w.port, time.Until(w.due)
	switch {
	case port.ln == nil:
		w.running = false
	case left > 0:
		w.timer.Reset(left)
		port = dataPort{}
	default:
		w.running, w.port = false, dataPort{}
	}
	w.mu.Unlock()
	if port.ln != nil {
		port.wait()
	}
}

// release takes the port back, and tells whether it could: else it is waited at.
func (w *portWaiter) release() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	held := w.port.ln != nil
	w.port = dataPort{}
	return held
}

// stop ends the timer. The port was released before.
func (w *portWaiter) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Stop()
	}
}
