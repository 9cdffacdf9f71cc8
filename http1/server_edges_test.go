package http1_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"runtime"
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
	"applayer/sockets"
)

func TestResponseWriterOutOfOrder(t *testing.T) {
	const upgrade = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
	tests := []struct {
		name   string
		in     string
		answer func(t *testing.T, w *http1.ResponseWriter)
		want   string // the status
	}{
		{"the last status counts", plain, func(t *testing.T, w *http1.ResponseWriter) {
			assert.Zero(t, w.Status())
			w.WriteHeader(404)
			w.WriteHeader(410)
			assert.Equal(t, 410, w.Status())
		}, "410"},
		{"none behind the head", plain, func(t *testing.T, w *http1.ResponseWriter) {
			assert.False(t, w.Sent())
			assert.NoError(t, w.Flush())
			assert.True(t, w.Sent())
			w.WriteHeader(404)
			w.Error(500, "late")
			assert.Equal(t, 200, w.Status())
			assert.ErrorIs(t, w.Inform(103, nil), http1.ErrHeadSent)
			_, _, err := w.Hijack()
			assert.ErrorIs(t, err, http1.ErrHeadSent)
		}, "200"},
		{"9110-15.2 an interim status is none", plain, func(t *testing.T, w *http1.ResponseWriter) { w.WriteHeader(103) }, "500"},
		{"9110-15 nor is 99", plain, func(t *testing.T, w *http1.ResponseWriter) { w.WriteHeader(99) }, "500"},
		{"9110-15.2 a final status is no interim one", plain, func(t *testing.T, w *http1.ResponseWriter) {
			assert.ErrorIs(t, w.Inform(200, nil), http1.ErrMalformed)
			assert.ErrorIs(t, w.Inform(101, nil), http1.ErrMalformed)
		}, "200"},
		{"9110-5.5 a field that is none", plain, func(t *testing.T, w *http1.ResponseWriter) { w.Header().Set("X", "a\r\nY: b") }, "500"},
		{"9110-8.6 a length that is none", plain, func(t *testing.T, w *http1.ResponseWriter) {
			w.Header().Set("Content-Length", "five")
			_, err := w.WriteString("hello")
			assert.ErrorIs(t, err, http1.ErrBodyLength)
			_, err = w.Write([]byte("hello"))
			assert.ErrorIs(t, err, http1.ErrBodyLength, "again")
		}, "500"},
		{"9112-6.1 our coding is our affair", plain, func(t *testing.T, w *http1.ResponseWriter) {
			w.Header().Set("Transfer-Encoding", "gzip")
			w.WriteString("hello")
		}, "200"},
		{"9110-6.5.1 a trailer that may be none", plain, func(t *testing.T, w *http1.ResponseWriter) { w.Trailer().Set("Content-Length", "5") }, "500"},
		{"9110-7.8 an upgrade with another status", upgrade, func(t *testing.T, w *http1.ResponseWriter) {
			w.WriteHeader(200)
			_, _, err := w.Hijack()
			assert.ErrorIs(t, err, http1.ErrNotSwitching)
		}, "200"},
		{"9110-9.3.6 a refused CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", func(t *testing.T, w *http1.ResponseWriter) {
			w.WriteHeader(407)
			_, _, err := w.Hijack()
			assert.ErrorIs(t, err, http1.ErrNotSwitching)
		}, "407"},
		{"9110-9.3.6 a 2xx to CONNECT without a tunnel", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", func(t *testing.T, w *http1.ResponseWriter) {}, "500"},
		{"9110-7.8 once only", upgrade, func(t *testing.T, w *http1.ResponseWriter) {
			nc, _, err := w.Hijack()
			assert.NoError(t, err)
			assert.NotNil(t, nc)
			_, _, err = w.Hijack()
			assert.ErrorIs(t, err, http1.ErrHijacked)
			_, err = w.WriteString("x")
			assert.ErrorIs(t, err, http1.ErrHijacked)
			assert.ErrorIs(t, w.Inform(103, nil), http1.ErrHijacked)
		}, "101"},
		{"a source that fails", plain, func(t *testing.T, w *http1.ResponseWriter) {
			why := errors.New("disk")
			_, err := w.ReadFrom(io.MultiReader(strings.NewReader("half"), iotest.ErrReader(why)))
			assert.ErrorIs(t, err, why)
			w.Error(500, "disk")
		}, "500"},
		{"content of a 304 by ReadFrom", plain, func(t *testing.T, w *http1.ResponseWriter) {
			w.WriteHeader(304)
			_, err := w.ReadFrom(strings.NewReader("hello"))
			assert.ErrorIs(t, err, http1.ErrNoBody)
		}, "304"},
		{"a large source of more than was declared", plain, func(t *testing.T, w *http1.ResponseWriter) {
			w.Header().Set("Content-Length", "300000")
			n, err := w.ReadFrom(io.LimitReader(zeros{}, 400_000))
			assert.EqualValues(t, 300_000, n)
			assert.ErrorIs(t, err, http1.ErrBodyLength)
		}, "200"},
		{"a part of a large source", plain, func(t *testing.T, w *http1.ResponseWriter) {
			w.Header().Set("Content-Length", "300000")
			n, err := w.ReadFrom(io.LimitReader(zeros{}, 300_000))
			assert.EqualValues(t, 300_000, n)
			assert.NoError(t, err)
		}, "200"},
		{"HEAD of a large source", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", func(t *testing.T, w *http1.ResponseWriter) {
			n, err := w.ReadFrom(io.LimitReader(zeros{}, 300_000))
			assert.EqualValues(t, 300_000, n)
			assert.NoError(t, err)
			_, err = w.Write(make([]byte, 10_000))
			assert.NoError(t, err)
		}, "200"},
		{"much in small writes", plain, func(t *testing.T, w *http1.ResponseWriter) {
			for range 10_000 {
				if _, err := w.Write([]byte("0123456789")); !assert.NoError(t, err) {
					return
				}
			}
		}, "200"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := handle(func(_ context.Context, w *http1.ResponseWriter, _ *http1.Request) { tt.answer(t, w) })
				client, server := testkit.Pipe()
				go s.ServeConn(t.Context(), server)
				io.WriteString(client, tt.in)
				client.(interface{ CloseWrite() error }).CloseWrite()
				out, _ := io.ReadAll(client) // where the response broke off it ends with a reset
				client.Close()
				assert.Equal(t, tt.want, statusOf(string(out)))
			})
		})
	}
}

func TestServerConnStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var states []string
		s := handle(sayHello)
		s.ConnState = func(_ net.Conn, state http1.ConnState) { states = append(states, state.String()) }
		client, server := testkit.Pipe()
		done := make(chan error, 1)
		go func() { done <- s.ServeConn(t.Context(), server) }()
		for range 2 {
			io.WriteString(client, plain)
			synctest.Wait()
		}
		client.Close()
		require.NoError(t, <-done)
		assert.Equal(t, []string{"new", "active", "idle", "active", "idle", "closed"}, states)
		assert.Equal(t, "unknown", http1.ConnState(9).String())
	})
}

func TestServerBaseContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		s := handle(func(ctx context.Context, w *http1.ResponseWriter, _ *http1.Request) {
			w.WriteString(ctx.Value(key{}).(string))
		})
		s.BaseContext = func(ctx context.Context, _ net.Conn) context.Context { return context.WithValue(ctx, key{}, "base") }
		assert.True(t, strings.HasSuffix(converse(t, s, plain), "\r\n\r\nbase"))
	})
}

// Without a Timeout a server waits as long as the client likes.
func TestServerWithoutTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := handle(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
			n, err := io.Copy(io.Discard, r.Body)
			assert.NoError(t, err)
			assert.EqualValues(t, 2, n)
			io.WriteString(w, "hello\n")
		})
		s.Timeouts = http1.Timeouts{FirstByte: -1, Header: -1, Idle: -1, BodyRate: -1, Write: -1}
		client, server := testkit.Pipe()
		defer client.Close()
		done := make(chan error, 1)
		go func() { done <- s.ServeConn(t.Context(), server) }()
		for _, part := range []string{"POST / HTTP", "/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n", "h", "i"} {
			time.Sleep(time.Hour)
			io.WriteString(client, part)
		}
		synctest.Wait()
		time.Sleep(time.Hour)
		client.(interface{ CloseWrite() error }).CloseWrite()
		out, err := io.ReadAll(client)
		require.NoError(t, err)
		assert.Equal(t, strings.Replace(ok6, "00:00:00", "04:00:00", 1), string(out))
		assert.NoError(t, <-done)
	})
}

// What a handler left of a body is read for as long as Linger says, and no
// longer.
func TestServerDropsWhatComesSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := testkit.Pipe()
		defer client.Close()
		start := time.Now()
		go handle(sayHello).ServeConn(t.Context(), server)
		io.WriteString(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx")
		out, err := io.ReadAll(client)
		require.NoError(t, err)
		assert.Equal(t, ok6, string(out))
		assert.Equal(t, 2*time.Second, time.Since(start))
	})
}

// A body too large to be read for nothing ends the connection, and the response
// says so.
func TestServerDropsNoLargeBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := converse(t, handle(sayHello), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"+plain)
		assert.Equal(t, ok6Last, out)
	})
}

func TestServerOverLimit(t *testing.T) {
	s := handle(sayHello)
	s.Conns = sockets.Limits{MaxConns: 1}
	addr := listenAndServe(t, s)
	first, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer first.Close()
	_, err = io.WriteString(first, plain)
	require.NoError(t, err)
	_, err = first.Read(make([]byte, 10))
	require.NoError(t, err)
	second, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer second.Close()
	out, err := io.ReadAll(second)
	require.NoError(t, err)
	var p http1.Response
	n, err := p.Parse(out, http1.MethodGet, nil)
	require.NoError(t, err)
	assert.Equal(t, 503, p.Status)
	assert.Equal(t, "1", p.Header.Get("Retry-After"))
	assert.EqualValues(t, len(out)-n, p.Length)
}

func TestServerListenAndServe(t *testing.T) {
	s := handle(sayHello)
	assert.Error(t, s.ListenAndServe("tcp", "not an address"))
	require.NoError(t, s.Close())
	assert.ErrorIs(t, s.ListenAndServe("tcp", "127.0.0.1:0"), http1.ErrServerClosed)
}

func TestServerErrorHandlerThatPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := handle(sayHello)
		s.ErrorHandler = func(context.Context, *http1.ResponseWriter, *http1.Request, int, error) { panic("again") }
		assert.Equal(t, "400", statusOf(converse(t, s, "GET /\r\n\r\n")))
		assert.EqualValues(t, 1, s.Stats().Panics)
	})
}

// A client that goes in the middle of its body leaves no response behind that
// looks whole.
func TestServerClientGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := handle(func(_ context.Context, _ *http1.ResponseWriter, r *http1.Request) { io.Copy(io.Discard, r.Body) })
		s.AccessLog = &http1.AccessLog{Writer: &log}
		client, server := testkit.Pipe()
		done := make(chan error, 1)
		go func() { done <- s.ServeConn(t.Context(), server) }()
		io.WriteString(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nx")
		synctest.Wait()
		client.(interface{ SetLinger(int) error }).SetLinger(0)
		client.Close()
		require.NoError(t, <-done)
		assert.Equal(t, "127.0.0.1 - - [01/Jan/2000:00:00:00 +0000] \"POST / HTTP/1.1\" 500 22\n", log.String())
	})
}

func TestRecord(t *testing.T) {
	r := &http1.Request{Method: "POST", Target: http1.Target{Path: "/a", Authority: "b"}, Body: strings.NewReader("hello")}
	resp, err := http1.Record(t.Context(), http1.HandlerFunc(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
		assert.Equal(t, "memory memory", r.RemoteAddr.Network()+" "+r.RemoteAddr.String())
		assert.NoError(t, w.Inform(103, nil))
		io.Copy(w, r.Body)
	}), r)
	require.NoError(t, err)
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, 200, resp.Status)
	assert.Equal(t, "hello", string(b))
	assert.Same(t, r, resp.Request)

	_, err = http1.Record(t.Context(), http1.HandlerFunc(sayHello), &http1.Request{Method: "G ET"})
	assert.ErrorIs(t, err, http1.ErrMalformed, "no client could send it")

	resp, err = http1.Record(t.Context(), http1.HandlerFunc(func(_ context.Context, w *http1.ResponseWriter, _ *http1.Request) {
		w.Header().Set("Content-Length", "100000")
		w.Write(make([]byte, 50_000))
	}), &http1.Request{Target: http1.Target{Authority: "a"}})
	require.NoError(t, err)
	_, err = io.ReadAll(resp.Body)
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF, "the handler stopped half-way")

	_, err = http1.Record(t.Context(), http1.HandlerFunc(func(context.Context, *http1.ResponseWriter, *http1.Request) { panic(http1.ErrAbort) }),
		&http1.Request{Target: http1.Target{Authority: "a"}})
	assert.Error(t, err)
}

// A handler may read the body in a goroutine of its own while it writes.
func TestServerReadsBesideWriting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := handle(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
			var reading sync.WaitGroup
			reading.Go(func() { io.Copy(io.Discard, r.Body) })
			for range 100 {
				w.WriteString("x")
				w.Flush()
			}
			reading.Wait()
		})
		body := strings.Repeat("y", 100_000)
		out := converse(t, s, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"+body+plain)
		assert.Equal(t, 2, strings.Count(out, "HTTP/1.1 200 OK\r\n"))
		assert.Equal(t, 200, strings.Count(out, "\r\nx\r\n"))
	})
}

func TestServerErrorHandlerHearsOfPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := handle(func(context.Context, *http1.ResponseWriter, *http1.Request) { panic("oh") })
		s.ErrorHandler = func(_ context.Context, w *http1.ResponseWriter, r *http1.Request, status int, err error) {
			assert.Equal(t, 500, status)
			assert.ErrorContains(t, err, "oh")
			assert.Equal(t, "GET", r.Method)
			w.WriteString("sorry\n")
		}
		out := converse(t, s, plain)
		assert.Equal(t, "500", statusOf(out))
		assert.True(t, strings.HasSuffix(out, "\r\n\r\nsorry\n"))
	})
}

// The end of the context cuts the connection in memory, whatever is done on it.
func TestRecordCut(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http1.NewRequest("GET", "http://hamburger.edu/", nil)
	require.NoError(t, err)
	resp, err := http1.Record(ctx, http1.HandlerFunc(func(_ context.Context, w *http1.ResponseWriter, _ *http1.Request) {
		cancel()
		var err error
		for err == nil {
			if _, err = w.Write(make([]byte, 100)); err == nil {
				err = w.Flush()
			}
			runtime.Gosched()
		}
	}), r)
	if err == nil { // the head was sent before
		_, err = io.ReadAll(resp.Body)
	}
	assert.Error(t, err)
}
