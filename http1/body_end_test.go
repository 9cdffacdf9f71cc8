package http1_test

import (
	"io"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/internal/testkit"
)

// TestConnBodyEndOfConnection: the end of the connection inside a body is seen
// by reads of any size, also by those that go past the Conn's buffer.
func TestConnBodyEndOfConnection(t *testing.T) {
	tests := []struct {
		name, response string
		content        string
		err            error // io.EOF is none
	}{
		{"9112-6.3 until close", "HTTP/1.1 200 OK\r\n\r\nabc", "abc", io.EOF},
		{"9112-6.3 until close, empty", "HTTP/1.1 200 OK\r\n\r\n", "", io.EOF},
		{"9112-8 less than Content-Length", "HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\nabc", "abc", io.ErrUnexpectedEOF},
		{"9112-8 inside a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2000\r\nabc", "abc", io.ErrUnexpectedEOF},
	}
	for _, tt := range tests {
		for _, size := range []int{1, 3, 100, 64 << 10} {
			t.Run(tt.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					nc, peer := testkit.Pipe()
					c := http1.NewConn(nc, &http1.ConnOptions{Client: true})
					defer c.Close()
					require.NoError(t, c.WriteRequest(&http1.Request{Target: http1.Target{Authority: "h", Path: "/"}}))
					go func() {
						defer peer.Close()
						io.WriteString(peer, tt.response[:len(tt.response)-len(tt.content)])
						synctest.Wait() // the head is read, and nothing more is there
						io.WriteString(peer, tt.content)
					}()
					var p http1.Response
					require.NoError(t, c.ReadResponse(&p))
					b := make([]byte, size)
					var got []byte
					reads := 0
					for {
						n, err := p.Body.Read(b)
						got = append(got, b[:n]...)
						if err != nil {
							assert.ErrorIs(t, err, tt.err)
							break
						}
						reads++
						require.Less(t, reads, 10, "reads of nothing")
					}
					assert.Equal(t, tt.content, string(got))
				})
			})
		}
	}
}
