//go:build unix

package files_test

import (
	"net"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1/files"
)

// To open a named pipe is to wait for its writer, and to read a device may be
// to change it: neither is served.
func TestIrregular(t *testing.T) {
	dir, root := folder(t, nil)
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600))
	ln, err := net.Listen("unix", filepath.Join(dir, "socket"))
	require.NoError(t, err)
	defer ln.Close()
	s := &files.FileServer{Root: root, Writable: true}
	for _, name := range []string{"/pipe", "/socket"} {
		assert.Equal(t, 404, ask(t, s, "GET", name).Status)
		assert.Equal(t, 403, put(t, s, name, "x").Status)
		assert.Equal(t, 403, ask(t, s, "DELETE", name).Status)
	}
}
