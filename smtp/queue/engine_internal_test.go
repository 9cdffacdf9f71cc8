package queue

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
)

// simulation plays an engine without disk, net and clock, and holds it to its
// rules at each step.
type simulation struct {
	t     testing.TB
	g     *engine
	now   time.Time
	all   []*entry
	ended map[*entry]bool
	tries []*job
	work  []step // chores
	place map[string]int
	// waited are jobs that had to wait for their destination.
	waited map[*job]bool
	given  map[string]int // tries of a recipient
	log    []string       // what was begun, in its order
}

func newSimulation(t testing.TB, limits Limits) *simulation {
	s := &simulation{t: t, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), ended: map[*entry]bool{}, place: map[string]int{}, waited: map[*job]bool{}, given: map[string]int{}}
	s.g = &engine{
		schedule: Schedule{Jitter: -1}, maxAge: 5 * 24 * time.Hour, delayAfter: 4 * time.Hour, limits: limits.inForce(),
		random: func() float64 { return 0.5 }, places: map[string]*place{},
	}
	q := &Queue{}
	s.g.tells = q.tells
	return s
}

// add adds a message to addresses.
func (s *simulation) add(notify smtp.Notify, to ...smtp.Path) *entry {
	var list []smtp.Recipient
	for _, p := range to {
		list = append(list, smtp.Recipient{Path: p, RcptOptions: smtp.RcptOptions{Notify: notify}})
	}
	e := newEntry(Message{ID: fmt.Sprint(len(s.all)), From: smtp.Path{Local: "a", Domain: "crepes.fr"}, Arrived: s.now}, list)
	e.route(domain)
	s.all = append(s.all, e)
	s.g.Add(s.now, e)
	return e
}

// ofMessage counts the tries of a message but for those that waited for their
// destination.
func (s *simulation) ofMessage(e *entry) (n int) {
	for _, j := range s.tries {
		if j.e == e && !s.waited[j] {
			n++
		}
	}
	return n
}

// begin takes all steps that there are.
func (s *simulation) begin() {
	for _, e := range s.all {
		for j := range e.jobs {
			s.waited[j] = j.stage == stageBlocked || s.waited[j] && j.stage == stageActive
		}
	}
	for st, ok := s.g.Next(); ok; st, ok = s.g.Next() {
		if s.ended[st.entry] {
			s.t.Fatalf("%s: a step after its end", st.entry.msg.ID)
		}
		if st.job == nil {
			if st.chore == choreReport && (st.entry.busy != 0 || len(s.g.news(st.entry)) == 0) {
				s.t.Fatalf("%s: report of %d with %d under way", st.entry.msg.ID, len(s.g.news(st.entry)), st.entry.busy)
			}
			s.work = append(s.work, st)
			continue
		}
		if st.entry.chore == choreReport {
			s.t.Fatalf("%s: a try while it is reported", st.entry.msg.ID)
		}
		for i, n := range st.job.to {
			r := &st.entry.to[n]
			if r.way.State() != StateActive || slices.Contains(st.job.to[:i], n) {
				s.t.Fatalf("%s: try of a recipient that is %v", st.entry.msg.ID, r.way.State())
			}
			if domain(r.Path) != st.job.dest {
				s.t.Fatalf("%s: %s with those of %s", st.entry.msg.ID, r, st.job.dest)
			}
			s.given[st.entry.msg.ID+" "+r.String()]++
		}
		s.tries = append(s.tries, st.job)
		s.place[st.job.dest]++
		if s.ofMessage(st.entry) > s.g.limits.MaxPerMessage {
			s.t.Fatalf("%s: %d under way", st.entry.msg.ID, s.ofMessage(st.entry))
		}
		s.log = append(s.log, st.entry.msg.ID+">"+st.job.dest)
		if len(s.tries) > s.g.limits.MaxActive || s.place[st.job.dest] > s.g.limits.MaxPerDestination {
			s.t.Fatalf("%d under way, %d to %s", len(s.tries), s.place[st.job.dest], st.job.dest)
		}
	}
}

// end ends the nth try under way: errs says what became of each recipient.
func (s *simulation) end(n int, saved bool, result func(i int) Result) {
	j := s.tries[n]
	s.tries = slices.Delete(s.tries, n, n+1)
	s.place[j.dest]--
	var outcomes []outcome
	for i := range j.to {
		tries := j.tries() + 1
		outcomes = append(outcomes, judge(result(i), s.now, s.g.deadline(j.e), tries, s.g.schedule.Wait(tries, 0.5)))
	}
	s.g.Handle(s.now, j, outcomes, saved)
}

// did ends the nth chore.
func (s *simulation) did(n int, ok bool) {
	st := s.work[n]
	s.work = slices.Delete(s.work, n, n+1)
	if ok {
		switch st.chore {
		case choreReport:
			st.entry.told(s.g.news(st.entry).recipients())
		case choreEnd:
			s.ended[st.entry] = true
		}
	}
	s.g.Did(s.now, st.entry, ok)
}

// wait lets time pass up to the next timeout.
func (s *simulation) wait() bool {
	next := s.g.NextTimeout()
	if next.IsZero() {
		return false
	}
	if next.After(s.now) {
		s.now = next
	}
	s.g.Timeout(s.now)
	if next = s.g.NextTimeout(); !next.IsZero() && !next.After(s.now) {
		s.t.Fatalf("timeout at %v is left at %v", next, s.now)
	}
	return true
}

// news is what the sender is to be told, as a queue without a second sender
// has it.
func (g *engine) news(e *entry) items { return (&Queue{}).news(e) }

var fine = func(int) Result { return Result{} }

func at(local, domain string) smtp.Path { return smtp.Path{Local: local, Domain: domain} }

// Messages take turns: one with many destinations does not keep others waiting.
func TestEngineTakesTurns(t *testing.T) {
	s := newSimulation(t, Limits{MaxActive: 1})
	s.add(0, at("x", "a"), at("x", "b"), at("x", "c"), at("x", "d"))
	s.add(0, at("x", "e"))
	for s.begin(); len(s.tries) > 0; s.begin() {
		s.end(0, true, fine)
	}
	assert.Equal(t, []string{"0>a", "1>e", "0>b", "0>c", "0>d"}, s.log)
}

// However many places are free: a message to thousands of hosts that are slow leaves
// some to others, and goes on as its tries end.
func TestEngineLimitsMessages(t *testing.T) {
	s := newSimulation(t, Limits{MaxPerMessage: 2})
	s.add(0, at("x", "a"), at("x", "b"), at("x", "c"), at("x", "d"))
	s.begin()
	assert.Equal(t, []string{"0>a", "0>b"}, s.log)
	s.add(0, at("x", "e"))
	s.begin()
	assert.Equal(t, []string{"0>a", "0>b", "1>e"}, s.log)
	for len(s.tries) > 0 {
		s.end(0, true, fine)
		s.begin()
	}
	assert.Equal(t, []string{"0>a", "0>b", "1>e", "0>c", "0>d"}, s.log)
}

// What has piled up for hosts that do not answer leaves places to new messages, and
// takes turns with them at those that it may have.
func TestEngineKeepsPlacesForFirstTries(t *testing.T) {
	s := newSimulation(t, Limits{MaxActive: 8})
	for i := range 20 {
		s.add(0, at("x", fmt.Sprint("down", i)))
	}
	for s.begin(); len(s.tries) > 0; s.begin() {
		s.end(0, true, func(int) Result { return Result{Err: errNoResult} })
	}
	s.log = nil
	require.True(t, s.wait())
	s.begin()
	assert.Len(t, s.tries, 6, "a quarter is kept")
	for i := range 4 {
		s.add(0, at("x", fmt.Sprint("new", i)))
	}
	s.begin()
	assert.Equal(t, []string{"20>new0", "21>new1"}, s.log[6:])
	s.end(7, true, fine)
	s.begin()
	assert.Equal(t, "22>new2", s.log[8], "the others have all that they may have")
	s.end(0, true, fine)
	s.begin()
	s.end(0, true, fine)
	s.begin()
	assert.ElementsMatch(t, []string{"6>down6", "23>new3"}, s.log[9:], "they take turns")
}

// A destination takes its share and no more, and its jobs in their order; those of
// others go on.
func TestEngineLimitsDestinations(t *testing.T) {
	s := newSimulation(t, Limits{MaxPerDestination: 2})
	for range 5 {
		s.add(0, at("x", "slow"))
	}
	s.add(0, at("x", "fast"))
	s.begin()
	assert.Equal(t, []string{"0>slow", "1>slow", "5>fast"}, s.log)
	s.end(0, true, fine)
	s.begin()
	s.end(0, true, fine)
	s.add(0, at("x", "slow")) // comes behind those that wait
	s.begin()
	for len(s.tries) > 0 {
		s.end(0, true, fine)
		s.begin()
	}
	assert.Equal(t, []string{"0>slow", "1>slow", "5>fast", "2>slow", "3>slow", "4>slow", "6>slow"}, s.log)
	assert.Empty(t, s.g.places)
}

// One report for all that fails at once, when the last try of the round is over.
func TestEngineReportsOnce(t *testing.T) {
	s := newSimulation(t, Limits{})
	e := s.add(0, at("x", "a"), at("x", "b"), at("x", "c"))
	s.begin()
	require.Len(t, s.tries, 3)
	refused := func(int) Result { return Result{Err: errNoResult, Permanent: true} }
	s.end(0, true, refused)
	s.begin()
	assert.Empty(t, s.work, "others are under way")
	s.end(0, true, refused)
	s.end(0, true, func(int) Result { return Result{Err: errNoResult} })
	s.begin()
	require.Len(t, s.work, 1)
	assert.Equal(t, choreReport, s.work[0].chore)
	assert.Equal(t, []int{0, 1}, s.g.news(e).recipients())
	s.did(0, true)
	s.begin()
	assert.Empty(t, s.work)
	require.True(t, s.wait())
	s.begin()
	s.end(0, true, fine)
	s.begin()
	require.Len(t, s.work, 1)
	assert.Equal(t, choreEnd, s.work[0].chore)
}

// A report does not wait for a recipient whose host has no place free, and he is not
// tried while it is made.
func TestEngineReportsWithoutWhatWaits(t *testing.T) {
	s := newSimulation(t, Limits{MaxPerDestination: 1})
	s.add(0, at("x", "slow"))
	s.add(0, at("x", "slow"), at("x", "typo"))
	s.add(0, at("y", "slow"))
	s.begin()
	require.Equal(t, []string{"0>slow", "1>typo"}, s.log)
	s.end(1, true, func(int) Result { return Result{Err: errNoResult, Permanent: true} })
	s.begin()
	require.Len(t, s.work, 1)
	assert.Equal(t, choreReport, s.work[0].chore)
	s.end(0, true, fine)
	s.begin()
	assert.Equal(t, "2>slow", s.log[2], "the place goes to the next")
	assert.Len(t, s.log, 3)
	for len(s.tries)+len(s.work) > 0 {
		if len(s.tries) > 0 {
			s.end(0, true, fine)
		} else {
			s.did(0, true)
		}
		s.begin()
	}
	assert.Equal(t, []string{"0>slow", "1>typo", "2>slow", "1>slow"}, s.log)
}

// A notice of delay does not wait for a place at the host either.
func TestEngineDelayWhileWaiting(t *testing.T) {
	s := newSimulation(t, Limits{MaxPerDestination: 1})
	s.add(0, at("x", "slow"))
	s.add(smtp.NotifyDelay, at("x", "slow"))
	s.begin()
	require.True(t, s.wait())
	s.begin()
	require.Len(t, s.work, 1)
	late := s.work[0].entry
	assert.Equal(t, actionDelayed, s.g.news(late)[0].action)
	assert.Equal(t, smtp.EnhancedCode{4, 0, 0}, late.to[0].last.statusIn(actionDelayed), "no try has ended")
	s.g.delayAfter = -1
	assert.False(t, s.g.delayOf(late, s.now), "never")
}

// Recipients of one destination that were put off to different times are tried at
// the first of them.
func TestEngineTakesTheFirstTime(t *testing.T) {
	s := newSimulation(t, Limits{})
	e := newEntry(Message{ID: "0", From: at("a", "crepes.fr"), Arrived: s.now}, []smtp.Recipient{{Path: at("x", "a")}, {Path: at("y", "a")}, {Path: at("z", "a")}})
	e.route(domain)
	for i, wait := range []time.Duration{30 * time.Minute, 10 * time.Minute, 20 * time.Minute} {
		require.NoError(t, e.to[i].way.Do(EventTry))
		require.NoError(t, e.to[i].do(outcome{event: EventPutOff, next: s.now.Add(wait), tries: 1}))
	}
	s.g.Add(s.now, e)
	assert.Equal(t, s.now.Add(10*time.Minute), s.g.NextTimeout())
}

// A message that is taken out while the disk does not take what became of it is at
// its end: there is nothing left to write it to.
func TestEngineRemovesWhatCannotBeSaved(t *testing.T) {
	s := newSimulation(t, Limits{})
	e := s.add(0, at("x", "a"), at("x", "b"))
	s.begin()
	s.end(0, false, fine)
	s.begin()
	s.did(0, false)
	s.end(0, true, fine)
	s.g.Remove(e)
	require.True(t, s.wait())
	s.begin()
	require.Len(t, s.work, 1)
	assert.Equal(t, choreEnd, s.work[0].chore)
}

// While a report is made no try of the message begins: what it says would change.
func TestEngineHoldsTriesWhileReporting(t *testing.T) {
	s := newSimulation(t, Limits{})
	s.add(0, at("x", "a"), at("x", "b"))
	s.begin()
	s.end(0, true, func(int) Result { return Result{Err: errNoResult, Permanent: true} })
	s.end(0, true, func(int) Result { return Result{Err: errNoResult} })
	s.begin()
	require.Len(t, s.work, 1)
	s.did(0, false) // the disk is full
	for range 10 {
		require.True(t, s.wait())
		s.begin()
		assert.Empty(t, s.tries)
		for len(s.work) > 0 {
			s.did(0, false)
		}
	}
	require.True(t, s.wait())
	s.begin()
	s.did(0, true)
	s.begin()
	require.Len(t, s.tries, 1, "the try that was due goes on")
}

// What the disk does not have is written before anything ends.
func TestEngineSavesFirst(t *testing.T) {
	s := newSimulation(t, Limits{})
	s.add(0, at("x", "a"))
	s.begin()
	s.end(0, false, fine)
	s.begin()
	require.Len(t, s.work, 1)
	assert.Equal(t, choreSave, s.work[0].chore)
	s.did(0, false)
	s.begin()
	assert.Empty(t, s.work)
	require.True(t, s.wait())
	s.begin()
	s.did(0, true)
	s.begin()
	require.Len(t, s.work, 1)
	assert.Equal(t, choreEnd, s.work[0].chore)
}

func TestEngineRemove(t *testing.T) {
	s := newSimulation(t, Limits{MaxPerDestination: 1})
	active, blocked, asleep := s.add(0, at("x", "a")), s.add(0, at("x", "a")), s.add(0, at("x", "b"))
	s.begin()
	require.Equal(t, []string{"0>a", "2>b"}, s.log)
	s.end(1, true, func(int) Result { return Result{Err: errNoResult} })
	for _, e := range []*entry{active, blocked, asleep, asleep} {
		s.g.Remove(e)
	}
	s.begin()
	assert.Len(t, s.work, 2, "one is still tried")
	s.end(0, true, func(int) Result { return Result{Err: errNoResult} })
	s.begin()
	require.Len(t, s.work, 3)
	for range 3 {
		s.did(0, true)
	}
	for s.wait() {
		s.begin()
	}
	assert.Equal(t, []string{"0>a", "2>b"}, s.log, "nothing is tried again")
	assert.Empty(t, s.g.places)
}

func TestEngineFlush(t *testing.T) {
	s := newSimulation(t, Limits{})
	s.add(smtp.NotifyDelay, at("x", "a"), at("x", "b"))
	s.begin()
	for range 2 {
		s.end(0, true, func(int) Result { return Result{Err: errNoResult} })
	}
	s.g.Flush(s.now)
	s.begin()
	assert.Len(t, s.tries, 2)
	assert.False(t, s.g.NextTimeout().IsZero(), "the notice of delay still waits")
}

// When the queue stops, what the disk did not take is tried once more: what is not
// noted by then is done again by the next process.
func TestEngineSavesWhenItStops(t *testing.T) {
	s := newSimulation(t, Limits{})
	s.add(0, at("x", "a"), at("x", "b"))
	s.begin()
	s.end(0, false, fine)
	s.begin()
	s.did(0, false)
	s.begin()
	require.Empty(t, s.work, "it waits for its time")
	s.g.Stop()
	s.begin()
	require.Len(t, s.work, 1)
	assert.Equal(t, choreSave, s.work[0].chore)
	s.did(0, false)
	s.begin()
	assert.Empty(t, s.work, "once")
	s.end(0, true, func(int) Result { return Result{Err: errNoResult} })
	s.g.Flush(s.now)
	s.begin()
	assert.True(t, s.g.idle())
	s.g.Start()
	s.begin()
	assert.Len(t, s.tries, 1)
}

// A message that is gone is not held in memory by the time of a notice that it no
// longer needs: there would be those of all that came in 4 hours.
func TestEngineForgetsWhatEnded(t *testing.T) {
	s := newSimulation(t, Limits{})
	s.add(smtp.NotifyDelay, at("x", "a"))
	asleep := s.add(smtp.NotifyDelay, at("x", "b"), at("x", "c"))
	s.begin()
	s.end(0, true, fine)
	s.end(0, true, func(int) Result { return Result{Err: errNoResult} })
	s.begin()
	s.did(0, true)
	assert.Equal(t, 2, s.g.timers.heap.Len(), "a try and a notice of the other one")
	s.g.Remove(asleep)
	s.end(0, true, fine)
	s.begin()
	s.did(0, true)
	assert.Zero(t, s.g.timers.heap.Len())
}

// Whatever comes in whatever order: the limits hold, nobody is tried who is done
// or being tried, and all comes to its end. See [simulation].
func FuzzEngine(f *testing.F) {
	f.Add([]byte{0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	f.Add([]byte("\x00\x01\x02\x03\x10\x20\x30\x40\x50\x60\x70\x80\x90\xa0\xb0\xc0\xd0\xe0\xf0"))
	f.Add([]byte{0, 7, 9, 0, 3, 9, 0, 9, 9, 4, 5, 2, 2, 9, 3, 0, 3, 1, 3, 2, 3, 3, 6, 0, 5, 9})
	f.Fuzz(func(t *testing.T, ops []byte) {
		if len(ops) > 400 {
			return
		}
		s := newSimulation(t, Limits{MaxActive: 4, MaxPerDestination: 2, MaxPerMessage: 2})
		result := func(b byte) func(int) Result {
			return func(i int) Result {
				switch (int(b) + i) % 4 {
				case 0:
					return Result{Delivered: true}
				case 1:
					return Result{Err: errNoResult, Permanent: true}
				}
				return Result{Err: errNoResult}
			}
		}
		for i := 0; i+1 < len(ops); i += 2 {
			b := ops[i+1]
			switch ops[i] % 7 {
			case 0:
				var to []smtp.Path
				for n := range int(b%5) + 1 {
					to = append(to, at(fmt.Sprint(n), string('a'+(b>>uint(n))%4)))
				}
				s.add(smtp.Notify(b)&(smtp.NotifySuccess|smtp.NotifyDelay|smtp.NotifyFailure), to...)
			case 1:
				if len(s.tries) > 0 {
					s.end(int(b)%len(s.tries), b&0x80 == 0, result(b))
				}
			case 2:
				if len(s.work) > 0 {
					s.did(int(b)%len(s.work), b&1 == 0)
				}
			case 3:
				s.wait()
			case 4:
				s.g.Flush(s.now)
			case 5:
				if len(s.all) > 0 && b&3 == 0 {
					s.g.Remove(s.all[int(b>>2)%len(s.all)])
				}
			}
			if ops[i]&0x80 == 0 {
				s.begin()
			}
		}
		// From here on all goes well, or is given up in time.
		for range 10_000 {
			s.begin()
			for len(s.tries) > 0 {
				s.end(0, true, result(byte(len(s.tries))))
			}
			for len(s.work) > 0 {
				s.did(0, true)
			}
			if s.g.idle() && s.g.lanes[laneFirst].ring.len()+s.g.lanes[laneAgain].ring.len() == 0 && !s.wait() {
				break
			}
		}
		for _, e := range s.all {
			if !s.ended[e] {
				t.Fatalf("%s has not ended: busy %d, chore %d, jobs %d", e.msg.ID, e.busy, e.chore, len(e.jobs))
			}
			if !e.removed && (!e.over() || s.g.tells(e)) {
				t.Fatalf("%s ended too early", e.msg.ID)
			}
		}
		for _, l := range s.g.lanes {
			if l.active != 0 || l.urgent.len() != 0 {
				t.Fatalf("left in a lane: %d tries, %d that wait", l.active, l.urgent.len())
			}
		}
		if len(s.g.places) != 0 || s.g.active != 0 || s.g.doing != 0 || len(s.g.timers.heap) != 0 {
			t.Fatalf("left: %d places, %d tries, %d chores, %d timers", len(s.g.places), s.g.active, s.g.doing, len(s.g.timers.heap))
		}
	})
}
