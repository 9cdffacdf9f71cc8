package upper_test

import (
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/upper"
	"applayer/internal/testkit"
	"applayer/sockets/berkeley"
)

func TestSocketServer(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the Berkeley calls are made on Linux alone")
	}
	tests := []struct{ network, addr string }{
		{"tcp", "127.0.0.1:0"},
		{"unix", filepath.Join(t.TempDir(), "upper.sock")},
	}
	for _, tt := range tests {
		t.Run(tt.network, func(t *testing.T) {
			testkit.NoLeaks(t)
			srv, err := upper.ListenSocket(t.Context(), tt.network, tt.addr)
			require.NoError(t, err)
			var serving sync.WaitGroup
			var ended error
			serving.Go(func() { ended = srv.Serve() })

			name, err := srv.Name()
			require.NoError(t, err)
			addr := tt.addr
			if ap, ok := berkeley.AddrPortOf(name); ok {
				addr = ap.String()
			}
			dial := func() (upper.Conn, error) { return upper.DialSocket(t.Context(), tt.network, addr) }
			alice, bob := &upper.Client{Dial: dial}, &upper.Client{Dial: dial}
			for _, client := range []*upper.Client{alice, bob, alice} {
				got, err := client.Convert([]byte("hello\n"))
				require.NoError(t, err)
				assert.Equal(t, "HELLO\n", string(got))
			}
			require.NoError(t, bob.Close())
			require.NoError(t, srv.Shutdown(t.Context()), "alice, idle, does not keep it from ending")
			serving.Wait()
			assert.ErrorIs(t, ended, upper.ErrSocketServerClosed)
			require.NoError(t, alice.Close())

			_, err = dial()
			assert.Error(t, err, "nobody listens any more")
		})
	}
}

func TestSocketReadFails(t *testing.T) {
	n, err := upper.Socket{FD: -1}.Read(make([]byte, 1))
	assert.Error(t, err)
	assert.Zero(t, n, "a reader gives no -1")
}
