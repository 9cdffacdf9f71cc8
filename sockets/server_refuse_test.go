package sockets_test

import (
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/sockets"
)

// A client that speaks before it listens, as one of HTTP or TLS, is told why
// it is refused, and no reset comes behind the answer. What it says lies in the
// socket before the server accepts.
func TestServerOverLimitAfterPeerSpoke(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "aix" {
		t.Skip("no read here that does not wait, so the peer is reset")
	}
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			l := listenStream(t, network)
			s := &sockets.Server{Limits: sockets.Limits{MaxConns: 1}, Handler: echoHandler, OverLimit: refusing}
			first, second := dialStream(t, l), dialStream(t, l)
			_, err := second.Write(make([]byte, 20<<10)) // more than one read of the server's takes
			require.NoError(t, err)
			startServer(t, s, l)
			assert.Equal(t, "hello", exchange(t, first, "hello"))
			b, err := io.ReadAll(second)
			assert.NoError(t, err, "the end, not a reset")
			assert.Equal(t, "421 too many connections\r\n", string(b))
			if network == "tcp" { // where a half-closed connection still takes octets
				_, err = second.Write([]byte("QUIT\r\n"))
				assert.NoError(t, err, "no reset has come")
			}
		})
	}
}
