package smtp_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/smtp"
)

// feed writes s in steps and then closes, and returns the Conn that reads it.
func feed(t *testing.T, s string, step int, opts *smtp.ConnOptions) *smtp.Conn {
	t.Helper()
	peer, ours := testkit.PipeBuffer(256)
	c := smtp.NewConn(ours, opts)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for len(s) > 0 {
			n := min(step, len(s))
			if _, err := io.WriteString(peer, s[:n]); err != nil {
				return
			}
			s = s[n:]
		}
		peer.(interface{ CloseWrite() error }).CloseWrite()
	}()
	t.Cleanup(func() {
		c.Close()
		peer.Close()
		<-done
	})
	return c
}

// readCommands reads commands to the end; an error that is one command's is told
// in its place.
func readCommands(c *smtp.Conn) (got []string, end error) {
	for {
		cmd, err := c.ReadCommand()
		switch {
		case err == nil:
			got = append(got, strings.TrimSpace(cmd.Verb.String()+" "+string(cmd.Arg)))
		case code(err) == "" || strings.HasPrefix(code(err), "421"):
			_, again := c.ReadCommand()
			if again != err {
				return got, errors.New("the error does not stay")
			}
			return got, err
		default:
			got = append(got, code(err))
		}
	}
}

func TestReadCommand(t *testing.T) {
	a := func(n int) string { return strings.Repeat("a", n) }
	tests := []struct {
		name, in string
		want     []string
		end      error
	}{
		{"plain", "EHLO crepes.fr\r\nquit\r\n", []string{"EHLO crepes.fr", "QUIT"}, io.EOF},
		{"nothing", "", nil, io.EOF},
		{"the connection ends inside a line", "NOOP\r\nQUI", []string{"NOOP"}, io.ErrUnexpectedEOF},
		{"the connection ends behind CR", "NOOP\r", nil, io.ErrUnexpectedEOF},
		{"5321-2.3.8 bare LF hides no command", "NOOP\nQUIT\r\nRSET\r\n", []string{"500 5.5.2", "RSET"}, io.EOF},
		{"5321-2.3.8 bare LF first", "\nNOOP\r\n", []string{"500 5.5.2"}, io.EOF},
		{"5321-2.3.8 bare CR hides no command", "NOOP\rQUIT\r\nRSET\r\n", []string{"500 5.5.2", "RSET"}, io.EOF},
		{"two CRs", "NOOP\r\r\nRSET\r\n", []string{"500 5.5.2", "RSET"}, io.EOF},
		{"NUL", "NO\x00OP\r\nRSET\r\n", []string{"500 5.5.2", "RSET"}, io.EOF},
		{"an empty line", "\r\nRSET\r\n", []string{"500 5.5.2", "RSET"}, io.EOF},
		{"5321-4.5.3.1.4 line of 512", "NOOP " + a(505) + "\r\nRSET\r\n", []string{"NOOP " + a(505), "RSET"}, io.EOF},
		{"5321-4.5.3.1.4 line of 513", "NOOP " + a(506) + "\r\nRSET\r\n", []string{"500 5.5.2", "RSET"}, io.EOF},
		{"a long line goes over buffers", "NOOP " + a(30000) + "\r\nRSET\r\n", []string{"500 5.5.2", "RSET"}, io.EOF},
		{"a long line with bare LFs", "NOOP " + strings.Repeat("a\nQUIT\r", 3000) + "\r\nRSET\r\n", []string{"500 5.5.2", "RSET"}, io.EOF},
		{"two long lines", "NOOP " + a(600) + "\r\nNOOP " + a(600) + "\r\nRSET\r\n", []string{"500 5.5.2", "500 5.5.2", "RSET"}, io.EOF},
		{"the connection ends inside a long line", "NOOP " + a(600), nil, io.ErrUnexpectedEOF},
		{"extensions make MAIL longer", "mail FROM:<" + a(900) + "\r\n", []string{"MAIL FROM:<" + a(900)}, io.EOF},
		{"MAIL too long", "MAIL " + a(1200) + "\r\nRSET\r\n", []string{"500 5.5.2", "RSET"}, io.EOF},
		{"extensions make RCPT longer", "RCPT TO:<" + a(900) + "\r\n", []string{"RCPT TO:<" + a(900)}, io.EOF},
		{"RCPT too long", "RCPT " + a(1200) + "\r\nRSET\r\n", []string{"500 5.5.2", "RSET"}, io.EOF},
		{"4954-4 AUTH of 12288", "AUTH PLAIN " + a(12275) + "\r\nRSET\r\n", []string{"AUTH PLAIN " + a(12275), "RSET"}, io.EOF},
		{"4954-6 AUTH too long", "AUTH PLAIN " + a(12276) + "\r\nRSET\r\n", []string{"500 5.5.6", "RSET"}, io.EOF},
	}
	for _, tt := range tests {
		for _, step := range []int{1, 2, 3, 7, 100, 1 << 20} {
			got, end := readCommands(feed(t, tt.in, step, nil))
			require.Equal(t, tt.want, got, "%s in steps of %d", tt.name, step)
			require.Equal(t, tt.end, end, "%s in steps of %d", tt.name, step)
		}
	}
}

func TestReadCommandDiscards(t *testing.T) {
	for _, lim := range []*smtp.Limits{nil, {MaxDiscard: 2000}, {MaxLine: 100, MaxDiscard: 100}} {
		c := feed(t, "NOOP\r\nNOOP "+strings.Repeat("a", 100<<10)+"\r\nRSET\r\n", 1000, &smtp.ConnOptions{Limits: lim})
		got, end := readCommands(c)
		assert.Equal(t, []string{"NOOP"}, got)
		e, ok := errors.AsType[*smtp.LimitError](end)
		require.True(t, ok, "%v", end)
		assert.Equal(t, "MaxDiscard", e.Name)
		assert.Equal(t, "421 4.7.0", code(end))
	}
	long := "NOOP " + strings.Repeat("a", 100<<10)
	got, end := readCommands(feed(t, long+"\r\n", 1000, &smtp.ConnOptions{Limits: &smtp.Limits{MaxLine: -1, MaxDiscard: -1}}))
	assert.Equal(t, []string{long}, got)
	assert.Equal(t, io.EOF, end)
}

func TestReadAuthLine(t *testing.T) {
	c := feed(t, "AGEA\r\n*\r\na\rb\r\n\r\n"+strings.Repeat("a", 13000)+"\r\nQUIT\r\n", 50, nil)
	for _, want := range []string{"AGEA", "*", "501 5.5.2", "", "500 5.5.6"} {
		line, err := c.ReadAuthLine()
		if err != nil {
			assert.Equal(t, want, code(err))
			continue
		}
		assert.Equal(t, want, string(line))
	}
	cmd, err := c.ReadCommand()
	require.NoError(t, err)
	assert.Equal(t, smtp.VerbQUIT, cmd.Verb)
}

func TestReadReply(t *testing.T) {
	const in = "220 hamburger.edu\r\n250-hamburger.edu\r\n250-SIZE 1\r\n250 HELP\r\n550 5.1.1 No\r\n"
	want := []smtp.Reply{
		{Code: 220, Lines: []string{"hamburger.edu"}},
		{Code: 250, Lines: []string{"hamburger.edu", "SIZE 1", "HELP"}},
		{Code: 550, Enhanced: smtp.EnhancedCode{5, 1, 1}, Lines: []string{"No"}},
	}
	for _, step := range []int{1, 2, 5, 1000} {
		c := feed(t, in, step, &smtp.ConnOptions{Client: true})
		for _, w := range want {
			r, err := c.ReadReply()
			require.NoError(t, err)
			assert.Equal(t, w, r)
		}
		_, err := c.ReadReply()
		assert.Equal(t, io.EOF, err)
	}
}

func TestReadReplyErrors(t *testing.T) {
	lim := &smtp.Limits{MaxReplyLine: 100, MaxReplyLines: 10}
	tests := []struct{ name, in, want string }{
		{"mixed codes", "220 a\r\n250-a\r\n550 b\r\n", "smtp: Reply-code: value at byte 14 (RFC 5321 §4.2.1)"},
		{"no code", "220 a\r\nhello\r\n", "smtp: Reply-code: syntax at byte 7 (RFC 5321 §4.2)"},
		{"code out of range", "220 a\r\n150 x\r\n", "smtp: Reply-code: syntax at byte 7 (RFC 5321 §4.2)"},
		{"bare LF", "220 a\r\n220 b\n", "smtp: Reply-line end: CR or LF alone at byte 12 (RFC 5321 §2.3.8)"},
		{"too long", "220 a\r\n220 " + strings.Repeat("a", 200), "smtp: limit MaxReplyLine of 100 reached"},
		{"too many lines", "220 a\r\n" + strings.Repeat("250-a\r\n", 20), "smtp: limit MaxReplyLines of 10 reached"},
		{"cut", "220 a\r\n250-a\r\n", "unexpected EOF"},
	}
	for _, tt := range tests {
		for _, step := range []int{1, 3, 1000} {
			c := feed(t, tt.in, step, &smtp.ConnOptions{Client: true, Limits: lim})
			_, err := c.ReadReply()
			require.NoError(t, err)
			_, err = c.ReadReply()
			require.EqualError(t, err, tt.want, tt.name)
			_, again := c.ReadReply()
			assert.Equal(t, err, again, "it stays")
		}
	}
}

// writeCounter counts writes.
type writeCounter struct {
	net.Conn
	writes int
}

func (c *writeCounter) Write(b []byte) (int, error) {
	c.writes++
	return c.Conn.Write(b)
}

// RFC 2920 §3.2: replies to pipelined commands go out together, and none is kept
// back while the server waits.
func TestRepliesAreBatched(t *testing.T) {
	peer, ours := testkit.Pipe()
	defer peer.Close()
	counted := &writeCounter{Conn: ours}
	c := smtp.NewConn(counted, nil)
	defer c.Close()
	_, err := io.WriteString(peer, "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nNO")
	require.NoError(t, err)
	for i := range 3 {
		_, err := c.ReadCommand()
		require.NoError(t, err)
		assert.Equal(t, i < 2, c.CommandBuffered())
		require.NoError(t, c.WriteReply(smtp.Reply{Code: 250, Lines: []string{"ok"}}))
	}
	assert.Zero(t, counted.writes)
	assert.Equal(t, 24, c.Unflushed())
	assert.Equal(t, 2, c.Buffered())
	go io.WriteString(peer, "OP\r\n")
	_, err = c.ReadCommand()
	require.NoError(t, err)
	assert.Equal(t, 1, counted.writes, "the wait flushed")
	assert.Zero(t, c.Unflushed())
	b := make([]byte, 24)
	_, err = io.ReadFull(peer, b)
	require.NoError(t, err)
	assert.Equal(t, strings.Repeat("250 ok\r\n", 3), string(b))
}

func TestWriteCommands(t *testing.T) {
	peer, ours := testkit.Pipe()
	defer peer.Close()
	counted := &writeCounter{Conn: ours}
	c := smtp.NewConn(counted, &smtp.ConnOptions{Client: true})
	defer c.Close()
	require.NoError(t, c.WriteCommand(smtp.Command{Verb: smtp.VerbMAIL, Arg: []byte("FROM:<>")}))
	assert.ErrorIs(t, c.WriteCommand(smtp.Command{Verb: smtp.VerbRCPT, Arg: []byte("\n")}), smtp.ErrControlOctet, "and nothing of it")
	assert.ErrorIs(t, c.WriteAuthLine([]byte("a\r\n")), smtp.ErrControlOctet)
	assert.ErrorIs(t, c.WriteReply(smtp.Reply{}), smtp.ErrValue)
	require.NoError(t, c.WriteAuthLine([]byte("*")))
	require.NoError(t, c.Flush())
	require.NoError(t, c.Flush(), "nothing to do")
	assert.Equal(t, 1, counted.writes)
	b := make([]byte, 100)
	n, err := peer.Read(b)
	require.NoError(t, err)
	assert.Equal(t, "MAIL FROM:<>\r\n*\r\n", string(b[:n]))

	many := smtp.Command{Verb: smtp.VerbVRFY, Arg: []byte(strings.Repeat("a", 3000))}
	for range 3 {
		require.NoError(t, c.WriteCommand(many))
	}
	assert.Equal(t, 2, counted.writes, "a full buffer goes out")
	peer.Close()
	require.NoError(t, c.WriteCommand(many))
	err = c.Flush()
	require.Error(t, err)
	assert.Equal(t, err, c.WriteCommand(many))
	assert.Equal(t, err, c.Flush())
}

// A deadline that passes ends one read, and the next goes on where it stopped.
func TestReadDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		peer, ours := testkit.Pipe()
		c := smtp.NewConn(ours, nil)
		defer c.Close()
		defer peer.Close()
		io.WriteString(peer, "NO")
		c.NetConn().SetReadDeadline(time.Now().Add(time.Second))
		_, err := c.ReadCommand()
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		c.NetConn().SetReadDeadline(time.Time{})
		io.WriteString(peer, "OP\r\n")
		cmd, err := c.ReadCommand()
		require.NoError(t, err)
		assert.Equal(t, smtp.VerbNOOP, cmd.Verb)
	})
}

func TestConnStartTLS(t *testing.T) {
	server, client := testkit.Certificate(t)
	peer, ours := testkit.Pipe()
	c, s := smtp.NewConn(peer, &smtp.ConnOptions{Client: true}), smtp.NewConn(ours, nil)
	defer c.Close()
	defer s.Close()
	done := make(chan error, 1)
	go func() {
		cmd, err := s.ReadCommand()
		if err == nil && cmd.Verb == smtp.VerbSTARTTLS {
			s.WriteReply(smtp.Reply{Code: 220, Lines: []string{"Go"}})
			err = s.StartTLS(t.Context(), server) // flushes
		}
		if err == nil {
			_, err = s.ReadCommand()
		}
		if err == nil {
			s.WriteReply(smtp.Reply{Code: 250, Lines: []string{"inside"}})
			err = s.Flush()
		}
		done <- err
	}()
	_, tls := c.TLS()
	assert.False(t, tls)
	require.NoError(t, c.WriteCommand(smtp.Command{Verb: smtp.VerbSTARTTLS}))
	require.NoError(t, c.Flush())
	r, err := c.ReadReply()
	require.NoError(t, err)
	require.Equal(t, 220, r.Code)
	require.NoError(t, c.StartTLS(t.Context(), client))
	state, tls := c.TLS()
	assert.True(t, tls)
	assert.True(t, state.HandshakeComplete)
	require.NoError(t, c.WriteCommand(smtp.Command{Verb: smtp.VerbNOOP}))
	require.NoError(t, c.Flush())
	r, err = c.ReadReply()
	require.NoError(t, err)
	assert.Equal(t, []string{"inside"}, r.Lines)
	require.NoError(t, <-done)
}

// CVE-2011-0411: what came in the clear behind STARTTLS, or behind its reply, is
// no command or reply of within TLS.
func TestConnStartTLSInjection(t *testing.T) {
	server, client := testkit.Certificate(t)
	t.Run("command", func(t *testing.T) {
		peer, ours := testkit.Pipe()
		defer peer.Close()
		s := smtp.NewConn(ours, nil)
		io.WriteString(peer, "STARTTLS\r\nMAIL FROM:<evil@example.com>\r\n")
		_, err := s.ReadCommand()
		require.NoError(t, err)
		err = s.StartTLS(t.Context(), server)
		require.ErrorIs(t, err, smtp.ErrBufferedPlaintext)
		_, again := s.ReadCommand()
		assert.Equal(t, err, again)
		assert.Zero(t, s.Buffered())
		assert.Equal(t, err, s.WriteReply(smtp.Reply{Code: 250}))
	})
	t.Run("reply", func(t *testing.T) {
		peer, ours := testkit.Pipe()
		defer peer.Close()
		c := smtp.NewConn(ours, &smtp.ConnOptions{Client: true})
		io.WriteString(peer, "220 Go\r\n250-evil\r\n250 AUTH PLAIN\r\n")
		_, err := c.ReadReply()
		require.NoError(t, err)
		require.ErrorIs(t, c.StartTLS(t.Context(), client), smtp.ErrBufferedPlaintext)
	})
	t.Run("handshake fails", func(t *testing.T) {
		peer, ours := testkit.Pipe()
		defer peer.Close()
		c := smtp.NewConn(ours, &smtp.ConnOptions{Client: true})
		io.WriteString(peer, "250-evil\r\n250 AUTH PLAIN\r\n")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.Error(t, c.StartTLS(ctx, client))
		_, err := c.ReadReply()
		assert.Error(t, err)
	})
}

func TestTrace(t *testing.T) {
	run := func(secrets bool) (lines []string) {
		trace := &smtp.Trace{Secrets: secrets, Line: func(server bool, line []byte) {
			who := "C: "
			if server {
				who = "S: "
			}
			lines = append(lines, who+string(line))
		}}
		c := feed(t, "auth PLAIN AGEAYg==\r\nAUTH LOGIN\r\nAUTH\tPLAIN x\r\nAUTH  X  y\r\nYQ==\r\nNOOP\r\n", 100, &smtp.ConnOptions{Trace: trace})
		for range 4 {
			c.ReadCommand()
		}
		c.WriteReply(smtp.Reply{Code: 334, Lines: []string{"VXNlcg=="}})
		c.ReadAuthLine()
		c.ReadCommand()
		c.WriteReply(smtp.Reply{Code: 250, Lines: []string{"a", "b"}})
		return lines
	}
	assert.Equal(t, []string{"C: auth PLAIN ***", "C: AUTH LOGIN", "C: AUTH ***", "C: AUTH X ***", "S: 334 ***", "C: ***", "C: NOOP", "S: 250-a", "S: 250 b"}, run(false))
	assert.Equal(t, []string{"C: auth PLAIN AGEAYg==", "C: AUTH LOGIN", "C: AUTH\tPLAIN x", "C: AUTH  X  y", "S: 334 VXNlcg==", "C: YQ==", "C: NOOP", "S: 250-a", "S: 250 b"}, run(true))
}

func TestConnFacts(t *testing.T) {
	peer, ours := testkit.Pipe()
	defer peer.Close()
	c := smtp.NewConn(ours, nil)
	defer c.Close()
	assert.Empty(t, c.Hello()+c.Protocol()+c.Identity())
	assert.NotNil(t, c.LocalAddr())
	assert.NotNil(t, c.RemoteAddr())
}

// However a connection is cut, it holds the same commands and ends in the same
// way; and no command is longer than the limits.
func FuzzConn(f *testing.F) {
	for _, s := range []string{
		"EHLO a\r\nMAIL FROM:<a@b>\r\n", "NOOP\nQUIT\r\n", "NOOP\r\r\nNO", "NOOP " + strings.Repeat("a", 90) + "\r\nRSET\r\n",
		"AUTH PLAIN " + strings.Repeat("a", 150) + "\r\n", "MAIL " + strings.Repeat("a\r", 300), strings.Repeat("\n", 500), "\r\n\x00\r\n",
	} {
		f.Add(s, uint8(3))
	}
	f.Fuzz(func(t *testing.T, s string, step uint8) {
		if len(s) > 2000 {
			return
		}
		opts := &smtp.ConnOptions{Limits: &smtp.Limits{MaxLine: 64, MaxAuthLine: 100, MaxDiscard: 900}}
		whole, end := readCommands(feed(t, s, len(s)+1, opts))
		pieces, endPieces := readCommands(feed(t, s, int(step)+1, opts))
		require.Equal(t, whole, pieces)
		require.Equal(t, end, endPieces)
		for _, line := range whole {
			require.LessOrEqual(t, len(line), 64+700)
		}
	})
}

// Whatever a peer sends, a Conn holds no more than twice what the limits allow,
// and a client's nothing between two commands.
func TestConnMemory(t *testing.T) {
	const most = 2 * 12288
	floods := []string{
		strings.Repeat("a", 60<<10) + "\r\n", "AUTH " + strings.Repeat("a", 60<<10) + "\r\n", strings.Repeat("\n", 60<<10) + "\r\n", strings.Repeat("NOOP\r\n", 10<<10),
		"MAIL FROM:<" + strings.Repeat("\r", 60<<10) + "\r\n", "AUTH PLAIN " + strings.Repeat("a", 12200) + "\r\n", strings.Repeat("\x00", 1<<20),
	}
	for _, s := range floods {
		c := feed(t, s, 1000, nil)
		for {
			_, err := c.ReadCommand()
			require.LessOrEqual(t, smtp.Held(c), most, "%.20q", s)
			if err != nil && (code(err) == "" || strings.HasPrefix(code(err), "421")) {
				break
			}
		}
	}
	for _, s := range []string{strings.Repeat("250-a\r\n", 10<<10), "250 " + strings.Repeat("a", 60<<10), strings.Repeat("250-"+strings.Repeat("a", 90)+"\r\n", 10<<10)} {
		lim := &smtp.Limits{MaxReplyLine: 100, MaxReplyLines: 100}
		c := feed(t, s, 1000, &smtp.ConnOptions{Client: true, Limits: lim})
		_, err := c.ReadReply()
		require.Error(t, err)
		require.LessOrEqual(t, smtp.Held(c), 2*100*100)
	}
	for _, s := range []string{strings.Repeat("a", 200<<10), strings.Repeat("a\r\n", 100<<10), strings.Repeat("..\r\n", 100<<10)} {
		c := feed(t, s, 10000, nil)
		require.Error(t, c.DataReader(smtp.PolicyReject).Drain())
		require.LessOrEqual(t, smtp.Held(c), 2*64<<10)
	}
	c := feed(t, "250 ok\r\n250 ok\r\n", 8, &smtp.ConnOptions{Client: true})
	require.NoError(t, c.WriteCommand(smtp.Command{Verb: smtp.VerbNOOP}))
	require.NoError(t, c.Flush())
	for range 2 {
		_, err := c.ReadReply()
		require.NoError(t, err)
	}
	assert.Zero(t, smtp.Held(c))
}
