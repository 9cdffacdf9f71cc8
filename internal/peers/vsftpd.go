package peers

import (
	"fmt"
	"testing"
)

// Vsftpd starts vsftpd, which runs as whoever runs the test: so it knows the
// user anonymous alone, with any password, who may write. With TLS a user may
// do without on both connections, but a data connection must resume the session
// of the control connection (require_ssl_reuse=YES). The lines of c end its
// configuration.
func Vsftpd(tb testing.TB, c *Config) *Server {
	tb.Helper()
	onlyAnonymous(tb, c, "vsftpd")
	path := program(tb, "vsftpd")
	return startFTP(tb, c, func(at *place) []string {
		ssl := ""
		if at.cert != "" {
			ssl = fmt.Sprintf(`ssl_enable=YES
allow_anon_ssl=YES
force_local_data_ssl=NO
force_local_logins_ssl=NO
require_ssl_reuse=YES
ssl_ciphers=HIGH
rsa_cert_file=%s
rsa_private_key_file=%s
`, at.cert, at.key)
		}
		conf := at.write(tb, "vsftpd.conf", fmt.Sprintf(`listen=YES
listen_address=127.0.0.1
listen_port=%s
background=NO
run_as_launching_user=YES
seccomp_sandbox=NO
isolate=NO
isolate_network=NO
secure_chroot_dir=%s
connect_from_port_20=NO
use_localtime=NO
xferlog_enable=NO
anonymous_enable=YES
anon_root=%s
anon_umask=022
write_enable=YES
anon_upload_enable=YES
anon_mkdir_write_enable=YES
anon_other_write_enable=YES
anon_world_readable_only=NO
allow_writeable_chroot=YES
%s%s
`, at.port, tb.TempDir(), at.root, ssl, at.lines), 0o644)
		return []string{path, conf}
	})
}
