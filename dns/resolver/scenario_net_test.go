package resolver_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"applayer/internal/testkit"
)

// memoryNet carries messages between a resolver and the servers of a scenario,
// in a synctest bubble, where time passes by itself.
type memoryNet struct {
	servers *network
	hold    func(*sent) bool // whether a step will check and answer the message
	lenient bool             // what no entry answers is lost, and no failure

	mu    sync.Mutex
	err   error
	held  []*heldMessage
	conns []io.Closer
	port  uint16
}

// heldMessage waits for a step to answer it.
type heldMessage struct {
	*sent
	reply func(delivery)
}

// fail keeps the first error; the scenario fails with it.
func (m *memoryNet) fail(err error) {
	if m.err == nil {
		m.err = err
	}
}

// message takes a message that the resolver sent and has it answered.
func (m *memoryNet) message(server netip.AddrPort, tcp bool, msg []byte, reply func(delivery)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	q, err := m.servers.receive(server, tcp, msg)
	if err != nil {
		m.fail(err)
		return
	}
	h := &heldMessage{q, reply}
	if m.hold != nil && m.hold(q) {
		m.held = append(m.held, h)
		return
	}
	m.answer(h)
}

// answer lets the ranges answer h. The lock is held.
func (m *memoryNet) answer(h *heldMessage) {
	ds, err := m.servers.replies(h.sent)
	if err != nil && !(m.lenient && errors.Is(err, errUnanswered)) {
		m.fail(err)
	}
	for _, d := range ds {
		time.AfterFunc(d.After, func() { h.reply(d) })
	}
}

// release lets the ranges answer what no step will answer.
func (m *memoryNet) release() {
	m.mu.Lock()
	defer m.mu.Unlock()
	held := m.held
	m.held = nil
	for _, h := range held {
		if m.hold != nil && m.hold(h.sent) {
			m.held = append(m.held, h)
			continue
		}
		m.answer(h)
	}
}

// local makes an address of our side.
func (m *memoryNet) local() netip.AddrPort {
	m.port++
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 20000+m.port)
}

// DialContext connects to a simulated server.
func (m *memoryNet) DialContext(_ context.Context, network, address string) (net.Conn, error) {
	server, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if network[:3] == "udp" {
		c := newMemorySocket(m, m.local(), server)
		m.conns = append(m.conns, c)
		return c, nil
	}
	near, far := testkit.Pipe()
	m.conns = append(m.conns, far)
	go m.serveStream(far, server)
	return near, nil
}

// ListenPacket opens a socket that takes datagrams from any server.
func (m *memoryNet) ListenPacket(context.Context, string, string) (net.PacketConn, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := newMemorySocket(m, m.local(), netip.AddrPort{})
	m.conns = append(m.conns, c)
	return c, nil
}

// Close ends all connections.
func (m *memoryNet) Close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.conns {
		c.Close()
	}
}

// serveStream is a server's side of a TCP connection (RFC 1035 §4.2.2).
func (m *memoryNet) serveStream(c net.Conn, server netip.AddrPort) {
	defer c.Close()
	var mu sync.Mutex
	for {
		var length [2]byte
		if _, err := io.ReadFull(c, length[:]); err != nil {
			return
		}
		msg := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(c, msg); err != nil {
			return
		}
		m.message(server, true, msg, func(d delivery) {
			mu.Lock()
			defer mu.Unlock()
			// The peer may be gone by then, as peers are.
			_, _ = c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(d.Msg))), d.Msg...))
		})
	}
}

// memorySocket is a UDP socket, connected to a server or not.
type memorySocket struct {
	net    *memoryNet
	local  netip.AddrPort
	server netip.AddrPort // zero where it is not connected
	in     chan delivery
	done   chan struct{}
	once   sync.Once

	mu       sync.Mutex
	deadline time.Time
	changed  chan struct{} // closed when the deadline changes
}

func newMemorySocket(m *memoryNet, local, server netip.AddrPort) *memorySocket {
	return &memorySocket{net: m, local: local, server: server, in: make(chan delivery, 64), done: make(chan struct{}), changed: make(chan struct{})}
}

// errNotConnected means a Write without an address.
var errNotConnected = errors.New("socket is not connected")

func (s *memorySocket) Write(b []byte) (int, error) {
	if !s.server.IsValid() {
		return 0, errNotConnected
	}
	return s.send(b, s.server)
}

func (s *memorySocket) WriteTo(b []byte, to net.Addr) (int, error) {
	server, err := netip.ParseAddrPort(to.String())
	if err != nil {
		return 0, err
	}
	return s.send(b, server)
}

func (s *memorySocket) send(b []byte, server netip.AddrPort) (int, error) {
	select {
	case <-s.done:
		return 0, net.ErrClosed
	default:
	}
	s.net.message(server, false, slices.Clone(b), s.deliver)
	return len(b), nil
}

// deliver puts a datagram into the socket. A connected one takes those of its
// server alone, as the system sees to.
func (s *memorySocket) deliver(d delivery) {
	if s.server.IsValid() && d.From != s.server {
		return
	}
	select {
	case s.in <- d:
	default: // full: datagrams get lost
	}
}

func (s *memorySocket) Read(b []byte) (int, error) {
	n, _, err := s.ReadFrom(b)
	return n, err
}

func (s *memorySocket) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		d, again, err := s.take()
		if err != nil {
			return 0, nil, err
		}
		if !again {
			return copy(b, d.Msg), net.UDPAddrFromAddrPort(d.From), nil
		}
	}
}

// take waits for a datagram; again is true where the deadline was moved.
func (s *memorySocket) take() (d delivery, again bool, err error) {
	s.mu.Lock()
	deadline, changed := s.deadline, s.changed
	s.mu.Unlock()
	var passed <-chan time.Time
	if !deadline.IsZero() {
		timer := time.NewTimer(max(0, time.Until(deadline)))
		defer timer.Stop()
		passed = timer.C
	}
	select {
	case d = <-s.in:
		return d, false, nil
	case <-s.done:
		return d, false, net.ErrClosed
	case <-passed:
		return d, false, os.ErrDeadlineExceeded
	case <-changed:
		return d, true, nil
	}
}

func (s *memorySocket) SetReadDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deadline = t
	close(s.changed)
	s.changed = make(chan struct{})
	return nil
}

func (s *memorySocket) SetDeadline(t time.Time) error    { return s.SetReadDeadline(t) }
func (s *memorySocket) SetWriteDeadline(time.Time) error { return nil }
func (s *memorySocket) LocalAddr() net.Addr              { return net.UDPAddrFromAddrPort(s.local) }

func (s *memorySocket) RemoteAddr() net.Addr {
	if !s.server.IsValid() {
		return nil
	}
	return net.UDPAddrFromAddrPort(s.server)
}

func (s *memorySocket) Close() error {
	s.once.Do(func() { close(s.done) })
	return nil
}
