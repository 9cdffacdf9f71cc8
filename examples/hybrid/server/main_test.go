package main

import (
	"bufio"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/cli/clitest"
	"applayer/internal/testkit"
)

// usersFile writes a users file with the password "pencil" in each form. The
// hashes are of 4096 rounds with the salt "saltsalt", computed by Python's
// hashlib and hmac.
func usersFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "users")
	require.NoError(t, os.WriteFile(file, []byte("# name:password[:home]\n"+
		"plain:pencil:/home/plain\n"+
		"pbkdf:$pbkdf2-sha256$4096$c2FsdHNhbHQ$OrYiub+OsvUETgTIqMRCilvleEHuAG5SklBT/OiB0Cc\n"+
		"scram:$scram-sha-256$4096$c2FsdHNhbHQ$YtirBsK55C7ugqEIk/zgQjxnQARZnZ6vkDRV/mLlwE4$KqMO3AiksTMRLGZOTEjkOzOVyQoednEDmDre2EulssE\n"), 0o600))
	return file
}

// typist is a peer that types.
type typist struct {
	net.Conn
	replies *bufio.Reader
}

func dial(t *testing.T, addr string) *typist {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { nc.Close() })
	return &typist{nc, bufio.NewReader(nc)}
}

func (s *typist) ask(t *testing.T, request string) string {
	t.Helper()
	_, err := io.WriteString(s, request+"\r\n")
	require.NoError(t, err)
	reply, err := s.replies.ReadString('\n')
	require.NoError(t, err)
	return reply
}

func TestServer(t *testing.T) {
	testkit.NoLeaks(t)
	srv := clitest.Start(t, program(), "-v", "-addr", "127.0.0.1:0", "-users", usersFile(t))
	addr := srv.Ready("")
	stranger := dial(t, addr)
	assert.Equal(t, "NO LOGIN first\r\n", stranger.ask(t, "WHERE plain"), "addresses are for the authenticated alone")
	for _, user := range []string{"plain", "pbkdf", "scram"} {
		peer := dial(t, addr)
		assert.Equal(t, "NO wrong user or password\r\n", peer.ask(t, "LOGIN "+user+" pen"))
		assert.Equal(t, "NO LOGIN first\r\n", peer.ask(t, "WHERE "+user))
		assert.Equal(t, "OK "+user+"\r\n", peer.ask(t, "LOGIN "+user+" pencil 5000"))
		assert.Equal(t, "AT "+user+" 127.0.0.1:5000\r\n", peer.ask(t, "WHERE "+user))
	}
	res := srv.Stop()
	assert.Equal(t, 0, res.Status)
	assert.NotContains(t, res.Stderr, "pencil")
	assert.NotContains(t, res.Stderr, "shutdown cut short", "nobody waits for peers that are silent")
	assert.Contains(t, res.Stderr, "C: LOGIN plain ***\nS: OK plain\n")
}

func TestServerShowsSecretsWhenAsked(t *testing.T) {
	srv := clitest.Start(t, program(), "-v-secrets", "-addr", "127.0.0.1:0", "-users", usersFile(t))
	peer := dial(t, srv.Ready(""))
	peer.ask(t, "LOGIN plain pencil")
	assert.Equal(t, "OK bye\r\n", peer.ask(t, "LOGOUT"))
	assert.Equal(t, "C: LOGIN plain pencil\nS: OK plain\nC: LOGOUT\nS: OK bye\n", srv.Stop().Stderr)
}

func TestServerFails(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad")
	require.NoError(t, os.WriteFile(bad, []byte("alice:wonder\nbob\n"), 0o600))
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	tests := []struct {
		name string
		args []string
		want clitest.Result
	}{
		{"no users", nil, clitest.Result{Status: 2, Stderr: "server: -users: is needed\n"}},
		{"argument", []string{"x"}, clitest.Result{Status: 2, Stderr: "server: x: takes no arguments\n"}},
		{"a line that is none", []string{"-users", bad}, clitest.Result{Status: 1, Stderr: "server: " + bad + ": line 2: want name:password[:home]\n"}},
		{"no such file", []string{"-users", nowhere}, clitest.Result{Status: 1, Stderr: "server: open " + nowhere + ": no such file or directory\n"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, clitest.Run(t, program(), "", tt.args...))
		})
	}
}
