package smtp_test

import (
	"context"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
	"applayer/sockets"
)

// MaxRecipients is answered 452 for those beyond it, and the others get the
// message.
func TestServerMaxRecipients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(mailbox)
		c := play(t, &smtp.Server{Backend: m, Limits: smtp.Limits{MaxRecipients: 30, MaxErrors: 3}}, `
			S: 220
			C: EHLO a
			S: 250
			C: MAIL FROM:<>
			S: 250`)
		for range 30 {
			c.do("RCPT TO:<c@d>", "250")
		}
		for range 30 {
			c.do("RCPT TO:<c@d>", "452 4.5.3")
		}
		c.do("RCPT TO:<c@d>", "452 4.5.3")
		c.do("DATA", "354")
		c.do(".", "250")
		require.Len(t, m.got(), 1)
		assert.Len(t, m.got()[0].To, 30)
		assert.Zero(t, m.resets)

		// Beyond as many again it is a flood, and so is any other 452.
		c.do("MAIL FROM:<>", "250")
		for range 30 {
			c.do("RCPT TO:<c@d>", "250")
		}
		for range 31 {
			c.do("RCPT TO:<c@d>", "452 4.5.3")
		}
		c.do("RCPT TO:<c@d>", "421 4.7.0")
		c.end()
		<-c.done
		assert.Equal(t, 1, m.resets)

		m.onRcpt = func(smtp.Path, smtp.RcptOptions) error { return smtp.Refuse(452, smtp.EnhancedCode{4, 2, 2}, "Full.") }
		play(t, &smtp.Server{Backend: m, Limits: smtp.Limits{MaxErrors: 2}}, "S: 220\nC: EHLO a\nS: 250\nC: MAIL FROM:<>\nS: 250\nC: RCPT TO:<a@b>\nS: 452\nC: RCPT TO:<a@b>\nS: 421\nEND")
	})
}

// Refused commands end a session, and so do those that lead nowhere.
func TestServerFloods(t *testing.T) {
	for _, tt := range []struct {
		name, line, reply string
		n                 int
	}{
		{"unknown", "X", "500", 20}, {"out of order", "DATA", "503", 20},
		{"NOOP", "NOOP", "250", 100}, {"RSET", "RSET", "250", 100}, {"VRFY", "VRFY x", "252", 100}, {"EHLO", "EHLO x", "250", 100},
		{"HELO", "HELO x", "250", 100}, {"HELP", "HELP", "214", 100},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := call(t, &smtp.Server{Backend: new(mailbox)})
				c.want("220")
				for range tt.n - 1 {
					c.do(tt.line, tt.reply)
				}
				c.do(tt.line, "421 4.7.0")
				c.end()
			})
		})
	}
	// Empty chunks lead nowhere, too.
	synctest.Test(t, func(t *testing.T) {
		m := new(mailbox)
		c := play(t, &smtp.Server{Backend: m}, toRcpt)
		for range 98 {
			c.do("BDAT 0", "250")
		}
		c.do("BDAT 0", "421 4.7.0")
		c.end()
		assert.Len(t, m.errs, 1)
		assert.Empty(t, m.got())
	})
	// A client that sends many messages may say RSET before each.
	synctest.Test(t, func(t *testing.T) {
		m := new(mailbox)
		c := play(t, &smtp.Server{Backend: m}, "S: 220\nC: EHLO a\nS: 250")
		for range 300 {
			c.play("C: RSET\nS: 250\nC: MAIL FROM:<a@b>\nS: 250\nC: RCPT TO:<c@d>\nS: 250\nC: DATA\nS: 354\nC: .\nS: 250")
		}
		assert.Len(t, m.got(), 300)
	})
}

// Silence ends a session, in each phase after its own time.
func TestServerTimeouts(t *testing.T) {
	tests := []struct {
		name, script string
		after        time.Duration
	}{
		{"command", "S: 220", 5 * time.Minute},
		{"half a command", "S: 220\nC> EHL", 5 * time.Minute},
		{"data", "S: 220\nC: HELO a\nS: 250\nC: MAIL FROM:<>\nS: 250\nC: RCPT TO:<a@b>\nS: 250\nC: DATA\nS: 354\nC: x", 3 * time.Minute},
		{"chunk", "S: 220\nC: HELO a\nS: 250\nC: MAIL FROM:<>\nS: 250\nC: RCPT TO:<a@b>\nS: 250\nC: BDAT 10\nC: x", 3 * time.Minute},
		{"between chunks", "S: 220\nC: HELO a\nS: 250\nC: MAIL FROM:<>\nS: 250\nC: RCPT TO:<a@b>\nS: 250\nC: BDAT 3\nC: x\nS: 250", 5 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := new(mailbox)
				c := play(t, &smtp.Server{Backend: m}, tt.script)
				begun := time.Now()
				c.want("421 4.4.2")
				assert.Equal(t, tt.after, time.Since(begun))
				c.end()
				assert.Empty(t, m.got())
			})
		})
	}
}

// A client that sends an octet now and then is not waited for beyond the whole
// time of a command, or of a message (slow-loris).
func TestServerSlowLoris(t *testing.T) {
	const toData = "S: 220\nC: HELO a\nS: 250\nC: MAIL FROM:<>\nS: 250\nC: RCPT TO:<a@b>\nS: 250\nC: DATA\nS: 354"
	for _, tt := range []struct {
		name, script string
		after        time.Duration
	}{{"command", "S: 220", 5 * time.Minute}, {"message", toData, 30 * time.Minute}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := play(t, &smtp.Server{Backend: new(mailbox)}, tt.script)
				begun := time.Now()
				var wg sync.WaitGroup
				wg.Go(func() {
					for err := error(nil); err == nil; _, err = io.WriteString(c.nc, "N") {
						time.Sleep(50 * time.Second)
					}
				})
				c.want("421 4.4.2")
				assert.Equal(t, tt.after, time.Since(begun))
				c.nc.Close()
				wg.Wait()
			})
		})
	}
}

// A least rate ends a message that comes too slowly, well before its time, and
// leaves alone who only waits between commands.
func TestServerMinReadRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(mailbox)
		srv := &smtp.Server{Backend: m, Conns: sockets.Limits{MinReadRate: sockets.Rate{Octets: 100, Window: 20 * time.Second}}}
		c := play(t, srv, "S: 220")
		time.Sleep(4 * time.Minute)
		c.play(strings.TrimPrefix(toData, "S: 220\n"))
		begun := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			for err := error(nil); err == nil; _, err = io.WriteString(c.nc, "N") {
				time.Sleep(time.Second)
			}
		})
		c.want("421 4.4.2")
		assert.Equal(t, 20*time.Second, time.Since(begun))
		c.nc.Close()
		wg.Wait()
		<-c.done
		assert.Empty(t, m.got())
	})
}

// A server that shuts down tells those who wait, and finishes a message under
// way.
func TestServerShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(mailbox)
		srv := &smtp.Server{Backend: m}
		idle := play(t, srv, "S: 220\nC: EHLO a\nS: 250")
		busy := play(t, srv, "S: 220\nC: EHLO a\nS: 250\nC: MAIL FROM:<>\nS: 250\nC: RCPT TO:<a@b>\nS: 250\nC: DATA\nS: 354\nC: x")
		chunked := play(t, srv, "S: 220\nC: EHLO a\nS: 250\nC: MAIL FROM:<>\nS: 250\nC: RCPT TO:<a@b>\nS: 250\nC: BDAT 3\nC: x\nS: 250")
		over := make(chan error, 1)
		go func() { over <- srv.Shutdown(context.Background()) }()
		idle.want("421 4.3.2")
		idle.end()
		synctest.Wait()
		busy.do(".", "250 2.0.0")
		busy.want("421 4.3.2")
		busy.end()
		chunked.do("BDAT 3 LAST\r\ny", "250 2.0.0")
		chunked.want("421 4.3.2")
		chunked.end()
		require.NoError(t, <-over)
		got := m.got()
		require.Len(t, got, 2)
		assert.False(t, got[0].Cancelled)
		assert.ErrorIs(t, srv.ServeConn(t.Context(), idle.nc), smtp.ErrServerClosed)
	})
}

// Shutdown does not wait for the password of somebody who logs in.
func TestServerShutdownLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &smtp.Server{Backend: new(mailbox), Auth: plainAuth, AllowInsecureAuth: true}
		c := play(t, srv, "S: 220\nC: EHLO a\nS: 250\nC: AUTH PLAIN\nS: 334")
		begun := time.Now()
		require.NoError(t, srv.Shutdown(t.Context()))
		assert.Less(t, time.Since(begun), time.Minute)
		c.want("421 4.3.2")
		c.end()
	})
}

// Shutdown that may not wait cuts connections, and Data hears of it.
func TestServerShutdownCuts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := new(mailbox)
		srv := &smtp.Server{Backend: m}
		busy := play(t, srv, "S: 220\nC: EHLO a\nS: 250\nC: MAIL FROM:<>\nS: 250\nC: RCPT TO:<a@b>\nS: 250\nC: DATA\nS: 354\nC: x")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.ErrorIs(t, srv.Shutdown(ctx), context.DeadlineExceeded)
		<-busy.done
		assert.Empty(t, m.got())
		assert.Len(t, m.errs, 1)
		assert.Equal(t, 1, m.closes)
	})
}

// Whoever speaks before the greeting is a program that only sends junk.
func TestServerEarlyTalker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := &smtp.Server{Backend: new(mailbox), EarlyTalker: 5 * time.Second}
		c := call(t, srv)
		c.send("EHLO a\r\n")
		c.want("554")
		c.end()
		begun := time.Now()
		c = call(t, srv)
		c.want("220")
		assert.Equal(t, 5*time.Second, time.Since(begun))
		c.do("EHLO a", "250")
	})
}
