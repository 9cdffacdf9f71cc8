package peers

import (
	"fmt"
	"os"
	"testing"
)

// Squid starts Squid, a proxy that lets everybody pass to everywhere, keeps
// nothing, and serves no folder. It has no TLS here. The lines of c stand
// before http_access.
func Squid(tb testing.TB, c *Config) *Server {
	tb.Helper()
	noTLS(tb, c, "squid")
	path := program(tb, "squid")
	return start(tb, c, func(at *place) []string {
		// As root it becomes the user proxy, who writes the log here.
		if err := os.Chmod(at.dir, 0o777); err != nil {
			tb.Fatalf("peers: %v", err)
		}
		conf := at.write(tb, "squid.conf", fmt.Sprintf(`http_port 127.0.0.1:%s
pid_filename %s/squid.pid
cache_log %s/cache.log
coredump_dir %s
access_log none
cache_mem 8 MB
cache deny all
max_filedescriptors 1024
pinger_enable off
visible_hostname localhost
shutdown_lifetime 1 second
%s
http_access allow all
`, at.port, at.dir, at.dir, at.dir, at.lines), 0o644)
		return []string{path, "-N", "-d", "1", "-f", conf}
	})
}
