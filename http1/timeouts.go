package http1

import (
	"time"
)

// Timeouts bounds the time that a client can make a [Server] wait. The zero
// value of a field means its default; a negative value, no limit. Where a
// request had begun the client is told 408 (RFC 9110 §15.5.9); else the
// connection is closed without a word.
type Timeouts struct {
	// FirstByte bounds the wait for the first octet of a new connection
	// (default 10 s).
	FirstByte time.Duration
	// Header bounds the time from a request's first octet to the end of its
	// head (default 10 s). It answers heads sent an octet at a time.
	Header time.Duration
	// Idle bounds the wait for the next request (default 60 s).
	Idle time.Duration
	// Body bounds the time that reading a body may wait for the client before
	// its octets count: from then on it must have sent BodyRate octets for each
	// second of waiting (default 10 s). The handler's own time does not count.
	Body time.Duration
	// BodyRate is the least rate of a body in octets a second (default 240).
	BodyRate int64
	// Write bounds the time in which the client must take 128 KiB, or what is
	// written at once if it is less (default 30 s). It answers clients that
	// read an octet at a time.
	Write time.Duration
	// Grace is how long a connection is still listened to where the server
	// shuts down, for a request that is on its way (default 200 ms). Its
	// response says close.
	Grace time.Duration
	// Linger bounds the time in which a client is listened to after a last
	// response, so that it arrives (default 2 s, RFC 9112 §9.6).
	Linger time.Duration
}

// The defaults of [Timeouts].
const (
	defaultFirstByte = 10 * time.Second
	defaultHeader    = 10 * time.Second
	defaultIdle      = 60 * time.Second
	defaultBody      = 10 * time.Second
	defaultBodyRate  = 240
	defaultWrite     = 30 * time.Second
	defaultGrace     = 200 * time.Millisecond
	defaultLinger    = 2 * time.Second
)

// whole is t with the defaults filled in, and 0 where there is no limit.
func (t Timeouts) whole() Timeouts {
	fill := func(d *time.Duration, byDefault time.Duration) {
		switch {
		case *d == 0:
			*d = byDefault
		case *d < 0:
			*d = 0
		}
	}
	fill(&t.FirstByte, defaultFirstByte)
	fill(&t.Header, defaultHeader)
	fill(&t.Idle, defaultIdle)
	fill(&t.Body, defaultBody)
	fill(&t.Write, defaultWrite)
	fill(&t.Grace, defaultGrace)
	fill(&t.Linger, defaultLinger)
	switch {
	case t.BodyRate == 0:
		t.BodyRate = defaultBodyRate
	case t.BodyRate < 0:
		t.BodyRate, t.Body = 0, 0
	}
	return t
}

// readWatch hears of the reads by which a [Conn] waits for the rest of a
// message.
type readWatch interface {
	beforeRead(inHead bool, content int64)
	afterRead()
}

// beforeRead sets the deadline of a read: the head's, which began with its
// first octet, or what the body's octets have earned.
func (sc *serverConn) beforeRead(inHead bool, content int64) {
	t := &sc.srv.timeouts
	now := time.Now()
	if inHead {
		if !sc.inHead && t.Header > 0 {
			sc.inHead = true
			sc.setReadDeadline(now.Add(t.Header))
		}
		return
	}
	if sc.inHead {
		sc.inHead = false
		sc.setReadDeadline(time.Time{})
	}
	switch by := sc.discardBy.Load(); {
	case by != nil:
		sc.setReadDeadline(*by)
	case t.Body > 0:
		earned := t.Body + time.Duration(content/t.BodyRate)*time.Second
		sc.setReadDeadline(now.Add(earned - sc.waited))
		sc.readAt = now
	}
}

// afterRead counts the time that a body's read took.
func (sc *serverConn) afterRead() {
	if !sc.readAt.IsZero() {
		sc.waited += time.Since(sc.readAt)
		sc.readAt = time.Time{}
	}
}

// setReadDeadline sets the connection's deadline for reads.
func (sc *serverConn) setReadDeadline(t time.Time) {
	sc.deadline = !t.IsZero()
	sc.nc.SetReadDeadline(t)
}

// endOfRequest takes away what beforeRead set.
func (sc *serverConn) endOfRequest() {
	if sc.deadline {
		sc.setReadDeadline(time.Time{})
	}
	sc.inHead, sc.waited, sc.readAt = false, 0, time.Time{}
}
