package queue_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/smtp"
	"applayer/smtp/queue"
)

// crashes is how often the child is killed.
const crashes = 20

// TestCrash kills a process with a queue under load, 20 times, while the host that
// its mail goes to now and then drops a connection that has had the whole message.
// In the end each message that was taken is there, for each recipient; twice only
// where the host did not answer, or had answered when the process died before it
// could have noted that.
func TestCrash(t *testing.T) {
	h := &flakyHost{got: map[string]int{}, allowed: map[string]int{}, answered: map[string]bool{}}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &smtp.Server{Hostname: "mx.hamburger.edu", Backend: h}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	defer func() {
		server.Close()
		<-served
	}()

	dir := t.TempDir()
	t.Setenv("QUEUE_DIR", dir)
	t.Setenv("QUEUE_HOST", ln.Addr().String())
	var taken []string
	for round := range crashes {
		t.Setenv("QUEUE_ROUND", fmt.Sprint(round))
		child := testkit.StartChild(t, "TestCrashChild")
		for range rand.IntN(20) + 5 {
			child.WaitLine("taken ")
		}
		p, err := os.FindProcess(child.Pid())
		require.NoError(t, err)
		require.NoError(t, p.Kill())
		child.Wait()
		out := child.Stdout()
		h.died(out)
		taken = append(taken, words(out, "taken ")...)
	}
	t.Setenv("QUEUE_ROUND", "last")
	require.Equal(t, 0, testkit.StartChild(t, "TestCrashChild").Wait())

	h.mu.Lock()
	defer h.mu.Unlock()
	require.Greater(t, len(taken), crashes*4)
	lost, twice := 0, 0
	for _, name := range taken {
		for _, domain := range crashDomains {
			key := name + " " + domain
			if h.got[key] == 0 {
				lost++
			}
			if h.got[key] > 1+h.allowed[key] {
				twice++
				t.Errorf("%s: %d times, %d of them to be expected", key, h.got[key], 1+h.allowed[key])
			}
		}
	}
	assert.Zero(t, lost, "of %d", len(taken))
	assert.Zero(t, twice, "of %d", len(taken))
	assert.Empty(t, messages(t, dir, "messages"))
	assert.Empty(t, messages(t, dir, "corrupt"))
	t.Logf("%d messages, %d dropped", len(taken), h.drops)
}

// words returns what follows a prefix in lines that have their end.
func words(out, prefix string) (list []string) {
	for line := range strings.Lines(out) {
		if word, ok := strings.CutPrefix(line, prefix); ok && strings.HasSuffix(word, "\n") {
			list = append(list, strings.TrimSpace(word))
		}
	}
	return list
}

var crashDomains = []string{"hamburger.edu", "example.org"}

// TestCrashChild is the process that is killed. It tells of each message that it
// has taken, and of each that has ended; in the last round it takes none and ends
// when all are gone.
func TestCrashChild(t *testing.T) {
	testkit.Child(t)
	round := os.Getenv("QUEUE_ROUND")
	names := sync.Map{}
	q := &queue.Queue{
		Dir:       os.Getenv("QUEUE_DIR"),
		Deliverer: &queue.Relay{Hostname: "mx.crepes.fr", SmartHost: os.Getenv("QUEUE_HOST"), Options: smtp.Options{TLS: smtp.TLSOff}},
		Schedule:  queue.Schedule{First: 20 * time.Millisecond, Max: 50 * time.Millisecond},
	}
	q.Trace = &queue.Trace{Ended: func(m *queue.Message) {
		if name, ok := names.Load(m.ID); ok {
			fmt.Printf("ended %s\n", name)
		}
	}}
	require.NoError(t, q.Open())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if round == "last" {
		go func() {
			for len(q.List()) > 0 && ctx.Err() == nil {
				time.Sleep(10 * time.Millisecond)
			}
			q.Close()
		}()
		require.NoError(t, q.Run(ctx))
		return
	}
	go q.Run(ctx)
	var senders sync.WaitGroup
	for s := range 4 {
		senders.Go(func() {
			for n := range 1000 {
				name := fmt.Sprintf("%s.%d.%d", round, s, n)
				env := envelope()
				for _, d := range crashDomains {
					env.To = append(env.To, smtp.Recipient{Path: smtp.Path{Local: "bob", Domain: d}})
				}
				id, err := q.Submit(ctx, env, strings.NewReader("Subject: "+name+"\r\n\r\nketchup\r\n"))
				if err != nil {
					t.Error(err)
					return
				}
				names.Store(id, name)
				fmt.Printf("taken %s\n", name)
			}
		})
	}
	senders.Wait()
}

// flakyHost is a host that takes mail and now and then drops the connection in
// place of its last answer.
type flakyHost struct {
	mu       sync.Mutex
	got      map[string]int  // how often a message came for a domain
	answered map[string]bool // those that were answered 250
	allowed  map[string]int  // how often one may come again
	drops    int
}

func (h *flakyHost) NewSession(_ context.Context, c *smtp.Conn) (smtp.Session, error) {
	return &flakySession{h: h, c: c}, nil
}

// died notes that a process died: what was answered may come again but for what it
// said had ended.
func (h *flakyHost) died(out string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, name := range words(out, "ended ") {
		for _, domain := range crashDomains {
			delete(h.answered, name+" "+domain)
		}
	}
	for key := range h.answered {
		h.allowed[key]++
	}
	clear(h.answered)
}

type flakySession struct {
	h  *flakyHost
	c  *smtp.Conn
	to []string
}

func (s *flakySession) Mail(context.Context, smtp.Path, smtp.MailOptions) error { return nil }

func (s *flakySession) Rcpt(_ context.Context, to smtp.Path, _ smtp.RcptOptions) error {
	s.to = append(s.to, to.Domain)
	return nil
}

func (s *flakySession) Data(_ context.Context, message io.Reader) error {
	b, err := io.ReadAll(message)
	if err != nil {
		return err
	}
	to := s.to
	s.to = nil
	name, _, _ := strings.Cut(strings.TrimPrefix(string(b), "Subject: "), "\r\n")
	s.h.mu.Lock()
	defer s.h.mu.Unlock()
	drop := rand.IntN(8) == 0
	for _, domain := range to {
		key := name + " " + domain
		s.h.got[key]++
		if drop {
			s.h.allowed[key]++
		} else {
			s.h.answered[key] = true
		}
	}
	if drop {
		s.h.drops++
		s.c.NetConn().Close()
		return io.ErrClosedPipe
	}
	return nil
}

func (s *flakySession) Reset() { s.to = nil }

func (s *flakySession) Close() error { return nil }
