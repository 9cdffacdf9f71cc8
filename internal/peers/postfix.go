package peers

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"applayer/internal/testkit"
)

// postfixServices are the parts of Postfix that pass mail on and keep it. The
// first two are its ports, with STARTTLS and with TLS from the beginning.
const postfixServices = `%s inet n - n - - smtpd
%s inet n - n - - smtpd
  -o smtpd_tls_wrappermode=%s
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
lmtp unix - - n - - lmtp
virtual unix - n n - - virtual
local unix - n n - - local
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
showq unix n - n - - showq
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`

// Postfix starts Postfix, mail server of the domain hamburger.edu for the users
// of c, who may log in by PLAIN, LOGIN and CRAM-MD5, and whose messages [Mail]
// gives. It offers STARTTLS at its Addr where c has a certificate, and has TLS
// from the beginning at its TLSAddr. Who comes from 127.0.0.1 may send to
// anybody; it asks no name server. The lines of c end its main.cf, such as
// "relayhost = [127.0.0.1]:2525".
func Postfix(tb testing.TB, c *Config) *Server {
	tb.Helper()
	testkit.Root(tb, "Postfix")
	program(tb, "postfix")
	auth := ""
	if c != nil && len(c.Users) > 0 {
		auth = "smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\nsmtpd_sasl_path = " + dovecotAuth(tb, c) +
			"\nsmtpd_sasl_security_options = noanonymous\n"
	}
	next := ""
	if c != nil && c.Next != "" {
		host, port := hostPort(tb, c.Next)
		next = fmt.Sprintf("relayhost = [%s]:%s\n", host, port)
	}
	return startMail(tb, c, func(at *place) []string {
		who := at.giveAway(tb)
		conf, queue, data := at.path("conf"), at.path("queue"), at.path("data")
		mkdir(tb, conf)
		mkdir(tb, data)
		chown(tb, data, "postfix")
		postfixQueue(tb, queue)
		tls, wrapped := "", "no"
		if at.cert != "" {
			wrapped = "yes"
			tls = fmt.Sprintf("smtpd_tls_cert_file = %s\nsmtpd_tls_key_file = %s\nsmtpd_tls_security_level = may\n", at.cert, at.key)
		}
		var known strings.Builder
		for name := range users(c) {
			fmt.Fprintf(&known, "/^%s@hamburger\\.edu$/ %s/\n", name, name)
		}
		in := &place{dir: conf}
		in.write(tb, "master.cf", fmt.Sprintf(postfixServices, at.host+":"+at.port, at.host+":"+at.tlsPort, wrapped), 0o644)
		in.write(tb, "main.cf", fmt.Sprintf(`compatibility_level = 3.6
queue_directory = %s
data_directory = %s
maillog_file = /dev/stdout
myhostname = mail.hamburger.edu
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
alias_maps =
alias_database =
biff = no
default_database_type = hash
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, defer_unauth_destination
virtual_mailbox_domains = hamburger.edu
virtual_mailbox_base = %s
virtual_mailbox_maps = regexp:%s
virtual_mailbox_limit = 0
message_size_limit = 60000000
virtual_uid_maps = static:%s
virtual_gid_maps = static:%s
%s%s%s%s
`, queue, data, at.root, in.write(tb, "users", known.String(), 0o644), who.uid, who.gid, tls, auth, next, at.lines), 0o644)
		// What "postfix start-fg" would start, without its look at all files of
		// the installation, and in the process group of the test.
		return []string{"/usr/lib/postfix/sbin/master", "-c", conf, "-d", "-s"}
	})
}

// postfixQueue makes the folders of a queue as "postfix check" would.
func postfixQueue(tb testing.TB, queue string) {
	tb.Helper()
	at := &place{dir: queue}
	mkdir(tb, at.path("pid"))
	for _, name := range []string{"active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "maildrop", "private", "public", "saved", "trace"} {
		mkdir(tb, at.path(name))
		chown(tb, at.path(name), "postfix")
		os.Chmod(at.path(name), 0o700)
	}
}
