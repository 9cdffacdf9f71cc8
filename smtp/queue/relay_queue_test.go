package queue_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
	"applayer/smtp/queue"
)

// Alice writes to Bob while his server is down, and to nobody: Bob gets his
// letter when it is back, and Alice hers.
func TestRelayOutOfQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.names = names{
			"mx hamburger.edu": mx("mail.hamburger.edu"), "a mail.hamburger.edu": "192.0.2.1",
			"a crepes.fr": "192.0.2.2",
		}
		w.host("192.0.2.2", "crepes.fr", nil)
		q := &queue.Queue{Dir: t.TempDir(), Deliverer: w.relay(), Hostname: "relay.example", Schedule: queue.Schedule{Jitter: -1}}
		stop := running(t, q)
		defer stop()
		nobody := bob
		nobody.Local = "5nobody"
		submit(t, q, envelope(bob, nobody), text)
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, []string{"192.0.2.1:25"}, w.dialled())
		assert.Empty(t, w.arrived())

		w.host("192.0.2.1", "mail.hamburger.edu", nil)
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		mails := w.arrived()
		require.Len(t, mails, 2)
		assert.Equal(t, "mail.hamburger.edu", mails[0].host)
		assert.Equal(t, []string{"bob@hamburger.edu"}, mails[0].to)
		assert.True(t, strings.HasSuffix(mails[0].text, text), "%q", mails[0].text)
		assert.Equal(t, "crepes.fr", mails[1].host)
		assert.Equal(t, []string{"alice@crepes.fr"}, mails[1].to)
		assert.True(t, mails[1].from.IsNull())
		for _, line := range []string{
			"Final-Recipient: rfc822;5nobody@hamburger.edu", "Status: 5.1.1", "Action: failed",
			"Remote-MTA: dns;mail.hamburger.edu", "Diagnostic-Code: smtp;550 5.1.1 mail.hamburger.edu: no",
		} {
			assert.Contains(t, strings.ReplaceAll(mails[1].text, "; ", ";"), line)
		}
		assert.NotContains(t, mails[1].text, "bob@")
		assert.Empty(t, q.List())
	})
}

// A queue that is closed while a host keeps it waiting ends after Grace; the
// message is there still, and that was no try.
func TestRelayClosedInTheMiddle(t *testing.T) {
	for name, script := range map[string][]string{
		"connecting": nil,
		"greeting":   {"-", "220 too late"},
		"MAIL":       {"220 hi", "250 hi", "-", "-"},
		"message":    {"220 hi", "250 hi", "250 ok", "250 ok", "354 go", "-", "-", "-", "-", "-", "-"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := hamburger(t, nil)
				r := w.relay()
				if script == nil {
					w.away(r, "192.0.2.1")
				} else {
					w.script("192.0.2.1", append(script, "-")...)
				}
				q := &queue.Queue{Dir: t.TempDir(), Deliverer: r}
				stop := running(t, q)
				submit(t, q, envelope(bob), text)
				synctest.Wait()
				require.Len(t, w.dialled(), 1)
				begun := time.Now()
				stop()
				assert.Equal(t, 10*time.Second, time.Since(begun))
				assert.NoError(t, r.Close())
				assert.Equal(t, 10*time.Second, time.Since(begun))

				require.NoError(t, q.Open())
				defer q.Close()
				list := q.List()
				require.Len(t, list, 1)
				assert.Zero(t, list[0].To[0].Tries)
			})
		})
	}
}

// A host that lacks what the message needs is told of by its code, and so is a
// message that nobody can have in 7 bits (RFC 6531 §3.5, RFC 6152 §3).
func TestRelayReportsWhatIsLacking(t *testing.T) {
	for _, tt := range []struct {
		name, text, status string
		options            smtp.MailOptions
	}{
		{"SMTPUTF8", text, "5.6.7", smtp.MailOptions{UTF8: true}},
		{"8BITMIME", "Subject: caf\xc3\xa9\r\n\r\nx\r\n", "5.6.3", smtp.MailOptions{Body: smtp.BodyEightBit}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := hamburger(t, &smtp.Server{Without: []string{"SMTPUTF8", "8BITMIME"}})
				w.names["a crepes.fr"] = "192.0.2.2"
				w.host("192.0.2.2", "crepes.fr", nil)
				q := &queue.Queue{Dir: t.TempDir(), Deliverer: w.relay(), Hostname: "relay.example"}
				stop := running(t, q)
				defer stop()
				env := envelope(bob)
				env.MailOptions = tt.options
				submit(t, q, env, tt.text)
				time.Sleep(time.Second)
				synctest.Wait()
				mails := w.arrived()
				require.Len(t, mails, 1)
				assert.Equal(t, "crepes.fr", mails[0].host)
				assert.Contains(t, mails[0].text, "\r\nAction: failed\r\nStatus: "+tt.status+"\r\n")
				assert.NotContains(t, mails[0].text, "Remote-MTA", "it did not say so")
			})
		})
	}
}
