package files_test

import (
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1/files"
	"applayer/internal/testkit"
)

// strace sees that the kernel moves a file to the connection, whole and in
// parts, opened and held.
func TestInteropSendfile(t *testing.T) {
	trace := testkit.StraceChild(t, "TestChildSendfile", "sendfile,sendfile64")
	for name, want := range map[string]string{"whole": "80000", "part": "50001", "first of two": "20000", "second of two": "30000"} {
		assert.GreaterOrEqual(t, strings.Count(trace, " = "+want+"\n"), 2, "%s: two times in\n%s", name, trace)
	}
}

func TestChildSendfile(t *testing.T) {
	testkit.Child(t)
	_, root := folder(t, map[string]string{"large": large})
	for _, s := range []*files.FileServer{{Root: root, OpenFiles: -1}, files.Hasty(&files.FileServer{Root: root})} {
		addr, _ := live(t, s)
		for _, fields := range []string{"", "Range: bytes=10000-60000\r\n", "Range: bytes=0-19999,50000-\r\n"} {
			nc, err := net.Dial("tcp", addr)
			require.NoError(t, err)
			_, err = io.WriteString(nc, "GET /large HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"+fields+"\r\n")
			require.NoError(t, err)
			n, err := io.Copy(io.Discard, nc)
			require.NoError(t, err)
			require.Greater(t, n, int64(50000))
			nc.Close()
		}
	}
}
