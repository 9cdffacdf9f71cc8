package link

import "time"

// sender delivers a flow to what the connection wraps, each item at its
// time. It runs in the goroutine of an alarm, and only while there is
// something to deliver: a link that waits holds no goroutine.
type sender struct {
	out   *flow
	write func(item) error // under no lock
	shut  func()           // the stream has ended, reading goes on
	close func()           // nothing will be delivered any more

	alarm      alarm
	delivering bool
	shutDone   bool
	closed     bool // by the owner
	finished   bool // close was called
}

func newSender(out *flow) *sender {
	s := &sender{out: out}
	s.alarm.ring = s.deliver
	out.notify = func() {
		out.cond.Broadcast()
		s.arm()
	}
	return s
}

// arm sets the alarm to the next thing to do.
func (s *sender) arm() {
	if s.delivering || s.finished {
		return
	}
	at, ok := s.out.next()
	switch {
	case len(s.out.items) > 0, ok && !s.shutDone:
		s.alarm.set(at)
	case s.closed:
		s.alarm.set(time.Now())
	}
}

func (s *sender) deliver() {
	mu := &s.out.way.mu
	mu.Lock()
	defer mu.Unlock()
	if s.delivering {
		return
	}
	s.delivering = true
	for s.step() {
	}
	s.delivering = false
	s.arm()
}

// step does one thing whose time has come. It gives the mutex back while it
// does.
func (s *sender) step() bool {
	mu, now := &s.out.way.mu, time.Now()
	if it, ok := s.out.due(now); ok {
		mu.Unlock()
		err := s.write(it)
		mu.Lock()
		if err != nil {
			s.fail(err)
		}
		return true
	}
	at, ok := s.out.next()
	switch {
	case ok && len(s.out.items) == 0 && !at.After(now) && !s.shutDone:
		s.shutDone = true
		if !s.closed {
			mu.Unlock()
			s.shut()
			mu.Lock()
		}
		return true
	case s.closed && s.shutDone && !s.finished:
		s.finished = true
		s.out.putAlarm.stop()
		mu.Unlock()
		s.close()
		s.out.way.link.addClosing(-1)
		mu.Lock()
	}
	return false
}

// fail tells writers of a stream that its other end is gone.
func (s *sender) fail(err error) {
	if s.out.putErr == nil {
		s.out.putErr = err
	}
	s.out.drop()
	s.shutDone = true
}
