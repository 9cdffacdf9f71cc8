//go:build linux

package ftp_test

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/internal/testkit"
)

// strace sees that the kernel moves downloads (sendfile) and uploads (splice),
// those behind REST and APPE too.
func TestInteropServerSplice(t *testing.T) {
	trace := testkit.StraceChild(t, "TestChildServerSplice", "sendfile,splice,sendfile64")
	assert.Regexp(t, `sendfile.*= [1-9]\d*`, trace)
	assert.Regexp(t, `splice.*= [1-9]\d*`, trace)
	assert.NotRegexp(t, `EINVAL`, trace, "nothing falls back")
}

func TestChildServerSplice(t *testing.T) {
	testkit.Child(t)
	root := t.TempDir()
	big := bytes.Repeat([]byte("0123456789abcdef"), 200_000)
	require.NoError(t, os.WriteFile(filepath.Join(root, "big"), big, 0o644))
	dir := openDir(t, root, &ftp.DirOptions{NoSync: true})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	srv := &ftp.Server{Auth: userP(dir)}
	go srv.Serve(l)
	defer srv.Close()
	c := dialTCP(t, l.Addr().String())
	c.do("TYPE I", "200")
	for _, line := range []string{"STOR up", "APPE up"} {
		data := c.passiveTCP(false)
		c.do(line, "1")
		_, err := struct{ io.Writer }{data}.Write(big)
		require.NoError(t, err)
		data.Close()
		c.want("226")
	}
	data := c.passiveTCP(false)
	c.do("REST 3200000", "350")
	c.do("RETR up", "1")
	got, err := io.ReadAll(data)
	require.NoError(t, err)
	require.True(t, bytes.Equal(big, got))
	c.want("226")
}
