package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"

	"applayer/internal/reply"
	"applayer/sockets"
)

// ConnOptions are the choices of a [Conn]. They are copied.
type ConnOptions struct {
	// Client makes it the client's end; else it is the server's.
	Client bool
	// Limits bounds what the peer can make us hold; nil is all defaults.
	Limits *Limits
	// Trace hears of what passes; nil is silent.
	Trace *Trace
}

// Conn is a connection of either end: commands, replies and messages over a
// net.Conn. What is written waits in a buffer until Flush, so that replies to
// pipelined commands go out together (RFC 2920 §3.2). At a server's end, whatever
// waits for the peer flushes first.
//
// At a client's end one goroutine may read while another writes; a server's is
// for one goroutine at a time. Close may be called from anywhere. After an error
// each direction repeats it, since the place of the next line is lost; a deadline
// that passes is no such error, nor is a command that is outside the grammar or
// longer than [Limits] allow.
type Conn struct {
	nc      *sockets.Conn
	client  bool
	lim     Limits
	maxSkip int64 // of a line that is too long
	trace   *Trace

	// The reader's.
	in     []byte // unread octets are in[r:w]
	r, w   int
	looked int         // how far behind r there is no line end
	long   *LimitError // what is wrong with the line that is too long
	skip   int64       // octets of it that are thrown away
	offset int64
	finder reply.Finder
	text   DataReader
	rerr   error
	get    func() []byte

	// The writer's.
	out  []byte // not yet sent
	werr error

	// What a server knows of its client.
	hello, protocol, identity, host string
}

// The sizes of buffers. A message that fills the one gets the other, and a
// longer line gets one of its own.
const (
	bufferSize      = 8 << 10
	largeBufferSize = 64 << 10
)

var (
	buffers      = sync.Pool{New: func() any { return new([bufferSize]byte) }}
	largeBuffers = sync.Pool{New: func() any { return new([largeBufferSize]byte) }}
)

func getBuffer() []byte      { return buffers.Get().(*[bufferSize]byte)[:] }
func getLargeBuffer() []byte { return largeBuffers.Get().(*[largeBufferSize]byte)[:] }

// putBuffer gives b back, if it is one of the pools'.
func putBuffer(b []byte) {
	switch cap(b) {
	case bufferSize:
		buffers.Put((*[bufferSize]byte)(b[:bufferSize]))
	case largeBufferSize:
		largeBuffers.Put((*[largeBufferSize]byte)(b[:largeBufferSize]))
	}
}

// NewConn returns a Conn over nc, which it owns. Nil options are those of a
// server. A [*sockets.Conn] is used as it is, and any other made one. It is
// marked idle while a server waits for a command, and takes no buffer meanwhile.
func NewConn(nc net.Conn, opts *ConnOptions) *Conn {
	if opts == nil {
		opts = new(ConnOptions)
	}
	c := &Conn{client: opts.Client, lim: opts.Limits.inForce(), trace: opts.Trace, get: getBuffer}
	var ok bool
	if c.nc, ok = nc.(*sockets.Conn); !ok {
		c.nc = sockets.NewConn(nc, nil)
	}
	c.maxSkip = maxDiscardLine
	if opts.Limits != nil && opts.Limits.MaxDiscard != 0 {
		c.maxSkip = c.lim.MaxDiscard
	}
	c.finder.Format = replyFormat(&c.lim)
	return c
}

// NetConn returns the connection below, a [*sockets.Conn], to set deadlines on.
// It is below TLS too.
func (c *Conn) NetConn() net.Conn { return c.nc }

// LocalAddr returns this end's address.
func (c *Conn) LocalAddr() net.Addr { return c.nc.LocalAddr() }

// RemoteAddr returns the peer's address.
func (c *Conn) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

// Hello returns how the client named itself by EHLO, HELO or LHLO, "" before
// that. It is the server's to know, as are Protocol and Identity.
func (c *Conn) Hello() string { return c.hello }

// Protocol returns what a Received field says behind "with", such as "ESMTPSA"
// (RFC 3848, RFC 6531 §4.3).
func (c *Conn) Protocol() string { return c.protocol }

// Identity returns who logged in by AUTH, "" for nobody.
func (c *Conn) Identity() string { return c.identity }

// Buffered counts the octets received and not used. It is for the reader.
func (c *Conn) Buffered() int { return c.w - c.r }

// Close closes the connection, and ends a Read or Write under way. What was not
// flushed is lost.
func (c *Conn) Close() error { return c.nc.Close() }

// TLS tells the state of TLS, and whether there is any.
func (c *Conn) TLS() (tls.ConnectionState, bool) { return c.nc.TLS() }

// StartTLS flushes and shakes hands, as the end of the connection that
// ConnOptions says. Nothing may be under way in either direction. What is
// buffered came in the clear, from anybody on the way: as a command or reply
// from within TLS it would be an injected one (CVE-2011-0411), so it is
// [ErrBufferedPlaintext]. ctx bounds the handshake. After an error the
// connection is closed.
func (c *Conn) StartTLS(ctx context.Context, config *tls.Config) error {
	side := sockets.SideServer
	if c.client {
		side = sockets.SideClient
	}
	err := c.Flush()
	if err == nil {
		err = c.nc.StartTLS(ctx, config, side, c.Buffered())
	}
	if err != nil {
		c.rerr, c.werr = err, err
		c.take(c.Buffered())
		c.nc.Close()
	}
	return err
}

// ErrBufferedPlaintext is what [Conn.StartTLS] returns where the peer sent more
// behind the command or reply that starts TLS.
var ErrBufferedPlaintext = sockets.ErrBufferedPlaintext

// take uses n octets of the buffer. They stay where they are until it is
// filled again.
func (c *Conn) take(n int) {
	c.r += n
	c.offset += int64(n)
	c.looked = 0
}

// fill reads more octets. idle says that nothing is under way, so that the time
// until the first of them counts as idle.
func (c *Conn) fill(idle bool) error {
	if c.rerr != nil {
		return c.rerr
	}
	if !c.client {
		if err := c.Flush(); err != nil {
			return err
		}
	}
	c.makeRoom()
	n, err := c.read(idle)
	if n > 0 {
		c.w += n
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

// makeRoom makes place behind in[w]: an empty buffer goes back, a full one
// moves or grows.
func (c *Conn) makeRoom() {
	switch {
	case c.r == c.w:
		c.giveBack()
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

// giveBack gives an empty buffer back. What was read from it is gone then.
func (c *Conn) giveBack() {
	if c.r == c.w {
		putBuffer(c.in)
		c.in, c.r, c.w = nil, 0, 0
	}
}

// read reads to in[w:]. While nothing is under way no buffer is needed before
// something comes; within a message there is one, since over TLS ReadReady gives
// an octet at a time.
func (c *Conn) read(idle bool) (n int, err error) {
	switch {
	case c.in == nil && idle:
		c.in, n, err = c.nc.ReadReady(idle, c.get, putBuffer)
		return n, err
	case c.in == nil:
		c.in = c.get()
	}
	return c.nc.Read(c.in[c.w:])
}

// dataBuffer is the Conn as the buffer of a message.
type dataBuffer Conn

// Unread returns what has come and not been taken.
func (b *dataBuffer) Unread() []byte { return b.in[b.r:b.w] }

// Take takes n octets of it.
func (b *dataBuffer) Take(n int) { (*Conn)(b).take(n) }

// Fill waits for more. A message that has filled a buffer gets a large one. The
// stream does not end here.
func (b *dataBuffer) Fill() error {
	if b.w == len(b.in) && b.w > 0 {
		b.get = getLargeBuffer
	}
	err := (*Conn)(b).fill(false)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
		b.rerr = err
	}
	return err
}
