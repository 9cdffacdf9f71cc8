package pcap

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// RecorderOptions says what a [Recorder] writes.
type RecorderOptions struct {
	Writer   WriterOptions
	Dialogue DialogueOptions
}

// Recorder writes what passes through live connections as a capture: each
// Write and each Read becomes the packets that could have carried it. The
// capture shows what the programs exchanged, in the order in which the tapped
// ends saw it, not what the network did. Tap one end of a connection, or its
// octets come twice. A Recorder may be used by many goroutines.
type Recorder struct {
	mu     sync.Mutex // also orders the packets, so it is held while they are written
	w      *Writer
	opts   DialogueOptions
	open   map[*Dialogue]struct{}
	ports  uint16 // of connections that have none, so far
	conns  uint32 // so far
	err    error
	closed bool
}

// NewRecorder records to w, which the caller closes after [Recorder.Close].
func NewRecorder(w io.Writer, options *RecorderOptions) *Recorder {
	var o RecorderOptions
	if options != nil {
		o = *options
	}
	return &Recorder{w: NewWriter(w, &o.Writer), opts: o.Dialogue, open: make(map[*Dialogue]struct{})}
}

// Close ends the connections that are still open in the capture, and tells of
// the first error in writing it. The taps go on without recording.
func (r *Recorder) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return r.err
	}
	for d := range r.open {
		r.note(d.Close(time.Now()))
	}
	r.closed = true
	r.note(r.w.Flush())
	return r.err
}

// note keeps the first error. A connection that goes on after its FIN in the
// capture is none.
func (r *Recorder) note(err error) {
	if r.err == nil && !errors.Is(err, ErrClosed) {
		r.err = err
	}
}

// do runs f under the lock, unless the recording ended.
func (r *Recorder) do(f func(now time.Time) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed && r.err == nil {
		r.note(f(time.Now()))
	}
}

// Conn taps a stream, of which nc is the server's end or the client's. The
// handshake is recorded now, the ends with CloseWrite, with Close and with the
// io.EOF that a Read gives. A Unix-domain socket has no ports: it is shown
// between port 1 and dynamic ones of 127.0.0.1, a stream as TCP, datagrams as
// UDP. A connected UDP socket is recorded as datagrams.
//
// Octets are recorded before Write hands them on, so that a reply cannot come
// before what it answers; when Write then fails, the capture holds more than
// the peer got.
func (r *Recorder) Conn(nc net.Conn, server bool) net.Conn {
	c := &tap{Conn: nc, r: r, server: server}
	r.do(func(now time.Time) error {
		client, srv, network := r.ends(nc, server)
		opts := r.opts
		r.conns++
		// Ports may come again: another sequence number tells the connections
		// apart.
		opts.ClientISN += 1000 + r.conns*100003
		opts.ServerISN += 5000 + r.conns*100003
		d, err := NewDialogue(r.w, network, client, srv, &opts)
		if err != nil {
			return err
		}
		c.d = d
		r.open[d] = struct{}{}
		return d.Open(now)
	})
	return c
}

// ends gives the addresses to show for a connection.
func (r *Recorder) ends(nc net.Conn, server bool) (client, srv netip.AddrPort, network string) {
	network = "tcp"
	switch nc.LocalAddr().Network() {
	case "udp", "unixgram":
		network = "udp"
	}
	local, remote := addrPort(nc.LocalAddr()), addrPort(nc.RemoteAddr())
	if !local.IsValid() || !remote.IsValid() {
		r.ports++
		local = netip.AddrPortFrom(loopback4, 49151+r.ports)
		remote = netip.AddrPortFrom(loopback4, 1)
		if server {
			local, remote = remote, local
		}
	}
	local, remote = sameFamily(local, remote), sameFamily(remote, local)
	if server {
		return remote, local, network
	}
	return local, remote, network
}

var (
	loopback4 = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	loopback6 = netip.IPv6Loopback()
)

// addrPort gives the address of a TCP or UDP socket, and none for others.
func addrPort(a net.Addr) netip.AddrPort {
	var p netip.AddrPort
	switch a := a.(type) {
	case *net.TCPAddr:
		p = a.AddrPort()
	case *net.UDPAddr:
		p = a.AddrPort()
	}
	return netip.AddrPortFrom(p.Addr().Unmap().WithZone(""), p.Port())
}

// sameFamily gives local in the family of remote: a socket bound to no address
// does not know which of its machine's a datagram used, so it is shown with
// that of loopback.
func sameFamily(local, remote netip.AddrPort) netip.AddrPort {
	switch {
	case !local.Addr().IsUnspecified():
		return local
	case remote.Addr().Is4():
		return netip.AddrPortFrom(loopback4, local.Port())
	}
	return netip.AddrPortFrom(loopback6, local.Port())
}

// tap is a connection under a Recorder.
type tap struct {
	net.Conn
	r      *Recorder
	d      *Dialogue // nil when its addresses could not be shown
	server bool
}

// write records octets of us or of the peer.
func (c *tap) write(ours bool, b []byte) {
	if c.d == nil || len(b) == 0 && c.d.tcp {
		return
	}
	c.r.do(func(now time.Time) error { return c.d.Write(now, ours != c.server, b) })
}

// closeWrite records a FIN.
func (c *tap) closeWrite(ours bool) {
	if c.d != nil {
		c.r.do(func(now time.Time) error { return c.d.CloseWrite(now, ours != c.server) })
	}
}

func (c *tap) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 || err == nil && len(b) > 0 {
		c.write(false, b[:n])
	}
	if err == io.EOF {
		c.closeWrite(false)
	}
	return n, err
}

func (c *tap) Write(b []byte) (int, error) {
	c.write(true, b)
	return c.Conn.Write(b)
}

// CloseWrite ends the stream and leaves the other direction open.
func (c *tap) CloseWrite() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	c.closeWrite(true)
	return half.CloseWrite()
}

// Close also records the peer's FIN, which nobody sees any more.
func (c *tap) Close() error {
	c.closeWrite(true)
	c.closeWrite(false)
	if c.d != nil {
		c.r.mu.Lock()
		delete(c.r.open, c.d)
		c.r.mu.Unlock()
	}
	return c.Conn.Close()
}

// PacketConn taps a socket for datagrams, both what it sends and what comes.
// Unix-domain datagrams are not recorded.
func (r *Recorder) PacketConn(pc net.PacketConn) net.PacketConn {
	return &packetTap{PacketConn: pc, r: r}
}

type packetTap struct {
	net.PacketConn
	r *Recorder
}

// write records one datagram between us and the peer.
func (c *packetTap) write(peer net.Addr, ours bool, b []byte) {
	local, remote := addrPort(c.LocalAddr()), addrPort(peer)
	if !local.IsValid() || !remote.IsValid() {
		return
	}
	local, remote = sameFamily(local, remote), sameFamily(remote, local)
	c.r.do(func(now time.Time) error {
		d, err := NewDialogue(c.r.w, "udp", local, remote, &c.r.opts)
		if err != nil {
			return err
		}
		return d.Write(now, ours, b)
	})
}

func (c *packetTap) ReadFrom(b []byte) (int, net.Addr, error) {
	n, peer, err := c.PacketConn.ReadFrom(b)
	if err == nil {
		c.write(peer, false, b[:n])
	}
	return n, peer, err
}

func (c *packetTap) WriteTo(b []byte, peer net.Addr) (int, error) {
	c.write(peer, true, b)
	return c.PacketConn.WriteTo(b, peer)
}
