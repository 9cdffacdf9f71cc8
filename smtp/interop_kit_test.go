package smtp_test

import (
	"bytes"
	"context"
	"crypto"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/peers"
	"applayer/internal/testkit"
	"applayer/smtp"
)

// header begins every message here.
const header = "From: Alice <alice@crepes.fr>\r\nTo: Bob <bob@hamburger.edu>\r\n" +
	"Subject: Do you like ketchup?\r\nDate: Sun, 22 Nov 2026 12:00:00 +0000\r\n" +
	"Message-ID: <ketchup.1@crepes.fr>\r\n"

// bodies are what is in messages that arrive as they were sent, whoever sends
// and relays them.
var bodies = map[string]string{
	"plain": "Do you like ketchup?\r\nHow about pickles?\r\n",
	"dots":  ".\r\n..\r\n.a\r\n..b\r\n\r\n.\r\n. \r\n.\r\nlast\r\n",
	"8 bit": "K\xc3\xa4se, Gurken und \xd0\xbc\xd1\x83\xd0\xba\xd0\xb0\r\nlatin: K\xe4se\r\n\xff\xfe\x80\r\n",
	// RFC 5321 §4.5.3.1.6 has 1000 with the end.
	"long lines": strings.Repeat(strings.Repeat("x", 998)+"\r\n"+"."+strings.Repeat("y", 996)+"\r\n", 20),
	"empty":      "\r\n\r\n\r\n",
	// No SMTP end mark, but much like it.
	"ends": "a\r\n.b\r\n. \r\n.\t\r\n ..\r\n",
}

// message is one of those, whole.
func message(body string) string { return header + "\r\n" + bodies[body] }

// largeMessage is one of 20 MB, with lines of all lengths, and dots.
func largeMessage() string {
	var b bytes.Buffer
	b.WriteString(header + "\r\n")
	line := strings.Repeat("0123456789", 100)
	for i := 0; b.Len() < 20<<20; i++ {
		b.WriteString("...."[:i%5] + line[:i%990] + "\r\n")
	}
	return b.String()
}

// ours is a server of ours.
type ours struct {
	*mailbox
	t *testing.T
	// addr is where it listens, tlsAddr where it begins with TLS; port and
	// tlsPort are their ports.
	addr, tlsAddr string
	port, tlsPort string
}

// serveOurs starts a server of ours for the user bob, whose password is hungry.
// change may change it first.
func serveOurs(t *testing.T, change func(*smtp.Server, *mailbox)) *ours {
	t.Helper()
	certificate, _ := testkit.Certificate(t)
	o := &ours{t: t, mailbox: &mailbox{}}
	o.onRcpt = func(to smtp.Path, _ smtp.RcptOptions) error {
		if strings.EqualFold(to.Local, "nobody") {
			return smtp.Refuse(550, smtp.EnhancedCode{5, 1, 1}, "no such user here")
		}
		return nil
	}
	s := &smtp.Server{
		Hostname: "mail.hamburger.edu", Backend: o.mailbox, TLSConfig: certificate, Auth: bobLogsIn,
		Trace: traceTo(t),
	}
	if change != nil {
		change(s, o.mailbox)
	}
	listen := func(serve func(net.Listener) error) (addr, port string) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		served := make(chan error, 1)
		go func() { served <- serve(l) }()
		t.Cleanup(func() {
			s.Close()
			assert.ErrorIs(t, <-served, smtp.ErrServerClosed)
		})
		_, port, _ = net.SplitHostPort(l.Addr().String())
		return l.Addr().String(), port
	}
	o.addr, o.port = listen(s.Serve)
	o.tlsAddr, o.tlsPort = listen(s.ServeTLS)
	return o
}

// bobLogsIn are all mechanisms by which bob may log in with his password.
func bobLogsIn(c *smtp.Conn) []smtp.SASLServer {
	check := func(_ context.Context, _, user, password string) (string, error) {
		if user != "bob" || password != "hungry" {
			return "", smtp.ErrAuthRefused
		}
		return user, nil
	}
	verifier, err := smtp.NewSCRAMVerifier(crypto.SHA256, "hungry", []byte("salt of the sea"), 4096)
	if err != nil {
		panic(err)
	}
	lookup := func(_ context.Context, _, user string) (smtp.SCRAMVerifier, error) {
		if user != "bob" {
			return smtp.SCRAMVerifier{}, smtp.ErrAuthRefused
		}
		return verifier, nil
	}
	return append(smtp.ServeSCRAM(c, crypto.SHA256, lookup),
		smtp.ServeCRAMMD5("mail.hamburger.edu", func(_ context.Context, user string) (string, error) {
			if user != "bob" {
				return "", smtp.ErrAuthRefused
			}
			return "hungry", nil
		}),
		smtp.ServePlain(check), smtp.ServeLogin(check))
}

// traceTo logs a dialogue, which a failed test shows.
func traceTo(t *testing.T) *smtp.Trace {
	return &smtp.Trace{Line: func(server bool, line []byte) {
		side := "C"
		if server {
			side = "S"
		}
		t.Logf("%s: %s", side, line)
	}}
}

// take waits for count more letters and takes them out of the mailbox.
func (o *ours) take(count int) []letter {
	o.t.Helper()
	require.Eventually(o.t, func() bool { return len(o.got()) >= count }, 30*time.Second, 5*time.Millisecond, "%d letters", count)
	o.mu.Lock()
	defer o.mu.Unlock()
	letters := o.letters
	o.letters = nil
	require.Len(o.t, letters, count)
	return letters
}

// file writes a file for a client, in a folder of its own.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "message.eml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

// run runs a client that must succeed, and returns what it printed.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out := peers.Run(t, name, args...)
	require.Zero(t, out.Exit, "%s %q\n%s%s", name, args, out.Stdout, out.Stderr)
	return out.Stdout
}

// same compares texts that are too long to print.
func same(t *testing.T, want, got string, of string) {
	t.Helper()
	if want == got {
		return
	}
	at := 0
	for at < min(len(want), len(got)) && want[at] == got[at] {
		at++
	}
	around := func(s string) string { return s[max(0, at-40):min(len(s), at+80)] }
	assert.Fail(t, "not the same octets", "%s: %d octets, want %d; at %d: %q, want %q", of, len(got), len(want), at, around(got), around(want))
}
