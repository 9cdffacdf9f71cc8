package sockets

import (
	"errors"
	"net"
	"slices"
	"syscall"
	"time"
)

// The back-off after temporary errors of Accept doubles between these.
const (
	firstBackoff = 5 * time.Millisecond
	lastBackoff  = time.Second
)

// Serve accepts connections on l until Shutdown or Close, and then returns
// [ErrServerClosed] once every handler has returned, so that a program may end
// when Serve does. An error of l ends it at once; the connections that are open
// go on. Errors that say that the system is short of something, or that one
// connection was lost before it was accepted, end nothing: Serve waits 5 ms,
// doubling up to 1 s, logs one line a burst, and tries again. If descriptors
// are what is short, it uses one held in reserve to take a waiting connection
// and refuse it as over a limit, so that the peer need not wait.
//
// Serve closes l.
func (s *Server) Serve(l net.Listener) error {
	s.init()
	defer l.Close()
	entry := &listening{l}
	if !s.listen(entry) {
		return ErrServerClosed
	}
	defer s.unlisten(entry)
	a := acceptor{s: s, l: l}
	a.spare.open()
	defer a.spare.close()
	err := a.run()
	if !s.ending() {
		return err
	}
	<-s.gone
	return ErrServerClosed
}

func (s *Server) listen(l *listening) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return false
	}
	s.listeners[l] = struct{}{}
	return true
}

// ending tells whether Shutdown or Close has begun.
func (s *Server) ending() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.draining
}

func (s *Server) unlisten(l *listening) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
}

// acceptor is one listener's loop.
type acceptor struct {
	s       *Server
	l       net.Listener
	spare   reserve
	backoff time.Duration // 0 outside a burst of errors
}

// run accepts until an error that is not temporary.
func (a *acceptor) run() error {
	for {
		nc, err := a.l.Accept()
		if err != nil {
			if !isTemporary(err) || !a.pause(err) {
				return err
			}
			continue
		}
		a.backoff = 0
		a.spare.open()
		a.accepted(nc)
	}
}

// accepted starts the connection's goroutine or refuses it.
func (a *acceptor) accepted(nc net.Conn) {
	peer, err := a.s.admitOrRefuse(nc)
	if err != nil {
		return
	}
	go a.s.serve(a.s.base, nc, peer)
}

// pause waits after a temporary error. It reports false when the server ends
// meanwhile.
func (a *acceptor) pause(err error) bool {
	a.s.stats.acceptErrors.Add(1)
	if a.backoff == 0 {
		a.s.logger().Warn("accept, trying again", "proto", a.l.Addr().Network(), "err", err)
	}
	a.backoff = min(max(2*a.backoff, firstBackoff), lastBackoff)
	if isShortOfFiles(err) {
		a.refuseOne()
	}
	t := time.NewTimer(a.backoff)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-a.s.base.Done():
		return false
	}
}

// refuseOne gives up the reserve descriptor for a moment to accept one
// connection and refuse it.
func (a *acceptor) refuseOne() {
	d, ok := a.l.(interface{ SetDeadline(time.Time) error })
	if !ok || !a.spare.close() {
		return
	}
	defer a.spare.open()
	// The queue may be empty: the kernel takes the descriptor before it looks.
	d.SetDeadline(time.Now().Add(firstBackoff))
	defer d.SetDeadline(time.Time{})
	nc, err := a.l.Accept()
	if err != nil {
		return
	}
	a.s.stats.overTotal.Add(1)
	a.s.refuse(nc, &LimitError{Name: "descriptors", Max: int64(a.s.Stats().Active)})
}

// temporary are the errors of Accept that concern one connection or pass by
// themselves. Linux hands errors of the new connection's network through
// accept, which accept(2) says to treat as no connection at all.
var temporary = []syscall.Errno{
	syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM,
	syscall.ECONNABORTED, syscall.ECONNRESET, syscall.EPROTO, syscall.EPERM, syscall.EINTR,
	syscall.ENETDOWN, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.EHOSTUNREACH,
}

func isTemporary(err error) bool {
	errno, ok := errors.AsType[syscall.Errno](err)
	return ok && slices.Contains(temporary, errno)
}

func isShortOfFiles(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}
