package peers_test

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/peers"
	"applayer/internal/testkit"
)

// ftpServers are all, with a user of each.
var ftpServers = []struct {
	name           string
	start          func(testing.TB, *peers.Config) *peers.Server
	user, password string
	tls            bool
}{
	{"vsftpd", peers.Vsftpd, "anonymous", "me@", true},
	{"ProFTPD", peers.ProFTPD, "student", "lecture", true},
	{"Pure-FTPd", peers.PureFTPd, "student", "lecture", true},
	{"inetutils", peers.InetutilsFTPd, "student", "lecture", false},
	{"pyftpdlib", peers.Pyftpdlib, "student", "lecture", true},
}

// TestFTPServers: each starts, and lets its user fetch and store.
func TestFTPServers(t *testing.T) {
	for _, tt := range ftpServers {
		t.Run(tt.name, func(t *testing.T) {
			s := tt.start(t, &peers.Config{Root: folder(t), Users: map[string]string{tt.user: tt.password}})
			got := peers.Run(t, "curl", "--silent", "--show-error", "--user", tt.user+":"+tt.password, s.URL(inside(tt.name, s, "hello.txt")))
			require.Zero(t, got.Exit, "%s%s", got.Stderr, s.Stderr())
			assert.Equal(t, "hello from a file\n", got.Stdout)
			got = peers.Run(t, "curl", "--silent", "--show-error", "--user", tt.user+":"+tt.password, "--upload-file", upward(t), s.URL(inside(tt.name, s, "up.txt")))
			require.Zero(t, got.Exit, "%s%s", got.Stderr, s.Stderr())
			assert.Equal(t, "upwards\n", stored(t, s))
		})
	}
}

// inside is a file of the user's home as curl names it.
func inside(server string, s *peers.Server, name string) string {
	if server == "ProFTPD" && os.Geteuid() != 0 {
		return "/" + s.Root + "/" + name
	}
	return "/" + name
}

func upward(t *testing.T) string {
	t.Helper()
	up := filepath.Join(t.TempDir(), "up.txt")
	require.NoError(t, os.WriteFile(up, []byte("upwards\n"), 0o644))
	return up
}

func stored(t *testing.T, s *peers.Server) string {
	t.Helper()
	got, err := os.ReadFile(filepath.Join(s.Root, "up.txt"))
	require.NoError(t, err)
	return string(got)
}

// TestFTPServersTLS: with TLS on both connections, and nobody else.
func TestFTPServersTLS(t *testing.T) {
	server, _ := testkit.Certificate(t)
	for _, tt := range ftpServers {
		if !tt.tls {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			s := tt.start(t, &peers.Config{Root: folder(t), Users: map[string]string{tt.user: tt.password}, TLS: server})
			lftp := func(password, more string) peers.Output {
				return peers.Run(t, "lftp", "--norc", "-u", tt.user+","+password, "-e",
					"set net:max-retries 1; set ssl:verify-certificate no; set ftp:ssl-force yes; set ftp:ssl-protect-data yes; "+more+"; bye", s.Addr)
			}
			got := lftp(tt.password, "cat hello.txt && put "+upward(t)+" -o up.txt")
			require.Zero(t, got.Exit, "%s%s", got.Stderr, s.Stderr())
			assert.Equal(t, "hello from a file\n", got.Stdout)
			assert.Equal(t, "upwards\n", stored(t, s))
		})
	}
}

// TestFTPServersPassword: a wrong password, or a name that they do not know.
func TestFTPServersPassword(t *testing.T) {
	for _, tt := range ftpServers {
		t.Run(tt.name, func(t *testing.T) {
			s := tt.start(t, &peers.Config{Root: folder(t), Users: map[string]string{tt.user: tt.password}})
			got := peers.Run(t, "curl", "--silent", "--user", "student:wrong", s.URL("/hello.txt"))
			assert.Equal(t, 67, got.Exit, "%s", got.Stderr)
		})
	}
}

func TestFTPFaults(t *testing.T) {
	server, _ := testkit.Certificate(t)
	faults(t, []fault{
		{"vsftpd does not know a directive", peers.Vsftpd, &peers.Config{Lines: []string{"no_such=YES"}}, "vsftpd ends before"},
		{"ProFTPD does not know a directive", peers.ProFTPD, &peers.Config{Lines: []string{"NoSuch on"}}, "unknown configuration directive"},
		{"vsftpd knows no users", peers.Vsftpd, &peers.Config{Users: map[string]string{"student": "lecture"}}, "anonymous alone"},
		{"inetutils has no TLS", peers.InetutilsFTPd, &peers.Config{TLS: server}, "no TLS"},
		{"telnetd has no TLS", peers.Telnetd, &peers.Config{TLS: server}, "no TLS"},
	})
}

// TestTelnetd: a login at a shell, and none.
func TestTelnetd(t *testing.T) {
	s := peers.Telnetd(t, &peers.Config{Root: folder(t), Users: map[string]string{"student": "lecture"}})
	dialogue := func(password string) string {
		c, err := net.Dial("tcp", s.Addr)
		require.NoError(t, err)
		defer c.Close()
		c.SetDeadline(time.Now().Add(20 * time.Second))
		var got []byte
		seen := 0
		until := func(text string) {
			b := make([]byte, 1024)
			for !bytes.Contains(got, []byte(text)) {
				n, err := c.Read(b)
				got = append(got, b[:n]...)
				require.NoError(t, err, "%q", got)
				// It waits for answers: WONT for every DO, DONT for every WILL.
				for ; seen+2 < len(got); seen++ {
					switch {
					case got[seen] == 255 && got[seen+1] == 253:
						c.Write([]byte{255, 252, got[seen+2]})
					case got[seen] == 255 && got[seen+1] == 251:
						c.Write([]byte{255, 254, got[seen+2]})
					}
				}
			}
		}
		until("login: ")
		c.Write([]byte("student\r\n"))
		until("Password: ")
		c.Write([]byte(password + "\r\n"))
		if password != "lecture" {
			until("Login incorrect")
			return string(got)
		}
		until("$ ")
		c.Write([]byte("cat hello.txt\r\n"))
		until("hello from a file")
		return string(got)
	}
	assert.NotContains(t, dialogue("lecture"), "lecture")
	assert.NotContains(t, dialogue("wrong"), "$ ")
}
