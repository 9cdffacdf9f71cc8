//go:build linux && (amd64 || arm64 || 386)

package berkeley_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os"
	"runtime/pprof"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets/berkeley"
)

func TestFileConn(t *testing.T) {
	testkit.NoLeaks(t)
	welcome, addr := rawListening(t)
	l, err := berkeley.FileListener(welcome)
	require.NoError(t, err)
	defer l.Close()
	assert.Equal(t, addr.String(), l.Addr().String())

	fd, err := berkeley.Socket(berkeley.PF_INET, berkeley.SOCK_STREAM, 0)
	require.NoError(t, err)
	require.NoError(t, fd.Connect(addr))
	client, err := berkeley.FileConn(fd)
	require.NoError(t, err)
	defer client.Close()
	server, err := l.Accept()
	require.NoError(t, err)
	defer server.Close()
	_, err = client.Write([]byte("handed over"))
	require.NoError(t, err)
	buf := make([]byte, 11)
	_, err = io.ReadFull(server, buf)
	require.NoError(t, err)
	assert.Equal(t, "handed over", string(buf))
	assert.IsType(t, (*net.TCPConn)(nil), client)

	require.NoError(t, client.SetReadDeadline(time.Unix(1, 0)))
	_, err = client.Read(buf)
	assert.ErrorIs(t, err, os.ErrDeadlineExceeded, "the poller knows deadlines")
}

func TestFilePacketConn(t *testing.T) {
	testkit.NoLeaks(t)
	fd, err := berkeley.Socket(berkeley.PF_INET, berkeley.SOCK_DGRAM, 0)
	require.NoError(t, err)
	require.NoError(t, fd.Bind(berkeley.SockaddrIn{Addr: berkeley.INADDR_LOOPBACK}))
	name, err := fd.GetSockName()
	require.NoError(t, err)
	c, err := berkeley.FilePacketConn(fd)
	require.NoError(t, err)
	defer c.Close()
	assert.Equal(t, name.String(), c.LocalAddr().String())
	client := socket(t, berkeley.PF_INET, berkeley.SOCK_DGRAM)
	_, err = client.SendTo([]byte("x"), 0, name)
	require.NoError(t, err)
	n, _, err := c.ReadFrom(make([]byte, 8))
	require.NoError(t, err)
	assert.Equal(t, 1, n)
}

// Datagrams are no listener: the descriptor stays the caller's, in use and open.
func TestFileConnRefusedLeavesDescriptor(t *testing.T) {
	testkit.NoLeaks(t)
	fd, addr := bound(t, berkeley.SOCK_DGRAM, berkeley.SockaddrIn{Addr: berkeley.INADDR_LOOPBACK})
	_, err := berkeley.FileListener(fd)
	require.Error(t, err)
	name, err := fd.GetSockName()
	require.NoError(t, err)
	assert.Equal(t, addr, name)
}

// rawListening is listening without the clean-up: the test hands the
// descriptor over.
func rawListening(t *testing.T) (berkeley.FD, berkeley.Sockaddr) {
	t.Helper()
	fd, err := berkeley.Socket(berkeley.PF_INET, berkeley.SOCK_STREAM, 0)
	require.NoError(t, err)
	require.NoError(t, fd.Bind(berkeley.SockaddrIn{Addr: berkeley.INADDR_LOOPBACK}))
	require.NoError(t, fd.Listen(berkeley.SOMAXCONN))
	addr, err := fd.GetSockName()
	require.NoError(t, err)
	return fd, addr
}

// polled puts a socket on the poller until the test ends.
func polled(t *testing.T, fd berkeley.FD) *berkeley.Polled {
	t.Helper()
	p, err := fd.Polled()
	require.NoError(t, err)
	t.Cleanup(func() { p.Close() })
	return p
}

func TestPolledStream(t *testing.T) {
	testkit.NoLeaks(t)
	fd, addr := rawListening(t)
	welcome := polled(t, fd)
	served := make(chan error, 1)
	go func() { served <- upperOnce(welcome) }()

	fd, err := berkeley.Socket(berkeley.PF_INET, berkeley.SOCK_STREAM, 0)
	require.NoError(t, err)
	client := polled(t, fd)
	require.NoError(t, client.Connect(addr))
	_, err = client.Send([]byte("on the poller"), 0)
	require.NoError(t, err)
	buf := make([]byte, 64)
	n, err := client.Recv(buf, 0)
	require.NoError(t, err)
	assert.Equal(t, "ON THE POLLER", string(buf[:n]))
	require.NoError(t, <-served)
}

// upperOnce serves one client with the calls of the lecture.
func upperOnce(welcome *berkeley.Polled) error {
	fd, _, err := welcome.Accept()
	if err != nil {
		return err
	}
	c, err := fd.Polled()
	if err != nil {
		return errors.Join(err, fd.Close())
	}
	defer c.Close()
	buf := make([]byte, 64)
	n, err := c.Recv(buf, 0)
	if err != nil {
		return err
	}
	_, err = c.Send(bytes.ToUpper(buf[:n]), 0)
	return err
}

func TestPolledConnectRefused(t *testing.T) {
	testkit.NoLeaks(t)
	_, refuses := bound(t, berkeley.SOCK_STREAM, berkeley.SockaddrIn{Addr: berkeley.INADDR_LOOPBACK})
	fd, err := berkeley.Socket(berkeley.PF_INET, berkeley.SOCK_STREAM, 0)
	require.NoError(t, err)
	err = polled(t, fd).Connect(refuses)
	assert.ErrorIs(t, err, syscall.ECONNREFUSED)
	var ce *berkeley.CallError
	require.ErrorAs(t, err, &ce)
	assert.Equal(t, "connect", ce.Call)
	assert.Equal(t, refuses, ce.Addr)
}

func TestPolledDatagrams(t *testing.T) {
	testkit.NoLeaks(t)
	pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer pc.Close()
	server, err := berkeley.NewPolled(pc.(*net.UDPConn))
	require.NoError(t, err)
	var addr berkeley.Sockaddr
	require.NoError(t, server.Control(func(fd berkeley.FD) (err error) { addr, err = fd.GetSockName(); return err }))
	assert.Equal(t, pc.LocalAddr().String(), addr.String())

	got := make(chan string, 1)
	go func() {
		buf := make([]byte, 64)
		n, from, err := server.RecvFrom(buf, 0)
		if err == nil {
			_, err = server.SendTo(bytes.ToUpper(buf[:n]), 0, from)
		}
		m := &berkeley.Msg{Buffers: [][]byte{buf}}
		if err == nil {
			n, err = server.RecvMsg(m, 0)
		}
		if err == nil {
			_, err = server.SendMsg(&berkeley.Msg{Name: m.Name, Buffers: [][]byte{bytes.ToUpper(buf[:n])}}, 0)
		}
		if err != nil {
			got <- err.Error()
			return
		}
		got <- "served"
	}()
	client := socket(t, berkeley.PF_INET, berkeley.SOCK_DGRAM)
	buf := make([]byte, 64)
	for _, line := range []string{"one", "two"} {
		_, err = client.SendTo([]byte(line), 0, addr)
		require.NoError(t, err)
		n, from, err := client.RecvFrom(buf, 0)
		require.NoError(t, err)
		assert.Equal(t, strings.ToUpper(line), string(buf[:n]))
		assert.Equal(t, addr, from)
	}
	assert.Equal(t, "served", <-got)
	assert.NoError(t, server.Close(), "the connection is the caller's")
	_, err = pc.WriteTo([]byte("x"), pc.LocalAddr())
	assert.NoError(t, err, "and still open")
}

func TestPolledSendWaitsForRoom(t *testing.T) {
	testkit.NoLeaks(t)
	fd, addr := rawListening(t)
	welcome := polled(t, fd)
	c, err := net.Dial("tcp4", addr.String())
	require.NoError(t, err)
	defer c.Close()
	sfd, _, err := welcome.Accept()
	require.NoError(t, err)
	server := polled(t, sfd)

	want := make([]byte, 8<<20)
	rand.Read(want)
	sent := make(chan error, 1)
	go func() {
		for rest := want; len(rest) > 0; {
			n, err := server.Send(rest, 0)
			if err != nil {
				sent <- err
				return
			}
			rest = rest[n:]
		}
		sent <- server.Control(func(fd berkeley.FD) error { return fd.Shutdown(berkeley.SHUT_WR) })
	}()
	got, err := io.ReadAll(c)
	require.NoError(t, err)
	require.NoError(t, <-sent)
	assert.True(t, bytes.Equal(want, got))
}

func TestPolledDeadlineAndClose(t *testing.T) {
	testkit.NoLeaks(t)
	fd, _ := rawListening(t)
	p := polled(t, fd)
	require.NoError(t, p.SetDeadline(time.Unix(1, 0)))
	n, _, err := p.Accept()
	assert.Equal(t, berkeley.FD(-1), n)
	assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NoError(t, p.SetDeadline(time.Time{}))

	done := make(chan error, 1)
	go func() { _, _, err := p.Accept(); done <- err }()
	require.NoError(t, p.Close())
	assert.ErrorIs(t, <-done, net.ErrClosed)
	_, err = p.Recv(make([]byte, 1), 0)
	assert.ErrorIs(t, err, net.ErrClosed)
	assert.ErrorIs(t, p.Connect(berkeley.SockaddrIn{}), net.ErrClosed)
	assert.ErrorIs(t, p.Control(func(berkeley.FD) error { return nil }), net.ErrClosed)
	assert.ErrorIs(t, p.Close(), net.ErrClosed)
	_, err = berkeley.NewPolled(noConn{})
	assert.ErrorIs(t, err, os.ErrInvalid)
}

// noConn has no descriptor.
type noConn struct{}

func (noConn) SyscallConn() (syscall.RawConn, error) { return nil, os.ErrInvalid }

func TestPolledOfListener(t *testing.T) {
	testkit.NoLeaks(t)
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	p, err := berkeley.NewPolled(l.(*net.TCPListener))
	require.NoError(t, err)
	defer p.Close()
	c, err := net.Dial("tcp4", l.Addr().String())
	require.NoError(t, err)
	defer c.Close()
	fd, peer, err := p.Accept()
	require.NoError(t, err)
	defer fd.Close()
	assert.Equal(t, c.LocalAddr().String(), peer.String())
}

// Calls on the poller hold no thread; blocking ones hold one each.
func TestBlockingCallsHoldThreads(t *testing.T) {
	testkit.NoLeaks(t)
	const n = 40
	threads := func() int { return pprof.Lookup("threadcreate").Count() }

	var parked []*berkeley.Polled
	done := make(chan struct{}, n)
	for range n {
		fd, _ := rawListening(t)
		p := polled(t, fd)
		parked = append(parked, p)
		go func() { p.Accept(); done <- struct{}{} }()
	}
	before := threads()
	for _, p := range parked {
		p.Close()
		<-done
	}
	assert.Less(t, threads()-before, n/2, "parked goroutines")

	var blocked []berkeley.FD
	before = threads()
	for range n {
		fd, _ := listening(t, berkeley.SockaddrIn{Addr: berkeley.INADDR_LOOPBACK})
		blocked = append(blocked, fd)
		wait := interrupted(t, func() error { fd.Accept(); return nil })
		go func() { wait(); done <- struct{}{} }()
	}
	assert.GreaterOrEqual(t, threads()-before, n/2, "blocked goroutines")
	for _, fd := range blocked {
		require.NoError(t, fd.Shutdown(berkeley.SHUT_RD), "wakes it")
		<-done
	}
}
