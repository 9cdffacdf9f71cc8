package smtp

import (
	"bytes"
	"errors"
	"io"
	"math"

	"applayer/internal/reply"
)

// maxDiscardLine is how much of a line without end is thrown away where
// [Limits].MaxDiscard does not say.
const maxDiscardLine = 64 << 10

// What extensions add to the longest command line.
const (
	// mailExtra is for SIZE (RFC 1870 §3), BODY (RFC 6152 §2), SMTPUTF8
	// (RFC 6531 §3.1), RET and ENVID (RFC 3461 §4), AUTH (RFC 4954 §3).
	mailExtra = 26 + 17 + 10 + 9 + 107 + 500
	// rcptExtra is for NOTIFY and ORCPT (RFC 3461 §4).
	rcptExtra = 29 + 507
)

// ReadCommand waits for the next command. Arg is valid until the next call.
//
// A [*ParseError], and a [*LimitError] of MaxLine or MaxAuthLine, tell of one
// command, and the next call reads the next. Only CRLF ends a line, so that what
// stands behind a bare LF is never a command. The error is io.EOF at the end of
// the connection, and io.ErrUnexpectedEOF inside a line.
func (c *Conn) ReadCommand() (Command, error) { return c.readCommand(true) }

// readCommand is ReadCommand. Idle says that no message is under way, so that the
// time until the first octet counts as idle.
func (c *Conn) readCommand(idle bool) (Command, error) {
	line, err := c.readLine(idle, false)
	if err != nil {
		return Command{}, err
	}
	c.trace.command(line)
	return ParseCommand(line)
}

// ReadAuthLine waits for a client's response within AUTH (RFC 4954 §4). It is
// without its end, and valid until the next call. Errors are as those of
// [Conn.ReadCommand].
func (c *Conn) ReadAuthLine() ([]byte, error) {
	line, err := c.readLine(true, true) // nothing is lost where the server ends here
	if err != nil {
		return nil, err
	}
	c.trace.secret(line)
	if i := indexControl(line); i >= 0 {
		return nil, &ParseError{
			Offset: int64(i), What: "base64", Ref: "RFC 4954 §4",
			Reply: 501, Enhanced: EnhancedCode{5, 5, 2}, Err: ErrControlOctet,
		}
	}
	return line, nil
}

// CommandBuffered tells whether a whole line has come and not been read: while
// one has, replies can wait (RFC 2920 §3.2).
func (c *Conn) CommandBuffered() bool { return c.lineEnd() > 0 }

// lineEnd measures the line at the front of the buffer with its CRLF, 0 where
// there is no whole one.
func (c *Conn) lineEnd() int {
	b := c.in[c.r:c.w]
	for {
		i := bytes.IndexByte(b[c.looked:], '\n')
		if i < 0 {
			c.looked = len(b)
			return 0
		}
		end := c.looked + i + 1
		if end >= 2 && b[end-2] == '\r' {
			return end
		}
		c.looked = end
	}
}

// readLine returns the next line without its CRLF. auth tells that it belongs to
// AUTH.
func (c *Conn) readLine(idle, auth bool) ([]byte, error) {
	if c.rerr != nil {
		return nil, c.rerr
	}
	for {
		end := c.lineEnd()
		have := end
		if end == 0 {
			have = c.Buffered()
		}
		if c.long == nil {
			c.long = c.tooLong(c.in[c.r:c.r+have], auth)
		}
		switch {
		case c.long != nil && c.skip+int64(have) > c.maxSkip:
			c.take(have)
			c.rerr = &LimitError{Name: "MaxDiscard", Max: c.maxSkip, Reply: 421, Enhanced: EnhancedCode{4, 7, 0}}
			return nil, c.rerr
		case end > 0:
			return c.takeLine(end)
		case c.long != nil:
			c.skipLine(have)
		}
		if err := c.fill(idle && c.Buffered() == 0); err != nil {
			return nil, c.endInside(err)
		}
	}
}

// takeLine takes a line of n octets with its end, and tells if it was too long.
func (c *Conn) takeLine(n int) ([]byte, error) {
	line := c.in[c.r : c.r+n-2]
	c.take(n)
	if long := c.long; long != nil {
		c.long, c.skip = nil, 0
		return nil, long
	}
	return line, nil
}

// skipLine throws away what has come of a line that is too long, but for the last
// octet, which may be half of its end.
func (c *Conn) skipLine(have int) {
	c.skip += int64(have - 1)
	c.take(have - 1)
	c.looked = 1
}

// tooLong tells whether line, which may not be whole, is longer than it may be.
func (c *Conn) tooLong(line []byte, auth bool) *LimitError {
	if len(line) <= min(c.lim.MaxLine, c.lim.MaxAuthLine) || len(line) <= len("STARTTLS ") {
		return nil
	}
	e := &LimitError{Name: "MaxLine", Max: int64(c.lim.MaxLine), Reply: 500, Enhanced: EnhancedCode{5, 5, 2}}
	most := c.lim.MaxLine
	word, _, _ := bytes.Cut(line[:len("STARTTLS ")], []byte{' '})
	switch verb := findVerb(word); {
	case auth, verb == VerbAUTH:
		most = max(c.lim.MaxAuthLine, c.lim.MaxLine)
		// RFC 4954 §6 has a code of its own for it.
		e.Name, e.Max, e.Enhanced = "MaxAuthLine", int64(most), EnhancedCode{5, 5, 6}
	case verb == VerbMAIL:
		most += min(mailExtra, math.MaxInt-most)
	case verb == VerbRCPT:
		most += min(rcptExtra, math.MaxInt-most)
	}
	if len(line) <= most {
		return nil
	}
	return e
}

// endInside makes the end of the stream within a line what it is.
func (c *Conn) endInside(err error) error {
	if err == io.EOF && (c.w > c.r || c.skip > 0) {
		err = io.ErrUnexpectedEOF
		c.rerr = err
	}
	return err
}

// setMaxReplyLine changes that limit between two replies.
func (c *Conn) setMaxReplyLine(octets int) {
	c.lim.MaxReplyLine = octets
	c.finder.Format = replyFormat(&c.lim)
}

// ReadReply waits for the next reply.
func (c *Conn) ReadReply() (Reply, error) {
	if c.rerr != nil {
		return Reply{}, c.rerr
	}
	for {
		n, err := c.finder.Find(c.in[c.r:c.w])
		if err == nil {
			return c.takeReply(n)
		}
		if !errors.Is(err, reply.ErrIncomplete) {
			return Reply{}, c.badReply(replyError(err, n, &c.lim))
		}
		if err := c.fill(false); err != nil {
			return Reply{}, c.endInside(err)
		}
	}
}

func (c *Conn) takeReply(n int) (Reply, error) {
	b := c.in[c.r : c.r+n]
	r, _, err := parseReply(b, &c.lim)
	if err != nil {
		return Reply{}, c.badReply(err)
	}
	c.trace.reply(b, r.Code)
	c.take(n)
	c.giveBack() // a client may keep the connection for later
	return r, nil
}

// badReply makes what is wrong with the reply at the front the end of reading.
func (c *Conn) badReply(err error) error {
	if parse, ok := errors.AsType[*ParseError](err); ok {
		parse.Offset += c.offset
	}
	c.rerr = err
	return err
}
