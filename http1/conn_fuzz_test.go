package http1_test

import (
	"bufio"
	"bytes"
	"fmt"
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

// readAll reads all requests of a connection, answers each, and writes down
// what it got.
func readAll(r io.Reader, buffer int) string {
	nc := script("")
	nc.Reader = r
	c := http1.NewConn(nc, &http1.ConnOptions{Limits: &http1.Limits{
		MaxStartLine: 100, MaxFieldSection: 200, MaxField: 100, MaxFields: 5, MaxBody: 9000, MaxChunkLine: 30, MaxChunkOverhead: 40,
	}})
	var out strings.Builder
	var q http1.Request
	for {
		if err := c.ReadRequest(&q); err != nil {
			out.WriteString(describeError(err))
			break
		}
		var content bytes.Buffer
		_, err := io.CopyBuffer(struct{ io.Writer }{&content}, struct{ io.Reader }{q.Body}, make([]byte, buffer))
		fmt.Fprintf(&out, "%s %v %q %v %x\n", q.Method, q.Target, q.Raw(), q.Trailer, content.Bytes())
		if err != nil {
			out.WriteString(describeError(err))
			break
		}
		if err := c.WriteResponse(&http1.Response{Status: 204}); err != nil {
			out.WriteString(describeError(err))
			break
		}
	}
	return out.String()
}

// FuzzConnRead: a Conn gives the same requests and errors however the octets
// come and however large the reads of bodies are.
func FuzzConnRead(f *testing.F) {
	f.Add(getRequest+"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"+getRequest, 0, 1)
	f.Add("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\nGET", 10, 5)
	f.Add("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\nabc", 5000, 4096)
	f.Add("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1388\r\n", 5000, 4096)
	f.Fuzz(func(t *testing.T, in string, pad, buffer int) {
		in += strings.Repeat("x", int(uint(pad)%9000))
		whole := readAll(strings.NewReader(in), 1+int(uint(buffer)%10_000))
		for name, wrap := range readers {
			cut := readAll(wrap(strings.NewReader(in)), 1000)
			if cut != whole && !sameButForLimit(whole, cut) {
				t.Fatalf("whole:\n%s\n%s:\n%s", whole, name, cut)
			}
		}
	})
}
