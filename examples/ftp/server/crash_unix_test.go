//go:build unix

package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/internal/testkit"
)

// temporary returns the files of uploads under way.
func temporary(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, ".ftp-upload-*"))
	require.NoError(t, err)
	return found
}

// A server that is killed in the middle of an upload leaves the old file whole,
// and the next one clears away what is left of the new one.
func TestKilledInTheMiddleOfAnUpload(t *testing.T) {
	dir := folder(t)
	program := testkit.Build(t, "applayer/examples/ftp/server")
	p := testkit.Start(t, program, "-addr", "127.0.0.1:0", "-root", dir, "-users", usersFile(t), "-writable")
	addr := strings.TrimPrefix(p.WaitLine("listening on tcp "), "listening on tcp ")
	c, err := ftp.Dial(t.Context(), "tcp", addr, &ftp.Options{User: "alice", Password: "wonder"})
	require.NoError(t, err)
	defer c.Close()
	src, feed := io.Pipe()
	stored := make(chan error, 1)
	go func() { stored <- c.Store(t.Context(), "a.txt", src) }()
	_, err = feed.Write(make([]byte, 1<<20)) // it is under way
	require.NoError(t, err)
	require.Len(t, temporary(t, dir), 1)
	require.NoError(t, syscall.Kill(p.Pid(), syscall.SIGKILL))
	p.Wait()
	feed.Close()
	assert.Error(t, <-stored)
	require.Len(t, temporary(t, dir), 1)
	b, err := os.ReadFile(filepath.Join(dir, "a.txt"))
	require.NoError(t, err)
	assert.Equal(t, "0123456789", string(b))

	p = testkit.Start(t, program, "-addr", "127.0.0.1:0", "-root", dir, "-writable")
	p.WaitLine("listening on tcp ")
	assert.Empty(t, temporary(t, dir))
}

// A signal lets a transfer that is under way come to its end.
func TestSignalWaitsForAnUpload(t *testing.T) {
	dir := folder(t)
	p := testkit.Start(t, testkit.Build(t, "applayer/examples/ftp/server"), "-addr", "127.0.0.1:0", "-root", dir, "-writable")
	addr := strings.TrimPrefix(p.WaitLine("listening on tcp "), "listening on tcp ")
	c, err := ftp.Dial(t.Context(), "tcp", addr, nil)
	require.NoError(t, err)
	defer c.Close()
	src, feed := io.Pipe()
	stored := make(chan error, 1)
	go func() { stored <- c.Store(t.Context(), "new.txt", src) }()
	_, err = io.WriteString(feed, "first, ")
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(p.Pid(), syscall.SIGTERM))
	_, err = io.WriteString(feed, "last")
	require.NoError(t, err)
	feed.Close()
	require.NoError(t, <-stored)
	assert.Equal(t, 0, p.Wait())
	b, err := os.ReadFile(filepath.Join(dir, "new.txt"))
	require.NoError(t, err)
	assert.Equal(t, "first, last", string(b))
}

// With -keep-partial an upload that broke off goes on where it stopped.
func TestBrokenUploadGoesOn(t *testing.T) {
	dir, text := folder(t), strings.Repeat("0123456789", 100_000)
	src := filepath.Join(t.TempDir(), "src")
	require.NoError(t, os.WriteFile(src, []byte(text), 0o644))
	_, addr := start(t, "-root", dir, "-writable", "-keep-partial")
	breakOff(t, addr, dir, "new.txt", text[:400_000])
	b, err := os.ReadFile(filepath.Join(dir, "new.txt"))
	require.NoError(t, err)
	assert.NotEmpty(t, b)
	assert.True(t, strings.HasPrefix(text, string(b)))
	status, _ := curl(t, "-C", "-", "-T", src, "ftp://"+addr+"/new.txt")
	assert.Equal(t, 0, status)
	b, err = os.ReadFile(filepath.Join(dir, "new.txt"))
	require.NoError(t, err)
	assert.Equal(t, text, string(b))

	breakOff(t, addr, dir, "a.txt", "broken")
	b, err = os.ReadFile(filepath.Join(dir, "a.txt"))
	require.NoError(t, err)
	assert.Equal(t, "0123456789", string(b), "a file that was there stays whole")
	assert.Empty(t, temporary(t, dir))
}

// breakOff stores the beginning of a file and then cancels.
func breakOff(t *testing.T, addr, dir, name, text string) {
	t.Helper()
	c, err := ftp.Dial(t.Context(), "tcp", addr, nil)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	src, feed := io.Pipe()
	stored := make(chan error, 1)
	go func() { stored <- c.Store(ctx, name, src) }()
	_, err = io.WriteString(feed, text)
	require.NoError(t, err)
	require.Eventually(t, func() bool { // the server has taken something of it
		found := temporary(t, dir)
		if len(found) != 1 {
			return false
		}
		info, err := os.Stat(found[0])
		return err == nil && info.Size() > 0
	}, 10*time.Second, time.Millisecond)
	cancel()
	feed.CloseWithError(context.Canceled)
	require.Error(t, <-stored)
	require.NoError(t, c.Quit(t.Context()), "which waits for the upload to be put away")
}
