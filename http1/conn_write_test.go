package http1_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
)

// scripted is a connection that reads what it was given and keeps each write.
type scripted struct {
	io.Reader
	writes [][]byte
	err    error // of Write
}

func script(in string) *scripted { return &scripted{Reader: strings.NewReader(in)} }

func (c *scripted) Write(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	c.writes = append(c.writes, bytes.Clone(p))
	return len(p), nil
}

func (c *scripted) written() string                  { return string(bytes.Join(c.writes, nil)) }
func (c *scripted) Close() error                     { return nil }
func (c *scripted) LocalAddr() net.Addr              { return nil }
func (c *scripted) RemoteAddr() net.Addr             { return nil }
func (c *scripted) SetDeadline(time.Time) error      { return nil }
func (c *scripted) SetReadDeadline(time.Time) error  { return nil }
func (c *scripted) SetWriteDeadline(time.Time) error { return nil }

// movingConn takes files as a *net.TCPConn does.
type movingConn struct {
	*scripted
	moved []string
}

func (c *movingConn) ReadFrom(r io.Reader) (int64, error) {
	if lr, ok := r.(*io.LimitedReader); ok {
		if f, ok := lr.R.(*os.File); ok {
			c.moved = append(c.moved, filepath.Base(f.Name()))
		}
	}
	b, err := io.ReadAll(r)
	c.writes = append(c.writes, b)
	return int64(len(b)), err
}

func reader(s string) io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }

func fields(namesAndValues ...string) http1.Header { return http1.NewHeader(namesAndValues...) }

func TestWriteResponse(t *testing.T) {
	const get, old = "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"
	const oldKept = "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"
	const head = "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n"
	const broken = "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
	tests := []struct {
		name, request string
		p             http1.Response
		want          string
		reusable      bool
	}{
		{"9110-8.6 of known length", get, http1.Response{Status: 200, Length: 3, Body: reader("abc")},
			"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", true},
		{"9110-8.6 of no octets", get, http1.Response{Status: 200}, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
		{"9110-8.6 the field has its way", get, http1.Response{Status: 200, Length: -1, Header: fields("content-length", "3"), Body: reader("abc")},
			"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc", true},
		{"9112-7.1 of unknown length", get, http1.Response{Status: 200, Length: -1, Body: reader("abc")},
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", true},
		{"9112-7.1 empty", get, http1.Response{Status: 200, Length: -1},
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", true},
		{"9110-6.6.2 with trailers", get, http1.Response{Status: 200, Length: -1, Body: reader("abc"), Trailer: fields("A", "b", "C", "d")},
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: A, C\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\nC: d\r\n\r\n", true},
		{"9112-7.1.2 trailers have no place elsewhere", get, http1.Response{Status: 200, Length: 3, Body: reader("abc"), Trailer: fields("A", "b")},
			"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", true},
		{"9112-6.3 to 1.0 until close", old, http1.Response{Status: 200, Length: -1, Body: reader("abc")},
			"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc", false},
		{"9112-9.3 to 1.0", old, http1.Response{Status: 200, Length: 3, Body: reader("abc")},
			"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc", false},
		{"9112-9.3 to 1.0 with keep-alive", oldKept, http1.Response{Status: 200, Length: 3, Body: reader("abc")},
			"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive\r\nKeep-Alive: timeout=15, max=9\r\n\r\nabc", true},
		{"9112-9.3 to 1.0 with keep-alive of unknown length", oldKept, http1.Response{Status: 200, Length: -1, Body: reader("abc")},
			"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc", false},
		{"9112-9.3 as 1.0", get, http1.Response{Status: 200, Version: http1.HTTP10, Length: -1, Body: reader("abc")},
			"HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nabc", false},
		{"9112-9.3 as 1.0 with its length", get, http1.Response{Status: 200, Version: http1.HTTP10, Length: 3, Body: reader("abc")},
			"HTTP/1.0 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive\r\nKeep-Alive: timeout=15, max=9\r\n\r\nabc", true},
		{"9112-9.6 the request said close", "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", http1.Response{Status: 200},
			"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", false},
		{"9112-9.6 the response says close", get, http1.Response{Status: 200, Header: fields("Connection", "Close")},
			"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n", false},
		{"9112-6.1 two lengths in the request", broken, http1.Response{Status: 200},
			"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", false},
		{"9110-9.3.2 HEAD drops the body", head, http1.Response{Status: 200, Length: 3, Body: reader("abc")},
			"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", true},
		{"9110-9.3.2 HEAD of unknown length", head, http1.Response{Status: 200, Length: -1, Body: reader("abc")}, "HTTP/1.1 200 OK\r\n\r\n", true},
		{"9110-9.3.2 HEAD with the field", head, http1.Response{Status: 200, Header: fields("Content-Length", "7")},
			"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", true},
		{"9110-15.3.5 no content", get, http1.Response{Status: 204}, "HTTP/1.1 204 No Content\r\n\r\n", true},
		{"9110-15.4.5 not modified", get, http1.Response{Status: 304, Header: fields("Content-Length", "7")},
			"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			nc := script(tt.request)
			c := http1.NewConn(nc, &http1.ConnOptions{KeepAlive: http1.KeepAlive{Timeout: 15500 * time.Millisecond, Max: 9}})
			var r http1.Request
			require.NoError(t, c.ReadRequest(&r))
			require.NoError(t, c.DiscardBody(100))
			require.NoError(t, c.WriteResponse(&tt.p))
			assert.Equal(t, tt.reusable, c.Reusable())
			require.NoError(t, c.Flush())
			assert.Equal(t, tt.want, nc.written())
			assert.Len(t, nc.writes, 1)
		})
	}
}

func TestWriteRequest(t *testing.T) {
	target := http1.Target{Path: "/a", Authority: "h"}
	tests := []struct {
		name string
		r    http1.Request
		want string
	}{
		{"9110-8.6 no content", http1.Request{Method: "GET"}, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n"},
		{"9110-8.6 none where some is expected", http1.Request{Method: "POST"}, "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"},
		{"9110-8.6 of known length", http1.Request{Method: "PUT", Length: 3, Body: reader("abc")},
			"PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"},
		{"9112-7.1 of unknown length", http1.Request{Method: "PUT", Body: reader("abc"), Trailer: fields("A", "b")},
			"PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: A\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\n"},
		{"9112-7.1 the field has its way", http1.Request{Method: "PUT", Length: 3, Header: fields("Transfer-Encoding", "Chunked"), Body: reader("abc")},
			"PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"},
		{"9110-8.6 the field has its way", http1.Request{Method: "PUT", Header: fields("Content-Length", "3"), Body: reader("abc")},
			"PUT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"},
		{"9112-9.3 as 1.0", http1.Request{Method: "PUT", Version: http1.HTTP10, Length: 3, Body: reader("abc")},
			"PUT /a HTTP/1.0\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			nc := script("")
			c := http1.NewConn(nc, &http1.ConnOptions{Client: true})
			tt.r.Target = target
			require.NoError(t, c.WriteRequest(&tt.r))
			require.NoError(t, c.Flush())
			assert.Equal(t, tt.want, nc.written())
			assert.Len(t, nc.writes, 1)
			assert.Equal(t, tt.r.Version != http1.HTTP10, c.Reusable())
		})
	}
}

// TestRefusesToWrite: what may not be sent is refused, nothing of it is sent,
// and something else may be sent in its place.
func TestRefusesToWrite(t *testing.T) {
	responses := []struct {
		name, request string
		p             http1.Response
		what          string
	}{
		{"9110-5.5 CRLF in a field", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", http1.Response{Status: 200, Header: fields("A", "b\r\nC: d")}, "field value"},
		{"9112-6.1 chunked to 1.0", "GET / HTTP/1.0\r\n\r\n", http1.Response{Status: 200, Header: fields("Transfer-Encoding", "chunked")}, "transfer coding"},
		{"9112-6.2 two lengths", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", http1.Response{Status: 200, Header: fields("Transfer-Encoding", "chunked", "Content-Length", "1")}, "body length"},
		{"9110-8.6 a length in a 204", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", http1.Response{Status: 204, Header: fields("Content-Length", "1")}, "body length"},
		{"9110-6.5.1 a trailer that means something before", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", http1.Response{Status: 200, Length: -1, Trailer: fields("Host", "x")}, "trailer field"},
	}
	for _, tt := range responses {
		t.Run(tt.name, func(t *testing.T) {
			nc := script(tt.request)
			c := http1.NewConn(nc, nil)
			var r http1.Request
			require.NoError(t, c.ReadRequest(&r))
			err := c.WriteResponse(&tt.p)
			perr, ok := errors.AsType[*http1.ParseError](err)
			require.True(t, ok, "%T %v", err, err)
			assert.Contains(t, perr.What, tt.what)
			require.NoError(t, c.WriteResponse(&http1.Response{Status: 500, Header: fields("Connection", "close")}))
			require.NoError(t, c.Flush())
			assert.Equal(t, "HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", nc.written())
		})
	}
	requests := []struct {
		name string
		r    http1.Request
		what string
	}{
		{"9112-3.2 space in the target", http1.Request{Target: http1.Target{Path: "/a b", Authority: "h"}}, "request target"},
		{"9112-3.2 no host", http1.Request{Target: http1.Target{Path: "/"}}, "Host"},
		{"9112-6.1 unknown length in 1.0", http1.Request{Version: http1.HTTP10, Target: http1.Target{Path: "/", Authority: "h"}, Length: -1}, "body length"},
		{"9112-6.1 chunked in 1.0", http1.Request{Version: http1.HTTP10, Target: http1.Target{Path: "/", Authority: "h"}, Header: fields("Transfer-Encoding", "chunked")}, "transfer coding"},
		{"9110-6.5.1 a trailer that means something before", http1.Request{Target: http1.Target{Path: "/", Authority: "h"}, Length: -1, Trailer: fields("Cookie", "x")}, "trailer field"},
		{"9110-10.1.1 a 100 for nothing", http1.Request{Target: http1.Target{Path: "/", Authority: "h"}, Header: fields("Expect", "100-continue")}, "expectation"},
		{"9110-7.8 Upgrade that Connection does not name", http1.Request{Target: http1.Target{Path: "/", Authority: "h"}, Header: fields("Upgrade", "x")}, "Upgrade"},
	}
	for _, tt := range requests {
		t.Run(tt.name, func(t *testing.T) {
			nc := script("")
			c := http1.NewConn(nc, &http1.ConnOptions{Client: true})
			err := c.WriteRequest(&tt.r)
			perr, ok := errors.AsType[*http1.ParseError](err)
			require.True(t, ok, "%T %v", err, err)
			assert.Contains(t, perr.What, tt.what)
			require.NoError(t, c.WriteRequest(get("/")))
			require.NoError(t, c.Flush())
			assert.Equal(t, "GET / HTTP/1.1\r\nHost: h\r\n\r\n", nc.written())
		})
	}
}

// answering returns a server's Conn that has read a request.
func answering(t *testing.T, nc net.Conn, opts *http1.ConnOptions) *http1.Conn {
	t.Helper()
	c := http1.NewConn(nc, opts)
	var r http1.Request
	require.NoError(t, c.ReadRequest(&r))
	return c
}

const getRequest = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

func TestSmallWritesMakeOneChunk(t *testing.T) {
	nc := script(getRequest)
	c := answering(t, nc, nil)
	require.NoError(t, c.StartResponse(&http1.Response{Status: 200, Length: -1}))
	for range 5 {
		_, err := c.Write([]byte("four"))
		require.NoError(t, err)
	}
	require.NoError(t, c.Flush())
	require.NoError(t, c.Flush())
	_, err := c.Write([]byte(strings.Repeat("x", 300)))
	require.NoError(t, err)
	require.NoError(t, c.EndMessage(nil))
	require.NoError(t, c.Flush())
	require.Len(t, nc.writes, 2)
	assert.Equal(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n14\r\nfourfourfourfourfour\r\n", string(nc.writes[0]))
	assert.Equal(t, "12c\r\n"+strings.Repeat("x", 300)+"\r\n0\r\n\r\n", string(nc.writes[1]))
}

// TestChunksOfAnySize: whatever is written, in whatever pieces, comes out.
func TestChunksOfAnySize(t *testing.T) {
	for _, size := range []int{1, 7, 100, 4000, 4090, 4096, 8000, 8180, 8186, 8187, 8192, 20000} {
		for _, length := range []int64{-1, 100_000} {
			nc := script(getRequest)
			c := answering(t, nc, nil)
			require.NoError(t, c.StartResponse(&http1.Response{Status: 200, Length: length}))
			var want bytes.Buffer
			for i := 0; want.Len() < 100_000; i++ {
				p := bytes.Repeat([]byte{byte('a' + i%26)}, min(size, 100_000-want.Len()))
				want.Write(p)
				n, err := c.Write(p)
				require.NoError(t, err)
				require.Equal(t, len(p), n)
			}
			require.NoError(t, c.EndMessage(nil))
			require.NoError(t, c.Flush())
			assert.LessOrEqual(t, len(nc.writes), 30, "in pieces of %d", size)

			client := http1.NewConn(script(nc.written()), &http1.ConnOptions{Client: true})
			require.NoError(t, client.WriteRequest(get("/")))
			var p http1.Response
			require.NoError(t, client.ReadResponse(&p))
			assert.Equal(t, want.String(), body(t, p.Body), "in pieces of %d", size)
		}
	}
}

func TestBodyLength(t *testing.T) {
	nc := script(getRequest)
	c := answering(t, nc, nil)
	require.NoError(t, c.StartResponse(&http1.Response{Status: 200, Length: 3}))
	n, err := c.Write([]byte("abcd"))
	assert.Equal(t, 3, n)
	assert.ErrorIs(t, err, http1.ErrBodyLength)
	assert.ErrorIs(t, c.EndMessage(nil), http1.ErrBodyLength)
	assert.ErrorIs(t, c.Flush(), http1.ErrBodyLength)
	assert.False(t, c.Reusable())

	c = answering(t, script(getRequest), nil)
	assert.ErrorIs(t, c.WriteResponse(&http1.Response{Status: 200, Length: 3, Body: reader("ab")}), http1.ErrBodyLength)
	assert.False(t, c.Reusable())
	assert.Equal(t, http1.StateError, c.State(http1.SideServer))

	c = answering(t, script(getRequest), nil)
	require.NoError(t, c.StartResponse(&http1.Response{Status: 304}))
	_, err = c.Write([]byte("x"))
	assert.Equal(t, http1.ErrNoBody, err)
	require.NoError(t, c.EndMessage(nil))
}

func TestWriteOutOfOrder(t *testing.T) {
	wrong := func(err error) {
		t.Helper()
		perr, ok := errors.AsType[*http1.ProtocolError](err)
		require.True(t, ok, "%T %v", err, err)
		assert.False(t, perr.Remote)
	}
	nc := script(getRequest)
	c := http1.NewConn(nc, nil)
	wrong(c.WriteResponse(&http1.Response{Status: 200}))
	wrong(c.WriteRequest(get("/")))
	wrong(c.EndMessage(nil))
	_, err := c.Write([]byte("x"))
	wrong(err)
	var r http1.Request
	require.NoError(t, c.ReadRequest(&r))
	wrong(c.WriteInterim(101, nil))
	assert.Error(t, c.WriteInterim(200, nil))
	h := fields("Link", "</a>")
	require.NoError(t, c.WriteInterim(103, &h))
	require.NoError(t, c.StartResponse(&http1.Response{Status: 200, Length: 1}))
	wrong(c.WriteInterim(103, nil))
	wrong(c.StartResponse(&http1.Response{Status: 200}))
	_, err = c.Write([]byte("x"))
	require.NoError(t, err)
	require.NoError(t, c.EndMessage(nil))
	wrong(c.WriteResponse(&http1.Response{Status: 200}))
	require.NoError(t, c.Flush())
	assert.Equal(t, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", nc.written())
}

func TestWriteErrorsStay(t *testing.T) {
	broken := errors.New("broken")
	nc := script(getRequest)
	c := answering(t, nc, nil)
	nc.err = broken
	require.NoError(t, c.WriteResponse(&http1.Response{Status: 200}))
	assert.Equal(t, broken, c.Flush())
	nc.err = nil
	assert.Equal(t, broken, c.Flush())
	assert.Equal(t, broken, c.WriteResponse(&http1.Response{Status: 200}))
	_, err := c.Write([]byte("x"))
	assert.Equal(t, broken, err)
	assert.Equal(t, broken, c.EndMessage(nil))
	assert.False(t, c.Reusable())
	assert.Equal(t, broken, c.CloseLingering(0, 0))
}

func TestCloseAfter(t *testing.T) {
	nc := script(getRequest)
	c := answering(t, nc, nil)
	c.CloseAfter()
	require.NoError(t, c.WriteResponse(&http1.Response{Status: 200}))
	require.NoError(t, c.Flush())
	assert.Equal(t, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", nc.written())
	assert.False(t, c.Reusable())

	nc = script("")
	c = http1.NewConn(nc, &http1.ConnOptions{Client: true})
	c.CloseAfter()
	require.NoError(t, c.WriteRequest(get("/")))
	require.NoError(t, c.Flush())
	assert.Equal(t, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", nc.written())
	assert.False(t, c.Reusable())
}

// TestFilesGoByThemselves: a file goes to the connection below as it is, where
// the message has its length and the file is worth it.
func TestFilesGoByThemselves(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	content := strings.Repeat("0123456789", 10_000)
	require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
	tests := []struct {
		name    string
		request string
		length  int64
		source  func(f *os.File) io.Reader
		moved   bool
		want    string
		err     error
	}{
		{"a file", getRequest, 100_000, func(f *os.File) io.Reader { return f }, true, content, nil},
		{"a part of one", getRequest, 50_000, func(f *os.File) io.Reader { return io.LimitReader(f, 50_000) }, true, content[:50_000], nil},
		{"a small part", getRequest, 100, func(f *os.File) io.Reader { return io.LimitReader(f, 100) }, false, content[:100], nil},
		{"in chunks", getRequest, -1, func(f *os.File) io.Reader { return f }, false, content, nil},
		{"until close", "GET / HTTP/1.0\r\n\r\n", -1, func(f *os.File) io.Reader { return io.LimitReader(f, 1<<40) }, true, content, nil},
		{"to HEAD", "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", 100_000, func(f *os.File) io.Reader { return f }, false, "", nil},
		{"another reader", getRequest, 100_000, func(f *os.File) io.Reader { return struct{ io.Reader }{f} }, false, content, nil},
		{"a file that is too long", getRequest, 50_000, func(f *os.File) io.Reader { return f }, true, content[:50_000], http1.ErrBodyLength},
		{"a file that is too short", getRequest, 100_001, func(f *os.File) io.Reader { return f }, true, content, http1.ErrBodyLength},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := os.Open(name)
			require.NoError(t, err)
			defer f.Close()
			nc := &movingConn{scripted: script(tt.request)}
			c := answering(t, nc, nil)
			require.NoError(t, c.StartResponse(&http1.Response{Status: 200, Length: tt.length}))
			_, err = c.ReadFrom(tt.source(f))
			if err == nil {
				err = c.EndMessage(nil)
			}
			assert.Equal(t, tt.err, err)
			c.Flush()
			assert.Equal(t, tt.moved, len(nc.moved) > 0)
			if tt.length < 0 && tt.request == getRequest {
				client := http1.NewConn(script(nc.written()), &http1.ConnOptions{Client: true})
				require.NoError(t, client.WriteRequest(get("/")))
				var p http1.Response
				require.NoError(t, client.ReadResponse(&p))
				assert.Equal(t, tt.want, body(t, p.Body))
				return
			}
			_, sent, _ := strings.Cut(nc.written(), "\r\n\r\n")
			assert.Equal(t, tt.want, sent)
		})
	}
}
