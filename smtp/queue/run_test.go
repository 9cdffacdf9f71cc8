package queue_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
	"applayer/smtp/queue"
)

// blocking is a Deliverer whose calls wait for their context or for release.
type blocking struct {
	release chan struct{}
	active  atomic.Int32
	most    atomic.Int32
	calls   atomic.Int32
}

func (b *blocking) Deliver(ctx context.Context, _ *queue.Message, to []smtp.Recipient) []queue.Result {
	b.calls.Add(1)
	n := b.active.Add(1)
	for m := b.most.Load(); n > m && !b.most.CompareAndSwap(m, n); m = b.most.Load() {
	}
	defer b.active.Add(-1)
	select {
	case <-b.release:
		return queue.Same(len(to), queue.Result{})
	case <-ctx.Done():
		return queue.Same(len(to), queue.Result{Err: ctx.Err()})
	}
}

func TestMaxActive(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := &blocking{release: make(chan struct{})}
		q := &queue.Queue{Dir: t.TempDir(), Deliverer: b, Limits: queue.Limits{MaxActive: 7, MaxPerDestination: 3}}
		running(t, q)
		for i := range 20 {
			submit(t, q, envelope(smtp.Path{Local: "x", Domain: string(rune('a'+i%4)) + ".example"}), text)
		}
		pass(time.Second)
		assert.Equal(t, int32(7), b.active.Load())
		close(b.release)
		pass(time.Second)
		assert.Equal(t, int32(7), b.most.Load())
		assert.Equal(t, int32(20), b.calls.Load())
		assert.Empty(t, q.List())
	})
}

func TestMaxPerDestination(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := &blocking{release: make(chan struct{})}
		q := &queue.Queue{Dir: t.TempDir(), Deliverer: b, Limits: queue.Limits{MaxPerDestination: 2}}
		running(t, q)
		for range 5 {
			submit(t, q, envelope(bob, smtp.Path{Local: "x", Domain: "HAMBURGER.edu"}), text)
		}
		pass(time.Second)
		assert.Equal(t, int32(2), b.active.Load())
		close(b.release)
	})
}

// When the queue stops, a try gets its time to end; one that does not is no try,
// and is done again.
func TestGracefulEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		dir := t.TempDir()
		b := &blocking{release: make(chan struct{})}
		q := &queue.Queue{Dir: dir, Deliverer: b, Grace: time.Minute}
		stop := running(t, q)
		submit(t, q, envelope(bob), text)
		pass(time.Second)
		time.AfterFunc(30*time.Second, func() { close(b.release) })
		start := time.Now()
		stop()
		assert.Equal(t, 30*time.Second, time.Since(start))
		assert.Empty(t, messages(t, dir, "messages"), "what ended in the time of grace is noted")

		b = &blocking{}
		q = &queue.Queue{Dir: dir, Deliverer: b, Grace: time.Minute}
		stop = running(t, q)
		submit(t, q, envelope(bob), text)
		pass(time.Second)
		start = time.Now()
		stop()
		assert.Equal(t, time.Minute, time.Since(start))

		s := newSink(nil)
		q = &queue.Queue{Dir: dir, Deliverer: s}
		require.NoError(t, q.Open())
		list := q.List()
		require.Len(t, list, 1)
		assert.Equal(t, queue.StateWaiting, list[0].To[0].State, "a try that was cut off is none")
		require.NoError(t, q.Close())
		running(t, q)
		pass(time.Second)
		assert.Len(t, s.got(), 1)
	})
}

// A try that was cut off, and tells that the message was taken all the same, is
// noted: it is not done again.
func TestTakenWhileCutOff(t *testing.T) {
	bubble(t, func(t *testing.T) {
		dir := t.TempDir()
		q := &queue.Queue{Dir: dir, Grace: -1, Deliverer: queue.DelivererFunc(func(ctx context.Context, _ *queue.Message, to []smtp.Recipient) []queue.Result {
			<-ctx.Done()
			results := queue.Same(len(to), queue.Result{Err: ctx.Err()})
			results[0] = queue.Result{}
			return results
		})}
		stop := running(t, q)
		id := submit(t, q, envelope(bob, carol), text)
		pass(time.Second)
		stop()
		e, _, err := queue.Read(read(t, filepath.Join(dir, "messages", id)))
		require.NoError(t, err)
		assert.Equal(t, queue.StateDone, e.To[0].State)
		assert.False(t, e.To[1].State.Final())
		assert.Zero(t, e.To[1].Tries, "of her nothing is known that was not known before")
	})
}

func TestTryTimeout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		q := &queue.Queue{Dir: t.TempDir(), Deliverer: &blocking{}, TryTimeout: time.Minute, Schedule: exact, Grace: -1}
		running(t, q)
		submit(t, q, envelope(bob), text)
		pass(2 * time.Minute)
		r := q.List()[0].To[0]
		assert.Equal(t, queue.StateDeferred, r.State)
		assert.Equal(t, 1, r.Tries)
		assert.Equal(t, smtp.EnhancedCode{4, 4, 2}, r.Reply.Enhanced)
		assert.Equal(t, "context deadline exceeded", r.Reply.Text())
	})
}

// A Deliverer that breaks down, or says too little or too much, loses no message.
func TestBrokenDeliverer(t *testing.T) {
	for name, d := range map[string]queue.DelivererFunc{
		"panic": func(context.Context, *queue.Message, []smtp.Recipient) []queue.Result { panic("oops") },
		"less":  func(context.Context, *queue.Message, []smtp.Recipient) []queue.Result { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				q := &queue.Queue{Dir: t.TempDir(), Deliverer: d}
				running(t, q)
				submit(t, q, envelope(bob), text)
				pass(time.Second)
				require.Len(t, q.List(), 1)
				assert.Equal(t, queue.StateDeferred, q.List()[0].To[0].State)
			})
		})
	}
	bubble(t, func(t *testing.T) {
		q := &queue.Queue{Dir: t.TempDir(), Deliverer: queue.DelivererFunc(func(context.Context, *queue.Message, []smtp.Recipient) []queue.Result {
			return queue.Same(5, queue.Result{})
		})}
		running(t, q)
		submit(t, q, envelope(bob), text)
		pass(time.Second)
		assert.Empty(t, q.List())
	})
}

func TestFlush(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var down atomic.Bool
		down.Store(true)
		s := newSink(func(*queue.Message, smtp.Recipient) queue.Result {
			if down.Load() {
				return queue.Result{Err: errDown}
			}
			return queue.Result{}
		})
		q := &queue.Queue{Dir: t.TempDir(), Deliverer: s}
		stop := running(t, q)
		submit(t, q, envelope(bob), text)
		pass(time.Second)
		require.NoError(t, q.Flush())
		pass(time.Second)
		assert.Len(t, s.got(), 2)
		down.Store(false)
		require.NoError(t, q.Flush())
		pass(time.Second)
		assert.Len(t, s.got(), 3)
		assert.Empty(t, q.List())
		stop()
		assert.ErrorIs(t, q.Flush(), queue.ErrClosed)
	})
}

func TestRemove(t *testing.T) {
	bubble(t, func(t *testing.T) {
		dir := t.TempDir()
		b := &blocking{release: make(chan struct{})}
		var ended []string
		q := &queue.Queue{Dir: dir, Deliverer: b, Trace: &queue.Trace{Ended: func(m *queue.Message) { ended = append(ended, m.ID) }}}
		stop := running(t, q)
		id := submit(t, q, envelope(bob), text)
		pass(time.Second)
		require.NoError(t, q.Remove(id))
		assert.Empty(t, q.List())
		assert.Empty(t, messages(t, dir, "messages"))
		assert.ErrorIs(t, q.Remove(id), queue.ErrNotFound)
		assert.ErrorIs(t, q.Remove("../lock"), queue.ErrNotFound)
		close(b.release)
		pass(time.Second)
		assert.Equal(t, []string{id}, ended)
		stop()
		assert.ErrorIs(t, q.Remove(id), queue.ErrClosed)
	})
}

func TestList(t *testing.T) {
	bubble(t, func(t *testing.T) {
		q := &queue.Queue{Dir: t.TempDir(), Deliverer: newSink(func(_ *queue.Message, to smtp.Recipient) queue.Result {
			if to.Path == bob {
				return refuse(451, smtp.EnhancedCode{4, 3, 0}, "later")
			}
			return queue.Result{Delivered: true}
		}), Schedule: exact}
		running(t, q)
		first := submit(t, q, envelope(bob, carol), text)
		pass(time.Second)
		second := submit(t, q, envelope(bob), text)
		pass(0)
		list := q.List()
		require.Len(t, list, 2)
		assert.Equal(t, []string{first, second}, []string{list[0].ID, list[1].ID})
		to := list[0].To
		assert.Equal(t, queue.StateDeferred, to[0].State)
		assert.Equal(t, 5*time.Minute, to[0].Next.Sub(list[0].Arrived))
		assert.Equal(t, smtp.Reply{Code: 451, Enhanced: smtp.EnhancedCode{4, 3, 0}, Lines: []string{"later"}}, to[0].Reply)
		assert.Equal(t, "mx.hamburger.edu", to[0].RemoteMTA)
		assert.Equal(t, queue.StateDone, to[1].State)
	})
}

func TestOneOwner(t *testing.T) {
	dir := t.TempDir()
	q := &queue.Queue{Dir: dir}
	require.NoError(t, q.Open())
	assert.ErrorIs(t, q.Open(), queue.ErrLocked)
	assert.ErrorIs(t, (&queue.Queue{Dir: dir}).Open(), queue.ErrLocked)
	require.NoError(t, q.Close())
	assert.NoError(t, q.Close(), "twice is once")
	require.NoError(t, q.Open(), "it can be opened again")
	require.NoError(t, q.Close())
	_, err := q.Submit(t.Context(), envelope(bob), strings.NewReader(text))
	assert.ErrorIs(t, err, queue.ErrClosed)
	assert.ErrorIs(t, q.Run(t.Context()), queue.ErrClosed)

	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	assert.Error(t, (&queue.Queue{Dir: file}).Open())
}

func TestRunOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		q := &queue.Queue{Dir: t.TempDir(), Deliverer: newSink(nil)}
		require.NoError(t, q.Open())
		done := make(chan error, 1)
		go func() { done <- q.Run(t.Context()) }()
		pass(time.Second)
		assert.ErrorIs(t, q.Run(t.Context()), queue.ErrRunning)
		require.NoError(t, q.Close())
		assert.NoError(t, <-done, "Close ends Run")
	})
}

// A context that never ends is no end.
func TestRunInTheBackground(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newSink(nil)
		q := &queue.Queue{Dir: t.TempDir(), Deliverer: s}
		require.NoError(t, q.Open())
		done := make(chan error, 1)
		go func() { done <- q.Run(context.Background()) }()
		pass(time.Hour)
		submit(t, q, envelope(bob), text)
		pass(time.Second)
		assert.Len(t, s.got(), 1)
		require.NoError(t, q.Close())
		assert.NoError(t, <-done)
	})
}

func TestSubmitRefuses(t *testing.T) {
	cut := errors.New("cut")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	hop := "Received: from a by b; Sat, 1 Jan 2000 00:00:00 +0000\r\n"
	tests := []struct {
		name string
		ctx  context.Context
		env  smtp.Envelope
		in   io.Reader
		err  any
	}{
		{"no recipients", t.Context(), envelope(), strings.NewReader(text), queue.ErrNoRecipients},
		{"a reader that fails", t.Context(), envelope(bob), io.MultiReader(strings.NewReader(text), iotest.ErrReader(cut)), cut},
		{"a context that has ended", ended, envelope(bob), strings.NewReader(text), context.Canceled},
		{"a line end in an address", t.Context(), envelope(smtp.Path{Local: "a\r\nb", Domain: "c"}), strings.NewReader(text), new(*smtp.ParseError)},
		{"6531-3.4 UTF-8 without SMTPUTF8", t.Context(), envelope(smtp.Path{Local: "é", Domain: "c.example"}), strings.NewReader(text), new(*smtp.ParseError)},
		{"5321-6.3 a message that goes round", t.Context(), envelope(bob), strings.NewReader(strings.Repeat(hop, 101) + text), new(*smtp.LimitError)},
		{"too large, in pieces", t.Context(), envelope(bob), iotest.OneByteReader(strings.NewReader(strings.Repeat("x", 15_001))), queue.ErrFull},
		{"too large", t.Context(), envelope(bob), strings.NewReader(strings.Repeat("x", 20_000)), queue.ErrFull},
	}
	for _, evil := range []string{"a\r\nX: y", "a\nb", "a\x00b", "\x7f", "\xff"} {
		from, id, original := envelope(bob), envelope(bob), envelope(bob)
		from.From.Local, id.EnvelopeID = evil, evil
		original.To[0].Original = smtp.OriginalRecipient{Type: "rfc822", Address: evil}
		for _, env := range []smtp.Envelope{from, id, original} {
			tests = append(tests, struct {
				name string
				ctx  context.Context
				env  smtp.Envelope
				in   io.Reader
				err  any
			}{fmt.Sprintf("%q", evil), t.Context(), env, strings.NewReader(text), new(*smtp.ParseError)})
		}
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			q := &queue.Queue{Dir: dir, Limits: queue.Limits{MaxBytes: 15_000}}
			require.NoError(t, q.Open())
			defer q.Close()
			_, err := q.Submit(tt.ctx, tt.env, tt.in)
			if target, ok := tt.err.(error); ok {
				assert.ErrorIs(t, err, target)
			} else {
				assert.ErrorAs(t, err, tt.err)
			}
			assert.Empty(t, messages(t, dir, "messages"))
			assert.Empty(t, messages(t, dir, "tmp"), "nothing is kept")
			_, err = q.Submit(t.Context(), envelope(bob), strings.NewReader(strings.Repeat(hop, 100)+text))
			assert.NoError(t, err, "its room was given back, and 100 hops are none too many")
		})
	}
}

func TestSubmitFull(t *testing.T) {
	q := &queue.Queue{Dir: t.TempDir(), Limits: queue.Limits{MaxMessages: 2}}
	require.NoError(t, q.Open())
	defer q.Close()
	for range 2 {
		submit(t, q, envelope(bob), text)
	}
	_, err := q.Submit(t.Context(), envelope(bob), strings.NewReader(text))
	assert.ErrorIs(t, err, queue.ErrFull)
	var reply *smtp.ReplyError
	require.ErrorAs(t, err, &reply, "a server can return it as it is")
	assert.Equal(t, "452 4.3.1 No room for the message.", reply.Reply.String())
}

// Messages of one instant, which virtual time makes of all, have one order.
func TestListIsStable(t *testing.T) {
	bubble(t, func(t *testing.T) {
		q := &queue.Queue{Dir: t.TempDir()}
		require.NoError(t, q.Open())
		defer q.Close()
		var ids []string
		for range 50 {
			ids = append(ids, submit(t, q, envelope(bob), text))
		}
		slices.Sort(ids)
		for i, e := range q.List() {
			assert.Equal(t, ids[i], e.ID)
		}
	})
}

// What is in memory is bounded by the recipients, of which a message can have many.
func TestSubmitFullOfRecipients(t *testing.T) {
	q := &queue.Queue{Dir: t.TempDir(), Limits: queue.Limits{MaxRecipients: 5}}
	require.NoError(t, q.Open())
	defer q.Close()
	id := submit(t, q, envelope(bob, carol, dave), text)
	_, err := q.Submit(t.Context(), envelope(bob, carol, dave), strings.NewReader(text))
	assert.ErrorIs(t, err, queue.ErrFull)
	var limit *smtp.LimitError
	require.ErrorAs(t, err, &limit)
	assert.Equal(t, "MaxRecipients", limit.Name)
	submit(t, q, envelope(bob, carol), text)
	require.NoError(t, q.Remove(id))
}

// A reader that panics leaves nothing behind, and takes no room.
func TestSubmitPanics(t *testing.T) {
	dir := t.TempDir()
	q := &queue.Queue{Dir: dir, Limits: queue.Limits{MaxMessages: 1}}
	require.NoError(t, q.Open())
	defer q.Close()
	for range 2 {
		assert.Panics(t, func() { q.Submit(t.Context(), envelope(bob), nil) })
		assert.Empty(t, messages(t, dir, "tmp"))
	}
	submit(t, q, envelope(bob), text)
}

// Hops are counted however the message comes, and in the header alone.
func TestHops(t *testing.T) {
	in := "received: a\r\n b\r\nRECEIVED: c\r\nReceived-By: d\r\nRe\r\n\r\nReceived: e\r\n"
	for _, n := range []int{1, 2, 3, 7, 1000} {
		h := queue.NewHops(2)
		for at := 0; at < len(in); at += n {
			_, err := h.Write([]byte(in[at:min(at+n, len(in))]))
			require.NoError(t, err)
		}
		h = queue.NewHops(1)
		var err error
		for at := 0; at < len(in) && err == nil; at += n {
			_, err = h.Write([]byte(in[at:min(at+n, len(in))]))
		}
		assert.Error(t, err)
	}
}
