package http1_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/internal/testkit"
)

// dateLine is the Date field in a synctest bubble, until a second has passed.
const dateLine = "Date: Sat, 01 Jan 2000 00:00:00 GMT\r\n"

// converse has the server answer in, behind which the client sends no more, and
// returns all that it answers.
func converse(t *testing.T, s *http1.Server, in string) string {
	t.Helper()
	client, server := testkit.Pipe()
	done := make(chan error, 1)
	go func() { done <- s.ServeConn(t.Context(), server) }()
	_, err := io.WriteString(client, in)
	require.NoError(t, err)
	require.NoError(t, client.(interface{ CloseWrite() error }).CloseWrite())
	out, err := io.ReadAll(client)
	require.NoError(t, err)
	client.Close()
	require.NoError(t, <-done)
	return string(out)
}

// handle is a server with a function as its handler.
func handle(f func(ctx context.Context, w *http1.ResponseWriter, r *http1.Request)) *http1.Server {
	return &http1.Server{Handler: http1.HandlerFunc(f)}
}

// sayHello answers every request with "hello\n".
func sayHello(_ context.Context, w *http1.ResponseWriter, _ *http1.Request) {
	io.WriteString(w, "hello\n")
}

const (
	plain   = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
	getLast = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
	ok6     = "HTTP/1.1 200 OK\r\n" + dateLine + "Content-Length: 6\r\n\r\nhello\n"
	ok6Last = "HTTP/1.1 200 OK\r\n" + dateLine + "Content-Length: 6\r\nConnection: close\r\n\r\nhello\n"
)

func TestServerDialogues(t *testing.T) {
	type writer = *http1.ResponseWriter
	type request = *http1.Request
	long := strings.Repeat("x", 5000)
	tests := []struct {
		name   string
		answer func(context.Context, writer, request)
		in     string
		want   string
	}{
		{"9112-9.3 a connection goes on", sayHello, plain + plain, ok6 + ok6},
		{"9112-9.3 until the client says close", sayHello, plain + getLast + plain, ok6 + ok6Last},
		{"9112-9.3 HTTP/1.0 does not go on", sayHello, "GET / HTTP/1.0\r\n\r\n" + plain, ok6Last},
		{"9112-C.2.2 unless it asks to", sayHello, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n",
			"HTTP/1.1 200 OK\r\n" + dateLine + "Content-Length: 6\r\nConnection: keep-alive\r\nKeep-Alive: timeout=60\r\n\r\nhello\n" + ok6Last},
		{"9112-7.1 long content is chunked", func(_ context.Context, w writer, _ request) { w.WriteString(long) }, plain,
			"HTTP/1.1 200 OK\r\n" + dateLine + "Transfer-Encoding: chunked\r\n\r\n1388\r\n" + long + "\r\n0\r\n\r\n"},
		{"9112-6.1 and ends with the connection for HTTP/1.0", func(_ context.Context, w writer, _ request) { w.WriteString(long) },
			"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
			"HTTP/1.1 200 OK\r\n" + dateLine + "Connection: close\r\n\r\n" + long},
		{"9110-6.6.2 trailers", func(_ context.Context, w writer, _ request) {
			w.Trailer().Set("Sum", "")
			w.WriteString("hello\n")
			w.Trailer().Set("Sum", "532")
		}, plain, "HTTP/1.1 200 OK\r\n" + dateLine + "Transfer-Encoding: chunked\r\nTrailer: Sum\r\n\r\n6\r\nhello\n\r\n0\r\nSum: 532\r\n\r\n"},
		{"9110-9.3.2 HEAD", sayHello, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" + plain,
			"HTTP/1.1 200 OK\r\n" + dateLine + "Content-Length: 6\r\n\r\n" + ok6},
		{"9110-9.3.2 HEAD of long content", func(_ context.Context, w writer, _ request) { w.WriteString(long) },
			"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\n" + dateLine + "\r\n"},
		{"9110-9.3.2 HEAD answered with nothing tells no length", func(context.Context, writer, request) {},
			"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\n" + dateLine + "\r\n"},
		{"9110-15.3.5 a 204", func(_ context.Context, w writer, _ request) { w.WriteHeader(204) }, plain, "HTTP/1.1 204 No Content\r\n" + dateLine + "\r\n"},
		{"9110-15.3.6 a 205", func(_ context.Context, w writer, _ request) { w.WriteHeader(205) }, plain,
			"HTTP/1.1 205 Reset Content\r\n" + dateLine + "Content-Length: 0\r\n\r\n"},
		{"9110-6.6.1 the handler's own date", func(_ context.Context, w writer, _ request) { w.Header().Set("Date", "never") }, plain,
			"HTTP/1.1 200 OK\r\nDate: never\r\nContent-Length: 0\r\n\r\n"},
		{"9112-9.6 the handler closes", func(_ context.Context, w writer, _ request) { w.Header().Set("Connection", "close") }, plain + plain,
			"HTTP/1.1 200 OK\r\nConnection: close\r\n" + dateLine + "Content-Length: 0\r\n\r\n"},
		{"9110-15.2 early hints", func(_ context.Context, w writer, _ request) {
			h := http1.NewHeader("Link", "</a.css>; rel=preload")
			assert.NoError(t, w.Inform(http1.StatusEarlyHints, &h))
		}, plain, "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\n" + dateLine + "Content-Length: 0\r\n\r\n"},
		{"9110-15.2 not for HTTP/1.0", func(_ context.Context, w writer, _ request) { assert.NoError(t, w.Inform(103, nil)) },
			"GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\n" + dateLine + "Content-Length: 0\r\nConnection: close\r\n\r\n"},
		{"9110-10.1.1 no 100 where content is there", func(_ context.Context, w writer, r request) { io.Copy(w, r.Body) },
			"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
			"HTTP/1.1 200 OK\r\n" + dateLine + "Content-Length: 2\r\n\r\nhi"},
		{"9110-10.1.1 unknown expectation", sayHello, "GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n" + plain,
			"HTTP/1.1 417 Expectation Failed\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n" + dateLine +
				"Content-Length: 67\r\nConnection: close\r\n\r\n417 Expectation Failed: expectation: not known (RFC 9110 §10.1.1)\n"},
		{"9112-9.3.2 a body that the handler left is read", sayHello,
			"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nGET /" + plain, ok6 + ok6},
		{"9112-9.3.2 a chunked one too", sayHello,
			"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nGET /\r\n0\r\n\r\n" + plain, ok6 + ok6},
		{"9112-6.1 behind both lengths nothing is read", sayHello,
			"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + plain, ok6Last},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := handle(tt.answer)
				assert.Equal(t, tt.want, converse(t, s, tt.in))
			})
		})
	}
}

// statusOf returns the status code of the first response in out.
func statusOf(out string) string {
	_, rest, _ := strings.Cut(out, " ")
	return rest[:min(3, len(rest))]
}

func TestServerRefusals(t *testing.T) {
	s := http1.Server{Limits: http1.Limits{MaxBody: 1000}, Handler: http1.HandlerFunc(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			w.WriteString("fine")
		}
	})}
	tests := []struct{ name, in, want string }{
		{"plain", plain, "200"},
		{"9112-3 malformed", "GET /\r\n\r\n", "400"},
		{"9112-3.2 no Host", "GET / HTTP/1.1\r\n\r\n", "400"},
		{"9112-2.3 version", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", "505"},
		{"9110-15.5.15 long target", "GET /" + strings.Repeat("x", 17<<10) + " HTTP/1.1\r\nHost: a\r\n\r\n", "414"},
		{"6585-5 long field", "GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 33<<10) + "\r\n\r\n", "431"},
		{"6585-5 many fields", "GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X: y\r\n", 300) + "\r\n", "431"},
		{"9110-15.5.14 long body by its length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n" + strings.Repeat("x", 1001), "413"},
		{"9110-15.5.14 long body by its chunks", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + strings.Repeat("x", 1001) + "\r\n0\r\n\r\n", "413"},
		{"9112-6.1 unknown transfer coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "501"},
		{"9112-7.1 broken chunk", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n", "400"},
		{"9112-8 the client ends inside the body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nxyz", "400"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := http1.Server{Handler: s.Handler, Limits: s.Limits}
				out := converse(t, &s, tt.in+plain)
				assert.Equal(t, tt.want, statusOf(out), out)
				if tt.want != "200" {
					assert.Equal(t, 1, strings.Count(out, "HTTP/1.1 "), "nothing behind a fault is a request: %s", out)
					assert.Contains(t, out, "Connection: close\r\n")
				}
			})
		})
	}
}

func TestServerOptions(t *testing.T) {
	tests := []struct {
		name, in string
		server   *http1.Server
		want     []string
	}{
		{"9110-15.5.12 length required", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + getLast,
			&http1.Server{RequireLength: true}, []string{"411", "200"}},
		{"9110-15.5.20 another host", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n" + getLast, &http1.Server{Hosts: []string{"A"}}, []string{"421", "200"}},
		{"9110-15.5.20 with a port", "GET / HTTP/1.1\r\nHost: a:8080\r\n\r\n", &http1.Server{Hosts: []string{"a"}}, []string{"200"}},
		{"requests of one connection", plain + plain + plain, &http1.Server{MaxRequests: 2}, []string{"200", "200"}},
		{"1945-1.3 a server of HTTP/1.0 closes", plain + plain, &http1.Server{HTTP10: true}, []string{"200"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &http1.Server{Handler: http1.HandlerFunc(sayHello), RequireLength: tt.server.RequireLength,
					Hosts: tt.server.Hosts, MaxRequests: tt.server.MaxRequests, HTTP10: tt.server.HTTP10}
				out := converse(t, s, tt.in)
				var got []string
				for _, part := range strings.Split(out, "HTTP/1.")[1:] {
					got = append(got, part[2:5])
				}
				assert.Equal(t, tt.want, got, out)
				assert.Equal(t, tt.server.HTTP10, strings.HasPrefix(out, "HTTP/1.0 "))
				assert.Equal(t, strings.Contains(tt.in, "HTTP/1.1\r\nHost: a:"), !strings.Contains(out, "Connection: close"))
			})
		})
	}
}

func TestServerContinue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := handle(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) { io.Copy(w, r.Body) })
		client, server := testkit.Pipe()
		defer client.Close()
		go s.ServeConn(t.Context(), server)
		io.WriteString(client, "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n")
		b := make([]byte, 200)
		n, err := client.Read(b)
		require.NoError(t, err)
		assert.Equal(t, "HTTP/1.1 100 Continue\r\n\r\n", string(b[:n]))
		io.WriteString(client, "hi")
		n, err = client.Read(b)
		require.NoError(t, err)
		assert.Equal(t, "HTTP/1.1 200 OK\r\n"+dateLine+"Content-Length: 2\r\n\r\nhi", string(b[:n]))
	})
}

// A client that waits for a 100 and gets a final response sends its content or
// not; the server can't tell what follows, and closes (RFC 9110 §10.1.1).
func TestServerAnswersBeforeContinue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := converse(t, handle(sayHello), "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 30\r\n\r\n")
		assert.Equal(t, ok6Last, out)
	})
}

func TestServerPanics(t *testing.T) {
	long := strings.Repeat("x", 5000)
	tests := []struct {
		name   string
		answer func(w *http1.ResponseWriter)
		want   string // "" is a connection cut
		logged string
	}{
		{"before the head", func(w *http1.ResponseWriter) {
			w.Header().Set("ETag", `"a"`)
			io.WriteString(w, "half")
			panic("oh")
		}, "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n" + dateLine +
			"Content-Length: 22\r\nConnection: close\r\n\r\nInternal Server Error\n", "handler panicked: oh"},
		{"behind the head", func(w *http1.ResponseWriter) {
			io.WriteString(w, long)
			w.Flush()
			panic("oh")
		}, "", "handler panicked: oh"},
		{"on purpose", func(*http1.ResponseWriter) { panic(http1.ErrAbort) }, "", ""},
		{"less than declared", func(w *http1.ResponseWriter) {
			w.Header().Set("Content-Length", "6000")
			io.WriteString(w, long)
		}, "", "body is not as long"},
		{"more than declared", func(w *http1.ResponseWriter) {
			w.Header().Set("Content-Length", "5000")
			io.WriteString(w, long)
			n, err := io.WriteString(w, "!")
			assert.Zero(t, n)
			assert.ErrorIs(t, err, http1.ErrBodyLength)
		}, "", "body is not as long"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				s := handle(func(_ context.Context, w *http1.ResponseWriter, _ *http1.Request) { tt.answer(w) })
				s.Logger = slog.New(slog.NewTextHandler(&log, nil))
				client, server := testkit.Pipe()
				done := make(chan error, 1)
				go func() { done <- s.ServeConn(t.Context(), server) }()
				io.WriteString(client, plain)
				out, err := io.ReadAll(client)
				client.Close()
				require.NoError(t, <-done)
				if tt.want == "" {
					assert.Error(t, err, "a reset, so that what came does not pass for the whole: %q", out)
				} else {
					assert.NoError(t, err)
					assert.Equal(t, tt.want, string(out))
				}
				if tt.logged == "" {
					assert.Empty(t, log.String())
				} else {
					assert.Contains(t, log.String(), tt.logged)
				}
			})
		})
	}
}

func TestServerTimeouts(t *testing.T) {
	const head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"
	tests := []struct {
		name  string
		each  time.Duration // an octet of in, and then of x without end
		in    string
		want  string // the status, "" for a silent end
		after time.Duration
	}{
		{"nothing at all", 0, "", "", 10 * time.Second},
		{"a head that stops", 0, "GET / HTTP", "408", 10 * time.Second},
		{"a slow head", time.Second, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "408", 10 * time.Second},
		{"idle after a response", 0, plain, "200", 60 * time.Second},
		{"a body that stops", 0, head, "408", 10 * time.Second},
		{"a slow body", 0, head + strings.Repeat("x", 2400), "408", 20 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := handle(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
					if _, err := io.Copy(io.Discard, r.Body); err == nil {
						w.WriteString("fine")
					}
				})
				client, server := testkit.Pipe()
				defer client.Close()
				done := make(chan error, 1)
				start := time.Now()
				go func() { done <- s.ServeConn(t.Context(), server) }()
				var sending sync.WaitGroup
				defer sending.Wait()
				sending.Go(func() {
					if tt.each == 0 {
						io.WriteString(client, tt.in)
						return
					}
					for _, c := range []byte(tt.in) {
						if _, err := client.Write([]byte{c}); err != nil {
							return
						}
						time.Sleep(tt.each)
					}
				})
				out, err := io.ReadAll(client)
				took := time.Since(start)
				client.Close()
				require.NoError(t, err)
				require.NoError(t, <-done)
				assert.Equal(t, tt.want, statusOf(string(out)))
				assert.Equal(t, tt.after, took)
			})
		})
	}
}

// A client that takes nothing holds a connection no longer than Write says.
func TestServerWriteStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		written := make(chan error, 1)
		s := handle(func(_ context.Context, w *http1.ResponseWriter, _ *http1.Request) {
			_, err := io.Copy(w, io.LimitReader(zeros{}, 1<<30))
			written <- err
		})
		client, server := testkit.Pipe()
		defer client.Close()
		start := time.Now()
		go s.ServeConn(t.Context(), server)
		io.WriteString(client, plain)
		err := <-written
		var timeout net.Error
		require.ErrorAs(t, err, &timeout)
		assert.True(t, timeout.Timeout())
		assert.Equal(t, 30*time.Second, time.Since(start))
	})
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

func TestServerShutdown(t *testing.T) {
	t.Run("what is under way is answered with close", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			begun, goOn := make(chan struct{}), make(chan struct{})
			s := handle(func(ctx context.Context, w *http1.ResponseWriter, _ *http1.Request) {
				close(begun)
				<-goOn
				assert.ErrorIs(t, context.Cause(ctx), http1.ErrServerClosed)
				io.WriteString(w, "hello\n")
			})
			client, server := testkit.Pipe()
			defer client.Close()
			go s.ServeConn(t.Context(), server)
			io.WriteString(client, plain)
			<-begun
			ended := make(chan error, 1)
			go func() { ended <- s.Shutdown(t.Context()) }()
			synctest.Wait()
			close(goOn)
			b := make([]byte, 500)
			n, err := client.Read(b)
			require.NoError(t, err)
			assert.Equal(t, ok6Last, string(b[:n]))
			client.Close()
			assert.NoError(t, <-ended)
		})
	})
	t.Run("an idle connection ends after the grace", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := handle(sayHello)
			client, server := testkit.Pipe()
			defer client.Close()
			go s.ServeConn(t.Context(), server)
			io.WriteString(client, plain)
			synctest.Wait()
			start := time.Now()
			assert.NoError(t, s.Shutdown(t.Context()))
			assert.Equal(t, 200*time.Millisecond, time.Since(start))
			out, err := io.ReadAll(client)
			require.NoError(t, err)
			assert.Equal(t, ok6, string(out))
		})
	})
	t.Run("9112-9.5 a request that comes in the grace is answered", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := handle(sayHello)
			client, server := testkit.Pipe()
			defer client.Close()
			go s.ServeConn(t.Context(), server)
			io.WriteString(client, plain)
			synctest.Wait()
			ended := make(chan error, 1)
			go func() { ended <- s.Shutdown(t.Context()) }()
			time.Sleep(100 * time.Millisecond)
			io.WriteString(client, plain)
			synctest.Wait()
			client.(interface{ CloseWrite() error }).CloseWrite()
			out, err := io.ReadAll(client)
			require.NoError(t, err)
			assert.Equal(t, ok6+ok6Last, string(out))
			assert.NoError(t, <-ended)
		})
	})
	t.Run("the end of its context cuts", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := handle(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
				_, err := io.Copy(io.Discard, r.Body)
				assert.Error(t, err)
			})
			client, server := testkit.Pipe()
			defer client.Close()
			go s.ServeConn(t.Context(), server)
			io.WriteString(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
			synctest.Wait()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			assert.ErrorIs(t, s.Shutdown(ctx), context.DeadlineExceeded)
			synctest.Wait()
			_, err := io.ReadAll(client)
			assert.True(t, err == nil || !errors.Is(err, context.Canceled))
		})
	})
}

func TestServerHijack(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"9110-7.8 upgrade", "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly ",
			"HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n" + dateLine + "\r\nearly late"},
		{"9110-9.3.6 CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nearly ",
			"HTTP/1.1 200 OK\r\nUpgrade: echo\r\nConnection: Upgrade\r\n" + dateLine + "\r\nearly late"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var states []http1.ConnState
				s := handle(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
					w.Header().Set("Upgrade", "echo")
					w.Header().Set("Connection", "Upgrade")
					nc, early, err := w.Hijack()
					if !assert.NoError(t, err) {
						return
					}
					nc.Write(early)
					io.Copy(nc, nc)
				})
				s.ConnState = func(_ net.Conn, state http1.ConnState) { states = append(states, state) }
				client, server := testkit.Pipe()
				defer client.Close()
				done := make(chan error, 1)
				go func() { done <- s.ServeConn(t.Context(), server) }()
				io.WriteString(client, tt.in)
				time.Sleep(time.Hour) // no timeout of requests stands on it
				io.WriteString(client, "late")
				client.(interface{ CloseWrite() error }).CloseWrite()
				out, err := io.ReadAll(client)
				require.NoError(t, err)
				assert.Equal(t, tt.want, string(out))
				require.NoError(t, <-done)
				assert.Equal(t, []http1.ConnState{http1.ConnNew, http1.ConnActive, http1.ConnHijacked, http1.ConnClosed}, states)
			})
		})
	}
	t.Run("9110-7.8 nobody asked", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := handle(func(_ context.Context, w *http1.ResponseWriter, _ *http1.Request) {
				_, _, err := w.Hijack()
				assert.ErrorIs(t, err, http1.ErrNotSwitching)
				io.WriteString(w, "hello\n")
			})
			assert.Equal(t, ok6, converse(t, s, plain))
		})
	})
	t.Run("9110-7.8 an upgrade ignored", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			in := "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"
			assert.Equal(t, ok6+ok6, converse(t, handle(sayHello), in+plain))
		})
	})
}

func TestServerErrorHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := handle(sayHello)
		s.ErrorHandler = func(_ context.Context, w *http1.ResponseWriter, r *http1.Request, status int, err error) {
			assert.Equal(t, http1.StatusBadRequest, status)
			assert.ErrorIs(t, err, http1.ErrMalformed)
			assert.Empty(t, r.Method)
			io.WriteString(w, "no\n")
		}
		assert.Equal(t, "HTTP/1.1 400 Bad Request\r\n"+dateLine+"Content-Length: 3\r\nConnection: close\r\n\r\nno\n",
			converse(t, s, "GET /\r\n\r\n"))
	})
}

func TestServerAccessLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s := handle(sayHello)
		s.AccessLog = &http1.AccessLog{Writer: &log, Combined: true}
		converse(t, s, "GET /a?b=\"c HTTP/1.1\r\nHost: a\r\n\r\n")
		converse(t, s, "GET /a?b HTTP/1.1\r\nHost: a\r\nUser-Agent: x\" - \\ \xff\r\nReferer: http://b/\r\n\r\n"+
			"HEAD /"+strings.Repeat("x", 2100)+" HTTP/1.0\r\n\r\n")
		assert.Equal(t, `127.0.0.1 - - [01/Jan/2000:00:00:00 +0000] "-" 400 72 "-" "-"
127.0.0.1 - - [01/Jan/2000:00:00:00 +0000] "GET /a?b HTTP/1.1" 200 6 "http://b/" "x\" - \\ \xff"
127.0.0.1 - - [01/Jan/2000:00:00:00 +0000] "HEAD /`+strings.Repeat("x", 1999)+`... HTTP/1.0" 200 - "-" "-"
`, log.String())
		stats := s.Stats()
		assert.EqualValues(t, 2, stats.Requests)
		assert.EqualValues(t, 1, stats.Refused)
		assert.EqualValues(t, 2, stats.Conns.Accepted)
	})
}
