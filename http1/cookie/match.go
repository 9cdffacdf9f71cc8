package cookie

import (
	"net/netip"
	"net/url"
	"strings"

	"applayer/internal/ascii"
)

// hostOctet is what names of hosts are made of, with the underscore that names
// in use have (RFC 1034 §3.5, RFC 1123 §2.1).
var hostOctet = ascii.Alpha.Or(ascii.Digit).Or(ascii.Chars("-_"))

// canonicalHost returns a host in the form in which hosts are compared
// (RFC 6265 §5.1.2): a name in lower case without a dot at its end, or an
// address without brackets. It is empty for what is neither; names in other
// scripts must come as A-labels.
func canonicalHost(host string) string {
	if isName(host) {
		return lower(strings.TrimSuffix(host, "."))
	}
	if a, err := netip.ParseAddr(host); err == nil && a.Zone() == "" {
		return a.String()
	}
	return ""
}

// isName tells whether host is labels with dots between them, and perhaps one
// at the end.
func isName(host string) bool {
	host = strings.TrimSuffix(host, ".")
	if host == "" || len(host) > 253 {
		return false
	}
	label := 0
	for i := range len(host) {
		switch c := host[i]; {
		case hostOctet.Has(c):
			label++
		case c != '.' || label == 0:
			return false
		default:
			label = 0
		}
		if label > 63 {
			return false
		}
	}
	return label > 0
}

// isAddress tells whether a canonical host is an address. URLs also write IPv4
// addresses as one number, or with fewer parts, or in octal or hexadecimal; so
// a host whose last label is a number is an address, as in the URL standard.
func isAddress(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	if strings.IndexByte(host, ':') >= 0 || ascii.Span(&ascii.Digit, last) == len(last) {
		return true
	}
	hex := len(last) >= 2 && last[0] == '0' && last[1] == 'x'
	return hex && ascii.Span(&ascii.Hex, last[2:]) == len(last)-2
}

// domainMatch tells whether host belongs to domain; both are canonical
// (RFC 6265 §5.1.3).
func domainMatch(host, domain string) bool {
	if host == domain {
		return true
	}
	return len(host) > len(domain) && strings.HasSuffix(host, domain) &&
		host[len(host)-len(domain)-1] == '.' && !isAddress(host)
}

// defaultPath is the path of a cookie that names none (RFC 6265 §5.1.4).
func defaultPath(path string) string {
	if path == "" || path[0] != '/' {
		return "/"
	}
	i := strings.LastIndexByte(path, '/')
	if i == 0 {
		return "/"
	}
	return path[:i]
}

// pathMatch tells whether a request for path gets a cookie of cookiePath
// (RFC 6265 §5.1.4).
func pathMatch(path, cookiePath string) bool {
	if !strings.HasPrefix(path, cookiePath) {
		return false
	}
	return len(path) == len(cookiePath) || cookiePath[len(cookiePath)-1] == '/' || path[len(cookiePath)] == '/'
}

// requestPath is the path of a request as it stands on the wire: cookies are
// compared with what the server sees, escapes and all.
func requestPath(u *url.URL) string {
	if p := u.EscapedPath(); p != "" && p[0] == '/' {
		return p
	}
	return "/"
}

// secureScheme tells whether the scheme is of a protocol over TLS.
func secureScheme(scheme string) bool { return scheme == "https" || scheme == "wss" }
