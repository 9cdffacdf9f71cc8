package queue

import (
	"math"
	"time"
)

// Schedule says when a message is tried again that could not be delivered: each
// wait is twice the one before. RFC 5321 §4.5.4.1 asks for 30 minutes at least in
// the long run, and for more tries at first.
type Schedule struct {
	// First is the wait after the first try (default 5 minutes).
	First time.Duration
	// Max is the longest wait (default 4 hours).
	Max time.Duration
	// Jitter is by which part of itself a wait is made longer or shorter, at
	// random, so that what failed at once is not tried at once (default 0.1,
	// negative none).
	Jitter float64
}

// Defaults of a Schedule.
const (
	defaultFirst  = 5 * time.Minute
	defaultMax    = 4 * time.Hour
	defaultJitter = 0.1
)

// inForce returns the schedule with its defaults filled in.
func (s Schedule) inForce() Schedule {
	if s.First <= 0 {
		s.First = defaultFirst
	}
	if s.Max <= 0 {
		s.Max = max(defaultMax, s.First)
	}
	switch {
	case s.Jitter == 0:
		s.Jitter = defaultJitter
	case s.Jitter < 0 || math.IsNaN(s.Jitter):
		s.Jitter = 0
	}
	s.Jitter = min(s.Jitter, 1)
	return s
}

// Wait returns the wait after a number of tries, the least of which is 1. random
// is from 0 up to 1 and says where between its bounds the wait is.
func (s Schedule) Wait(tries int, random float64) time.Duration {
	s = s.inForce()
	wait := s.First
	for i := 1; i < tries; i++ {
		if wait > s.Max/2 {
			wait = s.Max
			break
		}
		wait *= 2
	}
	wait = min(wait, s.Max)
	more := time.Duration(float64(wait) * s.Jitter * (2*random - 1))
	if more > math.MaxInt64-wait {
		return math.MaxInt64
	}
	return wait + more
}
