package http1_test

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/http1/cookie"
	"applayer/internal/testkit"
)

// Many goroutines on one client and a real server over TLS, with bodies both
// ways, redirects, content codings, early closes and contexts that end at any
// moment. Every answer is the one to its request, and nothing stays behind.
func TestAttackManyOverTLS(t *testing.T) {
	testkit.NoLeaks(t)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		http.SetCookie(w, &http.Cookie{Name: "last", Value: strings.Trim(r.URL.Path, "/")})
		switch {
		case r.URL.Query().Has("redirect"):
			http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
		case strings.Contains(r.Header.Get("Accept-Encoding"), "gzip"):
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			fmt.Fprintf(z, "%s %s %d", r.Method, r.URL.Path, len(body))
			z.Close()
		default:
			fmt.Fprintf(w, "%s %s %d", r.Method, r.URL.Path, len(body))
		}
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	defer srv.Close()
	for _, mode := range []http1.Mode{http1.Persistent, http1.Pipelined, http1.NonPersistent} {
		c := &http1.Client{Mode: mode, Timeouts: http1.ClientTimeouts{Read: 10 * time.Second}, Decompress: true, Jar: cookie.NewJar(nil), MaxConnsPerHost: 4,
			TLS: srv.Client().Transport.(*http.Transport).TLSClientConfig.Clone()}
		var calls sync.WaitGroup
		for g := range 12 {
			calls.Go(func() {
				rnd := rand.New(rand.NewPCG(3, uint64(g)))
				for i := range 25 {
					path := fmt.Sprintf("/%d-%d", g, i)
					want := fmt.Sprintf("GET %s 0", path)
					method, target, body := "GET", path, io.Reader(nil)
					if rnd.IntN(3) == 0 {
						n := rnd.IntN(60 << 10)
						method, body, want = "PUT", strings.NewReader(strings.Repeat("b", n)), fmt.Sprintf("PUT %s %d", path, n)
					}
					if rnd.IntN(4) == 0 {
						target += "?redirect"
					}
					r, err := http1.NewRequest(method, srv.URL+target, body)
					if !assert.NoError(t, err) {
						return
					}
					ctx, cancel := context.WithCancel(t.Context())
					impatient := rnd.IntN(5) == 0
					if impatient {
						time.AfterFunc(time.Duration(rnd.IntN(3000))*time.Microsecond, cancel)
					}
					resp, err := c.Do(ctx, r)
					if err == nil && rnd.IntN(6) > 0 {
						var b []byte
						if b, err = io.ReadAll(resp.Body); err == nil {
							assert.Equal(t, want, string(b))
						}
					}
					if !impatient {
						assert.NoError(t, err)
					}
					if resp != nil {
						resp.Body.Close()
					}
					cancel()
				}
			})
		}
		calls.Wait()
		c.CloseIdle()
		assert.Zero(t, c.Stats().Open, "%v", mode)
	}
}

// A certificate of the client's own is given to a server that asks for one.
func TestClientCertificate(t *testing.T) {
	server, client := testkit.Certificate(t, "localhost")
	own, _ := testkit.Certificate(t, "client.example")
	for _, has := range []bool{true, false} {
		inWorld(t, func(w *world) {
			server := server.Clone()
			server.ClientAuth = tls.RequireAnyClientCert
			w.client.TLS = client.Clone()
			if has {
				w.client.TLS.Certificates = own.Certificates
			}
			w.serveTLS("443", server, func(p *rawPeer, n int) {
				peers := p.Conn.(*tls.Conn).ConnectionState().PeerCertificates
				p.answer(func(string) string { return respond(peers[0].DNSNames[0]) })
			})
			got, err := w.fetch("https://localhost/")
			if !has {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, "client.example", got)
		})
	}
}

// timeless is a connection that knows no deadlines, as a channel of another
// protocol may be.
type timeless struct{ net.Conn }

var errTimeless = errors.New("no deadlines here")

func (timeless) SetDeadline(time.Time) error      { return errTimeless }
func (timeless) SetReadDeadline(time.Time) error  { return errTimeless }
func (timeless) SetWriteDeadline(time.Time) error { return errTimeless }

// Where there are no deadlines, whether TLS holds something back cannot be seen
// without waiting for it: another connection is opened.
func TestAttackTLSWithoutDeadlines(t *testing.T) {
	server, client := testkit.Certificate(t, "localhost")
	inWorld(t, func(w *world) {
		w.client.TLS = client
		w.client.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			nc, err := w.net.Dial(ctx, network, addr)
			return timeless{nc}, err
		}
		w.serveTLS("443", server, func(p *rawPeer, n int) { p.answer(respond) })
		began := time.Now()
		for range 3 {
			_, err := w.fetch("https://localhost/")
			require.NoError(t, err)
		}
		assert.Less(t, time.Since(began), time.Second)
	})
}
