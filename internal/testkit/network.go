package testkit

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// Network is a network in memory: any address can be listened on, and
// nothing leaves the process. Networks are tcp, tcp4, tcp6, udp, udp4, udp6,
// unix and unixgram; hosts are IP addresses, "localhost" or empty. A
// listener on an unspecified address takes what is sent to any address of
// its port. Connections behave as those of [Pipe]. Goroutines may share it.
type Network struct {
	mu        sync.Mutex
	listeners map[endpoint]*listener
	packets   map[endpoint]*packetConn
	port      uint16 // the last one handed out
	name      int    // the last Unix-domain name handed out
}

// NewNetwork returns an empty network.
func NewNetwork() *Network {
	return &Network{
		listeners: map[endpoint]*listener{},
		packets:   map[endpoint]*packetConn{},
		port:      49151,
	}
}

// endpoint is what a socket is named by: protocol, address and port, or a
// path.
type endpoint struct {
	proto string // tcp, udp, unix, unixgram
	addr  netip.AddrPort
	path  string
}

func (e endpoint) netAddr() net.Addr {
	switch e.proto {
	case "tcp":
		return net.TCPAddrFromAddrPort(e.addr)
	case "udp":
		return net.UDPAddrFromAddrPort(e.addr)
	}
	return &net.UnixAddr{Name: e.path, Net: e.proto}
}

// overlaps tells whether e and f cannot be bound at once.
func (e endpoint) overlaps(f endpoint) bool {
	if e.proto != f.proto || e.path != f.path || e.addr.Port() != f.addr.Port() {
		return false
	}
	a, b := e.addr.Addr(), f.addr.Addr()
	return a == b || covers(a, b) || covers(b, a)
}

// covers tells whether a socket bound to a takes what is sent to b. The
// IPv6 unspecified address takes both families, as Linux does by default.
func covers(a, b netip.Addr) bool {
	return a.IsValid() && a.IsUnspecified() && (a.Is6() || b.Is4())
}

// Listen announces on a stream network. Port 0 picks a free one.
func (n *Network) Listen(ctx context.Context, network, addr string) (net.Listener, error) {
	if err := ctx.Err(); err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	e, err := resolve(network, addr, "tcp", "unix")
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if e, err = n.claim(e); err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: e.netAddr(), Err: err}
	}
	l := newListener(n, e)
	n.listeners[e] = l
	return l, nil
}

// ListenPacket announces on a datagram network. Port 0 picks a free one.
func (n *Network) ListenPacket(ctx context.Context, network, addr string) (net.PacketConn, error) {
	if err := ctx.Err(); err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	e, err := resolve(network, addr, "udp", "unixgram")
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if e, err = n.claim(e); err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: e.netAddr(), Err: err}
	}
	p := newPacketConn(n, e, endpoint{})
	n.packets[e] = p
	return p, nil
}

// Dial connects to addr, from a loopback address. It gives ECONNREFUSED for
// streams where nobody listens, ENOENT for a path; a datagram socket learns
// of it by the first Read or Write after one that reached nobody. Dial waits
// while the listener's queue is full.
func (n *Network) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	return n.DialFrom(ctx, network, "", addr)
}

// DialFrom is [Network.Dial] from the given local address; empty is any.
func (n *Network) DialFrom(ctx context.Context, network, local, addr string) (net.Conn, error) {
	fail := func(e endpoint, err error) (net.Conn, error) {
		op := &net.OpError{Op: "dial", Net: network, Err: err}
		if e.proto != "" {
			op.Addr = e.netAddr()
		}
		return nil, op
	}
	if err := ctx.Err(); err != nil {
		return fail(endpoint{}, err)
	}
	to, err := resolve(network, addr, "tcp", "unix", "udp", "unixgram")
	if err != nil {
		return fail(endpoint{}, err)
	}
	if to.addr.IsValid() && to.addr.Addr().IsUnspecified() {
		to.addr = netip.AddrPortFrom(loopback(to.addr.Addr(), network), to.addr.Port())
	}
	from := endpoint{proto: to.proto}
	if to.addr.IsValid() {
		from.addr = netip.AddrPortFrom(loopback(to.addr.Addr(), network), 0)
	}
	if local != "" {
		if from, err = resolve(network, local, to.proto); err != nil {
			return fail(to, err)
		}
	}
	if to.proto == "udp" || to.proto == "unixgram" {
		return n.connect(from, to, fail)
	}
	n.mu.Lock()
	l, free := n.listener(to), from
	if from.addr.Port() == 0 {
		free = n.free(from)
	}
	n.mu.Unlock()
	if l == nil {
		return fail(to, os.NewSyscallError("connect", refused(to)))
	}
	c, err := l.connect(ctx, free, to)
	if err != nil {
		return fail(to, err)
	}
	return c, nil
}

// connect makes a datagram socket with a fixed peer.
func (n *Network) connect(from, to endpoint, fail func(endpoint, error) (net.Conn, error)) (net.Conn, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if to.proto == "unixgram" && n.packets[to] == nil {
		return fail(to, os.NewSyscallError("connect", refused(to)))
	}
	from, err := n.claim(from)
	if err != nil {
		return fail(to, err)
	}
	p := newPacketConn(n, from, to)
	n.packets[from] = p
	return p, nil
}

func refused(to endpoint) error {
	if to.addr.IsValid() {
		return syscall.ECONNREFUSED
	}
	return syscall.ENOENT
}

// listener finds who listens for to; the more exact one goes first.
func (n *Network) listener(to endpoint) *listener {
	for _, e := range candidates(to) {
		if l := n.listeners[e]; l != nil {
			return l
		}
	}
	return nil
}

func (n *Network) packetConn(to endpoint) *packetConn {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range candidates(to) {
		if p := n.packets[e]; p != nil {
			return p
		}
	}
	return nil
}

func candidates(to endpoint) []endpoint {
	if !to.addr.IsValid() {
		return []endpoint{to}
	}
	four, six := to, to
	four.addr = netip.AddrPortFrom(netip.IPv4Unspecified(), to.addr.Port())
	six.addr = netip.AddrPortFrom(netip.IPv6Unspecified(), to.addr.Port())
	if to.addr.Addr().Is4() {
		return []endpoint{to, four, six}
	}
	return []endpoint{to, six}
}

// claim checks that e is free and fills a port of 0, or an empty name.
func (n *Network) claim(e endpoint) (endpoint, error) {
	if (e.addr.IsValid() && e.addr.Port() == 0) || (!e.addr.IsValid() && e.path == "") {
		return n.free(e), nil
	}
	if n.taken(e) {
		return e, os.NewSyscallError("bind", syscall.EADDRINUSE)
	}
	return e, nil
}

func (n *Network) taken(e endpoint) bool {
	for f := range n.listeners {
		if e.overlaps(f) {
			return true
		}
	}
	for f := range n.packets {
		if e.overlaps(f) {
			return true
		}
	}
	return false
}

// free returns e with a port of the dynamic range (RFC 6335 §6) that nobody
// uses, or with an abstract name as Linux gives.
func (n *Network) free(e endpoint) endpoint {
	for {
		if e.addr.IsValid() {
			n.port++
			if n.port < 49152 {
				n.port = 49152
			}
			e.addr = netip.AddrPortFrom(e.addr.Addr(), n.port)
		} else {
			n.name++
			e.path = "@" + strconv.Itoa(n.name)
		}
		if !n.taken(e) {
			return e
		}
	}
}

func loopback(like netip.Addr, network string) netip.Addr {
	if like.Is4() || (like.IsUnspecified() && !strings.HasSuffix(network, "6")) {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return netip.IPv6Loopback()
}

// resolve reads an address of one of the given protocols.
func resolve(network, addr string, protos ...string) (endpoint, error) {
	proto := strings.TrimRight(network, "46")
	known := false
	for _, p := range protos {
		known = known || p == proto
	}
	if !known {
		return endpoint{}, net.UnknownNetworkError(network)
	}
	if proto == "unix" || proto == "unixgram" {
		return endpoint{proto: proto, path: addr}, nil
	}
	host, portText, err := net.SplitHostPort(addr)
	if err != nil {
		return endpoint{}, err
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return endpoint{}, &net.AddrError{Err: "invalid port", Addr: addr}
	}
	ip, err := resolveHost(network, host)
	if err != nil {
		return endpoint{}, err
	}
	return endpoint{proto: proto, addr: netip.AddrPortFrom(ip, uint16(port))}, nil
}

func resolveHost(network, host string) (netip.Addr, error) {
	four, six := strings.HasSuffix(network, "4"), strings.HasSuffix(network, "6")
	switch host {
	case "":
		if four {
			return netip.IPv4Unspecified(), nil
		}
		return netip.IPv6Unspecified(), nil
	case "localhost":
		return loopback(netip.IPv6Unspecified(), network), nil
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	ip = ip.Unmap()
	if (four && !ip.Is4()) || (six && !ip.Is6()) {
		return netip.Addr{}, &net.AddrError{Err: "no suitable address found", Addr: host}
	}
	return ip, nil
}

var errWriteToConnected = errors.New("use of WriteTo with pre-connected connection")
