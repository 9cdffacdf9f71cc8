package peers

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"applayer/internal/testkit"
)

// PureFTPd starts Pure-FTPd, which only root may. The users of c are at home in
// the folder served, which they see as "/". With TLS a user may do without. The
// lines of c are added to its arguments. A wrong password takes it seconds.
func PureFTPd(tb testing.TB, c *Config) *Server {
	tb.Helper()
	path, pw := program(tb, "pure-ftpd"), program(tb, "pure-pw")
	testkit.Root(tb, "Pure-FTPd")
	return startFTP(tb, c, func(at *place) []string {
		who := at.giveAway(tb)
		var list strings.Builder
		for name, password := range users(c) {
			// What "pure-pw useradd" would add takes seconds to check.
			fmt.Fprintf(&list, "%s:%s:%s:%s::%s/./::::::::::::\n", name, crypt(tb, password), who.uid, who.gid, at.root)
		}
		db := filepath.Join(at.dir, "users.pdb")
		if out := Run(tb, pw, "mkdb", db, "-f", at.write(tb, "passwd", list.String(), 0o600)); out.Exit != 0 {
			tb.Fatalf("peers: pure-pw: %s%s", out.Stdout, out.Stderr)
		}
		argv := []string{path, "-4", "-S", "127.0.0.1," + at.port, "-H", "-A", "-E", "-u", "1", "-g", filepath.Join(at.dir, "pid"), "-l", "puredb:" + db}
		if at.cert != "" {
			argv = append(argv, "-Y", "1", "-2", at.both(tb))
		}
		if c != nil {
			argv = append(argv, c.Lines...)
		}
		return argv
	})
}

// both writes certificate and key into one file.
func (at *place) both(tb testing.TB) string {
	tb.Helper()
	var text []byte
	for _, path := range []string{at.key, at.cert} {
		b, err := os.ReadFile(path)
		if err != nil {
			tb.Fatalf("peers: %v", err)
		}
		text = append(text, b...)
	}
	return at.write(tb, "both.pem", string(text), 0o600)
}
