package files_test

import (
	"io"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/http1/files"
	"applayer/internal/peers"
)

// exchange sends a request as it is and returns the response.
func exchange(t *testing.T, addr, request string) (resp http1.Response, body string) {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer nc.Close()
	_, err = io.WriteString(nc, request)
	require.NoError(t, err)
	b, err := io.ReadAll(nc)
	require.NoError(t, err)
	method, _, _ := strings.Cut(request, " ")
	n, err := resp.Parse(b, method, nil)
	require.NoError(t, err, "%q", b)
	return resp, string(b[n:])
}

// The same folder behind nginx and behind us answers alike.
func TestNginx(t *testing.T) {
	dir, root := folder(t, map[string]string{"index.html": "page", "a.txt": alphabet, "sub/index.html": "below", "empty.txt": "", "none/": ""})
	nginx := peers.Nginx(t, &peers.Config{Root: dir})
	addr, _ := live(t, &files.FileServer{Root: root})

	const (
		same = "" // as nginx
		date = "Tue, 30 Oct 2007 17:00:02 GMT"
	)
	for _, tt := range []struct {
		line, fields string
		differs      string // why our status is another
		ours         int
	}{
		{"GET /", "", same, 200},
		{"HEAD /", "", same, 200},
		{"GET /a.txt", "", same, 200},
		{"GET /sub/", "", same, 200},
		{"GET /sub", "", same, 301},
		{"GET /sub?x=y", "", same, 301},
		{"GET /none/", "", same, 403},
		{"GET /nothing", "", same, 404},
		{"GET /a.txt/", "", same, 404},
		{"GET /a.txt/x", "", same, 404},
		{"GET /%61.txt", "", same, 200},
		{"GET /sub/../a.txt", "", same, 200},
		{"GET /sub/%2e%2e/a.txt", "", same, 200},
		{"GET //a.txt", "", same, 200},
		{"GET /%2561.txt", "", same, 404},
		{"GET /a.txt%00", "", same, 400},
		{"GET /empty.txt", "", same, 200},
		{"GET /../a.txt", "", "RFC 3986 §5.2.4 ends at the root, where nginx answers 400", 200},
		{"GET /sub%2findex.html", "", "an encoded slash is not decoded to one", 400},
		{"GET /a.txt", "Range: bytes=0-4", same, 206},
		{"GET /a.txt", "Range: bytes=-3", same, 206},
		{"GET /a.txt", "Range: bytes=20-", same, 206},
		{"GET /a.txt", "Range: bytes=24-99", same, 206},
		{"GET /a.txt", "Range: bytes=26-", same, 416},
		{"GET /a.txt", "Range: bytes=-0", same, 416},
		{"GET /a.txt", "Range: items=0-1", same, 200},
		{"GET /a.txt", "Range: bytes=0-,0-,0-", same, 200},
		{"GET /a.txt", "Range: bytes=0-0,5-5", same, 206},
		{"GET /a.txt", "Range: bytes=4-0", "RFC 9110 §14.2 lets us ignore what is malformed", 200},
		{"HEAD /a.txt", "Range: bytes=0-4", "RFC 9110 §14.2 has ranges for GET alone", 200},
		{"GET /a.txt", "If-Modified-Since: " + date, same, 304},
		{"GET /a.txt", "If-Unmodified-Since: " + date, same, 200},
		{"GET /a.txt", "If-Unmodified-Since: Tue, 30 Oct 2007 17:00:01 GMT", same, 412},
		{"GET /a.txt", "If-Modified-Since: Tue, 30 Oct 2007 17:00:03 GMT", "RFC 9110 §13.1.3: a later date is as good, where nginx wants the same", 304},
		{"GET /a.txt", "If-None-Match: *", same, 304},
		{"GET /a.txt", "If-Match: *", same, 200},
		{"GET /a.txt", `If-Match: "x"`, same, 412},
		{"GET /a.txt", `If-None-Match: "x"`, same, 200},
		{"GET /a.txt", "Range: bytes=0-4\r\nIf-Range: " + date, same, 206},
		{"GET /a.txt", "Range: bytes=0-4\r\nIf-Range: Tue, 30 Oct 2007 17:00:03 GMT", same, 200},
		{"GET /a.txt", "Range: bytes=0-4\r\nIf-Range: \"x\"", same, 200},
		{"POST /a.txt", "Content-Length: 0", same, 405},
		{"DELETE /a.txt", "", same, 405},
	} {
		t.Run(tt.line+" "+tt.fields, func(t *testing.T) {
			request := tt.line + " HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n"
			if tt.fields != "" {
				request += tt.fields + "\r\n"
			}
			theirs, theirBody := exchange(t, nginx.Addr, request+"\r\n")
			ours, ourBody := exchange(t, addr, request+"\r\n")
			assert.Equal(t, tt.ours, ours.Status)
			if tt.differs != same {
				assert.NotEqual(t, theirs.Status, ours.Status, "no longer: %s", tt.differs)
				return
			}
			assert.Equal(t, theirs.Status, ours.Status)
			assert.Equal(t, theirs.Header.Get("Content-Range"), ours.Header.Get("Content-Range"))
			assert.Equal(t, theirs.Header.Has("Location"), ours.Header.Has("Location"))
			if ours.Status >= 300 || strings.HasPrefix(ours.Header.Get("Content-Type"), "multipart/") {
				return
			}
			assert.Equal(t, theirs.Header.Get("Content-Length"), ours.Header.Get("Content-Length"))
			assert.Equal(t, theirs.Header.Get("Last-Modified"), ours.Header.Get("Last-Modified"))
			assert.Equal(t, theirBody, ourBody)
		})
	}
}
