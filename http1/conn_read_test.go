package http1_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/internal/testkit"
)

// readers are ways in which octets may come from a connection.
var readers = map[string]func(io.Reader) io.Reader{
	"whole":    func(r io.Reader) io.Reader { return r },
	"bytewise": iotest.OneByteReader,
	"halves":   iotest.HalfReader,
	"with EOF": iotest.DataErrReader,
}

func TestReadBodies(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 10_000)
	for name, wrap := range readers {
		for _, buffer := range []int{1, 10, 1000, 5000, 100_000} {
			for kind, in := range map[string]string{
				"sized":   fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(long), long),
				"chunked": fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n%x\r\n%s\r\n0\r\nA: b\r\n\r\n", len(long)-5, long[5:]),
			} {
				nc := script("")
				nc.Reader = wrap(strings.NewReader("POST / HTTP/1.1\r\nHost: h\r\n" + in + getRequest))
				c := http1.NewConn(nc, nil)
				var r http1.Request
				require.NoError(t, c.ReadRequest(&r))
				raw := string(r.Raw())
				var got bytes.Buffer
				n, err := io.CopyBuffer(struct{ io.Writer }{&got}, struct{ io.Reader }{r.Body}, make([]byte, buffer))
				require.NoError(t, err)
				require.EqualValues(t, len(long), n, "%s, %s, %d", name, kind, buffer)
				require.True(t, long == got.String(), "%s, %s, %d", name, kind, buffer)
				assert.Equal(t, raw, string(r.Raw()), "Raw is valid as long as the request")
				if kind == "chunked" {
					assert.Equal(t, fields("A", "b"), r.Trailer)
				}
				require.NoError(t, c.WriteResponse(&http1.Response{Status: 200}))
				before := r.Body
				require.NoError(t, c.ReadRequest(&r))
				assert.Equal(t, "GET", r.Method)
				_, err = before.Read(make([]byte, 1))
				assert.Equal(t, io.EOF, err, "a body is over with its message")
			}
		}
	}
}

// TestEndIsSeenWithTheLastOctet: who reads no more than Content-Length has read
// the message whole.
func TestEndIsSeenWithTheLastOctet(t *testing.T) {
	for _, in := range []string{"Content-Length: 3\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"} {
		c := http1.NewConn(script("POST / HTTP/1.1\r\nHost: h\r\n"+in), nil)
		var r http1.Request
		require.NoError(t, c.ReadRequest(&r))
		_, err := io.ReadFull(r.Body, make([]byte, 3))
		require.NoError(t, err)
		require.NoError(t, c.WriteResponse(&http1.Response{Status: 200}))
		assert.True(t, c.Reusable())
	}
}

func TestUnreadBody(t *testing.T) {
	nc := script("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123456789" + getRequest)
	c := http1.NewConn(nc, nil)
	var r http1.Request
	require.NoError(t, c.ReadRequest(&r))
	require.NoError(t, c.WriteResponse(&http1.Response{Status: 200}))
	assert.False(t, c.Reusable(), "its body is not read")
	err := c.ReadRequest(&r)
	perr, ok := errors.AsType[*http1.ProtocolError](err)
	require.True(t, ok)
	assert.False(t, perr.Remote)

	limit, ok := errors.AsType[*http1.LimitError](c.DiscardBody(5))
	require.True(t, ok)
	assert.EqualValues(t, 5, limit.Max)
	assert.False(t, c.Reusable())
	require.NoError(t, c.DiscardBody(10))
	assert.True(t, c.Reusable())
	require.NoError(t, c.ReadRequest(&r))
	assert.Equal(t, "GET", r.Method)
	require.NoError(t, c.DiscardBody(0))
}

func TestClosedBody(t *testing.T) {
	c := http1.NewConn(script("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"), &http1.ConnOptions{Client: true})
	require.NoError(t, c.WriteRequest(get("/")))
	var p http1.Response
	require.NoError(t, c.ReadResponse(&p))
	require.NoError(t, p.Body.Close())
	require.NoError(t, p.Body.Close())
	_, err := p.Body.Read(make([]byte, 1))
	assert.EqualError(t, err, "http1: read of a closed body")
	require.NoError(t, c.DiscardBody(3))
	assert.True(t, c.Reusable())
}

// TestReadErrorsStay: behind a fault nothing is read as a message any more.
func TestReadErrorsStay(t *testing.T) {
	tests := []struct {
		name, in string
		class    error
		reply    int
	}{
		{"9112-3 request line", "GET  / HTTP/1.1\r\n\r\n", http1.ErrMalformed, 400},
		{"9112-6.3 lengths", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", http1.ErrFraming, 400},
		{"9112-6.1 unknown coding", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", http1.ErrFraming, 501},
		{"9110-15.6.6 version", "GET / HTTP/2.0\r\n\r\n", http1.ErrVersion, 505},
		{"9110-15.5.15 long target", "GET /" + strings.Repeat("a", 20_000) + " HTTP/1.1\r\n\r\n", http1.ErrTooLarge, 414},
		{"6585-5 long fields", "GET / HTTP/1.1\r\nHost: h\r\n" + strings.Repeat("A: "+strings.Repeat("b", 1000)+"\r\n", 70) + "\r\n", http1.ErrTooLarge, 431},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			nc := script(tt.in + getRequest)
			c := http1.NewConn(nc, nil)
			var r http1.Request
			err := c.ReadRequest(&r)
			require.ErrorIs(t, err, tt.class)
			assert.Equal(t, err, c.ReadRequest(&r))
			assert.False(t, c.Reusable())
			reply := 0
			if perr, ok := errors.AsType[*http1.ParseError](err); ok {
				reply = perr.Reply
			} else if lerr, ok := errors.AsType[*http1.LimitError](err); ok {
				reply = lerr.Reply
			}
			assert.Equal(t, tt.reply, reply)
			require.NoError(t, c.WriteResponse(&http1.Response{Status: reply}), "the fault is answered")
			require.NoError(t, c.Flush())
			assert.Contains(t, nc.written(), "Connection: close\r\n")
			assert.Equal(t, err, c.ReadRequest(&r))
		})
	}
}

func TestBodyErrors(t *testing.T) {
	for in, class := range map[string]error{
		"Content-Length: 5\r\n\r\nabc":                               io.ErrUnexpectedEOF,
		"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n":             io.ErrUnexpectedEOF,
		"Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n":   http1.ErrFraming,
		"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nx\r\n0\r\n\r": http1.ErrFraming,
	} {
		c := http1.NewConn(script("POST / HTTP/1.1\r\nHost: h\r\n"+in), nil)
		var r http1.Request
		require.NoError(t, c.ReadRequest(&r))
		b, err := io.ReadAll(r.Body)
		assert.Equal(t, "abc", string(b), in)
		assert.ErrorIs(t, err, class, in)
		assert.ErrorIs(t, err, http1.ErrFraming, in)
		_, again := r.Body.Read(make([]byte, 1))
		assert.Equal(t, err, again)
		assert.Equal(t, err, c.ReadRequest(&r))
		assert.Equal(t, http1.StateError, c.State(http1.SideClient))
		require.NoError(t, c.WriteResponse(&http1.Response{Status: 400}))
	}
}

func TestReadEnds(t *testing.T) {
	broken := errors.New("broken")
	nc := script("")
	nc.Reader = iotest.ErrReader(broken)
	c := http1.NewConn(nc, nil)
	var r http1.Request
	assert.Equal(t, broken, c.ReadRequest(&r))
	assert.Equal(t, broken, c.Wait())

	nc.Reader = iotest.ErrReader(io.ErrUnexpectedEOF) // what TLS says without its closing alert
	c = http1.NewConn(nc, &http1.ConnOptions{Client: true})
	require.NoError(t, c.WriteRequest(get("/")))
	var p http1.Response
	assert.ErrorIs(t, c.ReadResponse(&p), http1.ErrFraming)

	nc.Reader = io.MultiReader(strings.NewReader("HTTP/1.1 200 OK\r\n\r\nabc"), iotest.ErrReader(io.ErrUnexpectedEOF))
	c = http1.NewConn(nc, &http1.ConnOptions{Client: true})
	require.NoError(t, c.WriteRequest(get("/")))
	require.NoError(t, c.ReadResponse(&p))
	b, err := io.ReadAll(p.Body)
	assert.Equal(t, "abc", string(b))
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)

	c = http1.NewConn(script(getRequest), nil)
	assert.Error(t, c.ReadResponse(&p), "a server reads requests")
	require.NoError(t, c.ReadRequest(&r))
	assert.Equal(t, io.EOF, c.ReadRequest(&r))
	assert.Equal(t, io.EOF, c.ReadRequest(&r))
}

func TestMaxBody(t *testing.T) {
	opts := &http1.ConnOptions{Limits: &http1.Limits{MaxBody: 20_000}}
	var r http1.Request
	c := http1.NewConn(script("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 20001\r\n\r\n"), opts)
	lerr, ok := errors.AsType[*http1.LimitError](c.ReadRequest(&r))
	require.True(t, ok)
	assert.Equal(t, http1.LimitError{Name: "MaxBody", Max: 20_000, Reply: 413}, *lerr)

	for size, fits := range map[int]bool{20_000: true, 20_001: false, 60_000: false} {
		c = http1.NewConn(script(fmt.Sprintf("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", size, strings.Repeat("x", size))), opts)
		require.NoError(t, c.ReadRequest(&r))
		b, err := io.ReadAll(r.Body)
		assert.Len(t, b, 20_000)
		assert.Equal(t, fits, err == nil)
		if !fits {
			assert.ErrorIs(t, err, http1.ErrTooLarge)
		}
	}
}

// TestPipelinedResponsesLeaveTogether: one write for all that came in one read.
func TestPipelinedResponsesLeaveTogether(t *testing.T) {
	nc := script(strings.Repeat(getRequest, 16))
	c := http1.NewConn(nc, nil)
	var r http1.Request
	for range 16 {
		require.NoError(t, c.ReadRequest(&r))
		require.NoError(t, c.WriteResponse(&http1.Response{Status: 204}))
	}
	assert.Empty(t, nc.writes)
	assert.Equal(t, io.EOF, c.ReadRequest(&r))
	require.Len(t, nc.writes, 1)
	assert.Equal(t, strings.Repeat("HTTP/1.1 204 No Content\r\n\r\n", 16), nc.written())
}

// TestRequestsReadAhead: responses go to their requests, in order, though the
// next requests were read before.
func TestRequestsReadAhead(t *testing.T) {
	nc := script("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n" + getRequest + "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
	c := http1.NewConn(nc, nil)
	var requests [3]http1.Request
	for i := range requests {
		require.NoError(t, c.ReadRequest(&requests[i]))
	}
	assert.Equal(t, 3, c.Owed())
	assert.False(t, c.Reusable())
	for range requests {
		require.NoError(t, c.WriteResponse(&http1.Response{Status: 200, Length: 1, Body: reader("x")}))
	}
	require.NoError(t, c.Flush())
	assert.Equal(t, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"+
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"+
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx", nc.written())
	assert.Zero(t, c.Owed())
}

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nc, peer := testkit.Pipe()
		c := http1.NewConn(nc, &http1.ConnOptions{Client: true})
		defer c.Close()
		r := get("/")
		r.Method, r.Length = "PUT", 3
		r.Header.Add("Expect", "100-continue")
		require.NoError(t, c.StartRequest(r))
		nc.SetReadDeadline(time.Now().Add(time.Second))
		err := c.Wait()
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		head := make([]byte, 1000)
		n, err := peer.Read(head)
		require.NoError(t, err, "Wait sends what was written")
		assert.Contains(t, string(head[:n]), "Expect: 100-continue")

		nc.SetReadDeadline(time.Time{})
		_, err = c.Write([]byte("abc"))
		require.NoError(t, err)
		require.NoError(t, c.EndMessage(nil))
		io.WriteString(peer, "HTTP/1.1 204 No Content\r\n\r\n")
		require.NoError(t, c.Wait(), "a timeout breaks nothing")
		require.NoError(t, c.Wait())
		assert.Equal(t, 27, c.Buffered())
		var p http1.Response
		require.NoError(t, c.ReadResponse(&p))
		assert.Equal(t, 204, p.Status)
		peer.Close()
		assert.Equal(t, io.EOF, c.Wait())
		assert.Equal(t, io.EOF, c.Wait())
		assert.Equal(t, io.EOF, c.ReadResponse(&p))
	})
}

// TestBothWaysAtOnce: one goroutine reads the request while another writes the
// response.
func TestBothWaysAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := pipeConns(t)
		long := strings.Repeat("0123456789", 50_000)
		var all sync.WaitGroup
		all.Go(func() {
			var r http1.Request
			if !assert.NoError(t, server.ReadRequest(&r)) {
				return
			}
			assert.NoError(t, server.StartResponse(&http1.Response{Status: 200, Length: -1}))
			_, err := io.Copy(server, r.Body)
			assert.NoError(t, err)
			assert.NoError(t, server.EndMessage(nil))
			assert.NoError(t, server.Flush())
		})
		all.Go(func() {
			r := get("/")
			r.Method, r.Body = "POST", strings.NewReader(long)
			assert.NoError(t, client.WriteRequest(r))
			assert.NoError(t, client.Flush())
		})
		// A client may read only when a request was begun.
		synctest.Wait()
		var p http1.Response
		require.NoError(t, client.ReadResponse(&p))
		assert.True(t, long == body(t, p.Body))
		all.Wait()
		assert.True(t, client.Reusable())
		assert.True(t, server.Reusable())
	})
}

// TestLongHead: a head longer than the buffer, whole and bytewise, with what
// follows it.
func TestLongHead(t *testing.T) {
	head := "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n" + strings.Repeat("A: "+strings.Repeat("b", 1000)+"\r\n", 50) + "\r\n"
	for name, wrap := range readers {
		nc := script("")
		nc.Reader = wrap(strings.NewReader(strings.Repeat(head+"abc", 3) + getRequest))
		c := http1.NewConn(nc, nil)
		var r http1.Request
		for range 3 {
			require.NoError(t, c.ReadRequest(&r), name)
			assert.Equal(t, head, string(r.Raw()))
			assert.Equal(t, "abc", body(t, r.Body))
			assert.Equal(t, head, string(r.Raw()))
			require.NoError(t, c.WriteResponse(&http1.Response{Status: 200, Header: r.Header.Clone(), Body: reader("abc")}), "long heads are written as well")
		}
		require.NoError(t, c.ReadRequest(&r))
		assert.Equal(t, "GET", r.Method)
	}
}

// TestHeadBehindHeads: many small messages fill the buffer several times.
func TestHeadBehindHeads(t *testing.T) {
	const request = "POST /0123456789 HTTP/1.1\r\nHost: h\r\nContent-Length: 300\r\n\r\n"
	for name, wrap := range readers {
		nc := script("")
		nc.Reader = wrap(strings.NewReader(strings.Repeat(request+strings.Repeat("x", 300), 100)))
		c := http1.NewConn(nc, nil)
		var r http1.Request
		for range 100 {
			require.NoError(t, c.ReadRequest(&r), name)
			require.Len(t, body(t, r.Body), 300)
			require.Equal(t, request, string(r.Raw()))
			require.NoError(t, c.WriteResponse(&http1.Response{Status: 204}))
		}
		assert.Equal(t, io.EOF, c.ReadRequest(&r))
	}
}

func TestInterimAndOldClients(t *testing.T) {
	nc := script("GET / HTTP/1.0\r\n\r\n")
	c := answering(t, nc, nil)
	require.NoError(t, c.WriteInterim(103, nil))
	require.NoError(t, c.WriteResponse(&http1.Response{Status: 204}))
	require.NoError(t, c.Flush())
	assert.Equal(t, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", nc.written())

	nc = script("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
	c = answering(t, nc, nil)
	h := fields("Upgrade", "x")
	require.NoError(t, c.WriteInterim(101, &h))
	require.NoError(t, c.Flush())
	assert.Equal(t, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", nc.written())
}

// TestBodyOfABody: errors of a source reach the writer and leave the message
// cut.
func TestBodyOfABody(t *testing.T) {
	broken := errors.New("broken")
	for _, length := range []int64{-1, 10} {
		c := answering(t, script(getRequest), nil)
		err := c.WriteResponse(&http1.Response{Status: 200, Length: length, Body: io.NopCloser(iotest.ErrReader(broken))})
		assert.Equal(t, broken, err)
		assert.False(t, c.Reusable() && c.State(http1.SideServer) == http1.StateIdle, "the message has no end")
	}
	c := answering(t, script(getRequest), nil)
	never := readerFunc(func([]byte) (int, error) { return 0, nil })
	assert.Equal(t, io.ErrNoProgress, c.WriteResponse(&http1.Response{Status: 200, Length: -1, Body: io.NopCloser(never)}))
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
