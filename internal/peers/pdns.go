package peers

import (
	"fmt"
	"strings"
	"testing"
)

// PowerDNS starts the PowerDNS authoritative server with its backend for
// master files, without TLS. The lines of c end its configuration.
func PowerDNS(tb testing.TB, c *Config) *Server {
	tb.Helper()
	noTLS(tb, c, "pdns_server")
	path := program(tb, "pdns_server")
	return startNames(tb, c, func(at *names) []string {
		var zones strings.Builder
		for _, z := range at.zones {
			fmt.Fprintf(&zones, "zone %q { type master; file %q; };\n", z.name, z.file)
		}
		at.write(tb, "pdns.conf", fmt.Sprintf(`launch=bind
bind-config=%s
local-address=%s
local-port=%s
socket-dir=%s
daemon=no
guardian=no
disable-syslog=yes
receiver-threads=1
distributor-threads=1
cache-ttl=0
negquery-cache-ttl=0
query-cache-ttl=0
security-poll-suffix=
allow-axfr-ips=0.0.0.0/0
%s
`, at.write(tb, "zones.conf", zones.String(), 0o644), at.host, at.port, at.dir, at.lines), 0o644)
		return []string{path, "--config-dir=" + at.dir}
	})
}

// Recursor starts the PowerDNS Recursor, which validates nothing here and has
// no TLS. The lines of c end its configuration.
func Recursor(tb testing.TB, c *Config) *Server {
	tb.Helper()
	noTLS(tb, c, "pdns_recursor")
	noZones(tb, c, "pdns_recursor")
	path := program(tb, "pdns_recursor")
	return startNames(tb, c, func(at *names) []string {
		var more strings.Builder
		for i, f := range at.forward {
			add := "forward-zones"
			if i > 0 {
				add += "+"
			}
			fmt.Fprintf(&more, "%s=%s=%s:%s\n", add, f.name, f.host, f.port)
		}
		if at.hints != "" {
			fmt.Fprintf(&more, "hint-file=%s\n", at.hints)
		}
		at.write(tb, "recursor.conf", fmt.Sprintf(`local-address=%s
local-port=%s
socket-dir=%s
daemon=no
disable-syslog=yes
threads=1
dnssec=off
dont-query=
security-poll-suffix=
%s%s
`, at.host, at.port, at.dir, &more, at.lines), 0o644)
		return []string{path, "--config-dir=" + at.dir}
	})
}
