package peers

import (
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// startMail starts a mail server, which is ready when it greets.
func startMail(tb testing.TB, c *Config, command func(at *place) []string) *Server {
	tb.Helper()
	s := startUntil(tb, c, command, greets)
	s.scheme = "smtp"
	if c == nil || c.TLS == nil {
		s.TLSAddr = ""
	}
	return s
}

// Mail waits until as many messages of a user of a mail server are in his
// Maildir, and gives them as they lie there, with line ends as in a file, in the
// order of their names. The user "" stands for all that [SMTPSink] took.
func (s *Server) Mail(tb testing.TB, user string, count int) []string {
	tb.Helper()
	var files []string
	if !until(tb, s, strconv.Itoa(count)+" messages for "+user, func() bool {
		files = nil
		filepath.WalkDir(filepath.Join(s.Root, user), func(path string, d fs.DirEntry, err error) error {
			in := filepath.Base(filepath.Dir(path))
			if err == nil && !d.IsDir() && (in == "new" || in == "cur" || user == "") {
				files = append(files, path)
			}
			return nil
		})
		return len(files) >= count
	}) {
		tb.Fatalf("peers: the server ended:\n%s%s", s.Stdout(), s.Stderr())
	}
	var all []string
	for _, path := range slices.Sorted(slices.Values(files)) {
		b, err := os.ReadFile(path)
		if err != nil {
			tb.Fatalf("peers: %v", err)
		}
		all = append(all, string(b))
	}
	return all
}

// mkdir makes a folder that all may enter. It may be there.
func mkdir(tb testing.TB, path string) {
	tb.Helper()
	if err := os.MkdirAll(path, 0o755); err != nil {
		tb.Fatalf("peers: %v", err)
	}
}

// chown gives a folder to a user of the system, and his group. Only root does.
func chown(tb testing.TB, path, name string) account {
	tb.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		tb.Fatalf("peers: %v", err)
	}
	g, err := user.LookupGroupId(u.Gid)
	if err != nil {
		tb.Fatalf("peers: %v", err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(path, uid, gid); err != nil {
		tb.Fatalf("peers: %v", err)
	}
	return account{u.Username, g.Name, u.Uid, u.Gid}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func hostPort(tb testing.TB, addr string) (host, port string) {
	tb.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		tb.Fatalf("peers: %v", err)
	}
	return host, port
}
