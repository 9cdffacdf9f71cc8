package http1_test

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/internal/testkit"
)

// A request of a connection, or of another, shows nothing of the one whose
// memory it was read into.
func TestAttackNothingIsLeftOfTheRequestBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m http1.Mux
		m.HandleFunc("POST /of/{name}", func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
			w.Header().Set("Set-Cookie", "secret")
			w.Trailer().Set("Secret", "secret")
			w.WriteHeader(201)
			w.WriteString(strings.Repeat(r.PathValue("name"), 100))
		})
		s := handle(func(ctx context.Context, w *http1.ResponseWriter, r *http1.Request) {
			if r.Method == http1.MethodPost {
				m.ServeHTTP(ctx, w, r)
				return
			}
			assert.Empty(t, r.PathValue("name"))
			assert.Equal(t, 1, r.Header.Len())
			assert.Zero(t, r.Trailer.Len())
			assert.Zero(t, r.Length)
			assert.Nil(t, r.TLS)
			assert.Zero(t, w.Status())
			assert.Zero(t, w.Header().Len())
			assert.Zero(t, w.Trailer().Len())
			w.WriteString("hello\n")
		})
		for range 20 { // the pool gives what it likes
			const before = "POST /of/secret HTTP/1.1\r\nHost: a\r\nCookie: secret\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nSum: secret\r\n\r\n"
			out := converse(t, s, before+plain)
			assert.True(t, strings.HasSuffix(out, "\r\n\r\n"+ok6), "%q", out)
			assert.Equal(t, ok6, converse(t, s, plain))
		}
	})
}

// failed500 answers a handler that failed before anything was sent.
const failed500 = "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n" + dateLine +
	"Content-Length: 22\r\nConnection: close\r\n\r\nInternal Server Error\n"

// What handlers do wrong is told them where it can be, and never becomes
// something that a client takes for two responses.
func TestAttackHandlersMistakes(t *testing.T) {
	type writer = *http1.ResponseWriter
	for _, tt := range []struct {
		name   string
		answer func(t *testing.T, w writer)
		want   string
	}{
		{"9110-5.5 CRLF in a value", func(_ *testing.T, w writer) { w.Header().Set("X", "a\r\nSet-Cookie: b") }, failed500},
		{"9110-5.5 LF in a value", func(_ *testing.T, w writer) { w.Header().Set("X", "a\nSet-Cookie: b") }, failed500},
		{"9110-5.5 CR in a value", func(_ *testing.T, w writer) { w.Header().Set("X", "a\rSet-Cookie: b") }, failed500},
		{"9110-5.5 NUL in a value", func(_ *testing.T, w writer) { w.Header().Set("X", "a\x00") }, failed500},
		{"9110-5.1 CRLF in a name", func(_ *testing.T, w writer) { w.Header().Set("X: a\r\nY", "b") }, failed500},
		{"9110-5.1 an empty name", func(_ *testing.T, w writer) { w.Header().Set("", "b") }, failed500},
		{"9110-5.5 found when content flushes the head", func(t *testing.T, w writer) {
			w.Header().Set("X", "a\r\n\r\n")
			_, err := w.WriteString(strings.Repeat("x", 10_000))
			assert.ErrorIs(t, err, http1.ErrMalformed)
			_, err = w.WriteString("more")
			assert.ErrorIs(t, err, http1.ErrMalformed, "it stays failed")
		}, failed500},
		{"9110-8.6 two lengths", func(_ *testing.T, w writer) {
			w.Header().Add("Content-Length", "5")
			w.Header().Add("Content-Length", "6")
			w.WriteString("hello")
		}, failed500},
		{"9110-8.6 a length that is none", func(_ *testing.T, w writer) { w.Header().Set("Content-Length", "+5") }, failed500},
		{"9110-8.6 a length lowered below what was written", func(t *testing.T, w writer) {
			w.WriteString("0123456789")
			w.Header().Set("Content-Length", "5")
			n, err := w.Write([]byte("x"))
			assert.Zero(t, n)
			assert.ErrorIs(t, err, http1.ErrBodyLength)
		}, failed500},
		{"9110-8.6 the same by ReadFrom", func(t *testing.T, w writer) {
			w.WriteString("0123456789")
			w.Header().Set("Content-Length", "5")
			n, err := w.ReadFrom(strings.NewReader("x"))
			assert.Zero(t, n)
			assert.ErrorIs(t, err, http1.ErrBodyLength)
		}, failed500},
		{"9110-8.6 the same, and nothing more written", func(_ *testing.T, w writer) {
			w.WriteString("0123456789")
			w.Header().Set("Content-Length", "5")
		}, failed500},
		{"9110-15.3.5 content, then 204", func(_ *testing.T, w writer) {
			w.WriteString("x")
			w.WriteHeader(204)
		}, failed500},
		{"9110-15.4.5 content behind a 304", func(t *testing.T, w writer) {
			w.WriteHeader(304)
			_, err := w.WriteString("x")
			assert.ErrorIs(t, err, http1.ErrNoBody)
		}, "HTTP/1.1 304 Not Modified\r\n" + dateLine + "\r\n"},
		{"9110-15 an interim status", func(_ *testing.T, w writer) { w.WriteHeader(103) }, failed500},
		{"9110-15.2.2 a 101", func(_ *testing.T, w writer) { w.WriteHeader(101) }, failed500},
		{"9110-15 a status of four digits", func(_ *testing.T, w writer) { w.WriteHeader(1000) }, failed500},
		{"9110-15 a negative status", func(_ *testing.T, w writer) { w.WriteHeader(-200) }, failed500},
		{"9110-15 status 999", func(_ *testing.T, w writer) { w.WriteHeader(999) }, "HTTP/1.1 999 \r\n" + dateLine + "Content-Length: 0\r\n\r\n"},
		{"the status set twice", func(_ *testing.T, w writer) {
			w.WriteHeader(404)
			w.WriteHeader(201)
		}, "HTTP/1.1 201 Created\r\n" + dateLine + "Content-Length: 0\r\n\r\n"},
		{"9110-6.5.1 a trailer that frames", func(_ *testing.T, w writer) { w.Trailer().Set("Content-Length", "3") }, failed500},
		{"9110-15.2 CRLF in an interim response", func(t *testing.T, w writer) {
			h := http1.NewHeader("Link", "a\r\n\r\nHTTP/1.1 200 OK")
			assert.ErrorIs(t, w.Inform(103, &h), http1.ErrMalformed)
		}, failed500},
		{"9110-15.2 a length in an interim response", func(t *testing.T, w writer) {
			h := http1.NewHeader("Content-Length", "1")
			assert.ErrorIs(t, w.Inform(103, &h), http1.ErrFraming)
		}, failed500},
		{"9112-6.1 a transfer coding", func(_ *testing.T, w writer) {
			w.Header().Set("Transfer-Encoding", "gzip, chunked")
			w.WriteString("x")
		}, "HTTP/1.1 200 OK\r\n" + dateLine + "Content-Length: 1\r\n\r\nx"},
		{"nil for a reader", func(_ *testing.T, w writer) { w.ReadFrom(nil) }, failed500},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := handle(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
					if r.Target.Path == "/before" {
						sayHello(t.Context(), w, r)
						return
					}
					tt.answer(t, w)
				})
				const before = "GET /before HTTP/1.1\r\nHost: a\r\n\r\n"
				assert.Equal(t, ok6+tt.want, converse(t, s, before+plain))
			})
		})
	}
}

// What a handler wrote before it failed is no part of what tells of it.
func TestAttackErrorPageIsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := handle(func(_ context.Context, w *http1.ResponseWriter, _ *http1.Request) {
			w.Header().Set("Content-Length", "100")
			w.Trailer().Set("Sum", "1")
			w.WriteString("a secret")
			panic("oh")
		})
		s.ErrorHandler = func(_ context.Context, w *http1.ResponseWriter, _ *http1.Request, _ int, _ error) {
			w.WriteString("sorry\n")
		}
		assert.Equal(t, "HTTP/1.1 500 Internal Server Error\r\n"+dateLine+"Content-Length: 6\r\nConnection: close\r\n\r\nsorry\n", converse(t, s, plain))
	})
}

// A response that is cut takes those before it, of requests that came together
// with its own, not with it.
func TestAttackCutLeavesTheResponsesBefore(t *testing.T) {
	for name, fail := range map[string]func(w *http1.ResponseWriter){
		"behind the head": func(w *http1.ResponseWriter) {
			w.Header().Set("Content-Length", "6000")
			w.WriteString(strings.Repeat("x", 5000))
			panic("oh")
		},
		"before": func(*http1.ResponseWriter) { panic(http1.ErrAbort) },
	} {
		t.Run(name, func(t *testing.T) {
			s := handle(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
				if r.Method == http1.MethodPost {
					fail(w)
				}
				w.Header().Set("Date", "never")
				w.WriteString("hello\n")
			})
			nc, err := net.Dial("tcp", listenAndServe(t, s))
			require.NoError(t, err)
			defer nc.Close()
			io.WriteString(nc, plain+"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"+plain)
			out, err := io.ReadAll(nc)
			assert.Error(t, err, "a reset")
			assert.Equal(t, "HTTP/1.1 200 OK\r\nDate: never\r\nContent-Length: 6\r\n\r\nhello\n", string(out))
		})
	}
}

// What goroutines do that a handler left behind is theirs alone: it reaches no
// later request, and takes no other down.
func TestAttackLateCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var late *http1.ResponseWriter
		var body io.Reader
		s := handle(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
			late, body = w, r.Body
			w.WriteString("hello\n")
		})
		client, server := testkit.Pipe()
		done := make(chan error, 1)
		go func() { done <- s.ServeConn(t.Context(), server) }()
		io.WriteString(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nfirst")
		synctest.Wait() // the connection is idle
		n, err := late.WriteString("late")
		assert.Zero(t, n)
		assert.ErrorIs(t, err, http1.ErrReturned)
		_, err = late.Write([]byte("late"))
		assert.ErrorIs(t, err, http1.ErrReturned)
		_, err = late.ReadFrom(strings.NewReader("late"))
		assert.ErrorIs(t, err, http1.ErrReturned)
		assert.ErrorIs(t, late.Flush(), http1.ErrReturned)
		assert.ErrorIs(t, late.Inform(103, nil), http1.ErrReturned)
		_, _, err = late.Hijack()
		assert.ErrorIs(t, err, http1.ErrReturned)
		late.WriteHeader(418)
		late.Header().Set("Late", "yes")
		late.Trailer().Set("Late", "yes")
		late.Error(418, "late")
		before := late
		io.WriteString(client, plain)
		synctest.Wait()
		got, err := io.ReadAll(body)
		assert.Empty(t, got, "the rest of a body was discarded")
		assert.NoError(t, err)
		client.(interface{ CloseWrite() error }).CloseWrite()
		out, err := io.ReadAll(client)
		require.NoError(t, err)
		assert.Equal(t, ok6+ok6, string(out))
		client.Close()
		require.NoError(t, <-done)
		assert.Same(t, before, late, "used again on its own connection")
		converse(t, s, plain)
		assert.NotSame(t, before, late, "and on no other")
	})
}

// A goroutine left behind in a read of the body is waited for: two readers
// would part the octets of the connection between them.
func TestAttackBodyReadBeyondTheHandler(t *testing.T) {
	var left sync.WaitGroup
	reads := make(chan bool)
	s := handle(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
		if r.Method == http1.MethodPost {
			b := r.Body
			left.Go(func() {
				half := make([]byte, 5)
				_, err := io.ReadFull(b, half)
				assert.NoError(t, err)
				close(reads)
				got, err := io.ReadAll(b)
				assert.NoError(t, err)
				assert.True(t, strings.HasPrefix("56789", string(got)), "%q", got)
			})
			<-reads
		}
		w.WriteString("hello\n")
	})
	client, server := testkit.Pipe()
	done := make(chan error, 1)
	go func() { done <- s.ServeConn(t.Context(), server) }()
	io.WriteString(client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234")
	<-reads
	io.WriteString(client, "56789"+plain+getLast)
	out, err := io.ReadAll(client)
	require.NoError(t, err)
	assert.Equal(t, 3, strings.Count(string(out), "HTTP/1.1 200 OK\r\n"), "%q", out)
	client.Close()
	require.NoError(t, <-done)
	left.Wait()
}

// A body may be read beside the writing of the response, and break meanwhile.
func TestAttackBodyBreaksBesideTheResponse(t *testing.T) {
	for range 50 {
		s := handle(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
			var reading sync.WaitGroup
			reading.Go(func() { io.Copy(io.Discard, r.Body) })
			w.WriteString("hello\n")
			w.Flush()
			w.WriteString(strings.Repeat("x", 10_000))
			reading.Wait()
		})
		out := converse(t, s, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nno")
		assert.True(t, strings.HasSuffix(out, "\r\n0\r\n\r\n"), "%q", out)
	}
}

// The octets of a body are not the first ones of the protocol behind it
// (RFC 9110 §7.8).
func TestAttackHijackBeforeTheBody(t *testing.T) {
	for name, framing := range map[string]string{
		"sized":   "Content-Length: 5\r\n\r\nhello",
		"chunked": "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"cut":     "Content-Length: 50\r\n\r\nhello",
		"broken":  "Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n",
	} {
		for _, line := range []string{
			"POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n",
			"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n",
		} {
			method, _, _ := strings.Cut(line, " ")
			t.Run(name+" "+method, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := handle(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
						_, _, err := w.Hijack()
						assert.ErrorIs(t, err, http1.ErrBodyUnread)
						if _, err = io.Copy(io.Discard, r.Body); err != nil {
							_, _, err = w.Hijack()
							assert.ErrorIs(t, err, http1.ErrBodyUnread)
							return
						}
						nc, early, err := w.Hijack()
						if assert.NoError(t, err) {
							assert.Equal(t, "other", string(early))
							_, _, err = w.Hijack()
							assert.ErrorIs(t, err, http1.ErrHijacked)
							_, err = w.WriteString("x")
							assert.ErrorIs(t, err, http1.ErrHijacked)
							n, err := r.Body.Read(make([]byte, 5000))
							assert.Zero(t, n, "of the other protocol")
							assert.Error(t, err)
							nc.Write(early)
						}
					})
					out := converse(t, s, line+framing+"other")
					switch name {
					case "sized", "chunked":
						assert.True(t, strings.HasSuffix(out, "\r\n\r\nother"), "%q", out)
					default:
						assert.NotContains(t, out, "HTTP/1.1 101")
						assert.NotContains(t, out, "HTTP/1.1 200")
					}
				})
			})
		}
	}
}

// A page about a request that was not understood is not chunked: its sender may
// be one of HTTP/1.0 (RFC 9112 §6.1).
func TestAttackLongErrorPage(t *testing.T) {
	for name, in := range map[string]string{
		"a broken field of HTTP/1.0": "GET / HTTP/1.0\r\nX y\r\n\r\n",
		"HTTP/0.9":                   "GET /\r\n\r\n",
		"an unknown coding":          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := handle(sayHello)
			page := strings.Repeat("sorry\n", 2000)
			s.ErrorHandler = func(_ context.Context, w *http1.ResponseWriter, _ *http1.Request, _ int, _ error) {
				w.WriteString(page)
			}
			head, body, _ := strings.Cut(converse(t, s, in), "\r\n\r\n")
			assert.NotContains(t, head, "Transfer-Encoding")
			assert.Contains(t, head, "\r\nConnection: close")
			assert.True(t, body == page, "%d octets of %d", len(body), len(page))
		})
	}
}
