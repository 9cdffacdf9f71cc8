package smtp_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/smtp"
)

// letter is a message as a mailbox got it.
type letter struct {
	From      smtp.Path
	Options   smtp.MailOptions
	To        []smtp.Recipient
	Text      string
	Hello     string
	Protocol  string
	Identity  string
	Cancelled bool // the context of Data had ended
}

// mailbox is a Backend that keeps what it is given. Its functions may refuse.
type mailbox struct {
	onSession func(*smtp.Conn) error
	onMail    func(smtp.Path, smtp.MailOptions) error
	onRcpt    func(smtp.Path, smtp.RcptOptions) error
	onData    func(io.Reader) error // instead of reading
	onVerify  func(string) (smtp.Reply, error)

	mu      sync.Mutex
	letters []letter
	errs    []error // of messages that could not be read
	resets  int
	closes  int
}

func (m *mailbox) NewSession(_ context.Context, c *smtp.Conn) (smtp.Session, error) {
	if m.onSession != nil {
		if err := m.onSession(c); err != nil {
			return nil, err
		}
	}
	s := &mailSession{m: m, c: c}
	if m.onVerify != nil {
		return &verifySession{s}, nil
	}
	return s, nil
}

// got returns the letters so far.
func (m *mailbox) got() []letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]letter(nil), m.letters...)
}

type mailSession struct {
	m *mailbox
	c *smtp.Conn
	l letter
}

func (s *mailSession) Mail(_ context.Context, from smtp.Path, opts smtp.MailOptions) error {
	if s.m.onMail != nil {
		if err := s.m.onMail(from, opts); err != nil {
			return err
		}
	}
	s.l = letter{From: from, Options: opts}
	return nil
}

func (s *mailSession) Rcpt(_ context.Context, to smtp.Path, opts smtp.RcptOptions) error {
	if s.m.onRcpt != nil {
		if err := s.m.onRcpt(to, opts); err != nil {
			return err
		}
	}
	s.l.To = append(s.l.To, smtp.Recipient{Path: to, RcptOptions: opts})
	return nil
}

func (s *mailSession) Data(ctx context.Context, r io.Reader) error {
	if s.m.onData != nil {
		return s.m.onData(r)
	}
	b, err := io.ReadAll(r)
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if err != nil {
		s.m.errs = append(s.m.errs, err)
		return err
	}
	s.l.Text = string(b)
	s.l.Hello, s.l.Protocol, s.l.Identity = s.c.Hello(), s.c.Protocol(), s.c.Identity()
	s.l.Cancelled = ctx.Err() != nil
	s.m.letters = append(s.m.letters, s.l)
	s.l = letter{}
	return nil
}

func (s *mailSession) Reset() {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	s.m.resets++
	s.l = letter{}
}

func (s *mailSession) Close() error {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	s.m.closes++
	return nil
}

type verifySession struct{ *mailSession }

func (s *verifySession) Verify(_ context.Context, arg string) (smtp.Reply, error) {
	return s.m.onVerify(arg)
}

// caller is a client that types.
type caller struct {
	tb   testing.TB
	nc   net.Conn
	r    *bufio.Reader
	done chan error
}

// call connects to a server in memory.
func call(tb testing.TB, srv *smtp.Server) *caller {
	if srv.Hostname == "" {
		srv.Hostname = "hamburger.edu"
	}
	client, server := testkit.Pipe()
	c := &caller{tb: tb, nc: client, r: bufio.NewReader(client), done: make(chan error, 1)}
	go func() { c.done <- srv.ServeConn(context.WithoutCancel(tb.Context()), server) }()
	tb.Cleanup(func() { client.Close() })
	return c
}

// send sends octets as they are.
func (c *caller) send(s string) {
	c.tb.Helper()
	_, err := io.WriteString(c.nc, s)
	require.NoError(c.tb, err)
}

// line reads a line of a reply.
func (c *caller) line() string {
	c.tb.Helper()
	s, err := c.r.ReadString('\n')
	require.NoError(c.tb, err, "after %q", s)
	require.True(c.tb, strings.HasSuffix(s, "\r\n"))
	return strings.TrimSuffix(s, "\r\n")
}

// want reads a reply, of which the last line begins with prefix.
func (c *caller) want(prefix string) (lines []string) {
	c.tb.Helper()
	for {
		l := c.line()
		lines = append(lines, l)
		if len(l) < 4 || l[3] != '-' {
			require.True(c.tb, strings.HasPrefix(l, prefix), "got %q, want %q", l, prefix)
			return lines
		}
	}
}

// do sends a line and reads a reply.
func (c *caller) do(line, prefix string) []string {
	c.tb.Helper()
	c.send(line + "\r\n")
	return c.want(prefix)
}

// end checks that the server has closed the connection.
func (c *caller) end() {
	c.tb.Helper()
	rest, err := io.ReadAll(c.r)
	require.NoError(c.tb, err)
	require.Empty(c.tb, string(rest))
}

// play plays a dialogue: "C: " a line that the client sends, "C> " octets that
// he sends, as in a Go string, "S: " how the last line of the server's next reply
// begins, "END" that the server closes.
func play(tb testing.TB, srv *smtp.Server, script string) *caller {
	tb.Helper()
	c := call(tb, srv)
	c.play(script)
	return c
}

func (c *caller) play(script string) {
	c.tb.Helper()
	for l := range strings.Lines(script) {
		l = strings.TrimLeft(strings.TrimSuffix(l, "\n"), "\t")
		text := l[min(len(l), 3):]
		switch {
		case strings.HasPrefix(l, "C: "):
			c.send(text + "\r\n")
		case strings.HasPrefix(l, "C> "):
			raw, err := strconv.Unquote(`"` + text + `"`)
			require.NoError(c.tb, err, l)
			c.send(raw)
		case strings.HasPrefix(l, "S: "):
			c.want(text)
		case l == "END":
			c.end()
		case l != "":
			require.Fail(c.tb, "not a line of a dialogue", l)
		}
	}
}
