package peers

import (
	"fmt"
	"strings"
	"testing"
)

// Named starts BIND's name server. It is authoritative for the zones of c and
// gives them to everybody; with Hints or Forward it is a resolver too, which
// validates nothing. It asks the servers that it finds on port 53 only, and
// listens on no address that no interface has, 127.0.0.2 say. The lines of c
// end the options.
func Named(tb testing.TB, c *Config) *Server {
	tb.Helper()
	path := program(tb, "named")
	return startNames(tb, c, func(at *names) []string {
		var more strings.Builder
		for _, z := range at.zones {
			fmt.Fprintf(&more, "zone %q { type primary; file %q; };\n", z.name, z.file)
		}
		for _, f := range at.forward {
			fmt.Fprintf(&more, "zone %q { type forward; forward only; forwarders { %s port %s; }; };\n", f.name, f.host, f.port)
		}
		recursion := "no"
		if at.hints != "" {
			fmt.Fprintf(&more, "zone \".\" { type hint; file %q; };\n", at.hints)
		}
		if at.hints != "" || at.forward != nil {
			recursion = "yes"
		}
		certificate, listen := "", ""
		if at.cert != "" {
			certificate = fmt.Sprintf("tls local { cert-file %q; key-file %q; };", at.cert, at.key)
			listen = fmt.Sprintf("listen-on port %s tls local { %s; };", at.tlsPort, at.host)
		}
		conf := at.write(tb, "named.conf", fmt.Sprintf(`controls { };
%s
options {
	directory %q;
	listen-on port %s { %s; };
	%s
	listen-on-v6 { none; };
	pid-file none;
	session-keyfile %q;
	recursion %s;
	dnssec-validation no;
	empty-zones-enable no;
	notify no;
	max-cache-size 32m;
	allow-transfer { any; };
%s
};
%s`, certificate, at.dir, at.port, at.host, listen, at.path("session.key"), recursion, at.lines, &more), 0o644)
		return []string{path, "-4", "-g", "-n", "1", "-c", conf}
	})
}
