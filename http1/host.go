package http1

import (
	"net/netip"
	"strings"

	"applayer/internal/ascii"
)

// regNameChars are those of reg-name but the percent sign (RFC 3986 §3.2.2).
var regNameChars = table(ascii.Alpha.Or(ascii.Digit).Or(ascii.Chars("-._~!$&'()*+,;=")))

// IsHost tells whether s may be the value of a Host field: uri-host
// [ ":" port ], or empty, as it is when the target has no authority
// (RFC 9112 §3.2). A port without a host is no authority that "http" has
// (RFC 9110 §4.2.1).
func IsHost(s string) bool {
	host, _, ok := splitHostPort(s)
	return ok && (host != "" || s == "")
}

// splitHostPort takes uri-host [ ":" port ], all of s (RFC 9110 §7.2). The host
// is a name, an IPv4 address, or an IP literal with its brackets; the port is
// empty, or of 0 to 65535.
func splitHostPort(s string) (host, port string, ok bool) {
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 || !isIPLiteral(s[1:end]) {
			return "", "", false
		}
		host, port = s[:end+1], s[end+1:]
		if port == "" {
			return host, "", true
		}
		if port[0] != ':' {
			return "", "", false
		}
		return host, port[1:], isPort(port[1:])
	}
	i := 0
	for i < len(s) && regNameChars[s[i]] {
		i++
	}
	if i < len(s) && s[i] == '%' {
		host, port, _ = strings.Cut(s, ":")
		return host, port, isRegName(host) && isPort(port)
	}
	if i == len(s) {
		return s, "", true
	}
	return s[:i], s[i+1:], s[i] == ':' && isPort(s[i+1:])
}

// isPort tells *DIGIT of at most 65535 (RFC 3986 §3.2.3).
func isPort(s string) bool {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
		if n = n*10 + int(s[i]-'0'); n > 65535 {
			return false
		}
	}
	return true
}

// isRegName tells reg-name, of which an IPv4 address is one (RFC 3986 §3.2.2).
func isRegName(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] == '%' {
			if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
				return false
			}
			i += 2
		} else if !regNameChars[s[i]] {
			return false
		}
	}
	return true
}

// isIPLiteral tells what stands between the brackets: an IPv6 address, without
// a zone, or IPvFuture (RFC 3986 §3.2.2).
func isIPLiteral(s string) bool {
	if strings.HasPrefix(s, "v") || strings.HasPrefix(s, "V") {
		version, address, ok := strings.Cut(s[1:], ".")
		return ok && version != "" && address != "" &&
			strings.Trim(version, "0123456789abcdefABCDEF") == "" && !strings.Contains(address, "%") &&
			isRegName(strings.ReplaceAll(address, ":", ""))
	}
	a, err := netip.ParseAddr(s)
	return err == nil && a.Is6() && a.Zone() == ""
}
