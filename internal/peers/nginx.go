package peers

import (
	"fmt"
	"testing"
)

// Nginx starts nginx. The lines of c are added to its server block, behind
// root.
func Nginx(tb testing.TB, c *Config) *Server {
	tb.Helper()
	path := program(tb, "nginx")
	return start(tb, c, func(at *place) []string {
		ssl, certificate := "", ""
		if at.cert != "" {
			ssl, certificate = " ssl", fmt.Sprintf("ssl_certificate %q; ssl_certificate_key %q;", at.cert, at.key)
		}
		conf := at.write(tb, "nginx.conf", fmt.Sprintf(`daemon off;
%s
worker_processes 1;
pid nginx.pid;
error_log stderr;
events { worker_connections 512; }
http {
	access_log off;
	client_body_temp_path body;
	proxy_temp_path proxy;
	fastcgi_temp_path fastcgi;
	uwsgi_temp_path uwsgi;
	scgi_temp_path scgi;
	default_type application/octet-stream;
	types { text/html html; text/plain txt; text/css css; image/png png; }
	server {
		listen 127.0.0.1:%s%s;
		%s
		root %q;
%s
	}
}
`, whenRoot("user root;"), at.port, ssl, certificate, at.root, at.lines), 0o644)
		return []string{path, "-p", at.dir, "-e", "stderr", "-c", conf}
	})
}
