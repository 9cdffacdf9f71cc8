package sockets

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// lazyConn is a TCP connection whose socket package net gets when a call has to
// wait, and with the first that is not a Write.
type lazyConn struct {
	local, peer *net.TCPAddr

	mu        sync.Mutex // guards what is below; no call that it is held over waits
	fd        int        // negative once nc has the socket, or nobody
	nc        *net.TCPConn
	readBy    time.Time // deadlines of nc, before there is one
	writtenBy time.Time
}

func newLazyConn(fd int, local, peer *net.TCPAddr) *lazyConn {
	return &lazyConn{fd: fd, local: local, peer: peer}
}

// failed is an error of the connection as package net has them.
func (c *lazyConn) failed(op string, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Source: c.local, Addr: c.peer, Err: err}
}

// watched gives the socket to package net, if it has not got it.
func (c *lazyConn) watched(op string) (*net.TCPConn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.nc != nil {
		return c.nc, nil
	}
	if c.fd < 0 {
		return nil, c.failed(op, net.ErrClosed)
	}
	nc, err := handOver(c.fd, net.FileConn)
	c.fd = -1
	if err != nil {
		return nil, err
	}
	c.nc = nc.(*net.TCPConn)
	c.nc.SetReadDeadline(c.readBy)
	c.nc.SetWriteDeadline(c.writtenBy)
	return c.nc, nil
}

func (c *lazyConn) Read(b []byte) (int, error) {
	nc, err := c.watched("read")
	if err != nil {
		return 0, err
	}
	return nc.Read(b)
}

// Write writes what the socket takes at once, and waits for the rest.
func (c *lazyConn) Write(b []byte) (int, error) {
	n, err := c.writeNow(b)
	if err != nil || n == len(b) {
		return n, err
	}
	nc, err := c.watched("write")
	if err != nil {
		return n, err
	}
	m, err := nc.Write(b[n:])
	return n + m, err
}

// writeNow writes what the socket takes without waiting, and nothing where
// package net has it.
func (c *lazyConn) writeNow(b []byte) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.nc != nil:
		return 0, nil
	case c.fd < 0:
		return 0, c.failed("write", net.ErrClosed)
	case !c.writtenBy.IsZero() && !time.Now().Before(c.writtenBy):
		return 0, c.failed("write", os.ErrDeadlineExceeded)
	}
	for n < len(b) {
		m, again, err := sendNow(uintptr(c.fd), b[n:], 0)
		if again {
			return n, nil
		}
		if err != nil {
			return n, c.failed("write", err)
		}
		n += m
	}
	return n, nil
}

// ReadFrom has package net send r, by the kernel where it can.
func (c *lazyConn) ReadFrom(r io.Reader) (int64, error) {
	nc, err := c.watched("readfrom")
	if err != nil {
		return 0, err
	}
	return nc.ReadFrom(r)
}

// CloseWrite tells the peer that nothing more follows.
func (c *lazyConn) CloseWrite() error {
	nc, err := c.watched("close")
	if err != nil {
		return err
	}
	return nc.CloseWrite()
}

// SyscallConn gives the socket of package net's connection.
func (c *lazyConn) SyscallConn() (syscall.RawConn, error) {
	nc, err := c.watched("raw-control")
	if err != nil {
		return nil, err
	}
	return nc.SyscallConn()
}

func (c *lazyConn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.nc != nil {
		return c.nc.Close()
	}
	if c.fd < 0 {
		return c.failed("close", net.ErrClosed)
	}
	err := syscall.Close(c.fd)
	c.fd = -1
	return os.NewSyscallError("close", err)
}

func (c *lazyConn) LocalAddr() net.Addr  { return c.local }
func (c *lazyConn) RemoteAddr() net.Addr { return c.peer }

func (c *lazyConn) SetDeadline(t time.Time) error {
	return c.setDeadline(t, (*net.TCPConn).SetDeadline, &c.readBy, &c.writtenBy)
}

func (c *lazyConn) SetReadDeadline(t time.Time) error {
	return c.setDeadline(t, (*net.TCPConn).SetReadDeadline, &c.readBy)
}

func (c *lazyConn) SetWriteDeadline(t time.Time) error {
	return c.setDeadline(t, (*net.TCPConn).SetWriteDeadline, &c.writtenBy)
}

// setDeadline sets deadlines where package net has the socket, and else notes
// them.
func (c *lazyConn) setDeadline(t time.Time, set func(*net.TCPConn, time.Time) error, notes ...*time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.nc != nil:
		return set(c.nc, t)
	case c.fd < 0:
		return c.failed("set", net.ErrClosed)
	}
	for _, note := range notes {
		*note = t
	}
	return nil
}
