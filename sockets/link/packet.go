package link

import (
	"errors"
	"io"
	"net"
	"syscall"
	"time"
)

// packetConn is a shaped datagram socket: a net.PacketConn, or a net.Conn
// where what it wraps has a peer.
type packetConn struct {
	link *Link
	sock socket
	in   *flow // down: from the socket to ReadFrom
	out  *flow // up: from WriteTo to the socket
	send *sender

	pending error // of the last datagram delivered; out's mutex guards it
}

// socket is what net.PacketConn and net.Conn have in common.
type socket interface {
	Close() error
	LocalAddr() net.Addr
	SetReadDeadline(time.Time) error
}

// newPacketConn shapes pc, or nc if that is nil.
func (l *Link) newPacketConn(number uint64, pc net.PacketConn, nc net.Conn) *packetConn {
	c := &packetConn{
		link: l,
		in:   newFlow(&l.down, l.chance(number, chanceDown)),
		out:  newFlow(&l.up, l.chance(number, chanceUp)),
	}
	read := func(b []byte) (int, net.Addr, error) { return pc.ReadFrom(b) }
	write := func(it item) error {
		_, err := pc.WriteTo(it.data, it.addr)
		return err
	}
	c.sock = pc
	if pc == nil {
		c.sock = nc
		read = func(b []byte) (int, net.Addr, error) {
			n, err := nc.Read(b)
			return n, nc.RemoteAddr(), err
		}
		write = func(it item) error {
			_, err := nc.Write(it.data)
			return err
		}
	}
	c.send = newSender(c.out)
	c.send.write = func(it item) error {
		if err := write(it); err != nil {
			c.out.way.mu.Lock()
			c.pending = err
			c.out.way.mu.Unlock()
		}
		return nil
	}
	c.send.shut = func() {}
	c.send.close = func() { c.sock.Close() }
	go c.receive(read)
	return c
}

// receive brings what arrives onto the link until Close.
func (c *packetConn) receive(read func([]byte) (int, net.Addr, error)) {
	b := make([]byte, 64<<10)
	for {
		n, from, err := read(b)
		if err == nil {
			if c.in.offer(b[:n], from) != nil {
				return
			}
			continue
		}
		if !c.receiveError(err) {
			return
		}
	}
}

// receiveError passes an error on and tells whether datagrams may follow it:
// an ICMP message about one that we sent ends nothing.
func (c *packetConn) receiveError(err error) bool {
	c.in.way.mu.Lock()
	defer c.in.way.mu.Unlock()
	if c.in.takeErr != nil {
		return false
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		c.in.add(item{at: time.Now(), err: err})
		return true
	}
	c.in.end(err)
	return false
}

func (c *packetConn) ReadFrom(p []byte) (int, net.Addr, error) {
	n, from, err := c.in.receive(p)
	return n, from, opError("read", c.sock, err)
}

func (c *packetConn) Read(p []byte) (int, error) {
	n, _, err := c.ReadFrom(p)
	return n, err
}

func (c *packetConn) WriteTo(p []byte, addr net.Addr) (int, error) {
	c.out.way.mu.Lock()
	err := c.pending
	c.pending = nil
	c.out.way.mu.Unlock()
	if err == nil {
		err = c.out.offer(p, addr)
	}
	if err != nil {
		return 0, opError("write", c.sock, err)
	}
	return len(p), nil
}

func (c *packetConn) Write(p []byte) (int, error) { return c.WriteTo(p, nil) }

// Close returns at once; the socket closes when the datagrams under way have
// left, at once if there are none.
func (c *packetConn) Close() error {
	c.out.way.mu.Lock()
	if c.send.closed {
		c.out.way.mu.Unlock()
		return opError("close", c.sock, net.ErrClosed)
	}
	c.send.closed = true
	c.out.putErr = net.ErrClosed
	c.out.putDeadline.stop()
	c.out.ended, c.out.endErr = true, io.EOF
	c.out.endAt = time.Now()
	idle := len(c.out.items) == 0 && !c.send.delivering
	if idle {
		c.send.finished = true
	} else {
		c.link.addClosing(1)
	}
	c.out.notify()
	c.out.way.mu.Unlock()

	c.in.way.mu.Lock()
	c.in.closeReader()
	c.in.way.mu.Unlock()
	if idle {
		return c.sock.Close()
	}
	return c.sock.SetReadDeadline(time.Unix(1, 0))
}

func (c *packetConn) LocalAddr() net.Addr { return c.sock.LocalAddr() }

// RemoteAddr is nil for a socket without a peer.
func (c *packetConn) RemoteAddr() net.Addr {
	if r, ok := c.sock.(interface{ RemoteAddr() net.Addr }); ok {
		return r.RemoteAddr()
	}
	return nil
}

func (c *packetConn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

func (c *packetConn) SetReadDeadline(t time.Time) error {
	return opError("set", c.sock, c.in.setTakeDeadline(t))
}

func (c *packetConn) SetWriteDeadline(t time.Time) error {
	return opError("set", c.sock, c.out.setPutDeadline(t))
}
