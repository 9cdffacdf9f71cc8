package pop3_test

import (
	"crypto"
	"crypto/tls"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/peers"
	"applayer/internal/testkit"
	"applayer/pop3"
)

// dovecot is a server of others with bob's mail.
func dovecot(t *testing.T, texts ...string) (s *peers.Server, client *tls.Config) {
	server, client := testkit.Certificate(t)
	s = peers.DovecotPOP3(t, &peers.Config{TLS: server, Users: map[string]string{"bob": "hungry"}})
	for i, text := range texts {
		s.AddMail(t, "bob", fmt.Sprintf("%d.M1P1.hamburger", 1000+i), text)
	}
	return s, client
}

// Each way to log in, in each mode of TLS.
func TestInteropClientLogin(t *testing.T) {
	s, config := dovecot(t, first)
	modes := map[string]struct {
		addr string
		mode pop3.TLSMode
	}{
		"off":           {s.Addr, pop3.TLSOff},
		"opportunistic": {s.Addr, pop3.TLSOpportunistic},
		"required":      {s.Addr, pop3.TLSRequired},
		"implicit":      {s.TLSAddr, pop3.TLSImplicit},
	}
	for name, mode := range modes {
		t.Run(name, func(t *testing.T) {
			for what, login := range map[string]func(c *pop3.Client, password string) error{
				"best":     func(c *pop3.Client, p string) error { return c.Login(t.Context(), "bob", p) },
				"APOP":     func(c *pop3.Client, p string) error { return c.APOP(t.Context(), "bob", p) },
				"PLAIN":    func(c *pop3.Client, p string) error { return c.Auth(t.Context(), pop3.AuthPlain("", "bob", p)) },
				"LOGIN":    func(c *pop3.Client, p string) error { return c.Auth(t.Context(), pop3.AuthLogin("bob", p)) },
				"CRAM-MD5": func(c *pop3.Client, p string) error { return c.Auth(t.Context(), pop3.AuthCRAMMD5("bob", p)) },
				"SCRAM-SHA-1": func(c *pop3.Client, p string) error {
					return c.Auth(t.Context(), pop3.AuthSCRAM(crypto.SHA1, "bob", p, nil))
				},
				"SCRAM-SHA-256": func(c *pop3.Client, p string) error {
					return c.Auth(t.Context(), pop3.AuthSCRAM(crypto.SHA256, "bob", p, nil))
				},
			} {
				c, err := pop3.Dial(t.Context(), "tcp", mode.addr, &pop3.Options{TLS: mode.mode, TLSConfig: config})
				require.NoError(t, err)
				_, secure := c.TLS()
				assert.Equal(t, mode.mode != pop3.TLSOff, secure)
				if mode.mode == pop3.TLSOff { // Dovecot takes its time to refuse
					assert.ErrorIs(t, login(c, "thirsty"), pop3.ErrAuthRefused, what)
				}
				require.NoError(t, login(c, "hungry"), what)
				n, size, err := c.Stat(t.Context())
				require.NoError(t, err)
				assert.Equal(t, 1, n)
				assert.Equal(t, int64(len(first)), size)
				require.NoError(t, c.Quit(t.Context()))
			}
		})
	}
}

func TestInteropClientVerbs(t *testing.T) {
	texts := []string{first, second + "\r\n", "Subject: long\r\n\r\n" + strings.Repeat("...\r\n", 50_000)}
	s, config := dovecot(t, texts...)
	ctx := t.Context()
	open := func() *pop3.Client {
		c, err := pop3.Dial(ctx, "tcp", s.Addr, &pop3.Options{TLSConfig: config})
		require.NoError(t, err)
		t.Cleanup(func() { c.Close() })
		require.NoError(t, c.Login(ctx, "bob", "hungry"))
		return c
	}
	c := open()
	caps, err := c.Capabilities(ctx)
	require.NoError(t, err)
	assert.True(t, caps.Has("UIDL") && caps.Has("PIPELINING") && caps.Has("RESP-CODES"))
	all, err := c.List(ctx)
	require.NoError(t, err)
	assert.Equal(t, []pop3.Listing{{1, int64(len(texts[0]))}, {2, int64(len(texts[1]))}, {3, int64(len(texts[2]))}}, all)
	one, err := c.ListOne(ctx, 2)
	require.NoError(t, err)
	assert.Equal(t, all[1], one)
	_, err = c.ListOne(ctx, 4)
	assert.ErrorContains(t, err, "pop3: LIST: refused")
	uids, err := c.UIDL(ctx)
	require.NoError(t, err)
	require.Len(t, uids, 3)
	uid, err := c.UIDLOne(ctx, 3)
	require.NoError(t, err)
	assert.Equal(t, uids[2], uid)

	m, err := c.Top(ctx, 2, 2)
	require.NoError(t, err)
	text, err := io.ReadAll(m)
	require.NoError(t, err)
	require.NoError(t, m.Close())
	assert.Equal(t, "Subject: two\r\n\r\n1\r\n2\r\n", string(text))
	m, err = c.Retr(ctx, 3)
	require.NoError(t, err)
	require.NoError(t, m.Close(), "unread, and longer than MaxDiscard")
	assert.Error(t, c.Noop(ctx))

	c = open()
	var got []string
	for m, err := range c.RetrAll(ctx, slices.Values([]int{3, 1, 9, 2})) {
		if err != nil {
			got = append(got, "refused")
			continue
		}
		text, err := io.ReadAll(m)
		require.NoError(t, err)
		got = append(got, string(text))
	}
	assert.Equal(t, []string{texts[2], texts[0], "refused", texts[1]}, got)
	require.NoError(t, c.Noop(ctx))
	require.NoError(t, c.Dele(ctx, 1, 2))
	require.NoError(t, c.Rset(ctx))
	assert.Error(t, c.Dele(ctx, 1, 9, 3))
	require.NoError(t, c.Quit(ctx))

	c = open()
	for m, err := range c.Sync(ctx, func(string) bool { return false }) {
		require.NoError(t, err)
		text, err := io.ReadAll(m)
		require.NoError(t, err)
		assert.Equal(t, uids[1].UID, m.UID)
		assert.Equal(t, texts[1], string(text))
	}
	require.NoError(t, c.Quit(ctx))
}

// Dovecot locks a maildrop when it is told to; its refusal is ErrInUse.
func TestInteropClientInUse(t *testing.T) {
	t.Parallel() // Dovecot tries for ten seconds
	server, client := testkit.Certificate(t)
	s := peers.DovecotPOP3(t, &peers.Config{TLS: server, Users: map[string]string{"bob": "hungry"}, Lines: []string{"pop3_lock_session = yes", "mail_max_lock_timeout = 1 s"}})
	s.AddMail(t, "bob", "1.a.b", first)
	open := func() (*pop3.Client, error) {
		c, err := pop3.Dial(t.Context(), "tcp", s.Addr, &pop3.Options{TLSConfig: client})
		require.NoError(t, err)
		t.Cleanup(func() { c.Close() })
		return c, c.Login(t.Context(), "bob", "hungry")
	}
	c, err := open()
	require.NoError(t, err)
	_, err = open()
	assert.ErrorIs(t, err, pop3.ErrInUse)
	require.NoError(t, c.Quit(t.Context()))
}
