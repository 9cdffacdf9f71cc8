//go:build unix

package main

import (
	"bufio"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

// hostile makes a root with ways out of it, and returns it and a file outside
// that must stay as it is.
func hostile(t *testing.T) (root, secret string) {
	t.Helper()
	top := t.TempDir()
	root, secret = filepath.Join(top, "root"), filepath.Join(top, "outside", "password")
	require.NoError(t, os.MkdirAll(filepath.Join(root, "sub"), 0o755))
	require.NoError(t, os.Mkdir(filepath.Dir(secret), 0o755))
	require.NoError(t, os.WriteFile(secret, []byte("hunter2"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(root, "a.txt"), []byte("a"), 0o644))
	require.NoError(t, os.Symlink(filepath.Dir(secret), filepath.Join(root, "out")))
	require.NoError(t, os.Symlink("../outside/password", filepath.Join(root, "file")))
	require.NoError(t, syscall.Mkfifo(filepath.Join(root, "fifo"), 0o666))
	return root, secret
}

// Each command that takes a path is tried with each way out, and refused. None
// waits: a FIFO would hang a server that opens it.
func TestNoCommandLeavesTheRoot(t *testing.T) {
	root, secret := hostile(t)
	_, addr := start(t, "-root", root, "-writable")
	c, err := ftp.Dial(t.Context(), "tcp", addr, nil)
	require.NoError(t, err)
	defer c.Close()
	verbs := []string{"CWD", "SIZE", "MDTM", "MLST", "RETR", "STOR", "APPE", "LIST", "NLST", "MLSD", "STAT", "DELE", "RMD", "MKD", "RNFR", "MFMT 20010203040506", "SITE CHMOD 777"}
	paths := []string{
		"../outside/password", "/../outside/password", "sub/../../outside/password", "out/password", "/out/password",
		"sub/../out/password", "./out/../out/password", secret, "fifo/x", "file/x",
		".ftp-upload-ABCDEFGHIJKLMNOPQRSTUVWXYZ", "out/.ftp-upload-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
	}
	for _, verb := range verbs {
		for _, path := range paths {
			quote(t, c, "EPSV")
			r := quote(t, c, verb+" "+path)
			assert.GreaterOrEqual(t, r.Code, 500, "%s %s: %s", verb, path, r)
			assert.NotEqual(t, 502, r.Code, "%s is built", verb)
			assert.NotContains(t, r.Text(), filepath.Dir(root), "no path of the machine's")
		}
	}
	for _, line := range []string{"RETR fifo", "APPE fifo", "STOR fifo", "RETR file", "APPE file", "RETR out", "CWD out", "CWD fifo", "CWD file", "LIST -a out/*", "NLST out/*"} {
		quote(t, c, "EPSV")
		r := quote(t, c, line)
		assert.Equal(t, 550, r.Code, "%s: %s", line, r)
	}
	assert.Equal(t, 350, quote(t, c, "RNFR a.txt").Code)
	assert.GreaterOrEqual(t, quote(t, c, "RNTO out/a.txt").Code, 500)
	for line, code := range map[string]string{"RETR a\x00b": "501", "CWD \x00": "501", "MKD a\rb": "550"} {
		r := typed(t, addr, line)
		assert.Equal(t, code, r[:3], "%q: %s", line, r)
	}
	b, err := os.ReadFile(secret)
	require.NoError(t, err)
	assert.Equal(t, "hunter2", string(b))
	info, err := os.Stat(secret)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o644), info.Mode())
	entries, err := os.ReadDir(filepath.Dir(secret))
	require.NoError(t, err)
	assert.Len(t, entries, 1)
	entries, err = os.ReadDir(root)
	require.NoError(t, err)
	assert.Len(t, entries, 5, "a.txt, fifo, file, out, sub")
}

func quote(t *testing.T, c *ftp.Client, line string) ftp.Reply {
	t.Helper()
	r, err := c.Quote(t.Context(), line)
	require.NoError(t, err, line)
	return r
}

// typed types a line into a session of its own, and returns the reply.
func typed(t *testing.T, addr, line string) string {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer nc.Close()
	_, err = io.WriteString(nc, "USER anonymous\r\nPASS x\r\n"+line+"\r\n")
	require.NoError(t, err)
	in := bufio.NewReader(nc)
	var reply string
	for range 4 { // the greeting, 331, 230 and this one
		reply, err = in.ReadString('\n')
		require.NoError(t, err)
	}
	return reply
}
