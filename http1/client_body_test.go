package http1_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
)

// Expect: 100-continue (RFC 9110 §10.1.1).
func TestClientExpect(t *testing.T) {
	const body = "the body"
	for _, test := range []struct {
		name   string
		say    []string // before the body is read
		pause  time.Duration
		sent   bool
		status int
		after  time.Duration // when the head is there
		reuses bool
	}{
		{"100", []string{"HTTP/1.1 100 Continue\r\n\r\n"}, 0, true, 200, 0, true},
		{"100 after a while", []string{"HTTP/1.1 100 Continue\r\n\r\n"}, 900 * time.Millisecond, true, 200, 900 * time.Millisecond, true},
		{"103 is no 100", []string{"HTTP/1.1 103 Early Hints\r\n\r\n"}, 0, true, 200, time.Second, true},
		{"silence", nil, 0, true, 200, time.Second, true},
		{"CVE-2024-24791 refusal", []string{"HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno"}, 0, false, 413, 0, false},
		{"417", []string{"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n"}, 0, false, 417, 0, false},
		{"200 at once", []string{respond("ok")}, 0, false, 200, 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.serve("80", func(p *rawPeer, n int) {
					head := p.head()
					if n > 0 || strings.HasPrefix(head, "GET") {
						p.say(respond("next"))
						p.head()
						return
					}
					assert.Contains(t, head, "Expect: 100-continue\r\n")
					assert.Contains(t, head, "Content-Length: 8\r\n")
					time.Sleep(test.pause)
					for _, s := range test.say {
						p.say(s)
					}
					got := p.body(len(body))
					if !test.sent {
						assert.Empty(t, got)
						return
					}
					assert.Equal(t, body, got)
					p.say(respond("ok"))
					p.answer(func(string) string { return respond("next") })
				})
				began := time.Now()
				resp, err := w.do("PUT", "http://127.0.0.1/", strings.NewReader(body), "Expect", "100-continue")
				require.NoError(t, err)
				assert.Equal(t, test.status, resp.Status)
				assert.Equal(t, test.after, time.Since(began))
				_, err = io.ReadAll(resp.Body)
				require.NoError(t, err)
				got, err := w.fetch("http://127.0.0.1/")
				require.NoError(t, err)
				assert.Equal(t, "next", got)
				assert.Equal(t, test.reuses, w.connections("80") == 1)
			})
		})
	}
}

// A response that comes before the body is sent (RFC 9112 §9.5).
func TestClientEarlyResponse(t *testing.T) {
	for _, closes := range []bool{true, false} {
		inWorld(t, func(w *world) {
			w.serve("80", func(p *rawPeer, n int) {
				if p.head() == "" {
					return
				}
				p.say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno")
				if !closes {
					p.SetReadDeadline(time.Now().Add(time.Minute))
					_, _ = io.Copy(io.Discard, io.LimitReader(p.in, 1000))
					time.Sleep(time.Hour)
				}
			})
			endless := &endlessBody{}
			resp, err := w.do("PUT", "http://127.0.0.1/", endless)
			require.NoError(t, err)
			assert.Equal(t, 413, resp.Status)
			b, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			assert.Equal(t, "no", string(b))
			resp, err = w.do("GET", "http://127.0.0.1/", nil)
			require.NoError(t, err)
			resp.Body.Close()
			assert.Equal(t, 2, w.connections("80"))
		})
	}
}

type endlessBody struct{}

func (*endlessBody) Read(b []byte) (int, error) { return len(b), nil }

// Both ways at once: the server sends back what it gets, as it gets it.
func TestClientStreamsBothWays(t *testing.T) {
	inWorld(t, func(w *world) {
		w.serve("80", func(p *rawPeer, n int) {
			p.head()
			p.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
			_, _ = io.Copy(p, p.in) // chunks, to the last
		})
		r, wr := io.Pipe()
		resp, err := w.do("POST", "http://127.0.0.1/", r)
		require.NoError(t, err)
		for _, s := range []string{"one", "two"} {
			_, err = io.WriteString(wr, s)
			require.NoError(t, err)
		}
		big := bytes.Repeat([]byte("x"), 1<<20)
		go func() {
			_, err := wr.Write(big)
			assert.NoError(t, err)
			wr.Close()
		}()
		got, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		assert.Equal(t, "onetwo"+string(big), string(got))
		assert.Equal(t, 1, w.client.Stats().Idle)
	})
}

// A request's body that fails or is not as long as it said: the server must not
// take the part for the whole.
func TestClientBodyFails(t *testing.T) {
	broken := errors.New("broken")
	for _, test := range []struct {
		name   string
		body   io.Reader
		length int64
		want   error
	}{
		{"read error", io.MultiReader(strings.NewReader("part"), errorReader{broken}), -1, broken},
		{"read error in a sized body", io.MultiReader(strings.NewReader("part"), errorReader{broken}), 9, broken},
		{"too short", strings.NewReader("part"), 9, http1.ErrBodyLength},
		{"too long", strings.NewReader("part"), 3, http1.ErrBodyLength},
		{"too short, by another goroutine", io.MultiReader(strings.NewReader("part")), 9, http1.ErrBodyLength},
		{"reader without progress", errorReader{nil}, -1, io.ErrNoProgress},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.serve("80", func(p *rawPeer, n int) {
					p.head()
					b, _ := io.ReadAll(p.in)
					assert.NotContains(t, string(b), "0\r\n\r\n")
				})
				r, err := http1.NewRequest("PUT", "http://127.0.0.1/", test.body)
				require.NoError(t, err)
				r.Length = test.length
				_, err = w.client.Do(w.ctx, r)
				assert.ErrorIs(t, err, test.want)
				assert.EqualValues(t, 1, w.client.Stats().Requests, "not sent again")
			})
		})
	}
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

// A body that blocks holds up neither the response nor the context.
func TestClientBodyBlocks(t *testing.T) {
	inWorld(t, func(w *world) {
		w.serve("80", func(p *rawPeer, n int) {
			p.head()
			if n == 0 {
				p.say(respond("early"))
			}
			_, _ = io.Copy(io.Discard, p.in)
		})
		r, wr := io.Pipe()
		defer wr.Close()
		resp, err := w.do("POST", "http://127.0.0.1/", r)
		require.NoError(t, err)
		b, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		assert.Equal(t, "early", string(b))

		ctx, cancel := context.WithTimeout(w.ctx, time.Second)
		defer cancel()
		w.ctx = ctx
		r2, wr2 := io.Pipe()
		defer wr2.Close()
		_, err = w.do("POST", "http://127.0.0.1/", r2)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// Timeouts.Header counts from the end of the request.
func TestClientHeaderTimeoutAfterBody(t *testing.T) {
	inWorld(t, func(w *world) {
		w.client.Timeouts.Header = 2 * time.Second
		w.serve("80", func(p *rawPeer, n int) {
			p.head()
			_, _ = io.Copy(io.Discard, p.in)
		})
		r, wr := io.Pipe()
		go func() {
			time.Sleep(10 * time.Second)
			wr.Close()
		}()
		began := time.Now()
		_, err := w.do("POST", "http://127.0.0.1/", r)
		require.Error(t, err)
		assert.Equal(t, 12*time.Second, time.Since(began))
	})
}

// Fields behind a request's body.
func TestClientRequestTrailer(t *testing.T) {
	inWorld(t, func(w *world) {
		const want = "4\r\nbody\r\n0\r\nX-Sum: 7\r\n\r\n"
		w.serve("80", func(p *rawPeer, n int) {
			p.answer(func(head string) string {
				assert.Contains(t, head, "Trailer: X-Sum\r\n")
				assert.Equal(t, want, p.body(len(want)))
				return respond("")
			})
		})
		r, err := http1.NewRequest("POST", "http://127.0.0.1/", io.MultiReader(strings.NewReader("body")))
		require.NoError(t, err)
		r.Trailer.Add("X-Sum", "7")
		resp, err := w.client.Do(w.ctx, r)
		require.NoError(t, err)
		resp.Body.Close()
	})
}

// slowFile is a body that can be sent again and whose Read takes its time.
type slowFile struct{ *strings.Reader }

func (s slowFile) Read(b []byte) (int, error) {
	time.Sleep(time.Second)
	return s.Reader.Read(b[:min(len(b), 1000)])
}

// Len hides that of the reader, so that another goroutine sends it.
func (s slowFile) Len(struct{}) {}

// A body is wound back only when nobody reads it any more.
func TestClientReplaysLargeBody(t *testing.T) {
	content := strings.Repeat("0123456789", 3000)
	inWorld(t, func(w *world) {
		w.serve("80", func(p *rawPeer, n int) {
			switch head := p.head(); {
			case n == 0:
				p.say(respond("first"))
				p.head()
				p.body(1500) // and the connection ends
			case strings.HasPrefix(head, "PUT /a "):
				p.body(1500)
				p.say("HTTP/1.1 307 X\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n")
				_, _ = io.Copy(io.Discard, p.in)
			default:
				p.say(respond(p.body(len(content))))
				p.head()
			}
		})
		_, err := w.fetch("http://127.0.0.1/")
		require.NoError(t, err)
		r, err := http1.NewRequest("PUT", "http://127.0.0.1/a", slowFile{strings.NewReader(content)})
		require.NoError(t, err)
		r.Length = int64(len(content))
		resp, err := w.client.Do(w.ctx, r)
		require.NoError(t, err)
		b, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		assert.True(t, content == string(b), "%d octets", len(b))
		assert.Equal(t, 3, w.connections("80"))
	})
}
