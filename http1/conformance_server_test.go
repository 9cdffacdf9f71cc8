package http1_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/internal/testkit"
)

// handled is what a server's handler was given.
type handled struct {
	mu       sync.Mutex
	requests []string
	bodies   []string
	bodyErr  error
}

// ServeHTTP answers all with 599, or what an error of the body asks for.
func (h *handled) ServeHTTP(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
	description := describeRequest(r)
	body, err := io.ReadAll(r.Body)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.requests = append(h.requests, description)
	h.bodies = append(h.bodies, string(body))
	status := 599
	if err != nil {
		h.bodyErr = err
		status = http1.StatusBadRequest
	}
	w.WriteHeader(status)
}

// check tells whether a server that the octets of the case were sent to did
// what the case asks for, from what its handler got and what it answered.
func (h *handled) check(t *testing.T, tt requestCase, answered []byte) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	statuses, last := readStatuses(t, answered)
	if _, err := strconv.Atoi(tt.want); err == nil {
		assert.Empty(t, h.requests, "the handler got what is refused")
		if assert.Equal(t, []string{tt.want}, statuses) {
			assert.True(t, last.Close, "the connection goes on")
		}
		return
	}
	if tt.want == more {
		assert.Empty(t, h.requests)
		assert.LessOrEqual(t, len(statuses), 1)
		return
	}
	require.NotEmpty(t, h.requests)
	assert.Equal(t, tt.want, h.requests[0])
	switch {
	case tt.bodyReply != 0:
		perr, ok := errors.AsType[*http1.ParseError](h.bodyErr)
		if assert.True(t, ok, "%v", h.bodyErr) {
			assert.Equal(t, tt.bodyReply, perr.Reply)
		}
		assert.Len(t, h.requests, 1, "what stands behind a broken body is a request")
		assert.Equal(t, []string{"400"}, statuses)
	case strings.HasSuffix(tt.want, ", then close"):
		assert.Equal(t, []string{"599"}, statuses, "the connection goes on")
		assert.Equal(t, []string{tt.body}, h.bodies)
	default:
		assert.NoError(t, h.bodyErr)
		assert.Equal(t, "599", statuses[0])
		assert.Equal(t, tt.body, h.bodies[0])
	}
}

// readStatuses takes the status codes of responses without bodies, and the last
// response.
func readStatuses(t *testing.T, answered []byte) (statuses []string, last *http.Response) {
	t.Helper()
	br := bufio.NewReader(bytes.NewReader(answered))
	for {
		if _, err := br.Peek(1); err == io.EOF {
			return statuses, last
		}
		r, err := http.ReadResponse(br, nil)
		require.NoError(t, err, "%q", answered)
		_, err = io.Copy(io.Discard, r.Body)
		require.NoError(t, err, "%q", answered)
		statuses, last = append(statuses, strconv.Itoa(r.StatusCode)), r
	}
}

// send writes the octets, so many at a time, says that no more come, and
// returns what the server answers.
func send(t *testing.T, client net.Conn, in string, step int) []byte {
	t.Helper()
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for in != "" {
			n := min(step, len(in))
			if _, err := io.WriteString(client, in[:n]); err != nil {
				return // the server has seen enough
			}
			in = in[n:]
		}
		client.(interface{ CloseWrite() error }).CloseWrite()
	}()
	answered, err := io.ReadAll(client)
	require.NoError(t, err)
	client.Close()
	<-sent
	return answered
}

// pieces is how many octets of a case are sent at a time: one, or of the long
// ones more.
func pieces(tt requestCase) int { return 1 + len(tt.in)/1000 }

// A server does with each request what the table asks for, bodies too, in one
// piece and octet by octet.
func TestServerConformance(t *testing.T) {
	for _, tt := range requestCases() {
		t.Run(tt.name, func(t *testing.T) {
			for _, step := range []int{len(tt.in) + 1, pieces(tt)} {
				synctest.Test(t, func(t *testing.T) {
					h := new(handled)
					s := &http1.Server{Handler: h}
					client, server := testkit.Pipe()
					done := make(chan error, 1)
					go func() { done <- s.ServeConn(t.Context(), server) }()
					answered := send(t, client, tt.in, step)
					assert.NoError(t, <-done)
					h.check(t, tt, answered)
				})
			}
		})
	}
}

// The same over TCP, with a server that listens.
func TestServerConformanceTCP(t *testing.T) {
	testkit.NoLeaks(t)
	for _, tt := range requestCases() {
		t.Run(tt.name, func(t *testing.T) {
			for _, step := range []int{len(tt.in) + 1, pieces(tt)} {
				h := new(handled)
				s := &http1.Server{Handler: h}
				ln, err := net.Listen("tcp", "127.0.0.1:0")
				require.NoError(t, err)
				done := make(chan error, 1)
				go func() { done <- s.Serve(ln) }()
				client, err := net.Dial("tcp", ln.Addr().String())
				require.NoError(t, err)
				answered := send(t, client, tt.in, step)
				assert.NoError(t, s.Shutdown(t.Context()))
				assert.ErrorIs(t, <-done, http1.ErrServerClosed)
				h.check(t, tt, answered)
			}
		})
	}
}
