//go:build linux && (amd64 || arm64 || 386)

package berkeley_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets/berkeley"
)

func TestCallsAreTold(t *testing.T) {
	testkit.NoLeaks(t)
	var entered, left []string
	c := &berkeley.Calls{Trace: berkeley.Trace{
		Enter: func(call berkeley.Call) { entered = append(entered, call.Name) },
		Leave: func(call berkeley.Call) { left = append(left, call.String()) },
	}}
	welcome, err := c.Socket(berkeley.PF_INET, berkeley.SOCK_STREAM, 0)
	require.NoError(t, err)
	require.NoError(t, c.Bind(welcome, berkeley.SockaddrIn{Addr: berkeley.INADDR_LOOPBACK}))
	require.NoError(t, c.Listen(welcome, 5))
	addr, err := welcome.GetSockName()
	require.NoError(t, err)
	client, err := c.Socket(berkeley.PF_INET, berkeley.SOCK_STREAM, berkeley.IPPROTO_TCP)
	require.NoError(t, err)
	require.NoError(t, c.Connect(client, addr))
	server, peer, err := c.Accept(welcome)
	require.NoError(t, err)
	buf := make([]byte, 16)
	_, err = c.Send(client, []byte("hello"), 0)
	require.NoError(t, err)
	_, err = c.Recv(server, buf, 0)
	require.NoError(t, err)
	require.NoError(t, c.Shutdown(client, berkeley.SHUT_WR))
	_, err = c.SendTo(server, []byte("HELLO"), 0, nil)
	require.NoError(t, err)
	_, from, err := c.RecvFrom(client, buf, 0)
	require.NoError(t, err)
	assert.Nil(t, from)
	require.NoError(t, c.Close(client))
	require.NoError(t, c.Close(server))
	require.NoError(t, c.Close(welcome))
	_, err = c.Send(-5, nil, 0)
	require.Error(t, err)

	assert.Equal(t, []string{"socket", "bind", "listen", "socket", "connect", "accept", "send", "recv",
		"shutdown", "sendto", "recvfrom", "close", "close", "close", "send"}, entered)
	assert.Equal(t, []string{
		fmt.Sprintf("socket(PF_INET, SOCK_STREAM, 0) = %d", welcome),
		fmt.Sprintf("bind(%d, 127.0.0.1:0) = 0", welcome),
		fmt.Sprintf("listen(%d, 5) = 0", welcome),
		fmt.Sprintf("socket(PF_INET, SOCK_STREAM, 6) = %d", client),
		fmt.Sprintf("connect(%d, %v) = 0", client, addr),
		fmt.Sprintf("accept(%d) = %d %v", welcome, server, peer),
		fmt.Sprintf("send(%d, 5 octets) = 5", client),
		fmt.Sprintf("recv(%d, 16 octets) = 5", server),
		fmt.Sprintf("shutdown(%d, SHUT_WR) = 0", client),
		fmt.Sprintf("sendto(%d, 5 octets, NULL) = 5", server),
		fmt.Sprintf("recvfrom(%d, 16 octets) = 5", client),
		fmt.Sprintf("close(%d) = 0", client),
		fmt.Sprintf("close(%d) = 0", server),
		fmt.Sprintf("close(%d) = 0", welcome),
		"send(0 octets) = -1 bad file descriptor",
	}, left)

	var untold *berkeley.Calls
	fd, err := untold.Socket(berkeley.PF_UNIX, berkeley.SOCK_DGRAM, 0)
	require.NoError(t, err)
	assert.NoError(t, untold.Close(fd))
}
