package link

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// conn is a shaped stream.
type conn struct {
	link *Link
	nc   net.Conn
	in   *flow // down: from nc to Read
	out  *flow // up: from Write to nc
	send *sender
}

type closeWriter interface{ CloseWrite() error }

// newConn shapes nc; what comes from it counts from the given time.
func (l *Link) newConn(number uint64, nc net.Conn, from time.Time) *conn {
	c := &conn{
		link: l,
		nc:   nc,
		in:   newFlow(&l.down, l.chance(number, chanceDown)),
		out:  newFlow(&l.up, l.chance(number, chanceUp)),
	}
	c.send = newSender(c.out)
	c.send.write = func(it item) error {
		_, err := nc.Write(it.data)
		return err
	}
	c.send.shut = func() { nc.(closeWriter).CloseWrite() }
	c.send.close = func() { nc.Close() }
	go c.receive(from)
	return c
}

// receive brings what arrives at nc onto the link until Close.
func (c *conn) receive(from time.Time) {
	if !c.sleep(from) {
		return
	}
	b := make([]byte, c.link.segment())
	for {
		n, err := c.nc.Read(b)
		if _, err := c.in.put(b[:n]); err != nil {
			return
		}
		if err != nil {
			c.in.way.mu.Lock()
			c.in.end(err)
			c.in.way.mu.Unlock()
			return
		}
	}
}

// sleep waits until a time and tells whether the connection is still open.
func (c *conn) sleep(until time.Time) bool {
	c.in.way.mu.Lock()
	defer c.in.way.mu.Unlock()
	for c.in.takeErr == nil {
		if !time.Now().Before(until) {
			return true
		}
		c.in.putAlarm.set(until)
		c.in.cond.Wait()
	}
	return false
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.in.read(p)
	return n, c.opError("read", err)
}

func (c *conn) Write(p []byte) (int, error) {
	n, err := c.out.put(p)
	return n, c.opError("write", err)
}

// CloseWrite lets the peer read io.EOF after what was written.
func (c *conn) CloseWrite() error {
	if _, ok := c.nc.(closeWriter); !ok {
		return c.opError("close", fmt.Errorf("half of %T: %w", c.nc, errors.ErrUnsupported))
	}
	c.out.way.mu.Lock()
	defer c.out.way.mu.Unlock()
	if c.send.closed {
		return c.opError("close", net.ErrClosed)
	}
	if c.out.putErr == nil {
		c.out.putErr = os.NewSyscallError("write", syscall.EPIPE)
	}
	c.out.end(io.EOF)
	return nil
}

// Close returns at once; what was written still arrives, and the peer learns
// of the end after that. A peer that does not read is given a minute.
func (c *conn) Close() error {
	if err := c.closeWriter(); err != nil {
		return c.opError("close", err)
	}
	c.in.way.mu.Lock()
	c.in.closeReader()
	c.in.putAlarm.stop()
	c.in.way.mu.Unlock()
	c.nc.SetReadDeadline(time.Unix(1, 0))
	return nil
}

func (c *conn) closeWriter() error {
	c.out.way.mu.Lock()
	defer c.out.way.mu.Unlock()
	if c.send.closed {
		return net.ErrClosed
	}
	c.link.addClosing(1)
	c.send.closed = true
	c.out.putErr = net.ErrClosed
	c.out.putDeadline.stop()
	c.out.end(io.EOF)
	last := c.out.endAt
	if now := time.Now(); last.Before(now) {
		last = now
	}
	c.nc.SetWriteDeadline(last.Add(linger))
	c.out.notify()
	return nil
}

func (c *conn) LocalAddr() net.Addr  { return c.nc.LocalAddr() }
func (c *conn) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

func (c *conn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

func (c *conn) SetReadDeadline(t time.Time) error { return c.opError("set", c.in.setTakeDeadline(t)) }

func (c *conn) SetWriteDeadline(t time.Time) error { return c.opError("set", c.out.setPutDeadline(t)) }

func (f *flow) setTakeDeadline(t time.Time) error {
	f.way.mu.Lock()
	defer f.way.mu.Unlock()
	if f.takeErr != nil {
		return net.ErrClosed
	}
	f.takeDeadline.set(t)
	f.cond.Broadcast()
	return nil
}

func (f *flow) setPutDeadline(t time.Time) error {
	f.way.mu.Lock()
	defer f.way.mu.Unlock()
	if errors.Is(f.putErr, net.ErrClosed) {
		return net.ErrClosed
	}
	f.putDeadline.set(t)
	f.cond.Broadcast()
	return nil
}

// opError says which connection; errors of nc say it already.
func (c *conn) opError(op string, err error) error { return opError(op, c.nc, err) }

func opError(op string, nc interface{ LocalAddr() net.Addr }, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return err
	}
	o := &net.OpError{Op: op, Source: nc.LocalAddr(), Err: err}
	if o.Source != nil {
		o.Net = o.Source.Network()
	}
	if r, ok := nc.(interface{ RemoteAddr() net.Addr }); ok {
		o.Addr = r.RemoteAddr()
	}
	return o
}
