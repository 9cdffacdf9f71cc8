package ftp

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"sync/atomic"
	"syscall"

	"applayer/sockets"
)

// dataPort is what there is for the next data connection: a listener, or the
// address where the client listens.
type dataPort struct {
	ln      net.Listener
	arrived chan net.Conn // of ln: the connection, or closed without one
	target  netip.AddrPort
}

// listen opens a passive data port in place of the one before. From then on the
// client's connection is waited for, so that it is known whether it stands when
// a transfer begins, and so that nobody else's takes its place.
func (sc *serverConn) listen() (net.Addr, error) {
	sc.data.close()
	host, _, err := net.SplitHostPort(sc.nc.LocalAddr().String())
	if err != nil {
		return nil, err // it is no TCP connection
	}
	ln, err := sc.srv.listenData(sc.ctx, host)
	if err != nil {
		sc.srv.logger().Warn("no data port", "peer", sc.nc.RemoteAddr(), "err", err)
		return nil, err
	}
	peer := sc.nc.RemoteAddr()
	if sc.srv.AllowForeignData {
		peer = nil
	}
	sc.data.ln, sc.data.arrived = ln, make(chan net.Conn, 1)
	go accept(ln, peer, sc.data.arrived)
	return sc.publicAddr(ln), nil
}

// accept waits for a connection of the peer's, and closes those of others. When
// it has one nobody else is listened to (RFC 2577 §8).
func accept(ln net.Listener, peer net.Addr, arrived chan<- net.Conn) {
	defer close(arrived)
	defer ln.Close()
	for {
		nc, err := ln.Accept()
		if err != nil {
			return
		}
		if peer == nil || samePeer(nc.RemoteAddr(), peer) {
			arrived <- nc
			return
		}
		nc.Close()
	}
}

// samePeer tells whether two addresses are of one host.
func samePeer(a, b net.Addr) bool {
	if a, b := addrOf(a), addrOf(b); a.IsValid() || b.IsValid() {
		return a == b
	}
	return a != nil && b != nil && a.Network() == b.Network()
}

// close closes the port, and a connection that came and was not used.
func (d *dataPort) close() {
	if d.ln != nil {
		d.ln.Close()
		for nc := range d.arrived {
			nc.Close()
		}
	}
	*d = dataPort{}
}

// open tells whether a data connection stands already.
func (d *dataPort) open() bool { return len(d.arrived) > 0 }

// connect gives the data connection, which is the caller's. It ends the port.
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

// listenConfig does without multipath TCP: data ports are many and short-lived.
var listenConfig = func() (lc net.ListenConfig) {
	lc.SetMultipathTCP(false)
	lc.KeepAliveConfig = net.KeepAliveConfig{Enable: false}
	lc.KeepAlive = -1
	return lc
}()

// listenData opens a data port on a host.
func (s *Server) listenData(ctx context.Context, host string) (net.Listener, error) {
	any := net.JoinHostPort(host, "0")
	switch {
	case s.ListenData != nil:
		return s.ListenData(ctx, "tcp", any)
	case !s.PassivePorts.IsZero():
		return sockets.ListenRange(ctx, "tcp", host, s.PassivePorts.Lo, s.PassivePorts.Hi)
	}
	return listenConfig.Listen(ctx, "tcp", any)
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
