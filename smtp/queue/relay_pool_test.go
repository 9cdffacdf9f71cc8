package queue_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"applayer/smtp"
	"applayer/smtp/queue"
)

// A session is kept for a moment for the next message, and found dead without
// harm.
func TestRelayReuse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := new(smtp.Server)
		w := hamburger(t, server)
		r := w.relay()
		deliver := func() {
			t.Helper()
			assert.Equal(t, []string{"taken by mail.hamburger.edu"}, outcomes(r.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob"))))
		}
		for range 5 {
			deliver()
			time.Sleep(time.Second)
		}
		assert.Len(t, w.dialled(), 1)
		assert.Len(t, w.arrived(), 5)
		assert.Equal(t, 1, w.sessions("mail.hamburger.edu"))

		time.Sleep(11 * time.Second) // IdleTimeout
		synctest.Wait()
		assert.Zero(t, w.sessions("mail.hamburger.edu"))
		deliver()
		assert.Len(t, w.dialled(), 1)

		server.Close()
		synctest.Wait()
		w.script("192.0.2.1", "421 going down")
		assert.Equal(t, []string{"421 mail.hamburger.edu"}, outcomes(r.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob"))))
		assert.Len(t, w.dialled(), 1)

		assert.NoError(t, r.Close())
		assert.Equal(t, []string{"later"}, outcomes(r.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob"))))
	})
}

// A host that ends a session which was kept, by 421 or without a word, gets the
// message over another at once; one that ends each of them does not for ever.
func TestRelayKeptSessionEnds(t *testing.T) {
	for _, tt := range []struct {
		name   string
		script []string
		second string
		dials  int
	}{
		{"by 421", []string{"220 hi", "250 hi", "250 ok", "250 ok", "354 go", "-", "-", "-", "250 ok", "250 reset", "421 enough"}, "relayed", 2},
		{"without a word", []string{"220 hi", "250 hi", "250 ok", "250 ok", "354 go", "-", "-", "-", "250 ok", "250 reset", "-"}, "relayed", 2},
		{"behind the message", []string{"220 hi", "250 hi", "250 ok", "250 ok", "354 go", "-", "-", "-", "250 ok", "250 reset", "250 ok", "250 ok", "354 go", "-", "-", "-", "-"}, "later", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := hamburger(t, nil)
				w.script("192.0.2.1", tt.script...)
				r := w.relay()
				deliver := func() string {
					return outcomes(r.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob")))[0]
				}
				assert.Contains(t, deliver(), "relayed")
				assert.Contains(t, deliver(), tt.second)
				assert.Len(t, w.dialled(), tt.dials)
			})
		})
	}
}

func TestRelayLimits(t *testing.T) {
	for _, tt := range []struct {
		name   string
		limits queue.RelayLimits
		dials  int
	}{
		{"one message a session", queue.RelayLimits{MaxMessages: 1}, 3},
		{"two", queue.RelayLimits{MaxMessages: 2}, 2},
		{"no session is kept", queue.RelayLimits{MaxIdle: -1}, 3},
		{"no limit", queue.RelayLimits{MaxMessages: -1}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := hamburger(t, new(smtp.Server))
				r := w.relay()
				r.Limits = tt.limits
				for range 3 {
					r.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob"))
				}
				assert.Len(t, w.dialled(), tt.dials)
				assert.Len(t, w.arrived(), 3)
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		w := hamburger(t, nil)
		w.names["a mail.hamburger.edu"] = "192.0.2.1 192.0.2.1 "
		for i := range 50 {
			w.names["a mail.hamburger.edu"] = fmt.Sprint(w.names["a mail.hamburger.edu"], "192.0.2.", i, " ")
		}
		w.relay().Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob"))
		assert.Len(t, w.dialled(), 10, "MaxAddresses")
	})
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		r := w.relay()
		r.Limits.MaxIdle = 2
		for i := range 5 {
			domain, addr := fmt.Sprintf("d%d.example", i), fmt.Sprintf("192.0.2.%d", i)
			w.names["a "+domain] = addr
			w.host(addr, "host", nil)
			assert.Equal(t, []string{"taken by " + domain}, outcomes(r.Deliver(t.Context(), outgoing(), rcpts(domain, "bob"))))
		}
		synctest.Wait()
		assert.Equal(t, 2, w.sessions("host"), "MaxIdle")
		assert.Equal(t, 2, queue.Berths(r))
		w.names["a nobody.example"] = "192.0.2.99"
		assert.Equal(t, []string{"later"}, outcomes(r.Deliver(t.Context(), outgoing(), rcpts("nobody.example", "bob"))))
		time.Sleep(11 * time.Second)
		synctest.Wait()
		assert.Zero(t, w.sessions("host"))
		assert.Zero(t, queue.Berths(r), "nothing is remembered of where no session is")
	})
}

// No more sessions than MaxPerHost stand with a host, whatever the domains.
func TestRelayConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := hamburger(t, new(smtp.Server))
		r := w.relay()
		r.Limits.MaxPerHost = 2
		for i := range 20 {
			w.names[fmt.Sprintf("mx d%d.example", i)] = mx("mail.hamburger.edu")
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
				assert.Equal(t, []string{"taken by mail.hamburger.edu"}, outcomes(r.Deliver(t.Context(), m, rcpts(domain, "bob"))))
			})
		}
		start := time.Now()
		all.Wait()
		assert.Equal(t, 10*time.Second, time.Since(start))
		assert.Equal(t, 2, w.mostSessions("mail.hamburger.edu"))
		assert.Len(t, w.dialled(), 2)

		// Who waits for too long goes away.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		m := outgoing()
		m.Open = func() (io.ReadCloser, error) {
			time.Sleep(time.Hour)
			return io.NopCloser(strings.NewReader(letter)), nil
		}
		for range 2 {
			all.Go(func() { r.Deliver(t.Context(), m, rcpts("d1.example", "bob")) })
		}
		synctest.Wait()
		results := r.Deliver(ctx, outgoing(), rcpts("d2.example", "bob"))
		assert.ErrorIs(t, results[0].Err, context.DeadlineExceeded)
		all.Wait()
	})
}

// A session that is given back after Close does not stay.
func TestRelayClosedWhileBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := hamburger(t, new(smtp.Server))
		r := w.relay()
		m := outgoing()
		m.Open = func() (io.ReadCloser, error) {
			time.Sleep(time.Second)
			return io.NopCloser(strings.NewReader(letter)), nil
		}
		var all sync.WaitGroup
		all.Go(func() {
			assert.Equal(t, []string{"taken by mail.hamburger.edu"}, outcomes(r.Deliver(t.Context(), m, rcpts("hamburger.edu", "bob"))))
		})
		synctest.Wait()
		assert.NoError(t, r.Close())
		all.Wait()
		synctest.Wait()
		assert.Zero(t, w.sessions("mail.hamburger.edu"))
	})
}

// Close waits for goodbyes, and not for long.
func TestRelayCloseSaysGoodbye(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := hamburger(t, nil)
		w.script("192.0.2.1", "220 hi", "250 hi", "250 ok", "250 ok", "354 go", "-", "-", "-", "250 ok", "-", "-")
		r := w.relay()
		assert.Equal(t, []string{"relayed by mail.hamburger.edu"}, outcomes(r.Deliver(t.Context(), outgoing(), rcpts("hamburger.edu", "bob"))))
		begun := time.Now()
		assert.NoError(t, r.Close())
		assert.Equal(t, 5*time.Second, time.Since(begun))
	})
}
