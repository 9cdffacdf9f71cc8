package peers

import (
	"fmt"
	"strings"
	"testing"
)

// NSD starts NSD. It gives its zones to everybody and limits no rate. The lines
// of c end its configuration.
func NSD(tb testing.TB, c *Config) *Server {
	tb.Helper()
	path := program(tb, "nsd")
	return startNames(tb, c, func(at *names) []string {
		var more strings.Builder
		if at.cert != "" {
			fmt.Fprintf(&more, "\tip-address: %s@%s\n\ttls-port: %s\n\ttls-service-pem: %q\n\ttls-service-key: %q\n",
				at.host, at.tlsPort, at.tlsPort, at.cert, at.key)
		}
		more.WriteString("remote-control:\n\tcontrol-enable: no\n")
		for _, z := range at.zones {
			fmt.Fprintf(&more, "zone:\n\tname: %q\n\tzonefile: %q\n\tprovide-xfr: 0.0.0.0/0 NOKEY\n", z.name, z.file)
		}
		conf := at.write(tb, "nsd.conf", fmt.Sprintf(`server:
	ip-address: %s@%s
	port: %s
	server-count: 1
	username: ""
	chroot: ""
	zonesdir: %q
	database: ""
	pidfile: %q
	xfrdfile: %q
	xfrdir: %q
	zonelistfile: %q
	cookie-secret-file: %q
	rrl-ratelimit: 0
	rrl-whitelist-ratelimit: 0
%s%s
`, at.host, at.port, at.port, at.dir, at.path("pid"), at.path("xfrd.state"), at.dir, at.path("zone.list"), at.path("cookies"),
			&more, at.lines), 0o644)
		return []string{path, "-d", "-c", conf}
	})
}
