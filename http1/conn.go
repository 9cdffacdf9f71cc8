package http1

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"applayer/sockets"
)

// ConnOptions are the choices of a [Conn] or [Receiver]. They are copied.
type ConnOptions struct {
	// Client makes it the client's end; else it is the server's.
	Client bool
	// Limits bounds what the peer can make us hold; nil is all defaults.
	Limits *Limits
	// LineEnds says whether an LF without CR ends a line of a head.
	LineEnds LineEnds
	// Scheme is "http" or "https": what [Target.Scheme] is in a request that
	// does not name one.
	Scheme string
	// KeepAlive is told to peers of HTTP/1.0 that ask for keep-alive.
	KeepAlive KeepAlive
	// ChunkExtension is given what stands behind the size of a chunk received,
	// valid during the call (RFC 9112 §7.1.1). Nil drops it.
	ChunkExtension func(ext []byte)
	// Trace hears of what passes; nil is silent.
	Trace *Trace
}

// Conn is HTTP/1.1 on a connection: messages in and messages out, in the order
// that [Machine] allows.
//
// A server calls ReadRequest, reads the Body, and answers with WriteResponse,
// or with StartResponse, Write and EndMessage; then again, as long as Reusable
// tells. A client calls WriteRequest, or StartRequest, Write and EndMessage,
// and then ReadResponse. It may send further requests before (pipelining);
// responses come in the order of the requests.
//
// What is written is held in a buffer until it is full, until Flush, or until
// ReadRequest or ReadResponse has to wait for the peer. So the responses to
// requests that came together leave together.
//
// One goroutine may read while another writes; Close may be called from
// anywhere. Deadlines are set on the net.Conn below. After an error each
// direction repeats it: a message that is broken has no end behind which the
// next could begin.
type Conn struct {
	nc        net.Conn
	by        Side // what we send
	order     order
	recv      Receiver
	trace     *Trace
	keepAlive KeepAlive

	// The reader's.
	in   []byte // the unread octets are in[r:w]
	r, w int
	base int    // in[:base] is a head that Raw still shows
	held []byte // the buffer of such a head that was outgrown
	// lendBuffer and takeBackBuffer, made once.
	lend     func() []byte
	takeBack func([]byte)
	eof      bool
	readErr  error
	watch    readWatch // hears of reads that wait for the rest of a message
	idles    bool      // Wait marks a sockets.Conn idle

	// What the reader tells the writer.
	fault atomic.Pointer[error]      // readErr
	body  atomic.Pointer[bodyReader] // of the message being read, if it has one

	wmu sync.Mutex // guards what is below
	sender

	expecting atomic.Bool // the client waits for a 100

	closed   atomic.Bool
	hijacked atomic.Bool
}

// bufferSize is the size of a buffer in either direction; a head that is longer
// gets a larger one.
const bufferSize = 8 << 10

var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

func getBuffer() []byte { return buffers.Get().(*[bufferSize]byte)[:] }

// putBuffer gives b back, if it is one of the pool's.
func putBuffer(b []byte) {
	if cap(b) == bufferSize {
		buffers.Put((*[bufferSize]byte)(b[:bufferSize]))
	}
}

// NewConn returns a Conn over nc, which it owns. Nil options are those of a
// server.
func NewConn(nc net.Conn, opts *ConnOptions) *Conn {
	c := &Conn{nc: nc}
	c.recv.init(opts, &c.order)
	c.by = SideServer - c.recv.by
	if opts != nil {
		c.trace, c.keepAlive = opts.Trace, opts.KeepAlive
	}
	c.chunkAt = noChunk
	return c
}

// NetConn returns the connection below, to set deadlines on. Using it otherwise
// goes past the order of messages.
func (c *Conn) NetConn() net.Conn { return c.nc }

// State returns the state of a side.
func (c *Conn) State(by Side) State { return c.recv.State(by) }

// Owed counts the requests that have no final response yet.
func (c *Conn) Owed() int {
	c.order.mu.Lock()
	defer c.order.mu.Unlock()
	return c.order.machine.Owed()
}

// Reusable tells whether another request may follow: the last one is whole, and
// nothing said or broke that ends the connection. On a client's Conn with
// responses to come it means one more request in the pipeline; with none to
// come look at Buffered as well, for octets that nobody asked for would be taken
// for the next response (RFC 9112 §9.2).
func (c *Conn) Reusable() bool {
	return !c.closed.Load() && !c.hijacked.Load() && c.order.can(SideClient, EventRequest)
}

// Buffered counts the octets received and not used. It is for the reader.
func (c *Conn) Buffered() int { return c.w - c.r }

// Close closes the connection at once. What was written and not flushed is
// lost.
func (c *Conn) Close() error {
	c.closed.Store(true)
	return c.nc.Close()
}

// CloseLingering sends what is buffered and closes the connection such that it
// arrives: see [sockets.Conn.CloseLingering]. Use it behind a last response
// where the peer may still be sending (RFC 9112 §9.6). Zero bounds are 256 KiB
// and 2 s. It may not run beside a read.
func (c *Conn) CloseLingering(octets int64, d time.Duration) error {
	err := c.Flush()
	c.closed.Store(true)
	sc, ok := c.nc.(*sockets.Conn)
	if !ok {
		sc = sockets.NewConn(c.nc, nil)
	}
	if err != nil {
		sc.Close()
		return err
	}
	return sc.CloseLingering(octets, d)
}

// Hijack ends HTTP on the connection, sends what is buffered, and hands over
// the connection below and the octets received and not used, which come before
// what can be read from it. It is for what follows a 101 or a 2xx to CONNECT:
// see [EventSwitch]. Close still closes the connection.
func (c *Conn) Hijack() (nc net.Conn, buffered []byte, err error) {
	err = c.Flush()
	c.hijacked.Store(true)
	buffered = append(buffered, c.in[c.r:c.w]...)
	c.fail(net.ErrClosed)
	c.in, c.held = nil, nil
	c.r, c.w, c.base = 0, 0, 0
	c.wmu.Lock()
	defer c.wmu.Unlock()
	if c.err == nil {
		c.err = net.ErrClosed
	}
	return c.nc, buffered, err
}

var (
	_ io.Writer     = (*Conn)(nil)
	_ io.ReaderFrom = (*Conn)(nil)
)
