package ftp_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
)

// Each wait has an end.
func TestServerTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &ftp.Server{Auth: userP(slowFS())})
		since := func(begun time.Time, want time.Duration) {
			t.Helper()
			assert.InDelta(t, want, time.Since(begun), float64(100*time.Millisecond))
		}
		begun := time.Now()
		c := s.dial("192.0.2.8")
		c.want("220")
		time.Sleep(30 * time.Second)
		c.do("USER u", "331")
		c.want("421")
		since(begun, time.Minute) // a login in all
		c.end()

		c = s.login()
		begun = time.Now()
		c.want("421")
		since(begun, 5*time.Minute)
		c.end()

		c = s.login()
		c.do("SITE IDLE 20", "200")
		begun = time.Now()
		c.want("421")
		since(begun, 20*time.Second)

		c = s.login()
		c.do("TYPE I", "200")
		c.port()
		begun = time.Now()
		c.do("RETR big", "150", "425")
		since(begun, 30*time.Second) // nobody came

		data := c.passive()
		begun = time.Now()
		c.do("RETR big", "1", "426")
		since(begun, time.Minute) // nobody reads
		data.Close()

		// A peer that takes an octet now and then is slow, and alive; and the
		// control connection of its transfer is not idle.
		data = c.passive()
		begun = time.Now()
		c.do("RETR big", "1")
		b := make([]byte, 256<<10)
		for range 10 {
			time.Sleep(50 * time.Second)
			_, err := io.ReadFull(data, b[:100<<10])
			require.NoError(t, err)
		}
		_, err := io.Copy(io.Discard, data)
		require.NoError(t, err)
		c.want("226")
		since(begun, 500*time.Second)
	})
}

// RFC 959 §4.1.1: USER and REIN begin a new login at any time, and that has as
// much time as the first had.
func TestServerLoginAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &ftp.Server{Auth: userP(slowFS())})
		for _, again := range []struct{ line, reply string }{{"REIN", "220"}, {"USER u", "331"}} {
			c := s.login()
			time.Sleep(4 * time.Minute)
			c.do(again.line, again.reply)
			time.Sleep(40 * time.Second)
			c.do("USER u", "331")
			c.do("PASS p", "230")
			c.do(again.line, again.reply)
			begun := time.Now()
			c.want("421")
			assert.InDelta(t, time.Minute, time.Since(begun), float64(100*time.Millisecond))
			c.end()
		}
	})
}

// A refusal takes a second, whatever its reason, with one text; the third ends
// the session.
func TestServerLoginDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logins []error
		slow := ftp.AuthenticatorFunc(func(_ context.Context, l ftp.Login) (*ftp.Account, error) {
			if l.User == "known" {
				time.Sleep(300 * time.Millisecond)
			}
			return nil, ftp.ErrRefused
		})
		var log bytes.Buffer
		s := serve(t, &ftp.Server{Auth: slow, Logger: slog.New(slog.NewTextHandler(&log, nil)),
			Events: ftp.Events{Login: func(_ string, _ net.Addr, err error) { logins = append(logins, err) }}})
		c := s.dial("192.0.2.7")
		c.want("220")
		var texts []string
		for _, user := range []string{"known", "unknown"} {
			c.do("USER "+user, "331")
			begun := time.Now()
			texts = append(texts, c.do("PASS geheim", "530"))
			assert.Equal(t, time.Second, time.Since(begun), user)
		}
		assert.Equal(t, texts[0], texts[1])
		c.do("USER known", "331")
		c.do("PASS geheim", "421")
		c.end()
		assert.Len(t, logins, 3)
		assert.NotContains(t, log.String(), "geheim")
		assert.Contains(t, log.String(), "login refused")
	})
}

// Shutdown tells idle sessions, and lets transfers end.
func TestServerShutdown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &ftp.Server{Auth: userP(slowFS())})
		idle, busy := s.login(), s.login()
		busy.do("TYPE I", "200")
		data := busy.passive()
		busy.do("RETR big", "1")
		time.Sleep(time.Second)
		done := make(chan error, 1)
		go func() { done <- s.srv.Shutdown(t.Context()) }()
		idle.want("421")
		idle.end()
		synctest.Wait()
		n, err := io.Copy(io.Discard, data)
		require.NoError(t, err)
		assert.EqualValues(t, 2<<20, n)
		busy.want("226")
		busy.want("421")
		busy.end()
		require.NoError(t, <-done)
	})
}

// Where the control connection is not read any more, after QUIT and behind a full
// queue, Close cuts a transfer too, and so does a Shutdown whose time is over.
func TestServerCloseUnheard(t *testing.T) {
	for _, said := range []string{"QUIT\r\n", strings.Repeat("NOOP\r\n", 100)} {
		for _, end := range []func(*ftp.Server){
			func(srv *ftp.Server) { srv.Close() },
			func(srv *ftp.Server) {
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				defer cancel()
				assert.ErrorIs(t, srv.Shutdown(ctx), context.DeadlineExceeded)
			},
		} {
			synctest.Test(t, func(t *testing.T) {
				dir := files(t)
				var event ftp.TransferEvent
				s := serve(t, &ftp.Server{Auth: userP(dir), Timeouts: ftp.Timeouts{Stall: -1},
					Events: ftp.Events{Transfer: func(e ftp.TransferEvent) { event = e }}})
				c := s.login()
				c.passive()
				c.do("STOR a.txt", "1")
				c.c.NetConn().Write([]byte(said))
				time.Sleep(time.Second)
				end(s.srv)
				synctest.Wait()
				assert.Equal(t, 426, event.Code, "%.4s", said)
				assert.Equal(t, "one\ntwo\n", read(t, dir, "a.txt"))
			})
		}
	}
}

// Close cuts transfers too.
func TestServerClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, &ftp.Server{Auth: userP(slowFS())})
		c := s.login()
		c.do("TYPE I", "200")
		data := c.passive()
		c.do("RETR big", "1")
		time.Sleep(time.Second)
		require.NoError(t, s.srv.Close())
		_, err := c.c.ReadReply()
		require.Error(t, err)
		synctest.Wait()
		io.Copy(io.Discard, data)
	})
}

// QUIT is answered after the transfer under way, and what follows it is not.
func TestServerQuitInTransfer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := serve(t, &ftp.Server{Auth: userP(slowFS())}).login()
		c.do("TYPE I", "200")
		data := c.passive()
		c.do("RETR big", "1")
		time.Sleep(time.Second)
		c.send("QUIT")
		c.send("NOOP")
		n, err := io.Copy(io.Discard, data)
		require.NoError(t, err)
		assert.EqualValues(t, 2<<20, n)
		c.want("226")
		c.want("221")
		c.end()
	})
}

// RFC 959 §4.1.1 (QUIT): a control connection that ends in a transfer aborts it.
func TestServerControlLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := files(t)
		var events []ftp.TransferEvent
		s := serve(t, &ftp.Server{Auth: userP(dir), Events: ftp.Events{Transfer: func(e ftp.TransferEvent) { events = append(events, e) }}})
		c := s.login()
		c.do("TYPE I", "200")
		data := c.passive()
		c.do("STOR a.txt", "1")
		io.WriteString(data, "half")
		time.Sleep(time.Second)
		c.c.Close()
		time.Sleep(time.Second)
		data.Close()
		synctest.Wait()
		assert.Equal(t, "one\ntwo\n", read(t, dir, "a.txt"), "the old file is whole")
		require.Len(t, events, 1)
		assert.Equal(t, 426, events[0].Code)
		assert.Equal(t, "/a.txt", events[0].Path)
		assert.Equal(t, ftp.VerbSTOR, events[0].Verb)
	})
}
