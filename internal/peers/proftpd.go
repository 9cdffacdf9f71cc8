package peers

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// ProFTPD starts ProFTPD, with mod_tls where c has a certificate: a data
// connection must then resume the session of the control connection, as is its
// default. The users of c are at home in the folder served, which they see as
// "/" where the test runs as root. The lines of c end its configuration.
func ProFTPD(tb testing.TB, c *Config) *Server {
	tb.Helper()
	path := program(tb, "proftpd")
	return startFTP(tb, c, func(at *place) []string {
		who := at.giveAway(tb)
		var passwd strings.Builder
		for name, password := range users(c) {
			fmt.Fprintf(&passwd, "%s:%s:%s:%s::%s:/bin/sh\n", name, crypt(tb, password), who.uid, who.gid, at.root)
		}
		modules := filepath.Join(filepath.Dir(filepath.Dir(path)), "lib", "proftpd")
		more := ""
		if at.cert != "" {
			more = fmt.Sprintf(`LoadModule mod_tls.c
TLSEngine on
TLSECCertificateFile %q
TLSECCertificateKeyFile %q
TLSLog %q
`, at.cert, at.key, filepath.Join(at.dir, "tls.log"))
		}
		conf := at.write(tb, "proftpd.conf", fmt.Sprintf(`ServerName test
ServerType standalone
DefaultAddress 127.0.0.1
SocketBindTight on
Port %s
UseIPv6 off
UseReverseDNS off
ModulePath %q
User %s
Group %s
PidFile %q
ScoreboardFile %q
DelayTable none
WtmpLog off
TransferLog none
AuthPAM off
AuthOrder mod_auth_file.c
AuthUserFile %q
AuthGroupFile %q
RequireValidShell off
%s
AllowOverwrite on
AllowStoreRestart on
AllowRetrieveRestart on
%s%s
`, at.port, modules, who.user, who.group, filepath.Join(at.dir, "pid"), filepath.Join(at.dir, "scoreboard"),
			at.write(tb, "passwd", passwd.String(), 0o600),
			at.write(tb, "group", fmt.Sprintf("test:x:%s:\n", who.gid), 0o600),
			whenRoot("DefaultRoot ~"), more, at.lines), 0o644)
		// It reads no configuration that others may write into.
		os.Chmod(at.dir, 0o755)
		return []string{path, "-n", "-q", "-c", conf}
	})
}
