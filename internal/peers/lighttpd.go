package peers

import (
	"fmt"
	"testing"
)

// Lighttpd starts lighttpd, without TLS. The lines of c end its configuration.
func Lighttpd(tb testing.TB, c *Config) *Server {
	tb.Helper()
	noTLS(tb, c, "lighttpd")
	path := program(tb, "lighttpd")
	return start(tb, c, func(at *place) []string {
		conf := at.write(tb, "lighttpd.conf", fmt.Sprintf(`server.document-root = %q
server.bind = "127.0.0.1"
server.port = %s
server.upload-dirs = ( %q )
index-file.names = ( "index.html" )
mimetype.assign = ( ".html" => "text/html", ".txt" => "text/plain", "" => "application/octet-stream" )
%s
`, at.root, at.port, at.dir, at.lines), 0o644)
		return []string{path, "-D", "-f", conf}
	})
}
