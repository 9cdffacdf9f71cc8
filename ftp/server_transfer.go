package ftp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"
)

// watchAfter is how long a transfer may take before the control connection is
// read beside it. Most are over by then, and need no second goroutine.
const watchAfter = 5 * time.Millisecond

// transfer carries out a transfer, from the reply that begins it.
func (sc *serverConn) transfer(t *Transfer) []Action {
	x := &transferring{sc: sc, t: t, nc: sc.data.take(), stall: sc.srv.timeouts.Stall, begun: time.Now()}
	if x.nc != nil {
		t.Begin.Code = 125
	}
	if sc.write(t.Begin); sc.closed {
		x.close()
		return sc.s.Transferred(errGone)
	}
	var err error
	if x.isShort() {
		x.ctx = context.WithoutCancel(sc.ctx)
		err = x.run()
	} else {
		err = x.runWatched()
	}
	actions := sc.s.Transferred(err)
	sc.report(x, actions, err)
	return actions
}

// runWatched is run, while the control connection is read.
func (x *transferring) runWatched() error {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(x.sc.ctx))
	defer cancel(nil)
	defer context.AfterFunc(x.sc.srv.open, func() { cancel(errGone) })()
	x.ctx = ctx
	if x.nc != nil && !x.sc.srv.KeepDataPort {
		x.sc.data.close() // nobody else is listened to meanwhile
	}
	w := x.sc.watch(x, cancel)
	err := x.run()
	w.stop()
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	return err
}

// shortFile is what fits into the send buffer of any connection, so that nobody
// can make us wait for it.
const shortFile = bufferSize

// isShort tells that the transfer is over before anything could be said about
// it.
func (x *transferring) isShort() bool {
	t := x.t
	return x.nc != nil && t.File != nil && t.Size >= 0 && t.Size <= shortFile && !t.Private && t.Rate <= 0
}

// report tells the log and the program of a transfer that has ended.
func (sc *serverConn) report(x *transferring, actions []Action, err error) {
	e := TransferEvent{
		User: sc.s.User(), Peer: sc.nc.RemoteAddr(), Verb: x.t.Verb, Path: absolute(x.t.Name),
		Octets: x.octets.Load(), Duration: time.Since(x.begun), Err: err,
	}
	for _, a := range actions {
		if a.Kind == ActionReply {
			e.Code = a.Reply.Code
		}
	}
	if l := sc.srv.Logger; l != nil {
		l.Info("transfer", "peer", e.Peer, "user", printable(e.User), "verb", e.Verb, "path", e.Path,
			"bytes", e.Octets, "dur", e.Duration, "code", e.Code, "err", err)
	}
	if f := sc.srv.Events.Transfer; f != nil {
		f(e)
	}
}

// errGone means that the control connection ended in a transfer, which ends it
// as ABOR would (RFC 959 §4.1.1, QUIT).
var errGone = fmt.Errorf("%w: the control connection ended", errAborted)

// watcher reads the control connection while a transfer is under way.
type watcher struct {
	sc    *serverConn
	timer *time.Timer
	done  chan struct{}
}

// watch begins to read the control connection in a moment. Until stop has
// returned, session and queue are the watcher's.
func (sc *serverConn) watch(x *transferring, cancel context.CancelCauseFunc) *watcher {
	sc.nc.SetReadDeadline(time.Time{})
	w := &watcher{sc: sc, done: make(chan struct{})}
	w.timer = time.AfterFunc(watchAfter, func() {
		defer close(w.done)
		for sc.readBusy(x, cancel) {
		}
	})
	return w
}

// stop ends the reading.
func (w *watcher) stop() {
	if w.timer.Stop() {
		return
	}
	w.sc.nc.SetReadDeadline(past)
	<-w.done
	w.sc.nc.SetReadDeadline(time.Time{}) // StopTLS reads next, behind a queued REIN
}

// readBusy takes one command during a transfer, and tells whether to read on. So
// that the queue is bounded nothing is read behind a full one: TCP lets the
// client wait.
func (sc *serverConn) readBusy(x *transferring, cancel context.CancelCauseFunc) bool {
	if sc.gone != nil || len(sc.queue) >= sc.c.lim.MaxQueue {
		return false
	}
	cmd, err := sc.c.readCommand(false)
	switch {
	case err == nil:
	case recoverable(err):
		sc.queue = append(sc.queue, queued{err: err})
		return true
	case isTimeout(err):
		return false
	default:
		sc.gone = err
		cancel(errGone)
		return false
	}
	actions, ok, cut := sc.s.HandleBusy(cmd, x.octets.Load())
	if ok {
		sc.perform(actions)
		return true
	}
	sc.queue = append(sc.queue, queued{cmd: cmd.keep()})
	if cut {
		cancel(errAborted)
	}
	return !cut && cmd.Verb != VerbQUIT
}

// transferring is a transfer under way.
type transferring struct {
	sc     *serverConn
	t      *Transfer
	ctx    context.Context // its end cuts the data connection
	nc     net.Conn        // the data connection, in the clear
	stall  time.Duration
	begun  time.Time
	octets atomic.Int64
}

// run makes the data connection, and carries over it what is to be carried.
func (x *transferring) run() error {
	if x.nc == nil {
		nc, err := x.sc.connect(x.ctx)
		if err != nil {
			return errors.Join(errNoDataConn, err)
		}
		x.nc = nc
	}
	defer x.close()
	defer context.AfterFunc(x.ctx, func() { x.nc.SetDeadline(past) })()
	if x.t.Private {
		return x.carryTLS()
	}
	return x.carry(x.nc)
}

// close closes the data connection, if there is one.
func (x *transferring) close() {
	if x.nc != nil {
		x.nc.Close()
	}
}

// carry sends or takes what the transfer is for. The end of what is sent is that
// of the connection (RFC 959 §3.4.1).
func (x *transferring) carry(nc net.Conn) error {
	switch {
	case x.t.List != nil:
		_, err := x.t.List.WriteTo(&dataWriter{x: x, w: nc})
		return err
	case x.t.File != nil:
		return x.send(nc)
	}
	return x.receive(nc)
}

// extend moves the data connection's deadline: so long it may stand still.
func (x *transferring) extend() error {
	err := x.nc.SetDeadline(time.Now().Add(x.stall))
	if x.ctx.Err() != nil { // which set one that has passed, and was overtaken
		x.nc.SetDeadline(past)
	}
	return err
}

// count adds octets to what has passed.
func (x *transferring) count(n int64) { x.octets.Add(n) }

// pace waits until n octets more may pass under the transfer's rate.
func (x *transferring) pace() error {
	if x.t.Rate <= 0 {
		return nil
	}
	due := time.Duration(float64(x.octets.Load()) / float64(x.t.Rate) * float64(time.Second))
	wait := time.Until(x.begun.Add(due))
	if wait <= 0 {
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-x.ctx.Done():
		return context.Cause(x.ctx)
	}
}

// peerError marks an error of the data connection, so that it is told from one
// of the file.
func peerError(err error) error {
	if err == nil || errors.Is(err, errPeer) {
		return err
	}
	return errors.Join(errPeer, err)
}

// dataWriter writes to a data connection within its limits.
type dataWriter struct {
	x *transferring
	w net.Conn
}

// Write writes b in pieces that the rate allows. A peer that takes part of one in
// its time is slow, and alive; within TLS a piece that was cut could not go on.
func (d *dataWriter) Write(b []byte) (total int, err error) {
	piece := d.x.piece(writePiece)
	for len(b) > 0 {
		if err := d.x.extend(); err != nil {
			return total, peerError(err)
		}
		n, err := d.w.Write(b[:min(piece, len(b))])
		total += n
		d.x.count(int64(n))
		slow := n > 0 && isTimeout(err) && !d.x.t.Private && d.x.ctx.Err() == nil
		if err != nil && !slow {
			return total, peerError(err)
		}
		b = b[n:]
		if err := d.x.pace(); err != nil {
			return total, err
		}
	}
	return total, nil
}

// writePiece is how much is written between two deadlines.
const writePiece = 64 << 10

// dataReader reads from a data connection within its limits.
type dataReader struct {
	x *transferring
	r net.Conn
}

// Read reads as much as the rate allows.
func (d *dataReader) Read(b []byte) (int, error) {
	if err := d.x.extend(); err != nil {
		return 0, peerError(err)
	}
	n, err := d.r.Read(b[:d.x.piece(len(b))])
	d.x.count(int64(n))
	if n > 0 {
		return n, d.x.pace()
	}
	return n, dataEnd(err)
}

// piece is how many octets of max go at once: a tenth of a second's, under a
// rate.
func (x *transferring) piece(max int) int {
	if x.t.Rate <= 0 {
		return max
	}
	return min(max, int(min(x.t.Rate/10+1, 1<<20)))
}
