package ftp_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/ftp"
	"applayer/internal/testkit"
	"applayer/sockets"
	"applayer/sockets/telnet"
)

// readCommands reads to the end and writes each command, or its error, as a
// line.
func readCommands(c *ftp.Conn) (got []string, end error) {
	for {
		cmd, err := c.ReadCommand()
		parse, isParse := err.(*ftp.ParseError)
		limit, isLimit := err.(*ftp.LimitError)
		switch {
		case err == nil:
			got = append(got, strings.TrimSuffix(cmd.Verb.String()+" "+string(cmd.Arg), " "))
		case isParse:
			got = append(got, parse.Error())
		case isLimit && limit.Reply == 500:
			got = append(got, limit.Error())
		default:
			return got, err
		}
	}
}

func TestConnReadCommand(t *testing.T) {
	tests := []struct {
		name string
		in   string
		want []string
		end  error
	}{
		{"plain", "USER bob\r\nNOOP\r\n", []string{"USER bob", "NOOP"}, io.EOF},
		{"bare LF ends a line", "USER bob\nNOOP\n", []string{"USER bob", "NOOP"}, io.EOF},
		{"bare CR is data", "RETR a\rb\r\n", []string{"RETR a\rb"}, io.EOF},
		{"CR NUL is CR", "RETR a\r\x00b\r\n", []string{"RETR a\rb"}, io.EOF},
		{"NUL is refused and the next is read", "RETR a\x00b\r\nNOOP\r\n", []string{"ftp: argument: CR, LF or NUL at byte 6 (RFC 959 §5.3.2)", "NOOP"}, io.EOF},
		{"959-4.1.3 IP and DM before ABOR", "\xff\xf4\xff\xf2ABOR\r\n", []string{"ABOR"}, io.EOF},
		{"options are taken out", "US\xff\xfd\x06ER\xff\xfb\x18 a\xff\xfa\x18\x00x\xff\xf0b\r\n", []string{"USER ab"}, io.EOF},
		{"doubled IAC is 0xFF", "CWD \xff\xff\r\n", []string{"CWD \xff"}, io.EOF},
		{"a CR before the line's end belongs to the name", "RETR a\r\r\n", []string{"RETR a\r"}, io.EOF},
		{"an empty line is a command of no letters", "\r\nNOOP\r\n", []string{"ftp: command code: syntax at byte 0 (RFC 959 §5.3)", "NOOP"}, io.EOF},
		{"Telnet within pipelined commands", "NOOP\r\nPA\xff\xf1SV\r\xff\xf9\n\xff\xf4\xff\xf2AB\xff\xfb\xffOR\r\n", []string{"NOOP", "PASV", "ABOR"}, io.EOF},
		{"a line as long as allowed", "CWD " + strings.Repeat("a", 94) + "\r\n", []string{"CWD " + strings.Repeat("a", 94)}, io.EOF},
		{"doubled IACs count once", "CWD " + strings.Repeat("\xff", 2*94) + "\r\n", []string{"CWD " + strings.Repeat("\xff", 94)}, io.EOF},
		{"one octet more is thrown away", "CWD " + strings.Repeat("a", 95) + "\r\nNOOP\r\n", []string{"ftp: limit MaxLine of 100 reached", "NOOP"}, io.EOF},
		{"a longer one is thrown away", "CWD " + strings.Repeat("a", 97) + "\r\nNOOP\r\n", []string{"ftp: limit MaxLine of 100 reached", "NOOP"}, io.EOF},
		{"a much longer one too", "CWD " + strings.Repeat("a", 950) + "\r\nNOOP\r\n", []string{"ftp: limit MaxLine of 100 reached", "NOOP"}, io.EOF},
		{"one without end ends all soon", strings.Repeat("a", 1300), nil, &ftp.LimitError{Name: "MaxDiscard", Max: 1000, Reply: 421}},
		{"one without end ends all", strings.Repeat("a", 5000), nil, &ftp.LimitError{Name: "MaxDiscard", Max: 1000, Reply: 421}},
		{"one whose end comes too late ends all", strings.Repeat("a", 1001) + "\nNOOP\r\n", nil, &ftp.LimitError{Name: "MaxDiscard", Max: 1000, Reply: 421}},
		{"one whose end comes just in time", strings.Repeat("a", 1000) + "\nNOOP\r\n", []string{"ftp: limit MaxLine of 100 reached", "NOOP"}, io.EOF},
		{"the end inside a line", "NOOP\r\nUS", []string{"NOOP"}, io.ErrUnexpectedEOF},
		{"the end inside a line that is thrown away", strings.Repeat("a", 500), nil, io.ErrUnexpectedEOF},
	}
	for _, tt := range tests {
		for _, step := range []int{1, 7, 1 << 20} {
			client, server := testkit.Pipe()
			c := ftp.NewConn(server, &ftp.ConnOptions{Limits: &ftp.Limits{MaxLine: 100, MaxDiscard: 1000}})
			go func() {
				for in := []byte(tt.in); len(in) > 0; {
					n := min(step, len(in))
					client.Write(in[:n])
					in = in[n:]
				}
				client.(interface{ CloseWrite() error }).CloseWrite()
			}()
			got, end := readCommands(c)
			assert.Equal(t, tt.want, got, "%s, %d octets at a time", tt.name, step)
			assert.Equal(t, tt.end, end, tt.name)
			_, again := c.ReadCommand()
			assert.Equal(t, end, again, "the error stays")
			client.Close()
			c.Close()
		}
	}
}

// What the Telnet peer asks for is refused, once for each asking, before we
// wait for it; what it says of its own is not answered.
func TestConnRefusesOptions(t *testing.T) {
	client, server := testkit.Pipe()
	defer client.Close()
	var signals []telnet.Command
	c := ftp.NewConn(server, &ftp.ConnOptions{Signal: func(cmd telnet.Command) { signals = append(signals, cmd) }})
	defer c.Close()
	client.Write([]byte("\xff\xfd\x01\xff\xfb\x03\xff\xfc\x05\xff\xfe\x06"))
	done := make(chan error, 1)
	go func() {
		_, err := c.ReadCommand()
		done <- err
	}()
	b := make([]byte, 6)
	_, err := io.ReadFull(client, b)
	require.NoError(t, err)
	assert.Equal(t, "\xff\xfc\x01\xff\xfe\x03", string(b))
	client.Write([]byte("\xff\xf4\xff\xf2"))
	client.Close()
	assert.Equal(t, io.EOF, <-done)
	assert.Equal(t, []telnet.Command{telnet.CommandIP, telnet.CommandDM}, signals)
}

// Both ends speak: names with 0xFF arrive as they are, and secrets are not
// traced.
func TestConnDialogue(t *testing.T) {
	a, b := testkit.Pipe()
	var lines []string
	trace := &ftp.Trace{Line: func(server bool, line []byte) {
		who := "C: "
		if server {
			who = "S: "
		}
		lines = append(lines, who+string(line))
	}}
	client := ftp.NewConn(a, &ftp.ConnOptions{Client: true, Trace: trace})
	server := ftp.NewConn(sockets.NewConn(b, nil), nil)
	defer client.Close()
	defer server.Close()

	require.NoError(t, client.WriteCommand(ftp.Command{Verb: ftp.VerbPASS, Arg: []byte("geheim")}))
	require.NoError(t, client.WriteLine("XFOO \xff"))
	cmd, err := server.ReadCommand()
	require.NoError(t, err)
	assert.Equal(t, "geheim", string(cmd.Arg))
	cmd, err = server.ReadCommand()
	require.NoError(t, err)
	assert.Equal(t, "\xff", string(cmd.Arg))

	require.NoError(t, server.WriteReply(ftp.Reply{Code: 211, Lines: []string{"a", "123 b", "\xff"}}))
	r, err := client.ReadReply()
	require.NoError(t, err)
	assert.Equal(t, ftp.Reply{Code: 211, Lines: []string{"a", " 123 b", "\xff"}}, r)
	assert.Equal(t, []string{"C: PASS ***", "C: XFOO \xff", "S: 211-a", "S:  123 b", "S: 211 \xff"}, lines)

	assert.Error(t, client.WriteLine("NOOP\r\nDELE x"), "GHSA-8c48-q9wj-3w37")
	assert.Error(t, client.WriteLine(""))
	assert.Error(t, client.WriteCommand(ftp.Command{Verb: ftp.VerbCWD, Arg: []byte("a\nDELE x")}))
	assert.Error(t, server.WriteReply(ftp.Reply{Code: 200, Lines: []string{"a\r\n230 b"}}))
	assert.Zero(t, server.Buffered())
}

func TestConnReadReply(t *testing.T) {
	tests := []struct {
		name, in string
		want     ftp.Reply
		wantErr  error
	}{
		{"one line", "220 Hello\r\n", ftp.Reply{Code: 220, Lines: []string{"Hello"}}, nil},
		{"many", "211-a\r\n b\r\n211 c\r\n", ftp.Reply{Code: 211, Lines: []string{"a", " b", "c"}}, nil},
		{"no code", "NOOP\r\nhello\r\n", ftp.Reply{}, &ftp.ParseError{What: "reply code", Ref: "RFC 959 §4.2", Err: ftp.ErrSyntax}},
		{"too long", "220-" + strings.Repeat("a", 300), ftp.Reply{}, &ftp.LimitError{Name: "MaxReply", Max: 200}},
		{"end inside", "220-a\r\n", ftp.Reply{}, io.ErrUnexpectedEOF},
		{"end", "", ftp.Reply{}, io.EOF},
	}
	for _, tt := range tests {
		a, b := testkit.Pipe()
		c := ftp.NewConn(a, &ftp.ConnOptions{Client: true, Limits: &ftp.Limits{MaxReply: 200}})
		b.Write([]byte(tt.in))
		b.Close()
		got, err := c.ReadReply()
		assert.Equal(t, tt.want, got, tt.name)
		assert.Equal(t, tt.wantErr, err, tt.name)
		c.Close()
	}
}

// A subnegotiation without end is not held: it ends the connection, and what
// stood before it in the same segment is no command.
func TestConnEndlessSubnegotiation(t *testing.T) {
	for _, before := range []string{"", "NO"} {
		client, server := testkit.Pipe()
		c := ftp.NewConn(server, nil)
		client.Write([]byte(before + "\xff\xfa\x18" + strings.Repeat("x", 5000)))
		want := &telnet.LimitError{Name: "MaxSubnegotiation", Max: telnet.DefaultMaxSubnegotiation}
		for range 2 {
			_, err := c.ReadCommand()
			assert.Equal(t, want, err, "%q", before)
			client.Write([]byte("OP\r\n"))
		}
		client.Close()
		c.Close()
	}
}

// A peer that asks for options and is gone before they are refused.
func TestConnRefusesNobody(t *testing.T) {
	client, server := testkit.Pipe()
	c := ftp.NewConn(server, nil)
	defer c.Close()
	client.Write([]byte("\xff\xfd\x01"))
	require.NoError(t, c.NetConn().SetWriteDeadline(time.Now().Add(-time.Second)))
	_, err := c.ReadCommand()
	assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
	assert.ErrorIs(t, c.WriteReply(ftp.Reply{Code: 200}), os.ErrDeadlineExceeded, "that direction is dead")
	client.Close()
}

// Where a reply is wrong is told from the start of the stream, whatever is wrong
// with it.
func TestConnReplyOffset(t *testing.T) {
	for _, bad := range []string{"22 x\r\n", "999 x\r\n"} {
		a, b := testkit.Pipe()
		c := ftp.NewConn(a, &ftp.ConnOptions{Client: true})
		b.Write([]byte("220 Hello\r\n" + bad + "220 y\r\n"))
		_, err := c.ReadReply()
		require.NoError(t, err)
		want := &ftp.ParseError{Offset: 11, What: "reply code", Ref: "RFC 959 §4.2", Err: ftp.ErrSyntax}
		for range 2 {
			_, err = c.ReadReply()
			assert.Equal(t, want, err, "%q", bad)
		}
		c.Close()
		b.Close()
	}
}

// A deadline that passes leaves the connection as it was.
func TestConnDeadline(t *testing.T) {
	client, server := testkit.Pipe()
	defer client.Close()
	c := ftp.NewConn(server, nil)
	defer c.Close()
	client.Write([]byte("NO"))
	require.NoError(t, c.NetConn().SetReadDeadline(time.Now().Add(10*time.Millisecond)))
	_, err := c.ReadCommand()
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NoError(t, c.NetConn().SetReadDeadline(time.Time{}))
	client.Write([]byte("OP\r\n"))
	cmd, err := c.ReadCommand()
	require.NoError(t, err)
	assert.Equal(t, ftp.VerbNOOP, cmd.Verb)
}

// tlsPair returns two ends that speak TLS.
func tlsPair(t *testing.T) (client, server *ftp.Conn) {
	a, b := testkit.Pipe()
	client = ftp.NewConn(a, &ftp.ConnOptions{Client: true})
	server = ftp.NewConn(sockets.NewConn(b, nil), nil)
	serverTLS, clientTLS := testkit.Certificate(t)
	done := make(chan error, 1)
	go func() { done <- server.StartTLS(t.Context(), serverTLS) }()
	require.NoError(t, client.StartTLS(t.Context(), clientTLS))
	require.NoError(t, <-done)
	return client, server
}

func roundTrip(t *testing.T, client, server *ftp.Conn) {
	require.NoError(t, client.WriteCommand(ftp.Command{Verb: ftp.VerbPWD}))
	cmd, err := server.ReadCommand()
	require.NoError(t, err)
	assert.Equal(t, ftp.VerbPWD, cmd.Verb)
	require.NoError(t, server.WriteReply(ftp.Reply{Code: 257, Lines: []string{`"/"`}}))
	r, err := client.ReadReply()
	require.NoError(t, err)
	assert.Equal(t, 257, r.Code)
}

// RFC 4217 §12.3: after CCC the same connection goes on in the clear, and
// nothing of it is lost in the TLS layer.
func TestConnStartStopTLS(t *testing.T) {
	client, server := tlsPair(t)
	defer client.Close()
	defer server.Close()
	assert.NotNil(t, client.TLS())
	roundTrip(t, client, server)
	for range 2 {
		done := make(chan error, 1)
		go func() { done <- client.StopTLS(t.Context()) }()
		require.NoError(t, server.StopTLS(t.Context()))
		require.NoError(t, <-done)
		assert.Nil(t, server.TLS())
		roundTrip(t, client, server)

		serverTLS, clientTLS := testkit.Certificate(t)
		go func() { done <- client.StartTLS(t.Context(), clientTLS) }()
		require.NoError(t, server.StartTLS(t.Context(), serverTLS))
		require.NoError(t, <-done)
		roundTrip(t, client, server)
	}
	assert.Error(t, client.StartTLS(t.Context(), &tls.Config{}), "it stands already")
}

// CVE-2011-0411: what stands in the buffer behind AUTH TLS came in the clear.
func TestConnInjectionBehindAUTH(t *testing.T) {
	for _, behind := range []string{"DELE x\r\n", "D", "\xff"} {
		client, server := testkit.Pipe()
		c := ftp.NewConn(server, nil)
		client.Write([]byte("AUTH TLS\r\n" + behind))
		_, err := c.ReadCommand()
		require.NoError(t, err)
		serverTLS, _ := testkit.Certificate(t)
		require.ErrorIs(t, c.StartTLS(t.Context(), serverTLS), ftp.ErrBufferedPlaintext)
		_, err = c.ReadCommand()
		require.ErrorIs(t, err, ftp.ErrBufferedPlaintext, "nothing of it is ever read")
		client.Close()
	}
}

// A client that goes on in the clear without an alert of its own, as curl may, is
// understood.
func TestConnStopTLSWithoutAlert(t *testing.T) {
	client, server := tlsPair(t)
	defer client.Close()
	roundTrip(t, client, server)
	client.NetConn().Write([]byte("PWD\r\n"))
	require.NoError(t, server.StopTLS(t.Context()))
	cmd, err := server.ReadCommand()
	require.NoError(t, err)
	assert.Equal(t, ftp.VerbPWD, cmd.Verb)
}

// A peer that goes on within TLS behind the command that ended it is refused,
// and one that ends the connection without an alert too.
func TestConnStopTLSRefused(t *testing.T) {
	client, server := tlsPair(t)
	require.NoError(t, client.WriteCommand(ftp.Command{Verb: ftp.VerbNOOP}))
	require.ErrorIs(t, server.StopTLS(t.Context()), ftp.ErrBufferedPlaintext)
	assert.Error(t, server.WriteReply(ftp.Reply{Code: 200}))
	client.Close()

	client, server = tlsPair(t)
	client.NetConn().Close()
	assert.Error(t, server.StopTLS(t.Context()))

	client, server = tlsPair(t)
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	assert.ErrorIs(t, server.StopTLS(ctx), os.ErrDeadlineExceeded)
	assert.Error(t, server.StopTLS(t.Context()))
	a, b := net.Pipe()
	b.Close()
	assert.Error(t, ftp.NewConn(a, nil).StopTLS(t.Context()), "there is none")
}

// A longer line than the usual needs a larger buffer, which moves what it holds.
func TestConnLongLines(t *testing.T) {
	client, server := testkit.Pipe()
	c := ftp.NewConn(server, &ftp.ConnOptions{Limits: &ftp.Limits{MaxLine: 20_000}})
	defer c.Close()
	go func() {
		for _, n := range []int{3000, 3000, 10_000, 15_000, 5} {
			client.Write([]byte("CWD " + strings.Repeat("a", n) + "\r\n"))
		}
		client.Close()
	}()
	for _, n := range []int{3000, 3000, 10_000, 15_000, 5} {
		cmd, err := c.ReadCommand()
		require.NoError(t, err)
		assert.Len(t, cmd.Arg, n)
	}
	assert.Equal(t, server.LocalAddr(), c.LocalAddr())
}
