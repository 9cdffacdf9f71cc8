package peers

import (
	"bufio"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// account is who a user of an FTP server is to the system: whoever runs the
// test, but nobody where that is root and the server serves no root.
type account struct{ user, group, uid, gid string }

// startFTP starts an FTP server, which is ready when it greets.
func startFTP(tb testing.TB, c *Config, command func(at *place) []string) *Server {
	tb.Helper()
	s := startUntil(tb, c, command, greets)
	s.scheme = "ftp"
	return s
}

// greets waits until the server says 220, and is false if it ends before.
func greets(tb testing.TB, s *Server) bool {
	tb.Helper()
	return until(tb, s, "no 220 at "+s.Addr, func() bool {
		conn, err := net.DialTimeout("tcp", s.Addr, time.Second)
		if err != nil {
			return false
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(time.Second))
		line, err := bufio.NewReader(conn).ReadString('\n')
		if err == nil {
			fmt.Fprint(conn, "QUIT\r\n")
		}
		return err == nil && strings.HasPrefix(line, "220")
	})
}

// users gives the users of c in order, names and passwords in turn.
func users(c *Config) func(yield func(name, password string) bool) {
	return func(yield func(name, password string) bool) {
		if c == nil {
			return
		}
		for _, name := range slices.Sorted(maps.Keys(c.Users)) {
			if !yield(name, c.Users[name]) {
				return
			}
		}
	}
}

// myself is the account of whoever runs the test.
func myself(tb testing.TB) account {
	tb.Helper()
	u, err := user.Current()
	if err != nil {
		tb.Fatalf("peers: %v", err)
	}
	g, err := user.LookupGroupId(u.Gid)
	if err != nil {
		tb.Fatalf("peers: %v", err)
	}
	return account{u.Username, g.Name, u.Uid, u.Gid}
}

// giveAway makes a folder and all below the property of nobody, since the
// servers that drop root let no user be root. Only root does so.
func (at *place) giveAway(tb testing.TB) account {
	tb.Helper()
	if os.Geteuid() != 0 {
		return myself(tb)
	}
	const nobody = 65534
	err := filepath.WalkDir(at.root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, nobody, nobody)
	})
	if err != nil {
		tb.Fatalf("peers: %v", err)
	}
	return account{"nobody", "nogroup", strconv.Itoa(nobody), strconv.Itoa(nobody)}
}

// crypt is a password as crypt(3) keeps it, by SHA-512.
func crypt(tb testing.TB, password string) string {
	tb.Helper()
	cmd := exec.Command(program(tb, "openssl"), "passwd", "-6", "-stdin")
	cmd.Stdin = strings.NewReader(password + "\n")
	out, err := cmd.Output()
	if err != nil {
		tb.Fatalf("peers: openssl passwd: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// onlyAnonymous fails for a server that knows no users but anonymous.
func onlyAnonymous(tb testing.TB, c *Config, name string) {
	tb.Helper()
	for who := range users(c) {
		if who != "anonymous" {
			tb.Fatalf("peers: %s knows the user anonymous alone", name)
		}
	}
}
