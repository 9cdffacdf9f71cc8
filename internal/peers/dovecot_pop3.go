package peers

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// DovecotPOP3 starts Dovecot's POP3 server for the users of c, each with a
// Maildir of his name in the folder served; see [Server.AddMail]. It has the
// mechanisms PLAIN, LOGIN, CRAM-MD5, SCRAM-SHA-1 and SCRAM-SHA-256, and APOP. It
// offers STLS where c has a certificate, and begins with TLS at TLSAddr. The
// lines of c end its configuration.
func DovecotPOP3(tb testing.TB, c *Config) *Server {
	tb.Helper()
	path := program(tb, "dovecot")
	s := startUntil(tb, c, func(at *place) []string {
		who := at.giveAway(tb)
		var passwd strings.Builder
		for name, password := range users(c) {
			maildir(tb, filepath.Join(at.root, name))
			fmt.Fprintf(&passwd, "%s:{PLAIN}%s:%s:%s::%s/%[1]s::\n", name, password, who.uid, who.gid, at.root)
		}
		at.giveAway(tb)
		ssl, implicit := "ssl = no", ""
		if at.cert != "" {
			ssl = fmt.Sprintf("ssl = yes\nssl_cert = <%s\nssl_key = <%s", at.cert, at.key)
			implicit = fmt.Sprintf("address = %s\n    port = %s\n    ssl = yes", at.host, at.tlsPort)
		} else {
			implicit = "port = 0"
		}
		run := at.path("run")
		mkdir(tb, run)
		conf := at.write(tb, "dovecot.conf", fmt.Sprintf(`protocols = pop3
base_dir = %[1]s
state_dir = %[1]s
log_path = /dev/stderr
listen = %[2]s
%[3]s
%[4]s
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256 apop
auth_failure_delay = 0
mail_location = maildir:%[5]s/%%n
first_valid_uid = 1
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%%n %[6]s
}
userdb {
  driver = passwd-file
  args = username_format=%%n %[6]s
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service pop3-login {
  inet_listener pop3 {
    address = %[2]s
    port = %[7]s
  }
  inet_listener pop3s {
    %[8]s
  }
}
%[9]s
`, run, at.host, ssl, dovecotUsers(who), at.root, at.write(tb, "passwd", passwd.String(), 0o644), at.port, implicit, at.lines), 0o644)
		return []string{path, "-F", "-c", conf}
	}, greetsPOP3)
	s.scheme = "pop3"
	if c == nil || c.TLS == nil {
		s.TLSAddr = ""
	}
	return s
}

// dovecotUsers are the users of Dovecot's processes: its own where root starts
// it, else whoever does.
func dovecotUsers(who account) string {
	if os.Geteuid() == 0 {
		return "default_internal_user = dovecot\ndefault_login_user = dovenull"
	}
	return fmt.Sprintf("default_internal_user = %[1]s\ndefault_login_user = %[1]s\ndefault_internal_group = %[2]s\nservice anvil {\n  chroot =\n}\nservice pop3-login {\n  chroot =\n}", who.user, who.group)
}

// maildir makes an empty Maildir.
func maildir(tb testing.TB, path string) {
	tb.Helper()
	for _, dir := range []string{"", "cur", "new", "tmp"} {
		mkdir(tb, filepath.Join(path, dir))
	}
}

// AddMail puts a message into the Maildir of a user of [DovecotPOP3], as a
// delivery does. The name, which must be the Maildir's only one, decides on its
// place.
func (s *Server) AddMail(tb testing.TB, user, name, text string) {
	tb.Helper()
	at := &place{dir: filepath.Join(s.Root, user, "new"), root: filepath.Join(s.Root, user)}
	at.write(tb, name, strings.ReplaceAll(text, "\r\n", "\n"), 0o644)
	at.giveAway(tb)
}

// greetsPOP3 waits until a POP3 server greets, and is false if it ends before.
func greetsPOP3(tb testing.TB, s *Server) bool {
	tb.Helper()
	return until(tb, s, "no +OK at "+s.Addr, func() bool {
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
		return err == nil && strings.HasPrefix(line, "+OK")
	})
}
