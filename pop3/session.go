package pop3

import (
	"context"
	"errors"
	"math/bits"
	"strconv"
	"time"

	"applayer/sockets"
)

// session is one client's dialogue at a server.
type session struct {
	Machine
	srv *Server
	ctx context.Context // ends with the connection and with Shutdown
	c   *Conn

	timestamp string // APOP's, "" without
	user      string // of USER
	identity  string // who is logged in
	utf8      bool   // UTF8 was said
	failures  int    // refused logins
	faults    int    // refused commands, in fifths
	loginBy   time.Time
	closed    bool
	unread    bool // octets of the client's may still come

	drop      Maildrop // while it is open
	count     int      // of its messages
	total     int64    // their size
	left      int      // of them that are not marked
	size      int64    // of those
	deleted   marks
	retrieved marks // where ExpireAtOnce wants to know
}

// serve serves a connection to its end.
func (s *Server) serve(ctx context.Context, nc *sockets.Conn) {
	x := &session{srv: s, ctx: ctx, loginBy: time.Now().Add(s.timeouts.Login)}
	x.c = NewConn(nc, &ConnOptions{Limits: &s.Limits, Trace: s.Trace})
	defer x.end()
	x.greet()
	for !x.closed {
		x.wait()
		cmd, err := x.c.ReadCommand()
		if err != nil {
			x.unreadable(err)
			continue
		}
		s.logger().Debug("command", "peer", nc.RemoteAddr(), "verb", cmd.Verb)
		x.handle(cmd)
	}
}

// wait sets how long the next command may take, where it has not come.
func (x *session) wait() {
	if x.c.waiting() {
		return
	}
	by := x.loginBy
	if x.state == StateTransaction {
		by = time.Now().Add(x.srv.timeouts.Idle)
	}
	x.c.nc.SetReadDeadline(by)
}

// unreadable answers what could not be read. The timer ends a session without a
// word, and as all ends but QUIT do without removing anything (RFC 1939 §3).
func (x *session) unreadable(err error) {
	limit, isLimit := errors.AsType[*LimitError](err)
	_, isParse := errors.AsType[*ParseError](err)
	switch {
	case isLimit && limit.Name == "MaxLine":
		x.fault("A command line has " + strconv.FormatInt(limit.Max, 10) + " octets at most.")
	case isParse:
		x.fault("That is no command.")
	case isLimit:
		x.hangUp("", "A line without end.")
	case errors.Is(err, sockets.ErrServerClosed):
		x.hangUp(CodeSysTemp, "The server is shutting down.")
	default:
		x.closed = true
	}
}

// end leaves nothing behind: whatever is marked and was not removed by QUIT
// stays.
func (x *session) end() {
	x.Do(EventEnd)
	x.closeDrop()
	err := x.c.Flush()
	if err == nil && (x.unread || x.c.Buffered() > 0) {
		// Octets that are not read would make a reset of the end, behind which
		// the client may lose the last response.
		x.c.nc.CloseLingering(0, time.Second)
	}
	x.c.Close()
	x.c.release()
}

// closeDrop unlocks the maildrop.
func (x *session) closeDrop() {
	if x.drop == nil {
		return
	}
	err := x.drop.Close()
	x.drop = nil
	if err != nil {
		x.srv.logger().Error("close maildrop", "peer", x.c.RemoteAddr(), "user", printable(x.identity), "err", err)
	}
}

// respond writes a response.
func (x *session) respond(r Response) {
	err := x.c.WriteResponse(r)
	if _, own := errors.AsType[*ParseError](err); own {
		x.srv.logger().Error("response", "peer", x.c.RemoteAddr(), "err", err)
	}
	x.closed = x.closed || err != nil
}

// ok grants a command.
func (x *session) ok(text string) { x.respond(ok(text)) }

// fault refuses a command for the client's own mistake, of which there may not
// be too many.
func (x *session) fault(text string) {
	if x.blame(5) {
		x.respond(refused("", text))
	}
}

// blame counts what leads nowhere, in fifths of a mistake, and is false where
// that ended the session.
func (x *session) blame(fifths int) bool {
	x.faults += fifths
	if x.faults/5 >= x.srv.limits.MaxErrors {
		x.hangUp("", "Too many errors.")
		return false
	}
	return true
}

// fail refuses a command for what a [Backend] says.
func (x *session) fail(what string, err error) {
	if refusal, is := errors.AsType[*ReplyError](err); is {
		r := refusal.Response
		r.Status = StatusErr
		if _, err := AppendResponse(nil, r); err == nil {
			x.respond(r)
			return
		}
	}
	x.srv.logger().Error(what, "peer", x.c.RemoteAddr(), "user", printable(x.identity), "err", err)
	x.respond(refused(CodeSysTemp, "Something is wrong here. Try later."))
}

// hangUp refuses all that may come.
func (x *session) hangUp(code ResponseCode, text string) {
	x.respond(refused(code, text))
	x.closed, x.unread = true, true
}

// printable cuts what a client said of itself for the log.
func printable(s string) string { return s[:min(len(s), maxQuoted)] }

// marks is a set of messages by their indexes. It takes memory when one is in.
type marks []uint64

func (m marks) has(i int) bool { return i/64 < len(m) && m[i/64]>>(i%64)&1 == 1 }

func (m *marks) add(i int) {
	for len(*m) <= i/64 {
		*m = append(*m, 0)
	}
	(*m)[i/64] |= 1 << (i % 64)
}

// list returns the indexes in ascending order.
func (m marks) list() []int {
	var all []int
	for at, word := range m {
		for ; word != 0; word &= word - 1 {
			all = append(all, at*64+bits.TrailingZeros64(word))
		}
	}
	return all
}

// or returns the set of what is in either.
func (m marks) or(o marks) marks {
	if len(m) < len(o) {
		m, o = o, m
	}
	both := append(marks(nil), m...)
	for i, word := range o {
		both[i] |= word
	}
	return both
}
