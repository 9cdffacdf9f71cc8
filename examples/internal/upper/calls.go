package upper

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"applayer/sockets/berkeley"
)

// Socket is a connected stream socket of the Berkeley calls as a [Conn] and a
// net.Conn, of which it has no deadlines.
type Socket struct{ berkeley.FD }

// Read is recv: 0 octets mean that the peer closed its sending side. A recv
// that fails gives -1, which no reader may.
func (s Socket) Read(p []byte) (int, error) {
	n, err := s.Recv(p, 0)
	if err == nil && n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	return max(n, 0), err
}

// Write is send, again and again until the kernel has taken all of p.
func (s Socket) Write(p []byte) (int, error) {
	sent := 0
	for sent < len(p) {
		n, err := s.Send(p[sent:], berkeley.MSG_NOSIGNAL)
		if err != nil {
			return sent, err
		}
		sent += n
	}
	return sent, nil
}

// CloseWrite closes the sending side alone.
func (s Socket) CloseWrite() error { return s.Shutdown(berkeley.SHUT_WR) }

// LocalAddr is getsockname.
func (s Socket) LocalAddr() net.Addr { return netAddr(s.GetSockName()) }

// RemoteAddr is getpeername.
func (s Socket) RemoteAddr() net.Addr { return netAddr(s.GetPeerName()) }

// SetDeadline is not to be had from calls that block.
func (s Socket) SetDeadline(time.Time) error { return os.ErrNoDeadline }

// SetReadDeadline is as SetDeadline.
func (s Socket) SetReadDeadline(time.Time) error { return os.ErrNoDeadline }

// SetWriteDeadline is as SetDeadline.
func (s Socket) SetWriteDeadline(time.Time) error { return os.ErrNoDeadline }

// netAddr is a stream socket's name for package net, nil where it has none.
func netAddr(sa berkeley.Sockaddr, err error) net.Addr {
	if err != nil || sa == nil {
		return nil
	}
	if ap, ok := berkeley.AddrPortOf(sa); ok {
		return net.TCPAddrFromAddrPort(ap)
	}
	return &net.UnixAddr{Net: "unix", Name: sa.String()}
}

// SocketAddress makes the family and the socket address for addr: a path for
// the networks "unix" and "unixgram", a host and a port for the others.
func SocketAddress(ctx context.Context, network, addr string) (berkeley.Family, berkeley.Sockaddr, error) {
	if network == "unix" || network == "unixgram" {
		return berkeley.PF_UNIX, berkeley.SockaddrUn{Name: addr}, nil
	}
	host, service, err := net.SplitHostPort(addr)
	if err != nil {
		return 0, nil, err
	}
	port, err := net.DefaultResolver.LookupPort(ctx, network, service)
	if err != nil {
		return 0, nil, err
	}
	ip := netip.IPv4Unspecified()
	if host != "" {
		ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		if err != nil {
			return 0, nil, err
		}
		ip = ips[0].Unmap()
	}
	sa, err := berkeley.SockaddrFrom(netip.AddrPortFrom(ip, uint16(port)))
	if ip.Is6() {
		return berkeley.PF_INET6, sa, err
	}
	return berkeley.PF_INET, sa, err
}

// StreamConn is a [Conn] that is a net.Conn too.
type StreamConn interface {
	net.Conn
	CloseWrite() error
}

// DialSocket makes the calls of a client: socket, connect. When ctx ends, a
// blocking call on the socket returns.
func DialSocket(ctx context.Context, network, addr string) (StreamConn, error) {
	family, sa, err := SocketAddress(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	fd, err := berkeley.Socket(family, berkeley.SOCK_STREAM, 0)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { fd.Shutdown(berkeley.SHUT_RDWR) })
	if err := fd.Connect(sa); err != nil {
		stop()
		return nil, errors.Join(err, fd.Close())
	}
	return &boundSocket{Socket{fd}, stop}, nil
}

// boundSocket ends with its context, unless it is closed before.
type boundSocket struct {
	Socket
	release func() bool
}

func (s *boundSocket) Close() error {
	s.release()
	return s.Socket.Close()
}

// SocketServer makes the calls of the server: socket, bind and listen, then
// for each client accept, recv, send and close. Each client has a thread of
// the system, since the calls block.
type SocketServer struct {
	// Wrap, where it is set before Serve, wraps each client's socket.
	Wrap func(net.Conn) net.Conn
	// Log, where it is set before Serve, is told of what Serve gets over.
	Log *slog.Logger

	welcoming berkeley.FD

	mu      sync.Mutex
	clients map[berkeley.FD]bool
	closing bool
	serving sync.WaitGroup
}

// ListenSocket makes the calls socket, bind and listen.
func ListenSocket(ctx context.Context, network, addr string) (*SocketServer, error) {
	family, sa, err := SocketAddress(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	fd, err := berkeley.Socket(family, berkeley.SOCK_STREAM, 0)
	if err != nil {
		return nil, err
	}
	if family != berkeley.PF_UNIX {
		err = fd.SetReuseAddr(true)
	}
	if err == nil {
		err = fd.Bind(sa)
	}
	if err == nil {
		err = fd.Listen(berkeley.SOMAXCONN)
	}
	if err != nil {
		return nil, errors.Join(err, fd.Close())
	}
	return &SocketServer{welcoming: fd, clients: map[berkeley.FD]bool{}}, nil
}

// Name is the address that the welcoming socket is bound to.
func (s *SocketServer) Name() (berkeley.Sockaddr, error) { return s.welcoming.GetSockName() }

// ErrSocketServerClosed is what [SocketServer.Serve] returns after
// [SocketServer.Shutdown].
var ErrSocketServerClosed = errors.New("upper: server closed")

// Serve accepts clients and serves each until it closes. Where the system is
// short of descriptors or memory, clients wait in the welcoming socket until
// there are some again.
func (s *SocketServer) Serve() error {
	defer s.serving.Wait()
	// The runtime opens an epoll descriptor for the first timer of a program,
	// and throws where it gets none: it has it before there may be a shortage.
	time.Sleep(time.Nanosecond)
	short := false
	for {
		fd, _, err := s.welcoming.Accept()
		if end := s.accepted(fd, err); end != nil {
			return errors.Join(end, s.welcoming.Close())
		}
		if !isShortage(err) {
			short = false
			continue
		}
		if !short && s.Log != nil {
			s.Log.Warn("accept, trying again", "err", err)
		}
		short = true
		time.Sleep(shortagePause)
	}
}

// shortagePause is the time between two accepts while the system is short of
// something: accept fails at once then, whether or not somebody waits.
const shortagePause = 100 * time.Millisecond

func isShortage(err error) bool {
	errno, ok := errors.AsType[syscall.Errno](err)
	return ok && slices.Contains([]syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM}, errno)
}

// accepted begins to serve a client, or tells why Serve ends. It holds the lock
// throughout, so that Shutdown waits for every client or for no later one.
func (s *SocketServer) accepted(fd berkeley.FD, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closing && err == nil:
		fd.Close()
		return ErrSocketServerClosed
	case s.closing:
		return ErrSocketServerClosed
	case isShortage(err) || errors.Is(err, syscall.ECONNABORTED):
		return nil
	case err != nil:
		s.closing = true
		return err
	}
	s.clients[fd] = true
	s.serving.Go(func() { s.serveClient(fd) })
	return nil
}

func (s *SocketServer) serveClient(fd berkeley.FD) {
	var conn net.Conn = Socket{fd}
	if s.Wrap != nil {
		conn = s.Wrap(conn)
	}
	ServeStream(conn)
	// Under the lock, so that Shutdown never names a descriptor that the
	// kernel has given to somebody else meanwhile.
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.clients, fd)
	fd.Close()
}

// Shutdown stops accepting and lets each client's reply that is under way go
// out: nothing more is received. After ctx nothing more is sent either.
func (s *SocketServer) Shutdown(ctx context.Context) error {
	s.halt(berkeley.SHUT_RD)
	done := make(chan struct{})
	go func() {
		s.serving.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		s.halt(berkeley.SHUT_RDWR)
		<-done
		return ctx.Err()
	}
}

func (s *SocketServer) halt(how berkeley.How) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing {
		s.closing = true
		// A blocked accept returns from a listening socket that is shut down.
		s.welcoming.Shutdown(berkeley.SHUT_RDWR)
	}
	for fd := range s.clients {
		fd.Shutdown(how)
	}
}
