package upper_test

import (
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
)

// A server that really has no descriptor left for its next client serves it
// when another has gone, and a signal ends it in the meantime too.
func TestServerByCallsOutOfDescriptors(t *testing.T) {
	testkit.Linux(t, "ulimit")
	program := testkit.Build(t, "applayer/examples/upper/tcpserver")
	for _, freed := range []bool{true, false} {
		server := testkit.Start(t, testkit.Program(t, "sh"), "-c", `ulimit -n 32 && exec "$0" -berkeley -addr 127.0.0.1:0`, program)
		addr := ready(server.WaitLine, "listening on tcp ")
		clients := make([]net.Conn, 33)
		for i := range clients {
			c, err := net.Dial("tcp", addr)
			require.NoError(t, err)
			defer c.Close()
			_, err = io.WriteString(c, "hello")
			require.NoError(t, err)
			clients[i] = c
		}
		for !strings.Contains(server.WaitStderr(""), "too many open files") {
		}
		if freed {
			for _, c := range clients {
				reply := make([]byte, len("HELLO"))
				_, err := io.ReadFull(c, reply)
				require.NoError(t, err, server.Stderr())
				assert.Equal(t, "HELLO", string(reply))
				c.Close()
			}
		}
		assert.Equal(t, 0, server.Stop(), server.Stderr())
	}
}
