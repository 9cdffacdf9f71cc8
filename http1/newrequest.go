package http1

import (
	"io"
	"net/url"
	"os"
	"strings"
)

// NewRequest returns a request for the resource at a URL of scheme http or
// https, to be sent by [Client.Do]. An empty method is GET; a nil body is none.
//
// What a URL may hold only encoded, such as spaces and letters beyond ASCII in
// its path or query, is percent-encoded; the fragment is dropped, being the
// client's own affair (RFC 9110 §7.1). User information becomes Basic
// credentials in Authorization and goes nowhere else (RFC 9110 §4.2.4). Control
// characters, hosts with letters beyond ASCII (give A-labels, as in
// "xn--bcher-kva.example", RFC 5890 §2.3.2.1) and anything else that is no URL
// are refused with a [*ParseError].
//
// Length is found for the readers of packages bytes and strings, for any with a
// method Len() int, and for an [*os.File] that is a regular file; other bodies
// are sent chunked unless it is set. Those that are an [io.Seeker] are sent
// again from where they stood when a redirect or a lost connection asks for it.
func NewRequest(method, rawURL string, body io.Reader) (*Request, error) {
	if method == "" {
		method = MethodGet
	}
	if !IsToken(method) {
		return nil, refused(0, "method: no token", "RFC 9112 §3.1")
	}
	target, user, err := parseURL(rawURL)
	if err != nil {
		return nil, err
	}
	r := &Request{Method: method, Target: target, Version: HTTP11}
	if user != "" {
		if err := r.setUserinfo(user); err != nil {
			return nil, err
		}
	}
	r.setBody(body)
	return r, nil
}

// setBody sets Body and, where it can be told, Length.
func (r *Request) setBody(body io.Reader) {
	if body == nil {
		return
	}
	r.Body, r.Length = body, bodyLength(body)
	if r.Length == 0 {
		r.Body = nil
	}
}

// bodyLength returns how many octets a body has left, -1 if it cannot tell.
func bodyLength(body io.Reader) int64 {
	switch b := body.(type) {
	case interface{ Len() int }:
		return int64(b.Len())
	case *os.File:
		info, err := b.Stat()
		if err != nil || !info.Mode().IsRegular() {
			return -1
		}
		at, err := b.Seek(0, io.SeekCurrent)
		if err != nil || at > info.Size() {
			return -1
		}
		return info.Size() - at
	}
	return -1
}

// setUserinfo makes Basic credentials of a URL's user information.
func (r *Request) setUserinfo(s string) error {
	user, password, _ := strings.Cut(s, ":")
	u, err1 := url.PathUnescape(user)
	p, err2 := url.PathUnescape(password)
	if err1 != nil || err2 != nil {
		return refused(0, "URL: user information: percent sign without two hexadecimal digits", "RFC 3986 §2.1")
	}
	return r.SetBasicAuth(u, p)
}

// URL returns the target URI as package net/url has it, without a fragment. It
// is for targets with a scheme and an authority: those of a client, and of a
// request received.
func (t *Target) URL() *url.URL {
	u := &url.URL{Scheme: t.Scheme, Host: t.Authority, Path: t.Path, RawQuery: t.Query, ForceQuery: t.HasQuery && t.Query == ""}
	if path, err := url.PathUnescape(t.Path); err == nil && path != t.Path {
		u.Path, u.RawPath = path, t.Path
	}
	return u
}

// parseURL takes the http or https URL of a request to be sent, as origin-form
// with its scheme and authority, and its user information.
func parseURL(s string) (t Target, user string, err error) {
	if i := findCtl([]byte(s), 0); i < len(s) || strings.Contains(s, "\t") {
		return Target{}, "", refused(i, "URL: control character", "RFC 3986 §2")
	}
	s, _, _ = strings.Cut(s, "#")
	scheme, rest, ok := strings.Cut(s, "://")
	if t.Scheme = httpScheme(scheme); !ok || t.Scheme == "" {
		return Target{}, "", refused(0, "URL: neither http nor https", "RFC 9110 §4.2")
	}
	at := len(scheme) + len("://")
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	authority := rest[:end]
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		user, authority = authority[:i], authority[i+1:]
		if !isUserinfo(user) {
			return Target{}, "", refused(at, "URL: user information: octet that it cannot have", "RFC 3986 §3.2.1")
		}
		at += i + 1
	}
	if t.Authority, err = sentAuthority(t.Scheme, authority, at); err != nil {
		return Target{}, "", err
	}
	path, query, hasQuery := strings.Cut(rest[end:], "?")
	t.Path, t.Query, t.HasQuery = encodeURI(path), encodeURI(query), hasQuery
	if t.Path == "" {
		t.Path = "/"
	}
	if err := t.checkSent(MethodGet); err != nil {
		err.Offset = min(err.Offset+int64(len(scheme)+len("://")+end), int64(len(s)))
		return Target{}, "", err
	}
	return t, user, nil
}

// isUserinfo tells userinfo (RFC 3986 §3.2.1). With a backslash or a second
// "@" in it, others would find another host in the same URL.
func isUserinfo(s string) bool {
	return isRegName(strings.ReplaceAll(s, ":", ""))
}

// httpScheme returns the scheme in lower case, "" if it is neither.
func httpScheme(s string) string {
	switch {
	case strings.EqualFold(s, "http"):
		return "http"
	case strings.EqualFold(s, "https"):
		return "https"
	}
	return ""
}

// sentAuthority checks an authority, which stands at octet offset of a URL, and
// returns it in normal form: lower case, without the scheme's own port
// (RFC 9110 §4.2.3).
func sentAuthority(scheme, s string, offset int) (string, error) {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return "", refused(offset+i, "URL: host with letters beyond ASCII: give its A-labels", "RFC 5890 §2.3.2.1")
		}
	}
	host, port, ok := splitHostPort(s)
	// A percent sign could hide any octet from the resolver; no name that is
	// looked up has one.
	if !ok || host == "" || strings.Contains(host, "%") {
		return "", refused(offset, "URL: no uri-host [ \":\" port ]", "RFC 9110 §4.2.1")
	}
	// A dialler would take what stands in brackets for a name, if it is none of
	// the addresses that there are (RFC 3986 §3.2.2: IPvFuture).
	if host[0] == '[' && (host[1] == 'v' || host[1] == 'V') {
		return "", refused(offset, "URL: address of an unknown version", "RFC 3986 §3.2.2")
	}
	if port == "" || port == defaultPort(scheme) {
		return strings.ToLower(host), nil
	}
	return strings.ToLower(s), nil
}

// defaultPort is the port of a scheme (RFC 9110 §4.2.1, RFC 9110 §4.2.2).
func defaultPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}

// encodeURI percent-encodes the octets of a path or query that no URI has.
func encodeURI(s string) string {
	bad := 0
	for i := range len(s) {
		if !isPathOctet(s[i]) {
			bad++
		}
	}
	if bad == 0 {
		return s
	}
	const digits = "0123456789ABCDEF"
	b := make([]byte, 0, len(s)+2*bad)
	for i := range len(s) {
		if c := s[i]; isPathOctet(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return string(b)
}

func isPathOctet(c byte) bool { return isURI[c] && c != '[' && c != ']' }
