package http1

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// Record has h answer r as a [Server] would, without a network, and returns the
// response as a client gets it: for tests of handlers. Nothing runs beside the
// caller, and the response is in memory.
//
// R is a request to be sent. The error tells what a client could not send, or
// what it got in place of a response: where the handler failed after its head
// was sent, the body ends with one.
func Record(ctx context.Context, h Handler, r *Request) (*Response, error) {
	s := &Server{Handler: h}
	return s.Record(ctx, r)
}

// Record has the server answer r on a connection in memory: see [Record].
func (s *Server) Record(ctx context.Context, r *Request) (*Response, error) {
	var there, back bytes.Buffer
	client := NewConn(&memoryConn{in: &back, out: &there}, &ConnOptions{Client: true})
	if err := client.WriteRequest(r); err != nil {
		return nil, err
	}
	if err := client.Flush(); err != nil {
		return nil, err
	}
	if err := s.ServeConn(ctx, &memoryConn{in: &there, out: &back}); err != nil {
		return nil, err
	}
	for {
		p := new(Response)
		if err := client.ReadResponse(p); err != nil {
			return nil, err
		}
		if p.Status >= 200 || p.Status == StatusSwitchingProtocols {
			p.Request = r
			return p, nil
		}
	}
}

// memoryConn is an end of a connection on which each side speaks when the other
// has ended: a Read has all, or io.EOF.
type memoryConn struct {
	in, out *bytes.Buffer
	closed  atomic.Bool // also by the end of a context
}

func (m *memoryConn) Read(b []byte) (int, error) {
	if m.closed.Load() {
		return 0, net.ErrClosed
	}
	return m.in.Read(b)
}

func (m *memoryConn) Write(b []byte) (int, error) {
	if m.closed.Load() {
		return 0, io.ErrClosedPipe
	}
	return m.out.Write(b)
}

func (m *memoryConn) Close() error {
	m.closed.Store(true)
	return nil
}

// CloseWrite does nothing: the other side reads when this one is done.
func (m *memoryConn) CloseWrite() error { return nil }

func (m *memoryConn) LocalAddr() net.Addr              { return memoryAddr{} }
func (m *memoryConn) RemoteAddr() net.Addr             { return memoryAddr{} }
func (m *memoryConn) SetDeadline(time.Time) error      { return nil }
func (m *memoryConn) SetReadDeadline(time.Time) error  { return nil }
func (m *memoryConn) SetWriteDeadline(time.Time) error { return nil }

// memoryAddr is the address of either end.
type memoryAddr struct{}

func (memoryAddr) Network() string { return "memory" }
func (memoryAddr) String() string  { return "memory" }
