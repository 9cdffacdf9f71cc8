package http1_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
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

// endless says the same for as long as anybody listens, up to 64 MiB.
func endless(p *rawPeer, start, again string) {
	p.say(start)
	block := strings.Repeat(again, max(1, 4096/len(again)))
	for n := 0; n < 64<<20; n += len(block) {
		if _, err := io.WriteString(p, block); err != nil {
			return
		}
	}
	p.t.Error("the client took all of it")
}

func bomb(t *testing.T, n int) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.CopyN(w, blanks{}, int64(n))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}

type blanks struct{}

func (blanks) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// What a hostile server answers ends in an error that says why, in every mode,
// and does no harm to the request that follows.
func TestAttackResponses(t *testing.T) {
	limit := func(name string) func(error) bool {
		return func(err error) bool {
			lerr, ok := errors.AsType[*http1.LimitError](err)
			return ok && (lerr.Name == name || name == "")
		}
	}
	parse := func(class error) func(error) bool {
		return func(err error) bool {
			perr, ok := errors.AsType[*http1.ParseError](err)
			return ok && perr.Ref != "" && (class == nil || errors.Is(err, class))
		}
	}
	order := func(err error) bool {
		perr, ok := errors.AsType[*http1.ProtocolError](err)
		return ok && perr.Remote
	}
	cut := func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }
	say := func(s string) func(p *rawPeer) { return func(p *rawPeer) { p.say(s) } }
	flood := func(start, again string) func(p *rawPeer) {
		return func(p *rawPeer) { endless(p, start, again) }
	}
	const ok = "HTTP/1.1 200 OK\r\n"
	for _, test := range []struct {
		name   string
		attack func(p *rawPeer)
		wants  func(error) bool
	}{
		{"nothing", say(""), cut},
		{"no HTTP", say("SSH-2.0-OpenSSH_9.2\r\n"), parse(nil)},
		{"endless status line", flood("HTTP/1.1 200 ", "a"), limit("MaxStartLine")},
		{"endless line without HTTP", flood("", "a"), nil},
		{"endless field", flood(ok+"A: ", "a"), limit("")},
		{"endless name", flood(ok, "a"), limit("")},
		{"endless fields", flood(ok, "A: b\r\n"), limit("")},
		{"endless folds", flood(ok+"A: b\r\n", " b\r\n"), limit("")},
		{"endless empty lines", flood("", "\r\n"), nil},
		{"endless interim", flood("", "HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n"), limit("MaxInterim")},
		{"endless 100", flood("", "HTTP/1.1 100 Continue\r\n\r\n"), limit("MaxInterim")},
		{"endless trailers", flood(ok+"Transfer-Encoding: chunked\r\n\r\n0\r\n", "A: b\r\n"), limit("")},
		{"endless trailer", flood(ok+"Transfer-Encoding: chunked\r\n\r\n0\r\nA: ", "b"), limit("")},
		{"endless chunk extension", flood(ok+"Transfer-Encoding: chunked\r\n\r\n1;a=", "b"), nil},
		{"endless blanks of a chunk size", flood(ok+"Transfer-Encoding: chunked\r\n\r\n", "0"), nil},
		{"chunks of one octet with extensions", flood(ok+"Transfer-Encoding: chunked\r\n\r\n", "1;"+strings.Repeat("a", 1000)+"\r\na\r\n"), nil},
		{"chunk size beyond 64 bits", say(ok + "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n"), parse(nil)},
		{"chunk size negative", say(ok + "Transfer-Encoding: chunked\r\n\r\n-1\r\n"), parse(nil)},
		{"two lengths", say(ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), parse(http1.ErrFraming)},
		{"length beyond 63 bits", say(ok + "Content-Length: 9223372036854775808\r\n\r\n"), parse(http1.ErrFraming)},
		{"length with a sign", say(ok + "Content-Length: +1\r\n\r\na"), parse(http1.ErrFraming)},
		{"unknown coding", say(ok + "Transfer-Encoding: gzip\r\n\r\na"), nil},
		{"chunked twice", say(ok + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"), parse(nil)},
		{"101 that nobody asked for", say("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: evil\r\n\r\n"), order},
		{"cut in the head", say(ok + "Content-Le"), cut},
		{"cut in the body", say(ok + "Content-Length: 10\r\n\r\nab"), cut},
		{"cut in a chunk", say(ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nab"), cut},
		{"cut before the last chunk", say(ok + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"), cut},
		{"cut in the trailers", say(ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n"), cut},
		{"HTTP/2.0", say("HTTP/2.0 200 OK\r\n\r\n"), parse(http1.ErrVersion)},
		{"NUL in a value", say(ok + "A: a\x00b\r\n\r\n"), parse(nil)},
		{"CR in a value", say(ok + "A: a\rB: c\r\n\r\n"), parse(nil)},
		{"status of two digits", say("HTTP/1.1 20 OK\r\n\r\n"), parse(nil)},
		{"status 099", say("HTTP/1.1 099 OK\r\n\r\n"), parse(nil)},
		{"bomb", say(ok + "Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + bomb(t, 64<<20)), limit("MaxRatio")},
		{"no gzip", say(ok + "Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nevil"), parse(nil)},
		{"cut gzip", say(ok + "Content-Encoding: gzip\r\nContent-Length: 30\r\n\r\n" + bomb(t, 64<<20)[:30]), cut},
		{"redirect to itself", say("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"), nil},
		{"two Locations", say("HTTP/1.1 302 Found\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"), parse(nil)},
		{"Location with a line end", say("HTTP/1.1 302 Found\r\nLocation: /a%0d%0aA:\x0bb\r\nContent-Length: 0\r\n\r\n"), parse(nil)},
	} {
		for _, mode := range []http1.Mode{http1.Persistent, http1.Pipelined, http1.NonPersistent} {
			t.Run(test.name+"/"+mode.String(), func(t *testing.T) {
				inWorld(t, func(w *world) {
					w.client.Mode = mode
					w.client.Decompress = true
					w.serve("80", func(p *rawPeer, n int) {
						p.answer(func(head string) string {
							if pathOf(head) == "good" {
								return respond("good")
							}
							test.attack(p)
							return ""
						})
					})
					for _, path := range []string{"good", "", "good"} {
						got, err := w.fetch("http://127.0.0.1/" + path)
						if path == "good" {
							require.NoError(t, err)
							require.Equal(t, "good", got)
							continue
						}
						_, ok := errors.AsType[*http1.RequestError](err)
						_, inBody := errors.AsType[*http1.ParseError](err)
						_, limited := errors.AsType[*http1.LimitError](err)
						assert.True(t, ok || inBody || limited, "%T %v", err, err)
						if test.wants != nil {
							assert.True(t, test.wants(err), "%T %v", err, err)
						}
						assert.Less(t, len(err.Error()), 600)
					}
				})
			})
		}
	}
}

// The context ends a call wherever it stands, at once, and leaves nothing
// behind: inWorld sees to goroutines and connections.
func TestAttackContextAtEveryStep(t *testing.T) {
	_, client := testkit.Certificate(t, "localhost")
	deaf := func(p *rawPeer, n int) { time.Sleep(time.Minute) }
	for _, test := range []struct {
		name, url string
		proxy     string
		body      io.Reader
		fields    []string
		serve     func(p *rawPeer, n int)
	}{
		{name: "TLS handshake", url: "https://localhost:80/", serve: deaf},
		{name: "TLS handshake with a proxy", url: "http://a.example/", proxy: "https://127.0.0.1:80", serve: deaf},
		{name: "CONNECT", url: "https://a.example/", proxy: "http://127.0.0.1:80", serve: deaf},
		{name: "half a head of CONNECT", url: "https://a.example/", proxy: "http://127.0.0.1:80", serve: func(p *rawPeer, n int) {
			p.say("HTTP/1.1 200 OK\r\n")
			deaf(p, n)
		}},
		{name: "TLS behind CONNECT", url: "https://a.example/", proxy: "http://127.0.0.1:80", serve: func(p *rawPeer, n int) {
			p.head()
			p.say("HTTP/1.1 200 OK\r\n\r\n")
			deaf(p, n)
		}},
		{name: "body that nobody takes", url: "http://localhost/", body: io.LimitReader(blanks{}, 1<<40), serve: deaf},
		{name: "body that nobody sends", url: "http://localhost/", body: &silence{}, serve: deaf},
		{name: "100", url: "http://localhost/", body: strings.NewReader("body"), fields: []string{"Expect", "100-continue"}, serve: deaf},
		{name: "interim responses, one by one", url: "http://localhost/", serve: func(p *rawPeer, n int) {
			for range 20 {
				p.say("HTTP/1.1 103 Early Hints\r\n\r\n")
				time.Sleep(time.Second)
			}
		}},
		{name: "body, octet by octet", url: "http://localhost/", serve: func(p *rawPeer, n int) {
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
			for range 100 {
				p.say("a")
				time.Sleep(time.Second)
			}
		}},
		{name: "chunk sizes without an end", url: "http://localhost/", serve: func(p *rawPeer, n int) {
			p.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
			deaf(p, n)
		}},
		{name: "redirects, slowly", url: "http://localhost/", serve: func(p *rawPeer, n int) {
			for i := 0; p.head() != ""; i++ {
				time.Sleep(time.Second)
				p.say(fmt.Sprintf("HTTP/1.1 302 Found\r\nLocation: /%d\r\nContent-Length: 0\r\n\r\n", i))
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				if s, ok := test.body.(*silence); ok {
					s.end = make(chan struct{})
					defer close(s.end)
				}
				w.client.TLS = client
				if test.proxy != "" {
					u, err := url.Parse(test.proxy)
					require.NoError(t, err)
					w.client.Proxy = &http1.Proxies{HTTP: u, HTTPS: u}
				}
				w.serve("80", test.serve)
				gone := errors.New("the user has gone")
				ctx, cancel := context.WithCancelCause(w.ctx)
				time.AfterFunc(3*time.Second, func() { cancel(gone) })
				w.ctx = ctx
				began := time.Now()
				method := "GET"
				if test.body != nil {
					method = "POST"
				}
				resp, err := w.do(method, test.url, test.body, test.fields...)
				if err == nil {
					_, err = io.ReadAll(resp.Body)
					resp.Body.Close()
				}
				assert.ErrorIs(t, err, gone)
				assert.Equal(t, 3*time.Second, time.Since(began))
			})
		})
	}
}

// silence is a body whose Read waits until it is closed.
type silence struct{ end chan struct{} }

func (s *silence) Read([]byte) (int, error) { <-s.end; return 0, io.EOF }

// Many goroutines on one client, with servers that do whatever they like: who
// asks for n gets n or an error, and all places come back.
func TestAttackManyAtOnce(t *testing.T) {
	for _, mode := range []http1.Mode{http1.Persistent, http1.Pipelined, http1.Parallel} {
		t.Run(mode.String(), func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.client.Mode = mode
				w.client.MaxConnsPerHost = 3
				w.client.Limits.MaxIdle = 2
				jar := cookie.NewJar(nil)
				w.client.Jar = jar
				w.serve("80", func(p *rawPeer, n int) {
					rnd := rand.New(rand.NewPCG(1, uint64(n)))
					p.answer(func(head string) string {
						path, _, _ := strings.Cut(pathOf(head), "?")
						switch rnd.IntN(12) {
						case 0:
							return "" // closes without a word
						case 1:
							p.say(respond(path)) // and closes
							return ""
						case 2:
							p.say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + path)
							return ""
						case 3:
							time.Sleep(time.Duration(rnd.IntN(3000)) * time.Millisecond)
						case 4:
							return "HTTP/1.1 200 OK\r\nSet-Cookie: a=" + path + "\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n" + path[:1] + "\r\n" +
								fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(path)-1, path[1:])
						case 5:
							return "HTTP/1.1 302 Found\r\nLocation: /" + path + "?\r\nContent-Length: 3\r\n\r\nabc"
						case 6:
							return "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + itoa(len(path)) + "\r\n\r\n" + path
						}
						return respond(path)
					})
				})
				var calls sync.WaitGroup
				right := make([]int, 20)
				for g := range right {
					calls.Go(func() {
						rnd := rand.New(rand.NewPCG(2, uint64(g)))
						for i := range 50 {
							ctx, cancel := context.WithTimeout(w.ctx, time.Duration(rnd.IntN(20000))*time.Millisecond)
							path := fmt.Sprintf("%d-%d", 10+g, i)
							resp, err := w.client.Get(ctx, "http://127.0.0.1/"+path)
							if err == nil {
								var b []byte
								if rnd.IntN(5) > 0 {
									b, err = io.ReadAll(resp.Body)
								} else {
									err = io.EOF
								}
								resp.Body.Close()
								if err == nil {
									assert.Equal(t, path, string(b))
									right[g]++
								}
							}
							cancel()
						}
					})
				}
				calls.Wait()
				for g, n := range right {
					assert.Positive(t, n, "goroutine %d", g)
				}
			})
		})
	}
}

// A server that says how long it keeps a connection is believed, though others
// keep theirs for longer: nothing stays open that it has closed.
func TestAttackIdleByTheServersWord(t *testing.T) {
	inWorld(t, func(w *world) {
		for port, field := range map[string]string{"80": "", "81": "Keep-Alive: timeout=5, max=100\r\n", "82": "Keep-Alive: timeout=99999999999999999999\r\n"} {
			w.serve(port, func(p *rawPeer, n int) {
				p.answer(func(string) string {
					return "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + field + "\r\n"
				})
			})
		}
		for _, port := range []string{"80", "82", "81"} {
			_, err := w.fetch("http://127.0.0.1:" + port + "/")
			require.NoError(t, err)
		}
		for _, want := range []struct {
			after time.Duration
			idle  int
		}{{3 * time.Second, 3}, {2 * time.Second, 2}, {84 * time.Second, 2}, {2 * time.Second, 0}} {
			time.Sleep(want.after)
			assert.Equal(t, want.idle, w.client.Stats().Idle)
		}
	})
}
