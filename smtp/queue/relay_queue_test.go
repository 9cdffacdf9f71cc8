package queue_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
