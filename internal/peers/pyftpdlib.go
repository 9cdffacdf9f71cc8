package peers

import (
	_ "embed"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"applayer/internal/testkit"
)

//go:embed testdata/pyftpd.py
var pyftpdScript string

// Pyftpdlib starts a server of Python's pyftpdlib. The users of c are at home in
// the folder served, which they see as "/". With TLS a user may do without. The
// lines of c are Python, run before it listens: "handler" is the class of its
// sessions.
func Pyftpdlib(tb testing.TB, c *Config) *Server {
	tb.Helper()
	python := pythonWith(tb, "pyftpdlib")
	return startFTP(tb, c, func(at *place) []string {
		both := ""
		if at.cert != "" {
			both = at.both(tb)
		}
		var list strings.Builder
		for name, password := range users(c) {
			fmt.Fprintf(&list, "%s\n%s\n", name, password)
		}
		script := at.write(tb, "pyftpd.py", pyftpdScript, 0o644)
		return append([]string{python, script, at.port, at.root, both, at.write(tb, "users", list.String(), 0o600)}, linesOf(c)...)
	})
}

// pythonWith finds a Python that has a module. The first in PATH may be another
// than the system's, which packages install modules for.
func pythonWith(tb testing.TB, module string) string {
	tb.Helper()
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		path, err := exec.LookPath(name)
		if err == nil && exec.Command(path, "-c", "import "+module).Run() == nil {
			return path
		}
	}
	testkit.Lack(tb, "no Python with "+module)
	return ""
}
