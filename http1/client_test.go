package http1_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
)

func TestClientKeepsConnections(t *testing.T) {
	inWorld(t, func(w *world) {
		w.serve("80", func(p *rawPeer, n int) {
			p.answer(func(head string) string { return respond(head) })
		})
		for range 3 {
			got, err := w.fetch("http://127.0.0.1/a?b")
			require.NoError(t, err)
			assert.Equal(t, "GET /a?b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", got)
		}
		assert.Equal(t, 1, w.connections("80"))
		assert.Equal(t, http1.ClientStats{Connections: 1, Requests: 3, RoundTrips: 4, Open: 1, Idle: 1}, w.client.Stats())
	})
}

// Each response ends the use of its connection, for the reason named.
func TestClientDoesNotReuse(t *testing.T) {
	for _, test := range []struct {
		name, response string
		method         string
		want           string // the body, or its error
	}{
		{"9112-9.6 close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na", "GET", "a"},
		{"9112-9.6 close among others in capitals", "HTTP/1.1 200 OK\r\nConnection: x, CLOSE\r\nContent-Length: 1\r\n\r\na", "GET", "a"},
		{"9112-9.3 HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", "GET", "a"},
		{"9112-6.1 both lengths", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", "GET", "a"},
		{"9112-6.1 chunked in HTTP/1.0", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", "GET", "a"},
		{"9112-9.2 octets behind the response", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb", "GET", "a"},
		{"9112-9.2 a body behind the response to HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", "HEAD", ""},
		{"9112-6.3 two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na", "GET", "error: framing"},
		{"9112-7.1 bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n", "GET", "error: framing"},
		{"9112-7.1 size too large", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11111111111111111\r\n", "GET", "error: framing"},
		{"9112-6.1 unknown transfer coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "GET", "error: framing"},
		{"9112-5.1 space before the colon", "HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\na", "GET", "error: malformed"},
		{"9112-4 no status", "HTTP/1.1 OK\r\n\r\n", "GET", "error: malformed"},
		{"not HTTP", "SSH-2.0-x\r\n\r\n", "GET", "error: malformed"},
		{"9110-7.8 101 that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "GET", "error: order"},
		{"status line beyond 8 KiB", "HTTP/1.1 200 " + strings.Repeat("a", 8<<10) + "\r\n\r\n", "GET", "error: limit MaxStartLine"},
		{"field section beyond 256 KiB", "HTTP/1.1 200 OK\r\n" + strings.Repeat("A: "+strings.Repeat("a", 4<<10)+"\r\n", 65) + "\r\n", "GET", "error: limit MaxFieldSection"},
		{"more than 32 interim responses", strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 33) + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "GET", "error: limit MaxInterim"},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.serve("80", func(p *rawPeer, n int) {
					p.head()
					if n == 0 {
						p.say(test.response)
					} else {
						p.say(respond("second"))
					}
					p.head()
				})
				resp, err := w.do(test.method, "http://127.0.0.1/", nil)
				got := ""
				if err == nil {
					var b []byte
					b, err = io.ReadAll(resp.Body)
					got = string(b)
					resp.Body.Close()
				}
				if err != nil {
					got = "error: " + classOf(err)
				}
				assert.Equal(t, test.want, got, "%v", err)
				second, err := w.fetch("http://127.0.0.1/")
				require.NoError(t, err)
				assert.Equal(t, "second", second)
				assert.Equal(t, 2, w.connections("80"))
			})
		})
	}
}

func classOf(err error) string {
	if l, ok := errors.AsType[*http1.LimitError](err); ok {
		return "limit " + l.Name
	}
	if _, ok := errors.AsType[*http1.ProtocolError](err); ok {
		return "order"
	}
	switch {
	case errors.Is(err, http1.ErrFraming):
		return "framing"
	case errors.Is(err, http1.ErrMalformed):
		return "malformed"
	}
	return err.Error()
}

// What reuses a connection.
func TestClientReuses(t *testing.T) {
	for _, test := range []struct{ name, method, response, want string }{
		{"9112-9.3 HTTP/1.0 with keep-alive", "GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na", "a"},
		{"chunked", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n", "a"},
		{"204", "GET", "HTTP/1.1 204 No Content\r\n\r\n", ""},
		{"304 with a length", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", ""},
		{"HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", ""},
		{"9112-5.2 fold", "GET", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 1\r\n\r\na", "a"},
		{"9112-2.2 bare LF", "GET", "HTTP/1.1 200 OK\nContent-Length: 1\n\na", "a"},
		{"two lengths that are the same", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na", "a"},
		{"32 interim responses", "GET", strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 32) + "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", "a"},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.serve("80", func(p *rawPeer, n int) { p.answer(func(string) string { return test.response }) })
				for range 3 {
					resp, err := w.do(test.method, "http://127.0.0.1/", nil)
					require.NoError(t, err)
					b, err := io.ReadAll(resp.Body)
					require.NoError(t, err)
					assert.Equal(t, test.want, string(b))
					assert.True(t, resp.Complete)
				}
				assert.Equal(t, 1, w.connections("80"))
			})
		})
	}
}

func TestClientTrailer(t *testing.T) {
	inWorld(t, func(w *world) {
		w.serve("80", func(p *rawPeer, n int) {
			p.answer(func(string) string {
				return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 7\r\nContent-Length: 9\r\n\r\n"
			})
		})
		resp, err := w.client.Get(w.ctx, "http://127.0.0.1/")
		require.NoError(t, err)
		assert.Zero(t, resp.Trailer.Len())
		_, err = io.ReadAll(resp.Body)
		require.NoError(t, err)
		assert.Equal(t, "7", resp.Trailer.Get("X-Sum"))
		assert.False(t, resp.Header.Has("X-Sum"))
		assert.False(t, resp.Trailer.Has("Content-Length"))
	})
}

// A reused connection that dies before an octet of the response.
func TestClientRetries(t *testing.T) {
	for _, test := range []struct {
		name, method string
		body         io.Reader
		say          string // before the connection dies
		ok           bool
	}{
		{"GET", "GET", nil, "", true},
		{"9110-9.2.2 PUT with a body that can be sent again", "PUT", strings.NewReader("body"), "", true},
		{"PUT with one that cannot", "PUT", io.MultiReader(strings.NewReader("body")), "", false},
		{"9110-9.2.2 POST is not idempotent", "POST", strings.NewReader("body"), "", false},
		{"PATCH is not", "PATCH", strings.NewReader("body"), "", false},
		{"an octet has come", "GET", nil, "H", false},
		{"an interim response has come", "GET", nil, "HTTP/1.1 103 Early Hints\r\n\r\n", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.serve("80", func(p *rawPeer, n int) {
					if n == 0 {
						p.head()
						p.say(respond("first"))
						p.head()
						p.say(test.say)
						return
					}
					p.answer(func(head string) string {
						if !strings.HasPrefix(head, "GET") {
							if strings.Contains(head, "chunked") {
								return respond("chunked")
							}
							return respond(p.body(4))
						}
						return respond("again")
					})
				})
				_, err := w.fetch("http://127.0.0.1/")
				require.NoError(t, err)
				resp, err := w.do(test.method, "http://127.0.0.1/", test.body)
				assert.Equal(t, test.ok, err == nil, "%v", err)
				if err == nil {
					b, err := io.ReadAll(resp.Body)
					require.NoError(t, err)
					want := "again"
					if test.method == "PUT" {
						want = "body"
					}
					assert.Equal(t, want, string(b))
				}
			})
		})
	}
	t.Run("once", func(t *testing.T) {
		inWorld(t, func(w *world) {
			w.serve("80", func(p *rawPeer, n int) {
				p.head()
				if n == 0 {
					p.say(respond("first"))
					p.head()
				}
			})
			_, err := w.fetch("http://127.0.0.1/")
			require.NoError(t, err)
			_, err = w.fetch("http://127.0.0.1/")
			assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
			assert.Equal(t, 2, w.connections("80"))
		})
	})
	t.Run("not on a new connection", func(t *testing.T) {
		inWorld(t, func(w *world) {
			w.serve("80", func(p *rawPeer, n int) { p.head() })
			_, err := w.fetch("http://127.0.0.1/")
			assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
			assert.Equal(t, 1, w.connections("80"))
		})
	})
}

// A body closed before its end.
func TestClientDrains(t *testing.T) {
	for _, test := range []struct {
		name    string
		body    string
		stalls  bool
		connect int
	}{
		{"64 KiB", strings.Repeat("a", 64<<10), false, 1},
		{"more", strings.Repeat("a", 64<<10+1), false, 2},
		{"a stream that stalls", "a", true, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.serve("80", func(p *rawPeer, n int) {
					p.answer(func(string) string {
						s := respond(test.body)
						if test.stalls {
							s = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"
						}
						return s
					})
				})
				for range 2 {
					resp, err := w.client.Get(w.ctx, "http://127.0.0.1/")
					require.NoError(t, err)
					began := time.Now()
					require.NoError(t, resp.Body.Close())
					assert.Less(t, time.Since(began), time.Second)
					_, err = resp.Body.Read(make([]byte, 1))
					assert.Error(t, err)
				}
				assert.Equal(t, test.connect, w.connections("80"))
			})
		})
	}
}

func TestClientUntilClose(t *testing.T) {
	inWorld(t, func(w *world) {
		w.serve("80", func(p *rawPeer, n int) {
			p.head()
			p.say("HTTP/1.1 200 OK\r\n\r\nall of it")
		})
		resp, err := w.client.Get(w.ctx, "http://127.0.0.1/")
		require.NoError(t, err)
		assert.EqualValues(t, -1, resp.Length)
		b, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		assert.Equal(t, "all of it", string(b))
		assert.True(t, resp.Complete)
	})
}

func TestClientCutBody(t *testing.T) {
	for _, response := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n",
	} {
		inWorld(t, func(w *world) {
			w.serve("80", func(p *rawPeer, n int) {
				p.head()
				p.say(response)
			})
			resp, err := w.client.Get(w.ctx, "http://127.0.0.1/")
			require.NoError(t, err)
			_, err = io.ReadAll(resp.Body)
			assert.ErrorIs(t, err, io.ErrUnexpectedEOF, "%q", response)
			assert.False(t, resp.Complete)
		})
	}
}

// The context ends what is under way: the dialling, the wait for a place, for
// the head, for the body.
func TestClientContext(t *testing.T) {
	for _, test := range []struct {
		name  string
		serve func(p *rawPeer)
		dial  func(ctx context.Context, network, addr string) (net.Conn, error)
	}{
		{name: "dialling", dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}},
		{name: "head", serve: func(p *rawPeer) { p.head(); p.head() }},
		{name: "half a head", serve: func(p *rawPeer) { p.head(); p.say("HTTP/1.1 200 OK\r\n"); p.head() }},
		{name: "body", serve: func(p *rawPeer) {
			p.head()
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")
			p.head()
		}},
	} {
		for _, mode := range []http1.Mode{http1.Persistent, http1.Pipelined} {
			t.Run(test.name+" "+mode.String(), func(t *testing.T) {
				inWorld(t, func(w *world) {
					w.serve("80", func(p *rawPeer, n int) { test.serve(p) })
					w.client.Mode = mode
					if test.dial != nil {
						w.client.Dial = test.dial
					}
					ctx, cancel := context.WithCancel(w.ctx)
					time.AfterFunc(3*time.Second, cancel)
					w.ctx = ctx
					began := time.Now()
					_, err := w.fetch("http://127.0.0.1/")
					assert.ErrorIs(t, err, context.Canceled)
					assert.Equal(t, 3*time.Second, time.Since(began))
				})
			})
		}
	}
	t.Run("a place", func(t *testing.T) {
		inWorld(t, func(w *world) {
			w.serve("80", func(p *rawPeer, n int) {
				p.answer(func(string) string { return respond(strings.Repeat("a", 100<<10)) })
			})
			w.client.MaxConnsPerHost = 1
			resp, err := w.client.Get(w.ctx, "http://127.0.0.1/")
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(w.ctx, time.Second)
			defer cancel()
			_, err = w.client.Get(ctx, "http://127.0.0.1/")
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			resp.Body.Close()
			resp, err = w.client.Get(w.ctx, "http://127.0.0.1/")
			require.NoError(t, err)
			resp.Body.Close()
		})
	})
}

func TestClientTimeouts(t *testing.T) {
	for _, test := range []struct {
		name string
		set  func(c *http1.Client)
		say  string
		want time.Duration
	}{
		{"dial", func(c *http1.Client) {
			c.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }
		}, "", 30 * time.Second},
		{"header", func(c *http1.Client) { c.Timeouts.Header = 7 * time.Second }, "HTTP/1.1 103 Early Hints\r\n\r\n", 7 * time.Second},
		{"read", func(c *http1.Client) { c.Timeouts.Read = 8 * time.Second }, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\na", 8 * time.Second},
		{"read by default", func(c *http1.Client) {}, "", 5 * time.Minute},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.serve("80", func(p *rawPeer, n int) { p.head(); p.say(test.say); p.head() })
				test.set(w.client)
				began := time.Now()
				_, err := w.fetch("http://127.0.0.1/")
				var timeout interface{ Timeout() bool }
				require.ErrorAs(t, err, &timeout)
				assert.True(t, timeout.Timeout())
				assert.Equal(t, test.want, time.Since(began))
			})
		})
	}
}

func TestClientIdle(t *testing.T) {
	for _, test := range []struct {
		name, field string
		idle        time.Duration
		wait        time.Duration
		connections int
	}{
		{"short of 90 s", "", 0, 89 * time.Second, 1},
		{"90 s", "", 0, 90 * time.Second, 2},
		{"by choice", "", time.Second, 2 * time.Second, 2},
		{"for ever", "", -1, 24 * time.Hour, 1},
		{"2068-19.7.1.1 the server says less", "Keep-Alive: timeout=5, max=100\r\n", 0, 4 * time.Second, 2},
		{"within what it says", "Keep-Alive: timeout=5\r\n", 0, 3 * time.Second, 1},
		{"nonsense is not believed", "Keep-Alive: timeout=-5, timeout=x\r\n", 0, 3 * time.Second, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.serve("80", func(p *rawPeer, n int) {
					p.answer(func(string) string { return "HTTP/1.1 204 No Content\r\n" + test.field + "\r\n" })
				})
				w.client.Timeouts.Idle = test.idle
				_, err := w.fetch("http://127.0.0.1/")
				require.NoError(t, err)
				time.Sleep(test.wait)
				synctest.Wait()
				assert.Equal(t, 2-test.connections, w.client.Stats().Idle, "the sweeper has closed it")
				_, err = w.fetch("http://127.0.0.1/")
				require.NoError(t, err)
				assert.Equal(t, test.connections, w.connections("80"))
			})
		})
	}
	t.Run("at most MaxIdle", func(t *testing.T) {
		inWorld(t, func(w *world) {
			w.client.Limits.MaxIdle = 2
			for _, port := range []string{"1", "2", "3"} {
				w.serve(port, func(p *rawPeer, n int) { p.answer(func(string) string { return respond("") }) })
				_, err := w.fetch("http://127.0.0.1:" + port)
				require.NoError(t, err)
				time.Sleep(time.Second)
			}
			assert.Equal(t, 2, w.client.Stats().Idle)
			for _, port := range []string{"2", "3", "1"} {
				_, err := w.fetch("http://127.0.0.1:" + port)
				require.NoError(t, err)
			}
			assert.Equal(t, [3]int{2, 1, 1}, [3]int{w.connections("1"), w.connections("2"), w.connections("3")})
		})
	})
}

func TestClientMaxConnsPerHost(t *testing.T) {
	inWorld(t, func(w *world) {
		var mu sync.Mutex
		now, most := 0, 0
		w.serve("80", func(p *rawPeer, n int) {
			p.answer(func(string) string {
				mu.Lock()
				now++
				most = max(most, now)
				mu.Unlock()
				time.Sleep(time.Second)
				mu.Lock()
				now--
				mu.Unlock()
				return respond("a")
			})
		})
		w.client.MaxConnsPerHost = 3
		began := time.Now()
		var calls sync.WaitGroup
		for range 9 {
			calls.Go(func() {
				_, err := w.fetch("http://127.0.0.1/")
				assert.NoError(t, err)
			})
		}
		calls.Wait()
		assert.Equal(t, 3, most)
		assert.Equal(t, 3*time.Second, time.Since(began))
		assert.Equal(t, 3, w.connections("80"))
	})
}

func TestClientModes(t *testing.T) {
	for _, test := range []struct {
		mode        http1.Mode
		connections int
		trips       int64
	}{
		{http1.NonPersistent, 11, 22},
		{http1.Parallel, 11, 22},
		{http1.Persistent, 1, 12},
		{http1.Pipelined, 1, 12}, // one after another: nothing runs ahead
	} {
		t.Run(test.mode.String(), func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.serve("80", func(p *rawPeer, n int) {
					p.answer(func(head string) string {
						assert.Equal(t, test.connections > 1, strings.Contains(head, "Connection: close\r\n"))
						return respond("a")
					})
				})
				w.client.Mode = test.mode
				for range 11 {
					_, err := w.fetch("http://127.0.0.1/")
					require.NoError(t, err)
				}
				assert.Equal(t, test.connections, w.connections("80"))
				assert.Equal(t, test.trips, w.client.Stats().RoundTrips)
			})
		})
	}
}

func TestClientInform(t *testing.T) {
	inWorld(t, func(w *world) {
		w.serve("80", func(p *rawPeer, n int) {
			p.answer(func(string) string {
				return "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + respond("a")
			})
		})
		var got []string
		w.client.OnInform = func(r *http1.Request, status int, h *http1.Header) {
			got = append(got, r.Target.Path+" "+itoa(status)+" "+h.Get("Link"))
		}
		_, err := w.fetch("http://127.0.0.1/x")
		require.NoError(t, err)
		assert.Equal(t, []string{"/x 103 </a>", "/x 102 "}, got)
	})
}

func TestClientSwitches(t *testing.T) {
	inWorld(t, func(w *world) {
		w.serve("80", func(p *rawPeer, n int) {
			head := p.head()
			if !strings.Contains(head, "Upgrade: echo\r\n") {
				return
			}
			p.say("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nhello ")
			_, _ = io.Copy(p, p.in)
		})
		resp, err := w.do("GET", "http://127.0.0.1/", nil, "Connection", "upgrade", "Upgrade", "echo")
		require.NoError(t, err)
		assert.Equal(t, 101, resp.Status)
		peer := resp.Body.(net.Conn)
		_, err = io.WriteString(peer, "world")
		require.NoError(t, err)
		b := make([]byte, len("hello world"))
		_, err = io.ReadFull(peer, b)
		require.NoError(t, err)
		assert.Equal(t, "hello world", string(b))
		require.NoError(t, peer.Close())
	})
}

func TestClientRefusesInjection(t *testing.T) {
	for _, test := range []struct {
		name string
		set  func(r *http1.Request)
	}{
		{"field value", func(r *http1.Request) { r.Header.Add("A", "b\r\nX: y") }},
		{"field name", func(r *http1.Request) { r.Header.Add("A: b\r\nX", "y") }},
		{"method", func(r *http1.Request) { r.Method = "GET / HTTP/1.1\r\nX:" }},
		{"path", func(r *http1.Request) { r.Target.Path = "/ HTTP/1.1\r\nX: y" }},
		{"query", func(r *http1.Request) { r.Target.Query = "a\r\nX: y" }},
		{"host", func(r *http1.Request) { r.Target.Authority = "127.0.0.1\r\nX: y" }},
		{"host beyond ASCII", func(r *http1.Request) { r.Target.Authority = "bücher.example" }},
		{"Host", func(r *http1.Request) { r.Header.Add("Host", "a\r\nX: y") }},
		{"scheme", func(r *http1.Request) { r.Target.Scheme = "file" }},
		{"two Hosts", func(r *http1.Request) { r.Header.Add("Host", "a"); r.Header.Add("Host", "b") }},
		{"two lengths", func(r *http1.Request) {
			r.Header.Add("Content-Length", "1")
			r.Header.Add("Transfer-Encoding", "chunked")
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, mode := range []http1.Mode{http1.Persistent, http1.Pipelined} {
				inWorld(t, func(w *world) {
					w.serve("80", func(p *rawPeer, n int) { p.answer(func(string) string { return respond("a") }) })
					w.client.Mode = mode
					r, err := http1.NewRequest("GET", "http://127.0.0.1/", nil)
					require.NoError(t, err)
					test.set(r)
					_, err = w.client.Do(w.ctx, r)
					require.Error(t, err)
					assert.True(t, errors.Is(err, http1.ErrMalformed) || errors.Is(err, http1.ErrFraming), "%v", err)
					assert.Zero(t, w.client.Stats().Requests)
				})
			}
		})
	}
}

func TestClientErrors(t *testing.T) {
	inWorld(t, func(w *world) {
		_, err := w.client.Get(w.ctx, "http://user:secret@127.0.0.1:9/path")
		rerr, ok := errors.AsType[*http1.RequestError](err)
		require.True(t, ok)
		assert.Equal(t, "http://127.0.0.1:9/path", rerr.URL)
		assert.NotContains(t, err.Error(), "secret")
		assert.Contains(t, err.Error(), `http1: GET "http://127.0.0.1:9/path": `)
	})
}

func TestClientPost(t *testing.T) {
	for _, test := range []struct {
		name, head string
		body       io.Reader
		want       string
	}{
		{"in memory", "Content-Length: 4\r\n", strings.NewReader("body"), "body"},
		{"not known", "Transfer-Encoding: chunked\r\n", io.MultiReader(strings.NewReader("body")), "4\r\nbody\r\n0\r\n\r\n"},
		{"none", "Content-Length: 0\r\n", nil, ""},
		{"large", "Content-Length: 1000000\r\n", bytes.NewReader(bytes.Repeat([]byte("a"), 1000000)), strings.Repeat("a", 1000000)},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.serve("80", func(p *rawPeer, n int) {
					p.answer(func(head string) string {
						assert.Contains(t, head, test.head)
						assert.Contains(t, head, "Content-Type: text/plain\r\n")
						assert.Equal(t, test.want, p.body(len(test.want)))
						return respond("ok")
					})
				})
				for range 2 {
					if s, ok := test.body.(io.Seeker); ok {
						_, err := s.Seek(0, io.SeekStart)
						require.NoError(t, err)
					} else if test.body != nil {
						test.body = io.MultiReader(strings.NewReader("body"))
					}
					resp, err := w.client.Post(w.ctx, "http://127.0.0.1/", "text/plain", test.body)
					require.NoError(t, err)
					_, err = io.ReadAll(resp.Body)
					require.NoError(t, err)
				}
				assert.Equal(t, 1, w.connections("80"))
			})
		})
	}
}
