package pop3_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/pop3"
)

// mail is a Backend in memory, with one user: bob, hungry.
type mail struct {
	mu       sync.Mutex
	messages []letter
	locked   bool
	commits  [][]int
	next     int

	openErr, commitErr, loginErr error
}

type letter struct {
	uid, text string
	err       error // of reading, behind the text
}

// letters is a mailbox with these messages.
func letters(texts ...string) *mail {
	m := new(mail)
	for _, text := range texts {
		m.add(text)
	}
	return m
}

func (m *mail) add(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.next++
	m.messages = append(m.messages, letter{uid: "7." + strconv.Itoa(m.next), text: text})
}

func (m *mail) Login(_ context.Context, user, password string) (string, error) {
	if m.loginErr != nil {
		return "", m.loginErr
	}
	if user == "bob" && password == "hungry" {
		return "bob", nil
	}
	return "", pop3.ErrAuthRefused
}

func (m *mail) Open(context.Context, string) (pop3.Maildrop, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.openErr != nil {
		return nil, m.openErr
	}
	if m.locked {
		return nil, pop3.ErrInUse
	}
	m.locked = true
	return &drop{mail: m, messages: slices.Clone(m.messages)}, nil
}

// left returns the unique-ids of the messages that are there.
func (m *mail) left() (uids []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range m.messages {
		uids = append(uids, l.uid)
	}
	return uids
}

func (m *mail) isLocked() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.locked
}

// secretMail keeps passwords so that they can be read.
type secretMail struct{ *mail }

func (m secretMail) Secret(_ context.Context, user string) (string, string, error) {
	if user != "bob" {
		return "", "", pop3.ErrAuthRefused
	}
	return "hungry", "bob", nil
}

type drop struct {
	mail     *mail
	messages []letter
}

func (d *drop) Len() int { return len(d.messages) }

func (d *drop) Stat(i int) int64 { return int64(len(d.messages[i].text)) }

func (d *drop) UID(i int) string { return d.messages[i].uid }

func (d *drop) Open(_ context.Context, i int) (io.ReadCloser, error) {
	l := d.messages[i]
	if l.err == nil {
		return io.NopCloser(strings.NewReader(l.text)), nil
	}
	return io.NopCloser(io.MultiReader(strings.NewReader(l.text), failing{l.err})), nil
}

func (d *drop) Commit(_ context.Context, deleted []int) error {
	d.mail.mu.Lock()
	defer d.mail.mu.Unlock()
	d.mail.commits = append(d.mail.commits, deleted)
	if d.mail.commitErr != nil {
		return d.mail.commitErr
	}
	d.mail.messages = slices.DeleteFunc(d.mail.messages, func(l letter) bool {
		return slices.ContainsFunc(deleted, func(i int) bool { return d.messages[i].uid == l.uid })
	})
	return nil
}

func (d *drop) Close() error {
	d.mail.mu.Lock()
	defer d.mail.mu.Unlock()
	d.mail.locked = false
	return nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

var errLost = errors.New("lost")

// site is a server on a network in memory, at 192.0.2.1:110 and :995.
type site struct {
	tb      testing.TB
	network *testkit.Network
	srv     *pop3.Server
}

// serve starts a server. It ends with the test.
func serve(tb testing.TB, srv *pop3.Server) *site {
	s := &site{tb: tb, network: testkit.NewNetwork(), srv: srv}
	s.listen("192.0.2.1:110", srv.Serve)
	if srv.TLSConfig != nil {
		s.listen("192.0.2.1:995", srv.ServeTLS)
	}
	return s
}

func (s *site) listen(addr string, serve func(net.Listener) error) {
	l, err := s.network.Listen(s.tb.Context(), "tcp", addr)
	require.NoError(s.tb, err)
	done := make(chan error, 1)
	go func() { done <- serve(l) }()
	s.tb.Cleanup(func() {
		s.srv.Close()
		require.ErrorIs(s.tb, <-done, pop3.ErrServerClosed)
	})
}

// raw speaks to a server line by line.
type raw struct {
	tb testing.TB
	nc net.Conn
	in *bufio.Reader
}

// dial connects from an address; 127.0.0.1 may say passwords in the clear.
func (s *site) dial(from string) *raw {
	s.tb.Helper()
	nc, err := s.network.DialFrom(s.tb.Context(), "tcp", from+":0", "192.0.2.1:110")
	require.NoError(s.tb, err)
	s.tb.Cleanup(func() { nc.Close() })
	return &raw{s.tb, nc, bufio.NewReader(nc)}
}

// login is a client that is logged in.
func (s *site) login() *raw {
	s.tb.Helper()
	c := s.dial("127.0.0.1")
	c.talk("S: +OK…\nC: USER bob\nS: +OK…\nC: PASS hungry\nS: +OK…")
	return c
}

// send sends octets as they are.
func (c *raw) send(text string) {
	c.tb.Helper()
	_, err := io.WriteString(c.nc, text)
	require.NoError(c.tb, err)
}

// want reads a line and compares it. A line that ends in … may go on.
func (c *raw) want(want string) {
	c.tb.Helper()
	got, err := c.in.ReadString('\n')
	require.NoError(c.tb, err, "waiting for %q, got %q", want, got)
	if prefix, open := strings.CutSuffix(want, "…"); open {
		require.True(c.tb, strings.HasPrefix(got, prefix) && strings.HasSuffix(got, "\r\n"), "got %q, want %q", got, want)
		return
	}
	require.Equal(c.tb, want+"\r\n", got)
}

// talk plays a dialogue: lines that begin with "C: " are sent, those with "S: "
// awaited. "S!" is the end of the connection.
func (c *raw) talk(script string) {
	c.tb.Helper()
	for line := range strings.SplitSeq(strings.Trim(script, "\n"), "\n") {
		line = strings.TrimLeft(line, "\t")
		if text, said := strings.CutPrefix(line, "C: "); said {
			c.send(text + "\r\n")
		} else if text, said := strings.CutPrefix(line, "S: "); said {
			c.want(text)
		} else if line == "S!" {
			c.end()
		} else {
			c.tb.Fatalf("script: %q", line)
		}
	}
}

// end checks that the server closed the connection, and said nothing more. It
// does so at once: else it is a timer that ends the session.
func (c *raw) end() {
	c.tb.Helper()
	require.Empty(c.tb, c.rest())
}

// rest returns what the server says to its end, which comes at once.
func (c *raw) rest() string {
	c.tb.Helper()
	begun := time.Now()
	rest := c.late()
	require.Zero(c.tb, time.Since(begun), "ended by a timer")
	return rest
}

// late is rest whenever the end comes.
func (c *raw) late() string {
	c.tb.Helper()
	c.nc.SetReadDeadline(time.Now().Add(time.Hour))
	rest, err := io.ReadAll(c.in)
	require.NoError(c.tb, err)
	return string(rest)
}

// testConn gives no more than size octets a read.
type testConn struct {
	net.Conn
	size int
}

func (c *testConn) Read(b []byte) (int, error) { return c.Conn.Read(b[:min(len(b), c.size)]) }
