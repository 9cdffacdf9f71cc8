//go:build linux

package sockets_test

import (
	"io"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets"
)

// strace sees that the kernel moves what io.Copy asks for: sendfile from a
// file, in slices of 1 MiB under a deadline; splice between two connections
// without timeouts.
func TestInteropSendfile(t *testing.T) {
	trace := testkit.StraceChild(t, "TestChildSendfile", "sendfile,splice,sendfile64")
	assert.Regexp(t, `sendfile(64)?\(\d+, \d+, NULL, 1048576\)`, trace, "a slice of 1 MiB")
	assert.Regexp(t, `sendfile.*= [1-9]\d*`, trace, "that went")
	assert.Regexp(t, `splice.*= [1-9]\d*`, trace)
	for _, m := range regexp.MustCompile(`sendfile(?:64)?\(\d+, \d+, NULL, (\d+)\)`).FindAllStringSubmatch(trace, -1) {
		assert.LessOrEqual(t, len(m[1]), len("1048576"), "a larger slice: %s", m[0])
	}
}

func TestChildSendfile(t *testing.T) {
	testkit.Child(t)
	f, _ := randomFile(t, 3<<20)
	opts := &sockets.ConnOptions{ReadTimeout: time.Minute, WriteTimeout: time.Minute}
	c, peer := connPair(t, opts)
	go io.Copy(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{peer})
	n, err := io.Copy(c, f)
	require.NoError(t, err)
	require.Equal(t, int64(3<<20), n)

	in, client := connPair(t, opts)
	out, origin := connPair(t, opts)
	in.SetReadTimeout(0)
	out.SetWriteTimeout(0)
	go func() {
		client.Write(make([]byte, 1<<20))
		client.Close()
	}()
	go io.Copy(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{origin})
	n, err = io.Copy(out, in)
	require.NoError(t, err)
	require.Equal(t, int64(1<<20), n)
}
