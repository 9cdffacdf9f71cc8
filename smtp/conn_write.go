package smtp

import (
	"bytes"
	"io"

	"applayer/internal/dot"
	"applayer/internal/line"
)

// WriteCommand writes a command to the buffer.
func (c *Conn) WriteCommand(cmd Command) error {
	return c.append(func(b []byte) ([]byte, error) { return AppendCommand(b, cmd) }, c.trace.command)
}

// WriteAuthLine writes a client's response within AUTH to the buffer, in BASE64
// already, or "*" to cancel (RFC 4954 §4).
func (c *Conn) WriteAuthLine(response []byte) error {
	if i := indexControl(response); i >= 0 {
		return &ParseError{Offset: int64(i), What: "base64", Ref: "RFC 4954 §4", Err: ErrControlOctet}
	}
	return c.append(func(b []byte) ([]byte, error) {
		return append(append(b, response...), '\r', '\n'), nil
	}, c.trace.secret)
}

// WriteReply writes a reply to the buffer.
func (c *Conn) WriteReply(r Reply) error {
	return c.append(func(b []byte) ([]byte, error) { return AppendReply(b, r) }, func(b []byte) { c.trace.reply(b, r.Code) })
}

// append appends to the buffer what fn appends, whole or not at all, and flushes
// one that is full.
func (c *Conn) append(fn func([]byte) ([]byte, error), trace func([]byte)) error {
	if c.werr != nil {
		return c.werr
	}
	if c.out == nil {
		c.out = getBuffer()[:0]
	}
	from := len(c.out)
	out, err := fn(c.out)
	if err != nil {
		return err
	}
	c.out = out
	trace(out[from:])
	if len(c.out) >= bufferSize {
		return c.Flush()
	}
	return nil
}

// Flush sends what was written, with one write.
func (c *Conn) Flush() error {
	if len(c.out) == 0 || c.werr != nil {
		return c.werr
	}
	_, c.werr = c.nc.Write(c.out)
	putBuffer(c.out)
	c.out = nil
	return c.werr
}

// Unflushed counts the octets written and not sent.
func (c *Conn) Unflushed() int { return len(c.out) }

// write writes to the buffer. What does not fit goes out at once, large parts
// without a copy.
func (c *Conn) write(p []byte) (n int, err error) {
	if c.werr != nil {
		return 0, c.werr
	}
	for len(c.out)+len(p) > bufferSize {
		var m int
		if len(c.out) == 0 {
			m, c.werr = c.nc.Write(p)
		} else {
			m = max(bufferSize-len(c.out), 0)
			c.out = append(c.out, p[:m]...)
			c.Flush()
		}
		n += m
		if p = p[m:]; c.werr != nil {
			return n, c.werr
		}
	}
	if len(p) == 0 {
		return n, nil
	}
	if c.out == nil {
		c.out = getBuffer()[:0]
	}
	c.out = append(c.out, p...)
	return n + len(p), nil
}

// connWriter is a Conn as the place where a message's octets go.
type connWriter Conn

func (w *connWriter) Write(p []byte) (int, error) { return (*Conn)(w).write(p) }

// DataWriter writes a message: behind DATA with dots before its dots and the end
// mark (RFC 5321 §4.5.2), behind BDAT as it is. It goes to the Conn's buffer.
// Whatever it is given, no CR or LF goes out alone, and no NUL, which some leave
// out of what they read, so that nobody behind us can take the message for two
// (CVE-2023-51764).
type DataWriter struct {
	w   *dot.Writer
	err error // of NUL
}

// DataWriter returns a writer of the message behind DATA. Close writes the end
// mark, and the CRLF before it where the message does not end in one; Flush is
// the caller's. Without Close the peer waits on.
//
// PolicyNormalize makes CRLF of a CR or LF that stands alone, with any other
// policy it is a [*ParseError], as NUL is with each, and the message cannot be
// ended then.
func (c *Conn) DataWriter(policy Policy) *DataWriter {
	return &DataWriter{w: dot.NewWriter((*connWriter)(c), policy.line())}
}

// NewTextWriter returns a writer of a message to w that sees to its line ends as
// [Conn.DataWriter] does, and to nothing else: for BDAT (RFC 3030 §2). Close ends
// the last line.
func NewTextWriter(w io.Writer, policy Policy) *DataWriter {
	return &DataWriter{w: dot.NewPlainWriter(w, policy.line())}
}

// Write writes a part of the message. After an error it repeats the error.
func (w *DataWriter) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	text, _, nul := bytes.Cut(p, []byte{0})
	n, err := w.w.Write(text)
	if err == nil && nul {
		w.err = nulInside(w.w.Offset())
		return n, w.err
	}
	return n, w.explain(err)
}

// ReadFrom writes all of r. It is what io.Copy calls.
func (w *DataWriter) ReadFrom(r io.Reader) (n int64, err error) {
	b := getLargeBuffer()
	defer putBuffer(b)
	for empty := 0; empty < maxEmptyReads; empty++ {
		m, rerr := r.Read(b)
		if m > 0 {
			empty = 0
			m, err = w.Write(b[:m])
			n += int64(m)
			if err != nil {
				return n, err
			}
		}
		switch rerr {
		case nil:
		case io.EOF:
			return n, nil
		default:
			return n, rerr
		}
	}
	return n, io.ErrNoProgress
}

// Close writes what ends the message.
func (w *DataWriter) Close() error {
	if w.err != nil {
		return w.err
	}
	return w.explain(w.w.Close())
}

func (w *DataWriter) explain(err error) error {
	switch err {
	case line.ErrBareCR, line.ErrBareLF:
		return bareNewline(w.w.Offset())
	}
	return err
}
