package http1_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/internal/peers"
	"applayer/internal/testkit"
)

// getAll asks for a URL and reads the content.
func getAll(t *testing.T, c *http1.Client, url string) (*http1.Response, string) {
	t.Helper()
	resp, err := c.Get(t.Context(), url)
	require.NoError(t, err)
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp, string(b)
}

// Net/http's server as peer, over TCP and over TLS.
func TestClientWithNetHTTP(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		h := sha256.New()
		_ = http.NewResponseController(w).EnableFullDuplex()
		_, err := io.Copy(io.MultiWriter(w, h), r.Body)
		assert.NoError(t, err)
		w.Header().Set("X-Sum", hex.EncodeToString(h.Sum(nil)))
	})
	mux.HandleFunc("/early", func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		fmt.Fprint(w, "done")
	})
	mux.Handle("/moved", http.RedirectHandler("/early", http.StatusMovedPermanently))
	for _, start := range []func(http.Handler) *httptest.Server{httptest.NewServer, httptest.NewTLSServer} {
		srv := start(mux)
		defer srv.Close()
		c := &http1.Client{}
		if srv.TLS != nil {
			c.TLS = srv.Client().Transport.(*http.Transport).TLSClientConfig
		}
		defer c.CloseIdle()
		content := bytes.Repeat([]byte("0123456789"), 200_000)
		for _, body := range []io.Reader{bytes.NewReader(content), io.MultiReader(bytes.NewReader(content))} {
			resp, err := c.Post(t.Context(), srv.URL+"/echo", "text/plain", body)
			require.NoError(t, err)
			h := sha256.New()
			n, err := io.Copy(h, resp.Body)
			require.NoError(t, err)
			assert.EqualValues(t, len(content), n)
			assert.Equal(t, hex.EncodeToString(h.Sum(nil)), resp.Trailer.Get("X-Sum"))
		}
		informs := 0
		c.OnInform = func(*http1.Request, int, *http1.Header) { informs++ }
		resp, got := getAll(t, c, srv.URL+"/moved")
		assert.Equal(t, "done", got)
		assert.Equal(t, "/early", resp.Request.Target.Path)
		assert.Equal(t, 1, informs)
		assert.EqualValues(t, 1, c.Stats().Connections)
	}
}

// A server that closes its idle connection, or says something unasked on it, is
// noticed before the next request is sent, so that even a POST succeeds.
func TestClientLooksBeforeReuse(t *testing.T) {
	testkit.Linux(t, "the look at an idle socket")
	for _, last := range []string{"", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		said := make(chan struct{})
		var serving sync.WaitGroup
		serving.Go(func() {
			for n := range 2 {
				nc, err := l.Accept()
				if !assert.NoError(t, err) {
					return
				}
				p := newPeer(t, nc)
				p.head()
				p.say(respond("answer " + itoa(n)))
				if n == 0 {
					p.say(last)
					if last == "" {
						nc.Close()
					}
					close(said)
					continue
				}
				nc.Close()
			}
		})
		c := new(http1.Client)
		url := "http://" + l.Addr().String() + "/"
		_, got := getAll(t, c, url)
		assert.Equal(t, "answer 0", got)
		<-said
		// What was said is on its way through the kernel, which has no clock.
		require.Eventually(t, func() bool { return !c.IdleUsable() }, 10*time.Second, time.Millisecond)
		resp, err := c.Post(t.Context(), url, "", nil)
		require.NoError(t, err)
		b, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		assert.Equal(t, "answer 1", string(b))
		serving.Wait()
		c.CloseIdle()
		l.Close()
	}
}

// Files over each server that others wrote, in all modes, several at once.
func TestClientInterop(t *testing.T) {
	for _, server := range []struct {
		name  string
		start func(testing.TB, *peers.Config) *peers.Server
		// once is a server that closes after each response.
		once bool
	}{
		{"nginx", peers.Nginx, false}, {"apache", peers.Apache, false}, {"lighttpd", peers.Lighttpd, false},
		{"python", peers.Python, true}, {"node", peers.Node, false},
	} {
		t.Run(server.name, func(t *testing.T) {
			s := server.start(t, nil)
			content := strings.Repeat("0123456789", 30_000)
			require.NoError(t, os.WriteFile(filepath.Join(s.Root, "big.txt"), []byte(content), 0o644))
			require.NoError(t, os.WriteFile(filepath.Join(s.Root, "small.txt"), []byte("small"), 0o644))
			for _, mode := range []http1.Mode{http1.Persistent, http1.NonPersistent, http1.Pipelined} {
				c := &http1.Client{Mode: mode}
				var calls sync.WaitGroup
				for i := range 24 {
					calls.Go(func() {
						name, want := "small.txt", "small"
						if i%4 == 0 {
							name, want = "big.txt", content
						}
						resp, err := c.Get(t.Context(), s.URL("/"+name))
						if !assert.NoError(t, err) {
							return
						}
						defer resp.Body.Close()
						b, err := io.ReadAll(resp.Body)
						assert.NoError(t, err)
						assert.True(t, want == string(b), "%s: %d octets", name, len(b))
						assert.True(t, resp.Complete)
					})
				}
				calls.Wait()
				if mode == http1.Pipelined && !server.once {
					assert.Less(t, c.Stats().Connections, int64(6), "%s", mode)
				}
				resp, err := c.Head(t.Context(), s.URL("/big.txt"))
				require.NoError(t, err)
				assert.Equal(t, "300000", resp.Header.Get("Content-Length"))
				resp, _ = getAll(t, c, s.URL("/none"))
				assert.Equal(t, 404, resp.Status)
				c.CloseIdle()
			}
		})
	}
}

func TestClientInteropTLS(t *testing.T) {
	server, client := testkit.Certificate(t)
	s := peers.Nginx(t, &peers.Config{TLS: server})
	require.NoError(t, os.WriteFile(filepath.Join(s.Root, "a.txt"), []byte("secret"), 0o644))
	c := &http1.Client{TLS: client, Mode: http1.Pipelined}
	defer c.CloseIdle()
	for range 3 {
		_, got := getAll(t, c, s.URL("/a.txt"))
		assert.Equal(t, "secret", got)
	}
	assert.EqualValues(t, 1, c.Stats().Connections)
}

// Squid as proxy: absolute-form, and CONNECT to nginx over TLS.
func TestClientInteropSquid(t *testing.T) {
	server, client := testkit.Certificate(t)
	plain := peers.Nginx(t, nil)
	secure := peers.Nginx(t, &peers.Config{TLS: server, Root: plain.Root})
	squid := peers.Squid(t, nil)
	require.NoError(t, os.WriteFile(filepath.Join(plain.Root, "a.txt"), []byte("by proxy"), 0o644))
	proxy, err := http1.ParseProxy(squid.Addr)
	require.NoError(t, err)
	c := &http1.Client{TLS: client, Proxy: &http1.Proxies{HTTP: proxy, HTTPS: proxy, Loopback: true}}
	defer c.CloseIdle()
	for range 2 {
		resp, got := getAll(t, c, plain.URL("/a.txt"))
		assert.Equal(t, "by proxy", got)
		assert.Contains(t, resp.Header.Get("Via"), "squid")
	}
	resp, got := getAll(t, c, secure.URL("/a.txt"))
	assert.Equal(t, "by proxy", got)
	assert.False(t, resp.Header.Has("Via"), "squid sees nothing of it")
	assert.EqualValues(t, 2, c.Stats().Connections)
}

// Node answers as it gets, sends hints and trailers, and switches protocols.
func TestClientInteropNode(t *testing.T) {
	s := peers.Node(t, nil)
	informs := 0
	c := &http1.Client{OnInform: func(*http1.Request, int, *http1.Header) { informs++ }}
	defer c.CloseIdle()
	resp, _ := getAll(t, c, s.URL("/early"))
	assert.Equal(t, 200, resp.Status)
	assert.Equal(t, 2, informs)

	content := bytes.Repeat([]byte("abc"), 100_000)
	for _, fields := range [][]string{nil, {"Expect", "100-continue"}} {
		r, err := http1.NewRequest("POST", s.URL("/echo"), bytes.NewReader(content))
		require.NoError(t, err)
		for name, value := range headerOf(fields...).All() {
			r.Header.Add(name, value)
		}
		resp, err := c.Do(t.Context(), r)
		require.NoError(t, err)
		b, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(content, b))
		assert.NotZero(t, resp.Trailer.Len())
	}

	r, err := http1.NewRequest("GET", s.URL("/upgrade"), nil)
	require.NoError(t, err)
	r.Header.Add("Connection", "upgrade")
	r.Header.Add("Upgrade", "echo")
	resp, err = c.Do(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, 101, resp.Status)
	peer := resp.Body.(net.Conn)
	_, err = io.WriteString(peer, "ping")
	require.NoError(t, err)
	b := make([]byte, 4)
	_, err = io.ReadFull(peer, b)
	require.NoError(t, err)
	assert.Equal(t, "ping", string(b))
	require.NoError(t, peer.Close())
}
