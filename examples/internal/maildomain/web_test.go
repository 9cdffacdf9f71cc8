package maildomain_test

import (
	"context"
	"crypto"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/http1/cookie"
	"applayer/http1/form"
	"applayer/internal/testkit"
	"applayer/pop3"
	"applayer/smtp"
)

// browser is a user's, at a site's page.
type browser struct {
	t      *testing.T
	client *http1.Client
	token  string
}

func (s *site) browser() *browser {
	s.t.Helper()
	page, err := s.Web(false)
	require.NoError(s.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	l, err := s.network.Listen(ctx, "tcp", s.addr+":80")
	require.NoError(s.t, err)
	go page.Serve(l)
	client := &http1.Client{Jar: new(cookie.Jar), Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return s.network.Dial(ctx, network, s.addr+":80")
	}}
	s.t.Cleanup(func() {
		client.CloseIdle()
		page.Close()
		cancel()
	})
	return &browser{t: s.t, client: client}
}

var token = regexp.MustCompile(`name="token" value="([^"]+)"`)

// do asks for a page, by POST if there are fields.
func (b *browser) do(path string, fields ...form.Field) (status int, page string) {
	b.t.Helper()
	q, err := http1.NewRequest("GET", "http://mail.hamburger.edu"+path, nil)
	if len(fields) > 0 {
		q, err = form.NewRequest("http://mail.hamburger.edu"+path, append(fields, form.Field{Name: "token", Value: b.token}), nil)
	}
	require.NoError(b.t, err)
	r, err := b.client.Do(b.t.Context(), q)
	require.NoError(b.t, err)
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	require.NoError(b.t, err)
	if found := token.FindSubmatch(text); found != nil {
		b.token = string(found[1])
	}
	return r.Status, string(text)
}

func (b *browser) login(user, password string) (status int, page string) {
	return b.do("/login", form.Field{Name: "user", Value: user}, form.Field{Name: "password", Value: password})
}

func (b *browser) send(to, subject string) (status int, page string) {
	return b.do("/send", form.Field{Name: "to", Value: to}, form.Field{Name: "subject", Value: subject}, form.Field{Name: "text", Value: "Hello."})
}

func TestWeb(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := testkit.NewNetwork()
		hamburger := start(t, network, "hamburger.edu", "bob:hungry\nalice:thirsty\n")
		crepes := start(t, network, "crepes.fr", "carol:maple\n")
		b := hamburger.browser()
		status, _ := b.login("bob", "thirsty")
		assert.Equal(t, http1.StatusForbidden, status)
		status, page := b.login("bob@hamburger.edu", "hungry")
		require.Equal(t, http1.StatusOK, status, page)
		assert.Contains(t, page, "There are none.")

		status, page = b.send("alice@hamburger.edu, carol@crepes.fr, bob@hamburger.edu", "Lunch")
		require.Equal(t, http1.StatusOK, status, page)
		<-hamburger.ended
		for _, inbox := range [][]string{hamburger.inbox("alice", "thirsty"), crepes.inbox("carol", "maple")} {
			require.Len(t, inbox, 1)
			assert.Contains(t, inbox[0], "\r\nFrom: bob@hamburger.edu\r\n")
			assert.Contains(t, inbox[0], "with HTTP")
		}
		_, page = b.do("/")
		assert.Contains(t, page, "<b>Lunch</b>")
		status, page = b.do("/message/1")
		assert.Equal(t, http1.StatusOK, status)
		assert.Contains(t, page, "Hello.")
		_, page = b.do("/")
		assert.NotContains(t, page, "<b>", "it was seen")
		_, page = b.do("/?before=1")
		assert.Contains(t, page, "There are none.")
		status, _ = b.do("/message/2")
		assert.Equal(t, http1.StatusNotFound, status)

		for to, says := range map[string]string{
			"nobody@hamburger.edu":                   "no such mailbox here",
			"bob@" + strings.Repeat("x", 70) + ".fr": "Domain",
		} {
			status, page = b.send(to, "s")
			assert.Equal(t, http1.StatusUnprocessableContent, status, to)
			assert.Contains(t, page, says)
		}
	})
}

// The ways to log in, by SMTP and POP3, and with which identity.
func TestLogins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, testkit.NewNetwork(), "hamburger.edu", "bob:hungry\nalice:thirsty\n")
		for _, tt := range []struct {
			name string
			auth smtp.SASLClient
			ok   bool
		}{
			{"PLAIN", smtp.AuthPlain("", "bob", "hungry"), true},
			{"PLAIN by name and domain", smtp.AuthPlain("", "bob@hamburger.edu", "hungry"), true},
			{"PLAIN as himself", smtp.AuthPlain("bob", "bob", "hungry"), true},
			{"PLAIN as another", smtp.AuthPlain("alice", "bob", "hungry"), false},
			{"PLAIN with another's password", smtp.AuthPlain("", "bob", "thirsty"), false},
			{"LOGIN", smtp.AuthLogin("alice", "thirsty"), true},
			{"SCRAM", smtp.AuthSCRAM(crypto.SHA256, "bob", "hungry", nil), true},
			{"SCRAM by name and domain", smtp.AuthSCRAM(crypto.SHA1, "bob@hamburger.edu", "hungry", nil), true},
			{"SCRAM as himself", smtp.AuthSCRAM(crypto.SHA256, "bob", "hungry", &smtp.SCRAMOptions{Identity: "bob@hamburger.edu"}), true},
			{"SCRAM as another", smtp.AuthSCRAM(crypto.SHA256, "bob", "hungry", &smtp.SCRAMOptions{Identity: "alice"}), false},
			{"SCRAM with another's password", smtp.AuthSCRAM(crypto.SHA256, "bob", "thirsty", nil), false},
		} {
			c := s.dial("587", smtp.Options{})
			err := c.Auth(t.Context(), tt.auth)
			assert.Equal(t, tt.ok, err == nil, "%s: %v", tt.name, err)
			c.Close()
		}
		for password, ok := range map[string]bool{"hungry": true, "thirsty": false} {
			nc, err := s.network.Dial(t.Context(), "tcp", s.addr+":110")
			require.NoError(t, err)
			c := pop3.NewConn(nc, &pop3.ConnOptions{Client: true})
			var status pop3.Status
			for _, cmd := range []pop3.Command{{}, {Verb: pop3.VerbUSER, Arg: []byte("bob")}, {Verb: pop3.VerbPASS, Arg: []byte(password)}} {
				if cmd.Verb != pop3.VerbUnknown {
					require.NoError(t, c.WriteCommand(cmd))
					require.NoError(t, c.Flush())
				}
				r, err := c.ReadResponse()
				require.NoError(t, err)
				status = r.Status
			}
			assert.Equal(t, ok, status == pop3.StatusOK, password)
			c.Close()
		}
	})
}

// A name is one however it was typed (RFC 4013): there is one mailbox for all.
func TestNamesTypedOtherwise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, testkit.NewNetwork(), "hamburger.edu", "bob:hungry\njosé:thirsty\n")
		const wide = "\uff42\uff4f\uff42" // bob
		b := s.browser()
		for _, name := range []string{wide, wide + "@hamburger.edu", "bob@HAMBURGER.edu", "b\u00adob"} {
			status, page := b.login(name, "hungry")
			require.Equal(t, http1.StatusOK, status, name)
			assert.Contains(t, page, ">bob <", name)
			for _, auth := range []smtp.SASLClient{smtp.AuthPlain("", name, "hungry"), smtp.AuthPlain(name, "bob", "hungry")} {
				c := s.dial("587", smtp.Options{})
				require.NoError(t, c.Auth(t.Context(), auth), name)
				_, err := c.Send(t.Context(), envelope(t, "bob@hamburger.edu", "bob@hamburger.edu"), strings.NewReader(text))
				assert.NoError(t, err, "it is his address: %s", name)
			}
		}
		assert.Len(t, s.inbox(wide, "hungry"), 8)
		status, _ := b.login("jose\u0301", "thirsty")
		assert.Equal(t, http1.StatusOK, status)
		folders, err := os.ReadDir(filepath.Join(s.dir, "mail"))
		require.NoError(t, err)
		for _, f := range folders {
			assert.NotContains(t, f.Name(), "%EF", "a mailbox of another name")
		}
	})
}

// A session ends when its user is one no more, or has another password: it may be
// in other hands.
func TestSessionsEndWithTheirUsers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, testkit.NewNetwork(), "hamburger.edu", "bob:hungry\nalice:thirsty\n")
		b := s.browser()
		users := func(text string) {
			require.NoError(t, os.WriteFile(filepath.Join(s.dir, "users"), []byte(text), 0o600))
			require.NoError(t, s.Reload())
		}
		in := func() bool {
			_, page := b.do("/")
			return !strings.Contains(page, `type="password"`)
		}
		_, page := b.login("bob", "hungry")
		require.True(t, in(), page)
		users("alice:other\nbob:hungry\ncarol:new\n")
		assert.True(t, in(), "others have changed")
		users("alice:other\nbob:sated\n")
		assert.False(t, in(), "his password has changed")
		b.login("bob", "sated")
		require.True(t, in())
		users("alice:other\n")
		assert.False(t, in(), "he is no user")
		users("bob:sated\n")
		assert.False(t, in(), "the session is over for good")
	})
}

// Who has an address beyond ASCII sends and gets mail as others do (RFC 6531).
func TestWebUTF8(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, testkit.NewNetwork(), "hamburger.edu", "bob:hungry\njos\u00e9:thirsty\n")
		b := s.browser()
		for _, tt := range []struct{ user, password, to string }{
			{"jos\u00e9", "thirsty", "bob@hamburger.edu"},
			{"bob", "hungry", "Jos\u00e9 <jos\u00e9@hamburger.edu>"},
		} {
			b.login(tt.user, tt.password)
			status, page := b.send(tt.to, "Men\u00fc f\u00fcr "+tt.to)
			require.Equal(t, http1.StatusOK, status, page)
			<-s.ended
		}
		_, page := b.do("/")
		assert.Contains(t, page, "<td>jos\u00e9@hamburger.edu<td>")
		assert.Contains(t, page, "Men\u00fc f\u00fcr bob@hamburger.edu")
		b.login("jos\u00e9", "thirsty")
		_, page = b.do("/message/1")
		assert.Contains(t, page, "<td>Jos\u00e9 &lt;jos\u00e9@hamburger.edu&gt;</tr>")
	})
}
