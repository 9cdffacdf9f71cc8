package queue_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
	"applayer/smtp/queue"
)

// The status code that stands for an error (RFC 3463 §3), and what it means.
func TestStatusOfErrors(t *testing.T) {
	notFound := &net.DNSError{Err: "no such host", Name: "x.example", IsNotFound: true}
	tests := []struct {
		name   string
		result queue.Result
		status string
		action string // of the report, "" where it is tried again
	}{
		{"a reply with a code", queue.Result{Err: smtp.Refuse(552, smtp.EnhancedCode{5, 2, 2}, "full")}, "5.2.2", "failed"},
		{"a reply without", queue.Result{Err: smtp.Refuse(550, smtp.EnhancedCode{}, "no")}, "5.0.0", "failed"},
		{"a temporary reply without", queue.Result{Err: smtp.Refuse(450, smtp.EnhancedCode{}, "no")}, "4.0.0", ""},
		{"a reply within an error", queue.Result{Err: fmt.Errorf("mx: %w", smtp.Refuse(550, smtp.EnhancedCode{}, "no"))}, "5.0.0", "failed"},
		{"a temporary reply called permanent", queue.Result{Err: smtp.Refuse(450, smtp.EnhancedCode{}, "no"), Permanent: true}, "5.0.0", "failed"},
		{"a name that cannot be told", queue.Result{Err: &net.DNSError{Err: "timeout", IsTimeout: true}}, "4.4.3", ""},
		{"a name that is not there", queue.Result{Err: notFound, Permanent: true}, "5.4.4", "failed"},
		{"a connection", queue.Result{Err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}, "4.4.1", ""},
		{"a deadline", queue.Result{Err: context.DeadlineExceeded}, "4.4.2", ""},
		{"anything", queue.Result{Err: errors.New("x")}, "4.0.0", ""},
		{"6531-3.5 a host without SMTPUTF8", queue.Result{Err: smtp.ErrNotUTF8, Permanent: true}, "5.6.7", "failed"},
		{"1870-6.1 too large for the host", queue.Result{Err: smtp.ErrTooLarge, Permanent: true}, "5.3.4", "failed"},
		{"6152-3 what cannot be had in 7 bits", queue.Result{Err: fmt.Errorf("x: %w", smtp.ErrUnsupported), Permanent: true}, "5.6.3", "failed"},
		{"anything for good", queue.Result{Err: errors.New("x"), Permanent: true}, "5.0.0", "failed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := newSink(refusing(tt.result))
				q := &queue.Queue{Dir: t.TempDir(), Deliverer: s, Hostname: "mx.crepes.fr"}
				running(t, q)
				submit(t, q, envelope(bob), text)
				pass(time.Minute)
				if tt.action == "" {
					require.Len(t, q.List(), 1)
					assert.Equal(t, tt.status, q.List()[0].To[0].Reply.Enhanced.String())
					return
				}
				require.Len(t, s.reports(), 1)
				_, r := report(t, s.reports()[0].text)
				assert.Equal(t, tt.action, r.Groups[1].Get("Action"))
				assert.Equal(t, tt.status, r.Groups[1].Get("Status"))
			})
		})
	}
}

func TestOneLine(t *testing.T) {
	assert.Equal(t, "a  b c", queue.OneLine(" a\r\nb\x00c\x7f"))
	assert.Equal(t, "a b c d 2J", queue.OneLine("a\u0085b\u2028c\u2029d\u009b2J"), "what a terminal or a reader may take for more than text")
	long := queue.OneLine(strings.Repeat("x", 499) + "é" + strings.Repeat("y", 100))
	assert.Equal(t, strings.Repeat("x", 499), long)
	assert.True(t, utf8.ValidString(queue.OneLine("\xff\xfe")))
}

func TestScheduleWait(t *testing.T) {
	var s queue.Schedule
	assert.Equal(t, 5*time.Minute, s.Wait(1, 0.5))
	assert.Equal(t, 4*time.Hour, s.Wait(1000, 0.5))
	assert.Equal(t, 270*time.Second, s.Wait(1, 0))
	assert.Less(t, s.Wait(1, 0.999), 331*time.Second)
	assert.Equal(t, 160*time.Minute, s.Wait(6, 0.5))
	assert.Equal(t, time.Minute, queue.Schedule{First: time.Hour, Max: time.Minute, Jitter: -1}.Wait(3, 0))
	assert.Equal(t, 9*time.Hour, queue.Schedule{First: 9 * time.Hour, Jitter: -1}.Wait(3, 0), "the longest wait is not below the first")
	assert.Equal(t, time.Duration(math.MaxInt64), queue.Schedule{First: time.Hour, Max: math.MaxInt64, Jitter: -1}.Wait(100, 0), "no overflow")
	assert.GreaterOrEqual(t, queue.Schedule{Jitter: 7}.Wait(1, 0), time.Duration(0))
}

// Names of one domain in all their forms are one destination, and so is what the
// program says.
func TestDestinations(t *testing.T) {
	var to []smtp.Path
	for _, domain := range []string{"bücher.example", "xn--bcher-kva.example", "BÜCHER.example"} {
		to = append(to, smtp.Path{Local: "x", Domain: domain})
	}
	to = append(to, smtp.Path{Local: "x", Domain: "192.0.2.1", Literal: true}, smtp.Path{Local: "x", Domain: "192.0.2.1"})
	env := envelope(to...)
	env.UTF8 = true
	for name, tt := range map[string]struct {
		destination func(smtp.Path) string
		calls       int
	}{
		"domain":  {nil, 3},
		"one way": {func(smtp.Path) string { return "smart" }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := newSink(nil)
				q := &queue.Queue{Dir: t.TempDir(), Deliverer: s, Destination: tt.destination}
				running(t, q)
				submit(t, q, env, text)
				pass(time.Second)
				assert.Len(t, s.got(), tt.calls)
			})
		})
	}
}

// A host's name has to be one that a report can come from.
func TestHostname(t *testing.T) {
	q := &queue.Queue{Dir: t.TempDir(), Hostname: "mx\r\n.crepes.fr"}
	assert.Error(t, q.Open())
	q.Hostname = ""
	require.NoError(t, q.Open())
	require.NoError(t, q.Close())
	q.DoubleBounce = smtp.Path{Local: "post\r\nmaster", Domain: "crepes.fr"}
	assert.Error(t, q.Open(), "no report could be addressed")
}

// A host whose name is in UTF-8 makes reports too: they have its form of ASCII.
func TestHostnameInUTF8(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newSink(refusing(refuse(550, smtp.EnhancedCode{5, 1, 1}, "no")))
		q := &queue.Queue{Dir: t.TempDir(), Deliverer: s, Hostname: "mx.crêpes.example"}
		running(t, q)
		submit(t, q, envelope(bob), text)
		pass(time.Minute)
		reports := s.reports()
		require.Len(t, reports, 1)
		_, r := report(t, reports[0].text)
		assert.Equal(t, "dns; mx.xn--crpes-isa.example", r.Groups[0].Get("Reporting-MTA"))
	})
}

// What is no file is left where it is.
func TestOpenPassesOverFolders(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "messages", "folder"), 0o700))
	q := &queue.Queue{Dir: dir}
	require.NoError(t, q.Open())
	assert.Empty(t, q.List())
	require.NoError(t, q.Close())
	assert.Equal(t, []string{"folder"}, messages(t, dir, "messages"))
}

func TestTrace(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var mu sync.Mutex
		var events []string
		note := func(what string) {
			mu.Lock()
			defer mu.Unlock()
			events = append(events, what)
		}
		q := &queue.Queue{Dir: t.TempDir(), Hostname: "mx.crepes.fr", Limits: queue.Limits{MaxActive: 1},
			Deliverer: newSink(refusing(refuse(550, smtp.EnhancedCode{5, 1, 1}, "no"))),
			Trace: &queue.Trace{
				Queued: func(m *queue.Message, to []smtp.Recipient) { note("queued " + to[0].String()) },
				Try:    func(m *queue.Message, to []smtp.Recipient) { note("try " + to[0].String()) },
				Tried: func(m *queue.Message, to []smtp.Recipient, results []queue.Result) {
					note(fmt.Sprint("tried ", to[0], " ", results[0].Err != nil))
				},
			}}
		require.NoError(t, q.Open())
		submit(t, q, envelope(bob), text)
		assert.Equal(t, []string{"queued bob@hamburger.edu"}, events)
		events = nil
		go q.Run(t.Context())
		pass(time.Second)
		require.NoError(t, q.Close())
		assert.Equal(t, []string{"try bob@hamburger.edu", "tried bob@hamburger.edu true"}, events[:2])
		assert.ElementsMatch(t, []string{"queued alice@crepes.fr", "try alice@crepes.fr", "tried alice@crepes.fr false"}, events[2:])
	})
}
