package ftp_test

import (
	"context"
	"io"
	"net"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/sockets"
)

// serveDir serves a directory to everybody on loopback, with all rights, and
// returns the address.
func serveDir(t testing.TB, d *ftp.DirFS) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	srv := &ftp.Server{Auth: ftp.AuthenticatorFunc(func(_ context.Context, _ ftp.Login) (*ftp.Account, error) {
		return &ftp.Account{FS: d}, nil
	})}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	t.Cleanup(func() {
		assert.NoError(t, srv.Close())
		assert.ErrorIs(t, <-done, ftp.ErrServerClosed)
	})
	return ln.Addr().String()
}

// BenchmarkRetrieve fetches a file again and again in one session, each over a
// data connection of its own, between our client and our server.
func BenchmarkRetrieve(b *testing.B) {
	for _, size := range []int{2 << 10, 16 << 20} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			d := openDir(b, tree(b, map[string]string{"a": string(make([]byte, size))}), nil)
			c, err := ftp.Dial(b.Context(), "tcp", serveDir(b, d), nil)
			require.NoError(b, err)
			defer c.Close()
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				r, err := c.Retrieve(b.Context(), "a", 0)
				require.NoError(b, err)
				n, err := io.Copy(io.Discard, r)
				require.NoError(b, err)
				require.EqualValues(b, size, n)
				require.NoError(b, r.Close())
			}
		})
	}
}

// Passive ports are spread over those that the system gives out.
func TestPassivePortsAreNotForetold(t *testing.T) {
	lo, hi, err := sockets.EphemeralRange()
	if err != nil {
		t.Skip("the system does not tell its ports:", err)
	}
	c, err := ftp.Dial(t.Context(), "tcp", serveDir(t, openDir(t, t.TempDir(), nil)), nil)
	require.NoError(t, err)
	defer c.Close()
	var ports []int
	for range 16 {
		r, err := c.Quote(t.Context(), "EPSV")
		require.NoError(t, err)
		port, err := ftp.Parse229(r.Text())
		require.NoError(t, err)
		assert.GreaterOrEqual(t, port, lo)
		assert.LessOrEqual(t, port, hi)
		ports = append(ports, int(port))
	}
	rising := 0
	for i := range ports[1:] {
		if near := ports[i+1] - ports[i]; near > 0 && near < 16 {
			rising++
		}
	}
	assert.Less(t, rising, 8, "not one after the other: %v", ports)
}
