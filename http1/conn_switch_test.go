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
