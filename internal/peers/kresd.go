package peers

import (
	"fmt"
	"strings"
	"testing"
)

// Kresd starts Knot Resolver, which validates nothing here. The lines of c,
// which are Lua, end its configuration.
func Kresd(tb testing.TB, c *Config) *Server {
	tb.Helper()
	noZones(tb, c, "kresd")
	path := program(tb, "kresd")
	return startNames(tb, c, func(at *names) []string {
		var more strings.Builder
		if at.cert != "" {
			fmt.Fprintf(&more, "net.listen('%s', %s, { kind = 'tls' })\nnet.tls(%q, %q)\n", at.host, at.tlsPort, at.cert, at.key)
		}
		if at.hints != "" {
			fmt.Fprintf(&more, "hints.root_file(%q)\n", at.hints)
		}
		for _, f := range at.forward {
			fmt.Fprintf(&more, "policy.add(policy.suffix(policy.STUB('%s@%s'), policy.todnames({'%s'})))\n", f.host, f.port, f.name)
		}
		conf := at.write(tb, "kresd.conf", fmt.Sprintf(`net.listen('%s', %s, { kind = 'dns' })
net.ipv6 = false
modules.load('hints > iterate')
modules.unload('priming')
modules.unload('ta_update')
modules.unload('ta_signal_query')
trust_anchors.remove('.')
cache.size = 10 * MB
%s%s
`, at.host, at.port, &more, at.lines), 0o644)
		return []string{path, "-n", "-c", conf, at.dir}
	})
}
