package peers

import (
	"fmt"
	"strings"
	"testing"
)

// Unbound starts Unbound, which validates nothing here. It asks the servers
// that it finds on port 53 only. The lines of c end its configuration.
func Unbound(tb testing.TB, c *Config) *Server {
	tb.Helper()
	noZones(tb, c, "unbound")
	path := program(tb, "unbound")
	return startNames(tb, c, func(at *names) []string {
		var more strings.Builder
		if at.cert != "" {
			fmt.Fprintf(&more, "\tinterface: %s@%s\n\ttls-port: %s\n\ttls-service-pem: %q\n\ttls-service-key: %q\n",
				at.host, at.tlsPort, at.tlsPort, at.cert, at.key)
		}
		if at.hints != "" {
			fmt.Fprintf(&more, "\troot-hints: %q\n", at.hints)
		}
		more.WriteString("remote-control:\n\tcontrol-enable: no\n")
		for _, f := range at.forward {
			fmt.Fprintf(&more, "stub-zone:\n\tname: %q\n\tstub-addr: %s@%s\n", f.name, f.host, f.port)
		}
		conf := at.write(tb, "unbound.conf", fmt.Sprintf(`server:
	interface: %s@%s
	port: %s
	username: ""
	chroot: ""
	directory: %q
	pidfile: ""
	use-syslog: no
	num-threads: 1
	do-ip6: no
	do-not-query-localhost: no
	access-control: 0.0.0.0/0 allow
	module-config: "iterator"
	unblock-lan-zones: yes
	local-zone: "test." nodefault
%s%s
`, at.host, at.port, at.port, at.dir, &more, at.lines), 0o644)
		return []string{path, "-d", "-p", "-c", conf}
	})
}
