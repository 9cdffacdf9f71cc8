package smtp

import (
	"errors"
	"io"
	"os"
	"time"

	"applayer/internal/dot"
	"applayer/internal/line"
)

// errClosing is what the reader of a message gives where the session has ended
// and the client been told why.
var errClosing = errors.New("smtp: session closed")

// chunks takes a message in chunks, of which the first has come (RFC 3030).
func (sc *serverConn) chunks(first chunk) {
	cr := newChunkReader(sc, first)
	sc.timeData()
	sc.deliver(&messageReader{src: cr, lim: &sc.srv.limits}, sc.chunksEnd)
}

// chunksEnd reads the rest of a message that the session granted; of one that it
// refused, or that is not as it should be, only the rest of the chunk that is
// answered. It returns what is wrong.
func (sc *serverConn) chunksEnd(r *messageReader, a *answers) error {
	cr := r.src.(*chunkReader)
	err := r.err
	if a.granted() {
		_, err = io.Copy(io.Discard, r)
	}
	if err == io.EOF {
		err = nil
	}
	if err != nil && isBroken(err) {
		return err
	}
	if !cr.last && len(a.each) > 0 {
		a.each = a.each[:1] // its end was not asked about
	}
	if !sc.discard(cr.left) {
		sc.closed, sc.unread = true, true
	}
	return err
}

// discard throws octets away. It is false where they are too many, or do not
// come.
func (sc *serverConn) discard(octets int64) bool {
	bound := sc.srv.limits.MaxMessageBytes
	if bound += sc.srv.limits.MaxDiscard; bound < 0 {
		bound = sc.srv.limits.MaxMessageBytes
	}
	if octets > bound {
		return false
	}
	sc.timeData()
	defer sc.nc.SetReadTimeout(0)
	for octets > 0 {
		b, err := sc.c.readSome(octets)
		if err != nil {
			return false
		}
		sc.c.take(len(b))
		octets -= int64(len(b))
	}
	return true
}

// readSome waits for octets, and returns those that are there, up to most. They
// are to be taken.
func (c *Conn) readSome(most int64) ([]byte, error) {
	if c.Buffered() == 0 {
		c.get = getBuffer
		if most > bufferSize {
			c.get = getLargeBuffer
		}
		err := c.fillMore()
		c.get = getBuffer
		if err != nil {
			return nil, err
		}
	}
	return c.in[c.r:min(int64(c.w), int64(c.r)+most)], nil
}

// fillMore waits for octets that must come: a client that is gone, or whose TLS
// ended, has not sent the rest.
func (c *Conn) fillMore() error {
	err := c.fill(false)
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// chunkReader is the message of BDAT commands as one reader: where a chunk ends
// it answers, and waits for the next. Commands that may stand between chunks are
// answered there, too. The lines are held to what those of DATA are
// (RFC 5321 §2.3.8): what is taken by BDAT may go on by DATA, where a bare CR or
// LF hides what it will.
type chunkReader struct {
	sc    *serverConn
	size  int64 // of the chunk under way
	left  int64 // of it
	last  bool
	total int64 // of all chunks up to it
	by    time.Time

	lines dot.Decoder
	text  []byte // not yet given; it stands in the connection's buffer
	cr    bool   // a chunk ended in a CR, which is not given
	used  int64  // octets of the message
	given int64
	err   error
}

func newChunkReader(sc *serverConn, first chunk) *chunkReader {
	r := &chunkReader{sc: sc, by: time.Now().Add(sc.srv.timeouts.Data)}
	r.lines.Format = textFormat(sc.srv.BareNewline, &sc.srv.limits)
	r.lines.Plain = true
	r.begin(first)
	return r
}

// begin begins a chunk.
func (r *chunkReader) begin(c chunk) {
	r.size, r.left, r.last = c.size, c.size, c.last
	r.total += c.size
}

// Read reads a part of the message.
func (r *chunkReader) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := r.wait(); err != nil {
		return 0, err
	}
	n = copy(p, r.text)
	r.text = r.text[n:]
	return n, nil
}

// WriteTo writes the message to w in parts as large as they came.
func (r *chunkReader) WriteTo(w io.Writer) (n int64, err error) {
	for {
		err := r.wait()
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		m, err := w.Write(r.text)
		n += int64(m)
		r.text = r.text[m:]
		if err != nil {
			return n, err
		}
	}
}

// wait makes text of one octet at least.
func (r *chunkReader) wait() error {
	for len(r.text) == 0 {
		if r.err != nil {
			return r.err
		}
		r.err = r.more()
	}
	return nil
}

// more decodes what is there, or goes on to the next chunk.
func (r *chunkReader) more() error {
	if r.left == 0 {
		return r.next()
	}
	b, err := r.sc.c.readSome(r.left)
	if err != nil {
		return err
	}
	if r.cr {
		return r.afterCR(b[0])
	}
	text, n, err := r.lines.Next(b)
	switch {
	case err == dot.ErrIncomplete && r.left == 1:
		r.cr, n, err = true, 1, nil
	case err == dot.ErrIncomplete:
		err = r.sc.c.fillMore()
	}
	return r.take(text, n, err)
}

// afterCR decodes the CR that ended a chunk, with c behind it.
func (r *chunkReader) afterCR(c byte) error {
	r.cr = false
	text, n, err := r.lines.Next([]byte{'\r', c})
	return r.take(text, max(n-1, 0), err)
}

// take takes n octets that stand for text.
func (r *chunkReader) take(text []byte, n int, err error) error {
	r.sc.c.take(n)
	r.left -= int64(n)
	r.used += int64(n)
	r.text = text
	r.given += int64(len(text))
	limit := r.sc.srv.limits.MaxMessageBytes
	if over := r.given - limit; over > 0 { // by line ends that were made whole
		r.text = text[:int64(len(text))-over]
		return tooLarge(limit)
	}
	if bad := brokenText(err, r.used, &r.sc.srv.limits); bad != nil {
		return bad
	}
	return err
}

// end is the end of the message: io.EOF where that may be here.
func (r *chunkReader) end() error {
	if !r.cr {
		return io.EOF
	}
	r.cr = false
	if r.lines.Bare == line.Refuse {
		return bareNewline(r.used - 1)
	}
	r.text = []byte("\r\n")
	return nil
}

// next goes on to the next chunk.
func (r *chunkReader) next() error {
	if r.last {
		return r.end()
	}
	sc := r.sc
	t := say(chunkTaken(r.size))
	if r.size == 0 {
		t = sc.d.count(VerbNOOP, t) // which is all that it is
	}
	sc.perform(t)
	sc.nc.SetReadTimeout(0)
	for !sc.closed {
		if time.Now().After(r.by) {
			return os.ErrDeadlineExceeded
		}
		cmd, err := sc.next(false)
		switch {
		case err == io.EOF: // which would be the message's
			return io.ErrUnexpectedEOF
		case err != nil && !recoverable(err):
			return err
		case err != nil:
			sc.perform(sc.d.unreadable(err))
		case cmd.Verb == VerbBDAT:
			return r.bdat(cmd)
		case sc.d.givesUp(cmd):
			sc.held = &cmd
			return ErrAborted
		default:
			sc.perform(sc.d.handle(sc.ctx, cmd))
		}
	}
	return errClosing
}

// bdat takes the next BDAT.
func (r *chunkReader) bdat(cmd Command) error {
	sc := r.sc
	size, last, err := ParseBDAT(cmd.Arg)
	if err != nil {
		sc.perform(sc.d.handle(sc.ctx, cmd))
		return errClosing
	}
	if limit := sc.srv.limits.MaxMessageBytes; size > limit-r.total {
		r.size, r.left, r.last = size, size, last
		return tooLarge(limit)
	}
	sc.d.Do(EventChunk)
	r.begin(chunk{size, last})
	sc.nc.SetReadTimeout(sc.srv.timeouts.DataBlock)
	sc.nc.SetReadDeadline(r.by)
	return nil
}

// givesUp tells whether a command ends the message that comes in chunks.
func (d *dialogue) givesUp(cmd Command) bool {
	rule := &verbRules[cmd.Verb]
	switch rule.event {
	case EventReset, EventQuit:
		return len(cmd.Arg) == 0
	case EventHello:
		_, err := ParseHello(cmd.Arg)
		return rule.run != nil && err == nil && d.srv.LMTP == (cmd.Verb == VerbLHLO)
	}
	return false
}
