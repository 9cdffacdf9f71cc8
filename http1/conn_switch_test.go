package http1_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/internal/testkit"
)

func TestExpect(t *testing.T) {
	const head = "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-Continue\r\n\r\n"
	const hundred = "HTTP/1.1 100 Continue\r\n\r\n"
	const final = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
	tests := []struct {
		name   string
		head   string
		at     string // content that comes with the head
		answer func(c *http1.Conn, r *http1.Request) error
		want   string
	}{
		{"9110-10.1.1 sent when the content is asked for", head, "", func(c *http1.Conn, r *http1.Request) error {
			io.ReadAll(r.Body)
			return nil
		}, hundred + final + "\r\n"},
		{"9110-10.1.1 not when it has begun to arrive", head, "a", func(c *http1.Conn, r *http1.Request) error {
			io.ReadAll(r.Body)
			return nil
		}, final + "\r\n"},
		{"9110-10.1.1 not when nobody asks, and the connection ends", head, "", func(c *http1.Conn, r *http1.Request) error {
			return nil
		}, final + "Connection: close\r\n\r\n"},
		{"9110-10.1.1 not when it is discarded", head, "a", func(c *http1.Conn, r *http1.Request) error {
			return c.DiscardBody(100)
		}, final + "\r\n"},
		{"9110-10.1.1 once, if the handler sent it", head, "", func(c *http1.Conn, r *http1.Request) error {
			if err := c.WriteInterim(100, nil); err != nil {
				return err
			}
			io.ReadAll(r.Body)
			return nil
		}, hundred + final + "\r\n"},
		{"9110-10.1.1 not for 1.0", strings.Replace(head, "HTTP/1.1", "HTTP/1.0", 1), "", func(c *http1.Conn, r *http1.Request) error {
			io.ReadAll(r.Body)
			return nil
		}, final + "Connection: close\r\n\r\n"},
		{"9110-10.1.1 not where there is no content", strings.Replace(head, "Content-Length: 3", "Content-Length: 0", 1), "", func(c *http1.Conn, r *http1.Request) error {
			io.ReadAll(r.Body)
			return nil
		}, final + "\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				nc, peer := testkit.Pipe()
				c := http1.NewConn(nc, nil)
				io.WriteString(peer, tt.head+tt.at)
				go func() { // the client waits a second, then sends
					time.Sleep(time.Second)
					io.WriteString(peer, "abc"[len(tt.at):])
				}()
				var r http1.Request
				require.NoError(t, c.ReadRequest(&r))
				require.NoError(t, tt.answer(c, &r))
				require.NoError(t, c.WriteResponse(&http1.Response{Status: 200}))
				require.NoError(t, c.Flush())
				c.Close()
				got, err := io.ReadAll(peer)
				require.NoError(t, err)
				assert.Equal(t, tt.want, string(got))
				time.Sleep(2 * time.Second)
			})
		})
	}
}

func TestUpgrade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := testkit.Pipe()
		client := http1.NewConn(a, &http1.ConnOptions{Client: true})
		server := http1.NewConn(b, nil)
		r := get("/")
		r.Header = fields("Connection", "upgrade", "Upgrade", "echo")
		require.NoError(t, client.WriteRequest(r))
		assert.False(t, client.Reusable())
		assert.Error(t, client.WriteRequest(get("/2")))
		require.NoError(t, client.Flush())

		var q http1.Request
		require.NoError(t, server.ReadRequest(&q))
		assert.Equal(t, http1.StateMightSwitch, server.State(http1.SideClient))
		assert.Error(t, server.ReadRequest(&q), "what follows depends on the answer")
		h := fields("Connection", "upgrade", "Upgrade", "echo")
		require.NoError(t, server.WriteInterim(101, &h))
		assert.Equal(t, http1.StateSwitched, server.State(http1.SideServer))
		assert.Error(t, server.WriteResponse(&http1.Response{Status: 200}))
		nc, buffered, err := server.Hijack()
		require.NoError(t, err)
		assert.Empty(t, buffered)
		io.WriteString(nc, "hello")

		var p http1.Response
		require.NoError(t, client.ReadResponse(&p))
		assert.Equal(t, 101, p.Status)
		assert.Error(t, client.ReadResponse(&p))
		synctest.Wait()
		nc, buffered, err = client.Hijack()
		require.NoError(t, err)
		if len(buffered) < 5 {
			more := make([]byte, 5-len(buffered))
			_, err = io.ReadFull(nc, more)
			require.NoError(t, err)
			buffered = append(buffered, more...)
		}
		assert.Equal(t, "hello", string(buffered))
		assert.ErrorIs(t, client.ReadResponse(&p), net.ErrClosed)
		assert.ErrorIs(t, client.WriteRequest(get("/")), net.ErrClosed)
		assert.ErrorIs(t, client.Flush(), net.ErrClosed)
		assert.False(t, client.Reusable())
		require.NoError(t, client.Close())
		require.NoError(t, server.Close())
	})
}

func TestConnect(t *testing.T) {
	in := "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\nearly"
	nc := script(in)
	c := http1.NewConn(nc, nil)
	var r http1.Request
	require.NoError(t, c.ReadRequest(&r))
	require.NoError(t, c.StartResponse(&http1.Response{Status: 200}))
	_, buffered, err := c.Hijack()
	require.NoError(t, err)
	assert.Equal(t, "early", string(buffered))
	assert.Equal(t, "HTTP/1.1 200 OK\r\n\r\n", nc.written())

	nc = script("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n" + getRequest)
	c = http1.NewConn(nc, nil)
	require.NoError(t, c.ReadRequest(&r))
	require.NoError(t, c.WriteResponse(&http1.Response{Status: 403}))
	require.NoError(t, c.ReadRequest(&r), "a refused CONNECT changes nothing")
	assert.Equal(t, "GET", r.Method)
}

// TestNoContentForTheLast: a client that waits for a 100, and got its answer
// without, may send no content: nobody waits for it.
func TestNoContentForTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nc, peer := testkit.Pipe()
		c := http1.NewConn(nc, nil)
		io.WriteString(peer, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
		var r http1.Request
		require.NoError(t, c.ReadRequest(&r))
		require.NoError(t, c.WriteResponse(&http1.Response{Status: 403}))
		require.NoError(t, c.Flush())
		assert.Error(t, c.DiscardBody(1000))
		assert.False(t, c.Reusable())
		c.Close()
	})
}

// idleConn tells as a sockets.Conn does when octets have arrived.
type idleConn struct{ *scripted }

func (idleConn) WaitRead() error { return nil }

// TestWaitInAMessage: a client waits for a 100 between the head and the content,
// and the buffer that Wait gave back comes again.
func TestWaitInAMessage(t *testing.T) {
	for _, length := range []int64{-1, 5} {
		for _, content := range []string{"hello", ""} {
			nc := idleConn{script("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n")}
			c := http1.NewConn(nc, &http1.ConnOptions{Client: true})
			r := get("/")
			r.Method, r.Length = "PUT", length
			if content == "" && length > 0 {
				continue
			}
			require.NoError(t, c.StartRequest(r))
			require.NoError(t, c.Wait())
			var p http1.Response
			require.NoError(t, c.ReadResponse(&p))
			assert.Equal(t, 100, p.Status)
			if content != "" {
				_, err := io.WriteString(c, content)
				require.NoError(t, err)
			}
			require.NoError(t, c.EndMessage(nil))
			require.NoError(t, c.Flush())
			assert.Len(t, nc.writes, 2)
			require.NoError(t, c.ReadResponse(&p))
			assert.Equal(t, 204, p.Status)
			for _, w := range nc.writes {
				assert.NotEmpty(t, w)
			}
			_, sent, _ := strings.Cut(nc.written(), "\r\n\r\n")
			want := content
			if length < 0 {
				want = "0\r\n\r\n"
				if content != "" {
					want = "5\r\nhello\r\n0\r\n\r\n"
				}
			}
			assert.Equal(t, want, sent)
		}
	}
}

func TestHeadReadsNoBody(t *testing.T) {
	nc := script("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n")
	c := answering(t, nc, nil)
	unread := readerFunc(func([]byte) (int, error) { return 0, io.ErrClosedPipe })
	require.NoError(t, c.WriteResponse(&http1.Response{Status: 200, Length: 7, Body: io.NopCloser(unread)}))
	require.NoError(t, c.Flush())
	assert.Equal(t, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", nc.written())
}
