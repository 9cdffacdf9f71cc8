package ftp

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"

	"applayer/internal/reply"
	"applayer/sockets"
	"applayer/sockets/telnet"
)

// ConnOptions are the choices of a [Conn]. They are copied.
type ConnOptions struct {
	// Client makes it the client's end; else it is the server's.
	Client bool
	// Limits bounds what the peer can make us hold; nil is all defaults.
	Limits *Limits
	// Trace hears of what passes; nil is silent.
	Trace *Trace
	// Signal hears of the peer's Telnet commands that are no option's, such as
	// IP and DM before ABOR (RFC 959 §4.1.3); nil is deaf to them.
	Signal func(command telnet.Command)
}

// Conn is a control connection: lines that are commands and replies, within a
// Telnet stream (RFC 959 §2.3). What the Telnet peer asks for is refused, and
// what it commands is taken out.
//
// One goroutine may read while another writes; Close may be called from
// anywhere. After an error each direction repeats it, since the place of the
// next line is lost; a deadline that passes is no such error, nor is a command
// that is outside the grammar or longer than [Limits].MaxLine.
type Conn struct {
	nc     net.Conn
	ready  *sockets.Conn // nc, where it is one
	client bool
	lim    Limits
	trace  *Trace

	// The reader's.
	in     []byte // unread octets are in[r:w]
	r, w   int
	looked int // how far behind r there is no line end
	offset int64
	skip   int // octets thrown away of a line that is too long
	telnet telnetEnd
	finder reply.Finder
	rerr   error
	get    func() []byte
	put    func([]byte)

	tls tlsLayer

	wmu     sync.Mutex // guards what is below, and is held over one write
	answers []byte     // to the Telnet peer
	werr    error
}

// bufferSize is the size of a buffer. A longer line gets a larger one.
const bufferSize = 4 << 10

var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

func getBuffer() []byte { return buffers.Get().(*[bufferSize]byte)[:] }

// putBuffer gives b back, if it is one of the pool's.
func putBuffer(b []byte) {
	if cap(b) == bufferSize {
		buffers.Put((*[bufferSize]byte)(b[:bufferSize]))
	}
}

// NewConn returns a Conn over nc, which it owns. Nil options are those of a
// server. A [*sockets.Conn] is marked idle while a server waits for a command,
// and takes no buffer meanwhile.
func NewConn(nc net.Conn, opts *ConnOptions) *Conn {
	if opts == nil {
		opts = new(ConnOptions)
	}
	c := &Conn{nc: nc, client: opts.Client, lim: opts.Limits.inForce(), trace: opts.Trace}
	c.ready, _ = nc.(*sockets.Conn)
	c.telnet.signal = opts.Signal
	c.finder.Format = replyFormat(&c.lim)
	c.get, c.put = getBuffer, putBuffer
	return c
}

// NetConn returns the connection below, under TLS too, to set deadlines on.
func (c *Conn) NetConn() net.Conn { return c.nc }

// LocalAddr returns this end's address.
func (c *Conn) LocalAddr() net.Addr { return c.nc.LocalAddr() }

// RemoteAddr returns the peer's address.
func (c *Conn) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

// Buffered counts the octets received and not used. It is for the reader.
func (c *Conn) Buffered() int { return c.w - c.r }

// Close closes the connection, and ends a Read or Write under way.
func (c *Conn) Close() error { return c.tls.closing(c.nc) }

// ReadCommand waits for the next command. Arg is valid until the next call.
//
// A [*ParseError], and a [*LimitError] of MaxLine, tell of one command, and the
// next call reads the next. The error is io.EOF at the end of the connection,
// and io.ErrUnexpectedEOF inside a line.
func (c *Conn) ReadCommand() (Command, error) { return c.readCommand(true) }

// readCommand is ReadCommand. idle says that nothing is under way, so that
// the time until the first octet counts as idle.
func (c *Conn) readCommand(idle bool) (Command, error) {
	line, err := c.readLine(idle)
	if err != nil {
		return Command{}, err
	}
	c.trace.command(line)
	return ParseCommand(line)
}

// readLine returns the next line without its end, which is CRLF, or LF alone
// as some clients have it. A CR that stands elsewhere is an octet like others.
func (c *Conn) readLine(idle bool) ([]byte, error) {
	if c.rerr != nil {
		return nil, c.rerr
	}
	for {
		i := bytes.IndexByte(c.in[c.r+c.looked:c.w], '\n')
		end := c.looked + i
		if i < 0 {
			end = c.w - c.r
		}
		if c.skip+end > max(c.lim.MaxDiscard, c.lim.MaxLine) {
			c.take(end)
			c.rerr = &LimitError{Name: "MaxDiscard", Max: int64(c.lim.MaxDiscard), Reply: 421}
			return nil, c.rerr
		}
		if i >= 0 {
			return c.takeLine(end)
		}
		if c.looked = end; end >= c.lim.MaxLine {
			c.skip += end
			c.take(end)
		}
		if err := c.fill(idle && c.looked == 0 && c.skip == 0); err != nil {
			return nil, c.endInside(err)
		}
	}
}

// takeLine takes a line of n octets and its LF.
func (c *Conn) takeLine(n int) ([]byte, error) {
	line := c.in[c.r : c.r+n]
	long := c.skip > 0 || n+1 > c.lim.MaxLine
	c.take(n + 1)
	c.skip = 0
	if long {
		return nil, &LimitError{Name: "MaxLine", Max: int64(c.lim.MaxLine), Reply: 500}
	}
	return bytes.TrimSuffix(line, []byte{'\r'}), nil
}

// endInside makes the end of the stream within a line what it is.
func (c *Conn) endInside(err error) error {
	if err == io.EOF && (c.w > c.r || c.skip > 0) {
		err = io.ErrUnexpectedEOF
		c.rerr = err
	}
	return err
}

// take uses n octets of the buffer. They stay where they are until it is
// filled again.
func (c *Conn) take(n int) {
	c.r += n
	c.offset += int64(n)
	c.looked = 0
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
		if err != reply.ErrIncomplete {
			_, _, err = ParseReply(c.in[c.r:c.w], &c.lim) // which tells what is wrong
			return Reply{}, c.badReply(err)
		}
		if err := c.fill(false); err != nil {
			return Reply{}, c.endInside(err)
		}
	}
}

func (c *Conn) takeReply(n int) (Reply, error) {
	b := c.in[c.r : c.r+n]
	c.trace.reply(b)
	r, _, err := ParseReply(b, &c.lim)
	if err != nil {
		return Reply{}, c.badReply(err)
	}
	c.take(n)
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

// fill reads more octets and takes what is Telnet's out of them.
func (c *Conn) fill(idle bool) error {
	if c.rerr != nil {
		return c.rerr
	}
	if err := c.sendAnswers(); err != nil {
		return err
	}
	c.makeRoom()
	n, err := c.read(idle)
	if n > 0 {
		if n, err = c.telnet.filter(c.in[c.w : c.w+n]); err != nil {
			c.rerr = err
			return err
		}
		c.w += n
		c.note()
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, sockets.ErrServerClosed) {
		c.rerr = err
	}
	return err
}

// note keeps what the Telnet peer is owed for the next write.
func (c *Conn) note() {
	if len(c.telnet.answers) > 0 {
		c.wmu.Lock()
		c.answers = append(c.answers, c.telnet.answers...)
		c.wmu.Unlock()
		c.telnet.answers = nil
	}
}

// sendAnswers sends what the Telnet peer is owed, before we wait for it.
func (c *Conn) sendAnswers() error {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	if len(c.answers) == 0 {
		return nil
	}
	return c.write(nil)
}

// makeRoom makes place behind in[w]: an empty buffer goes back, a full one
// moves or grows.
func (c *Conn) makeRoom() {
	switch {
	case c.r == c.w:
		putBuffer(c.in)
		c.in, c.r, c.w = nil, 0, 0
	case c.w < len(c.in):
	case c.r > 0:
		c.w = copy(c.in, c.in[c.r:c.w])
		c.r = 0
	default:
		larger := make([]byte, 2*len(c.in))
		copy(larger, c.in[:c.w])
		putBuffer(c.in)
		c.in = larger
	}
}

// read reads to in[w:]. Where no octet is held no buffer is needed before
// something comes.
func (c *Conn) read(idle bool) (n int, err error) {
	switch {
	case c.tls.conn != nil:
		return c.readTLS(idle)
	case c.in == nil && c.ready != nil:
		c.in, n, err = c.ready.ReadReady(idle, c.get, c.put)
		return n, err
	case c.in == nil:
		c.in = getBuffer()
	}
	return c.nc.Read(c.in[c.w:])
}

// readTLS reads one octet to begin with, which needs no buffer: the TLS layer
// holds the others.
func (c *Conn) readTLS(idle bool) (n int, err error) {
	if c.in != nil {
		return c.tls.conn.Read(c.in[c.w:])
	}
	if idle && c.ready != nil {
		c.ready.MarkIdle()
		defer c.ready.MarkBusy()
	}
	if n, err = c.tls.conn.Read(c.tls.first[:]); n > 0 {
		c.in = getBuffer()
		c.in[0] = c.tls.first[0]
	}
	return n, err
}

// WriteCommand sends a command with one write.
func (c *Conn) WriteCommand(cmd Command) error {
	b := getBuffer()[:0]
	defer func() { putBuffer(b) }()
	b, err := AppendCommand(b, cmd)
	if err != nil {
		return err
	}
	c.trace.command(b)
	return c.send(b)
}

// WriteLine sends a command that [Verb] does not know, as it is typed. Octets
// that would end the line are refused.
func (c *Conn) WriteLine(line string) error {
	b := append(getBuffer()[:0], line...)
	defer func() { putBuffer(b) }()
	if i := bytes.IndexAny(b, "\r\n\x00"); i >= 0 || len(b) == 0 {
		return &ParseError{Offset: int64(max(i, 0)), What: "command", Ref: "RFC 959 §5.3", Err: ErrControlOctet}
	}
	b = append(b, '\r', '\n')
	c.trace.command(b)
	return c.send(b)
}

// WriteReply sends a reply with one write.
func (c *Conn) WriteReply(r Reply) error {
	b := getBuffer()[:0]
	defer func() { putBuffer(b) }()
	b, err := AppendReply(b, r)
	if err != nil {
		return err
	}
	c.trace.reply(b)
	return c.send(b)
}

// send writes b, IAC doubled, behind what the Telnet peer is owed.
func (c *Conn) send(b []byte) error {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	return c.write(b)
}

// write is send under the lock.
func (c *Conn) write(b []byte) error {
	if c.werr != nil {
		return c.werr
	}
	if len(c.answers) > 0 || bytes.IndexByte(b, telnet.IAC) >= 0 {
		b = append(c.answers, bytes.ReplaceAll(b, []byte{telnet.IAC}, []byte{telnet.IAC, telnet.IAC})...)
		c.answers = nil
	}
	_, err := c.writer().Write(b)
	c.werr = err
	return err
}

func (c *Conn) writer() io.Writer {
	if c.tls.conn != nil {
		return c.tls.conn
	}
	return c.nc
}

// writeText sends lines that are made already.
func (c *Conn) writeText(b []byte) error {
	c.trace.reply(b)
	return c.send(b)
}

// release gives the buffer back when nobody reads any more.
func (c *Conn) release() {
	putBuffer(c.in)
	c.in, c.r, c.w = nil, 0, 0
}
