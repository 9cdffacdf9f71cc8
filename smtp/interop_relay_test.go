package smtp_test

import (
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/peers"
	"applayer/smtp"
)

// inject gives a relay of others a message from alice, as a client does that it
// trusts.
func inject(t *testing.T, relay *peers.Server, text string, to ...string) {
	t.Helper()
	host, port, err := net.SplitHostPort(relay.Addr)
	require.NoError(t, err)
	run(t, "swaks", "--server", host, "--port", port, "--ehlo", "crepes.fr", "--from", "alice@crepes.fr",
		"--to", strings.Join(to, ","), "--data", swaksFile(t, text))
}

// submit is inject with a script that s.sendmail is in, s being a session of
// Python's smtplib and m the message.
func submit(t *testing.T, relay *peers.Server, text, script string) {
	t.Helper()
	_, port, err := net.SplitHostPort(relay.Addr)
	require.NoError(t, err)
	run(t, "python3", "-c", "import smtplib, sys\n"+
		"s = smtplib.SMTP('127.0.0.1', int(sys.argv[1]), local_hostname='crepes.fr')\ns.ehlo()\n"+
		"m = open(sys.argv[2], 'rb').read()\n"+script+"\ns.quit()\n", port, file(t, text))
}

// relayed is a message behind the trace that a relay put before it.
func relayed(t *testing.T, want, got, of string) {
	t.Helper()
	trace, _, ok := strings.Cut(got, header)
	require.True(t, ok, "%q", got[:min(len(got), 300)])
	assert.True(t, strings.HasPrefix(trace, "Received: "), trace)
	same(t, want, got[len(trace):], of)
}

const dsn = `s.sendmail("alice@crepes.fr", ["bob@hamburger.edu"], m, mail_options=["RET=HDRS", "ENVID=QQ314159"], rcpt_options=["NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;al+2Bice@crepes.fr"])`

// withDSN is what they make of it.
func withDSN(t *testing.T, l letter) {
	t.Helper()
	assert.Equal(t, smtp.ReturnHeader, l.Options.Return)
	assert.Equal(t, "QQ314159", l.Options.EnvelopeID)
	require.Len(t, l.To, 1)
	assert.Equal(t, smtp.NotifySuccess|smtp.NotifyFailure, l.To[0].Notify)
	assert.Equal(t, smtp.OriginalRecipient{Type: "rfc822", Address: "al+ice@crepes.fr"}, l.To[0].Original)
}

func TestInteropServerPostfix(t *testing.T) {
	o := serveOurs(t, nil)
	p := peers.Postfix(t, &peers.Config{Next: o.addr, Lines: []string{
		"myhostname = mail.crepes.fr", "virtual_mailbox_domains =", "smtp_tls_security_level = may",
	}})
	for body := range bodies {
		inject(t, p, message(body), "bob@hamburger.edu", "carol@hamburger.edu")
		l := o.take(1)[0]
		relayed(t, message(body), l.Text, body)
		assert.Equal(t, "ESMTPS", l.Protocol)
		assert.Equal(t, "mail.crepes.fr", l.Hello)
		assert.Len(t, l.To, 2)
		assert.Positive(t, l.Options.Size)
	}
	t.Run("DSN", func(t *testing.T) {
		submit(t, p, message("dots"), dsn)
		withDSN(t, o.take(1)[0])
	})
	t.Run("SMTPUTF8", func(t *testing.T) {
		submit(t, p, message("8 bit"), `s.sendmail("jérôme@crêpes.example", ["björn@hamburger.edu"], m, mail_options=["SMTPUTF8", "BODY=8BITMIME"])`)
		l := o.take(1)[0]
		relayed(t, message("8 bit"), l.Text, "SMTPUTF8")
		assert.True(t, l.Options.UTF8)
		assert.Equal(t, smtp.BodyEightBit, l.Options.Body)
		assert.Equal(t, "UTF8SMTPS", l.Protocol)
		assert.Equal(t, "jérôme@crêpes.example", l.From.String())
		assert.Equal(t, "björn", l.To[0].Local)
	})
	t.Run("20 MB", func(t *testing.T) {
		large := largeMessage()
		submit(t, p, large, `s.sendmail("alice@crepes.fr", ["bob@hamburger.edu"], m)`)
		relayed(t, large, o.take(1)[0].Text, "20 MB")
	})
	// The report of what we refused comes back to us.
	t.Run("a report", func(t *testing.T) {
		inject(t, p, message("plain"), "bob@hamburger.edu", "nobody@hamburger.edu")
		letters := o.take(2)
		report := letters[0]
		if !report.From.IsNull() {
			report = letters[1]
		}
		assert.True(t, report.From.IsNull())
		assert.Contains(t, report.Text, "Diagnostic-Code: smtp; 550 5.1.1 no such user here\r\n")
	})
}

// TestInteropServerExim has Exim pass on to us what is for crepes.fr, in chunks.
func TestInteropServerExim(t *testing.T) {
	var chunks atomic.Int64
	o := serveOurs(t, func(s *smtp.Server, _ *mailbox) {
		log := s.Trace.Line
		s.Trace = &smtp.Trace{Line: func(server bool, line []byte) {
			if !server && strings.HasPrefix(string(line), "BDAT ") {
				chunks.Add(1)
			}
			log(server, line)
		}}
	})
	e := peers.Exim(t, &peers.Config{Next: o.addr, Lines: []string{"transport tls_verify_certificates ="}})
	for body := range bodies {
		inject(t, e, message(body), "bob@crepes.fr", "carol@crepes.fr")
		l := o.take(1)[0]
		relayed(t, message(body), l.Text, body)
		assert.Equal(t, "ESMTPS", l.Protocol)
		assert.Equal(t, "mail.hamburger.edu", l.Hello)
		assert.Len(t, l.To, 2)
	}
	t.Run("DSN", func(t *testing.T) {
		submit(t, e, message("dots"), strings.ReplaceAll(dsn, "bob@hamburger.edu", "bob@crepes.fr"))
		withDSN(t, o.take(1)[0])
	})
	t.Run("SMTPUTF8", func(t *testing.T) {
		submit(t, e, message("8 bit"), `s.sendmail("jérôme@crêpes.example", ["björn@crepes.fr"], m, mail_options=["SMTPUTF8", "BODY=8BITMIME"])`)
		l := o.take(1)[0]
		relayed(t, message("8 bit"), l.Text, "SMTPUTF8")
		assert.True(t, l.Options.UTF8)
		assert.Equal(t, "jérôme", l.From.Local)
		assert.Equal(t, "björn", l.To[0].Local)
	})
	assert.GreaterOrEqual(t, chunks.Load(), int64(len(bodies)+2))
}

// TestInteropServerEximLarge has no TLS, of which Exim makes a record for each
// line.
func TestInteropServerEximLarge(t *testing.T) {
	o := serveOurs(t, func(s *smtp.Server, _ *mailbox) { s.Without = []string{"STARTTLS"} })
	e := peers.Exim(t, &peers.Config{Next: o.addr})
	large := largeMessage()
	submit(t, e, large, `s.sendmail("alice@crepes.fr", ["bob@crepes.fr"], m)`)
	relayed(t, large, o.take(1)[0].Text, "20 MB")
}

// TestInteropServerLMTP has Postfix deliver to us.
func TestInteropServerLMTP(t *testing.T) {
	o := serveOurs(t, func(s *smtp.Server, _ *mailbox) { s.LMTP = true })
	p := peers.Postfix(t, &peers.Config{Lines: []string{"virtual_transport = lmtp:inet:" + o.addr, "virtual_mailbox_maps = static:x", "virtual_mailbox_domains = hamburger.edu, crepes.fr"}})
	inject(t, p, message("dots"), "bob@hamburger.edu", "nobody@hamburger.edu", "carol@hamburger.edu")
	letters := o.take(2)
	l := letters[0]
	if l.From.IsNull() {
		l = letters[1]
	}
	relayed(t, message("dots"), l.Text, "dots")
	assert.Len(t, l.To, 2, "nobody was refused, and alice told")
	assert.True(t, strings.HasPrefix(l.Protocol, "LMTP"), l.Protocol)
}
