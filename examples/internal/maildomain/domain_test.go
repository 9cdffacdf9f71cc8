package maildomain_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/maildomain"
	"applayer/internal/testkit"
	"applayer/mime"
	"applayer/pop3"
	"applayer/smtp"
	"applayer/smtp/queue"
)

// names are the hosts of an Internet in memory.
type names map[string]string

func (n names) LookupMX(_ context.Context, domain string) ([]*net.MX, error) {
	domain = strings.TrimSuffix(domain, ".")
	if _, ok := n["mx."+domain]; !ok {
		return nil, &net.DNSError{Err: "no such host", Name: domain, IsNotFound: true}
	}
	return []*net.MX{{Host: "mx." + domain, Pref: 10}}, nil
}

func (n names) LookupHost(_ context.Context, host string) ([]string, error) {
	if addr, ok := n[strings.TrimSuffix(host, ".")]; ok {
		return []string{addr}, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

var internet = names{"mx.crepes.fr": "192.0.2.1", "mx.hamburger.edu": "192.0.2.2"}

// site is a domain's mail server on a network.
type site struct {
	*maildomain.Domain
	t       *testing.T
	network *testkit.Network
	addr    string
	dir     string
	smtp    *smtp.Server
	ended   chan string // names of messages out of the queue
	tried   chan struct{}
	stop    func()
}

// options are what a test changes of a site.
type options func(*maildomain.Options)

// start starts a domain at its address: SMTP on 25, submission on 587, LMTP on 24
// and POP3 on 110.
func start(t *testing.T, network *testkit.Network, domain, users string, opts ...options) *site {
	t.Helper()
	return startIn(t, network, domain, users, t.TempDir(), opts...)
}

func startIn(t *testing.T, network *testkit.Network, domain, users, dir string, opts ...options) *site {
	t.Helper()
	s := &site{t: t, network: network, addr: internet["mx."+domain], dir: dir, ended: make(chan string, 100), tried: make(chan struct{}, 100)}
	file := filepath.Join(dir, "users")
	require.NoError(t, os.WriteFile(file, []byte(users), 0o600))
	o := maildomain.Options{
		Name: domain, Hostname: "mx." + domain, Dir: filepath.Join(dir, "mail"), Users: file,
		Resolver: internet, Dial: network.Dial,
		QueueTrace: &queue.Trace{
			Ended: func(m *queue.Message) { s.ended <- m.ID },
			Tried: func(*queue.Message, []smtp.Recipient, []queue.Result) { s.tried <- struct{}{} },
		},
	}
	for _, opt := range opts {
		opt(&o)
	}
	d, err := maildomain.Open(&o)
	require.NoError(t, err)
	s.Domain = d
	ctx, cancel := context.WithCancel(context.Background())
	var closers []func() error
	serve := func(port string, f func(net.Listener) error, closer func() error) {
		l, err := network.Listen(ctx, "tcp", s.addr+":"+port)
		require.NoError(t, err)
		go f(l)
		closers = append(closers, closer)
	}
	s.smtp = d.SMTP()
	submission, lmtp, pop := d.Submission(), d.LMTP(), d.POP3()
	serve("25", s.smtp.Serve, s.smtp.Close)
	serve("587", submission.Serve, submission.Close)
	serve("24", lmtp.Serve, lmtp.Close)
	serve("110", pop.Serve, pop.Close)
	running := make(chan struct{})
	go func() {
		defer close(running)
		_ = d.Run(ctx) // until cancel
	}()
	stopped := false
	s.stop = func() {
		if stopped {
			return
		}
		stopped = true
		for _, c := range closers {
			c()
		}
		cancel()
		<-running
		assert.NoError(t, d.Close())
	}
	t.Cleanup(s.stop)
	return s
}

// dial opens a session as a mail program or another host.
func (s *site) dial(port string, o smtp.Options) *smtp.Client {
	s.t.Helper()
	o.Dial, o.TLS, o.AllowInsecureAuth = s.network.Dial, smtp.TLSOff, true
	c, err := smtp.Dial(s.t.Context(), "tcp", s.addr+":"+port, &o)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { c.Close() })
	return c
}

// inbox fetches a user's mail by POP3.
func (s *site) inbox(user, password string) (all []string) {
	s.t.Helper()
	c, err := pop3.Dial(s.t.Context(), "tcp", s.addr+":110", &pop3.Options{Dial: s.network.Dial, TLS: pop3.TLSOff, AllowInsecureAuth: true})
	require.NoError(s.t, err)
	defer c.Close()
	require.NoError(s.t, c.Login(s.t.Context(), user, password))
	for m, err := range c.Sync(s.t.Context(), func(string) bool { return false }) {
		require.NoError(s.t, err)
		text, err := io.ReadAll(m)
		require.NoError(s.t, err)
		all = append(all, string(text))
	}
	require.NoError(s.t, c.Quit(s.t.Context()))
	return all
}

func path(t *testing.T, addr string) smtp.Path {
	t.Helper()
	if addr == "" {
		return smtp.Path{}
	}
	p, err := smtp.ParseMailbox(addr)
	require.NoError(t, err)
	return p
}

func envelope(t *testing.T, from string, to ...string) smtp.Envelope {
	e := smtp.Envelope{From: path(t, from)}
	for _, addr := range to {
		e.To = append(e.To, smtp.Recipient{Path: path(t, addr)})
	}
	return e
}

const text = "Subject: Ketchup\r\n\r\nDo you like it?\r\n.\r\n..\r\n"

func code(t *testing.T, err error) string {
	t.Helper()
	var refused *smtp.ReplyError
	require.ErrorAs(t, err, &refused)
	return refused.Reply.String()[:9]
}

// Who may send what to whom, and what he is told who may not.
func TestPolicy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, testkit.NewNetwork(), "hamburger.edu", "bob:hungry\nalice:thirsty\nbob+old:tired\n")
		tests := []struct {
			name, port, user, from string
			to                     string
			want                   string // "" for taken
		}{
			{"a user", "25", "", "x@crepes.fr", "bob@hamburger.edu", ""},
			{"a user in another case", "25", "", "x@crepes.fr", "BOB@Hamburger.EDU", ""},
			{"a user with a tag", "25", "", "x@crepes.fr", "bob+lists@hamburger.edu", ""},
			{"the postmaster, who has no mailbox", "25", "", "x@crepes.fr", "postmaster@hamburger.edu", ""},
			{"a report", "25", "", "", "bob@hamburger.edu", ""},
			{"nobody", "25", "", "x@crepes.fr", "nobody@hamburger.edu", "550 5.1.1"},
			{"no open relay", "25", "", "x@crepes.fr", "alice@crepes.fr", "550 5.7.1"},
			{"no open relay by a percent sign", "25", "", "x@crepes.fr", "alice%crepes.fr@hamburger.edu", "550 5.1.1"},
			{"no open relay by an address literal", "25", "", "x@crepes.fr", "alice@[192.0.2.1]", "550 5.7.1"},
			{"no open relay for our own names", "25", "", "bob@hamburger.edu", "alice@crepes.fr", "550 5.7.1"},
			{"who has logged in may send on", "25", "bob", "bob@hamburger.edu", "alice@crepes.fr", ""},
			{"submission without a login", "587", "", "bob@hamburger.edu", "alice@crepes.fr", "530 5.7.0"},
			{"submission", "587", "bob", "bob@hamburger.edu", "alice@crepes.fr", ""},
			{"submission by name and domain", "587", "bob@hamburger.edu", "bob@hamburger.edu", "alice@crepes.fr", ""},
			{"submission with a tag", "587", "bob", "bob+news@hamburger.edu", "alice@crepes.fr", ""},
			{"submission in another's name", "587", "bob", "alice@hamburger.edu", "x@crepes.fr", "550 5.7.1"},
			{"submission in a stranger's name", "587", "bob", "bob@crepes.fr", "x@crepes.fr", "550 5.7.1"},
			{"submission in the name of who seems a tag", "587", "bob", "bob+old@hamburger.edu", "x@crepes.fr", "550 5.7.1"},
			{"submission of a user agent's report", "587", "bob", "", "alice@crepes.fr", ""},
			{"submission to nobody here", "587", "bob", "bob@hamburger.edu", "nobody@hamburger.edu", "550 5.1.1"},
		}
		for _, tt := range tests {
			c := s.dial(tt.port, smtp.Options{})
			if tt.user != "" {
				require.NoError(t, c.Login(t.Context(), tt.user, "hungry"), tt.name)
			}
			_, err := c.Send(t.Context(), envelope(t, tt.from, tt.to), strings.NewReader(text))
			if tt.want == "" {
				assert.NoError(t, err, tt.name)
			} else {
				assert.Equal(t, tt.want, code(t, err), tt.name)
			}
			assert.NoError(t, c.Quit(t.Context()), tt.name)
		}
		c := s.dial("587", smtp.Options{})
		assert.Error(t, c.Login(t.Context(), "bob@crepes.fr", "hungry"), "that is another bob")
		assert.NoError(t, c.Quit(t.Context()))
	})
}

func TestRelayFrom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := testkit.NewNetwork()
		s := start(t, network, "hamburger.edu", "bob:hungry\n", func(o *maildomain.Options) {
			o.RelayFrom = append(o.RelayFrom, netip.MustParsePrefix("127.0.0.0/8"))
		})
		c := s.dial("25", smtp.Options{})
		_, err := c.Send(t.Context(), envelope(t, "x@crepes.fr", "alice@crepes.fr"), strings.NewReader(text))
		assert.NoError(t, err, c.LocalAddr())
	})
}

// What a message looks like in the mailbox: its octets, behind the trace of its
// way.
func TestDelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, testkit.NewNetwork(), "hamburger.edu", "bob:hungry\nalice:thirsty\n")
		c := s.dial("25", smtp.Options{Hello: "mx.crepes.fr"})
		_, err := c.Send(t.Context(), envelope(t, "x@crepes.fr", "bob@hamburger.edu"), strings.NewReader(text))
		require.NoError(t, err)
		_, err = c.Send(t.Context(), envelope(t, "x@crepes.fr", "bob@hamburger.edu", "bob+b@hamburger.edu", "alice@hamburger.edu"), strings.NewReader(text))
		require.NoError(t, err)
		require.NoError(t, c.Quit(t.Context()))

		inbox := s.inbox("bob", "hungry")
		require.Len(t, inbox, 2, "to each once")
		for i, m := range inbox {
			head, ok := strings.CutSuffix(m, text)
			require.True(t, ok, m)
			e, err := mime.ParseBytes([]byte(m), nil)
			require.NoError(t, err)
			h, err := e.Header()
			require.NoError(t, err)
			assert.True(t, strings.HasPrefix(head, "Return-Path: <x@crepes.fr>\r\nReceived: from mx.crepes.fr"), head)
			received, err := h.Received()
			require.NoError(t, err)
			require.Len(t, received, 1)
			assert.Equal(t, i == 0, strings.Contains(head, "for <bob@hamburger.edu>"), "others are not told of each other")
			assert.Regexp(t, `with ESMTP\s+id [A-Z2-7]{16}`, head)
			assert.NotContains(t, head, "Date:", "what is only passed on is not completed")
		}
		assert.Len(t, s.inbox("alice", "thirsty"), 1)
	})
}

// A submitted message gets what it lacks.
func TestSubmissionCompletes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, testkit.NewNetwork(), "hamburger.edu", "bob:hungry\n")
		const whole = "Date: Fri, 15 Nov 2002 13:58:49 +0000\r\nMessage-ID: <1@x>\r\n" + text
		for _, port := range []string{"587", "25"} {
			c := s.dial(port, smtp.Options{})
			require.NoError(t, c.Login(t.Context(), "bob", "hungry"))
			for _, m := range []string{text, whole, "no header at all\r\n"} {
				_, err := c.Send(t.Context(), envelope(t, "bob@hamburger.edu", "bob@hamburger.edu"), strings.NewReader(m))
				require.NoError(t, err)
			}
		}
		inbox := s.inbox("bob", "hungry")
		require.Len(t, inbox, 6)
		assert.Equal(t, 1, strings.Count(inbox[3], "\r\nMessage-ID: "), "a user is one on each port")
		assert.Equal(t, 1, strings.Count(inbox[0], "\r\nDate: "))
		assert.Regexp(t, `\r\nMessage-ID: <[A-Z2-7]+@mx\.hamburger\.edu>\r\n`, inbox[0])
		assert.True(t, strings.HasSuffix(inbox[0], text))
		assert.Equal(t, 1, strings.Count(inbox[1], "\r\nDate: "))
		assert.Equal(t, 1, strings.Count(inbox[1], "\r\nMessage-ID: "))
		assert.Contains(t, inbox[0], "with ESMTPA")
	})
}

// One domain's queue waits for the other domain's server, and delivers when it is
// there.
func TestQueueRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := testkit.NewNetwork()
		crepes := start(t, network, "crepes.fr", "alice:thirsty\n")
		c := crepes.dial("587", smtp.Options{})
		require.NoError(t, c.Login(t.Context(), "alice", "thirsty"))
		begun := time.Now()
		_, err := c.Send(t.Context(), envelope(t, "alice@crepes.fr", "bob@hamburger.edu"), strings.NewReader(text))
		require.NoError(t, err)
		<-crepes.tried
		assert.Empty(t, crepes.ended)
		hamburger := start(t, network, "hamburger.edu", "bob:hungry\n")
		<-crepes.ended
		assert.InDelta(t, 5*time.Minute, time.Since(begun), float64(time.Minute))
		inbox := hamburger.inbox("bob", "hungry")
		require.Len(t, inbox, 1)
		assert.True(t, strings.HasSuffix(inbox[0], text))
		assert.Equal(t, 2, strings.Count(inbox[0], "Received: from"))
	})
}

// A message for nobody comes back, and a report of that to nobody does not.
func TestBounce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := testkit.NewNetwork()
		crepes := start(t, network, "crepes.fr", "alice:thirsty\n")
		hamburger := start(t, network, "hamburger.edu", "bob:hungry\n")
		c := crepes.dial("587", smtp.Options{})
		require.NoError(t, c.Login(t.Context(), "alice", "thirsty"))
		_, err := c.Send(t.Context(), envelope(t, "alice@crepes.fr", "nobody@hamburger.edu", "bob@hamburger.edu"), strings.NewReader(text))
		require.NoError(t, err)
		<-crepes.ended // the message, or the report
		<-crepes.ended
		assert.Len(t, hamburger.inbox("bob", "hungry"), 1)
		inbox := crepes.inbox("alice", "thirsty")
		require.Len(t, inbox, 1)
		assert.True(t, strings.HasPrefix(inbox[0], "Return-Path: <>\r\n"), inbox[0])
		e, err := mime.ParseBytes([]byte(inbox[0]), nil)
		require.NoError(t, err)
		report, err := e.Report()
		require.NoError(t, err)
		require.NotNil(t, report)
		assert.Contains(t, inbox[0], "Final-Recipient: rfc822; nobody@hamburger.edu\r\n")
		assert.Contains(t, inbox[0], "Status: 5.1.1\r\n")
		assert.NotContains(t, inbox[0], "Final-Recipient: rfc822; bob@hamburger.edu")
	})
}

// Who asks to hear of success hears of it, by RFC 3461 §5.2.3.
func TestSuccessIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := testkit.NewNetwork()
		crepes := start(t, network, "crepes.fr", "alice:thirsty\n")
		hamburger := start(t, network, "hamburger.edu", "bob:hungry\n")
		c := hamburger.dial("25", smtp.Options{})
		e := envelope(t, "alice@crepes.fr", "bob@hamburger.edu")
		e.EnvelopeID, e.To[0].Notify = "QQ314159", smtp.NotifySuccess
		_, err := c.Send(t.Context(), e, strings.NewReader(text))
		require.NoError(t, err)
		<-hamburger.ended // the message
		<-hamburger.ended // the report
		assert.Len(t, hamburger.inbox("bob", "hungry"), 1)
		inbox := crepes.inbox("alice", "thirsty")
		require.Len(t, inbox, 1)
		for _, line := range []string{"Original-Envelope-Id: QQ314159", "Final-Recipient: rfc822; bob@hamburger.edu", "Action: delivered", "Status: 2."} {
			assert.Contains(t, inbox[0], "\r\n"+line)
		}

		e.To[0].Path = smtp.Path{Local: "Postmaster"} // RFC 5321 §4.1.1.3
		_, err = c.Send(t.Context(), e, strings.NewReader(text))
		require.NoError(t, err)
		<-hamburger.ended
		<-hamburger.ended
		assert.Contains(t, crepes.inbox("alice", "thirsty")[1], "\r\nFinal-Recipient: rfc822; Postmaster@hamburger.edu")
		_, offered := hamburger.dial("24", smtp.Options{LMTP: true}).Extension("DSN")
		assert.False(t, offered, "over LMTP who hands over reports")
	})
}

// What was taken is there behind a restart.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := testkit.NewNetwork()
		dir := t.TempDir()
		crepes := startIn(t, network, "crepes.fr", "alice:thirsty\n", dir)
		c := crepes.dial("587", smtp.Options{})
		require.NoError(t, c.Login(t.Context(), "alice", "thirsty"))
		_, err := c.Send(t.Context(), envelope(t, "alice@crepes.fr", "alice@crepes.fr"), strings.NewReader(text))
		require.NoError(t, err)
		_, err = c.Send(t.Context(), envelope(t, "alice@crepes.fr", "bob@hamburger.edu"), strings.NewReader(text))
		require.NoError(t, err)
		<-crepes.tried
		crepes.stop()

		hamburger := start(t, network, "hamburger.edu", "bob:hungry\n")
		crepes = startIn(t, network, "crepes.fr", "alice:thirsty\n", dir)
		require.NoError(t, crepes.Flush())
		<-crepes.ended
		assert.Len(t, hamburger.inbox("bob", "hungry"), 1)
		assert.Len(t, crepes.inbox("alice", "thirsty"), 1)
	})
}

func TestLMTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, testkit.NewNetwork(), "hamburger.edu", "bob:hungry\nalice:thirsty\n", func(o *maildomain.Options) { o.Quota = 1000 })
		c := s.dial("24", smtp.Options{LMTP: true})
		large := "Subject: Large\r\n\r\n" + strings.Repeat("x", 700) + "\r\n"
		_, err := c.Send(t.Context(), envelope(t, "x@crepes.fr", "bob@hamburger.edu"), strings.NewReader(large))
		require.NoError(t, err)
		receipt, err := c.Send(t.Context(), envelope(t, "x@crepes.fr", "bob@hamburger.edu", "alice@hamburger.edu", "x@crepes.fr"), strings.NewReader(large))
		require.Error(t, err)
		require.Len(t, receipt.Results, 3)
		assert.Equal(t, "452 4.2.2", code(t, receipt.Results[0].Err), "bob's mailbox is full")
		assert.NoError(t, receipt.Results[1].Err)
		assert.Equal(t, "550 5.7.1", code(t, receipt.Results[2].Err), "it relays nothing")
		assert.Len(t, s.inbox("bob", "hungry"), 1)
		assert.Len(t, s.inbox("alice", "thirsty"), 1)
	})
}

// Who has no room is told so before the message comes, if its size is told.
func TestQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, testkit.NewNetwork(), "hamburger.edu", "bob:hungry\n", func(o *maildomain.Options) { o.Quota = 1000 })
		c := s.dial("25", smtp.Options{})
		e := envelope(t, "x@crepes.fr", "bob@hamburger.edu")
		e.Size = 2000
		_, err := c.Send(t.Context(), e, strings.NewReader(strings.Repeat("x\r\n", 600)))
		assert.Equal(t, "452 4.2.2", code(t, err))
		refused, _ := errors.AsType[*smtp.ReplyError](err)
		assert.Equal(t, "RCPT", refused.Command)
		for range 2 {
			_, err = c.Send(t.Context(), envelope(t, "x@crepes.fr", "bob@hamburger.edu"), strings.NewReader("Subject: s\r\n\r\n"+strings.Repeat("x", 400)+"\r\n"))
		}
		assert.Equal(t, "452 4.2.2", code(t, err))
		assert.Len(t, s.inbox("bob", "hungry"), 1)
	})
}

func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, testkit.NewNetwork(), "hamburger.edu", "bob:hungry\n")
		file := filepath.Join(s.dir, "users")
		require.NoError(t, os.WriteFile(file, []byte("alice:thirsty\n"), 0o600))
		require.NoError(t, s.Reload())
		assert.Empty(t, s.inbox("alice", "thirsty"))
		for _, wrong := range []string{"no colon\n", "bob:hungry\nBob:thirsty\n", "", "# nobody\n"} {
			require.NoError(t, os.WriteFile(file, []byte(wrong), 0o600))
			assert.Error(t, s.Reload(), wrong)
		}
		assert.Empty(t, s.inbox("alice", "thirsty"), "a file that is wrong changes nothing")
	})
}

func TestOpenFails(t *testing.T) {
	dir := t.TempDir()
	users := filepath.Join(dir, "users")
	o := &maildomain.Options{Name: "hamburger.edu", Dir: dir, Users: users}
	_, err := maildomain.Open(o)
	assert.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.WriteFile(users, []byte("bob:hungry\n"), 0o600))
	d, err := maildomain.Open(o)
	require.NoError(t, err)
	_, err = maildomain.Open(o)
	assert.ErrorContains(t, err, dir+": locked by another process")
	assert.NoError(t, d.Close())
	d, err = maildomain.Open(o)
	require.NoError(t, err)
	assert.NoError(t, d.Close())
}
