package queue_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
	"applayer/smtp"
	"applayer/smtp/queue"
)

// errDown is a host that cannot be reached.
var errDown = errors.New("connection refused")

// Addresses of the tests.
var (
	alice = smtp.Path{Local: "alice", Domain: "crepes.fr"}
	bob   = smtp.Path{Local: "bob", Domain: "hamburger.edu"}
	carol = smtp.Path{Local: "carol", Domain: "hamburger.edu"}
	dave  = smtp.Path{Local: "dave", Domain: "example.org"}
)

const text = "From: alice@crepes.fr\r\nSubject: ketchup\r\nMessage-ID: <1@crepes.fr>\r\n\r\nDo you like ketchup?\r\n"

// envelope is a message of alice.
func envelope(to ...smtp.Path) smtp.Envelope {
	env := smtp.Envelope{From: alice}
	for _, p := range to {
		env.To = append(env.To, smtp.Recipient{Path: p})
	}
	return env
}

// call is one call of a Deliverer.
type call struct {
	at   time.Duration // since the start of the test
	from smtp.Path
	to   []string
	text string
}

// sink is a Deliverer that keeps what it gets. answer says what becomes of it; nil
// takes all.
type sink struct {
	answer func(m *queue.Message, to smtp.Recipient) queue.Result

	start time.Time
	mu    sync.Mutex
	calls []call
}

func newSink(answer func(*queue.Message, smtp.Recipient) queue.Result) *sink {
	return &sink{answer: answer, start: time.Now()}
}

func (s *sink) Deliver(_ context.Context, m *queue.Message, to []smtp.Recipient) []queue.Result {
	c := call{at: time.Since(s.start), from: m.From}
	r, err := m.Open()
	if err != nil {
		return queue.Same(len(to), queue.Result{Err: err})
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		return queue.Same(len(to), queue.Result{Err: err})
	}
	c.text = string(b)
	results := make([]queue.Result, len(to))
	for i, p := range to {
		c.to = append(c.to, p.String())
		if s.answer != nil {
			results[i] = s.answer(m, p)
		}
	}
	s.mu.Lock()
	s.calls = append(s.calls, c)
	s.mu.Unlock()
	return results
}

// got returns the calls so far.
func (s *sink) got() []call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]call(nil), s.calls...)
}

// reports returns those that got a report, to whom it may be.
func (s *sink) reports() (reports []call) {
	for _, c := range s.got() {
		if c.from.IsNull() {
			reports = append(reports, c)
		}
	}
	return reports
}

// times returns when the first recipient was tried.
func (s *sink) times(to smtp.Path) (times []time.Duration) {
	for _, c := range s.got() {
		if c.to[0] == to.String() {
			times = append(times, c.at)
		}
	}
	return times
}

// running opens a queue and runs it until the returned function is called, or the
// test ends.
func running(t *testing.T, q *queue.Queue) (stop func()) {
	t.Helper()
	require.NoError(t, q.Open())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- q.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			assert.ErrorIs(t, <-done, context.Canceled)
			assert.NoError(t, q.Close())
		})
	}
	t.Cleanup(stop)
	return stop
}

func submit(t *testing.T, q *queue.Queue, env smtp.Envelope, text string) string {
	t.Helper()
	id, err := q.Submit(t.Context(), env, strings.NewReader(text))
	require.NoError(t, err)
	return id
}

// exact is a schedule without chance.
var exact = queue.Schedule{Jitter: -1}

// bubble runs a test in virtual time.
func bubble(t *testing.T, f func(t *testing.T)) { synctest.Test(t, f) }

// pass lets virtual time pass and what is under way go on.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// report reads a report.
func report(t *testing.T, text string) (*mime.Entity, *mime.Report) {
	t.Helper()
	e, err := mime.Parse(bytes.NewReader([]byte(text)), int64(len(text)), nil)
	require.NoError(t, err)
	r, err := e.Report()
	require.NoError(t, err, text)
	return e, r
}

func refuse(code int, status smtp.EnhancedCode, text string) queue.Result {
	return queue.Result{Err: smtp.Refuse(code, status, text), RemoteMTA: "mx.hamburger.edu"}
}
