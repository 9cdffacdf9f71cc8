package peers

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// eximConfig is what Exim reads: the rest of its configuration is in order the
// rules of access, the routes, the ways to deliver, retries, and log-ins.
const eximConfig = `exim_path = %[1]s
spool_directory = %[2]s
log_file_path = %[2]s/log/%%slog
pid_file_path = %[2]s/pid
local_interfaces = %[3]s
daemon_smtp_ports = %[4]s : %[5]s
primary_hostname = mail.hamburger.edu
smtp_banner = mail.hamburger.edu ESMTP Exim
qualify_domain = hamburger.edu
domainlist local_domains = hamburger.edu
exim_user = %[6]s
exim_group = %[7]s
never_users =
host_lookup =
rfc1413_hosts =
dns_ipv4_lookup = *
keep_environment =
message_size_limit = 60M
smtp_accept_max_per_connection = 0
smtputf8_advertise_hosts = *
chunking_advertise_hosts = *
dsn_advertise_hosts = *
pipelining_connect_advertise_hosts =
recipient_unqualified_hosts = *
acl_smtp_rcpt = rcpt
acl_smtp_data = accept
acl_smtp_vrfy = accept
%[8]s
%[9]s

begin acl
rcpt:
  deny message = unknown user
       domains = +local_domains
       !verify = recipient
  accept

begin routers
users:
  driver = accept
  domains = +local_domains
  local_parts = lsearch;%[14]s
  transport = maildir
relay:
  driver = manualroute
  domains = !+local_domains
  route_list = * 127.0.0.1::%[11]s
  self = send
  transport = smtp

begin transports
maildir:
  driver = appendfile
  maildir_format
  directory = %[12]s/${local_part_data}
  create_directory
  user = %[6]s
  group = %[7]s
smtp:
  driver = smtp
  allow_localhost
  hosts_try_fastopen =
%[13]s

begin retry
* * F,1m,5s

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if eq{$auth3}{${lookup{$auth2}lsearch{%[10]s}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${if eq{$auth2}{${lookup{$auth1}lsearch{%[10]s}}}}
  server_set_id = $auth1
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = ${lookup{$auth1}lsearch{%[10]s}{$value}fail}
  server_set_id = $auth1
`

// Exim starts Exim, mail server of the domain hamburger.edu for the users of c,
// who may log in by PLAIN, LOGIN and CRAM-MD5, and whose messages
// [Server.Mail] gives. It offers STARTTLS at its Addr where c has a
// certificate, and has TLS from the beginning at its TLSAddr. What is for
// others goes to c.Next. It asks no name server. The lines of c are main options;
// those that begin with "transport " are of its SMTP transport, without that
// word.
func Exim(tb testing.TB, c *Config) *Server {
	tb.Helper()
	path := program(tb, "exim4")
	if c == nil {
		c = &Config{}
	}
	var main, transport, known, passwords strings.Builder
	for _, line := range c.Lines {
		if option, is := strings.CutPrefix(line, "transport "); is {
			fmt.Fprintf(&transport, "  %s\n", option)
		} else {
			fmt.Fprintln(&main, line)
		}
	}
	for name, password := range users(c) {
		fmt.Fprintf(&known, "%[1]s: %[1]s\n", name)
		fmt.Fprintf(&passwords, "%s: %s\n", name, password)
	}
	next := "25"
	if c.Next != "" {
		_, next = hostPort(tb, c.Next)
	}
	return startMail(tb, c, func(at *place) []string {
		who := myself(tb)
		spool := at.path("spool")
		mkdir(tb, spool)
		if os.Geteuid() == 0 {
			who = chown(tb, spool, "Debian-exim")
			chown(tb, at.root, "Debian-exim")
		}
		tls := ""
		if at.cert != "" {
			if os.Geteuid() == 0 {
				chown(tb, at.key, "Debian-exim")
			}
			tls = fmt.Sprintf("tls_advertise_hosts = *\ntls_certificate = %s\ntls_privatekey = %s\ntls_on_connect_ports = %s\n", at.cert, at.key, at.tlsPort)
		} else {
			tls = "tls_advertise_hosts =\n"
		}
		conf := at.write(tb, "exim.conf", fmt.Sprintf(eximConfig, path, spool, at.host, at.port, at.tlsPort, who.user, who.group,
			tls, main.String(),
			at.write(tb, "passwords", passwords.String(), 0o644), next, at.root, transport.String(),
			at.write(tb, "users", known.String(), 0o644)), 0o644)
		os.Chmod(at.dir, 0o755)
		return []string{path, "-C", conf, "-bdf", "-q1s"}
	})
}
