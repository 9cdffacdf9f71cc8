package http1

import "strings"

// TargetForm is one of the four forms of a request target (RFC 9112 §3.2).
type TargetForm uint8

// The forms.
const (
	OriginForm    TargetForm = iota // /path?query
	AbsoluteForm                    // http://host/path?query, to a proxy
	AuthorityForm                   // host:port, with CONNECT alone
	AsteriskForm                    // *, with OPTIONS alone
)

// String returns the form's name in RFC 9112 §3.2.
func (f TargetForm) String() string {
	return [...]string{"origin-form", "absolute-form", "authority-form", "asterisk-form"}[f&3]
}

// Target is a request target in its parts. They are as they were sent:
// percent-encoded, and not normalized.
type Target struct {
	Form TargetForm
	// Scheme is that of an absolute-form, in lower case where it is "http" or
	// "https".
	Scheme string
	// Authority is host and port of an absolute-form or authority-form.
	Authority string
	// Path begins with a slash, or is empty in the forms without path, and in
	// absolute-form with OPTIONS, where it means what "*" does.
	Path string
	// Query is what stands behind the question mark.
	Query string
	// HasQuery tells an empty query from none.
	HasQuery bool
}

// ParseTarget takes a request target for the method, which decides which forms
// there may be. The error is a [*ParseError].
func ParseTarget(method, s string) (Target, error) {
	for i := range len(s) {
		if !isURI[s[i]] {
			return Target{}, malformed(i, "request target: octet that no URI has", "RFC 9112 §3.2")
		}
	}
	t, err := parseTarget(method, s)
	if err != nil {
		return Target{}, err
	}
	return t, nil
}

// parseTarget is ParseTarget for what has octets of URIs alone.
func parseTarget(method, s string) (Target, *ParseError) {
	switch {
	case method == MethodConnect:
		return parseAuthorityForm(s)
	case s == "*":
		if method != MethodOptions {
			return Target{}, malformed(0, "request target: asterisk-form with another method than OPTIONS", "RFC 9112 §3.2.4")
		}
		return Target{Form: AsteriskForm}, nil
	case s != "" && s[0] == '/':
		t := Target{Form: OriginForm}
		return t, t.setPath(s, 0)
	}
	return parseAbsoluteForm(method, s)
}

// parseAuthorityForm takes uri-host ":" port (RFC 9112 §3.2.3).
func parseAuthorityForm(s string) (Target, *ParseError) {
	if !isAuthorityForm(s) {
		return Target{}, malformed(0, "request target: no host and port for CONNECT", "RFC 9112 §3.2.3")
	}
	return Target{Form: AuthorityForm, Authority: s}, nil
}

// isAuthorityForm tells uri-host ":" port with a port that there can be
// (RFC 9110 §9.3.6).
func isAuthorityForm(s string) bool {
	host, port, ok := splitHostPort(s)
	return ok && host != "" && strings.Trim(port, "0") != ""
}

// parseAbsoluteForm takes absolute-URI with a host (RFC 9112 §3.2.2).
// User information in it is refused: it serves to deceive (RFC 9110 §4.2.4).
// With OPTIONS an empty path stays empty: it asks about the server itself, as
// "*" does (RFC 9112 §3.2.4).
func parseAbsoluteForm(method, s string) (Target, *ParseError) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || !isScheme(scheme) {
		return Target{}, malformed(0, "request target: none of the four forms", "RFC 9112 §3.2")
	}
	t := Target{Form: AbsoluteForm, Scheme: scheme}
	switch {
	case strings.EqualFold(scheme, "http"):
		t.Scheme = "http"
	case strings.EqualFold(scheme, "https"):
		t.Scheme = "https"
	}
	at := len(scheme) + len("://")
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	t.Authority = rest[:end]
	if host, _, ok := splitHostPort(t.Authority); !ok || host == "" {
		return Target{}, malformed(at, "request target: no uri-host [ \":\" port ]", "RFC 9112 §3.2.2")
	}
	if err := t.setPath(rest[end:], at+end); err != nil {
		return Target{}, err
	}
	if method == MethodOptions && end == len(rest) {
		t.Path = ""
	}
	return t, nil
}

// setPath takes [ path ] [ "?" query ], which stands at octet offset of the
// target. An empty path is "/" (RFC 9110 §4.2.3).
func (t *Target) setPath(s string, offset int) *ParseError {
	path, query, hasQuery := strings.Cut(s, "?")
	what, ref, at := "request target: octet that no path has", "RFC 3986 §3.3", findNoPath(path, false)
	if at < 0 {
		what, ref, at = "request target: octet that no query has", "RFC 3986 §3.4", findNoPath(query, true)
		if at >= 0 {
			at += len(path) + len("?")
		}
	}
	switch {
	case at >= 0 && s[at] == '%':
		return malformed(offset+at, "request target: percent sign without two hexadecimal digits", "RFC 3986 §2.1")
	case at >= 0:
		return malformed(offset+at, what, ref)
	}
	t.Path, t.Query, t.HasQuery = path, query, hasQuery
	if t.Path == "" {
		t.Path = "/"
	}
	return nil
}

// isScheme tells whether s is a scheme (RFC 3986 §3.1).
func isScheme(s string) bool {
	for i := range len(s) {
		c := s[i]
		if letter := 'a' <= c|0x20 && c|0x20 <= 'z'; !letter &&
			(i == 0 || (c < '0' || c > '9') && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return s != ""
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f' }

// String returns the target as it is sent.
func (t Target) String() string { return string(t.append(nil)) }

// append appends the target as it is sent. An empty path is "/" but in the URI
// that ends with its authority (RFC 9112 §3.2.1, RFC 9112 §3.2.4).
func (t *Target) append(dst []byte) []byte {
	switch t.Form {
	case AuthorityForm:
		return append(dst, t.Authority...)
	case AsteriskForm:
		return append(dst, '*')
	case AbsoluteForm:
		dst = append(dst, t.Scheme...)
		dst = append(dst, "://"...)
		dst = append(dst, t.Authority...)
	}
	if t.Path == "" && (t.Form == OriginForm || t.HasQuery || t.Query != "") {
		dst = append(dst, '/')
	}
	dst = append(dst, t.Path...)
	if t.HasQuery || t.Query != "" {
		dst = append(dst, '?')
		dst = append(dst, t.Query...)
	}
	return dst
}

// checkSent checks that what append writes is parsed to the same parts for the
// method. The error's offset counts from the start of the target.
func (t *Target) checkSent(method string) *ParseError {
	if (t.Form == AuthorityForm) != (method == MethodConnect) || t.Form > AsteriskForm {
		return refused(0, "request target: authority-form is for CONNECT, and CONNECT for nothing else", "RFC 9112 §3.2.3")
	}
	at := 0
	switch t.Form {
	case AuthorityForm:
		if !isAuthorityForm(t.Authority) {
			return refused(0, "request target: no host and port for CONNECT", "RFC 9112 §3.2.3")
		}
		return nil
	case AsteriskForm:
		if method != MethodOptions {
			return refused(0, "request target: asterisk-form with another method than OPTIONS", "RFC 9112 §3.2.4")
		}
		return nil
	case AbsoluteForm:
		if !isScheme(t.Scheme) {
			return refused(0, "request target: no scheme", "RFC 3986 §3.1")
		}
		at = len(t.Scheme) + len("://")
		if host, _, ok := splitHostPort(t.Authority); !ok || host == "" {
			return refused(at, "request target: no uri-host [ \":\" port ]", "RFC 9112 §3.2.2")
		}
		at += len(t.Authority)
	}
	if t.Path != "" && t.Path[0] != '/' {
		return refused(at, "request target: path without a slash before it", "RFC 9112 §3.2.1")
	}
	if i := findNoPath(t.Path, false); i >= 0 {
		return refused(at+i, "request target: octet that no path has", "RFC 3986 §3.3")
	}
	if i := findNoPath(t.Query, true); i >= 0 {
		return refused(at+len(t.Path)+len("?")+i, "request target: octet that no query has", "RFC 3986 §3.4")
	}
	return nil
}

// findNoPath returns the place of the first octet in s that no path has, or no
// query, -1 without one. Brackets pass in a query, though the grammar has them
// in IP literals alone: browsers send them as they are, in a[]=b (WHATWG URL,
// query percent-encode set).
func findNoPath(s string, query bool) int {
	for i := range len(s) {
		switch c := s[i]; {
		case !isURI[c] || !query && (c == '[' || c == ']' || c == '?'),
			c == '%' && (i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2])):
			return i
		}
	}
	return -1
}
