package queue

import (
	"math"
	"time"

	"applayer/smtp"
)

// engine decides what is done when. It has no clock, no disk and no socket: each
// method is told the time, and what is to be done is fetched by Next. It is for
// one goroutine at a time.
//
//	g.Add(now, e)
//	for s, ok := g.Next(); ok; s, ok = g.Next() { … }  // do it
//	g.Handle(now, s.job, outcomes, saved)                // a try has ended
//	g.Did(now, s.entry, ok)                              // a chore has
//	g.Timeout(now)                                       // at NextTimeout
//
// A message is cut into jobs, one for each destination. Messages take turns, and
// have so many tries under way at most, so that none with many destinations keeps
// others waiting; at a destination jobs wait in their order. First tries and
// others have a lane each, see [lane].
type engine struct {
	schedule   Schedule
	maxAge     time.Duration
	delayAfter time.Duration // negative for never
	limits     Limits
	random     func() float64
	// tells says whether the sender of a message is to be told something.
	tells func(*entry) bool

	lanes  [lanes]lane
	turn   laneName // that was last
	places map[string]*place
	chores fifo[*entry]
	timers timers
	active int // tries under way
	doing  int // chores under way
	// stopped lets no try begin.
	stopped bool
}

// maxChores bounds the chores under way. They are short.
const maxChores = 32

// choreRetry is when a chore that failed is tried again: the disk is full, or
// broken.
const choreRetry = time.Minute

// chore is something to do on the disk.
type chore uint8

const (
	choreNone   chore = iota
	choreSave         // write down what is not yet
	choreReport       // tell the sender
	choreEnd          // remove the message: nothing is left to do
)

// step is what is to be done: a try if there is a job, else a chore.
type step struct {
	entry *entry
	job   *job
	chore chore
}

// deadline returns when a message is given up.
func (g *engine) deadline(e *entry) time.Time { return e.msg.Arrived.Add(g.maxAge) }

// delayOf tells whether a message is late at a time.
func (g *engine) delayOf(e *entry, now time.Time) bool {
	return g.delayAfter >= 0 && !now.Before(e.msg.Arrived.Add(g.delayAfter))
}

// Add takes a message in, whose recipients have a destination.
func (g *engine) Add(now time.Time, e *entry) {
	e.bound(now, now.Add(g.schedule.Wait(math.MaxInt, 1)))
	e.jobs = map[*job]bool{}
	byDest := map[string]*job{}
	var jobs []*job
	delay := false
	for i := range e.to {
		r := &e.to[i]
		if r.final() {
			continue
		}
		j := byDest[r.dest]
		if j == nil {
			j = &job{e: e, dest: r.dest, next: r.last.next}
			byDest[r.dest], jobs = j, append(jobs, j)
		}
		j.to = append(j.to, i)
		if r.last.next.Before(j.next) {
			j.next = r.last.next
		}
		delay = delay || !r.delayTold && r.Notify&smtp.NotifyDelay != 0
	}
	if delay && g.delayAfter >= 0 {
		e.delay = g.timers.add(timer{at: e.msg.Arrived.Add(g.delayAfter), entry: e})
	}
	for _, j := range jobs {
		e.jobs[j] = true
		g.sleep(j)
	}
	g.Timeout(now)
	g.settle(e)
}

// sleep lets a job wait for its time.
func (g *engine) sleep(j *job) {
	j.stage = stageAsleep
	j.timer = g.timers.add(timer{at: j.next, entry: j.e, job: j})
}

// NextTimeout returns when [engine.Timeout] is to be called, the zero time for
// never.
func (g *engine) NextTimeout() time.Time { return g.timers.next() }

// Timeout wakes what waited until now.
func (g *engine) Timeout(now time.Time) {
	for t, ok := g.timers.due(now); ok; t, ok = g.timers.due(now) {
		switch {
		case t.job != nil:
			g.wake(t.job)
		case t.retry:
			g.again(t.entry)
		default:
			t.entry.delayDue = true
			g.settle(t.entry)
		}
	}
}

// again has the chore of a message done that failed.
func (g *engine) again(e *entry) {
	if e.removed {
		e.chore = choreEnd
	}
	g.chores.push(e)
}

// wake makes a job ready whose time has come.
func (g *engine) wake(j *job) {
	switch {
	case j.stage != stageAsleep && j.stage != stageHeld:
	case j.e.chore == choreReport:
		j.hold()
	default:
		j.stage, j.lane = stageReady, laneFirst
		if j.tries() > 0 {
			j.lane = laneAgain
		}
		j.e.busy++
		j.e.ready[j.lane] = append(j.e.ready[j.lane], j)
		g.list(j.e, j.lane)
	}
}

// Next returns what is to be done, if there is something that may be begun.
func (g *engine) Next() (step, bool) {
	if s, ok := g.nextChore(); ok {
		return s, true
	}
	if g.stopped || g.active >= g.limits.MaxActive {
		return step{}, false
	}
	j := g.pick()
	if j == nil {
		return g.nextChore() // of a message whose tries all have to wait
	}
	g.active++
	g.lanes[j.lane].active++
	j.stage = stageActive
	for _, i := range j.to {
		j.e.to[i].way.Do(EventTry)
	}
	return step{entry: j.e, job: j}, true
}

func (g *engine) nextChore() (step, bool) {
	if g.doing >= maxChores {
		return step{}, false
	}
	e, ok := g.chores.pop()
	if !ok {
		return step{}, false
	}
	g.doing++
	return step{entry: e, chore: e.chore}, true
}

// idle tells that nothing is under way and no chore is to be begun.
func (g *engine) idle() bool { return g.active+g.doing+g.chores.len() == 0 }

// Handle notes what became of a try, for each recipient of the job. saved tells
// whether the disk has it too.
func (g *engine) Handle(now time.Time, j *job, outcomes []outcome, saved bool) {
	e := j.e
	left := make([]int, 0, len(j.to))
	for i, n := range j.to {
		r := &e.to[n]
		if r.do(outcomes[i]) != nil || r.final() {
			continue
		}
		if len(left) == 0 || r.last.next.Before(j.next) {
			j.next = r.last.next
		}
		left = append(left, n)
	}
	j.to = left
	g.active--
	g.lanes[j.lane].active--
	g.leave(j.dest)
	e.busy--
	e.active--
	for l := range lanes {
		g.list(e, l)
	}
	e.unsaved = e.unsaved || !saved
	if len(left) > 0 && !e.removed {
		g.sleep(j)
	} else {
		j.stage = stageDead
		delete(e.jobs, j)
	}
	g.Timeout(now)
	g.settle(e)
}

// settle looks whether there is a chore to do for a message. Reports wait until
// all tries have ended that can be begun, so that there are few of them; they do
// not wait for what waits for its destination, which may take hours.
func (g *engine) settle(e *entry) {
	switch {
	case e.chore != choreNone:
		return
	case e.removed && e.busy == 0:
		e.chore = choreEnd
	case e.unsaved:
		e.chore = choreSave
	case e.busy > 0:
		return
	case g.tells(e):
		e.chore = choreReport
	case e.over():
		e.chore = choreEnd
	default:
		return
	}
	g.chores.push(e)
}

// Did notes that the chore of a message was done, or was not and is to be tried
// again.
func (g *engine) Did(now time.Time, e *entry, ok bool) {
	g.doing--
	if !ok {
		g.timers.add(timer{at: now.Add(choreRetry), entry: e, retry: true})
		return
	}
	if e.chore == choreEnd {
		// It stays so. A message that is gone is not kept by the notice that it
		// will not need.
		g.timers.remove(e.delay)
		return
	}
	if e.chore == choreSave {
		e.unsaved = false
	}
	e.chore = choreNone
	held := e.held
	e.held = nil
	for _, j := range held {
		g.wake(j)
	}
	g.settle(e)
}

// Flush wakes all that waits for its next try.
func (g *engine) Flush(now time.Time) {
	for _, t := range g.timers.take(func(t *timer) bool { return t.job != nil }) {
		g.wake(t.job)
	}
	g.Timeout(now)
}

// Start lets tries begin.
func (g *engine) Start() { g.stopped = false }

// Stop lets no further try begin. What the disk did not take is tried once more at
// once: there may be no later.
func (g *engine) Stop() {
	g.stopped = true
	for _, t := range g.timers.take(func(t *timer) bool { return t.retry }) {
		g.again(t.entry)
	}
}

// Remove takes a message out. It ends when the tries have that are under way.
func (g *engine) Remove(e *entry) {
	if e.removed {
		return
	}
	e.removed = true
	for j := range e.jobs {
		switch j.stage {
		case stageActive:
			continue
		case stageAsleep:
			g.timers.remove(j.timer)
		case stageReady:
			e.busy--
		}
		j.stage = stageDead
		delete(e.jobs, j)
	}
	e.ready, e.held = [lanes][]*job{}, nil
	g.settle(e)
}
