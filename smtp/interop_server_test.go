package smtp_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/peers"
	"applayer/smtp"
)

// swaksFile is a message for swaks, which ends it itself.
func swaksFile(t *testing.T, text string) string {
	t.Helper()
	return "@" + file(t, strings.TrimSuffix(text, "\r\n"))
}

// swaks sends one of bodies to ours.
func (o *ours) swaks(body string, args ...string) peers.Output {
	o.t.Helper()
	return peers.Run(o.t, "swaks", append([]string{
		"--server", "127.0.0.1", "--port", o.port, "--ehlo", "crepes.fr", "--from", "alice@crepes.fr",
		"--to", "bob@hamburger.edu", "--data", swaksFile(o.t, message(body)),
	}, args...)...)
}

func TestInteropServerSwaks(t *testing.T) {
	o := serveOurs(t, nil)
	for _, tt := range []struct {
		args               string
		protocol, identity string
	}{
		{"", "ESMTP", ""},
		{"--protocol SMTP", "SMTP", ""},
		{"--pipeline", "ESMTP", ""},
		{"-tls", "ESMTPS", ""},
		{"-tlsc --port " + o.tlsPort, "ESMTPS", ""},
		{"-a PLAIN -au bob -ap hungry", "ESMTPA", "bob"},
		{"-a LOGIN -au bob -ap hungry", "ESMTPA", "bob"},
		{"-a CRAM-MD5 -au bob -ap hungry", "ESMTPA", "bob"},
		{"-tls -a PLAIN -au bob -ap hungry --pipeline", "ESMTPSA", "bob"},
	} {
		t.Run(strings.ReplaceAll(tt.args, o.tlsPort, "PORT"), func(t *testing.T) {
			out := o.swaks("dots", strings.Fields(tt.args)...)
			require.Zero(t, out.Exit, "%s%s", out.Stdout, out.Stderr)
			l := o.take(1)[0]
			assert.Equal(t, message("dots"), l.Text)
			assert.Equal(t, "alice@crepes.fr", l.From.String())
			require.Len(t, l.To, 1)
			assert.Equal(t, "bob@hamburger.edu", l.To[0].Path.String())
			assert.Equal(t, "crepes.fr", l.Hello)
			assert.Equal(t, tt.protocol, l.Protocol)
			assert.Equal(t, tt.identity, l.Identity)
		})
	}
	for body := range bodies {
		out := o.swaks(body)
		require.Zero(t, out.Exit, "%s%s", out.Stdout, out.Stderr)
		same(t, message(body), o.take(1)[0].Text, body)
	}
}

func TestInteropServerSwaksRefused(t *testing.T) {
	o := serveOurs(t, func(s *smtp.Server, _ *mailbox) { s.Limits.MaxMessageBytes = 100 })
	for _, tt := range []struct {
		name, args string
		exit       int
		want       []string
	}{
		{"a wrong password", "-a PLAIN -au bob -ap thirsty", 28, []string{"\n<** 535 5.7.8"}},
		{"a mechanism that is not there", "-a DIGEST-MD5 -au bob -ap hungry", 28, nil},
		{"nobody", "--to nobody@hamburger.edu", 24, []string{"\n<** 550 5.1.1"}},
		{"nobody else", "--to nobody@hamburger.edu --pipeline", 24, []string{"\n<** 550 5.1.1", "\n<** 554 5.5.1"}},
		{"a message that is too large", "", 26, []string{"\n<** 552 5.3.4"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := o.swaks("long lines", strings.Fields(tt.args)...)
			assert.Equal(t, tt.exit, out.Exit, "%s%s", out.Stdout, out.Stderr)
			for _, want := range tt.want {
				assert.Contains(t, out.Stdout, want)
			}
			assert.Empty(t, o.got())
		})
	}
}

func (o *ours) curl(args ...string) peers.Output {
	o.t.Helper()
	return peers.Run(o.t, "curl", append([]string{"--silent", "--show-error", "--insecure", "--max-time", "30"}, args...)...)
}

func TestInteropServerCurl(t *testing.T) {
	o := serveOurs(t, nil)
	plain, tls := "smtp://"+o.addr+"/crepes.fr", "smtps://"+o.tlsAddr+"/crepes.fr"
	for _, tt := range []struct {
		name               string
		args               []string
		protocol, identity string
	}{
		{"plain", []string{plain}, "ESMTP", ""},
		{"STARTTLS", []string{"--ssl-reqd", plain}, "ESMTPS", ""},
		{"TLS 1.2", []string{"--ssl-reqd", "--tls-max", "1.2", plain}, "ESMTPS", ""},
		{"TLS", []string{tls}, "ESMTPS", ""},
		{"the best mechanism", []string{"--user", "bob:hungry", tls}, "ESMTPSA", "bob"},
		{"PLAIN", []string{"--user", "bob:hungry", "--login-options", "AUTH=PLAIN", "--sasl-ir", plain}, "ESMTPA", "bob"},
		{"PLAIN without initial response", []string{"--user", "bob:hungry", "--login-options", "AUTH=PLAIN", plain}, "ESMTPA", "bob"},
		{"LOGIN", []string{"--user", "bob:hungry", "--login-options", "AUTH=LOGIN", plain}, "ESMTPA", "bob"},
		{"CRAM-MD5", []string{"--user", "bob:hungry", "--login-options", "AUTH=CRAM-MD5", plain}, "ESMTPA", "bob"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := o.curl(append(tt.args, "--mail-from", "alice@crepes.fr", "--mail-rcpt", "bob@hamburger.edu", "--upload-file", file(t, message("dots")))...)
			require.Zero(t, out.Exit, "%s", out.Stderr)
			l := o.take(1)[0]
			assert.Equal(t, message("dots"), l.Text)
			assert.EqualValues(t, len(message("dots")), l.Options.Size)
			assert.Equal(t, tt.protocol, l.Protocol)
			assert.Equal(t, tt.identity, l.Identity)
		})
	}
	for body := range bodies {
		out := o.curl(plain, "--mail-from", "alice@crepes.fr", "--mail-rcpt", "bob@hamburger.edu", "--upload-file", file(t, message(body)))
		require.Zero(t, out.Exit, "%s", out.Stderr)
		same(t, message(body), o.take(1)[0].Text, body)
	}
	t.Run("20 MB", func(t *testing.T) {
		large := largeMessage()
		out := o.curl(plain, "--mail-from", "alice@crepes.fr", "--mail-rcpt", "bob@hamburger.edu", "--upload-file", file(t, large))
		require.Zero(t, out.Exit, "%s", out.Stderr)
		same(t, large, o.take(1)[0].Text, "20 MB")
	})
	t.Run("a list with one refused", func(t *testing.T) {
		out := o.curl(plain, "--mail-from", "alice@crepes.fr", "--mail-rcpt", "bob@hamburger.edu", "--mail-rcpt", "nobody@hamburger.edu",
			"--mail-rcpt-allowfails", "--upload-file", file(t, message("plain")))
		require.Zero(t, out.Exit, "%s", out.Stderr)
		require.Len(t, o.take(1)[0].To, 1)
	})
	t.Run("refused", func(t *testing.T) {
		out := o.curl(plain, "--mail-from", "alice@crepes.fr", "--mail-rcpt", "nobody@hamburger.edu", "--upload-file", file(t, message("plain")))
		assert.Equal(t, 55, out.Exit)
		assert.Contains(t, out.Stderr, "550")
		out = o.curl(plain, "--user", "bob:thirsty", "--mail-from", "alice@crepes.fr", "--mail-rcpt", "bob@hamburger.edu", "--upload-file", file(t, message("plain")))
		assert.Equal(t, 67, out.Exit, "%s", out.Stderr)
	})
	t.Run("other verbs", func(t *testing.T) {
		out := o.curl(plain, "--mail-rcpt", "bob")
		assert.Zero(t, out.Exit, "%s", out.Stderr)
		assert.Regexp(t, `^252 2\.\d+\.\d+ `, out.Stdout, "VRFY")
		out = o.curl(plain)
		assert.Regexp(t, `^214`, out.Stdout, "HELP")
		out = o.curl(plain, "--request", "EXPN", "--mail-rcpt", "list")
		assert.NotZero(t, out.Exit, "EXPN")
	})
}

func TestInteropServerMsmtp(t *testing.T) {
	o := serveOurs(t, nil)
	for _, tt := range []struct {
		args               string
		protocol, identity string
	}{
		{"--tls=off --auth=off", "ESMTP", ""},
		{"--tls=on --auth=off", "ESMTPS", ""},
		{"--tls=on --tls-starttls=off --auth=off", "ESMTPS", ""},
		{"--tls=off --auth=plain", "ESMTPA", "bob"},
		{"--tls=off --auth=login", "ESMTPA", "bob"},
		{"--tls=off --auth=cram-md5", "ESMTPA", "bob"},
		{"--tls=off --auth=scram-sha-256", "ESMTPA", "bob"},
		{"--tls=on --auth=scram-sha-256", "ESMTPSA", "bob"},
		{"--tls=on --auth", "ESMTPSA", "bob"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			port := o.port
			if strings.Contains(tt.args, "starttls=off") {
				port = o.tlsPort
			}
			args := append(strings.Fields(tt.args), "--tls-certcheck=off", "--host=127.0.0.1", "--port="+port, "--domain=crepes.fr", "--user=bob", "--passwordeval=echo hungry",
				"--dsn-notify=failure,delay", "--dsn-return=hdrs", "--from=alice@crepes.fr", "bob@hamburger.edu")
			if !strings.Contains(tt.args, "tls=on") {
				args = args[1:]
				args = append([]string{"--tls=off"}, args...)
			}
			out := peers.RunInput(t, message("dots"), "msmtp", args...)
			require.Zero(t, out.Exit, "%s", out.Stderr)
			l := o.take(1)[0]
			assert.Equal(t, message("dots"), l.Text)
			assert.Equal(t, tt.protocol, l.Protocol)
			assert.Equal(t, tt.identity, l.Identity)
			assert.Equal(t, smtp.ReturnHeader, l.Options.Return)
			assert.Equal(t, smtp.NotifyFailure|smtp.NotifyDelay, l.To[0].Notify)
		})
	}
	out := peers.RunInput(t, message("plain"), "msmtp", "--tls=off", "--auth=plain", "--host=127.0.0.1", "--port="+o.port, "--user=bob", "--passwordeval=echo thirsty", "--from=alice@crepes.fr", "bob@hamburger.edu")
	assert.Equal(t, 77, out.Exit, "EX_NOPERM: %s", out.Stderr)
	assert.Contains(t, out.Stderr, "535")
}

func TestInteropServerSNail(t *testing.T) {
	o := serveOurs(t, nil)
	out := peers.RunInput(t, "Do you like ketchup?\n.\n.dot\n", "s-nail", "-S", "v15-compat", "-S", "mta=smtp://bob:hungry@"+o.addr, "-S", "smtp-auth=plain",
		"-S", "hostname=crepes.fr", "-r", "alice@crepes.fr", "-s", "ketchup", "-:", "/", "bob@hamburger.edu")
	require.Zero(t, out.Exit, "%s%s", out.Stdout, out.Stderr)
	l := o.take(1)[0]
	assert.True(t, strings.HasSuffix(l.Text, "\r\n\r\nDo you like ketchup?\r\n.\r\n.dot\r\n"), "%q", l.Text)
	assert.Contains(t, l.Text, "\r\nSubject: ketchup\r\n")
	assert.Equal(t, "bob", l.Identity)
}

// pythonUTF8 sends a message with addresses in UTF-8.
const pythonUTF8 = `
import smtplib, sys
s = smtplib.SMTP("127.0.0.1", int(sys.argv[1]), local_hostname="crepes.fr")
s.ehlo()
m = open(sys.argv[2], "rb").read()
s.sendmail("jérôme@crêpes.example", ["bob@hamburger.edu", "björn@hamburger.edu"], m, mail_options=["SMTPUTF8", "BODY=8BITMIME"], rcpt_options=["NOTIFY=SUCCESS", "ORCPT=utf-8;bob@hamburger.edu"])
for code, _ in (s.noop(), s.rset(), s.verify("bob"), s.help() and (214, "")):
    assert 200 <= code < 300, code
s.login("bob", "hungry")
s.sendmail("alice@crepes.fr", ["bob@hamburger.edu"], m)
try:
    s.sendmail("alice@crepes.fr", ["bob@hamburger.edu"], m.replace(b"\r\n", b"\n"))
    sys.exit(1)
except smtplib.SMTPDataError as e:
    assert e.smtp_code == 554
try:
    s.sendmail("alice@crepes.fr", ["nobody@hamburger.edu"], m)
    sys.exit(1)
except smtplib.SMTPRecipientsRefused as e:
    assert e.recipients["nobody@hamburger.edu"][0] == 550
print(s.sendmail("alice@crepes.fr", ["bob@hamburger.edu", "nobody@hamburger.edu"], m))
s.quit()
`

func TestInteropServerPython(t *testing.T) {
	o := serveOurs(t, nil)
	want := message("8 bit")
	printed := run(t, "python3", "-c", pythonUTF8, o.port, file(t, want))
	assert.Contains(t, printed, "nobody@hamburger.edu")
	letters := o.take(3)
	for _, l := range letters {
		assert.Equal(t, want, l.Text)
	}
	assert.Equal(t, "jérôme@crêpes.example", letters[0].From.String())
	assert.True(t, letters[0].Options.UTF8)
	assert.Equal(t, smtp.BodyEightBit, letters[0].Options.Body)
	assert.Equal(t, "UTF8SMTP", letters[0].Protocol)
	require.Len(t, letters[0].To, 2)
	assert.Equal(t, "björn", letters[0].To[1].Local)
	assert.Equal(t, smtp.NotifySuccess, letters[0].To[0].Notify)
	assert.Equal(t, smtp.OriginalRecipient{Type: "utf-8", Address: "bob@hamburger.edu"}, letters[0].To[0].Original)
	assert.Equal(t, "bob", letters[1].Identity)
	assert.Equal(t, "ESMTPA", letters[1].Protocol)
}

// TestInteropServerSMTPSource takes many messages over many connections at once,
// each over a new one and several over one.
func TestInteropServerSMTPSource(t *testing.T) {
	o := serveOurs(t, func(s *smtp.Server, _ *mailbox) { s.Trace = nil })
	run(t, "smtp-source", "-s", "10", "-m", "200", "-l", "4096", "-f", "alice@crepes.fr", "-t", "bob@hamburger.edu", o.addr)
	assert.Len(t, o.take(200), 200)
	run(t, "smtp-source", "-d", "-s", "5", "-m", "100", "-r", "3", "-l", "40960", "-f", "alice@crepes.fr", "-t", "bob@hamburger.edu", o.addr)
	for _, l := range o.take(100) {
		assert.Len(t, l.To, 3)
		assert.Greater(t, len(l.Text), 40900)
	}
}
