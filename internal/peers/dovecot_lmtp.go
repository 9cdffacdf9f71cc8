package peers

import (
	"fmt"
	"strings"
	"testing"

	"applayer/internal/testkit"
)

// DovecotLMTP starts Dovecot's LMTP server, which takes mail for the users of c
// at any domain and refuses others. [Server.Mail] gives what it took. It
// offers STARTTLS where c has a certificate. The lines of c end its
// configuration.
func DovecotLMTP(tb testing.TB, c *Config) *Server {
	tb.Helper()
	testkit.Root(tb, "Dovecot's LMTP server")
	path := program(tb, "dovecot")
	s := startMail(tb, c, func(at *place) []string {
		who := at.giveAway(tb)
		var passwd strings.Builder
		for name := range users(c) {
			fmt.Fprintf(&passwd, "%s::%s:%s::%s/%[1]s::\n", name, who.uid, who.gid, at.root)
		}
		ssl := "ssl = no"
		if at.cert != "" {
			ssl = fmt.Sprintf("ssl = yes\nssl_cert = <%s\nssl_key = <%s", at.cert, at.key)
		}
		run := at.path("run")
		mkdir(tb, run)
		conf := at.write(tb, "dovecot.conf", fmt.Sprintf(`protocols = lmtp
base_dir = %[1]s
state_dir = %[1]s
log_path = /dev/stderr
hostname = mail.hamburger.edu
listen = %[2]s
%[3]s
mail_location = maildir:%[4]s/%%n
first_valid_uid = 1
passdb {
  driver = passwd-file
  args = username_format=%%n %[5]s
}
userdb {
  driver = passwd-file
  args = username_format=%%n %[5]s
}
service lmtp {
  inet_listener lmtp {
    address = %[2]s
    port = %[6]s
  }
}
%[7]s
`, run, at.host, ssl, at.root, at.write(tb, "passwd", passwd.String(), 0o644), at.port, at.lines), 0o644)
		return []string{path, "-F", "-c", conf}
	})
	s.scheme, s.TLSAddr = "lmtp", ""
	return s
}
