package peers

import (
	_ "embed"
	"testing"
)

// Python starts Python's http.server, without TLS. It answers with HTTP/1.0;
// the lines of c are added to its arguments, such as "--protocol", "HTTP/1.1".
func Python(tb testing.TB, c *Config) *Server {
	tb.Helper()
	noTLS(tb, c, "http.server")
	path := program(tb, "python3")
	return start(tb, c, func(at *place) []string {
		argv := []string{path, "-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory", at.root}
		if c != nil {
			argv = append(argv, c.Lines...)
		}
		return append(argv, at.port)
	})
}

//go:embed testdata/node.js
var nodeScript string

// Node starts a server of Node.js. It serves the files of its folder, and:
//
//	/echo      answers with the request's body, chunked, and its length and
//	           SHA-256 in trailers; waits for 100 (Continue) if it is asked for
//	/headers   answers with the request's fields as a JSON list, names and values in turn
//	/early     sends two 103 (Early Hints) before 200
//	/close     answers a 1.0 response that the connection's end delimits
//	/upgrade   changes to the protocol "echo", if Upgrade names it
//
// The lines of c are JavaScript, run before it listens; they may take requests
// by "routes['/path'] = (request, response) => …".
func Node(tb testing.TB, c *Config) *Server {
	tb.Helper()
	path := program(tb, "node")
	return start(tb, c, func(at *place) []string {
		script := at.write(tb, "node.js", nodeScript+"\n"+at.lines+"\nserver.listen(port, '127.0.0.1')\n", 0o644)
		argv := []string{path, script, at.port, at.root}
		if at.cert != "" {
			argv = append(argv, at.cert, at.key)
		}
		return argv
	})
}
