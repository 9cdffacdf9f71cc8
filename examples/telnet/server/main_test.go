package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/cli/clitest"
	"applayer/internal/testkit"
	"applayer/sockets/telnet"
)

// start starts the server, which knows alice and bob.
func start(t *testing.T, args ...string) (srv *clitest.Server, addr string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "users")
	require.NoError(t, os.WriteFile(file, []byte("alice:wonder\nbob:$pbkdf2-sha256$1000$c2FsdA$iKtYgbrxht1ahAf/ps7POorOvIM0SieXhhUFRXMmscA\n"), 0o600))
	srv = clitest.Start(t, program(), append([]string{"-addr", "127.0.0.1:0", "-users", file}, args...)...)
	return srv, srv.Ready("")
}

// typed is what a user sees who types that and has no terminal.
func typed(t *testing.T, addr, text string) string {
	t.Helper()
	opts := telnet.ClientOptions()
	opts.Remote = telnet.Options(telnet.OptionSGA)
	opts.Window = telnet.Window{Columns: 80, Rows: 24}
	c, err := telnet.Dial(t.Context(), "tcp", addr, opts)
	require.NoError(t, err)
	var seen strings.Builder
	require.NoError(t, c.Relay(t.Context(), strings.NewReader(text), &seen))
	return seen.String()
}

func TestShell(t *testing.T) {
	testkit.NoLeaks(t)
	srv, addr := start(t)
	tests := []struct {
		name, in, want string // want without the login
	}{
		{"help", "help\n", "> help lists what there is\r\necho TEXT says TEXT\r\ndate tells the time\r\nwho  tells who is here\r\nsize tells the size of your window\r\nquit leaves\r\n> "},
		{"echo", "echo  a  b \n", ">  a  b\r\n> "},
		{"echo nothing", "echo\n", "> \r\n> "},
		{"an empty line", "\n \n", "> > > "},
		{"quit", "quit\necho more\n", "> bye\r\n"},
		{"something else", "ls; rm\n", "> ls;: there is no such command; help lists those there are\r\n> "},
		{"interrupt", "ec\x03echo x\n", "> > x\r\n> "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := strings.CutPrefix(typed(t, addr, "bob\ntea\n"+tt.in), "login: Password: ")
			require.True(t, ok)
			assert.Equal(t, tt.want, got)
		})
	}
	assert.Equal(t, 0, srv.Stop().Status)
}

func TestDateAndWho(t *testing.T) {
	_, addr := start(t)
	second := time.Now().Format(time.UnixDate)
	got := typed(t, addr, "alice\nwonder\ndate\nwho\n")
	lines := strings.Split(got, "\r\n")
	require.Len(t, lines, 3)
	then, err := time.Parse(time.UnixDate, strings.TrimPrefix(lines[0], "login: Password: > "))
	require.NoError(t, err, "%s, at %s", lines[0], second)
	assert.False(t, then.IsZero())
	assert.Regexp(t, `^> alice since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d from 127\.0\.0\.1:\d+$`, lines[1])
}

func TestSize(t *testing.T) {
	_, addr := start(t)
	nc, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer nc.Close()
	var c telnet.Codec
	window, err := c.Append([]byte("alice\r\nwonder\r\nsize\r\n\xff\xfb\x1f"), telnet.Event{
		Kind: telnet.EventSubnegotiation, Option: telnet.OptionNAWS, Data: telnet.Window{Columns: 132, Rows: 43}.AppendParameters(nil)})
	require.NoError(t, err)
	_, err = nc.Write(append(window, "size\r\nquit\r\n"...))
	require.NoError(t, err)
	got := make([]byte, 0, 1000)
	for !strings.HasSuffix(string(got), "bye\r\n") {
		n, err := nc.Read(got[len(got):cap(got)])
		got = got[:len(got)+n]
		require.NoError(t, err, "%q", got)
	}
	assert.Contains(t, string(got), "> your client has not told\r\n> 132 columns, 43 rows\r\n> bye\r\n")
}

func TestWrongPassword(t *testing.T) {
	_, addr := start(t)
	got := typed(t, addr, "alice\nwander\n")
	assert.Equal(t, "login: Password: Login incorrect\r\nlogin: ", got)
}

func TestVerbose(t *testing.T) {
	srv, addr := start(t, "-v")
	typed(t, addr, "alice\nwonder\nquit\n")
	said := srv.Stop().Stderr
	for _, line := range []string{"S: IAC WILL ECHO\n", "S: login: \\\n", "C: alice\n", "C: ***\n", "C: quit\n", "S: bye\n"} {
		assert.Contains(t, said, line)
	}
	assert.NotContains(t, said, "wonder")
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"-users", "x", "more"}} {
		assert.Equal(t, 2, clitest.Run(t, program(), "", args...).Status, "%v", args)
	}
	assert.Equal(t, 1, clitest.Run(t, program(), "", "-users", filepath.Join(t.TempDir(), "none")).Status)
	assert.Contains(t, clitest.Run(t, program(), "", "-h").Stdout, "example:")
}
