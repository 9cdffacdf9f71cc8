package sockets_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/sockets"
)

// said writes the lines down as a dialogue without times.
func said(tr *sockets.Transcript) []string {
	var out []string
	for _, l := range tr.Lines() {
		l.Time = 0
		out = append(out, l.String())
	}
	return out
}

// turn is what one side hands to its connection in one piece.
type turn struct {
	server bool
	octets string
}

func TestTranscriptLines(t *testing.T) {
	long := strings.Repeat("a", 12)
	tests := []struct {
		name  string
		opts  sockets.TranscriptOptions
		turns []turn
		want  []string
	}{
		{"a dialogue", sockets.TranscriptOptions{},
			[]turn{{true, "+OK ready\r\n"}, {false, "USER bob\r\n"}, {true, "+OK\r\n"}},
			[]string{"S: +OK ready", "C: USER bob", "S: +OK"}},
		{"several lines at once", sockets.TranscriptOptions{},
			[]turn{{false, "EHLO a\r\nMAIL\r\n\r\n"}},
			[]string{"C: EHLO a", "C: MAIL", "C:"}},
		{"a line in pieces", sockets.TranscriptOptions{},
			[]turn{{false, "QU"}, {false, "IT\r"}, {false, "\n"}},
			[]string{"C: QUIT"}},
		{"LF alone ends a line", sockets.TranscriptOptions{},
			[]turn{{false, "a\nb\r\n"}}, []string{"C: a", "C: b"}},
		{"half a line when the other side speaks, and at the end", sockets.TranscriptOptions{},
			[]turn{{false, "hello"}, {true, "HELLO"}, {true, "!"}},
			[]string{"C: hello", "S: HELLO!"}},
		{"what does not print", sockets.TranscriptOptions{},
			[]turn{{false, "\x00\xff\x1b[2J\r\n"}}, []string{`C: \x00\xff\x1b[2J`}},
		{"a long line is cut", sockets.TranscriptOptions{MaxLine: 10},
			[]turn{{false, long + "\r\n"}, {false, long}, {false, long + "\n"}, {false, "b\r\n"}},
			[]string{"C: aaaaaaaaaa … 2 octets more", "C: aaaaaaaaaa … 14 octets more", "C: b"}},
		{"the line end is outside the limit", sockets.TranscriptOptions{MaxLine: 12},
			[]turn{{false, long + "\r\n"}, {false, long}, {false, "\r"}, {false, "\n"}},
			[]string{"C: " + long, "C: " + long}},
		{"exact line ends", sockets.TranscriptOptions{Exact: true},
			[]turn{{false, "a\r\nb\nc"}, {true, "d\r"}},
			[]string{"C: a", `C: b\n\`, `C: c\`, `S: d\r\`}},
		{"an exact long line goes on", sockets.TranscriptOptions{Exact: true, MaxLine: 5},
			[]turn{{false, long + "\r\n"}},
			[]string{`C: aaaaa\`, `C: aaaaa\`, "C: aa"}},
		{"the oldest lines go", sockets.TranscriptOptions{MaxLines: 2},
			[]turn{{false, "1\n2\n3\n"}, {true, "4\n5\n"}}, []string{"S: 4", "S: 5"}},
		{"no bound on lines", sockets.TranscriptOptions{MaxLines: -1, MaxLine: -1},
			[]turn{{false, "1\n2\n" + long + "\n"}}, []string{"C: 1", "C: 2", "C: " + long}},
	}
	for _, tt := range tests {
		for _, ours := range []bool{false, true} {
			name := tt.name + map[bool]string{false: ", tapped at the client", true: ", tapped at the server"}[ours]
			t.Run(name, func(t *testing.T) {
				tr := sockets.NewTranscript(&tt.opts)
				near, far := testkit.Pipe()
				defer far.Close()
				tapped := tr.Conn(near, "", ours)
				for _, turn := range tt.turns {
					from, to := tapped, net.Conn(far)
					if turn.server != ours {
						from, to = to, from
					}
					_, err := io.WriteString(from, turn.octets)
					require.NoError(t, err)
					_, err = io.ReadFull(to, make([]byte, len(turn.octets)))
					require.NoError(t, err)
				}
				require.NoError(t, tapped.Close())
				assert.Equal(t, tt.want, said(tr))
			})
		}
	}
}

func TestTranscriptDropped(t *testing.T) {
	tr := sockets.NewTranscript(&sockets.TranscriptOptions{MaxLines: 2})
	for range 5 {
		tr.Add("", false, "x")
	}
	assert.EqualValues(t, 3, tr.Dropped())
	assert.Len(t, tr.Lines(), 2)
}

func TestTranscriptTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := sockets.NewTranscript(nil)
		near, far := testkit.Pipe()
		c := tr.Conn(near, "control", false)
		time.Sleep(time.Second)
		io.WriteString(c, "hel")
		time.Sleep(time.Second)
		io.WriteString(c, "lo")
		time.Sleep(time.Second)
		io.WriteString(far, "HELLO\r\n")
		_, err := io.ReadFull(c, make([]byte, 7))
		require.NoError(t, err)
		c.Close()
		far.Close()
		assert.Equal(t, []sockets.TranscriptLine{
			{Time: 2 * time.Second, Conn: "control", Text: "hello"},
			{Time: 3 * time.Second, Conn: "control", Server: true, Text: "HELLO"},
		}, tr.Lines(), "a half line has the time of its last octet")

		var b bytes.Buffer
		n, err := tr.WriteTo(&b)
		require.NoError(t, err)
		assert.EqualValues(t, b.Len(), n)
		assert.Equal(t, "C[control]@2s: hello\nS[control]@3s: HELLO\n", b.String())
		back, err := sockets.ReadTranscript(&b)
		require.NoError(t, err)
		assert.Equal(t, tr.Lines(), back)
	})
}

func TestTranscriptOfSeveralConnections(t *testing.T) {
	tr := sockets.NewTranscript(nil)
	control, peer1 := testkit.Pipe()
	data, peer2 := testkit.Pipe()
	for _, c := range []net.Conn{peer1, peer2} {
		defer c.Close()
	}
	c, d := tr.Conn(control, "control", false), tr.Conn(data, "data", false)
	io.WriteString(c, "RETR ")
	io.WriteString(d, "half ")
	io.WriteString(c, "x\r\n")
	io.WriteString(d, "a line\n")
	c.Close()
	d.Close()
	assert.Equal(t, []string{"C[control]: RETR x", "C[data]: half a line"}, said(tr),
		"one connection's turn does not end the other's line")
}

// TestTranscriptRedact blanks a password that has a line of its own, which
// needs the order of the lines.
func TestTranscriptRedact(t *testing.T) {
	asked := false
	var live bytes.Buffer
	tr := sockets.NewTranscript(&sockets.TranscriptOptions{
		Live: &live,
		Redact: func(l sockets.TranscriptLine) sockets.TranscriptLine {
			if asked && !l.Server {
				l.Text, asked = "***", false
			}
			asked = asked || l.Server && strings.HasPrefix(l.Text, "Password")
			return l
		},
	})
	near, far := testkit.Pipe()
	defer far.Close()
	c := tr.Conn(near, "", true)
	io.WriteString(c, "Password: ")
	io.WriteString(far, "swordfish\r\nwho\r\n")
	_, err := io.ReadFull(c, make([]byte, 16))
	require.NoError(t, err)
	c.Close()
	want := []string{`S: Password:\x20`, "C: ***", "C: who"}
	assert.Equal(t, want, said(tr))
	assert.Equal(t, strings.Join(want, "\n")+"\n", live.String())
}

// A password whose line comes in pieces is blanked, wherever the line was cut
// and whatever the server said in between.
func TestTranscriptRedactInPieces(t *testing.T) {
	redact := func(l sockets.TranscriptLine) sockets.TranscriptLine {
		if !l.Server && strings.HasPrefix(l.Text, "PASS ") {
			l.Text = "PASS ***"
		}
		return l
	}
	tests := []struct {
		name   string
		opts   sockets.TranscriptOptions
		pieces []string
		want   []string
	}{
		{"cut in the verb", sockets.TranscriptOptions{}, []string{"USER x\r\nPA", "SS swordfish\r\n"}, []string{"C: USER x", "C: PA", "S: +OK", "C: …", "S: +OK"}},
		{"cut in the password", sockets.TranscriptOptions{}, []string{"PASS sword", "fi", "sh\r\nNOOP\r\n"}, []string{"C: PASS ***", "S: +OK", "C: …", "S: +OK", "C: …", "C: NOOP", "S: +OK"}},
		{"a later part that is known by itself", sockets.TranscriptOptions{}, []string{"body", "PASS swordfish\r\n"}, []string{"C: body", "S: +OK", "C: PASS ***", "S: +OK"}},
		{"nothing to blank", sockets.TranscriptOptions{}, []string{"NO", "OP\r\nQU", "IT\r\n"}, []string{"C: NO", "S: +OK", "C: OP", "C: QU", "S: +OK", "C: IT", "S: +OK"}},
		{"beyond MaxLine, exact", sockets.TranscriptOptions{MaxLine: 8, Exact: true}, []string{"PASS swordfish\r\n"}, []string{`C: PASS ***\`, "C: …", "S: +OK"}},
		{"beyond MaxLine, cut", sockets.TranscriptOptions{MaxLine: 8}, []string{"PASS swo", "rdfish\r\n"}, []string{"C: PASS ***", "S: +OK", "C: …", "S: +OK"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.opts.Redact = redact
			tr := sockets.NewTranscript(&tt.opts)
			near, far := testkit.Pipe()
			defer far.Close()
			c := tr.Conn(near, "", true)
			for _, piece := range tt.pieces {
				io.WriteString(far, piece)
				_, err := io.ReadFull(c, make([]byte, len(piece)))
				require.NoError(t, err)
				io.WriteString(c, "+OK\r\n")
			}
			c.Close()
			assert.Equal(t, tt.want, said(tr))
		})
	}
}

// placelessConn has no local address.
type placelessConn struct{ discardConn }

func (placelessConn) LocalAddr() net.Addr { return nil }

func TestTranscriptOfConnWithoutAddress(t *testing.T) {
	tr := sockets.NewTranscript(nil)
	c := tr.Conn(placelessConn{}, "", false)
	io.WriteString(c, "half ")
	io.WriteString(c, "a line\r\n")
	assert.Equal(t, []string{"C: half a line"}, said(tr), "a stream all the same")
}

func TestTranscriptAdd(t *testing.T) {
	tr := sockets.NewTranscript(&sockets.TranscriptOptions{MaxLine: 10})
	tr.Add("tls", true, "250 secret")
	tr.Add("tls", false, "QUIT, and goodbye")
	assert.Equal(t, []string{"S[tls]: 250 secret", "C[tls]: QUIT, and  … 7 octets more"}, said(tr))
}

// TestTranscriptSeesCopies moves octets with io.Copy both ways over TCP, where
// the fast paths of the system would pass the transcript by.
func TestTranscriptSeesCopies(t *testing.T) {
	testkit.NoLeaks(t)
	tr := sockets.NewTranscript(nil)
	file, err := os.CreateTemp(t.TempDir(), "")
	require.NoError(t, err)
	defer file.Close()
	_, err = file.WriteString("from a file\r\n")
	require.NoError(t, err)
	_, err = file.Seek(0, io.SeekStart)
	require.NoError(t, err)

	near, far := tcpPair(t)
	c := tr.Conn(near, "", false)
	_, err = io.Copy(c, file)
	require.NoError(t, err)
	require.NoError(t, c.(interface{ CloseWrite() error }).CloseWrite())
	got, err := io.ReadAll(far)
	require.NoError(t, err)
	assert.Equal(t, "from a file\r\n", string(got))
	_, err = far.Write(bytes.ToUpper(got))
	require.NoError(t, err)
	require.NoError(t, far.Close())
	var answer bytes.Buffer
	_, err = io.Copy(&answer, c)
	require.NoError(t, err)
	assert.Equal(t, []string{"C: from a file", "S: FROM A FILE"}, said(tr))

	raw, err := c.(syscall.Conn).SyscallConn()
	require.NoError(t, err)
	var fd uintptr
	require.NoError(t, raw.Control(func(f uintptr) { fd = f }))
	assert.NotZero(t, fd)
	assert.Equal(t, near, c.(interface{ NetConn() net.Conn }).NetConn())
	require.NoError(t, c.Close())
}

func TestTranscriptFlushesAtHalfClose(t *testing.T) {
	tr := sockets.NewTranscript(nil)
	near, far := testkit.Pipe()
	c := tr.Conn(near, "", false)
	io.WriteString(c, "no end")
	require.NoError(t, c.(interface{ CloseWrite() error }).CloseWrite())
	assert.Equal(t, []string{"C: no end"}, said(tr))
	io.WriteString(far, "nor here")
	far.Close()
	_, err := io.ReadAll(c)
	require.NoError(t, err)
	assert.Equal(t, []string{"C: no end", "S: nor here"}, said(tr))
}

// bareConn has the methods of net.Conn and no more.
type bareConn struct{ net.Conn }

func TestTranscriptOfPlainConn(t *testing.T) {
	near, far := testkit.Pipe()
	defer far.Close()
	c := sockets.NewTranscript(nil).Conn(bareConn{near}, "", false)
	defer c.Close()
	assert.ErrorIs(t, c.(interface{ CloseWrite() error }).CloseWrite(), errors.ErrUnsupported)
	_, err := c.(syscall.Conn).SyscallConn()
	assert.ErrorIs(t, err, errors.ErrUnsupported)
}

func TestTranscriptOfPackets(t *testing.T) {
	tr := sockets.NewTranscript(nil)
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	pc := tr.PacketConn(server, "dns", true)
	defer pc.Close()
	client, err := net.Dial("udp", pc.LocalAddr().String())
	require.NoError(t, err)
	defer client.Close()
	_, err = io.WriteString(client, "two\nlines\n")
	require.NoError(t, err)
	b := make([]byte, 100)
	n, from, err := pc.ReadFrom(b)
	require.NoError(t, err)
	_, err = pc.WriteTo(bytes.ToUpper(b[:n]), from)
	require.NoError(t, err)
	_, err = pc.WriteTo(nil, from)
	require.NoError(t, err)
	assert.Equal(t, []string{`C[dns]: two\nlines`, `S[dns]: TWO\nLINES`, "S[dns]:"}, said(tr))
	_, err = pc.(syscall.Conn).SyscallConn()
	assert.NoError(t, err)
}

func TestTranscriptOfConnectedPackets(t *testing.T) {
	tr := sockets.NewTranscript(nil)
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	defer server.Close()
	nc, err := net.Dial("udp", server.LocalAddr().String())
	require.NoError(t, err)
	c := tr.Conn(nc, "", false)
	defer c.Close()
	for _, s := range []string{"no end", "a\nb"} {
		_, err = io.WriteString(c, s)
		require.NoError(t, err)
	}
	for _, s := range []string{"", "answer"} {
		_, err = server.WriteTo([]byte(s), c.LocalAddr())
		require.NoError(t, err)
		n, err := c.Read(make([]byte, 100))
		require.NoError(t, err)
		assert.Len(t, s, n)
	}
	assert.Equal(t, []string{"C: no end", `C: a\nb`, "S:", "S: answer"}, said(tr))
}

func TestReadTranscriptErrors(t *testing.T) {
	lines, err := sockets.ReadTranscript(strings.NewReader("# by hand\n\nC: a\nS b\nC: c\n"))
	assert.Equal(t, []sockets.TranscriptLine{{Text: "a"}}, lines)
	parse, ok := errors.AsType[*sockets.ParseError](err)
	require.True(t, ok, "%v", err)
	assert.EqualValues(t, 1, parse.Offset)
	assert.Contains(t, err.Error(), "line 4")

	_, err = sockets.ReadTranscript(strings.NewReader("C: " + strings.Repeat("a", 2<<20)))
	assert.ErrorAs(t, err, new(*sockets.LimitError))

	near, far := testkit.Pipe()
	far.Close()
	near.Close()
	_, err = sockets.ReadTranscript(near)
	assert.ErrorIs(t, err, net.ErrClosed)
}

type brokenWriter struct{ after int }

func (w *brokenWriter) Write(b []byte) (int, error) {
	if w.after--; w.after < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(b), nil
}

func TestTranscriptWriteToError(t *testing.T) {
	tr := sockets.NewTranscript(&sockets.TranscriptOptions{Live: &brokenWriter{}})
	tr.Add("", false, "a")
	tr.Add("", false, "b")
	_, err := tr.WriteTo(&brokenWriter{after: 1})
	assert.ErrorIs(t, err, io.ErrClosedPipe)
	assert.Len(t, tr.Lines(), 2, "a broken Live writer costs no line")
}

// FuzzTranscript cuts a stream at two places: exact lines give back its
// octets, whatever they are, and the text form gives back the lines.
func FuzzTranscript(f *testing.F) {
	f.Add([]byte("a\r\nb\nc\x00\xff"), 2, 5)
	f.Add([]byte("\r\r\n\n"), 1, 2)
	f.Fuzz(func(t *testing.T, stream []byte, a, b int) {
		tr := sockets.NewTranscript(&sockets.TranscriptOptions{Exact: true, MaxLine: 8, MaxLines: -1})
		c := tr.Conn(discardConn{}, "", false)
		rest := stream
		for _, n := range []int{a, b, len(stream)} {
			n = max(0, min(n, len(rest)))
			c.Write(rest[:n])
			rest = rest[n:]
		}
		c.Close()
		var got []byte
		for _, l := range tr.Lines() {
			got = append(got, l.Text...)
			if !l.Open {
				got = append(got, "\r\n"...)
			}
		}
		require.Equal(t, string(stream), string(got))
		var text bytes.Buffer
		_, err := tr.WriteTo(&text)
		require.NoError(t, err)
		back, err := sockets.ReadTranscript(&text)
		require.NoError(t, err)
		require.Equal(t, tr.Lines(), append([]sockets.TranscriptLine(nil), back...))
	})
}

// discardConn takes what is written and has nothing to read.
type discardConn struct{ net.Conn }

func (discardConn) Write(b []byte) (int, error) { return len(b), nil }
func (discardConn) Close() error                { return nil }
func (discardConn) LocalAddr() net.Addr         { return &net.TCPAddr{} }

// tcpPair returns both ends of a connection over loopback.
func tcpPair(t *testing.T) (client, server net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	client, err = net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	server, err = l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { client.Close(); server.Close() })
	return client, server
}
