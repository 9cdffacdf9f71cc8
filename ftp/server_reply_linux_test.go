package ftp_test

import (
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

// The last reply of a transfer does not wait until that before it is
// acknowledged.
func TestServerSetsNoDelay(t *testing.T) {
	got := make(chan int, 1)
	srv := &ftp.Server{Auth: userP(files(t)), Wrap: func(nc net.Conn) net.Conn {
		raw, err := nc.(syscall.Conn).SyscallConn()
		if assert.NoError(t, err) {
			assert.NoError(t, raw.Control(func(fd uintptr) {
				v, err := syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_NODELAY)
				assert.NoError(t, err)
				got <- v
			}))
		}
		return nc
	}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	c, err := ftp.Dial(t.Context(), "tcp", l.Addr().String(), &ftp.Options{User: "u", Password: "p"})
	require.NoError(t, err)
	assert.Equal(t, 1, <-got)
	require.NoError(t, c.Quit(t.Context()))
	require.NoError(t, srv.Close())
	assert.ErrorIs(t, <-served, ftp.ErrServerClosed)
}
