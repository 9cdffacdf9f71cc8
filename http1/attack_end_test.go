package http1_test

import (
	"context"
	"crypto/tls"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/http1/files"
	"applayer/internal/testkit"
)

// The server shuts down while its clients are in the middle of something: what
// has begun is finished and says close, and nothing more is begun.
func TestAttackShutdownDuring(t *testing.T) {
	for _, tt := range []struct {
		name, before, after string
		want                string
	}{
		{"an upload", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nhel", "lo\n", ok6Last},
		{"a chunked upload", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n", "3\r\nlo\n\r\n0\r\n\r\n" + plain, ok6Last},
		{"a head", "GET / HTTP/1.1\r\nHos", "t: a\r\nX: hello\r\n\r\n", ok6Last},
		{"a burst whose first request waits for its body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nhel", "lo\n" + plain + plain, ok6Last},
		{"the wait for a 100", "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 6\r\n\r\n", "hello\n",
			"HTTP/1.1 100 Continue\r\n\r\n" + ok6Last},
		{"another protocol", "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n", "late",
			"HTTP/1.1 101 Switching Protocols\r\n" + dateLine + "\r\nbye"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := handle(func(ctx context.Context, w *http1.ResponseWriter, r *http1.Request) {
					if nc, _, err := w.Hijack(); err == nil {
						<-ctx.Done()
						io.WriteString(nc, "bye")
						return
					}
					if r.Method == http1.MethodGet {
						sayHello(ctx, w, r)
						return
					}
					_, err := io.Copy(w, r.Body)
					assert.NoError(t, err)
				})
				client, server := testkit.Pipe()
				done := make(chan error, 1)
				go func() { done <- s.ServeConn(t.Context(), server) }()
				io.WriteString(client, tt.before)
				synctest.Wait()
				ended := make(chan error, 1)
				go func() { ended <- s.Shutdown(t.Context()) }()
				synctest.Wait()
				io.WriteString(client, tt.after)
				client.(interface{ CloseWrite() error }).CloseWrite()
				out, err := io.ReadAll(client)
				require.NoError(t, err)
				assert.Equal(t, tt.want, string(out))
				client.Close()
				assert.NoError(t, <-ended)
				<-done
			})
		})
	}
}

// A client over TLS is asked for its certificate where the server wants one,
// and one that ends without TLS's closing alert has sent no whole body
// (RFC 9112 §9.8).
func TestAttackTLS(t *testing.T) {
	serverTLS, clientTLS := testkit.Certificate(t, "127.0.0.1")
	errs := make(chan error, 1)
	s := handle(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		errs <- err
		if len(r.TLS.PeerCertificates) > 0 {
			w.WriteString("hello\n")
		}
	})
	s.TLSConfig = serverTLS
	s.TLSConfig.ClientAuth = tls.RequireAnyClientCert
	addr := listenAndServe(t, s)

	nc, err := tls.Dial("tcp", addr, clientTLS)
	if err == nil { // in TLS 1.3 the client learns of it by its first Read
		_, err = nc.Read(make([]byte, 1))
		nc.Close()
	}
	require.Error(t, err, "without a certificate")

	clientTLS.Certificates = serverTLS.Certificates
	for name, in := range map[string]string{
		"sized":   "Content-Length: 10\r\n\r\nhello",
		"chunked": "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			nc, err := tls.Dial("tcp", addr, clientTLS)
			require.NoError(t, err)
			_, err = io.WriteString(nc, "POST / HTTP/1.1\r\nHost: a\r\n"+in)
			require.NoError(t, err)
			require.NoError(t, nc.NetConn().Close())
			err = <-errs
			assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
			_, isParse := err.(*http1.ParseError)
			assert.True(t, isParse, "%v", err)
		})
	}
	nc, err = tls.Dial("tcp", addr, clientTLS)
	require.NoError(t, err)
	defer nc.Close()
	io.WriteString(nc, getLast)
	out, err := io.ReadAll(nc)
	require.NoError(t, err)
	assert.True(t, strings.HasSuffix(string(out), "\r\n\r\nhello\n"), "%q", out)
	assert.NoError(t, <-errs)
}

// Whatever a client puts into the target, and whatever a folder's names are,
// stays in its place: no field and no response is added (RFC 9112 §11.1).
func TestAttackResponseSplitting(t *testing.T) {
	dir := t.TempDir()
	const odd = "a\r\nSet-Cookie: x=y\r\n\r\n<script>"
	if err := os.Mkdir(filepath.Join(dir, odd), 0o700); err != nil {
		t.Skipf("no such names here: %v", err)
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub"), 0o700))
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	folder := &files.FileServer{Root: root, Listing: true, Writable: true}
	defer folder.Close()
	var mux http1.Mux
	mux.Handle("GET /{rest...}", folder)
	mux.Handle("PUT /{rest...}", folder)
	const escaped = "a%0D%0ASet-Cookie%3A%20x%3Dy%0D%0A%0D%0A%3Cscript%3E"
	for _, tt := range []struct{ name, line, want string }{
		{"a folder's redirect", "GET /" + escaped + " HTTP/1.1", "301"},
		{"a query in it", "GET /sub?%0d%0aSet-Cookie:%20x=y HTTP/1.1", "301"},
		{"a host in it", "GET //sub HTTP/1.1", "301"},
		{"a host behind dots", "GET /.//sub HTTP/1.1", "404"},
		{"a listing", "GET / HTTP/1.1", "200"},
		{"the listing of the folder", "GET /" + escaped + "/ HTTP/1.1", "200"},
		{"a name that is not there", "GET /%0d%0aSet-Cookie:%20x=y HTTP/1.1", "404"},
		{"a Location of what was put", "PUT /put%0d%0aSet-Cookie:%20x=y HTTP/1.1\r\nContent-Length: 0", "201"},
		{"a method", "SET-COOKIE:x /%0d%0a HTTP/1.1", "400"},
		{"a method that nobody knows", "SET-COOKIE / HTTP/1.1", "501"},
		{"a range", "GET /sub/ HTTP/1.1\r\nRange: bytes=0-0\x0b", "400"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := converse(t, &http1.Server{Handler: &mux}, tt.line+"\r\nHost: a\r\nConnection: close\r\n\r\n")
			head, body, ok := strings.Cut(out, "\r\n\r\n")
			require.True(t, ok)
			assert.Equal(t, tt.want, statusOf(head))
			assert.Equal(t, 1, strings.Count(out, "HTTP/1.1 "), "%q", out)
			for line := range strings.SplitSeq(head, "\r\n") {
				assert.False(t, strings.HasPrefix(line, "Set-Cookie"), "%q", head)
				if to, isLocation := strings.CutPrefix(line, "Location: "); isLocation {
					assert.Regexp(t, `^/[^/\\]`, to)
				}
			}
			assert.NotContains(t, body, "<script>")
		})
	}
}

// Thousands of clients' requests at once, on goroutines of their own, with
// bodies read beside responses: the race detector looks on.
func TestAttackMany(t *testing.T) {
	s := handle(func(ctx context.Context, w *http1.ResponseWriter, r *http1.Request) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			io.Copy(io.Discard, r.Body)
		}()
		w.Header().Set("Of", r.PathValue("x")+r.Target.Path)
		io.WriteString(w, strings.Repeat(r.Target.Path, 1000))
		<-done
	})
	addr := listenAndServe(t, s)
	c := http1.Client{Mode: http1.Persistent}
	defer c.CloseIdle()
	ends := make(chan bool)
	for i := range 8 {
		path := "/" + strings.Repeat(string(rune('a'+i)), i+1)
		go func() {
			defer func() { ends <- true }()
			for range 50 {
				resp, err := c.Post(t.Context(), "http://"+addr+path, "text/plain", strings.NewReader(strings.Repeat("x", 20_000)))
				if !assert.NoError(t, err) {
					return
				}
				b, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				assert.NoError(t, err)
				assert.Equal(t, path, resp.Header.Get("Of"))
				assert.True(t, string(b) == strings.Repeat(path, 1000))
			}
		}()
	}
	for range 8 {
		select {
		case <-ends:
		case <-time.After(time.Minute):
			t.Fatal("stuck")
		}
	}
}
