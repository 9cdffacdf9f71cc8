package cli_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/cli"
)

// within runs f as a program with these arguments and returns what it wrote
// on stderr.
func within(t *testing.T, f func(ctx context.Context, env *cli.Env), args ...string) string {
	t.Helper()
	var stderr bytes.Buffer
	p := &cli.Program{Name: "p", Run: func(ctx context.Context, env *cli.Env) error {
		f(ctx, env)
		return nil
	}}
	require.Equal(t, 0, cli.Run(t.Context(), p, args, strings.NewReader(""), io.Discard, &stderr), stderr.String())
	return stderr.String()
}

func TestDialGoesWhereTheMapSays(t *testing.T) {
	var ln net.Listener
	within(t, func(ctx context.Context, env *cli.Env) {
		var err error
		ln, err = env.Listen(ctx, "tcp", "127.0.0.1:0")
		require.NoError(t, err)
	})
	defer ln.Close()
	file := filepath.Join(t.TempDir(), "map")
	require.NoError(t, os.WriteFile(file, []byte("mail.example:25 "+ln.Addr().String()+"\n"), 0o600))
	dialogue := within(t, func(ctx context.Context, env *cli.Env) {
		assert.Equal(t, ln.Addr().String(), env.LocalAddr("mail.example:25"))
		assert.Equal(t, "mail.example:26", env.LocalAddr("mail.example:26"), "not mapped")
		nc, err := env.Dial(ctx, "tcp", "mail.example:25")
		require.NoError(t, err)
		defer nc.Close()
		assert.Equal(t, ln.Addr().String(), nc.RemoteAddr().String())
		_, err = io.WriteString(nc, "QUIT\r\n")
		require.NoError(t, err)
	}, "-map", file, "-v")
	assert.Equal(t, "C: QUIT\n", dialogue)
}

func TestMapWithAFault(t *testing.T) {
	file := filepath.Join(t.TempDir(), "map")
	require.NoError(t, os.WriteFile(file, []byte("mail.example:25\n"), 0o600))
	var stderr bytes.Buffer
	p := &cli.Program{Name: "p", Run: func(context.Context, *cli.Env) error { return nil }}
	assert.Equal(t, 2, cli.Run(t.Context(), p, []string{"-map", file}, nil, io.Discard, &stderr))
	assert.Contains(t, stderr.String(), "p: -map: sockets: address map line")
}

func TestListenTakesOverTheNameOfADeadServer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: path})
	require.NoError(t, err)
	dead.SetUnlinkOnClose(false)
	require.NoError(t, dead.Close())
	within(t, func(ctx context.Context, env *cli.Env) {
		ln, err := env.Listen(ctx, "unix", path)
		require.NoError(t, err)
		defer ln.Close()
		_, err = env.Listen(ctx, "unix", path)
		assert.ErrorContains(t, err, "address already in use", "a living server keeps its name")
	})
	within(t, func(ctx context.Context, env *cli.Env) {
		gram := filepath.Join(t.TempDir(), "d")
		pc, err := env.ListenPacket(ctx, "unixgram", gram)
		require.NoError(t, err)
		require.NoError(t, pc.Close())
		pc, err = env.ListenPacket(ctx, "unixgram", gram)
		require.NoError(t, err)
		require.NoError(t, pc.Close())
		env.RemoveSocket(gram)
		_, err = os.Lstat(gram)
		assert.ErrorIs(t, err, os.ErrNotExist)
	})
}

func TestOrdinaryFilesAreNotTakenOver(t *testing.T) {
	file := filepath.Join(t.TempDir(), "notes")
	require.NoError(t, os.WriteFile(file, []byte("keep"), 0o600))
	within(t, func(ctx context.Context, env *cli.Env) {
		_, err := env.Listen(ctx, "unix", file)
		assert.Error(t, err)
	})
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "keep", string(got))
}
