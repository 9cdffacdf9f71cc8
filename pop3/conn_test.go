package pop3_test

import (
	"crypto/tls"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/pop3"
)

// conns returns the two ends of a connection.
func conns(t *testing.T, lim *pop3.Limits) (client, server *pop3.Conn) {
	a, b := testkit.PipeBuffer(1 << 20)
	t.Cleanup(func() { a.Close(); b.Close() })
	return pop3.NewConn(a, &pop3.ConnOptions{Client: true, Limits: lim}), pop3.NewConn(b, &pop3.ConnOptions{Limits: lim})
}

// Only CRLF "." CRLF ends a text, and what follows stays where it is.
func TestTextEnd(t *testing.T) {
	client, server := conns(t, nil)
	io.WriteString(server.NetConn(), "+OK\r\nx\n.\n-ERR\r\n..y\r\r\n\r.\r\n.\rz\r\n.\r\n+OK next\r\n")
	_, err := client.ReadResponse()
	require.NoError(t, err)
	text, err := io.ReadAll(iotest.OneByteReader(client.TextReader()))
	require.NoError(t, err)
	assert.Equal(t, "x\n.\n-ERR\r\n.y\r\r\n\r.\r\n\rz\r\n", string(text))
	r, err := client.ReadResponse()
	require.NoError(t, err)
	assert.Equal(t, "next", r.Text)
	assert.Zero(t, client.Buffered())
}

// What is written is read again, whatever it is.
func TestTextRoundTrip(t *testing.T) {
	for _, text := range []string{"", ".", "..", "a\r\n.\r\n", "\r\n.", "a\n.\nb\r\n", strings.Repeat("x", 100_000), strings.Repeat(".\r\n", 30_000)} {
		client, server := conns(t, nil)
		require.NoError(t, server.WriteResponse(pop3.Response{Text: "follows"}))
		w := server.TextWriter()
		_, err := io.WriteString(w, text)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		require.NoError(t, server.Flush())
		_, err = client.ReadResponse()
		require.NoError(t, err)
		got, err := io.ReadAll(client.TextReader())
		require.NoError(t, err)
		if !strings.HasSuffix(text, "\r\n") && text != "" {
			text += "\r\n"
		}
		text = strings.ReplaceAll(text, "a\n.\nb", "a\r\n.\r\nb")
		assert.Equal(t, text, string(got))
	}
}

// Nothing is sent before somebody waits, and then all at once.
func TestWritesAreHeldBack(t *testing.T) {
	client, server := conns(t, nil)
	for range 3 {
		require.NoError(t, client.WriteCommand(pop3.Command{Verb: pop3.VerbNOOP}))
	}
	require.NoError(t, client.WriteAuthLine([]byte("QQ==")))
	require.NoError(t, client.Flush())
	for range 3 {
		cmd, err := server.ReadCommand()
		require.NoError(t, err)
		assert.Equal(t, pop3.VerbNOOP, cmd.Verb)
	}
	line, err := server.ReadAuthLine()
	require.NoError(t, err)
	assert.Equal(t, "QQ==", string(line))
	assert.Error(t, client.WriteAuthLine([]byte("QQ==\r\nQUIT")))
	assert.Error(t, client.WriteAuthLine([]byte("\nQUIT")))
	assert.Error(t, client.WriteCommand(pop3.Command{}))
	assert.Error(t, server.WriteResponse(pop3.Response{Text: "\r"}))
	client.Close()
	_, err = server.ReadCommand()
	assert.Equal(t, io.EOF, err)
}

// A command that is wrong is one command; the next one is read.
func TestReadCommandGoesOn(t *testing.T) {
	client, server := conns(t, &pop3.Limits{MaxLine: 10, MaxDiscard: 20, MaxAuthLine: 12})
	io.WriteString(client.NetConn(), "NO\r\n0123456789abc\r\nNOOP\nQUIT\r\nAAAABBBBCCCC\r\n"+strings.Repeat("x", 31)+"\r\nNOOP\r\n")
	_, err := server.ReadCommand()
	_, is := errors.AsType[*pop3.ParseError](err)
	assert.True(t, is)
	_, err = server.ReadCommand()
	assert.Equal(t, &pop3.LimitError{Name: "MaxLine", Max: 10}, err)
	for _, want := range []pop3.Verb{pop3.VerbNOOP, pop3.VerbQUIT} {
		cmd, err := server.ReadCommand()
		require.NoError(t, err)
		assert.Equal(t, want, cmd.Verb)
	}
	_, err = server.ReadAuthLine()
	assert.Equal(t, &pop3.LimitError{Name: "MaxAuthLine", Max: 12}, err)
	for range 2 {
		_, err = server.ReadCommand()
		assert.Equal(t, &pop3.LimitError{Name: "MaxDiscard", Max: 20}, err)
	}
}

// Long lines grow the buffer, up to their limit.
func TestLongAuthLine(t *testing.T) {
	client, server := conns(t, nil)
	long := strings.Repeat("AAAA", 3071)
	io.WriteString(client.NetConn(), long+"\r\nQUI")
	line, err := server.ReadAuthLine()
	require.NoError(t, err)
	assert.Equal(t, long, string(line))
	client.Close()
	_, err = server.ReadCommand()
	assert.Equal(t, io.ErrUnexpectedEOF, err)
}

// CVE-2011-0411: behind a handshake that was refused nothing is read of what
// came in the clear.
func TestStartTLSFails(t *testing.T) {
	client, server := conns(t, nil)
	io.WriteString(client.NetConn(), "STLS\r\nDELE 1\r\n")
	_, err := server.ReadCommand()
	require.NoError(t, err)
	assert.ErrorIs(t, server.StartTLS(t.Context(), new(tls.Config)), pop3.ErrBufferedPlaintext)
	assert.Zero(t, server.Buffered())
	_, err = server.ReadCommand()
	assert.ErrorIs(t, err, pop3.ErrBufferedPlaintext)
	assert.ErrorIs(t, server.WriteResponse(pop3.Response{}), pop3.ErrBufferedPlaintext)
	_, err = client.ReadResponse()
	assert.Equal(t, io.EOF, err)

	client, server = conns(t, nil)
	io.WriteString(client.NetConn(), "STLS\r\n"+strings.Repeat("x", 300))
	_, err = server.ReadCommand()
	require.NoError(t, err)
	server.NetConn().SetReadDeadline(time.Now().Add(-time.Second))
	_, err = server.ReadCommand()
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	assert.ErrorIs(t, server.StartTLS(t.Context(), new(tls.Config)), pop3.ErrBufferedPlaintext, "what was thrown away came in the clear")
}

// What is held back is no more than a buffer, whatever is written.
func TestHeldBackIsBounded(t *testing.T) {
	client, server := conns(t, nil)
	for range 10_000 {
		require.NoError(t, server.WriteResponse(pop3.Response{Text: "0123456789"}))
	}
	client.NetConn().SetReadDeadline(time.Now().Add(10 * time.Second))
	got, err := io.ReadFull(client.NetConn(), make([]byte, 10_000*16-32<<10))
	require.NoError(t, err)
	assert.Positive(t, got)
}
