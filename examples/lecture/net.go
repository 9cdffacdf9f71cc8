package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"reflect"
	"strings"
	"sync"
	"text/tabwriter"

	"applayer/sockets"
)

// Network is what the scenes listen and dial on: the loopback interface in
// the program, an in-memory network inside a synctest bubble in tests.
type Network interface {
	Listen(ctx context.Context, network, addr string) (net.Listener, error)
	Dial(ctx context.Context, network, addr string) (net.Conn, error)
	// DialFrom dials from the address local, whose port may be 0.
	DialFrom(ctx context.Context, network, local, addr string) (net.Conn, error)
	ListenPacket(ctx context.Context, network, addr string) (net.PacketConn, error)
}

// Net is the stage of one scene: its listeners and dials under the lecture's
// names and addresses, the tap on what they exchange, and the report. Its
// methods are safe for concurrent use.
type Net struct {
	network    Network
	transcript *sockets.Transcript
	tap        func(net.Conn) net.Conn
	spoil      func(toClient bool, b []byte)

	mu             sync.Mutex
	out            io.Writer
	local          map[string]string // the lecture's address → ours
	hosts          map[string]string // the lecture's host → 127.x.y.z
	ports          map[string]string // the lecture's port → ours
	passed, failed int
}

// NetOptions are what a stage may have beside its network.
type NetOptions struct {
	// Tap stands on the wire of each connection that is dialled.
	Tap func(net.Conn) net.Conn
	// Spoil may change octets on their way; a test shows with it that a scene
	// notices.
	Spoil func(toClient bool, b []byte)
}

// dialogueLine is how much of a long line the printed dialogue shows, in
// octets.
const dialogueLine = 120

// NewNet makes the stage of one scene, which reports to out.
func NewNet(network Network, out io.Writer, opts NetOptions) *Net {
	n := &Net{
		network: network, out: out, tap: opts.Tap, spoil: opts.Spoil,
		local: map[string]string{}, hosts: map[string]string{}, ports: map[string]string{},
	}
	n.transcript = sockets.NewTranscript(&sockets.TranscriptOptions{Live: lineWriter{n}, MaxLine: dialogueLine})
	return n
}

// lineWriter lets the live transcript and the report share one stream.
type lineWriter struct{ n *Net }

func (w lineWriter) Write(p []byte) (int, error) {
	w.n.mu.Lock()
	defer w.n.mu.Unlock()
	return w.n.out.Write(p)
}

// Listen listens where the lecture's addr, as in "www.someSchool.edu:80",
// lies on this machine.
func (n *Net) Listen(ctx context.Context, network, addr string) (net.Listener, error) {
	ln, err := n.network.Listen(ctx, network, n.place(network, addr))
	if err != nil {
		return nil, err
	}
	n.placed(network, addr, ln.Addr())
	return ln, nil
}

// ListenPacket is [Net.Listen] for datagrams.
func (n *Net) ListenPacket(ctx context.Context, network, addr string) (net.PacketConn, error) {
	pc, err := n.network.ListenPacket(ctx, network, n.place(network, addr))
	if err != nil {
		return nil, err
	}
	n.placed(network, addr, pc.LocalAddr())
	return pc, nil
}

// Dial connects to the lecture's addr, where somebody must listen, since no
// name is looked up outside of the stage. The tap stands on the connection, and
// what passes is printed as a dialogue, the dialler being C.
func (n *Net) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	return n.DialNamed(ctx, "", network, addr)
}

// DialNamed is [Net.Dial] for a scene of several connections: name stands
// beside C and S.
func (n *Net) DialNamed(ctx context.Context, name, network, addr string) (net.Conn, error) {
	nc, err := n.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return n.tapped(nc, name), nil
}

// dialer is [Net.DialNamed] of one name, for clients that dial themselves.
func (n *Net) dialer(name string) dialFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		return n.DialNamed(ctx, name, network, addr)
	}
}

// DialUntold is [Net.Dial] without the dialogue, for what would fill it.
func (n *Net) DialUntold(ctx context.Context, network, addr string) (net.Conn, error) {
	nc, err := n.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return n.tappedUntold(nc), nil
}

func (n *Net) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	local := n.LocalAddr(network, addr)
	// Nothing leaves the machine: not by a name, nor by an address of the lecture
	// where nobody listens.
	if host, _, err := net.SplitHostPort(local); err == nil && !isUnix(network) && !net.ParseIP(host).IsLoopback() {
		return nil, fmt.Errorf("%s %s: nobody listens there on this stage", network, addr)
	}
	return n.network.Dial(ctx, network, local)
}

// tapped is a client's connection with the taps on it.
func (n *Net) tapped(nc net.Conn, name string) net.Conn {
	return n.transcript.Conn(n.tappedUntold(nc), name, false)
}

func (n *Net) tappedUntold(nc net.Conn) net.Conn {
	if n.spoil != nil {
		nc = &spoiledConn{Conn: nc, spoil: n.spoil}
	}
	if n.tap != nil {
		nc = n.tap(nc)
	}
	return nc
}

// LocalAddr is where the lecture's addr lies on this machine, or addr itself
// where nobody listens.
func (n *Net) LocalAddr(network, addr string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if local, ok := n.local[key(network, addr)]; ok {
		return local
	}
	return addr
}

// key is what n.local knows an address by: names of hosts have no case
// (RFC 4343 §2), those of files have.
func key(network, addr string) string {
	if !isUnix(network) {
		addr = strings.ToLower(addr)
	}
	return network + " " + addr
}

func isUnix(network string) bool { return strings.HasPrefix(network, "unix") }

// place chooses an address of the machine for one of the lecture: each host
// gets a 127.x.y.z of its own, and a port of the lecture is one port of ours
// on all of them.
func (n *Net) place(network, addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || isUnix(network) {
		return addr
	}
	host = strings.ToLower(host)
	n.mu.Lock()
	defer n.mu.Unlock()
	if _, ok := n.hosts[host]; !ok {
		n.hosts[host] = loopbackHost(len(n.hosts) + 1)
	}
	ours, ok := n.ports[network+port]
	if !ok {
		ours = "0"
	}
	return net.JoinHostPort(n.hosts[host], ours)
}

// placed remembers and prints where addr came to lie.
func (n *Net) placed(network, addr string, local net.Addr) {
	n.mu.Lock()
	n.local[key(network, addr)] = local.String()
	if _, port, err := net.SplitHostPort(addr); err == nil {
		if _, ours, err := net.SplitHostPort(local.String()); err == nil {
			n.ports[network+port] = ours
		}
	}
	n.mu.Unlock()
	n.Printf("%s %s is %s", network, addr, local)
}

// Printf prints a line of explanation.
func (n *Net) Printf(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	fmt.Fprintf(n.out, "   "+format+"\n", args...)
}

// Table prints rows in columns, the first row being their headings.
func (n *Net) Table(rows ...[]string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	tw := tabwriter.NewWriter(n.out, 0, 8, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintf(tw, "   %s\n", strings.Join(row, "\t"))
	}
	tw.Flush()
}

// Expect checks one outcome, and prints what was expected and, where it
// differs, what came out. It tells whether they are equal.
func (n *Net) Expect(what string, want, got any) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !reflect.DeepEqual(want, got) {
		n.failed++
		fmt.Fprintf(n.out, "   FAIL  %s: expected %s, got %s\n", what, show(want), show(got))
		return false
	}
	n.passed++
	fmt.Fprintf(n.out, "   ok    %s: %s\n", what, show(want))
	return true
}

func show(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("%q", v)
	case []byte:
		return fmt.Sprintf("% x", v)
	default:
		return fmt.Sprint(v)
	}
}

// leave ends the report, and returns where it went.
func (n *Net) leave() io.Writer {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := n.out
	n.out = io.Discard
	return out
}

func (n *Net) outcomes() (passed, failed int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.passed, n.failed
}

// spoiledConn changes octets between the wire and its user.
type spoiledConn struct {
	net.Conn
	spoil func(toClient bool, b []byte)
}

func (c *spoiledConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.spoil(true, p[:n])
	return n, err
}

func (c *spoiledConn) Write(p []byte) (int, error) {
	spoiled := append([]byte(nil), p...)
	c.spoil(false, spoiled)
	return c.Conn.Write(spoiled)
}

// CloseWrite half-closes the connection below.
func (c *spoiledConn) CloseWrite() error {
	if hc, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return hc.CloseWrite()
	}
	return nil
}
