package pop3

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"

	"applayer/internal/dot"
	"applayer/internal/line"
	"applayer/sockets"
)

// ErrBufferedPlaintext is what [Conn.StartTLS] returns where the peer sent more
// behind the command or response that starts TLS.
var ErrBufferedPlaintext = sockets.ErrBufferedPlaintext

// ConnOptions are the choices of a [Conn]. They are copied.
type ConnOptions struct {
	// Client makes it the client's end; else it is the server's.
	Client bool
	// Limits bounds what the peer can make us hold; nil is all defaults.
	Limits *Limits
	// Trace hears of what passes; nil is silent.
	Trace *Trace
}

// Conn is a connection of either end: commands one way; responses, listings and
// messages the other.
//
// What is written is held back and sent with one write when something is read
// that has not come yet, by [Conn.Flush], or when the buffer is full: so that
// the answers to commands that came together leave together (RFC 2449 §6.6).
//
// It is for one goroutine at a time, but that Close may be called from
// anywhere. After an error it repeats it, since the place of the next line is
// lost; a deadline that passes is no such error, nor is a command that is
// outside the grammar or longer than [Limits].MaxLine.
type Conn struct {
	nc     *sockets.Conn
	client bool
	lim    Limits
	trace  *Trace

	in     []byte // unread octets are in[r:w]
	r, w   int
	looked int // how far behind r there is no line end
	offset int64
	at     int64 // where the last line began
	skip   int   // octets thrown away of a line that is too long
	rerr   error

	out  []byte
	werr error

	text dot.Reader
}

// NewConn returns a Conn over nc, which it owns. Nil options are those of a
// server. A connection that is no [*sockets.Conn] is made one, without limits.
func NewConn(nc net.Conn, opts *ConnOptions) *Conn {
	if opts == nil {
		opts = new(ConnOptions)
	}
	c := &Conn{client: opts.Client, lim: opts.Limits.inForce(), trace: opts.Trace}
	if is, _ := nc.(*sockets.Conn); is != nil {
		c.nc = is
	} else {
		c.nc = sockets.NewConn(nc, nil)
	}
	return c
}

// NetConn returns the connection below, to set deadlines on.
func (c *Conn) NetConn() *sockets.Conn { return c.nc }

// LocalAddr returns this end's address.
func (c *Conn) LocalAddr() net.Addr { return c.nc.LocalAddr() }

// RemoteAddr returns the peer's address.
func (c *Conn) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

// TLS tells the state of TLS, and whether there is any.
func (c *Conn) TLS() (tls.ConnectionState, bool) { return c.nc.TLS() }

// Buffered counts the octets received and not used.
func (c *Conn) Buffered() int { return c.w - c.r }

// Close closes the connection, and ends a read or write under way. What was not
// sent is lost.
func (c *Conn) Close() error { return c.nc.Close() }

// StartTLS sends what is held back and shakes hands, as the end of the
// connection that ConnOptions says. What is buffered came in the clear, from
// anybody on the way: as a command or response from within TLS it would be an
// injected one (CVE-2011-0411), so it is [ErrBufferedPlaintext]. ctx bounds the
// handshake. After an error the connection is closed.
func (c *Conn) StartTLS(ctx context.Context, config *tls.Config) error {
	side := sockets.SideServer
	if c.client {
		side = sockets.SideClient
	}
	err := c.Flush()
	if err == nil {
		err = c.nc.StartTLS(ctx, config, side, c.Buffered()+c.skip)
	}
	if err != nil {
		c.rerr, c.werr = err, err
		c.take(c.Buffered())
		c.nc.Close()
	}
	return err
}

// ReadCommand waits for the next command. Arg is valid until the next call.
//
// A [*ParseError], and a [*LimitError] of MaxLine, tell of one command, and the
// next call reads the next. The error is io.EOF at the end of the connection,
// and io.ErrUnexpectedEOF inside a line.
func (c *Conn) ReadCommand() (Command, error) {
	line, err := c.readLine("MaxLine", c.lim.MaxLine, true)
	if err != nil {
		return Command{}, err
	}
	c.trace.line(false, false, line)
	return ParseCommand(line)
}

// ReadAuthLine waits for a client's line within an AUTH exchange, which is valid
// until the next call. Its errors are those of ReadCommand, with MaxAuthLine.
func (c *Conn) ReadAuthLine() ([]byte, error) {
	line, err := c.readLine("MaxAuthLine", c.lim.MaxAuthLine, false)
	if err == nil {
		c.trace.line(false, true, line)
	}
	return line, err
}

// ReadResponse waits for the first line of the next response.
func (c *Conn) ReadResponse() (Response, error) {
	line, err := c.readLine("MaxResponse", c.lim.MaxResponse, false)
	if err != nil {
		return Response{}, c.final(err)
	}
	c.trace.line(true, false, line)
	r, err := parseResponse(line)
	if parse, ok := errors.AsType[*ParseError](err); ok {
		parse.Offset += c.at
	}
	return r, c.final(err)
}

// final makes an error of reading the end of it, but for deadlines.
func (c *Conn) final(err error) error {
	if err != nil && !passing(err) {
		c.rerr = err
	}
	return err
}

// readLine returns the next line of at most max octets without its end, which is
// CRLF, or LF alone as some have it. A CR that stands elsewhere is an octet like
// others. idle says that nothing is under way, so that the time until the first
// octet counts as idle.
func (c *Conn) readLine(name string, max int, idle bool) ([]byte, error) {
	if c.rerr != nil {
		return nil, c.rerr
	}
	for {
		i := bytes.IndexByte(c.in[c.r+c.looked:c.w], '\n')
		end := c.looked + i
		if i < 0 {
			end = c.w - c.r
		}
		if c.skip+end-max > c.lim.MaxDiscard {
			c.take(end)
			c.rerr = &LimitError{Name: "MaxDiscard", Max: int64(c.lim.MaxDiscard)}
			return nil, c.rerr
		}
		if i >= 0 {
			return c.takeLine(end, name, max)
		}
		if c.looked = end; end >= max {
			c.skip += end
			c.take(end)
		}
		if err := c.fill(idle && c.looked == 0 && c.skip == 0); err != nil {
			return nil, c.endInside(err)
		}
	}
}

// takeLine takes a line of n octets and its LF.
func (c *Conn) takeLine(n int, name string, max int) ([]byte, error) {
	line := c.in[c.r : c.r+n]
	long := c.skip > 0 || n+1 > max
	c.at = c.offset - int64(c.skip)
	c.take(n + 1)
	c.skip = 0
	if long {
		return nil, &LimitError{Name: name, Max: int64(max)}
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

// take uses n octets of the buffer. They stay where they are until it is filled
// again.
func (c *Conn) take(n int) {
	c.r += n
	c.offset += int64(n)
	c.looked = 0
}

// waiting tells whether a whole line has come, so that reading it does not wait.
func (c *Conn) waiting() bool {
	return bytes.IndexByte(c.in[c.r+c.looked:c.w], '\n') >= 0
}

// fill sends what is held back, and waits for more octets.
func (c *Conn) fill(idle bool) error {
	if c.rerr != nil {
		return c.rerr
	}
	if err := c.Flush(); err != nil {
		return err
	}
	c.makeRoom()
	n, err := c.read(idle)
	c.w += n
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	if !passing(err) {
		c.rerr = err
	}
	return err
}

// passing tells of errors behind which reading may go on.
func passing(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, sockets.ErrServerClosed)
}

// makeRoom makes place behind in[w]: an empty buffer goes back, a full one moves
// or grows.
func (c *Conn) makeRoom() {
	switch {
	case c.r == c.w:
		if !c.client {
			putBuffer(c.in)
			c.in = nil
		}
		c.r, c.w = 0, 0
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

// read reads to in[w:]. A server that waits needs no buffer before something
// comes; a client waits for what it has asked for.
func (c *Conn) read(idle bool) (n int, err error) {
	switch {
	case c.in == nil && !c.client:
		c.in, n, err = c.nc.ReadReady(idle, getSmall, putBuffer)
		return n, err
	case c.in == nil:
		c.in = getLarge()
	}
	return c.nc.Read(c.in[c.w:])
}

// release gives the buffers back when nobody reads or writes any more.
func (c *Conn) release() {
	putBuffer(c.in)
	putBuffer(c.out)
	c.in, c.r, c.w, c.out = nil, 0, 0, nil
}

// incoming is what has come as package dot sees it.
type incoming Conn

func (in *incoming) Unread() []byte { return in.in[in.r:in.w] }

func (in *incoming) Take(n int) { (*Conn)(in).take(n) }

func (in *incoming) Fill() error { return (*Conn)(in).fill(false) }

// TextReader returns a reader of what follows a response of several lines: its
// lines without dot-stuffing, up to the line of a single dot, where it gives
// io.EOF. That line ends in CRLF on both sides; a CR or LF that stands alone is
// an octet like others. The reader is valid until the next call.
func (c *Conn) TextReader() io.Reader { return c.textReader() }

func (c *Conn) textReader() *dot.Reader {
	c.text.Reset((*incoming)(c), dot.Format{Bare: line.Keep})
	return &c.text
}
