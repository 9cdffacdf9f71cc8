package ftp_test

import (
	"bytes"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/internal/peers"
	"applayer/internal/testkit"
)

// TestInteropPool: trees mirrored both ways over several sessions, a file in
// segments, and the server as an fs.FS, with everybody's server.
func TestInteropPool(t *testing.T) {
	certificate, trusting := testkit.Certificate(t)
	large := make([]byte, 1<<20)
	rand.NewChaCha8([32]byte{}).Read(large)
	for _, other := range others {
		t.Run(other.name, func(t *testing.T) {
			config := &peers.Config{Root: servedFolder(t), Users: map[string]string{other.user: other.password}}
			opts := &ftp.Options{User: other.user, Password: other.password}
			if other.tls {
				config.TLS, opts.TLS, opts.TLSConfig = certificate, ftp.TLSExplicit, trusting
			}
			require.NoError(t, os.WriteFile(filepath.Join(config.Root, "large"), large, 0o644))
			s := other.start(t, config)
			pool := ftp.NewPool("tcp", s.Addr, opts)
			defer pool.Close()
			ctx := t.Context()
			// Names of some servers count from the system's root.
			var home string
			require.NoError(t, pool.With(ctx, func(c *ftp.Client) (err error) {
				home, err = c.WorkingDir(ctx)
				return err
			}))

			into, err := os.OpenRoot(t.TempDir())
			require.NoError(t, err)
			defer into.Close()
			_, err = pool.MirrorDown(ctx, home, into, nil)
			require.NoError(t, err, "%s", s.Stderr())
			for name, text := range served {
				if strings.HasSuffix(name, "/") {
					continue
				}
				b, err := into.ReadFile(name)
				require.NoError(t, err)
				assert.Equal(t, text, string(b), name)
			}
			again, err := pool.MirrorDown(ctx, home, into, nil)
			require.NoError(t, err)
			assert.Zero(t, again.Copied, "all was there: %+v", again)

			require.NoError(t, into.MkdirAll("neu/tief", 0o755))
			require.NoError(t, into.WriteFile("neu/tief/eins.txt", []byte("eins\n"), 0o644))
			_, err = pool.MirrorUp(ctx, into, home, nil)
			require.NoError(t, err)
			assert.Equal(t, "eins\n", diskFile(t, config.Root, "neu/tief/eins.txt"))

			segments, err := into.Create("segments")
			require.NoError(t, err)
			defer segments.Close()
			n, err := pool.DownloadSegments(ctx, strings.TrimSuffix(home, "/")+"/large", segments, 3)
			require.NoError(t, err)
			assert.Equal(t, int64(len(large)), n)
			got, err := into.ReadFile("segments")
			require.NoError(t, err)
			assert.True(t, bytes.Equal(large, got))

			b, err := fs.ReadFile(pool.FS(ctx), "readme.txt")
			require.NoError(t, err)
			assert.Equal(t, served["readme.txt"], string(b))
			assert.NoError(t, pool.Quit(ctx))
		})
	}
}
