package peers

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// apacheFolders are where distributions keep modules.
var apacheFolders = []string{"/usr/lib/apache2/modules", "/usr/lib64/httpd/modules", "/usr/libexec/apache2"}

// apacheModules are loaded always.
var apacheModules = []string{
	"mpm_event", "authn_core", "authn_file", "authz_core", "authz_user", "authz_host", "auth_basic", "auth_digest",
	"alias", "autoindex", "cgi", "deflate", "dir", "env", "filter", "headers", "mime", "negotiation",
	"proxy", "proxy_connect", "proxy_http", "rewrite", "setenvif",
}

// Apache starts Apache httpd: one process with threads. It has the modules for
// Basic and Digest authentication, listings, scripts, compression, fields,
// negotiation, a proxy in both directions and rewriting. Scripts are named
// *.cgi. The lines of c end the configuration.
func Apache(tb testing.TB, c *Config) *Server {
	tb.Helper()
	path := program(tb, "apache2")
	return start(tb, c, func(at *place) []string {
		modules := apacheModules
		ssl := ""
		if at.cert != "" {
			modules = append(slices.Clip(modules), "ssl")
			ssl = fmt.Sprintf("SSLEngine on\nSSLCertificateFile %q\nSSLCertificateKeyFile %q\n", at.cert, at.key)
		}
		var loads strings.Builder
		for _, name := range modules {
			fmt.Fprintf(&loads, "LoadModule %s_module %q\n", name, apacheModule(tb, name))
		}
		conf := at.write(tb, "apache.conf", fmt.Sprintf(`ServerRoot %q
%sPidFile apache.pid
DefaultRuntimeDir %q
Mutex sem
ErrorLog /dev/stderr
ServerName localhost
Listen 127.0.0.1:%s
%s
StartServers 1
ThreadsPerChild 16
ThreadLimit 16
MaxRequestWorkers 16
TypesConfig /dev/null
AddType text/html html
AddType text/plain txt
AddHandler cgi-script cgi
DirectoryIndex index.html
DocumentRoot %q
<Directory %q>
	Options +ExecCGI +Indexes
	Require all granted
</Directory>
%s
`, at.dir, loads.String()+ssl, at.dir, at.port, whenRoot("User www-data\nGroup www-data"), at.root, at.root, at.lines), 0o644)
		return []string{path, "-X", "-f", conf}
	})
}

// apacheModule finds a module's file.
func apacheModule(tb testing.TB, name string) string {
	tb.Helper()
	for _, dir := range apacheFolders {
		path := filepath.Join(dir, "mod_"+name+".so")
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	tb.Fatalf("peers: no Apache module %s in %v", name, apacheFolders)
	return ""
}
