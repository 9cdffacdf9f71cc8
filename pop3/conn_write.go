package pop3

import (
	"bytes"
	"io"

	"applayer/internal/dot"
	"applayer/internal/line"
)

// WriteCommand writes a command, to be sent with what follows.
func (c *Conn) WriteCommand(cmd Command) error {
	return c.build(false, false, func(b []byte) ([]byte, error) { return AppendCommand(b, cmd) })
}

// WriteAuthLine writes a client's line within an AUTH exchange.
func (c *Conn) WriteAuthLine(text []byte) error {
	return c.build(false, true, func(b []byte) ([]byte, error) {
		if i := bytes.IndexAny(text, "\r\n\x00"); i >= 0 {
			return b, &ParseError{Offset: int64(i), What: "base64", Ref: "RFC 5034 §5", Err: ErrControlOctet}
		}
		return append(append(b, text...), '\r', '\n'), nil
	})
}

// WriteResponse writes the first line of a response.
func (c *Conn) WriteResponse(r Response) error {
	return c.build(true, false, func(b []byte) ([]byte, error) { return AppendResponse(b, r) })
}

// build is hold for a line that Trace hears of.
func (c *Conn) build(server, secret bool, line func([]byte) ([]byte, error)) error {
	return c.hold(func(b []byte) ([]byte, error) {
		with, err := line(b)
		if err == nil {
			c.trace.line(server, secret, with[len(b):])
		}
		return with, err
	})
}

// hold appends a line to what is held back. One that cannot be written leaves
// nothing.
func (c *Conn) hold(line func([]byte) ([]byte, error)) error {
	if c.werr != nil {
		return c.werr
	}
	c.room()
	b, err := line(c.out)
	if err != nil {
		return err
	}
	c.out = b
	return c.spill()
}

// TextWriter returns a writer of what follows a response of several lines. It
// doubles dots at the front of lines, and its Close ends the text by a line of a
// single dot. A CR or LF that stands alone becomes CRLF: there are clients who
// take LF for a line end, and whom a text with LF "." LF in it would tell
// responses of its author's. It is to be closed before anything else is written,
// and not where a part is missing: the client must not take that for all.
func (c *Conn) TextWriter() io.WriteCloser { return dot.NewWriter((*outgoing)(c), line.Accept) }

// outgoing is what is held back as a writer.
type outgoing Conn

// Write holds p back. What is longer than the buffer goes out behind it.
func (out *outgoing) Write(p []byte) (int, error) {
	c := (*Conn)(out)
	if c.werr != nil {
		return 0, c.werr
	}
	c.room()
	if len(p) <= cap(c.out)-len(c.out) {
		c.out = append(c.out, p...)
		return len(p), nil
	}
	if err := c.Flush(); err != nil {
		return 0, err
	}
	if len(p) >= largeBuffer {
		n, err := c.nc.Write(p)
		c.werr = err
		return n, err
	}
	c.room()
	c.out = append(c.out, p...)
	return len(p), nil
}

// room sees to a buffer.
func (c *Conn) room() {
	switch {
	case c.out != nil:
	case c.client:
		c.out = getSmall()[:0]
	default:
		c.out = getLarge()[:0]
	}
}

// spill sends what is held back where it is more than it should be.
func (c *Conn) spill() error {
	if len(c.out) < cap(c.out)/2 {
		return nil
	}
	return c.Flush()
}

// Flush sends what is held back.
func (c *Conn) Flush() error {
	if c.werr != nil || len(c.out) == 0 {
		return c.werr
	}
	_, c.werr = c.nc.Write(c.out)
	putBuffer(c.out)
	c.out = nil
	return c.werr
}
