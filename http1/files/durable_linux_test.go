package files_test

import (
	"io"
	"net"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1/files"
	"applayer/internal/testkit"
)

// strace sees that an upload is on the disk before it has its name, that the
// name is before the client hears of it, and the same of a removal.
func TestInteropDurable(t *testing.T) {
	trace := testkit.StraceChild(t, "TestChildDurable", "fsync,renameat,renameat2,unlinkat,mkdirat,write")
	const (
		call   = `(?s:.*?)\n\d+ +`
		put    = `write\(\d+, "PUT /a/b/f`
		remove = `write\(\d+, "DELETE /a/b/f`
	)
	for name, steps := range map[string][]string{
		"upload": {put, `write\(\d+, "content", 7`, `fsync\(`, `mkdirat\(.*"a"`, `mkdirat\(.*"b"`, `renameat2?\(.*\.upload-`, `fsync\(`, `fsync\(`, `fsync\(`, `write\(\d+, "HTTP/1.1 201`},
		"remove": {remove, `unlinkat\(.*"f"`, `fsync\(`, `write\(\d+, "HTTP/1.1 204`},
	} {
		order := regexp.MustCompile(strings.Join(steps, call))
		assert.Regexp(t, order, trace, name)
	}
}

func TestChildDurable(t *testing.T) {
	testkit.Child(t)
	_, root := folder(t, nil)
	addr, _ := live(t, &files.FileServer{Root: root, Writable: true})
	for _, request := range []string{
		"PUT /a/b/f HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 7\r\n\r\ncontent",
		"DELETE /a/b/f HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
	} {
		nc, err := net.Dial("tcp", addr)
		require.NoError(t, err)
		_, err = io.WriteString(nc, request)
		require.NoError(t, err)
		b, err := io.ReadAll(nc)
		require.NoError(t, err)
		require.Regexp(t, "^HTTP/1.1 20[14] ", string(b))
		nc.Close()
	}
}
