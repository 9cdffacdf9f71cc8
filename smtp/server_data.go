package smtp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"time"
)

// ErrAborted is what the reader of [Session.Data] gives where the client gave
// the message up between two chunks of it, by RSET, EHLO or QUIT.
var ErrAborted = errors.New("smtp: the client gave the message up")

// data takes the message behind DATA.
func (sc *serverConn) data() {
	sc.c.Flush() // so that the message comes while the session makes ready
	r := &messageReader{src: sc.c.DataReader(sc.srv.BareNewline), lim: &sc.srv.limits}
	sc.timeData()
	sc.deliver(r, sc.dataEnd)
}

// timeData sets what bounds the time of a message.
func (sc *serverConn) timeData() {
	sc.nc.SetReadTimeout(sc.srv.timeouts.DataBlock)
	sc.nc.SetReadDeadline(time.Now().Add(sc.srv.timeouts.Data))
}

// deliver gives a message to the session, reads what that left unread, and
// answers. End takes the message's reader to its end.
func (sc *serverConn) deliver(r *messageReader, end func(*messageReader, *answers) error) {
	a := answersFor(&sc.d)
	a.deliver(sc.d.session, sc.messageContext(), r)
	broken := end(r, a)
	if r.err == nil { // who reads on when Data has returned gets nothing
		r.err = io.EOF
	}
	sc.nc.SetReadTimeout(0)
	if broken != nil {
		a.all(broken)
	}
	sc.answer(a, r)
}

// dataEnd reads to the mark that ends the message, whatever it holds, and
// returns what is wrong with it.
func (sc *serverConn) dataEnd(r *messageReader, _ *answers) error {
	_, err := io.Copy(io.Discard, r)
	if err == nil || isBroken(err) {
		return err
	}
	if skip := r.src.(*DataReader).Drain(); skip != nil && isBroken(skip) {
		return skip
	}
	return err
}

// isBroken tells of an error behind which the connection is of no use: neither a
// rule nor a limit that a message broke.
func isBroken(err error) bool {
	_, isSyntax := errors.AsType[*ParseError](err)
	_, isLimit := errors.AsType[*LimitError](err)
	return !isSyntax && !isLimit || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, io.ErrUnexpectedEOF)
}

// answer sends what became of a message, and ends the transaction.
func (sc *serverConn) answer(a *answers, r *messageReader) {
	if a.broken != nil && isBroken(a.broken) {
		sc.log(a, r, nil)
		sc.d.messageEnd(false)
		if !errors.Is(a.broken, ErrAborted) && !sc.closed {
			sc.unreadable(a.broken)
		}
		return
	}
	replies := a.replies(&sc.d)
	sc.log(a, r, replies)
	sc.d.messageEnd(a.granted())
	for _, reply := range replies[:len(replies)-1] {
		sc.write(reply)
	}
	sc.perform(sc.d.count(VerbDATA, say(replies[len(replies)-1]))) // a message counts once
	if errors.Is(a.broken, ErrBareNewline) && sc.srv.BareNewline == PolicyRejectAndClose {
		sc.closed, sc.unread = true, true
	}
}

// messageContext is the context of Data, which goes on when the server begins to
// shut down, and ends when connections are cut.
func (sc *serverConn) messageContext() context.Context {
	if sc.message == nil {
		ctx, cancel := context.WithCancel(context.WithoutCancel(sc.ctx))
		stop := context.AfterFunc(sc.srv.open, cancel)
		sc.message, sc.release = ctx, func() { stop(); cancel() }
	}
	return sc.message
}

// messageSource is a [DataReader] or a chunkReader.
type messageSource interface {
	io.Reader
	io.WriterTo
}

// messageReader gives a message to a [Session] and looks at it as it passes: at
// its header, and for NUL, which no message holds (RFC 2045 §2.8). Who takes
// NULs out would find CRLF NUL "." CRLF to be the end (CVE-2023-51764).
type messageReader struct {
	src    messageSource
	lim    *Limits
	head   headCheck
	octets int64
	err    error
}

// Read reads a part of the message.
func (r *messageReader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.src.Read(p)
	if bad := r.pass(p[:n]); bad != nil {
		return 0, bad
	}
	r.err = err
	return n, err
}

// pass looks at a part of the message.
func (r *messageReader) pass(b []byte) error {
	nul := bytes.IndexByte(b, 0)
	if nul >= 0 {
		b = b[:nul]
	}
	r.octets += int64(len(b))
	if !r.head.ended {
		r.err = r.head.look(b, r.lim)
	}
	if nul >= 0 && r.err == nil {
		r.err = nulInside(r.octets)
	}
	return r.err
}

// WriteTo is the way without a buffer, of [io.Copy].
func (r *messageReader) WriteTo(w io.Writer) (int64, error) {
	switch r.err {
	case nil:
	case io.EOF:
		return 0, nil
	default:
		return 0, r.err
	}
	n, err := r.src.WriteTo(passing{r, w})
	if bad, ok := errors.AsType[writerError](err); ok {
		return n, bad.error
	}
	if r.err == nil {
		r.err = err
	}
	return n, err
}

// passing is a writer whose octets a messageReader looks at.
type passing struct {
	r *messageReader
	w io.Writer
}

func (p passing) Write(b []byte) (int, error) {
	if err := p.r.pass(b); err != nil {
		return 0, err
	}
	n, err := p.w.Write(b)
	if err != nil {
		err = writerError{err}
	}
	return n, err
}

// writerError is an error of the writer that a message is copied to, which says
// nothing of the message.
type writerError struct{ error }
