package smtp

import (
	"bytes"
	"errors"
	"io"
	"os"
	"time"
)

// errClosing is what the reader of a message gives where the session has ended
// and the client been told why.
var errClosing = errors.New("smtp: session closed")

// chunks takes a message in chunks, of which the first has come (RFC 3030).
func (sc *serverConn) chunks(first chunk) {
	cr := &chunkReader{sc: sc, by: time.Now().Add(sc.srv.timeouts.Data)}
	cr.take(first)
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
		err := c.fill(false)
		c.get = getBuffer
		if err == io.EOF {
			// A client that is gone, or whose TLS ended, has not sent the rest.
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
	}
	return c.in[c.r:min(int64(c.w), int64(c.r)+most)], nil
}

// chunkReader is the message of BDAT commands as one reader: where a chunk ends
// it answers, and waits for the next. Commands that may stand between chunks are
// answered there, too.
type chunkReader struct {
	sc    *serverConn
	size  int64 // of the chunk under way
	left  int64 // of it
	last  bool
	total int64 // of all chunks up to it
	by    time.Time
	lines lineCheck
	err   error
}

// take begins a chunk.
func (r *chunkReader) take(c chunk) {
	r.size, r.left, r.last = c.size, c.size, c.last
	r.total += c.size
}

// Read reads a part of the message.
func (r *chunkReader) Read(p []byte) (int, error) {
	b, err := r.some()
	if err != nil || len(p) == 0 {
		return 0, err
	}
	n := copy(p, b)
	return n, r.use(b[:n])
}

// WriteTo writes the message to w in parts as large as they came.
func (r *chunkReader) WriteTo(w io.Writer) (n int64, err error) {
	for {
		b, err := r.some()
		if err == io.EOF {
			return n, nil
		}
		if err == nil {
			err = r.use(b)
		}
		if err != nil {
			return n, err
		}
		m, err := w.Write(b)
		n += int64(m)
		if err != nil {
			return n, err
		}
	}
}

// some returns octets of the message that are there, one at least.
func (r *chunkReader) some() (b []byte, err error) {
	for r.left == 0 && r.err == nil {
		r.err = r.next()
	}
	if r.err == nil {
		b, r.err = r.sc.c.readSome(r.left)
	}
	return b, r.err
}

// use takes octets that some returned, and looks at them. They stay where they
// are until the next call of some.
func (r *chunkReader) use(b []byte) error {
	r.sc.c.take(len(b))
	r.left -= int64(len(b))
	r.err = r.lines.look(b, r.sc.srv.limits.MaxTextLine)
	return r.err
}

// next goes on to the next chunk.
func (r *chunkReader) next() error {
	if r.last {
		return r.lines.end()
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
			return r.more(cmd)
		case sc.d.givesUp(cmd):
			sc.held = &cmd
			return ErrAborted
		default:
			sc.perform(sc.d.handle(sc.ctx, cmd))
		}
	}
	return errClosing
}

// more takes the next BDAT.
func (r *chunkReader) more(cmd Command) error {
	sc := r.sc
	size, last, err := ParseBDAT(cmd.Arg)
	if err != nil {
		sc.perform(sc.d.handle(sc.ctx, cmd))
		return errClosing
	}
	if limit := sc.srv.limits.MaxMessageBytes; size > limit-r.total {
		r.size, r.left, r.last = size, size, last
		return &LimitError{Name: "MaxMessageBytes", Max: limit, Reply: 552, Enhanced: EnhancedCode{5, 3, 4}}
	}
	sc.d.Do(EventChunk)
	r.take(chunk{size, last})
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

// lineCheck holds chunks to the line ends of DATA (RFC 5321 §2.3.8): what is
// taken by BDAT may go on by DATA, where a bare CR or LF hides what it will.
type lineCheck struct {
	cr     bool // the last octet was CR
	length int  // of the line under way
	offset int64
}

// look takes the next part of the message.
func (l *lineCheck) look(b []byte, longest int) error {
	for len(b) > 0 {
		i := bytes.IndexByte(b, '\n')
		text := b[:max(i, 0)]
		if i < 0 {
			text = b
		}
		if err := l.text(text, i >= 0); err != nil {
			return err
		}
		if l.length += len(text) + 1; l.length > longest {
			return &LimitError{Name: "MaxTextLine", Max: int64(longest), Reply: 554, Enhanced: EnhancedCode{5, 6, 0}}
		}
		if i < 0 {
			l.length--
			return nil
		}
		l.length, l.cr = 0, false
		b = b[i+1:]
	}
	return nil
}

// text looks at octets without LF, behind which one stands if ended.
func (l *lineCheck) text(b []byte, ended bool) error {
	if l.cr && len(b) > 0 {
		return l.bare() // the CR before
	}
	cr := l.cr
	if len(b) > 0 {
		cr = b[len(b)-1] == '\r'
		if i := bytes.IndexByte(b[:len(b)-1], '\r'); i >= 0 {
			l.offset += int64(i)
			return l.bare()
		}
	}
	l.offset += int64(len(b))
	if ended {
		if !cr {
			return l.bare()
		}
		l.offset++
	}
	l.cr = cr
	return nil
}

// end is the end of the message: io.EOF where that may be here.
func (l *lineCheck) end() error {
	if l.cr {
		return l.bare()
	}
	return io.EOF
}

func (l *lineCheck) bare() error {
	return &ParseError{
		Offset: l.offset, What: "message", Ref: "RFC 5321 §2.3.8",
		Reply: 554, Enhanced: EnhancedCode{5, 6, 0}, Err: ErrBareNewline,
	}
}
