//go:build linux && (amd64 || arm64 || 386)

package berkeley_test

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets/berkeley"
)

func TestSwitchOptions(t *testing.T) {
	tests := []struct {
		name   string
		family berkeley.Family
		typ    berkeley.Type
		set    func(berkeley.FD, bool) error
		get    func(berkeley.FD) (bool, error)
	}{
		{"SO_REUSEADDR", berkeley.PF_INET, berkeley.SOCK_STREAM, berkeley.FD.SetReuseAddr, berkeley.FD.ReuseAddr},
		{"SO_REUSEPORT", berkeley.PF_INET, berkeley.SOCK_STREAM, berkeley.FD.SetReusePort, berkeley.FD.ReusePort},
		{"SO_BROADCAST", berkeley.PF_INET, berkeley.SOCK_DGRAM, berkeley.FD.SetBroadcast, berkeley.FD.Broadcast},
		{"TCP_NODELAY", berkeley.PF_INET, berkeley.SOCK_STREAM, berkeley.FD.SetNoDelay, berkeley.FD.NoDelay},
		{"IPV6_V6ONLY", berkeley.PF_INET6, berkeley.SOCK_STREAM, berkeley.FD.SetV6Only, berkeley.FD.V6Only},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.family == berkeley.PF_INET6 {
				testkit.IPv6(t)
			}
			fd := socket(t, tt.family, tt.typ)
			for _, want := range []bool{true, false, true} {
				require.NoError(t, tt.set(fd, want))
				got, err := tt.get(fd)
				require.NoError(t, err)
				assert.Equal(t, want, got)
			}
		})
	}
}

func TestBufferSizes(t *testing.T) {
	fd := socket(t, berkeley.PF_INET, berkeley.SOCK_DGRAM)
	require.NoError(t, fd.SetRecvBuffer(20000))
	got, err := fd.RecvBuffer()
	require.NoError(t, err)
	assert.Equal(t, 40000, got, "Linux doubles the number (socket(7))")
	require.NoError(t, fd.SetSendBuffer(30000))
	got, err = fd.SendBuffer()
	require.NoError(t, err)
	assert.Equal(t, 60000, got)
}

func TestReusePortLetsTwoBind(t *testing.T) {
	first := socket(t, berkeley.PF_INET, berkeley.SOCK_DGRAM)
	require.NoError(t, first.SetReusePort(true))
	require.NoError(t, first.Bind(berkeley.SockaddrIn{Addr: berkeley.INADDR_LOOPBACK}))
	addr, err := first.GetSockName()
	require.NoError(t, err)
	second := socket(t, berkeley.PF_INET, berkeley.SOCK_DGRAM)
	assert.ErrorIs(t, second.Bind(addr), syscall.EADDRINUSE)
	require.NoError(t, second.SetReusePort(true))
	assert.NoError(t, second.Bind(addr))
}

func TestBroadcastNeedsItsOption(t *testing.T) {
	fd := socket(t, berkeley.PF_INET, berkeley.SOCK_DGRAM)
	everyone := berkeley.SockaddrIn{Port: 9, Addr: 0x7fffffff} // 127.255.255.255 stays on loopback
	assert.ErrorIs(t, fd.Connect(everyone), syscall.EACCES)
	require.NoError(t, fd.SetBroadcast(true))
	assert.NoError(t, fd.Connect(everyone))
}

func TestLingerZeroResets(t *testing.T) {
	testkit.NoLeaks(t)
	welcome, addr := listening(t, berkeley.SockaddrIn{Addr: berkeley.INADDR_LOOPBACK})
	client, err := berkeley.Socket(berkeley.PF_INET, berkeley.SOCK_STREAM, 0)
	require.NoError(t, err)
	require.NoError(t, client.Connect(addr))
	server, _, err := welcome.Accept()
	require.NoError(t, err)
	defer server.Close()

	l, err := client.Linger()
	require.NoError(t, err)
	assert.Equal(t, berkeley.Linger{}, l)
	require.NoError(t, client.SetLinger(berkeley.Linger{On: true, Seconds: 7}))
	l, err = client.Linger()
	require.NoError(t, err)
	assert.Equal(t, berkeley.Linger{On: true, Seconds: 7}, l)
	require.NoError(t, client.SetLinger(berkeley.Linger{On: true}))
	require.NoError(t, client.Close())
	_, err = server.Recv(make([]byte, 1), 0)
	assert.ErrorIs(t, err, syscall.ECONNRESET)
}

func TestListeningIsAnOption(t *testing.T) {
	fd := socket(t, berkeley.PF_INET, berkeley.SOCK_STREAM)
	var b [4]byte
	for _, want := range []byte{0, 1} {
		n, err := fd.GetSockOpt(berkeley.SOL_SOCKET, berkeley.SO_ACCEPTCONN, b[:])
		require.NoError(t, err)
		assert.Equal(t, 4, n)
		assert.Equal(t, want, max(b[0], b[3]))
		require.NoError(t, fd.Listen(1))
	}
}

// SO_LINGER has two numbers; asked for one, the kernel cuts.
func TestOptionOfAnotherLength(t *testing.T) {
	fd := socket(t, berkeley.PF_INET, berkeley.SOCK_STREAM)
	n, err := fd.GetSockOpt(berkeley.SOL_SOCKET, berkeley.SO_LINGER, make([]byte, 16))
	require.NoError(t, err)
	assert.Equal(t, 8, n)
	assert.ErrorIs(t, fd.SetSockOpt(berkeley.SOL_SOCKET, berkeley.SO_LINGER, make([]byte, 4)), syscall.EINVAL)
}
