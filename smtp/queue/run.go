package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"applayer/smtp"
)

// Run delivers what is in the queue, and what comes, until ctx ends or the queue
// is closed. Tries that are under way then have [Queue.Grace] to end; those that
// do not are cut off and count as none. It returns when all is noted on the
// disk: nil after Close, else the cause of the end of ctx.
func (q *Queue) Run(ctx context.Context) error {
	done, err := q.use()
	if err != nil {
		return err
	}
	defer done()
	q.mu.Lock()
	if q.running {
		q.mu.Unlock()
		return ErrRunning
	}
	q.running = true
	q.mu.Unlock()
	defer func() {
		q.mu.Lock()
		q.running = false
		q.mu.Unlock()
	}()

	q.run(ctx)
	return context.Cause(ctx)
}

// errStopped is the cause with which tries are cut off when the queue stops.
var errStopped = errors.New("smtp/queue: stopped")

// run begins what can be begun, again and again.
func (q *Queue) run(ctx context.Context) {
	tries, cut := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cut(errStopped)
	var working sync.WaitGroup
	defer working.Wait()

	timer, grace := time.NewTimer(0), time.NewTimer(0)
	defer timer.Stop()
	defer grace.Stop()
	grace.Stop()
	end, closed, stopping := ctx.Done(), (<-chan struct{})(q.closed), false
	q.mu.Lock()
	q.engine.Start()
	q.mu.Unlock()
	for {
		q.mu.Lock()
		now := time.Now()
		q.engine.Timeout(now)
		for s, ok := q.engine.Next(); ok; s, ok = q.engine.Next() {
			working.Go(func() { q.do(tries, s) })
		}
		over := stopping && q.engine.idle()
		next := q.engine.NextTimeout()
		q.mu.Unlock()
		if over {
			return
		}
		timer.Stop()
		if !next.IsZero() {
			timer.Reset(max(0, next.Sub(now)))
		}
		select {
		case <-q.wake:
			continue
		case <-timer.C:
			continue
		case <-grace.C:
			cut(errStopped)
			continue
		case <-end:
		case <-closed:
		}
		// No further try begins; what became of those under way is noted still.
		end, closed, stopping = nil, nil, true
		q.mu.Lock()
		q.engine.Stop()
		q.mu.Unlock()
		grace.Reset(max(0, cmp.Or(q.Grace, defaultGrace)))
	}
}

// do does a step.
func (q *Queue) do(ctx context.Context, s step) {
	defer q.changed()
	if s.job != nil {
		q.try(ctx, s.job)
		return
	}
	err := q.doChore(s.entry, s.chore)
	if err != nil {
		q.log.Error("disk", "id", s.entry.msg.ID, "err", err)
	}
	q.mu.Lock()
	q.engine.Did(time.Now(), s.entry, err == nil)
	q.mu.Unlock()
	if s.chore == choreEnd && err == nil {
		q.log.Info("ended", "id", s.entry.msg.ID)
		q.Trace.ended(&s.entry.msg)
	}
}

// try gives a job to the Deliverer and notes what became of it: on the disk first.
func (q *Queue) try(ctx context.Context, j *job) {
	m, to := &j.e.msg, j.recipients()
	q.Trace.try(m, to)
	results := q.deliver(ctx, m, to)
	q.Trace.tried(m, to, results)
	outcomes, news := q.judge(j, results, context.Cause(ctx) == errStopped)
	for i, o := range outcomes {
		q.log.Info("tried", "id", m.ID, "to", to[i].String(), "event", o.event.String(), "code", o.code, "text", o.text, "peer", o.remote, "tries", o.tries)
	}
	q.mu.Lock()
	last := q.leavesNothing(j, outcomes)
	q.mu.Unlock()
	saved := true
	if news {
		lines := appendOutcomes(nil, j.to, outcomes)
		if last {
			j.e.file.note(lines)
		} else if err := j.e.file.write(q.spool, m.ID, lines); err != nil {
			saved = false
			q.log.Error("disk", "id", m.ID, "err", err)
		}
	}
	q.mu.Lock()
	j.e.damaged = j.e.damaged || slices.ContainsFunc(results, func(r Result) bool { return isType[*ParseError](r.Err) })
	q.engine.Handle(time.Now(), j, outcomes, saved)
	q.mu.Unlock()
}

// judge says what the results of a try mean. Where it was cut off, since the queue
// stops, what failed for the time being is no try: nothing is known of the
// recipient that was not known before. news tells whether something is.
func (q *Queue) judge(j *job, results []Result, cutOff bool) (outcomes []outcome, news bool) {
	now, tries := time.Now(), j.tries()+1
	wait := q.engine.schedule.Wait(tries, q.engine.random())
	for i, r := range results {
		o := judge(r, now, q.engine.deadline(j.e), tries, wait)
		if cutOff && (o.event == EventPutOff || o.event == EventExpired) {
			o = j.e.to[j.to[i]].last
			o.event, o.next = EventPutOff, now
		} else {
			news = true
		}
		outcomes = append(outcomes, o)
	}
	return outcomes, news
}

// deliver calls the Deliverer, and makes of whatever it does a result for each
// recipient.
func (q *Queue) deliver(ctx context.Context, m *Message, to []smtp.Recipient) (results []Result) {
	if limit := cmp.Or(q.TryTimeout, defaultTryTimeout); limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	defer func() {
		if p := recover(); p != nil {
			q.log.Error("panic", "id", m.ID, "err", fmt.Sprint(p), "stack", string(debug.Stack()))
			results = Same(len(to), Result{Err: errPanic})
		}
	}()
	results = q.Deliverer.Deliver(ctx, m, to)
	for len(results) < len(to) {
		results = append(results, Result{Err: errNoResult})
	}
	return results[:len(to)]
}

var (
	errPanic    = errors.New("the delivery broke down")
	errNoResult = errors.New("the delivery has no result")
)

// leavesNothing tells whether nothing is left to do for a message after a try, so
// that its file need not be written to, but if it cannot be removed.
func (q *Queue) leavesNothing(j *job, outcomes []outcome) bool {
	if j.e.removed {
		return true
	}
	if len(j.e.jobs) > 1 || j.e.unsaved {
		return false
	}
	then := &entry{msg: j.e.msg, to: slices.Clone(j.e.to), delayDue: j.e.delayDue}
	for i, n := range j.to {
		then.to[n].do(outcomes[i])
	}
	return then.over() && !q.tells(then)
}

// doChore does what is to be done on the disk for a message.
func (q *Queue) doChore(e *entry, c chore) error {
	switch c {
	case choreSave:
		return e.file.write(q.spool, e.msg.ID, nil)
	case choreReport:
		return q.report(e)
	case choreEnd:
		return q.end(e)
	}
	return nil
}

// end removes a message of which nothing is left to do, and with it a report that
// was begun before somebody took the message out.
func (q *Queue) end(e *entry) error {
	out := q.spool.remove
	if e.damaged {
		out = q.spool.setAside
	}
	if err := out(e.msg.ID); err != nil {
		// It stays for some time: with what became of it.
		return errors.Join(err, e.file.write(q.spool, e.msg.ID, nil))
	}
	if e.report != nil {
		if err := q.spool.remove(e.report.msg.ID); err != nil {
			return err
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.entries[e.msg.ID] == e {
		delete(q.entries, e.msg.ID)
		q.used.sub(roomOf(e))
		if e.report != nil {
			q.used.sub(roomOf(e.report))
		}
	}
	return nil
}
