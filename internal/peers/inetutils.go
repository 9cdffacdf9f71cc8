package peers

import (
	"fmt"
	"strings"
	"testing"
)

// inNamespace is a shell script that runs a program for which the system has
// the users of a test and no others: where the program looks for them, files
// from $1 lie above those of the system, in namespaces of its own.
const inNamespace = `cd "$1" && shift &&
for f in passwd shadow group shells motd; do [ ! -e /etc/$f ] || mount --bind $f /etc/$f || exit; done &&
exec "$@"
`

// InetutilsFTPd starts the ftpd of GNU inetutils behind socat. The users of c
// are at home in the folder served and see all other folders too. The lines of
// c are added to its arguments.
func InetutilsFTPd(tb testing.TB, c *Config) *Server {
	tb.Helper()
	noTLS(tb, c, "inetutils-ftpd")
	path := program(tb, "ftpd")
	return startFTP(tb, c, func(at *place) []string {
		return at.behindSocat(tb, c, append([]string{path, "-a", "default"}, linesOf(c)...))
	})
}

// Telnetd starts the telnetd of GNU inetutils behind socat. In place of login(1)
// it runs a script of ours, which asks for a name and a password, both echoed
// by the line discipline or not as login(1) has it, and runs a shell for the
// users of c. The lines of c are added to its arguments.
func Telnetd(tb testing.TB, c *Config) *Server {
	tb.Helper()
	noTLS(tb, c, "telnetd")
	path := program(tb, "telnetd")
	return startUntil(tb, c, func(at *place) []string {
		var known strings.Builder
		for name, password := range users(c) {
			fmt.Fprintf(&known, "%s) want='%s';;\n", name, password)
		}
		login := at.write(tb, "login", fmt.Sprintf(`#!/bin/sh
want=
printf 'login: '
read -r name
case $name in
%sesac
stty -echo
printf 'Password: '
read -r password
stty echo
printf '\n'
if [ -z "$want" ] || [ "$password" != "$want" ]; then
	echo 'Login incorrect'
	sleep 1 # telnetd drops what it has not passed on when its child ends
	exit 1
fi
cd '%s'
PS1='$ ' ENV= exec sh
`, known.String(), at.root), 0o755)
		return at.behindSocat(tb, c, append([]string{path, "-h", "-E", login}, linesOf(c)...))
	}, accepts)
}

// behindSocat is the command line that runs a program for each connection,
// with the connection itself as standard input and output.
func (at *place) behindSocat(tb testing.TB, c *Config, argv []string) []string {
	tb.Helper()
	socat, unshare := program(tb, "socat"), program(tb, "unshare")
	var passwd, shadow strings.Builder
	passwd.WriteString("root:x:0:0:root:/:/bin/sh\n")
	for name, password := range users(c) {
		// In a namespace of users there is none but root.
		fmt.Fprintf(&passwd, "%s:x:0:0::%s:/bin/sh\n", name, at.root)
		fmt.Fprintf(&shadow, "%s:%s:19000:0:99999:7:::\n", name, crypt(tb, password))
	}
	at.write(tb, "passwd", passwd.String(), 0o644)
	at.write(tb, "shadow", shadow.String(), 0o600)
	at.write(tb, "group", "root:x:0:\ntty:x:5:\n", 0o644)
	at.write(tb, "shells", "/bin/sh\n", 0o644)
	at.write(tb, "motd", "", 0o644)
	script := at.write(tb, "inside.sh", inNamespace, 0o644)
	for i, arg := range argv {
		// socat takes its addresses apart at these.
		argv[i] = strings.NewReplacer(`\`, `\\`, `,`, `\,`, `:`, `\:`, `!`, `\!`).Replace(arg)
	}
	return []string{unshare, "--user", "--map-root-user", "--mount", "sh", script, at.dir,
		socat, "TCP-LISTEN:" + at.port + ",bind=127.0.0.1,reuseaddr,fork", "EXEC:" + strings.Join(argv, " ") + ",nofork"}
}

func linesOf(c *Config) []string {
	if c == nil {
		return nil
	}
	return c.Lines
}
