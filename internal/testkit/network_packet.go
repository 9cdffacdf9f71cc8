package testkit

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
)

// Datagrams that nobody reads are kept up to this many octets, then dropped,
// as a socket's receive buffer does.
const receiveBuffer = 1 << 20

// The largest UDP payloads: 65535 octets less the headers of UDP (8) and
// IPv4 (20); IPv6's length does not count its own header.
const (
	maxDatagram4 = 65535 - 20 - 8
	maxDatagram6 = 65535 - 8
)

type datagram struct {
	from endpoint
	data []byte
}

// packetConn is a datagram socket. It is a net.PacketConn, and with a remote
// endpoint a net.Conn too, as *net.UDPConn is.
type packetConn struct {
	network *Network
	local   endpoint
	remote  endpoint // zero: not connected

	mu            sync.Mutex
	cond          *sync.Cond
	queue         []datagram
	octets        int
	pending       error // what an ICMP message told
	closed        bool
	readDeadline  deadline
	writeDeadline deadline
}

func newPacketConn(n *Network, local, remote endpoint) *packetConn {
	p := &packetConn{network: n, local: local, remote: remote}
	p.cond = sync.NewCond(&p.mu)
	return p
}

func (p *packetConn) connected() bool { return p.remote.proto != "" }

// deliver queues a datagram for the reader. It reports whether the socket was
// there for it, as one connected to another peer is not; a full one drops it
// silently.
func (p *packetConn) deliver(d datagram) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	if p.connected() && d.from != p.remote {
		return false
	}
	if p.octets+len(d.data) > receiveBuffer {
		return true
	}
	p.queue = append(p.queue, d)
	p.octets += len(d.data)
	p.cond.Broadcast()
	return true
}

// receive takes one datagram; what b cannot hold of it is lost.
func (p *packetConn) receive(b []byte) (int, endpoint, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		switch {
		case p.closed:
			return 0, endpoint{}, net.ErrClosed
		case p.readDeadline.passed():
			return 0, endpoint{}, os.ErrDeadlineExceeded
		case p.pending != nil:
			err := p.pending
			p.pending = nil
			return 0, endpoint{}, os.NewSyscallError("read", err)
		case len(p.queue) > 0:
			d := p.queue[0]
			p.queue = p.queue[1:]
			p.octets -= len(d.data)
			return copy(b, d.data), d.from, nil
		}
		p.cond.Wait()
	}
}

func (p *packetConn) send(b []byte, to endpoint) error {
	if err := p.sendError(b, to); err != nil {
		return err
	}
	from := p.local
	if from.addr.IsValid() && from.addr.Addr().IsUnspecified() {
		from.addr = netip.AddrPortFrom(loopback(to.addr.Addr(), p.local.proto), from.addr.Port())
	}
	peer := p.network.packetConn(to)
	if peer != nil && peer.deliver(datagram{from: from, data: append([]byte(nil), b...)}) {
		return nil
	}
	switch {
	case to.proto == "unixgram":
		return os.NewSyscallError("write", syscall.ECONNREFUSED)
	case p.connected():
		p.mu.Lock()
		p.pending = syscall.ECONNREFUSED
		p.cond.Broadcast()
		p.mu.Unlock()
	}
	return nil
}

func (p *packetConn) sendError(b []byte, to endpoint) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	most := maxDatagram6
	if to.addr.Addr().Is4() {
		most = maxDatagram4
	}
	switch {
	case p.closed:
		return net.ErrClosed
	case p.writeDeadline.passed():
		return os.ErrDeadlineExceeded
	case p.pending != nil:
		err := p.pending
		p.pending = nil
		return os.NewSyscallError("write", err)
	case len(b) > most:
		return os.NewSyscallError("write", syscall.EMSGSIZE)
	}
	return nil
}

func (p *packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := p.receive(b)
	if err != nil {
		return 0, nil, p.opError("read", nil, err)
	}
	return n, from.netAddr(), nil
}

// ReadFromUDPAddrPort is that of *net.UDPConn.
func (p *packetConn) ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error) {
	n, from, err := p.receive(b)
	return n, from.addr, p.opError("read", nil, err)
}

func (p *packetConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	if p.connected() {
		return 0, p.opError("write", addr, errWriteToConnected)
	}
	to, err := p.destination(addr)
	if err != nil {
		return 0, p.opError("write", addr, err)
	}
	return p.written(b, addr, p.send(b, to))
}

// WriteToUDPAddrPort is that of *net.UDPConn.
func (p *packetConn) WriteToUDPAddrPort(b []byte, addr netip.AddrPort) (int, error) {
	return p.WriteTo(b, net.UDPAddrFromAddrPort(addr))
}

func (p *packetConn) destination(addr net.Addr) (endpoint, error) {
	switch a := addr.(type) {
	case *net.UDPAddr:
		if a == nil || p.local.proto != "udp" {
			break
		}
		ap := a.AddrPort()
		ip := ap.Addr().Unmap()
		if !ip.IsValid() || ip.IsUnspecified() {
			ip = loopback(netip.IPv6Unspecified(), "udp")
		}
		return endpoint{proto: "udp", addr: netip.AddrPortFrom(ip, ap.Port())}, nil
	case *net.UnixAddr:
		if a != nil && p.local.proto == "unixgram" {
			return endpoint{proto: "unixgram", path: a.Name}, nil
		}
	}
	return endpoint{}, errors.New("address of another network")
}

func (p *packetConn) Read(b []byte) (int, error) {
	n, _, err := p.receive(b)
	return n, p.opError("read", nil, err)
}

func (p *packetConn) Write(b []byte) (int, error) {
	if !p.connected() {
		return 0, p.opError("write", nil, os.NewSyscallError("write", syscall.EDESTADDRREQ))
	}
	return p.written(b, nil, p.send(b, p.remote))
}

func (p *packetConn) written(b []byte, addr net.Addr, err error) (int, error) {
	if err != nil {
		return 0, p.opError("write", addr, err)
	}
	return len(b), nil
}

func (p *packetConn) Close() error {
	p.mu.Lock()
	closed := p.closed
	p.closed = true
	p.queue, p.octets = nil, 0
	p.readDeadline.stop()
	p.writeDeadline.stop()
	p.cond.Broadcast()
	p.mu.Unlock()
	if closed {
		return p.opError("close", nil, net.ErrClosed)
	}
	p.network.mu.Lock()
	delete(p.network.packets, p.local)
	p.network.mu.Unlock()
	return nil
}

func (p *packetConn) LocalAddr() net.Addr { return p.local.netAddr() }

func (p *packetConn) RemoteAddr() net.Addr {
	if !p.connected() {
		return nil
	}
	return p.remote.netAddr()
}

func (p *packetConn) SetDeadline(t time.Time) error      { return p.setDeadlines(t, true, true) }
func (p *packetConn) SetReadDeadline(t time.Time) error  { return p.setDeadlines(t, true, false) }
func (p *packetConn) SetWriteDeadline(t time.Time) error { return p.setDeadlines(t, false, true) }

func (p *packetConn) setDeadlines(t time.Time, read, write bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return p.opError("set", nil, net.ErrClosed)
	}
	if read {
		p.readDeadline.set(t, p.wake)
	}
	if write {
		p.writeDeadline.set(t, p.wake)
	}
	p.cond.Broadcast()
	return nil
}

func (p *packetConn) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cond.Broadcast()
}

func (p *packetConn) opError(op string, addr net.Addr, err error) error {
	if err == nil {
		return nil
	}
	if addr == nil && p.connected() {
		addr = p.remote.netAddr()
	}
	return &net.OpError{Op: op, Net: p.local.proto, Source: p.local.netAddr(), Addr: addr, Err: err}
}
