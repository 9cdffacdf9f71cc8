package peers

import (
	"fmt"
	"strings"
	"testing"

	"applayer/internal/testkit"
)

// dovecotAuth starts that part of Dovecot which knows the users of c, for a
// mail server that asks it, and returns the path of its socket.
func dovecotAuth(tb testing.TB, c *Config) string {
	tb.Helper()
	path := program(tb, "dovecot")
	at := &place{dir: tb.TempDir()}
	openWay(tb, at.dir)
	var passwd strings.Builder
	for name, password := range users(c) {
		fmt.Fprintf(&passwd, "%s:{PLAIN}%s::::::\n", name, password)
	}
	socket := at.path("auth")
	conf := at.write(tb, "dovecot.conf", fmt.Sprintf(`protocols =
base_dir = %[1]s
state_dir = %[1]s
log_path = /dev/stderr
ssl = no
default_internal_user = dovecot
default_login_user = dovenull
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%%n %[2]s
}
userdb {
  driver = static
  args = uid=65534 gid=65534 home=%[1]s
}
service auth {
  unix_listener %[3]s {
    mode = 0666
  }
}
`, at.path("run"), at.write(tb, "passwd", passwd.String(), 0o644), socket), 0o644)
	mkdir(tb, at.path("run"))
	s := &Server{Process: testkit.Start(tb, path, "-F", "-c", conf)}
	tb.Cleanup(func() { s.Stop() })
	if !until(tb, s, "no socket of Dovecot", func() bool { return exists(socket) }) {
		tb.Fatalf("peers: dovecot ends:\n%s%s", s.Stdout(), s.Stderr())
	}
	return socket
}
