package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/cli/clitest"
	"applayer/ftp"
	"applayer/internal/testkit"
)

// folder makes a root with a public file, and homes.
func folder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"a.txt": "0123456789", "sub/b c.txt": "b", "home/bob/mine.txt": "bob's", "home/eve/her.txt": "eve's"} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	return dir
}

// usersFile makes a users file: alice sees the root, bob his home, carol has
// none that exists.
func usersFile(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "users")
	require.NoError(t, os.WriteFile(name, []byte("alice:wonder\nbob:secret:/home/bob\ncarol:secret:nowhere\n"), 0o600))
	return name
}

// pair writes a certificate and its key, and returns the names of the files.
func pair(t *testing.T) (cert, key string) {
	t.Helper()
	serverConfig, _ := testkit.Certificate(t, "127.0.0.1")
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	made := serverConfig.Certificates[0]
	var chain []byte
	for _, der := range made.Certificate {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	der, err := x509.MarshalPKCS8PrivateKey(made.PrivateKey)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(cert, chain, 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	return cert, key
}

// start starts the program over a folder and returns it with its address.
func start(t *testing.T, args ...string) (*clitest.Server, string) {
	t.Helper()
	srv := clitest.Start(t, program(), append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	return srv, srv.Ready("")
}

// curl runs curl and returns its exit status and what it printed.
func curl(t *testing.T, args ...string) (int, string) {
	t.Helper()
	cmd := exec.Command(testkit.Program(t, "curl"), append([]string{"-q", "-s", "--max-time", "30", "--noproxy", "*"}, args...)...)
	out, err := cmd.Output()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// Exit statuses of curl.
const (
	curlUpload = 25
	curlLogin  = 67
	curlNoFile = 78
)

func TestAnonymous(t *testing.T) {
	dir := folder(t)
	srv, addr := start(t, "-root", dir)
	url := "ftp://" + addr
	status, out := curl(t, url+"/a.txt")
	assert.Equal(t, 0, status)
	assert.Equal(t, "0123456789", out)
	status, out = curl(t, "-r", "4-", url+"/a.txt")
	assert.Equal(t, 0, status)
	assert.Equal(t, "456789", out)
	_, out = curl(t, url+"/sub/b%20c.txt")
	assert.Equal(t, "b", out)
	_, out = curl(t, "-l", url+"/")
	assert.Equal(t, "a.txt\n", out)
	_, out = curl(t, url+"/")
	assert.Contains(t, out, " a.txt\n")
	assert.Contains(t, out, " sub\n")
	status, _ = curl(t, "-l", url+"/../../etc/passwd")
	assert.NotEqual(t, 0, status)
	status, _ = curl(t, url+"/none.txt")
	assert.Equal(t, curlNoFile, status)
	status, _ = curl(t, "-T", filepath.Join(dir, "a.txt"), url+"/new.txt")
	assert.Equal(t, curlUpload, status)
	assert.NoFileExists(t, filepath.Join(dir, "new.txt"))
	status, _ = curl(t, "-Q", "DELE a.txt", url+"/")
	assert.NotEqual(t, 0, status)
	assert.FileExists(t, filepath.Join(dir, "a.txt"))
	res := srv.Stop()
	assert.Equal(t, 0, res.Status, res.Stderr)
	assert.Equal(t, "listening on tcp "+addr+"\n", res.Stdout)
}

func TestUsers(t *testing.T) {
	dir := folder(t)
	srv, addr := start(t, "-root", dir, "-users", usersFile(t), "-writable", "-anonymous")
	as := func(user string) string { return fmt.Sprintf("ftp://%s@%s", user, addr) }
	_, out := curl(t, as("alice:wonder")+"/home/eve/her.txt")
	assert.Equal(t, "eve's", out)
	_, out = curl(t, "-l", as("bob:secret")+"/")
	assert.Equal(t, "mine.txt\n", out, "a home is the root")
	status, _ := curl(t, as("bob:secret")+"/../eve/her.txt")
	assert.NotEqual(t, 0, status)

	status, _ = curl(t, "-T", filepath.Join(dir, "a.txt"), as("bob:secret")+"/up.txt")
	assert.Equal(t, 0, status)
	b, err := os.ReadFile(filepath.Join(dir, "home", "bob", "up.txt"))
	require.NoError(t, err)
	assert.Equal(t, "0123456789", string(b))
	status, _ = curl(t, "-T", filepath.Join(dir, "a.txt"), "-a", as("bob:secret")+"/up.txt")
	assert.Equal(t, 0, status)
	b, err = os.ReadFile(filepath.Join(dir, "home", "bob", "up.txt"))
	require.NoError(t, err)
	assert.Equal(t, "01234567890123456789", string(b))

	status, _ = curl(t, "-T", filepath.Join(dir, "a.txt"), as("anonymous:me%40example.net")+"/up.txt")
	assert.Equal(t, curlUpload, status, "everybody may only look where there are users")
	res := srv.Stop()
	assert.Equal(t, 0, res.Status)
	assert.NotContains(t, res.Stderr, "secret")
}

func TestClient(t *testing.T) {
	dir := folder(t)
	_, addr := start(t, "-root", dir, "-users", usersFile(t), "-writable")
	c, err := ftp.Dial(t.Context(), "tcp", addr, &ftp.Options{User: "alice", Password: "wonder"})
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.Store(t.Context(), "new.txt", strings.NewReader("text")))
	size, err := c.Size(t.Context(), "new.txt")
	require.NoError(t, err)
	assert.EqualValues(t, 4, size)
	require.NoError(t, c.Rename(t.Context(), "new.txt", "sub/old.txt"))
	entries, err := c.List(t.Context(), "sub")
	require.NoError(t, err)
	assert.Len(t, entries, 2)
	require.NoError(t, c.Remove(t.Context(), "sub/old.txt"))
	require.NoError(t, c.MakeDir(t.Context(), "made"))
	require.NoError(t, c.RemoveDir(t.Context(), "made"))
	require.NoError(t, c.Quit(t.Context()))
	assert.NoFileExists(t, filepath.Join(dir, "sub", "old.txt"))
}

func TestTLS(t *testing.T) {
	dir := folder(t)
	cert, key := pair(t)
	srv := clitest.Start(t, program(), "-addr", "127.0.0.1:0", "-ftps", "127.0.0.1:0", "-root", dir,
		"-users", usersFile(t), "-writable", "-tls-cert", cert, "-tls-key", key, "-require-tls")
	plain, implicit := srv.Ready("ftp"), srv.Ready("ftps")
	user := "alice:wonder@"
	status, out := curl(t, "--cacert", cert, "--ssl-reqd", "ftp://"+user+plain+"/a.txt")
	assert.Equal(t, 0, status)
	assert.Equal(t, "0123456789", out)
	status, out = curl(t, "--cacert", cert, "ftps://"+user+implicit+"/a.txt")
	assert.Equal(t, 0, status)
	assert.Equal(t, "0123456789", out)
	status, _ = curl(t, "--cacert", cert, "--ssl-reqd", "-T", filepath.Join(dir, "a.txt"), "ftp://"+user+plain+"/new.txt")
	assert.Equal(t, 0, status)
	b, err := os.ReadFile(filepath.Join(dir, "new.txt"))
	require.NoError(t, err)
	assert.Equal(t, "0123456789", string(b))
	status, _ = curl(t, "ftp://"+user+plain+"/a.txt")
	assert.Equal(t, curlLogin, status, "not in the clear")
	assert.Equal(t, 0, srv.Stop().Status)
}

// With -ftps alone nothing listens in the clear.
func TestFTPSAlone(t *testing.T) {
	cert, key := pair(t)
	srv := clitest.Start(t, program(), "-ftps", "127.0.0.1:0", "-root", folder(t), "-tls-cert", cert, "-tls-key", key)
	status, out := curl(t, "--cacert", cert, "ftps://"+srv.Ready("")+"/a.txt")
	assert.Equal(t, 0, status)
	assert.Equal(t, "0123456789", out)
	assert.Equal(t, 1, strings.Count(srv.Stop().Stdout, "listening"))
}

func TestPassiveAddress(t *testing.T) {
	_, addr := start(t, "-root", folder(t), "-pasv-ports", "20000-29999", "-pasv-ip", "192.0.2.7")
	c, err := ftp.Dial(t.Context(), "tcp", addr, nil)
	require.NoError(t, err)
	defer c.Close()
	r, err := c.Quote(t.Context(), "PASV")
	require.NoError(t, err)
	ap, err := ftp.Parse227(r.Text())
	require.NoError(t, err)
	assert.Equal(t, "192.0.2.7", ap.Addr().String())
	assert.GreaterOrEqual(t, ap.Port(), uint16(20000))
	assert.LessOrEqual(t, ap.Port(), uint16(29999))
}

func TestVerbosePrintsTheDialogue(t *testing.T) {
	for flag, password := range map[string]string{"-v": "***", "-v-secrets": "wonder"} {
		args := []string{"-root", folder(t), "-users", usersFile(t), "-v"}
		if flag != "-v" {
			args = append(args, flag)
		}
		srv, addr := start(t, args...)
		c, err := ftp.Dial(t.Context(), "tcp", addr, &ftp.Options{User: "alice", Password: "wonder"})
		require.NoError(t, err)
		require.NoError(t, c.Quit(t.Context()))
		out := srv.Stop().Stderr
		assert.Contains(t, out, "C: USER alice\nS: 331 ")
		assert.Contains(t, out, "C: PASS "+password+"\n")
		assert.Contains(t, out, "S: 230 ")
		assert.Contains(t, out, "C: QUIT\nS: 221 ")
	}
}

func TestWrongUsage(t *testing.T) {
	for name, args := range map[string][]string{
		"argument":                {"now"},
		"half of TLS":             {"-tls-cert", "x"},
		"ftps without TLS":        {"-ftps", "127.0.0.1:0"},
		"require-tls without TLS": {"-require-tls"},
		"ports":                   {"-pasv-ports", "9-1"},
		"ip":                      {"-pasv-ip", "x"},
		"IPv6 for PASV":           {"-pasv-ip", "::1"},
		"quota":                   {"-quota", "-1"},
	} {
		t.Run(name, func(t *testing.T) {
			res := clitest.Run(t, program(), "", args...)
			assert.Equal(t, 2, res.Status)
			assert.NotEmpty(t, res.Stderr)
		})
	}
}

func TestFailures(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad")
	require.NoError(t, os.WriteFile(bad, []byte("nothing\n"), 0o600))
	for name, args := range map[string][]string{
		"no root":      {"-root", filepath.Join(t.TempDir(), "none")},
		"no users":     {"-users", filepath.Join(t.TempDir(), "none")},
		"bad users":    {"-users", bad},
		"no key":       {"-tls-cert", bad, "-tls-key", bad},
		"address":      {"-addr", "127.0.0.1:http-alt-none"},
		"ftps address": {"-addr", "127.0.0.1:0", "-ftps", "127.0.0.1:none", "-tls-cert", bad, "-tls-key", bad},
	} {
		t.Run(name, func(t *testing.T) {
			if args[0] != "-root" {
				args = append([]string{"-root", t.TempDir()}, args...)
			}
			res := clitest.Run(t, program(), "", args...)
			assert.Equal(t, 1, res.Status)
			assert.True(t, strings.HasPrefix(res.Stderr, "server: "), res.Stderr)
		})
	}
}
