package http1_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/internal/testkit"
)

// slowBody is a body that can be sent again, whose Read takes a second. It
// notices when somebody winds it back meanwhile.
type slowBody struct {
	strings.Reader
	reading atomic.Bool
	torn    atomic.Bool
}

func newSlowBody(s string) *slowBody { return &slowBody{Reader: *strings.NewReader(s)} }

// Len hides that the body is in memory.
func (*slowBody) Len(struct{}) int { return 0 }

func (b *slowBody) Read(p []byte) (int, error) {
	b.reading.Store(true)
	time.Sleep(time.Second)
	b.reading.Store(false)
	return b.Reader.Read(p[:min(len(p), 4)])
}

func (b *slowBody) Seek(offset int64, whence int) (int64, error) {
	if b.reading.Load() {
		b.torn.Store(true)
	}
	return b.Reader.Seek(offset, whence)
}

// A body is wound back only when nobody reads it any more: else what is sent
// again lacks what the other reader took.
func TestAttackBodyIsReplayedWhole(t *testing.T) {
	for _, test := range []struct {
		name  string
		first func(p *rawPeer) // on the connection that the body is sent on first
	}{
		{"9110-15.4.8 redirect before the body is sent", func(p *rawPeer) {
			p.say("HTTP/1.1 307 Temporary Redirect\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n")
			p.head()
		}},
		{"9110-15.4.8 redirect with content", func(p *rawPeer) {
			p.say("HTTP/1.1 307 Temporary Redirect\r\nLocation: /there\r\nContent-Length: 4\r\n\r\nbody")
			p.head()
		}},
		{"9112-9.3.1 connection lost", func(p *rawPeer) {}},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.serve("80", func(p *rawPeer, n int) {
					p.answer(func(head string) string {
						switch {
						case n == 0 && strings.HasPrefix(head, "PUT"):
							test.first(p)
							return ""
						case strings.HasPrefix(head, "PUT"):
							return respond(p.body(10))
						}
						return respond("")
					})
				})
				_, err := w.fetch("http://127.0.0.1/")
				require.NoError(t, err)
				body := newSlowBody("0123456789")
				r, err := http1.NewRequest("PUT", "http://127.0.0.1/", body)
				require.NoError(t, err)
				r.Length = 10
				resp, err := w.client.Do(w.ctx, r)
				require.NoError(t, err)
				got, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				assert.Equal(t, "0123456789", string(got))
				assert.False(t, body.torn.Load(), "wound back during a Read")
			})
		})
	}
}

// One that waits in a pipeline and gives up is no reason to fail the others,
// whether they wait, read a head or a body, nor to think ill of the host.
func TestAttackPipelineNeighbourGivesUp(t *testing.T) {
	for _, inBody := range []bool{false, true} {
		inWorld(t, func(w *world) {
			w.client.Mode = http1.Pipelined
			w.serve("80", func(p *rawPeer, n int) {
				p.answer(func(head string) string {
					if n == 0 && pathOf(head) == "1" {
						if inBody {
							p.say("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n")
						}
						time.Sleep(10 * time.Second)
						if inBody {
							return "1"
						}
					}
					return respond(pathOf(head))
				})
			})
			_, err := w.fetch("http://127.0.0.1/0")
			require.NoError(t, err)
			var calls sync.WaitGroup
			began := time.Now()
			get := func(path string) {
				calls.Go(func() {
					got, err := w.fetch("http://127.0.0.1/" + path)
					assert.NoError(t, err)
					assert.Equal(t, path, got)
				})
				synctest.Wait()
			}
			get("1")
			ctx, cancel := context.WithTimeout(w.ctx, time.Second)
			defer cancel()
			calls.Go(func() {
				_, err := w.client.Get(ctx, "http://127.0.0.1/2")
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				assert.Equal(t, time.Second, time.Since(began))
			})
			synctest.Wait()
			get("3")
			time.Sleep(2 * time.Second)
			get("4")
			calls.Wait()
			assert.Equal(t, 10*time.Second, time.Since(began))
			assert.Equal(t, 2, w.connections("80"), "3 and 4 share the second")
		})
	}
}

// What a server sends behind a response in a TLS record of its own waits in
// package tls, where neither our buffer nor the socket shows it. It must not
// answer the next request (RFC 9112 §9.2).
func TestAttackUnaskedResponseInTLS(t *testing.T) {
	const evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
	server, client := testkit.Certificate(t, "127.0.0.1")
	for _, test := range []struct{ name, method, first string }{
		{"behind a length", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"},
		{"9110-9.3.2 content behind the answer to HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n"},
		{"9112-6.3 content behind a 304", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 40\r\n\r\n"},
		{"9112-6.3 content behind a 204", "GET", "HTTP/1.1 204 No Content\r\n\r\n"},
		{"behind the last chunk", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			var serving sync.WaitGroup
			serving.Go(func() {
				for n := 0; ; n++ {
					nc, err := ln.Accept()
					if err != nil {
						return
					}
					serving.Go(func() {
						defer nc.Close()
						held := &heldWrites{Conn: nc}
						p := newPeer(t, tls.Server(held, server))
						p.answer(func(head string) string {
							if n > 0 {
								return respond("good")
							}
							held.hold()
							p.say(test.first)
							p.say(evil)
							held.release()
							p.head()
							p.say(evil)
							return ""
						})
					})
				}
			})
			c := &http1.Client{TLS: client}
			for _, method := range []string{test.method, "GET"} {
				r, err := http1.NewRequest(method, "https://"+ln.Addr().String()+"/", nil)
				require.NoError(t, err)
				resp, err := c.Do(t.Context(), r)
				require.NoError(t, err)
				b, err := io.ReadAll(resp.Body)
				assert.NoError(t, err)
				assert.NotEqual(t, "evil", string(b))
				resp.Body.Close()
			}
			c.CloseIdle()
			ln.Close()
			serving.Wait()
		})
	}
}

// heldWrites sends what is written between hold and release at once.
type heldWrites struct {
	net.Conn
	holds bool
	held  []byte
}

func (h *heldWrites) hold() { h.holds = true }

func (h *heldWrites) release() {
	h.holds = false
	_, _ = h.Conn.Write(h.held)
}

func (h *heldWrites) Write(b []byte) (int, error) {
	if h.holds {
		h.held = append(h.held, b...)
		return len(b), nil
	}
	return h.Conn.Write(b)
}

// Both directions of a tunnel end in goroutines of their own, each of which
// closes it.
func TestAttackTunnelIsClosedTwice(t *testing.T) {
	inWorld(t, func(w *world) {
		w.client.MaxConnsPerHost = 1
		w.serve("80", func(p *rawPeer, n int) {
			if n == 0 {
				p.head()
				p.say("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nfirst")
				_, _ = io.Copy(p, p.in)
				p.say("last")
				return
			}
			p.answer(respond)
		})
		resp, err := w.do("GET", "http://127.0.0.1/", nil, "Connection", "upgrade", "Upgrade", "echo")
		require.NoError(t, err)
		tunnel := resp.Body.(net.Conn)
		_, err = io.WriteString(tunnel, "second")
		require.NoError(t, err)
		require.NoError(t, tunnel.(interface{ CloseWrite() error }).CloseWrite())
		b, err := io.ReadAll(tunnel)
		assert.NoError(t, err)
		assert.Equal(t, "firstsecondlast", string(b))
		var closing sync.WaitGroup
		for range 4 {
			closing.Go(func() { tunnel.Close() })
		}
		closing.Wait()
		_, err = w.fetch("http://127.0.0.1/")
		assert.NoError(t, err)
		assert.Equal(t, 1, w.client.Stats().Open, "the tunnel's place was given back once")
	})
}

// A proxy of a scheme that is not spoken gets no octet.
func TestAttackProxyScheme(t *testing.T) {
	for _, raw := range []string{"socks5://127.0.0.1:1080", "ftp://127.0.0.1:1080", "//127.0.0.1:1080", "http:", "http://", "http://a b:1080"} {
		inWorld(t, func(w *world) {
			w.serve("1080", func(p *rawPeer, n int) { p.answer(respond) })
			u, err := url.Parse(raw)
			if err != nil {
				u = &url.URL{Scheme: "http", Host: "a b:1080"}
			}
			w.client.Proxy = &http1.Proxies{HTTP: u}
			_, err = w.fetch("http://a.example/")
			var perr *http1.ParseError
			assert.ErrorAs(t, err, &perr, raw)
			assert.Zero(t, w.connections("1080"), raw)
		})
	}
}
