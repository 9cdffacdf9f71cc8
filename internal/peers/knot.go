package peers

import (
	"fmt"
	"strings"
	"testing"
)

// Knot starts Knot DNS, without TLS. It gives its zones to everybody. The lines
// of c end its configuration.
func Knot(tb testing.TB, c *Config) *Server {
	tb.Helper()
	noTLS(tb, c, "knotd")
	path := program(tb, "knotd")
	return startNames(tb, c, func(at *names) []string {
		var zones strings.Builder
		for _, z := range at.zones {
			fmt.Fprintf(&zones, "  - domain: %q\n    file: %q\n    acl: all\n    zonefile-sync: -1\n    journal-content: none\n", z.name, z.file)
		}
		conf := at.write(tb, "knot.conf", fmt.Sprintf(`server:
    listen: %s@%s
    rundir: %q
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: info
database:
    storage: %q
acl:
  - id: all
    action: transfer
zone:
%s%s
`, at.host, at.port, at.dir, at.dir, &zones, at.lines), 0o644)
		return []string{path, "-c", conf}
	})
}
