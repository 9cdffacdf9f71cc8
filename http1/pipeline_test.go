package http1_test

import (
	"context"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
)

// paths fetches /0 to /n-1 at once and returns the bodies; an error stands in
// place of one.
func (w *world) paths(n int) []string {
	got := make([]string, n)
	var calls sync.WaitGroup
	for i := range n {
		calls.Go(func() {
			b, err := w.fetch("http://127.0.0.1/" + itoa(i))
			if got[i] = b; err != nil {
				got[i] = "error: " + err.Error()
			}
		})
	}
	calls.Wait()
	return got
}

// pathOf returns the path without its slash that a head asks for.
func pathOf(head string) string {
	path, _, _ := strings.Cut(strings.TrimPrefix(head, "GET /"), " ")
	return path
}

func wantPaths(n int) []string {
	want := make([]string, n)
	for i := range n {
		want[i] = itoa(i)
	}
	return want
}

// The first response proves the host; the others are asked for at once.
func TestPipeline(t *testing.T) {
	inWorld(t, func(w *world) {
		w.client.Mode = http1.Pipelined
		w.serve("80", func(p *rawPeer, n int) {
			head := p.head()
			time.Sleep(time.Second)
			assert.Zero(t, p.in.Buffered(), "nothing runs ahead of the first response")
			p.say(respond(pathOf(head)))
			var asked []string
			for range 10 {
				asked = append(asked, pathOf(p.head()))
			}
			for _, path := range asked {
				p.say(respond(path))
			}
			p.head()
		})
		got := w.paths(11)
		assert.Equal(t, wantPaths(11), got)
		assert.Equal(t, 1, w.connections("80"))
		assert.EqualValues(t, 3, w.client.Stats().RoundTrips)
		assert.EqualValues(t, 11, w.client.Stats().Requests)
	})
}

func TestPipelineDepth(t *testing.T) {
	inWorld(t, func(w *world) {
		w.client.Mode = http1.Pipelined
		w.client.Limits.MaxPipeline = 3
		most := 0
		w.serve("80", func(p *rawPeer, n int) {
			p.say(respond(pathOf(p.head())))
			for {
				head := p.head()
				if head == "" {
					return
				}
				heads := []string{head}
				for {
					p.SetReadDeadline(time.Now().Add(time.Second))
					head := p.head()
					p.SetReadDeadline(time.Time{})
					if head == "" {
						break
					}
					heads = append(heads, head)
				}
				most = max(most, len(heads))
				for _, h := range heads {
					p.say(respond(pathOf(h)))
				}
			}
		})
		assert.Equal(t, wantPaths(10), w.paths(10))
		assert.Equal(t, 3, most)
		assert.Equal(t, 1, w.connections("80"))
	})
}

// A close in the middle: what is unanswered goes again on a new connection,
// what is answered never.
func TestPipelineClose(t *testing.T) {
	for _, test := range []struct{ name, last string }{
		{"silently", ""},
		{"announced", "Connection: close\r\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.client.Mode = http1.Pipelined
				var mu sync.Mutex
				seen := map[string]int{}
				var answered []string
				w.serve("80", func(p *rawPeer, n int) {
					if n > 0 {
						p.answer(func(head string) string {
							mu.Lock()
							seen[pathOf(head)]++
							mu.Unlock()
							return respond(pathOf(head))
						})
						return
					}
					p.say(respond(pathOf(p.head())))
					for range 6 {
						answered = append(answered, pathOf(p.head()))
					}
					p.say(respond(answered[0]))
					p.say(respond(answered[1]))
					p.say("HTTP/1.1 200 OK\r\n" + test.last + "Content-Length: 1\r\n\r\n" + answered[2])
				})
				assert.Equal(t, wantPaths(7), w.paths(7))
				want := map[string]int{}
				for _, path := range answered[3:] {
					want[path] = 1
				}
				assert.Equal(t, want, seen)
				assert.Equal(t, 2, w.connections("80"))
			})
		})
	}
}

// A response that began is answered: its cut body is an error, and it does not
// go again.
func TestPipelineCutBody(t *testing.T) {
	inWorld(t, func(w *world) {
		w.client.Mode = http1.Pipelined
		var mu sync.Mutex
		var asked, again []string
		w.serve("80", func(p *rawPeer, n int) {
			if n > 0 {
				p.answer(func(head string) string {
					mu.Lock()
					again = append(again, pathOf(head))
					mu.Unlock()
					return respond(pathOf(head))
				})
				return
			}
			for range 4 {
				asked = append(asked, pathOf(p.head()))
				if len(asked) == 1 {
					p.say(respond(asked[0]))
				}
			}
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n1")
		})
		got := w.paths(4)
		cut := slices.Index(wantPaths(4), asked[1])
		assert.Contains(t, got[cut], "error: ")
		got[cut] = asked[1]
		assert.Equal(t, wantPaths(4), got)
		assert.ElementsMatch(t, asked[2:], again)
	})
}

// Hosts that get one request at a time: those that misbehave, and HTTP/1.0.
func TestPipelineFallsBack(t *testing.T) {
	for _, test := range []struct {
		name  string
		serve func(p *rawPeer, n int)
	}{
		{"HTTP/1.0", func(p *rawPeer, n int) {
			p.answer(func(head string) string {
				return "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\n" + pathOf(head)
			})
		}},
		{"answers the first alone, always", func(p *rawPeer, n int) {
			p.say(respond(pathOf(p.head())))
			p.head()
		}},
		{"says close each time", func(p *rawPeer, n int) {
			head := p.head()
			p.say("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n" + pathOf(head))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.client.Mode = http1.Pipelined
				w.serve("80", test.serve)
				assert.Equal(t, wantPaths(8), w.paths(8))
			})
		})
	}
	t.Run("garbage in the middle", func(t *testing.T) {
		inWorld(t, func(w *world) {
			w.client.Mode = http1.Pipelined
			broken := ""
			var ahead atomic.Int64
			w.serve("80", func(p *rawPeer, n int) {
				if n == 0 {
					p.say(respond(pathOf(p.head())))
					broken = pathOf(p.head())
					p.head()
					p.head()
					p.say("garbage\r\n\r\n")
					return
				}
				for {
					head := p.head()
					if head == "" {
						return
					}
					p.SetReadDeadline(time.Now().Add(time.Second))
					early, _ := p.in.Peek(1)
					p.SetReadDeadline(time.Time{})
					ahead.Add(int64(len(early)))
					p.say(respond(pathOf(head)))
				}
			})
			got := w.paths(4)
			cut := slices.Index(wantPaths(4), broken)
			assert.Contains(t, got[cut], "error: ")
			got[cut] = broken
			assert.Equal(t, wantPaths(4), got)
			assert.Equal(t, wantPaths(5), w.paths(5))
			assert.Zero(t, ahead.Load(), "octets that ran ahead")
		})
	})
}

// An extra response belongs to nobody, and the next request must not get it.
func TestPipelineUnasked(t *testing.T) {
	inWorld(t, func(w *world) {
		w.client.Mode = http1.Pipelined
		w.serve("80", func(p *rawPeer, n int) {
			if n > 0 {
				p.answer(func(head string) string { return respond(pathOf(head)) })
				return
			}
			p.say(respond(pathOf(p.head())))
			p.say(respond(pathOf(p.head())) + respond(pathOf(p.head())) + respond("evil"))
			p.head()
		})
		assert.Equal(t, wantPaths(3), w.paths(3))
		got, err := w.fetch("http://127.0.0.1/x")
		require.NoError(t, err)
		assert.Equal(t, "x", got)
		assert.Equal(t, 2, w.connections("80"))
	})
}

// Only idempotent requests without a body run ahead.
func TestPipelineOnlyIdempotent(t *testing.T) {
	inWorld(t, func(w *world) {
		w.client.Mode = http1.Pipelined
		w.serve("80", func(p *rawPeer, n int) {
			for {
				head := p.head()
				if head == "" {
					return
				}
				if strings.HasPrefix(head, "PUT") {
					p.body(1)
				}
				p.SetReadDeadline(time.Now().Add(time.Second))
				ahead, _ := p.in.Peek(1)
				p.SetReadDeadline(time.Time{})
				assert.Empty(t, ahead, "%q", head)
				p.say(respond("a"))
			}
		})
		_, err := w.fetch("http://127.0.0.1/")
		require.NoError(t, err)
		var calls sync.WaitGroup
		for range 3 {
			for _, method := range []string{"POST", "PUT"} {
				calls.Go(func() {
					var body io.Reader
					if method == "PUT" {
						body = strings.NewReader("b")
					}
					resp, err := w.do(method, "http://127.0.0.1/", body)
					if assert.NoError(t, err) {
						resp.Body.Close()
					}
				})
			}
		}
		calls.Wait()
		assert.Equal(t, 6, w.connections("80"))
	})
}

// One call that is given up takes the connection with it; the others go again.
func TestPipelineContext(t *testing.T) {
	inWorld(t, func(w *world) {
		w.client.Mode = http1.Pipelined
		w.serve("80", func(p *rawPeer, n int) {
			p.answer(func(head string) string {
				if n == 0 && pathOf(head) == "1" {
					time.Sleep(10 * time.Second)
				}
				return respond(pathOf(head))
			})
		})
		_, err := w.fetch("http://127.0.0.1/0")
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(w.ctx, time.Second)
		defer cancel()
		var calls sync.WaitGroup
		calls.Go(func() {
			_, err := w.client.Get(ctx, "http://127.0.0.1/1")
			assert.ErrorIs(t, err, context.DeadlineExceeded)
		})
		synctest.Wait()
		for _, path := range []string{"2", "3"} {
			calls.Go(func() {
				began := time.Now()
				got, err := w.fetch("http://127.0.0.1/" + path)
				assert.NoError(t, err)
				assert.Equal(t, path, got)
				assert.Equal(t, time.Second, time.Since(began))
			})
			synctest.Wait()
		}
		calls.Wait()
	})
}

// A body that is not read holds up the others, and its end lets them on; an
// abandoned long one makes them go again.
func TestPipelineAbandonedBody(t *testing.T) {
	inWorld(t, func(w *world) {
		w.client.Mode = http1.Pipelined
		w.serve("80", func(p *rawPeer, n int) {
			p.answer(func(head string) string {
				if pathOf(head) == "long" {
					return respond(strings.Repeat("a", 200<<10))
				}
				return respond(pathOf(head))
			})
		})
		_, err := w.fetch("http://127.0.0.1/0")
		require.NoError(t, err)
		resp, err := w.client.Get(w.ctx, "http://127.0.0.1/long")
		require.NoError(t, err)
		var calls sync.WaitGroup
		calls.Go(func() {
			got, err := w.fetch("http://127.0.0.1/1")
			assert.NoError(t, err)
			assert.Equal(t, "1", got)
		})
		synctest.Wait()
		require.NoError(t, resp.Body.Close())
		calls.Wait()
		assert.Equal(t, 2, w.connections("80"))
	})
}

// Requests that would end the connection for those behind them go by
// themselves.
func TestPipelineLeavesOut(t *testing.T) {
	for _, fields := range [][]string{{"Connection", "close"}, {"Connection", "upgrade", "Upgrade", "x"}, {"Content-Length", "0"}} {
		inWorld(t, func(w *world) {
			w.client.Mode = http1.Pipelined
			w.serve("80", func(p *rawPeer, n int) {
				p.answer(func(head string) string {
					if strings.Contains(head, "Connection: close") {
						return "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
					}
					time.Sleep(time.Second)
					return respond("a")
				})
			})
			_, err := w.fetch("http://127.0.0.1/")
			require.NoError(t, err)
			var calls sync.WaitGroup
			for range 3 {
				calls.Go(func() {
					resp, err := w.do("GET", "http://127.0.0.1/", nil, fields...)
					if assert.NoError(t, err) {
						resp.Body.Close()
					}
				})
			}
			calls.Wait()
			assert.Equal(t, 3, w.connections("80"), "%q", fields)
		})
	}
}
