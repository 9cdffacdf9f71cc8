package resolver_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"applayer/dns"
	"applayer/internal/testkit"
)

// memoryNet carries messages between a resolver and the servers of a scenario,
// in a synctest bubble, where time passes by itself.
type memoryNet struct {
	servers *network
	hold    func(*sent) bool // whether a step will check and answer the message
	lenient bool             // what no entry answers may wait for ever

	*testkit.Network

	mu      sync.Mutex
	err     error
	held    []*heldMessage
	sockets map[netip.AddrPort]net.PacketConn
	open    []io.Closer
}

// newMemoryNet starts the servers whose addresses the scenario gives.
func newMemoryNet(s *scenario) (*memoryNet, error) {
	m := &memoryNet{servers: &network{s: s}, Network: testkit.NewNetwork(), sockets: map[netip.AddrPort]net.PacketConn{}}
	for _, g := range s.Ranges {
		for _, a := range g.Addresses {
			if err := m.listen(netip.AddrPortFrom(a, 53)); err != nil {
				return nil, err
			}
		}
	}
	return m, nil
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
	if m.lenient && errors.Is(err, errUnanswered) {
		m.held = append(m.held, h) // a later step may answer it
		return
	}
	if err != nil {
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

// DialContext connects to a simulated server, which begins to listen with the
// first connection to it.
func (m *memoryNet) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	server, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, err
	}
	if err := m.listen(server); err != nil {
		return nil, err
	}
	return m.Network.Dial(ctx, network, address)
}

// listen has a server listen, over UDP and TCP.
func (m *memoryNet) listen(server netip.AddrPort) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sockets[server] != nil {
		return nil
	}
	pc, err := m.socket(server)
	if err != nil {
		return err
	}
	l, err := m.Network.Listen(context.Background(), "tcp", server.String())
	if err != nil {
		return err
	}
	m.open = append(m.open, l)
	go m.serveDatagrams(pc, server)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go m.serveStream(c, server)
		}
	}()
	return nil
}

// socket returns the socket at addr from which datagrams are sent. The lock is
// held.
func (m *memoryNet) socket(addr netip.AddrPort) (net.PacketConn, error) {
	if pc := m.sockets[addr]; pc != nil {
		return pc, nil
	}
	pc, err := m.Network.ListenPacket(context.Background(), "udp", addr.String())
	if err == nil {
		m.sockets[addr] = pc
		m.open = append(m.open, pc)
	}
	return pc, err
}

// Close ends all servers and their connections.
func (m *memoryNet) Close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.open {
		c.Close()
	}
}

// serveDatagrams is a server's UDP side.
func (m *memoryNet) serveDatagrams(pc net.PacketConn, server netip.AddrPort) {
	b := make([]byte, dns.MaxMessage)
	for {
		n, from, err := pc.ReadFrom(b)
		if err != nil {
			return
		}
		m.message(server, false, b[:n], func(d delivery) {
			m.mu.Lock()
			out, err := m.socket(d.From)
			m.mu.Unlock()
			if err == nil {
				_, err = out.WriteTo(d.Msg, from)
			}
			if err != nil {
				return // the asker is gone by then, as askers are
			}
		})
	}
}

// serveStream is a server's side of a TCP connection (RFC 1035 §4.2.2).
func (m *memoryNet) serveStream(c net.Conn, server netip.AddrPort) {
	defer c.Close()
	m.mu.Lock()
	m.open = append(m.open, c)
	m.mu.Unlock()
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

// String lists what was sent, for a scenario that failed.
func (m *memoryNet) String() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var b strings.Builder
	for _, q := range m.servers.sent {
		fmt.Fprintf(&b, "\t%v\n", q)
	}
	return b.String()
}
