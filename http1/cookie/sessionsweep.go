package cookie

import (
	"cmp"
	"slices"
	"time"
)

// makeRoom removes sessions that have expired, now and then, and when there are
// too many also some whose visitor never brought the id back, the oldest first:
// robots, mostly, and floods. Who brought his back does not lose it to them.
func (s *Sessions) makeRoom() error {
	count := s.options.Database.Len()
	now := s.options.Now()
	s.mu.Lock()
	full := now.Before(s.full)
	s.created++
	// After as many creations as there are sessions, so that looking at all of
	// them costs each a constant.
	due := s.created > max(count, 1000)
	s.mu.Unlock()
	switch {
	case count < s.limits.MaxSessions && !due:
		return nil
	case count >= s.limits.MaxSessions && full:
		return s.tooMany()
	}
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	count = s.options.Database.Len()
	if !due && count < s.limits.MaxSessions {
		return nil // somebody else has made room
	}
	return s.sweep(now)
}

func (s *Sessions) tooMany() error {
	return &LimitError{Name: "MaxSessions", Max: int64(s.limits.MaxSessions), Reply: 503}
}

func (s *Sessions) sweep(now time.Time) error {
	s.mu.Lock()
	s.created = 0
	s.mu.Unlock()
	var gone []Key
	var unseen []Record
	count := 0
	for r, err := range s.options.Database.All() {
		if err != nil {
			return err
		}
		count++
		if s.expired(&r, now) {
			gone = append(gone, r.Key)
		} else if r.Used.Equal(r.Created) {
			unseen = append(unseen, Record{Key: r.Key, Created: r.Created})
		}
	}
	if count-len(gone) >= s.limits.MaxSessions {
		slices.SortFunc(unseen, func(a, b Record) int {
			return cmp.Or(a.Created.Compare(b.Created), slices.Compare(a.Key[:], b.Key[:]))
		})
		// A sixteenth at once, so that a flood does not make us look each time.
		for _, r := range unseen[:min(len(unseen), 1+count/16)] {
			gone = append(gone, r.Key)
		}
	}
	if count-len(gone) >= s.limits.MaxSessions {
		// Nothing can be done until some expire: look again in a second.
		s.mu.Lock()
		s.full = now.Add(time.Second)
		s.mu.Unlock()
		return s.tooMany()
	}
	return s.options.Database.Delete(gone...)
}
