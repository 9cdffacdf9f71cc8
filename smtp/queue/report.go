package queue

import (
	"io"
	"time"

	"applayer/smtp"
)

// report tells the sender of a message what is new: it writes the report to the
// disk, notes there that he has it, and then lets it go, in this order, so that
// none is made twice.
func (q *Queue) report(e *entry) error {
	now := time.Now()
	news := q.news(e)
	if e.report == nil {
		r, err := q.writeReport(now, e, news)
		if err != nil {
			return err
		}
		e.report = r
		q.mu.Lock()
		q.used.add(roomOf(r))
		q.mu.Unlock()
	}
	to := news.recipients()
	if err := e.file.write(q.spool, e.msg.ID, appendReported(nil, to, e.report.msg.Arrived)); err != nil {
		return err
	}
	r := e.report
	q.mu.Lock()
	e.told(to)
	e.report = nil
	q.mu.Unlock()
	q.add(r)
	q.log.Info("reported", "id", e.msg.ID, "report", r.msg.ID, "to", r.to[0].String())
	q.Trace.queued(&r.msg, []smtp.Recipient{r.to[0].Recipient})
	return nil
}

// writeReport writes a report about a message to the disk. What cannot be brought
// back of the message is left out: rather its header alone, or nothing.
func (q *Queue) writeReport(now time.Time, e *entry, news items) (*entry, error) {
	to, second := q.reportTo(e)
	b := &bounce{host: q.host, e: e, news: news, to: to, second: second, now: now, deadline: q.engine.deadline(e)}
	if err := b.lookAt(q.limits.MaxReturn); err != nil {
		q.log.Error("disk", "id", e.msg.ID, "err", err)
		b.original = nil
	}
	r, err := q.store(e.nextReport(), now, b.envelope(), b.write)
	if isMIME(err) {
		b.original = nil
		r, err = q.store(e.nextReport(), now, b.envelope(), b.write)
	}
	return r, err
}

// lookAt looks at what is to be brought back of the message: all of it, up to max
// octets and if somebody wants that, else its header.
func (b *bounce) lookAt(max int64) error {
	r, err := b.e.msg.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	// RFC 3461 §4.3: RET is about reports of failures; others bring the header.
	// Where RET says nothing, RFC 6522 §3 asks for all.
	full := b.news.has(actionFailed) && b.e.msg.Options.Return != smtp.ReturnHeader && b.e.msg.Size <= max
	if !full {
		b.original, err = io.ReadAll(io.LimitReader(r, min(max, maxReturnedHeader)))
	} else {
		b.original, err = io.ReadAll(r)
	}
	if err != nil {
		return err
	}
	b.cut(full)
	return nil
}

// maxReturnedHeader bounds a header that is brought back.
const maxReturnedHeader = 256 << 10
