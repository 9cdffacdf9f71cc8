package queue_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
	"applayer/smtp/queue"
)

// away has an address swallow whatever is sent there: connecting takes until the
// dialler has had enough.
func (w *world) away(r *queue.Relay, addr string) {
	dial := r.Options.Dial
	r.Options.Dial = func(ctx context.Context, network, to string) (net.Conn, error) {
		if to != net.JoinHostPort(addr, "25") {
			return dial(ctx, network, to)
		}
		w.mu.Lock()
		w.dials = append(w.dials, to)
		w.mu.Unlock()
		<-ctx.Done()
		return nil, &net.OpError{Op: "dial", Net: network, Err: ctx.Err()}
	}
}

// A host that does not answer costs one message the wait, and not all of them
// (RFC 5321 §4.5.4.1).
func TestRelayLeavesDeadHostAlone(t *testing.T) {
	tests := []struct {
		name   string
		script []string // nil: connecting takes for ever
		lost   time.Duration
		rest   time.Duration
	}{
		{"that cannot be reached", nil, time.Minute, 4 * time.Minute},
		{"that never greets", []string{"-", "220 too late"}, 5 * time.Minute, 20 * time.Minute},
		{"that never answers EHLO", []string{"220 hi", "-", "-"}, 5 * time.Minute, 20 * time.Minute},
		{"that never answers MAIL", []string{"220 hi", "250 hi", "-", "-"}, 5 * time.Minute, 20 * time.Minute},
		{"that never answers either", []string{"220 hi", "250 hi", "250 ok", "-", "-"}, 5 * time.Minute, 20 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := hamburger(t, nil)
				r := w.relay()
				if tt.script == nil {
					w.away(r, "192.0.2.1")
				} else {
					w.script("192.0.2.1", append(tt.script, "-")...)
				}
				deliver := func() (queue.Result, time.Duration) {
					begun := time.Now()
					result := r.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob"))[0]
					require.Equal(t, "later", outcome(result))
					return result, time.Since(begun)
				}
				first, took := deliver()
				assert.Equal(t, tt.lost, took)
				for range 100 {
					result, took := deliver()
					assert.Zero(t, took)
					assert.ErrorContains(t, result.Err, "left alone until ")
					assert.ErrorContains(t, result.Err, first.Err.Error(), "why is told")
				}
				assert.Len(t, w.dialled(), 1)
				time.Sleep(tt.rest - time.Second)
				_, took = deliver()
				assert.Zero(t, took)
				time.Sleep(time.Second)
				_, took = deliver()
				assert.Equal(t, tt.lost, took)

				r.Forget()
				_, took = deliver()
				assert.Equal(t, tt.lost, took, "it is tried at once where somebody asks for it")
			})
		})
	}
}

// A host that is back is tried by all at once, and one that refuses quickly was
// never left alone.
func TestRelayHostIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := hamburger(t, nil)
		r := w.relay()
		for range 3 { // refused: nothing is lost
			assert.Equal(t, []string{"later"}, outcomes(r.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob"))))
		}
		assert.Len(t, w.dialled(), 3)
		dial := r.Options.Dial
		r.Options.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			time.Sleep(999 * time.Millisecond)
			return dial(ctx, network, addr)
		}
		for range 3 { // nor is much
			r.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob"))
		}
		assert.Len(t, w.dialled(), 3)
		r.Options.Dial = dial
		w.host("192.0.2.1", "mail.hamburger.edu", new(smtp.Server))
		assert.Equal(t, []string{"taken by mail.hamburger.edu"}, outcomes(r.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob"))))
	})
}

// A host that does not answer a message has others all the same: that message may
// be what it is stuck at.
func TestRelayStuckAtMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := hamburger(t, nil)
		r := w.relay()
		w.script("192.0.2.1", "220 hi", "250 hi", "250 ok", "250 ok", "354 go", "-", "-", "-", "-", "-", "-")
		for range 2 {
			assert.Equal(t, []string{"later"}, outcomes(r.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob"))))
		}
		assert.Len(t, w.dialled(), 2)
	})
}

// A connection that is opened while another cannot be shows that the host is there.
func TestRelayOneOfTwoConnects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := hamburger(t, new(smtp.Server))
		r := w.relay()
		dial := r.Options.Dial
		var dials atomic.Int32
		r.Options.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if dials.Add(1) == 1 {
				time.Sleep(50 * time.Second)
				return nil, errors.New("lost on the way")
			}
			time.Sleep(55 * time.Second)
			return dial(ctx, network, addr)
		}
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() { r.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob")) })
		}
		all.Wait()
		require.Len(t, w.arrived(), 1)
		assert.Equal(t, []string{"taken by mail.hamburger.edu"}, outcomes(r.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob"))))
	})
}

// What cuts a try short from this end says nothing about the host.
func TestRelayCutShortIsNoFault(t *testing.T) {
	for _, script := range [][]string{{"-", "220 too late"}, {"220 hi", "250 hi", "-", "250 too late"}} {
		synctest.Test(t, func(t *testing.T) {
			w := hamburger(t, nil)
			r := w.relay()
			w.script("192.0.2.1", script...)
			for range 2 {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				results := r.Deliver(ctx, outgoing(), rcpts("hamburger.edu", "bob"))
				cancel()
				assert.Equal(t, []string{"later"}, outcomes(results))
				assert.NotContains(t, results[0].Err.Error(), "left alone")
			}
			assert.Len(t, w.dialled(), 2)
		})
	}
}

// The next host has the mail meanwhile, without a wait.
func TestRelayNextOfDeadHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.names = names{"mx b.example": mx("mx1.b.example", "mx2.b.example"), "a mx1.b.example": "192.0.2.1", "a mx2.b.example": "192.0.2.2"}
		w.host("192.0.2.2", "mx2.b.example", nil)
		r := w.relay()
		w.away(r, "192.0.2.1")
		begun := time.Now()
		for range 50 {
			assert.Equal(t, []string{"taken by mx2.b.example"}, outcomes(r.Deliver(t.Context(), outgoing(), rcpts("b.example", "bob"))))
		}
		assert.Equal(t, time.Minute, time.Since(begun))
		assert.Len(t, w.dialled(), 2)
	})
}

// What is remembered is bounded, and the rest tried as ever.
func TestRelayMaxDown(t *testing.T) {
	for _, tt := range []struct{ most, dials int }{{10, 10}, {5, 15}, {-1, 20}} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			r := w.relay()
			r.Limits.MaxDown = tt.most
			for i := range 10 {
				w.names[fmt.Sprintf("a d%d.example", i)] = fmt.Sprintf("192.0.2.%d", i)
				w.away(r, fmt.Sprintf("192.0.2.%d", i))
			}
			var all sync.WaitGroup
			for range 2 {
				for i := range 10 {
					all.Go(func() {
						r.Deliver(t.Context(), outgoing(), rcpts(fmt.Sprintf("d%d.example", i), "bob"))
					})
				}
				all.Wait()
			}
			assert.Len(t, w.dialled(), tt.dials)
		})
	}
}

// Where there is no room, those go whose time is over.
func TestRelayMaxDownKeepsTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.names = names{"a a": "192.0.2.1", "a b": "192.0.2.2", "a c": "192.0.2.3"}
		r := w.relay()
		r.Limits.MaxDown = 2
		try := func(domain string) int {
			r.Deliver(t.Context(), outgoing(), rcpts(domain, "bob"))
			return len(w.dialled())
		}
		for _, addr := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"} {
			w.away(r, addr)
		}
		assert.Equal(t, 1, try("a")) // until the 5th minute
		time.Sleep(2 * time.Minute)
		assert.Equal(t, 1, try("b")) // from the 3rd to the 8th
		time.Sleep(time.Minute)
		assert.Equal(t, 1, try("c")) // from the 5th to the 10th
		assert.Zero(t, try("b"))
		assert.Zero(t, try("c"))
		assert.Equal(t, 1, try("a"))
	})
}

// Messages for the many domains of a slow host do not wait for it for ever.
func TestRelayMaxWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := hamburger(t, new(smtp.Server))
		r := w.relay()
		r.Limits.MaxPerHost = 1
		slow := outgoing()
		slow.Open = func() (io.ReadCloser, error) {
			time.Sleep(30 * time.Minute)
			return io.NopCloser(strings.NewReader(letter)), nil
		}
		var all sync.WaitGroup
		all.Go(func() { r.Deliver(t.Context(), slow, rcpts("hamburger.edu", "bob")) })
		synctest.Wait()
		begun := time.Now()
		assert.Equal(t, []string{"later"}, outcomes(r.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob"))))
		assert.Equal(t, time.Minute, time.Since(begun))
		r.Limits.MaxWait = -1
		assert.Equal(t, []string{"later"}, outcomes(r.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob"))))
		assert.Equal(t, time.Minute, time.Since(begun))
		all.Wait()
		assert.Equal(t, []string{"taken by mail.hamburger.edu"}, outcomes(r.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob"))))
	})
}

// A session that ends leaves those whose turn had not come to the next host, or the
// next turn: what was said of others is not about them.
func TestRelayOthersRefusal(t *testing.T) {
	for _, script := range [][]string{
		{"220 hi", "250 hi", "250 ok", "550 5.1.1 no", "421 bye"},
		{"220 hi", "250 hi", "250 ok", "250 ok", "550 5.1.1 no", "354 go", "-", "-", "-", "250 ok"},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := hamburger(t, nil)
			w.script("192.0.2.1", script...)
			r := w.relay()
			r.Limits.MaxRecipients = 2
			got := outcomes(r.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob", "carol", "dave", "eve")))
			assert.Contains(t, strings.Join(got[:2], " "), "550 mail.hamburger.edu")
			assert.Equal(t, []string{"later", "later"}, got[2:])
		})
	}
}

// No more sessions than MaxPerHost stand with an address, whatever names it has:
// the owner of a domain does not have us flood somebody else's host.
func TestRelayManyNamesOfOneAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.host("192.0.2.1", "mail.hamburger.edu", new(smtp.Server))
		r := w.relay()
		r.Limits.MaxPerHost = 2
		dial := r.Options.Dial
		var mu sync.Mutex
		var open, most int
		r.Options.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			nc, err := dial(ctx, network, addr)
			count := func(n int) {
				mu.Lock()
				defer mu.Unlock()
				open += n
				most = max(most, open)
			}
			count(1)
			return &counted{nc, sync.OnceFunc(func() { count(-1) })}, err
		}
		for i := range 20 {
			domain := fmt.Sprintf("d%d.example", i)
			w.names["mx "+domain] = mx("mx." + domain)
			w.names["a mx."+domain] = "192.0.2.1"
		}
		var all sync.WaitGroup
		for i := range 20 {
			domain := fmt.Sprintf("d%d.example", i)
			m := outgoing()
			m.Open = func() (io.ReadCloser, error) {
				time.Sleep(time.Second)
				return io.NopCloser(strings.NewReader(letter)), nil
			}
			all.Go(func() {
				assert.Equal(t, []string{"taken by mx." + domain}, outcomes(r.Deliver(t.Context(), m, rcpts(domain, "bob"))))
			})
		}
		all.Wait()
		assert.Equal(t, 2, most)
		assert.Len(t, w.dialled(), 20, "a session is for one name")
	})
}

// counted tells of its end.
type counted struct {
	net.Conn
	ended func()
}

func (c *counted) Close() error {
	c.ended()
	return c.Conn.Close()
}

// A message that breaks down takes no session of its host with it.
func TestRelayPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := hamburger(t, new(smtp.Server))
		r := w.relay()
		r.Limits.MaxPerHost = 1
		broken := outgoing()
		broken.Open = func() (io.ReadCloser, error) { panic("broken") }
		for range 3 {
			assert.Panics(t, func() { r.Deliver(t.Context(), broken, rcpts("hamburger.edu", "bob")) })
		}
		broken.Open = func() (io.ReadCloser, error) { // in the middle of its text
			return io.NopCloser(io.MultiReader(strings.NewReader(strings.Repeat("x", 100_000)), panicking{})), nil
		}
		for range 3 {
			assert.Panics(t, func() { r.Deliver(t.Context(), broken, rcpts("hamburger.edu", "bob")) })
		}
		dial := r.Options.Dial
		r.Options.Dial = func(context.Context, string, string) (net.Conn, error) { panic("broken") }
		assert.Panics(t, func() { r.Deliver(t.Context(), broken, rcpts("hamburger.edu", "bob")) })
		r.Options.Dial = dial
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		assert.Equal(t, []string{"taken by mail.hamburger.edu"}, outcomes(r.Deliver(ctx, outgoing(), rcpts("hamburger.edu", "bob"))))
		mails := w.arrived()
		require.Len(t, mails, 1)
		assert.Equal(t, letter, mails[0].text)
	})
}

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("broken") }
