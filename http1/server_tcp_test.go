package http1_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/internal/testkit"
)

// listenAndServe serves over TCP until the test ends, and returns the address.
func listenAndServe(t *testing.T, s *http1.Server) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var serving sync.WaitGroup
	serving.Go(func() { assert.ErrorIs(t, s.Serve(ln), http1.ErrServerClosed) })
	t.Cleanup(func() {
		s.Close()
		serving.Wait()
	})
	return ln.Addr().String()
}

// echo answers with what it was sent: the method, the target, the body, and
// the trailers.
func echo(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Set("Method", r.Method)
	w.Header().Set("Target", r.Target.String())
	w.Trailer().Set("Sum", "")
	n, err := io.Copy(w, r.Body)
	if err != nil {
		panic(err)
	}
	w.Trailer().Set("Sum", fmt.Sprint(n))
	for name, value := range r.Trailer.All() {
		w.Trailer().Set("Your-"+name, value)
	}
}

// TestServerWithNetHTTP has net/http's client talk to our server.
func TestServerWithNetHTTP(t *testing.T) {
	serverTLS, clientTLS := testkit.Certificate(t, "127.0.0.1")
	for _, scheme := range []string{"http", "https"} {
		t.Run(scheme, func(t *testing.T) {
			testkit.NoLeaks(t)
			s := handle(echo)
			if scheme == "https" {
				s.TLSConfig = serverTLS
			}
			url := scheme + "://" + listenAndServe(t, s)
			transport := &http.Transport{TLSClientConfig: clientTLS, ForceAttemptHTTP2: true, ExpectContinueTimeout: time.Minute}
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport}
			long := strings.Repeat("0123456789abcdef", 100_000)
			for _, tt := range []struct {
				name, method string
				body         string
				chunked      bool
				expect       bool
			}{
				{"GET", "GET", "", false, false},
				{"HEAD", "HEAD", "", false, false},
				{"POST", "POST", "hello", false, false},
				{"POST in chunks", "POST", "hello", true, false},
				{"PUT of much", "PUT", long, false, false},
				{"PUT of much in chunks", "PUT", long, true, false},
				{"PUT that waits for a 100", "PUT", long, false, true},
				{"DELETE", "DELETE", "", false, false},
				{"a method of its own", "BREW", "tea", false, false},
			} {
				t.Run(tt.name, func(t *testing.T) {
					var body io.Reader
					if tt.body != "" {
						body = strings.NewReader(tt.body)
					}
					if tt.chunked {
						body = io.MultiReader(body)
					}
					continued := false
					ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got100Continue: func() { continued = true }})
					req, err := http.NewRequestWithContext(ctx, tt.method, url+"/a?b=%20", body)
					require.NoError(t, err)
					if tt.expect {
						req.Header.Set("Expect", "100-continue")
					}
					if tt.chunked {
						req.Trailer = http.Header{"Mine": {"x"}}
					}
					resp, err := client.Do(req)
					require.NoError(t, err)
					defer resp.Body.Close()
					got, err := io.ReadAll(resp.Body)
					require.NoError(t, err)
					assert.Equal(t, 200, resp.StatusCode)
					assert.False(t, resp.Close, "the connection goes on")
					assert.Equal(t, tt.method, resp.Header.Get("Method"))
					assert.Equal(t, "/a?b=%20", resp.Header.Get("Target"))
					assert.Equal(t, tt.expect, continued)
					if tt.method != "HEAD" {
						assert.True(t, tt.body == string(got), "%d octets came back of %d", len(got), len(tt.body))
						assert.Equal(t, fmt.Sprint(len(tt.body)), resp.Trailer.Get("Sum"))
					}
					if tt.chunked {
						assert.Equal(t, "x", resp.Trailer.Get("Your-Mine"))
					}
				})
			}
			assert.EqualValues(t, 1, s.Stats().Conns.Accepted, "one connection for all of them")
			assert.EqualValues(t, 9, s.Stats().Requests)
		})
	}
}

func TestServerTLSState(t *testing.T) {
	serverTLS, clientTLS := testkit.Certificate(t, "127.0.0.1")
	s := handle(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
		assert.Equal(t, "https", r.Target.Scheme)
		fmt.Fprintf(w, "%s %s", r.TLS.NegotiatedProtocol, r.RemoteAddr.Network())
	})
	s.TLSConfig = serverTLS
	nc, err := tls.Dial("tcp", listenAndServe(t, s), clientTLS)
	require.NoError(t, err)
	defer nc.Close()
	io.WriteString(nc, getLast)
	out, err := io.ReadAll(nc)
	require.NoError(t, err, "the end is told by TLS's alert (RFC 9112 §9.8)")
	assert.True(t, strings.HasSuffix(string(out), "\r\n\r\n tcp"), "%s", out)
}

// A refusal arrives though its client goes on sending what nobody reads: the
// connection is closed in stages (RFC 9112 §9.6).
func TestServerRefusalArrives(t *testing.T) {
	s := handle(func(_ context.Context, w *http1.ResponseWriter, _ *http1.Request) { w.Error(403, "not here") })
	s.Limits.MaxBody = 1 << 20
	addr := listenAndServe(t, s)
	for _, tt := range []struct {
		name, head string
		body       int
		want       string
	}{
		{"413 by its length", "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n", 200_000, "413"},
		{"403 with a body unread", "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n", 200_000, "403"},
		{"414", "GET /" + strings.Repeat("x", 20_000), 200_000, "414"},
		{"431", "GET / HTTP/1.1\r\nHost: a\r\nX: ", 200_000, "431"},
		{"400", "GET\r\n\r\n", 200_000, "400"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			nc, err := net.Dial("tcp", addr)
			require.NoError(t, err)
			defer nc.Close()
			_, err = io.WriteString(nc, tt.head)
			require.NoError(t, err)
			// The server has answered and closed its side before this comes.
			head := make([]byte, len("HTTP/1.1 400"))
			if tt.want != "431" {
				_, err = io.ReadFull(nc, head)
				require.NoError(t, err)
			}
			_, err = nc.Write(bytes.Repeat([]byte("x"), tt.body))
			require.NoError(t, err)
			if tt.want == "431" {
				_, err = io.ReadFull(nc, head)
				require.NoError(t, err)
			}
			assert.Equal(t, "HTTP/1.1 "+tt.want, string(head))
			rest, err := io.ReadAll(nc)
			require.NoError(t, err, "no reset took it away")
			assert.Contains(t, string(rest), "Connection: close\r\n")
		})
	}
}

// flood writes head, and then again and again more, until the server has had
// enough, and returns what it answered.
func flood(t *testing.T, addr, head, more string) string {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer nc.Close()
	var reading sync.WaitGroup
	var out []byte
	reading.Go(func() { out, _ = io.ReadAll(nc) })
	io.WriteString(nc, head)
	b := []byte(strings.Repeat(more, 1+4096/len(more)))
	for sent := 0; sent < 64<<20; {
		n, err := nc.Write(b)
		if sent += n; err != nil {
			break
		}
	}
	nc.(*net.TCPConn).CloseWrite()
	reading.Wait()
	return string(out)
}

// TestServerAttacks floods the server with what has no end. It reads no more
// than its limits and what lets the refusal arrive, and others are served.
func TestServerAttacks(t *testing.T) {
	testkit.NoLeaks(t)
	const chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	for _, tt := range []struct{ name, head, more, want string }{
		{"9112-2.2 blank lines", "", "\r\n", "400"},
		{"endless request line", "GET /", "x", "414"},
		{"endless method", "", "G", "414"},
		{"endless fields", "GET / HTTP/1.1\r\nHost: a\r\n", "X: y\r\n", "431"},
		{"endless field", "GET / HTTP/1.1\r\nHost: a\r\nX: ", "y", "431"},
		{"endless field name", "GET / HTTP/1.1\r\nHost: a\r\n", "y", "431"},
		{"endless fold", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n", " z\r\n", "431"},
		{"chunk size without end", chunked, "0", "413"},
		{"chunk extension without end", chunked + "1;x=", "y", "413"},
		{"chunk extensions on chunks of one octet", chunked, "1;" + strings.Repeat("x", 100) + "\r\ny\r\n", "413"},
		{"trailers without end", chunked + "0\r\n", "X: y\r\n", "431"},
		{"zeros", "", "\x00", "414"},
		{"TLS to a server without", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "x", "414"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := handle(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
				if _, err := io.Copy(io.Discard, r.Body); err == nil {
					io.WriteString(w, "hello\n")
				}
			})
			addr := listenAndServe(t, s)
			done := make(chan string, 1)
			go func() { done <- flood(t, addr, tt.head, tt.more) }()
			nc, err := net.Dial("tcp", addr)
			require.NoError(t, err)
			io.WriteString(nc, getLast)
			out, err := io.ReadAll(nc)
			nc.Close()
			require.NoError(t, err)
			assert.Equal(t, "200", statusOf(string(out)), "others are served")
			out2 := <-done
			if out2 != "" { // a reset may have taken it away, behind all that was lingered for
				assert.Equal(t, tt.want, statusOf(out2))
			}
			require.NoError(t, s.Shutdown(t.Context()))
			assert.Less(t, s.Stats().Conns.BytesRead, int64(1<<20), "what was read of the flood")
		})
	}
}
