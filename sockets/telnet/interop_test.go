package telnet_test

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/peers"
	"applayer/internal/testkit"
	"applayer/sockets/telnet"
)

// reader waits for what a peer shows.
type reader struct {
	t    *testing.T
	from interface{ Read([]byte) (int, error) }
	seen string
}

// shows waits for text and returns what came before it.
func (r *reader) shows(text string) (before string) {
	r.t.Helper()
	b := make([]byte, 1000)
	for !strings.Contains(r.seen, text) {
		n, err := r.from.Read(b)
		require.NoError(r.t, err, "seen %q, waiting for %q", r.seen, text)
		r.seen += string(b[:n])
	}
	before, r.seen, _ = strings.Cut(r.seen, text)
	return before
}

// TestInteropTelnetd logs in at the telnetd of GNU inetutils: it learns the
// terminal's type and size, echoes but for the password, and takes IP.
func TestInteropTelnetd(t *testing.T) {
	srv := peers.Telnetd(t, &peers.Config{Users: map[string]string{"alice": "wonder"}})
	opts := telnet.ClientOptions()
	opts.Window = telnet.Window{Columns: 255, Rows: 43} // 255 is doubled on its way
	opts.TerminalTypes = []string{"VT220", "VT100"}
	c, err := telnet.Dial(t.Context(), "tcp", srv.Addr, opts)
	require.NoError(t, err)
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Minute))
	types := func(line string) {
		t.Helper()
		end := "\r\n"
		if c.Enabled(telnet.SideLocal, telnet.OptionBinary) {
			end = "\r" // it asks for BINARY, and then a line feed is one more key
		}
		_, err := c.Write([]byte(line + end))
		require.NoError(t, err)
	}
	r := &reader{t: t, from: c}
	r.shows("login: ")
	assert.True(t, c.Enabled(telnet.SideRemote, telnet.OptionEcho))
	assert.True(t, c.Enabled(telnet.SideLocal, telnet.OptionNAWS))
	assert.Equal(t, telnet.StateNo, c.State(telnet.SideLocal, telnet.OptionNewEnviron))
	types("alice")
	assert.Equal(t, "alice\r\n", r.shows("Password: "))
	types("wonder")
	assert.NotContains(t, r.shows("$ "), "wonder")
	types("stty size; echo $TERM")
	assert.Contains(t, r.shows("$ "), "43 255\r\nvt220\r\n")

	require.NoError(t, c.SetWindow(telnet.Window{Columns: 100, Rows: 30}))
	types("stty size")
	assert.Contains(t, r.shows("$ "), "30 100\r\n")

	require.NoError(t, c.SendCommand(telnet.CommandAYT))
	r.shows("[")
	assert.Contains(t, strings.ToLower(r.shows("]")), "yes")
	types("cat")
	types("in")
	r.shows("in\r\nin\r\n")
	require.NoError(t, c.Synch(telnet.CommandIP))
	r.shows("$ ")

	require.NoError(t, c.Disable(telnet.SideLocal, telnet.OptionBinary))
	types("echo not by\"te\"")
	assert.Contains(t, r.shows("$ "), "not byte\r\n")
	require.NoError(t, c.Enable(telnet.SideRemote, telnet.OptionBinary))
	types("echo by\"te\"")
	assert.Contains(t, r.shows("$ "), "\nbyte\n", "it adds no CR then")
	assert.True(t, c.Enabled(telnet.SideRemote, telnet.OptionBinary))
	types("exit")
	for {
		if _, err := c.Read(make([]byte, 100)); err != nil {
			break
		}
	}
}

// TestInteropTelnet has the telnet of GNU inetutils, at a terminal, log in at
// our server: it sends each key by itself since we echo, and tells its terminal.
func TestInteropTelnet(t *testing.T) {
	path := testkit.Program(t, "telnet")
	screen, terminal := testkit.Terminal(t)
	srv := &telnet.Server{Authenticator: alice, Handler: telnet.HandlerFunc(func(_ context.Context, s *telnet.Session) {
		for {
			line, err := s.ReadLine("> ")
			if err == telnet.ErrInterrupted {
				fmt.Fprintln(s, "interrupted")
				continue
			}
			if err != nil {
				return
			}
			w, told := s.Window()
			names, whole := s.TerminalTypes()
			fmt.Fprintln(s, line, w, told, names, whole)
			if line == "quit" {
				return
			}
		}
	})}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	host, port, err := net.SplitHostPort(ln.Addr().String())
	require.NoError(t, err)

	cmd := exec.Command(path, host, port)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
	cmd.Env = []string{"TERM=vt220", "USER=-f root", "PATH=/usr/bin:/bin"}
	require.NoError(t, cmd.Start())
	defer cmd.Process.Kill()
	screen.SetDeadline(time.Now().Add(time.Minute))
	types := func(s string) {
		t.Helper()
		_, err := screen.WriteString(s)
		require.NoError(t, err)
	}
	r := &reader{t: t, from: screen}
	r.shows("login: ")
	types("alicex\x7f\r")
	assert.Equal(t, "alicex\b \b\r\n", r.shows("Password: "))
	types("secret\r")
	assert.Equal(t, "\r\n", r.shows("> "))
	types("hello\r")
	assert.Contains(t, r.shows("> "), "hello\r\nhello 0x0 true [VT220] true\r\n")
	types("gone\x03")
	assert.Equal(t, "gone^C\r\ninterrupted\r\n", r.shows("> "))
	types("\x1d")
	r.shows("telnet> ")
	types("send ip\r")
	r.shows("interrupted\r\n> ")
	types("\x1d")
	r.shows("telnet> ")
	types("send ayt\r")
	r.shows("[Yes]")
	types("\x1d")
	r.shows("telnet> ")
	types("send ao\r")
	types("quit\r")
	r.shows("quit 0x0")
	r.shows("onnection closed")
	require.NoError(t, cmd.Wait())
	require.NoError(t, srv.Close())
	<-served
}
