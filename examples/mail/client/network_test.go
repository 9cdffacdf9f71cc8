package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/maildomain"
	"applayer/smtp"
)

// domain starts hamburger.edu on this host, and returns where it takes and gives
// mail.
func domain(t *testing.T) (submission, pop string) {
	t.Helper()
	dir := t.TempDir()
	users := filepath.Join(dir, "users")
	require.NoError(t, os.WriteFile(users, []byte("bob:hungry\nalice:thirsty\njos\u00e9:sleepy\n"), 0o600))
	d, err := maildomain.Open(&maildomain.Options{Name: "hamburger.edu", Dir: filepath.Join(dir, "mail"), Users: users})
	require.NoError(t, err)
	listen := func(serve func(net.Listener) error, closer func() error) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		served := make(chan struct{})
		go func() {
			defer close(served)
			_ = serve(l) // until closer
		}()
		t.Cleanup(func() {
			assert.NoError(t, closer())
			<-served
		})
		return l.Addr().String()
	}
	t.Cleanup(func() { assert.NoError(t, d.Close()) })
	s, p := d.Submission(), d.POP3()
	ctx, cancel := context.WithCancel(context.Background())
	running := make(chan struct{})
	go func() {
		defer close(running)
		_ = d.Run(ctx) // until cancel
	}()
	t.Cleanup(func() {
		cancel()
		<-running
	})
	return listen(s.Serve, s.Close), listen(p.Serve, p.Close)
}

func TestSendAndFetch(t *testing.T) {
	submission, pop := domain(t)
	out := filepath.Join(t.TempDir(), "m.eml")
	menu := filepath.Join(t.TempDir(), "menu.pdf")
	require.NoError(t, os.WriteFile(menu, []byte("%PDF crêpes"), 0o600))
	got := run(t, "Do you like ketchup?\n", "send", "-server", submission, "-user", "alice", "-pass", "thirsty", "-out", out,
		"-from", "Alice <alice@hamburger.edu>", "-to", "bob@hamburger.edu", "-cc", "alice@hamburger.edu", "-subject", "Grüße", "-attach", menu)
	require.Equal(t, 0, got.Status, got.Stderr)
	assert.Empty(t, got.Stdout)

	dir := filepath.Join(t.TempDir(), "inbox")
	fetch := func(more ...string) []string {
		got := run(t, "", append(append([]string{"pop", "-server", pop, "-user", "bob", "-pass", "hungry"}, more...), dir)...)
		require.Equal(t, 0, got.Status, got.Stderr)
		return strings.Fields(got.Stdout)
	}
	first := fetch("-keep")
	require.Len(t, first, 1)
	assert.Equal(t, dir, filepath.Dir(first[0]))
	message, err := os.ReadFile(first[0])
	require.NoError(t, err)
	written, err := os.ReadFile(out)
	require.NoError(t, err)
	assert.True(t, strings.HasSuffix(string(message), string(written)), "what arrives is what was written")
	shown := run(t, "", "show", first[0])
	assert.Contains(t, shown.Stdout, "From: Alice <alice@hamburger.edu>\n")
	assert.Contains(t, shown.Stdout, "attachment: menu.pdf (application/octet-stream, 12 octets)\n")

	assert.Empty(t, fetch("-keep"), "what is there is not fetched again")
	assert.Empty(t, fetch(), "and is removed at the server")
	require.NoError(t, os.RemoveAll(dir))
	assert.Empty(t, fetch())
}

func TestSendRefused(t *testing.T) {
	submission, pop := domain(t)
	send := func(args ...string) (status int, stderr string) {
		got := run(t, "Hello.\n", append([]string{"send", "-server", submission, "-from", "alice@hamburger.edu", "-subject", "s"}, args...)...)
		return got.Status, got.Stderr
	}
	login := []string{"-user", "alice", "-pass", "thirsty"}
	status, stderr := send("-to", "bob@hamburger.edu")
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, "530 5.7.0")
	status, stderr = send("-user", "alice", "-pass", "hungry", "-to", "bob@hamburger.edu")
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, "535 5.7.8")
	status, stderr = send(append(login, "-to", "nobody@hamburger.edu", "-to", "bob@hamburger.edu")...)
	assert.Equal(t, 1, status)
	assert.Contains(t, stderr, "refused: nobody@hamburger.edu: ")
	assert.Contains(t, stderr, "1 of 2 recipients: refused")
	status, stderr = send(append(login, "-tls", "starttls", "-to", "bob@hamburger.edu")...)
	assert.Equal(t, 1, status, "the server has no TLS")
	assert.NotEmpty(t, stderr)

	got := run(t, "", "pop", "-server", pop, "-user", "bob", "-pass", "thirsty", t.TempDir())
	assert.Equal(t, 1, got.Status)
	got = run(t, "", "pop", "-server", pop, "-user", "bob", "-pass", "hungry", "-tls", "stls", t.TempDir())
	assert.Equal(t, 1, got.Status)
	got = run(t, "", "pop", "-server", pop, "-user", "bob", "-pass", "hungry", "-ca", "none", t.TempDir())
	assert.Equal(t, 1, got.Status)
	dir := t.TempDir()
	got = run(t, "", "pop", "-server", pop, "-user", "bob", "-pass", "hungry", dir)
	require.Equal(t, 0, got.Status, got.Stderr)
	assert.Len(t, strings.Fields(got.Stdout), 1, "bob has the message that others did not get")
}

// An address beyond ASCII is an address (RFC 6531).
func TestSendUTF8(t *testing.T) {
	submission, pop := domain(t)
	for _, args := range [][]string{
		{"-user", "jos\u00e9", "-pass", "sleepy", "-from", "Jos\u00e9 <jos\u00e9@hamburger.edu>", "-to", "bob@hamburger.edu"},
		{"-user", "alice", "-pass", "thirsty", "-from", "alice@hamburger.edu", "-to", "bob@hamburger.edu", "-cc", "jos\u00e9@hamburger.edu"},
	} {
		got := run(t, "Gr\u00fc\u00dfe.\n", append([]string{"send", "-server", submission, "-subject", "\u00dcbersicht"}, args...)...)
		require.Equal(t, 0, got.Status, got.Stderr)
	}
	dir := t.TempDir()
	got := run(t, "", "pop", "-server", pop, "-user", "bob", "-pass", "hungry", dir)
	require.Equal(t, 0, got.Status, got.Stderr)
	files := strings.Fields(got.Stdout)
	require.Len(t, files, 2)
	shown := run(t, "", "show", files[0])
	assert.Contains(t, shown.Stdout, "From: Jos\u00e9 <jos\u00e9@hamburger.edu>\n")
	assert.Contains(t, shown.Stdout, "Subject: \u00dcbersicht\n\nGr\u00fc\u00dfe.\n")
	assert.Contains(t, run(t, "", "show", files[1]).Stdout, "Cc: jos\u00e9@hamburger.edu\n")

	got = run(t, "", "send", "-out", "-", "-from", "a@x.example", "-to", "bob@b\u00fccher.example")
	assert.Contains(t, got.Stdout, "\r\nTo: bob@xn--bcher-kva.example\r\n", "every host takes that")
}

// What is wrong usage is told before anything is written, and nobody is dialled.
func TestSendUsageFirst(t *testing.T) {
	out := filepath.Join(t.TempDir(), "m.eml")
	for _, args := range [][]string{
		{"-from", "a@x.example, c@x.example", "-to", "b@x.example"},
		{"-from", "a@x.example", "-to", "nobody:;"},
		{"-from", "a@x.example", "-to", "Bob <>"},
		{"-from", "a@x.example", "-to", "b@x_y.example"},
		{"-from", "a@x.example", "-to", "b@x.example", "-subject", "\xff"},
	} {
		got := run(t, "Hello.\n", append([]string{"send", "-server", "127.0.0.1:1", "-out", out}, args...)...)
		assert.Equal(t, 2, got.Status, "%q: %s", args, got.Stderr)
	}
	for _, from := range []string{"a@x.example, c@x.example", "nobody:;", "two: a@x.example, c@x.example;"} {
		got := run(t, "Hello.\n", "send", "-out", out, "-from", from, "-to", "b@x.example")
		assert.Equal(t, 2, got.Status, "a message of several has a Sender: %q: %s", from, got.Stderr)
	}
	assert.NoFileExists(t, out)
}

// A server that goes without a goodbye has the message all the same.
func TestSendWithoutGoodbye(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	served := make(chan error, 1)
	go func() {
		served <- func() error {
			nc, err := l.Accept()
			if err != nil {
				return err
			}
			c := smtp.NewConn(nc, nil)
			defer c.Close()
			say := func(code int, text string) error {
				return errors.Join(c.WriteReply(smtp.Reply{Code: code, Lines: []string{text}}), c.Flush())
			}
			if err := say(220, "x"); err != nil {
				return err
			}
			for {
				cmd, err := c.ReadCommand()
				switch {
				case err != nil:
					return err
				case cmd.Verb == smtp.VerbQUIT:
					return nil
				case cmd.Verb == smtp.VerbDATA:
					if err := say(354, "go on"); err != nil {
						return err
					}
					if _, err := io.Copy(io.Discard, c.DataReader(smtp.PolicyReject)); err != nil {
						return err
					}
				}
				if err := say(250, "ok"); err != nil {
					return err
				}
			}
		}()
	}()
	got := run(t, "Hello.\n", "send", "-server", l.Addr().String(), "-from", "a@x.example", "-to", "b@x.example")
	require.NoError(t, <-served)
	assert.Equal(t, 0, got.Status, got.Stderr)
}
