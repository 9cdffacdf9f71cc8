package queue_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
	"applayer/smtp"
	"applayer/smtp/queue"
)

// refusing answers every message but reports with a result, so that there is one.
func refusing(r queue.Result) func(*queue.Message, smtp.Recipient) queue.Result {
	return func(m *queue.Message, _ smtp.Recipient) queue.Result {
		if m.From.IsNull() {
			return queue.Result{}
		}
		return r
	}
}

// reported submits a message, lets time pass, and returns the reports about it.
func reported(t *testing.T, env smtp.Envelope, text string, r queue.Result, wait time.Duration) (reports []call) {
	t.Helper()
	bubble(t, func(t *testing.T) {
		s := newSink(refusing(r))
		q := &queue.Queue{Dir: t.TempDir(), Deliverer: s, Schedule: exact, Hostname: "mx.crepes.fr"}
		running(t, q)
		submit(t, q, env, text)
		pass(wait)
		reports = s.reports()
	})
	return reports
}

// field returns the value of a field of a group.
func field(t *testing.T, h *mime.Header, name string) string {
	t.Helper()
	v, err := h.Text(name)
	require.NoError(t, err, name)
	return v
}

func TestBounce(t *testing.T) {
	env := envelope(bob)
	env.EnvelopeID = "QQ314159"
	env.To[0].Original = smtp.OriginalRecipient{Type: "rfc822", Address: "Bob@burgers.example"}
	reports := reported(t, env, text, refuse(550, smtp.EnhancedCode{5, 1, 1}, "No such user"), time.Minute)
	require.Len(t, reports, 1)
	assert.True(t, reports[0].from.IsNull(), "3461-6.1 null reverse-path")
	assert.Equal(t, []string{"alice@crepes.fr"}, reports[0].to)

	e, r := report(t, reports[0].text)
	h, err := e.Header()
	require.NoError(t, err)
	assert.Equal(t, "Your message could not be delivered", h.Get("Subject"))
	assert.Equal(t, "alice@crepes.fr", h.Get("To"))
	assert.Equal(t, "auto-replied", h.Get("Auto-Submitted"))
	assert.Equal(t, "<1@crepes.fr>", h.Get("References"))
	assert.Contains(t, h.Get("From"), "<MAILER-DAEMON@mx.crepes.fr>")
	assert.Empty(t, h.Check(nil))

	assert.Equal(t, "delivery-status", r.Type)
	assert.Equal(t, "message/delivery-status", r.Status.MediaType().Name())
	require.Len(t, r.Groups, 2)
	for _, want := range []struct {
		group       int
		name, value string
	}{
		{0, "Original-Envelope-Id", "QQ314159"},
		{0, "Reporting-MTA", "dns; mx.crepes.fr"},
		{0, "Arrival-Date", "Sat, 1 Jan 2000 00:00:00 +0000"},
		{1, "Original-Recipient", "rfc822; Bob@burgers.example"},
		{1, "Final-Recipient", "rfc822; bob@hamburger.edu"},
		{1, "Action", "failed"},
		{1, "Status", "5.1.1"},
		{1, "Remote-MTA", "dns; mx.hamburger.edu"},
		{1, "Diagnostic-Code", "smtp; 550 5.1.1 No such user"},
		{1, "Last-Attempt-Date", "Sat, 1 Jan 2000 00:00:00 +0000"},
	} {
		assert.Equal(t, want.value, field(t, &r.Groups[want.group], want.name), want.name)
	}
	assert.False(t, r.Groups[1].Has("Will-Retry-Until"), "3464-2.3.9 of delays alone")
	require.NotNil(t, r.Original)
	assert.Equal(t, "message/rfc822", r.Original.MediaType().Name())
	assert.True(t, strings.Contains(reports[0].text, text), "the whole message comes back")
	assert.Contains(t, reports[0].text, "<bob@hamburger.edu>\r\n    (sent to Bob@burgers.example)\r\n    mx.hamburger.edu: 550 5.1.1 No such user\r\n")
}
