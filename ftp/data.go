package ftp

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"applayer/sockets"
)

// dataPort is what there is for the next data connection: a listener, or the
// address where the client listens.
type dataPort struct {
	ln      net.Listener
	peer    net.Addr      // who may connect, nil for anybody
	waiter  *portWaiter   // begins to wait, when nothing else has
	arrived chan net.Conn // of the waiter: the connection, or closed without one
	target  netip.AddrPort
	used    bool // the queue has given the connection, and the listener is idle
}

// listen opens a passive data port in place of the one before. Whether a command
// comes soon or not, the client's connection is waited for, so that nobody
// else's takes its place.
func (sc *serverConn) listen() (net.Addr, error) {
	sc.data.close()
	ln, err := sc.listener()
	if err != nil {
		sc.srv.logger().Warn("no data port", "peer", sc.nc.RemoteAddr(), "err", err)
		return nil, err
	}
	d := dataPort{ln: ln, peer: sc.nc.RemoteAddr(), arrived: make(chan net.Conn, 1)}
	if sc.srv.AllowForeignData {
		d.peer = nil
	}
	d.waiter = &sc.waiter
	sc.waiter.watch(d)
	sc.data = d
	return sc.publicAddr(ln), nil
}

// listener opens a data port, or gives the one that was kept.
func (sc *serverConn) listener() (net.Listener, error) {
	if ln := sc.kept; ln != nil {
		sc.kept = nil
		return ln, nil
	}
	host, _, err := net.SplitHostPort(sc.nc.LocalAddr().String())
	if err != nil {
		return nil, err // it is no TCP connection
	}
	return sc.srv.listenData(sc.ctx, host)
}

// dropData closes the data port, or keeps a listener that did its work.
func (sc *serverConn) dropData() {
	if sc.data.used && sc.srv.KeepDataPort {
		sc.kept = sc.data.ln
		sc.data = dataPort{}
		return
	}
	sc.data.close()
}

// wait waits for the client's connection. When it has come nobody else is
// listened to (RFC 2577 §8).
func (d dataPort) wait() {
	defer close(d.arrived)
	defer d.ln.Close()
	if nc := d.accept(d.ln.Accept); nc != nil {
		d.arrived <- nc
	}
}

// accept takes the client's connection of those that next gives, and closes
// those of others. It is nil when next has no more.
func (d dataPort) accept(next func() (net.Conn, error)) net.Conn {
	for {
		nc, err := next()
		if err != nil || nc == nil {
			return nil
		}
		if d.peer == nil || samePeer(nc.RemoteAddr(), d.peer) {
			return nc
		}
		nc.Close()
	}
}

// samePeer tells whether two addresses are of one host.
func samePeer(a, b net.Addr) bool {
	from := addrOf(a)
	return from.IsValid() && from == addrOf(b)
}

// close closes the port, and a connection that came and was not used.
func (d *dataPort) close() {
	if d.ln != nil {
		d.ln.Close()
		if !d.used && !d.waiter.release() {
			for nc := range d.arrived {
				nc.Close()
			}
		}
	}
	*d = dataPort{}
}

// queueWait and queueLook bound the look into the system's queue: in time, where
// the listener is somebody else's, and in connections of strangers.
const (
	queueWait = time.Millisecond
	queueLook = 16
)

// take gives the data connection if it stands already, and else nil; then it is
// waited for from here on.
func (d *dataPort) take() (nc net.Conn) {
	if d.ln == nil {
		return nil
	}
	if d.waiter.release() {
		nc = d.look()
		if d.used = nc != nil; !d.used {
			go d.wait()
		}
		return nc
	}
	select {
	case nc = <-d.arrived:
		if nc != nil {
			d.close()
		}
	default:
	}
	return nc
}

// look takes the client's connection if it stands already.
func (d *dataPort) look() net.Conn {
	switch ln := d.ln.(type) {
	case *sockets.LazyListener:
		left := queueLook
		return d.accept(func() (net.Conn, error) {
			if left--; left < 0 {
				return nil, nil
			}
			return ln.TryAccept()
		})
	case interface{ SetDeadline(time.Time) error }:
		ln.SetDeadline(time.Now().Add(queueWait))
		defer ln.SetDeadline(time.Time{})
		return d.accept(d.ln.Accept)
	}
	return nil
}

// connect waits for the data connection, or makes it. It is the caller's.
func (sc *serverConn) connect(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, sc.srv.timeouts.Data)
	defer cancel()
	if sc.data.ln == nil {
		target := sc.data.target
		sc.data.target = netip.AddrPort{}
		return sc.srv.dialData(ctx, sc.nc.LocalAddr(), target)
	}
	select {
	case nc := <-sc.data.arrived:
		if nc == nil {
			return nil, errNoListener
		}
		sc.data.close()
		return nc, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// listenData opens a data port on a host.
func (s *Server) listenData(ctx context.Context, host string) (net.Listener, error) {
	any := net.JoinHostPort(host, "0")
	switch {
	case s.ListenData != nil:
		return s.ListenData(ctx, "tcp", any)
	case !s.PassivePorts.IsZero():
		return sockets.ListenRange(ctx, "tcp", host, s.PassivePorts.Lo, s.PassivePorts.Hi)
	}
	for range portTries {
		l, err := sockets.ListenLazy(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(randomPort())))
		if err == nil {
			return l, nil
		}
	}
	return sockets.ListenLazy(ctx, "tcp", any)
}

// portTries is how many ports are tried before the system is asked for one. It
// passes over all on which a connection ended in the last minute, so that its
// search takes the longer the more files were sent; a bind to one of them by
// its number goes well.
const portTries = 4

// ephemeral is the range of ports that the system gives out, else the dynamic
// ports (RFC 6335 §6).
var ephemeral = sync.OnceValue(func() sockets.PortRange {
	lo, hi, err := sockets.EphemeralRange()
	if err != nil || lo == 0 || lo > hi {
		return sockets.PortRange{Lo: 49152, Hi: 65535}
	}
	return sockets.PortRange{Lo: lo, Hi: hi}
})

// randomPort returns one of those that nobody can foretell: a stranger could
// connect to it before the client does (RFC 2577 §8).
func randomPort() int {
	var b [4]byte
	rand.Read(b[:])
	r := ephemeral()
	return int(r.Lo) + int(binary.LittleEndian.Uint32(b[:])%(uint32(r.Hi)-uint32(r.Lo)+1))
}

// lowPort remembers that the port below the control connection's cannot be had,
// so that it is not asked for each time.
type lowPort struct{ refused atomic.Bool }

// dialData connects to where the client listens: from the port below the control
// connection's if the system lets us (RFC 959 §3.2), else from any.
func (s *Server) dialData(ctx context.Context, local net.Addr, to netip.AddrPort) (net.Conn, error) {
	if !to.IsValid() {
		return nil, errNoDataConn
	}
	from := netip.AddrPortFrom(addrOf(local), portOf(local)-1)
	if s.DialData != nil {
		nc, err := s.DialData(ctx, "tcp", from.String(), to.String())
		if err != nil && ctx.Err() == nil {
			nc, err = s.DialData(ctx, "tcp", net.JoinHostPort(from.Addr().String(), "0"), to.String())
		}
		return nc, err
	}
	d := sockets.Dialer{LocalAddr: from.Addr()}
	if from.Port() > 0 && !s.noLow.refused.Load() {
		low := d
		low.LocalPorts = sockets.PortRange{Lo: from.Port(), Hi: from.Port()}
		nc, err := low.Dial(ctx, "tcp", to.String())
		if err == nil || errors.Is(err, syscall.ECONNREFUSED) || ctx.Err() != nil {
			return nc, err
		}
		if errors.Is(err, fs.ErrPermission) {
			s.noLow.refused.Store(true)
		}
	}
	return d.Dial(ctx, "tcp", to.String())
}
