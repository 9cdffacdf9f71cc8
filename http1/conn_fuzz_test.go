package http1_test

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"applayer/http1"
)

// FuzzConnWrite: whatever is written, in whatever pieces and with whatever
// flushes, arrives, at our reader and at net/http's.
func FuzzConnWrite(f *testing.F) {
	f.Add([]byte{1, 2, 255, 0, 3, 128, 200, 4}, true, "A", "b")
	f.Add([]byte{0, 0, 250, 250, 250, 1}, false, "Content-Type", "text/plain")
	f.Fuzz(func(t *testing.T, pieces []byte, chunked bool, name, value string) {
		pieces = pieces[:min(len(pieces), 100)]
		var content bytes.Buffer
		var writes []int
		for i, b := range pieces {
			n := int(b)
			if b >= 128 {
				n = (int(b) - 128) * 200
			}
			writes = append(writes, n)
			content.Write(bytes.Repeat([]byte{byte('a' + i%26)}, n))
		}
		nc := script(getRequest)
		c := answering(t, nc, nil)
		p := &http1.Response{Status: 200, Length: int64(content.Len())}
		if chunked {
			p.Length = -1
		}
		if !strings.EqualFold(name, "Content-Length") && !strings.EqualFold(name, "Connection") {
			p.Header.Add(name, value)
		}
		if err := c.StartResponse(p); err != nil {
			requireTyped(t, err)
			require.NoError(t, c.Flush())
			require.Empty(t, nc.written())
			return
		}
		rest := content.Bytes()
		for i, n := range writes {
			_, err := c.Write(rest[:n])
			require.NoError(t, err)
			rest = rest[n:]
			if i%5 == 4 {
				require.NoError(t, c.Flush())
			}
		}
		require.NoError(t, c.EndMessage(nil))
		require.NoError(t, c.Flush())

		client := http1.NewConn(script(nc.written()), &http1.ConnOptions{Client: true})
		require.NoError(t, client.WriteRequest(get("/")))
		var ours http1.Response
		require.NoError(t, client.ReadResponse(&ours))
		require.Equal(t, content.String(), body(t, ours.Body))
		require.True(t, client.Reusable())
		require.Zero(t, client.Buffered())

		theirs, err := http.ReadResponse(bufio.NewReader(strings.NewReader(nc.written())), nil)
		require.NoError(t, err)
		b, err := io.ReadAll(theirs.Body)
		require.NoError(t, err)
		require.Equal(t, content.String(), string(b))
	})
}
