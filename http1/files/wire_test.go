package files_test

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/http1/files"
	"applayer/internal/testkit"
)

// converse sends octets to a server on a connection in memory, ends the
// client's direction, and returns what came back.
func converse(t *testing.T, s *files.FileServer, in string) (out string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		client, server := testkit.Pipe()
		defer client.Close()
		done := make(chan struct{})
		go func() {
			defer close(done)
			(&http1.Server{Handler: s}).ServeConn(t.Context(), server)
		}()
		go func() {
			io.WriteString(client, in)
			client.(interface{ CloseWrite() error }).CloseWrite()
		}()
		b, err := io.ReadAll(client)
		require.NoError(t, err)
		out = string(b)
		<-done
	})
	return out
}

// A connection that is lost in the middle of an upload leaves nothing, whatever
// told how much there would be (RFC 9112 §8).
func TestUploadLost(t *testing.T) {
	for _, in := range []string{
		"PUT /a/new HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf",
		"PUT /a/new HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
		"PUT /a/new HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n",
		"PUT /old HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf",
		"PUT /old HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
	} {
		dir, root := folder(t, map[string]string{"old": "before"})
		s := &files.FileServer{Root: root, Writable: true}
		out := converse(t, s, in)
		assert.NotContains(t, out, " 201 ", "%q", in)
		assert.NotContains(t, out, " 204 ", "%q", in)
		assert.Equal(t, []string{"old"}, names(t, dir), "%q", in)
		assert.Equal(t, "before", ask(t, s, "GET", "/old").body)
	}
}

// What follows the body of a refused upload is a request of its own, and its
// body is none (RFC 9112 §9.3).
func TestRefusedBodies(t *testing.T) {
	_, root := folder(t, map[string]string{"old": "before"})
	s := &files.FileServer{Root: root}
	body := "DELETE /old HTTP/1.1\r\nHost: h\r\n\r\n"
	out := converse(t, s, "PUT /old HTTP/1.1\r\nHost: h\r\nContent-Length: 33\r\n\r\n"+body+"GET /old HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
	require.Len(t, body, 33)
	assert.Equal(t, 1, strings.Count(out, "HTTP/1.1 405 Method Not Allowed\r\n"), out)
	assert.Equal(t, 1, strings.Count(out, "HTTP/1.1 200 OK\r\n"), out)
	assert.Equal(t, 2, strings.Count(out, "HTTP/1.1 "), out)
	assert.True(t, strings.HasSuffix(out, "\r\n\r\nbefore"), out)
}
