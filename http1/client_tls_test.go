package http1_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/internal/testkit"
)

// serveTLS is serve under TLS.
func (w *world) serveTLS(port string, config *tls.Config, handle func(p *rawPeer, n int)) {
	w.serve(port, func(p *rawPeer, n int) {
		t := tls.Server(p.Conn, config)
		if t.Handshake() != nil {
			return
		}
		handle(newPeer(w.T, t), n)
	})
}

func TestClientTLS(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			server, client := testkit.Certificate(t, "localhost", "127.0.0.1")
			inWorld(t, func(w *world) {
				client.ServerName = ""
				w.client.TLS = client
				server.MaxVersion = version
				server.NextProtos = []string{"h2", "http/1.1"}
				w.serveTLS("443", server, func(p *rawPeer, n int) {
					state := p.Conn.(*tls.Conn).ConnectionState()
					assert.Equal(t, "http/1.1", state.NegotiatedProtocol)
					assert.Equal(t, "localhost", state.ServerName)
					p.answer(respond)
				})
				for range 2 {
					got, err := w.fetch("https://localhost/")
					require.NoError(t, err)
					assert.Equal(t, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", got)
				}
				want := map[uint16]int64{tls.VersionTLS12: 5, tls.VersionTLS13: 4}[version]
				assert.Equal(t, want, w.client.Stats().RoundTrips)
				assert.Equal(t, 1, w.connections("443"))
			})
		})
	}
}

func TestClientTLSUntrusted(t *testing.T) {
	server, _ := testkit.Certificate(t, "localhost")
	inWorld(t, func(w *world) {
		w.client.TLS = &tls.Config{RootCAs: x509.NewCertPool()}
		w.serveTLS("443", server, func(p *rawPeer, n int) { t.Error("the handshake passed") })
		_, err := w.fetch("https://localhost/")
		_, ok := errors.AsType[*tls.CertificateVerificationError](err)
		assert.True(t, ok, "%v", err)
	})
}

func TestClientTLSTimeout(t *testing.T) {
	inWorld(t, func(w *world) {
		w.serve("443", func(p *rawPeer, n int) { _, _ = io.Copy(io.Discard, p.in) })
		began := time.Now()
		_, err := w.fetch("https://localhost/")
		require.Error(t, err)
		assert.Equal(t, 10*time.Second, time.Since(began))
	})
}

// An until-close body is whole only if TLS ended with its alert (RFC 9112 §9.8).
func TestClientTLSCut(t *testing.T) {
	server, client := testkit.Certificate(t, "localhost")
	for _, test := range []struct {
		name, head string
		alert      bool
		complete   bool
		err        error
	}{
		{"9112-9.8 with the alert", "HTTP/1.1 200 OK\r\n\r\n", true, true, nil},
		{"9112-9.8 without", "HTTP/1.1 200 OK\r\n\r\n", false, false, nil},
		{"9112-9.8 without, but all of a length", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", false, true, nil},
		{"9112-9.8 without, and short of a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false, false, io.ErrUnexpectedEOF},
		{"9112-9.8 with the alert, and short", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true, false, io.ErrUnexpectedEOF},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.client.TLS = client
				w.serveTLS("443", server, func(p *rawPeer, n int) {
					p.head()
					p.say(test.head + "body")
					if test.alert {
						p.Conn.Close()
						return
					}
					p.Conn.(*tls.Conn).NetConn().Close()
				})
				resp, err := w.client.Get(w.ctx, "https://localhost/")
				require.NoError(t, err)
				b, err := io.ReadAll(resp.Body)
				assert.Equal(t, "body", string(b))
				assert.ErrorIs(t, err, test.err)
				assert.Equal(t, test.complete, resp.Complete)
				resp.Body.Close()
			})
		})
	}
}

func TestRedirectDowngrade(t *testing.T) {
	server, client := testkit.Certificate(t, "localhost")
	for _, allowed := range []bool{false, true} {
		inWorld(t, func(w *world) {
			w.client.TLS = client
			w.client.Redirect = &http1.Redirects{AllowDowngrade: allowed}
			w.serveTLS("443", server, func(p *rawPeer, n int) {
				p.answer(func(string) string {
					return "HTTP/1.1 302 Found\r\nLocation: http://localhost/\r\nContent-Length: 0\r\n\r\n"
				})
			})
			w.serve("80", func(p *rawPeer, n int) { p.answer(func(string) string { return respond("plain") }) })
			got, err := w.fetch("https://localhost/")
			if allowed {
				require.NoError(t, err)
				assert.Equal(t, "plain", got)
				return
			}
			assert.ErrorIs(t, err, http1.ErrDowngrade)
			assert.Zero(t, w.connections("80"))
		})
	}
}

func TestProxyAbsoluteForm(t *testing.T) {
	inWorld(t, func(w *world) {
		proxy, err := http1.ParseProxy("http://u:p@127.0.0.1:3128")
		require.NoError(t, err)
		w.client.Proxy = &http1.Proxies{HTTP: proxy, None: "direct.example"}
		w.serve("3128", func(p *rawPeer, n int) { p.answer(respond) })
		for _, host := range []string{"a.example", "b.example:8080"} {
			got, err := w.fetch("http://" + host + "/p?q")
			require.NoError(t, err)
			assert.Equal(t, "GET http://"+host+"/p?q HTTP/1.1\r\nHost: "+host+"\r\nProxy-Authorization: Basic dTpw\r\n\r\n", got)
		}
		assert.Equal(t, 1, w.connections("3128"), "one connection for both origins")
	})
}

// connectProxy is a proxy that knows one origin.
func connectProxy(w *world, p *rawPeer, answer string, to string) {
	head := p.head()
	assert.Equal(w, "CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\nProxy-Authorization: Basic dTpw\r\n\r\n", head)
	p.say(answer)
	if to == "" {
		return
	}
	origin, err := w.net.Dial(w.ctx, "tcp", to)
	if !assert.NoError(w, err) {
		return
	}
	defer origin.Close()
	w.servers.Go(func() { _, _ = io.Copy(p, origin); p.Close() })
	_, _ = io.Copy(origin, p.in)
}

func TestProxyConnect(t *testing.T) {
	server, client := testkit.Certificate(t, "localhost", "127.0.0.1")
	for _, scheme := range []string{"http", "https"} {
		t.Run(scheme, func(t *testing.T) {
			inWorld(t, func(w *world) {
				client.ServerName = ""
				w.client.TLS = client
				proxy, err := http1.ParseProxy(scheme + "://u:p@127.0.0.1:3128")
				require.NoError(t, err)
				w.client.Proxy = &http1.Proxies{HTTPS: proxy, Loopback: true}
				handle := func(p *rawPeer, n int) {
					connectProxy(w, p, "HTTP/1.1 200 Connection established\r\n\r\n", "127.0.0.1:443")
				}
				if scheme == "https" {
					w.serveTLS("3128", server, handle)
				} else {
					w.serve("3128", handle)
				}
				w.serveTLS("443", server, func(p *rawPeer, n int) { p.answer(respond) })
				for range 2 {
					got, err := w.fetch("https://localhost/x")
					require.NoError(t, err)
					assert.Equal(t, "GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n", got, "no credentials for the origin")
				}
				assert.Equal(t, 1, w.connections("3128"))
				want := map[string]int64{"http": 5, "https": 6}[scheme]
				assert.Equal(t, want, w.client.Stats().RoundTrips)
			})
		})
	}
}

func TestProxyConnectRefused(t *testing.T) {
	for _, test := range []struct {
		name, say string
		status    int
	}{
		{"407", "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n", 407},
		{"502", "HTTP/1.0 502 Bad Gateway\r\n\r\n", 502},
		{"octets of somebody else in the tunnel", "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 0},
		{"no HTTP", "what?\r\n\r\n", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.client.Proxy = &http1.Proxies{HTTPS: &url.URL{Scheme: "http", Host: "127.0.0.1:3128", User: url.UserPassword("u", "p")}, Loopback: true}
				w.serve("3128", func(p *rawPeer, n int) {
					connectProxy(w, p, test.say, "")
					p.head()
				})
				_, err := w.fetch("https://localhost/")
				require.Error(t, err)
				perr, ok := errors.AsType[*http1.ProxyError](err)
				assert.Equal(t, test.status != 0, ok, "%v", err)
				if ok {
					assert.Equal(t, test.status, perr.Status)
					assert.Equal(t, "127.0.0.1:3128", perr.Proxy)
				}
				assert.NotContains(t, err.Error(), base64.StdEncoding.EncodeToString([]byte("u:p")))
			})
		})
	}
}

// What the caller wants to tell a proxy is not the origin's business.
func TestProxyAuthorizationIsForTheProxy(t *testing.T) {
	inWorld(t, func(w *world) {
		w.serve("80", func(p *rawPeer, n int) { p.answer(respond) })
		resp, err := w.do("GET", "http://127.0.0.1/", nil, "Proxy-Authorization", "Basic YTpi")
		require.NoError(t, err)
		b, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		assert.False(t, strings.Contains(string(b), "Proxy-Authorization"))
	})
}
