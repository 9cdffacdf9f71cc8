//go:build linux && (amd64 || arm64 || 386)

package berkeley_test

import (
	"bytes"
	"crypto/rand"
	"io"
	"net"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets/berkeley"
)

// socket opens a socket that the test closes.
func socket(t *testing.T, family berkeley.Family, typ berkeley.Type) berkeley.FD {
	t.Helper()
	fd, err := berkeley.Socket(family, typ, 0)
	require.NoError(t, err)
	t.Cleanup(func() { fd.Close() })
	return fd
}

// bound opens a socket bound to sa and gives its true address.
func bound(t *testing.T, typ berkeley.Type, sa berkeley.Sockaddr) (berkeley.FD, berkeley.Sockaddr) {
	t.Helper()
	fd := socket(t, sa.Family(), typ)
	require.NoError(t, fd.Bind(sa))
	name, err := fd.GetSockName()
	require.NoError(t, err)
	return fd, name
}

// listening opens a welcoming socket.
func listening(t *testing.T, sa berkeley.Sockaddr) (berkeley.FD, berkeley.Sockaddr) {
	t.Helper()
	fd, name := bound(t, berkeley.SOCK_STREAM, sa)
	require.NoError(t, fd.Listen(berkeley.SOMAXCONN))
	return fd, name
}

// pair gives the two ends of a connection over TCP.
func pair(t *testing.T) (client, server berkeley.FD) {
	t.Helper()
	welcome, addr := listening(t, berkeley.SockaddrIn{Addr: berkeley.INADDR_LOOPBACK})
	client = socket(t, berkeley.PF_INET, berkeley.SOCK_STREAM)
	require.NoError(t, client.Connect(addr))
	server, _, err := welcome.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { server.Close() })
	return client, server
}

// places are the addresses of the lecture's transports.
func places(t *testing.T) map[string]berkeley.Sockaddr {
	return map[string]berkeley.Sockaddr{
		"IPv4":          berkeley.SockaddrIn{Addr: berkeley.INADDR_LOOPBACK},
		"IPv6":          berkeley.SockaddrIn6{Addr: [16]byte{15: 1}},
		"Unix path":     berkeley.SockaddrUn{Name: filepath.Join(t.TempDir(), "s")},
		"Unix abstract": berkeley.SockaddrUn{Name: "applayer-" + rand.Text(), Abstract: true},
		"Unix autobind": berkeley.SockaddrUn{},
	}
}

func TestStreams(t *testing.T) {
	for name, place := range places(t) {
		t.Run(name, func(t *testing.T) {
			testkit.NoLeaks(t)
			if place.Family() == berkeley.PF_INET6 {
				testkit.IPv6(t)
			}
			welcome, addr := listening(t, place)
			if un, ok := place.(berkeley.SockaddrUn); ok && un != (berkeley.SockaddrUn{}) {
				assert.Equal(t, place, addr, "a name that was given is the name that it has")
			} else {
				assert.NotEqual(t, place, addr, "the kernel chose")
			}
			client := socket(t, place.Family(), berkeley.SOCK_STREAM)
			require.NoError(t, client.Connect(addr))
			server, peer, err := welcome.Accept()
			require.NoError(t, err)
			t.Cleanup(func() { server.Close() })

			clientName, err := client.GetSockName()
			require.NoError(t, err)
			assert.Equal(t, clientName, peer, "accept gives the client's own name")
			peerOfClient, err := client.GetPeerName()
			require.NoError(t, err)
			assert.Equal(t, addr, peerOfClient)

			n, err := client.Send([]byte("hello"), 0)
			require.NoError(t, err)
			assert.Equal(t, 5, n)
			buf := make([]byte, 64)
			n, err = server.Recv(buf, berkeley.MSG_PEEK)
			require.NoError(t, err)
			assert.Equal(t, "hello", string(buf[:n]), "a peek takes nothing away")
			n, err = server.Recv(buf, 0)
			require.NoError(t, err)
			assert.Equal(t, "hello", string(buf[:n]))

			require.NoError(t, client.Shutdown(berkeley.SHUT_WR))
			n, err = server.Recv(buf, 0)
			require.NoError(t, err)
			assert.Zero(t, n, "the end of the stream is 0, not an error")
			_, err = server.Send([]byte("HELLO"), 0)
			require.NoError(t, err, "the other direction is still open")
			n, from, err := client.RecvFrom(buf, 0)
			require.NoError(t, err)
			assert.Equal(t, "HELLO", string(buf[:n]))
			if place.Family() != berkeley.PF_UNIX {
				assert.Nil(t, from, "a stream names no sender for each receive")
			}
			_, err = client.Send([]byte("x"), 0)
			assert.ErrorIs(t, err, syscall.EPIPE)
		})
	}
}

func TestDatagrams(t *testing.T) {
	for name, place := range places(t) {
		t.Run(name, func(t *testing.T) {
			testkit.NoLeaks(t)
			if place.Family() == berkeley.PF_INET6 {
				testkit.IPv6(t)
			}
			server, serverAddr := bound(t, berkeley.SOCK_DGRAM, place)
			from := place
			if un, ok := place.(berkeley.SockaddrUn); ok && un.Name != "" {
				from = berkeley.SockaddrUn{Name: un.Name + "-client", Abstract: un.Abstract}
			}
			client, clientAddr := bound(t, berkeley.SOCK_DGRAM, from)

			n, err := client.SendTo([]byte("hello"), 0, serverAddr)
			require.NoError(t, err)
			assert.Equal(t, 5, n)
			buf := make([]byte, 64)
			n, peer, err := server.RecvFrom(buf, 0)
			require.NoError(t, err)
			assert.Equal(t, "hello", string(buf[:n]))
			assert.Equal(t, clientAddr, peer)

			n, err = server.SendTo(nil, 0, peer)
			require.NoError(t, err, "a datagram may be empty")
			assert.Zero(t, n)
			n, peer, err = client.RecvFrom(buf, 0)
			require.NoError(t, err)
			assert.Zero(t, n)
			assert.Equal(t, serverAddr, peer)

			require.NoError(t, client.Connect(serverAddr), "connect on datagrams only names the peer")
			_, err = client.Send([]byte("0123456789"), 0)
			require.NoError(t, err)
			n, _, err = server.RecvFrom(buf[:4], berkeley.MSG_TRUNC)
			require.NoError(t, err)
			assert.Equal(t, 10, n, "MSG_TRUNC gives the whole length")
			assert.Equal(t, "0123", string(buf[:4]))

			_, err = client.SendTo([]byte("again"), 0, nil)
			require.NoError(t, err)
			n, err = server.Recv(buf, 0)
			require.NoError(t, err)
			assert.Equal(t, "again", string(buf[:n]))
		})
	}
}

func TestDatagramFromNobody(t *testing.T) {
	server, addr := bound(t, berkeley.SOCK_DGRAM, berkeley.SockaddrUn{})
	client := socket(t, berkeley.PF_UNIX, berkeley.SOCK_DGRAM)
	_, err := client.SendTo([]byte("x"), 0, addr)
	require.NoError(t, err)
	_, from, err := server.RecvFrom(make([]byte, 1), 0)
	require.NoError(t, err)
	assert.Nil(t, from, "a Unix-domain socket without a name cannot be answered")
}

func TestMessages(t *testing.T) {
	testkit.NoLeaks(t)
	server, addr := bound(t, berkeley.SOCK_DGRAM, berkeley.SockaddrIn{Addr: berkeley.INADDR_LOOPBACK})
	client, clientAddr := bound(t, berkeley.SOCK_DGRAM, berkeley.SockaddrIn{Addr: berkeley.INADDR_LOOPBACK})

	n, err := client.SendMsg(&berkeley.Msg{Name: addr, Buffers: [][]byte{[]byte("one"), nil, []byte("two")}}, 0)
	require.NoError(t, err)
	assert.Equal(t, 6, n)
	first, second := make([]byte, 4), make([]byte, 8)
	m := &berkeley.Msg{Buffers: [][]byte{first, second}}
	n, err = server.RecvMsg(m, 0)
	require.NoError(t, err)
	assert.Equal(t, 6, n)
	assert.Equal(t, "onet", string(first))
	assert.Equal(t, "wo", string(second[:2]))
	assert.Equal(t, clientAddr, m.Name)
	assert.Zero(t, m.Flags)

	_, err = client.SendMsg(&berkeley.Msg{Name: addr, Buffers: [][]byte{[]byte("longer than four")}}, 0)
	require.NoError(t, err)
	m = &berkeley.Msg{Buffers: [][]byte{first}}
	n, err = server.RecvMsg(m, 0)
	require.NoError(t, err)
	assert.Equal(t, 4, n)
	assert.Equal(t, berkeley.MSG_TRUNC, m.Flags&berkeley.MSG_TRUNC, "what did not fit is told")
}

// A descriptor goes to another process, here our own, as control data.
func TestMessagesCarryControlData(t *testing.T) {
	testkit.NoLeaks(t)
	a, addr := bound(t, berkeley.SOCK_DGRAM, berkeley.SockaddrUn{})
	b := socket(t, berkeley.PF_UNIX, berkeley.SOCK_DGRAM)
	client, server := pair(t)

	_, err := b.SendMsg(&berkeley.Msg{Name: addr, Buffers: [][]byte{{'x'}}, Control: syscall.UnixRights(int(server))}, 0)
	require.NoError(t, err)
	m := &berkeley.Msg{Buffers: [][]byte{make([]byte, 1)}, Control: make([]byte, 64)}
	n, err := a.RecvMsg(m, berkeley.MSG_CMSG_CLOEXEC)
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	assert.Nil(t, m.Name)
	scms, err := syscall.ParseSocketControlMessage(m.Control)
	require.NoError(t, err)
	require.Len(t, scms, 1)
	fds, err := syscall.ParseUnixRights(&scms[0])
	require.NoError(t, err)
	require.Len(t, fds, 1)
	got := berkeley.FD(fds[0])
	defer got.Close()
	_, err = got.Send([]byte("by the new number"), 0)
	require.NoError(t, err)
	buf := make([]byte, 32)
	n, err = client.Recv(buf, 0)
	require.NoError(t, err)
	assert.Equal(t, "by the new number", string(buf[:n]))
}

func TestSocketsAreClosedOnExec(t *testing.T) {
	client, server := pair(t)
	welcome := socket(t, berkeley.PF_UNIX, berkeley.SOCK_DGRAM)
	for _, fd := range []berkeley.FD{client, server, welcome} {
		flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFD, 0)
		require.Zero(t, errno)
		assert.NotZero(t, flags&syscall.FD_CLOEXEC)
	}
}

// The lecture: the welcoming socket carries no data.
func TestListeningSocketCarriesNoData(t *testing.T) {
	welcome, _ := listening(t, berkeley.SockaddrIn{Addr: berkeley.INADDR_LOOPBACK})
	n, err := welcome.Send([]byte("x"), 0)
	assert.Equal(t, -1, n)
	assert.ErrorIs(t, err, syscall.EPIPE)
	n, err = welcome.Recv(make([]byte, 1), 0)
	assert.Equal(t, -1, n)
	assert.ErrorIs(t, err, syscall.ENOTCONN)
}

func TestErrorsNameCallAndAddress(t *testing.T) {
	welcome, addr := listening(t, berkeley.SockaddrIn{Addr: berkeley.INADDR_LOOPBACK})
	// Bound but not listening: nobody else gets the port, and nobody answers.
	_, goneAddr := bound(t, berkeley.SOCK_STREAM, berkeley.SockaddrIn{Addr: berkeley.INADDR_LOOPBACK})
	stream := func() berkeley.FD { return socket(t, berkeley.PF_INET, berkeley.SOCK_STREAM) }
	const none berkeley.FD = 1 << 20

	tests := []struct {
		name string
		call func() error
		want string
		addr berkeley.Sockaddr
		err  error
	}{
		{"socket", func() error {
			_, err := berkeley.Socket(berkeley.PF_INET, berkeley.SOCK_STREAM, berkeley.IPPROTO_UDP)
			return err
		},
			"socket", nil, syscall.EPROTONOSUPPORT},
		{"bind to an address taken", func() error { return stream().Bind(addr) }, "bind", addr, syscall.EADDRINUSE},
		{"bind to no address of ours", func() error { return stream().Bind(berkeley.SockaddrIn{Addr: 0xcb007101}) },
			"bind", berkeley.SockaddrIn{Addr: 0xcb007101}, syscall.EADDRNOTAVAIL},
		{"bind without an address", func() error { return stream().Bind(nil) }, "bind", nil, syscall.EINVAL},
		{"bind twice", func() error { return welcome.Bind(berkeley.SockaddrIn{}) }, "bind", berkeley.SockaddrIn{}, syscall.EINVAL},
		{"listen on datagrams", func() error { return socket(t, berkeley.PF_INET, berkeley.SOCK_DGRAM).Listen(1) }, "listen", nil, syscall.EOPNOTSUPP},
		{"accept without listen", func() error { _, _, err := stream().Accept(); return err }, "accept", nil, syscall.EINVAL},
		{"connect to nobody", func() error { return stream().Connect(goneAddr) }, "connect", goneAddr, syscall.ECONNREFUSED},
		{"connect to no path", func() error {
			return socket(t, berkeley.PF_UNIX, berkeley.SOCK_STREAM).Connect(berkeley.SockaddrUn{Name: "/no/such/path"})
		}, "connect", berkeley.SockaddrUn{Name: "/no/such/path"}, syscall.ENOENT},
		{"send unconnected", func() error { _, err := stream().Send([]byte("x"), 0); return err }, "send", nil, syscall.EPIPE},
		{"recv unconnected", func() error { _, err := stream().Recv(make([]byte, 1), 0); return err }, "recv", nil, syscall.ENOTCONN},
		{"sendto without address", func() error {
			_, err := socket(t, berkeley.PF_INET, berkeley.SOCK_DGRAM).SendTo(nil, 0, nil)
			return err
		}, "sendto", nil, syscall.EDESTADDRREQ},
		{"recvfrom", func() error { _, _, err := none.RecvFrom(make([]byte, 1), 0); return err }, "recvfrom", nil, syscall.EBADF},
		{"sendmsg", func() error { _, err := none.SendMsg(&berkeley.Msg{}, 0); return err }, "sendmsg", nil, syscall.EBADF},
		{"recvmsg", func() error { _, err := none.RecvMsg(&berkeley.Msg{}, 0); return err }, "recvmsg", nil, syscall.EBADF},
		{"shutdown unconnected", func() error { return stream().Shutdown(berkeley.SHUT_RDWR) }, "shutdown", nil, syscall.ENOTCONN},
		{"getpeername unconnected", func() error { _, err := stream().GetPeerName(); return err }, "getpeername", nil, syscall.ENOTCONN},
		{"getsockname", func() error { _, err := none.GetSockName(); return err }, "getsockname", nil, syscall.EBADF},
		{"close of what is not open", none.Close, "close", nil, net.ErrClosed},
		{"setsockopt", func() error { return none.SetReuseAddr(true) }, "setsockopt", nil, net.ErrClosed},
		{"getsockopt", func() error { _, err := none.ReuseAddr(); return err }, "getsockopt", nil, syscall.EBADF},
		{"SO_ERROR", none.SocketError, "getsockopt SO_ERROR", nil, syscall.EBADF},
		{"linger", func() error { _, err := none.Linger(); return err }, "getsockopt", nil, syscall.EBADF},
		{"fcntl", func() error { return none.SetNonblock(true) }, "fcntl", nil, syscall.EBADF},
		{"file", func() error { _, err := berkeley.FileConn(none); return err }, "fcntl", nil, syscall.EBADF},
		{"Polled", func() error { _, err := none.Polled(); return err }, "fcntl", nil, syscall.EBADF},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.call()
			var ce *berkeley.CallError
			require.ErrorAs(t, err, &ce)
			assert.Equal(t, tt.want, ce.Call)
			assert.Equal(t, tt.addr, ce.Addr)
			assert.ErrorIs(t, err, tt.err)
			assert.NotErrorIs(t, err, berkeley.ErrWouldBlock)
		})
	}

	err := stream().Connect(goneAddr)
	assert.Contains(t, err.Error(), "berkeley: connect "+goneAddr.String()+" (descriptor ")
	assert.Contains(t, err.Error(), "): connection refused")
	err = socket(t, berkeley.PF_UNIX, berkeley.SOCK_DGRAM).Connect(berkeley.SockaddrUn{Name: "no\nsuch"})
	assert.Contains(t, err.Error(), `berkeley: connect "no\nsuch" (`)
	long := berkeley.SockaddrUn{Name: string(bytes.Repeat([]byte("x"), 200))}
	assert.ErrorContains(t, socket(t, berkeley.PF_UNIX, berkeley.SOCK_DGRAM).Bind(long), "sun_path longer than 108")
}

// Octets of every value in every place come through a connection, both ways at
// once and in pieces.
func TestStreamKeepsOctets(t *testing.T) {
	client, server := pair(t)
	want := make([]byte, 1<<20)
	rand.Read(want)
	done := make(chan error, 1)
	go func() {
		rest := want
		for len(rest) > 0 {
			n, err := client.Send(rest[:min(len(rest), 60001)], 0)
			if err != nil {
				done <- err
				return
			}
			rest = rest[n:]
		}
		done <- client.Shutdown(berkeley.SHUT_WR)
	}()
	var got bytes.Buffer
	_, err := io.Copy(&got, receiver{server})
	require.NoError(t, err)
	require.NoError(t, <-done)
	assert.True(t, bytes.Equal(want, got.Bytes()))
}

// receiver reads from a descriptor as an io.Reader.
type receiver struct{ fd berkeley.FD }

func (r receiver) Read(b []byte) (int, error) {
	n, err := r.fd.Recv(b, 0)
	if n == 0 && err == nil {
		err = io.EOF
	}
	return max(n, 0), err
}
