package queue

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"applayer/smtp"
)

// Submit takes a message with its envelope and returns its name in the queue. It
// reads it to its end, lines ending in CRLF, and when it returns without an error
// the message is on the disk: a server may answer 250 then. After an error
// nothing is kept.
//
// Errors are [ErrFull], [ErrClosed], [ErrNoRecipients], a [*smtp.ParseError] of
// an envelope that cannot be, a [*smtp.LimitError] of a message that goes round
// in circles, with a [*smtp.ReplyError] of 554 5.4.6, and those of the reader and
// the disk.
func (q *Queue) Submit(ctx context.Context, env smtp.Envelope, message io.Reader) (id string, err error) {
	done, err := q.use()
	if err != nil {
		return "", err
	}
	defer done()
	if len(env.To) == 0 {
		return "", ErrNoRecipients
	}
	claim, err := q.claim(len(env.To))
	if err != nil {
		return "", err
	}
	var e *entry
	defer func() {
		if e == nil {
			claim.giveBack()
		}
	}()
	id, arrived := newID(), time.Now()
	e, err = q.store(id, arrived, env, func(w io.Writer) error {
		in := &contextReader{ctx, message}
		_, err := io.Copy(io.MultiWriter(w, &hops{max: q.limits.MaxHops}, claim), in)
		return err
	})
	if err != nil {
		return "", noSpace(err)
	}
	q.add(e)
	q.log.Info("queued", "id", id, "from", env.From.String(), "recipients", len(env.To), "bytes", e.msg.Size)
	q.Trace.queued(&e.msg, env.To)
	return id, nil
}

// newID returns a name that no other message has: the time, so that names are in
// the order of arrival, and 40 random bits.
func newID() string {
	const digits = 8
	random := strconv.FormatUint(rand.Uint64N(1<<40)|1<<40, 36)
	return strconv.FormatInt(time.Now().UnixNano(), 36) + random[len(random)-digits:]
}

// store writes a message to the disk, whose content write has.
func (q *Queue) store(id string, arrived time.Time, env smtp.Envelope, write func(io.Writer) error) (e *entry, err error) {
	d, err := q.spool.create(id, arrived, &env)
	if err != nil {
		return nil, err
	}
	defer func() {
		if e == nil { // also where write panics
			err = errors.Join(err, d.abort())
		}
	}()
	if err := write(d); err != nil {
		return nil, err
	}
	if err := d.commit(); err != nil {
		return nil, err
	}
	e = newEntry(Message{ID: id, From: env.From, Options: env.MailOptions, Size: d.content.size, Arrived: arrived}, env.To)
	e.file.content, e.file.end = d.content, d.content.offset+d.content.size
	return e, nil
}

// add gives a message that is on the disk to the engine.
func (q *Queue) add(e *entry) {
	q.ready(e)
	q.mu.Lock()
	q.entries[e.msg.ID] = e
	q.engine.Add(time.Now(), e)
	q.mu.Unlock()
	q.changed()
}

// load reads what is in the folder. A report that was written but not yet noted
// is noted before anybody gets it, so that it is not made twice. aside tells of the
// files that were set aside.
func (q *Queue) load(now time.Time) (aside []func(), err error) {
	list, err := names(q.spool.root, dirMessages)
	if err != nil {
		return nil, err
	}
	var all []*entry
	for _, id := range list {
		if info, err := q.spool.root.Lstat(dirMessages + "/" + id); err == nil && !info.Mode().IsRegular() {
			q.log.Warn("no file of the queue", "id", id)
			continue
		}
		e, err := q.spool.load(id)
		if err != nil {
			if !isType[*ParseError](err) {
				return aside, err
			}
			if errors.Is(err, ErrVersion) {
				q.log.Error("file of another version passed over", "id", id, "err", err)
				continue
			}
			aside = append(aside, func() { q.Trace.corrupt(id, err) })
			q.log.Error("damaged file set aside", "id", id, "err", err)
			if err := q.spool.setAside(id); err != nil {
				return aside, err
			}
			continue
		}
		q.ready(e)
		q.entries[id], all = e, append(all, e)
		q.used.add(roomOf(e))
	}
	slices.SortFunc(all, func(a, b *entry) int { return byArrival(&a.msg, &b.msg) })
	for _, e := range all {
		if report := q.entries[e.nextReport()]; report != nil {
			if err := q.noteReport(e, report); err != nil {
				return aside, err
			}
		}
	}
	for _, e := range all {
		q.engine.Add(now, e)
	}
	return aside, nil
}

// noteReport notes a report that was written when the process ended.
func (q *Queue) noteReport(e, report *entry) error {
	e.delayDue = q.engine.delayOf(e, report.msg.Arrived)
	to := q.news(e).recipients()
	if len(to) == 0 {
		return nil
	}
	if err := e.file.write(q.spool, e.msg.ID, appendReported(nil, to, report.msg.Arrived)); err != nil {
		return err
	}
	e.told(to)
	return nil
}

// nextReport returns the name of the next report about a message.
func (e *entry) nextReport() string { return e.msg.ID + "-" + strconv.Itoa(e.reports+1) }

// contextReader ends with its context.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

// Read implements [io.Reader].
func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
