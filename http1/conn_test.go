package http1_test

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/internal/testkit"
)

// pipeConns returns a client's and a server's Conn on one connection.
func pipeConns(t *testing.T) (client, server *http1.Conn) {
	c, s := testkit.Pipe()
	client = http1.NewConn(c, &http1.ConnOptions{Client: true})
	server = http1.NewConn(s, &http1.ConnOptions{Scheme: "http"})
	t.Cleanup(func() { client.Close(); server.Close() })
	return client, server
}

// body reads a body to its end.
func body(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(b)
}

func get(path string) *http1.Request {
	return &http1.Request{Method: http1.MethodGet, Target: http1.Target{Path: path, Authority: "h"}}
}

func TestExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := pipeConns(t)
		go func() {
			for {
				var r http1.Request
				if err := server.ReadRequest(&r); err != nil {
					assert.Equal(t, io.EOF, err)
					return
				}
				got := body(t, r.Body)
				assert.Equal(t, "http", r.Target.Scheme)
				p := &http1.Response{Status: 200, Length: -1, Body: io.NopCloser(strings.NewReader(r.Method + " " + r.Target.Path + " " + got))}
				p.Trailer.Add("Checksum", "1")
				assert.NoError(t, server.WriteResponse(p))
			}
		}()
		for _, length := range []int64{3, -1} {
			r := get("/a")
			r.Method, r.Length, r.Body = "POST", length, strings.NewReader("abc")
			r.Trailer.Add("Sum", "2")
			require.NoError(t, client.WriteRequest(r))
			var p http1.Response
			require.NoError(t, client.ReadResponse(&p))
			assert.Equal(t, "POST /a abc", body(t, p.Body))
			assert.Equal(t, "1", p.Trailer.Get("Checksum"))
			assert.Equal(t, "Checksum", p.Header.Get("Trailer"))
			assert.True(t, client.Reusable())
		}
		for range 3 {
			require.NoError(t, client.WriteRequest(get("/b")))
		}
		for range 3 {
			var p http1.Response
			require.NoError(t, client.ReadResponse(&p))
			assert.Equal(t, "GET /b ", body(t, p.Body))
		}
		assert.Equal(t, http1.StateIdle, client.State(http1.SideServer))
		client.Close()
		synctest.Wait()
	})
}
