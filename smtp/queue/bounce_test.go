package queue_test

import (
	"io"
	"strconv"
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

// Nobody is told of what becomes of a report (RFC 3461 §6.1).
func TestBounceAsksForNoReport(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var asked []smtp.Notify
		q := &queue.Queue{Dir: t.TempDir(), Hostname: "mx.crepes.fr", Deliverer: newSink(func(m *queue.Message, to smtp.Recipient) queue.Result {
			if m.From.IsNull() {
				asked = append(asked, to.Notify)
			}
			return refuse(550, smtp.EnhancedCode{5, 1, 1}, "no")
		})}
		running(t, q)
		submit(t, q, envelope(bob), text)
		pass(time.Hour)
		assert.Equal(t, []smtp.Notify{smtp.NotifyNever}, asked)
	})
}

// What of the message comes back (RFC 3461 §4.3).
func TestBounceReturns(t *testing.T) {
	eightBit := strings.Replace(text, "ketchup?", "jalapeños?", 1)
	eightBitHeader := strings.Replace(text, "Subject: ketchup", "Subject: jalapeños", 1)
	tests := []struct {
		name, text string
		opts       smtp.MailOptions
		kind, body string
		envelope   smtp.BodyType
	}{
		{"3461-4.3 RET=HDRS", text, smtp.MailOptions{Return: smtp.ReturnHeader}, "text/rfc822-headers", text[:strings.Index(text, "\r\nDo")], 0},
		{"3461-4.3 RET=FULL", text, smtp.MailOptions{Return: smtp.ReturnFull}, "message/rfc822", text, 0},
		{"6522-3 nothing said", text, smtp.MailOptions{}, "message/rfc822", text, 0},
		{"3461-6.2 too long", text + strings.Repeat("ketchup\r\n", 3000), smtp.MailOptions{Return: smtp.ReturnFull}, "text/rfc822-headers", text[:strings.Index(text, "\r\nDo")], 0},
		{"8bit body", eightBit, smtp.MailOptions{Body: smtp.BodyEightBit}, "message/rfc822", eightBit, smtp.BodyEightBit},
		{"8bit body, header asked for", eightBit, smtp.MailOptions{Body: smtp.BodyEightBit, Return: smtp.ReturnHeader}, "text/rfc822-headers", text[:strings.Index(text, "\r\nDo")], 0},
		{"6522-4 header that is not ASCII", eightBitHeader, smtp.MailOptions{Return: smtp.ReturnHeader}, "text/rfc822-headers", eightBitHeader[:strings.Index(eightBitHeader, "\r\nDo")], 0},
		{"6533-4.2 message/global", eightBitHeader, smtp.MailOptions{UTF8: true}, "message/global", eightBitHeader, 0},
		{"6533-4.3 message/global-headers", eightBitHeader, smtp.MailOptions{UTF8: true, Return: smtp.ReturnHeader}, "message/global-headers", eightBitHeader[:strings.Index(eightBitHeader, "\r\nDo")], 0},
		{"6532-3 UTF8 asked for and not needed", text, smtp.MailOptions{UTF8: true}, "message/rfc822", text, 0},
		{"a line beyond 998 octets", text + strings.Repeat("x", 1200) + "\r\n", smtp.MailOptions{Return: smtp.ReturnFull}, "text/rfc822-headers", text[:strings.Index(text, "\r\nDo")], 0},
		{"a bare LF", text + "a\nb\r\n", smtp.MailOptions{Return: smtp.ReturnFull}, "text/rfc822-headers", text[:strings.Index(text, "\r\nDo")], 0},
		{"a NUL", text + "a\x00b\r\n", smtp.MailOptions{Return: smtp.ReturnFull}, "text/rfc822-headers", text[:strings.Index(text, "\r\nDo")], 0},
		{"a boundary in the message", text + "--=_x\r\n--=_x--\r\n", smtp.MailOptions{}, "message/rfc822", text + "--=_x\r\n--=_x--\r\n", 0},
		{"no header", "\r\nbody\r\n", smtp.MailOptions{Return: smtp.ReturnHeader}, "text/rfc822-headers", "\r\n", 0},
		{"nothing at all", "", smtp.MailOptions{}, "message/rfc822", "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var got smtp.MailOptions
				s := newSink(func(m *queue.Message, _ smtp.Recipient) queue.Result {
					if m.From.IsNull() {
						got = m.Options
						return queue.Result{}
					}
					return refuse(550, smtp.EnhancedCode{5, 1, 1}, "no")
				})
				q := &queue.Queue{Dir: t.TempDir(), Deliverer: s, Hostname: "mx.crepes.fr", Limits: queue.Limits{MaxReturn: 20_000}}
				running(t, q)
				env := envelope(bob)
				env.MailOptions = tt.opts
				submit(t, q, env, tt.text)
				pass(time.Minute)
				reports := s.reports()
				require.Len(t, reports, 1)
				assert.Equal(t, smtp.MailOptions{Body: tt.envelope}, got, "the report needs no more on its way")
				if tt.envelope == smtp.BodyUnsaid {
					assert.NotRegexp(t, `[^\x00-\x7f]`, reports[0].text, "7bit is enough for it")
				}
				_, r := report(t, reports[0].text)
				require.NotNil(t, r.Original)
				assert.Equal(t, tt.kind, r.Original.MediaType().Name())
				content := r.Original.Raw()
				if r.Original.TransferEncoding() == mime.EncodingQuotedPrintable {
					content = mime.NewQPReader(content)
				}
				body, err := io.ReadAll(content)
				require.NoError(t, err)
				// The line end before a delimiter is the delimiter's.
				assert.Equal(t, strings.TrimRight(tt.body, "\r\n"), strings.TrimRight(string(body), "\r\n"))
			})
		})
	}
}

// Who asked for what gets it, and nobody else (RFC 3461 §5.2).
func TestNotify(t *testing.T) {
	failed := refuse(550, smtp.EnhancedCode{5, 1, 1}, "no")
	const none = smtp.Notify(0)
	tests := []struct {
		name   string
		notify smtp.Notify
		result queue.Result
		want   string // the action, "" for no report
	}{
		{"5.2.6c nothing said, failed", none, failed, "failed"},
		{"5.2.6a FAILURE", smtp.NotifyFailure, failed, "failed"},
		{"5.2.6b SUCCESS alone, failed", smtp.NotifySuccess, failed, ""},
		{"5.2.6b DELAY alone, failed", smtp.NotifyDelay, failed, ""},
		{"5.2.2d NEVER", smtp.NotifyNever, failed, ""},
		{"5.2.3a in a mailbox, SUCCESS", smtp.NotifySuccess, queue.Result{Delivered: true}, "delivered"},
		{"5.2.3b in a mailbox, FAILURE", smtp.NotifyFailure, queue.Result{Delivered: true}, ""},
		{"5.2.3c in a mailbox", none, queue.Result{Delivered: true}, ""},
		{"5.2.2b next host without DSN, SUCCESS", smtp.NotifySuccess | smtp.NotifyFailure, queue.Result{Relayed: true}, "relayed"},
		{"5.2.2e next host without DSN", none, queue.Result{Relayed: true}, ""},
		{"5.2.1 next host with DSN", smtp.NotifySuccess, queue.Result{}, ""},
		{"an error that is called permanent", none, queue.Result{Err: errDown, Permanent: true}, "failed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := envelope(bob)
			env.To[0].Notify = tt.notify
			reports := reported(t, env, text, tt.result, time.Hour)
			if tt.want == "" {
				assert.Empty(t, reports)
				return
			}
			require.Len(t, reports, 1)
			_, r := report(t, reports[0].text)
			require.Len(t, r.Groups, 2)
			assert.Equal(t, tt.want, r.Groups[1].Get("Action"))
			if tt.want != "failed" {
				assert.Equal(t, "2.0.0", r.Groups[1].Get("Status"))
				assert.Equal(t, "text/rfc822-headers", r.Original.MediaType().Name(), "3461-4.3 no failure, no content")
			}
		})
	}
}

// A notice of delay comes once, 4 hours after the message, where it is asked for;
// then, after 5 days, the end.
func TestDelayNotice(t *testing.T) {
	env := envelope(bob, carol)
	env.To[0].Notify = smtp.NotifyDelay | smtp.NotifyFailure
	reports := reported(t, env, text, queue.Result{Err: errDown}, 6*24*time.Hour)
	require.Len(t, reports, 2)
	assert.Equal(t, 4*time.Hour, reports[0].at)
	e, r := report(t, reports[0].text)
	h, err := e.Header()
	require.NoError(t, err)
	assert.Equal(t, "Your message is delayed", h.Get("Subject"))
	require.Len(t, r.Groups, 2, "carol did not ask")
	g := &r.Groups[1]
	assert.Equal(t, "rfc822; bob@hamburger.edu", field(t, g, "Final-Recipient"))
	assert.Equal(t, "delayed", g.Get("Action"))
	assert.Equal(t, "4.0.0", g.Get("Status"))
	assert.Equal(t, "x-local; connection refused", g.Get("Diagnostic-Code"))
	assert.Equal(t, "Thu, 6 Jan 2000 00:00:00 +0000", g.Get("Will-Retry-Until"))
	assert.False(t, g.Has("Remote-MTA"), "3464-2.3.5 no host answered")

	assert.Equal(t, 5*24*time.Hour, reports[1].at)
	_, r = report(t, reports[1].text)
	require.Len(t, r.Groups, 3)
	assert.Equal(t, "failed", r.Groups[1].Get("Action"))
	assert.Equal(t, "4.4.7", r.Groups[1].Get("Status"))
}

// Nothing is ever sent to nobody (RFC 5321 §4.5.5): what would be is dropped, or
// goes to somebody here, and what would be about that is dropped.
func TestDoubleBounce(t *testing.T) {
	postmaster := smtp.Path{Local: "postmaster", Domain: "crepes.fr"}
	for _, tt := range []struct {
		name    string
		to      smtp.Path
		reports int
	}{
		{"dropped", smtp.Path{}, 0},
		{"to the postmaster", postmaster, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := newSink(func(*queue.Message, smtp.Recipient) queue.Result {
					return refuse(550, smtp.EnhancedCode{5, 1, 1}, "no")
				})
				q := &queue.Queue{Dir: t.TempDir(), Deliverer: s, Hostname: "mx.crepes.fr", DoubleBounce: tt.to}
				running(t, q)
				env := envelope(bob)
				env.From = smtp.Path{}
				env.To[0].Notify = smtp.NotifyNever
				submit(t, q, env, text)
				pass(time.Hour)
				calls := s.got()
				require.Len(t, calls, 1+tt.reports, "the report was refused too, and that was all")
				if tt.reports > 0 {
					assert.Equal(t, []string{"postmaster@crepes.fr"}, calls[1].to)
					assert.Contains(t, calls[1].text, "message without a sender")
				}
				assert.Empty(t, q.List())
			})
		})
	}
}

// A message to many of whom all fail makes one report.
func TestBounceStorm(t *testing.T) {
	var to []smtp.Path
	for i := range 300 {
		to = append(to, smtp.Path{Local: "x", Domain: "host" + strconv.Itoa(i) + ".example"})
	}
	reports := reported(t, envelope(to...), text, refuse(550, smtp.EnhancedCode{5, 7, 1}, "no"), time.Hour)
	require.Len(t, reports, 1)
	_, r := report(t, reports[0].text)
	assert.Len(t, r.Groups, 301)
}

// RFC 6533: addresses in UTF-8 stand in a report as they are, which is encoded.
func TestBounceUTF8(t *testing.T) {
	env := envelope(smtp.Path{Local: "jalapeño", Domain: "hamburger.edu"})
	env.UTF8 = true
	env.To[0].Original = smtp.OriginalRecipient{Type: "utf-8", Address: "chilé@burgers.example"}
	refused := refuse(550, smtp.EnhancedCode{5, 1, 1}, "¿quién?")
	reports := reported(t, env, text, refused, time.Minute)
	require.Len(t, reports, 1)
	assert.NotRegexp(t, `[^\x00-\x7f]`, reports[0].text)
	_, r := report(t, reports[0].text)
	assert.Equal(t, "message/global-delivery-status", r.Status.MediaType().Name())
	assert.Equal(t, "utf-8; jalapeño@hamburger.edu", r.Groups[1].Get("Final-Recipient"))
	assert.Equal(t, "utf-8; chilé@burgers.example", r.Groups[1].Get("Original-Recipient"))
	assert.Equal(t, "smtp; 550 5.1.1 ¿quién?", r.Groups[1].Get("Diagnostic-Code"))

	// A message that is ASCII has a report that is.
	reports = reported(t, envelope(bob), text, refused, time.Minute)
	_, r = report(t, reports[0].text)
	assert.Equal(t, "message/delivery-status", r.Status.MediaType().Name())
	assert.Equal(t, "smtp; 550 5.1.1 ?qui?n?", r.Groups[1].Get("Diagnostic-Code"))

	// There an address in UTF-8 has its form of ASCII.
	env = envelope(bob)
	env.To[0].Original = smtp.OriginalRecipient{Type: "utf-8", Address: "chilé@burgers.example"}
	reports = reported(t, env, text, refused, time.Minute)
	_, r = report(t, reports[0].text)
	assert.Equal(t, `utf-8; chil\x{E9}@burgers.example`, r.Groups[1].Get("Original-Recipient"))

	// In a status of ASCII alone that is so for "+", "=" and "\\" too, whatever the
	// message asked for.
	for _, asked := range []bool{false, true} {
		env = envelope(bob)
		env.UTF8 = asked
		env.To[0].Original = smtp.OriginalRecipient{Type: "UTF-8", Address: `bob+a=b@burgers.example`}
		reports = reported(t, env, text, refuse(550, smtp.EnhancedCode{5, 1, 1}, "no"), time.Minute)
		_, r = report(t, reports[0].text)
		assert.Equal(t, "message/delivery-status", r.Status.MediaType().Name())
		assert.Equal(t, `UTF-8; bob\x{2B}a\x{3D}b@burgers.example`, r.Groups[1].Get("Original-Recipient"))
	}

	// To a sender in UTF-8 the report itself needs SMTPUTF8.
	bubble(t, func(t *testing.T) {
		var got smtp.MailOptions
		s := newSink(func(m *queue.Message, _ smtp.Recipient) queue.Result {
			if m.From.IsNull() {
				got = m.Options
				return queue.Result{}
			}
			return refused
		})
		q := &queue.Queue{Dir: t.TempDir(), Deliverer: s, Hostname: "mx.crepes.fr"}
		running(t, q)
		env := envelope(bob)
		env.UTF8, env.From.Local = true, "élise"
		submit(t, q, env, text)
		pass(time.Minute)
		assert.Equal(t, smtp.MailOptions{UTF8: true}, got)
		reports := s.reports()
		require.Len(t, reports, 1)
		e, _ := report(t, reports[0].text)
		h, err := e.Header()
		require.NoError(t, err)
		assert.Equal(t, "élise@crepes.fr", h.Get("To"))
	})
}

// No answer of a host gets a line end into a report.
func TestBounceInjection(t *testing.T) {
	evil := queue.Result{Err: smtp.Refuse(550, smtp.EnhancedCode{5, 1, 1}, "no\r\nAction: delivered\r\n\r\nX: y\x00\x1b[2J"), RemoteMTA: "mx\r\nStatus: 2.0.0"}
	reports := reported(t, envelope(bob), text, evil, time.Minute)
	require.Len(t, reports, 1)
	_, r := report(t, reports[0].text)
	require.Len(t, r.Groups, 2)
	assert.Equal(t, []string{"failed"}, r.Groups[1].Values("Action"))
	assert.Equal(t, []string{"5.1.1"}, r.Groups[1].Values("Status"))
	assert.NotContains(t, reports[0].text, "\x1b")
	long := refuse(550, smtp.EnhancedCode{5, 1, 1}, strings.Repeat("ñ", 10_000))
	assert.Len(t, reported(t, envelope(bob), text, long, time.Minute), 1)
	word := refuse(550, smtp.EnhancedCode{5, 1, 1}, strings.Repeat("x", 10_000))
	assert.Len(t, reported(t, envelope(bob), text, word, time.Minute), 1)
}
