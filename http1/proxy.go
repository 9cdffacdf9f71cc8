package http1

import (
	"net/netip"
	"net/url"
	"strings"
)

// Proxies tells which requests go through a proxy (RFC 9110 §3.7). A nil
// *Proxies and its zero value send all of them straight to the origin.
//
// Requests for http go to the proxy in absolute-form (RFC 9112 §3.2.2). For
// https the proxy is asked for a tunnel by CONNECT (RFC 9110 §9.3.6), and TLS
// is spoken with the origin through it. Credentials in the proxy's URL are sent
// to the proxy alone, as Basic in Proxy-Authorization.
type Proxies struct {
	// HTTP and HTTPS are the proxies for the targets of that scheme: URLs of
	// scheme http, or https for a proxy that is itself spoken to over TLS, with
	// an authority and user information alone. Nil is none.
	HTTP, HTTPS *url.URL
	// None lists the hosts that are asked without a proxy, separated by
	// commas, as the environment's NO_PROXY does: a name stands for itself and
	// all below it, with a dot before it for those below alone; an address, or
	// a prefix such as 10.0.0.0/8, stands for hosts given as addresses; each
	// may end in ":" and a port; "*" is every host.
	None string
	// Loopback sends requests for "localhost" and loopback addresses through
	// the proxy as well; without it they go straight.
	Loopback bool
}

// ProxiesFromEnvironment returns what the variables http_proxy, https_proxy,
// all_proxy and no_proxy say, each in lower case or else in upper case; getenv
// is mostly os.Getenv. A proxy without a scheme is of scheme http.
//
// HTTP_PROXY in upper case does not count in a program that was started by CGI
// (REQUEST_METHOD is set): there it is what the client's field Proxy said
// (CVE-2016-5385).
func ProxiesFromEnvironment(getenv func(string) string) (*Proxies, error) {
	env := func(lower string) string {
		if v := getenv(lower); v != "" {
			return v
		}
		if lower == "http_proxy" && getenv("REQUEST_METHOD") != "" {
			return ""
		}
		return getenv(strings.ToUpper(lower))
	}
	p := &Proxies{None: env("no_proxy")}
	for _, v := range []struct {
		name string
		to   **url.URL
	}{{"http_proxy", &p.HTTP}, {"https_proxy", &p.HTTPS}} {
		s := env(v.name)
		if s == "" {
			s = env("all_proxy")
		}
		if s == "" {
			continue
		}
		u, err := ParseProxy(s)
		if err != nil {
			return nil, err
		}
		*v.to = u
	}
	return p, nil
}

// ParseProxy takes the URL of a proxy, whose scheme is http if it has none. Of
// schemes other than http and https, of anything behind the authority but a
// slash, and of what is no URL the error is a [*ParseError], which does not
// show the URL: it may hold a password.
func ParseProxy(s string) (*url.URL, error) {
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	t, user, err := parseURL(s)
	if err != nil {
		return nil, err
	}
	if t.Path != "/" || t.HasQuery {
		return nil, refused(0, "proxy: URL with a path or query", "RFC 9110 §3.7")
	}
	u := &url.URL{Scheme: t.Scheme, Host: t.Authority}
	if user != "" {
		r := &Request{}
		if err := r.setUserinfo(user); err != nil {
			return nil, err
		}
		name, password, err := ParseBasicAuth(r.Header.Get("Authorization"))
		if err != nil {
			return nil, err
		}
		u.User = url.UserPassword(name, password)
	}
	return u, nil
}

// checkProxy refuses proxies that are not spoken to in HTTP: SOCKS has a
// dialogue of its own.
func checkProxy(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" {
		return refused(0, "proxy: URL neither http nor https", "RFC 9110 §3.7")
	}
	_, err := sentAuthority(u.Scheme, u.Host, 0)
	return err
}

// For returns the proxy for a target, nil if there is none.
func (p *Proxies) For(t *Target) *url.URL {
	if p == nil {
		return nil
	}
	proxy := p.HTTP
	if t.Scheme == "https" {
		proxy = p.HTTPS
	}
	if proxy == nil || p.direct(t) {
		return nil
	}
	return proxy
}

// direct tells whether None or Loopback keeps a target from the proxy.
func (p *Proxies) direct(t *Target) bool {
	host, port, _ := splitHostPort(t.Authority)
	host = strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
	if port == "" {
		port = defaultPort(t.Scheme)
	}
	addr, err := netip.ParseAddr(host)
	addr = addr.Unmap()
	isAddr := err == nil
	if !p.Loopback && (host == "localhost" || strings.HasSuffix(host, ".localhost") || isAddr && addr.IsLoopback()) {
		return true
	}
	for rest := p.None; rest != ""; {
		var entry string
		entry, rest, _ = strings.Cut(rest, ",")
		if entry = strings.ToLower(strings.TrimSpace(entry)); entry != "" && noProxyMatch(entry, host, port, addr, isAddr) {
			return true
		}
	}
	return false
}

// noProxyMatch tells whether one entry of NO_PROXY means the host. There is no
// standard for them; this is what curl, wget and Go's own client agree on.
func noProxyMatch(entry, host, port string, addr netip.Addr, isAddr bool) bool {
	if entry == "*" {
		return true
	}
	if prefix, err := netip.ParsePrefix(entry); err == nil {
		return isAddr && prefix.Contains(addr)
	}
	if a, err := netip.ParseAddr(entry); err == nil {
		return isAddr && a.Unmap() == addr
	}
	if name, p, ok := splitHostPort(entry); ok && p != "" {
		if p != port {
			return false
		}
		entry = name
	}
	entry = strings.Trim(entry, "[]")
	if a, err := netip.ParseAddr(entry); err == nil {
		return isAddr && a.Unmap() == addr
	}
	entry = strings.TrimPrefix(entry, "*")
	below := "." + strings.Trim(entry, ".")
	if strings.HasPrefix(entry, ".") {
		return strings.HasSuffix(host, below)
	}
	return !isAddr && below != "." && strings.HasSuffix("."+host, below)
}

// proxyAuthorization returns the credentials of a proxy's URL, "" without any.
func proxyAuthorization(proxy *url.URL) (string, error) {
	if proxy.User == nil {
		return "", nil
	}
	password, _ := proxy.User.Password()
	return BasicAuth(proxy.User.Username(), password)
}
