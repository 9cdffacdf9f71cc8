package main

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/cli/clitest"
	"applayer/ftp"
	"applayer/internal/testkit"
)

// kit is a server over a folder, and a folder of ours, the current one.
type kit struct{ addr, remote, local string }

// serve serves a folder to bob alone.
func serve(t *testing.T, change func(*ftp.Server)) kit {
	t.Helper()
	k := kit{remote: t.TempDir(), local: t.TempDir()}
	for name, text := range map[string]string{"a.txt": "0123456789", "sub/b c.txt": "b", "sub/deep/d": "d"} {
		require.NoError(t, os.MkdirAll(filepath.Join(k.remote, filepath.Dir(name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(k.remote, name), []byte(text), 0o644))
	}
	dir, err := ftp.Dir(k.remote, &ftp.DirOptions{NoSync: true})
	require.NoError(t, err)
	server := &ftp.Server{Auth: ftp.AuthenticatorFunc(func(_ context.Context, l ftp.Login) (*ftp.Account, error) {
		if l.User != "bob" || l.Password != "secret" {
			return nil, ftp.ErrRefused
		}
		return &ftp.Account{FS: dir}, nil
	})}
	if change != nil {
		change(server)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Close()
		<-done
		dir.Close()
	})
	k.addr = l.Addr().String()
	t.Chdir(k.local)
	return k
}

// run runs the program as bob.
func (k kit) run(t *testing.T, stdin string, args ...string) clitest.Result {
	t.Helper()
	return clitest.Run(t, program(), stdin, append([]string{"-user", "bob", "-pass", "secret"}, args...)...)
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(b)
}

func TestOneCommand(t *testing.T) {
	k := serve(t, nil)
	got := k.run(t, "", k.addr, "get", "a.txt")
	assert.Equal(t, clitest.Result{}, got)
	assert.Equal(t, "0123456789", read(t, "a.txt"))
	assert.Equal(t, clitest.Result{Stdout: "b"}, k.run(t, "", k.addr, "get", "sub/b c.txt", "-"))
	assert.Equal(t, clitest.Result{Stdout: "10\n"}, k.run(t, "", k.addr, "size", "a.txt"))
	assert.Equal(t, clitest.Result{}, k.run(t, "from a pipe", k.addr, "put", "-", "piped"))
	assert.Equal(t, "from a pipe", read(t, filepath.Join(k.remote, "piped")))
	assert.Equal(t, clitest.Result{}, k.run(t, "", "-active", k.addr, "put", "a.txt", "sub/"))
	assert.Equal(t, "0123456789", read(t, filepath.Join(k.remote, "sub/a.txt")))
	got = k.run(t, "", k.addr, "ls", "sub")
	assert.Zero(t, got.Status)
	lines := strings.Split(got.Stdout, "\n")
	require.Len(t, lines, 4)
	assert.Regexp(t, `^-rw-r--r-- +10 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ a\.txt$`, lines[0])
	assert.Regexp(t, ` b c\.txt$`, lines[1])
	assert.Regexp(t, `^drwxr-xr-x .* deep$`, lines[2])
	got = k.run(t, "", k.addr, "ls", "a.txt")
	assert.Regexp(t, `^-rw-r--r-- +10 .* a\.txt\n$`, got.Stdout)
}

func TestScript(t *testing.T) {
	k := serve(t, nil)
	got := k.run(t, `
# the directory is kept
cd sub
pwd
get "b c.txt" b
mkdir 'new dir'
put b new\ dir/
rename "new dir/b" renamed
size renamed
rmdir "new dir"
cd ..
pwd
rm a.txt
quit
rm renamed
`, k.addr)
	assert.Equal(t, clitest.Result{Stdout: "/sub\n1\n/\n"}, got)
	assert.Equal(t, "b", read(t, "b"))
	assert.Equal(t, "b", read(t, filepath.Join(k.remote, "sub/renamed")), "nothing runs behind quit")
	assert.NoFileExists(t, filepath.Join(k.remote, "a.txt"))
	assert.NoDirExists(t, filepath.Join(k.remote, "sub/new dir"))
}

func TestScriptStopsAtTheFirstFailure(t *testing.T) {
	k := serve(t, nil)
	got := k.run(t, "get missing\nrm a.txt\n", k.addr)
	assert.Equal(t, 1, got.Status)
	assert.Regexp(t, `^client: ftp: \w+ "/missing": reply 550: .*\n$`, got.Stderr)
	assert.FileExists(t, filepath.Join(k.remote, "a.txt"))
	names, err := os.ReadDir(k.local)
	require.NoError(t, err)
	assert.Empty(t, names, "not even a part is left")
}

func TestMirror(t *testing.T) {
	k := serve(t, nil)
	got := k.run(t, "", k.addr, "mirror", "-n", ".", k.local)
	assert.Contains(t, got.Stdout, "copied 3 (12 octets), skipped 0, made 2")
	got = k.run(t, "", k.addr, "mirror", "/", "copy")
	assert.Equal(t, 0, got.Status, got.Stderr)
	assert.Contains(t, got.Stdout, "mkdir sub\n")
	assert.Contains(t, got.Stdout, "copy sub/deep/d\n")
	assert.Equal(t, "b", read(t, "copy/sub/b c.txt"))
	require.NoError(t, os.WriteFile("copy/new", []byte("new"), 0o644))
	require.NoError(t, os.Remove("copy/a.txt"))
	got = k.run(t, "", k.addr, "mirror", "-R", "-delete", "/", "copy")
	assert.Equal(t, 0, got.Status, got.Stderr)
	// Files are copied while others are deleted.
	assert.ElementsMatch(t, []string{"delete a.txt", "copy new", "copied 1 (3 octets), skipped 2, made 0, deleted 1, left 0, failed 0", ""}, strings.Split(got.Stdout, "\n"))
	assert.Equal(t, "new", read(t, filepath.Join(k.remote, "new")))
}

func TestMirrorFails(t *testing.T) {
	k := serve(t, nil)
	require.NoError(t, os.MkdirAll("copy/a.txt", 0o755))
	got := k.run(t, "", k.addr, "mirror", "/", "copy")
	assert.Equal(t, 1, got.Status)
	assert.Contains(t, got.Stdout, "copied 2 (2 octets), skipped 0, made 2, deleted 0, left 0, failed 1\n")
	assert.Contains(t, got.Stderr, "copy a.txt: ")
	assert.Contains(t, got.Stderr, "client: mirror: 1 failed\n")
}

func TestTLS(t *testing.T) {
	config, _ := testkit.Certificate(t, "127.0.0.1")
	secure := serve(t, func(s *ftp.Server) { s.TLSConfig, s.RequireTLS = config, true })
	ca := filepath.Join(t.TempDir(), "ca.pem")
	var chain []byte
	for _, der := range config.Certificates[0].Certificate {
		_, err := x509.ParseCertificate(der)
		require.NoError(t, err)
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	require.NoError(t, os.WriteFile(ca, chain, 0o600))
	want := clitest.Result{Stdout: "0123456789"}
	assert.Equal(t, want, secure.run(t, "", "-tls", "-ca", ca, secure.addr, "get", "a.txt", "-"))
	assert.Equal(t, want, secure.run(t, "", "-tls", "-k", secure.addr, "get", "a.txt", "-"))

	got := secure.run(t, "", "-v", "-tls", secure.addr, "get", "a.txt", "-")
	assert.Equal(t, 1, got.Status)
	assert.Contains(t, got.Stderr, "certificate")
	assert.NotContains(t, got.Stderr, "PASS")
	got = secure.run(t, "", secure.addr, "get", "a.txt", "-")
	assert.Equal(t, 1, got.Status)
	assert.Contains(t, got.Stderr, "530")
	assert.Equal(t, 1, secure.run(t, "", "-tls", "-ca", "main_test.go", secure.addr, "pwd").Status)

	clear := serve(t, nil)
	got = clear.run(t, "", "-v", "-tls", "-k", clear.addr, "get", "a.txt", "-")
	assert.Equal(t, 1, got.Status)
	assert.NotContains(t, got.Stderr, "PASS", "no password without TLS")
}

func TestDialogue(t *testing.T) {
	k := serve(t, nil)
	got := k.run(t, "", "-v", k.addr, "size", "a.txt")
	assert.Contains(t, got.Stderr, "C: USER bob\n")
	assert.Contains(t, got.Stderr, "C: PASS ***\n")
	assert.Contains(t, got.Stderr, "S: 213 10\n")
	assert.NotContains(t, got.Stderr, "secret")
	assert.Contains(t, k.run(t, "", "-v-secrets", k.addr, "size", "a.txt").Stderr, "C: PASS secret\n")
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"127.0.0.1:1", "fly"}, {"127.0.0.1:1", "get"}, {"127.0.0.1:1", "size", "a", "b"}, {"-x"}} {
		got := clitest.Run(t, program(), "", args...)
		assert.Equal(t, 2, got.Status, "%q", args)
		assert.True(t, strings.HasPrefix(got.Stderr, "client: "), got.Stderr)
	}
	got := clitest.Run(t, program(), "", "-h")
	assert.Zero(t, got.Status)
	for _, c := range allCommands() {
		assert.Contains(t, got.Stdout, "\n  "+c.name)
	}
	got = clitest.Run(t, program(), "", "-user", "eve", "-pass", "x\r\nDELE a", "127.0.0.1:1", "pwd")
	assert.Equal(t, 1, got.Status)
}

func TestSplit(t *testing.T) {
	tests := []struct {
		line string
		want []string
		ok   bool
	}{
		{`get a b`, []string{"get", "a", "b"}, true},
		{"\tput  'a b' \"c d\" ", []string{"put", "a b", "c d"}, true},
		{`rm a\ b "" 'it''s' "a\"b" '\'`, []string{"rm", "a b", "", "its", `a"b`, `\`}, true},
		{`# a comment`, nil, true},
		{`rm a#b # c`, []string{"rm", "a#b"}, true},
		{``, nil, true},
		{`rm 'a`, nil, false},
		{`rm a\`, nil, false},
	}
	for _, tt := range tests {
		got, err := split(tt.line)
		assert.Equal(t, tt.ok, err == nil, "%q", tt.line)
		if tt.ok {
			assert.Equal(t, tt.want, got, "%q", tt.line)
		}
	}
}

func TestPrintable(t *testing.T) {
	assert.Equal(t, "a?[2Jb?é", printable("a\x1b[2Jb\u009bé"))
}
