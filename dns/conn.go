package dns

import (
	"encoding/binary"
	"io"
	"net"
	"slices"
)

// Conn carries messages over a stream, each behind its length in two octets
// (RFC 1035 §4.2.2). One goroutine may read while another writes; Close may be
// called from anywhere. After an error a direction is dead and repeats it,
// since the borders of the messages are lost.
type Conn struct {
	nc net.Conn

	in         []byte
	start, end int // in[start:end] was read and is not used yet
	readErr    error

	out      []byte
	writeErr error
}

// firstBuffer holds most messages; larger ones make it grow with the octets
// that come.
const firstBuffer = 2 << 10

// NewConn makes a Conn of nc, which it owns from then on.
func NewConn(nc net.Conn) *Conn { return &Conn{nc: nc} }

// NetConn returns the connection below: for deadlines, addresses and the state
// of TLS.
func (c *Conn) NetConn() net.Conn { return c.nc }

// Close closes the connection.
func (c *Conn) Close() error { return c.nc.Close() }

// Buffered returns how many octets were read and not yet returned.
func (c *Conn) Buffered() int { return c.end - c.start }

// ReadMessage returns the next message, whatever its octets say, and no more
// than its octets: they are valid until the next call. The error is io.EOF at
// the stream's end between messages, io.ErrUnexpectedEOF within one.
func (c *Conn) ReadMessage() ([]byte, error) {
	if err := c.fill(2); err != nil {
		return nil, err
	}
	n := 2 + int(binary.BigEndian.Uint16(c.in[c.start:]))
	if err := c.fill(n); err != nil {
		return nil, err
	}
	msg := c.in[c.start+2 : c.start+n : c.start+n]
	c.start += n
	return msg, nil
}

// fill reads until n octets are there. The buffer doubles when it is full, so
// that a length alone makes it hold nothing.
func (c *Conn) fill(n int) error {
	for c.end-c.start < n {
		switch {
		case c.readErr == io.EOF && c.end > c.start:
			return io.ErrUnexpectedEOF
		case c.readErr != nil:
			return c.readErr
		}
		c.room(n)
		var got int
		got, c.readErr = c.nc.Read(c.in[c.end:])
		c.end += got
	}
	return nil
}

// room makes place behind what was read, of which n octets are wanted.
func (c *Conn) room(n int) {
	if c.start == c.end {
		c.start, c.end = 0, 0
	}
	if c.start > 0 && c.start+n > len(c.in) {
		c.end = copy(c.in, c.in[c.start:c.end])
		c.start = 0
	}
	if c.end == len(c.in) {
		c.in = slices.Grow(c.in, max(len(c.in), firstBuffer))
		c.in = c.in[:cap(c.in)]
	}
}

// WriteMessage sends a message behind its length, in one Write
// (RFC 7766 §8). The error is [ErrMessageTooLong] before anything was sent.
func (c *Conn) WriteMessage(msg []byte) error {
	if c.writeErr != nil {
		return c.writeErr
	}
	if len(msg) > MaxMessage {
		return ErrMessageTooLong
	}
	c.out = binary.BigEndian.AppendUint16(c.out[:0], uint16(len(msg)))
	c.out = append(c.out, msg...)
	_, c.writeErr = c.nc.Write(c.out)
	return c.writeErr
}
