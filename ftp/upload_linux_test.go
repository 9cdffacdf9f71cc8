package ftp_test

import (
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/internal/testkit"
)

// uploadOverTCP sends text through a TCP connection to an upload.
func uploadOverTCP(t *testing.T, d *ftp.DirFS, mode ftp.CreateMode, limited bool, text []byte) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	sent := make(chan error, 1)
	go func() {
		nc, err := net.Dial("tcp", ln.Addr().String())
		if err == nil {
			_, err = nc.Write(text)
			nc.Close()
		}
		sent <- err
	}()
	nc, err := ln.Accept()
	require.NoError(t, err)
	defer nc.Close()
	u, err := d.Create("a", mode, 0)
	require.NoError(t, err)
	var r io.Reader = nc
	if limited {
		r = io.LimitReader(nc, int64(len(text)))
	}
	n, err := u.(io.ReaderFrom).ReadFrom(r)
	require.NoError(t, err)
	assert.EqualValues(t, len(text), n)
	require.NoError(t, <-sent)
	require.NoError(t, u.Commit())
}

// TestUploadsWithinTheKernel runs itself under strace.
func TestUploadsWithinTheKernel(t *testing.T) {
	text := bytes.Repeat([]byte("0123456789abcdef"), 1<<16) // 1 MiB
	if root := os.Getenv("FTP_UPLOAD_ROOT"); root != "" {
		for _, opts := range []*ftp.DirOptions{nil, {Quota: 1 << 30}} {
			d := openDir(t, root, opts)
			uploadOverTCP(t, d, ftp.CreateReplace, false, text)
			uploadOverTCP(t, d, ftp.CreateAppend, true, text)
		}
		return
	}
	strace := testkit.Program(t, "strace")
	root, log := t.TempDir(), filepath.Join(t.TempDir(), "log")
	cmd := exec.Command(strace, "-f", "-o", log, "-e", "trace=splice,write,fsync,renameat,renameat2", os.Args[0], "-test.run=^TestUploadsWithinTheKernel$")
	cmd.Env = append(os.Environ(), "FTP_UPLOAD_ROOT="+root)
	out, err := cmd.CombinedOutput()
	if strings.Contains(string(out), "Operation not permitted") {
		t.Skip("strace may not trace here")
	}
	require.NoError(t, err, string(out))
	b, err := os.ReadFile(log)
	require.NoError(t, err)
	trace := string(b)
	assert.Contains(t, trace, "splice(")
	assert.NotContains(t, trace, "0123456789abcdef0123456789abcdef\"..., 32768", "octets of a file in a buffer of ours")
	assert.Contains(t, trace, "fsync(")
	file, rename := strings.Index(trace, "fsync("), strings.Index(trace, "renameat")
	assert.Less(t, file, rename, "the file is on the disk before it has its name")
	assert.Contains(t, trace[rename:], "fsync(", "and its name before the upload is acknowledged")
	got, err := os.ReadFile(filepath.Join(root, "a"))
	require.NoError(t, err)
	assert.Equal(t, append(bytes.Clone(text), text...), got)
}
