package http1

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"applayer/internal/ascii"
)

// Why a redirect is not followed, inside a [*RedirectError].
var (
	// ErrRedirectLoop is a chain that comes back to the same request.
	ErrRedirectLoop = errors.New("redirect loop")
	// ErrDowngrade is a redirect from https to http.
	ErrDowngrade = errors.New("redirect from https to http")
	// ErrNotReplayable is a request whose body would have to be sent again and
	// is no io.Seeker.
	ErrNotReplayable = errors.New("body cannot be sent again")
)

const defaultMaxRedirects = 10

// Redirects says what a [Client] does about the statuses 301, 302, 303, 307 and
// 308 with a Location (RFC 9110 §15.4). Nil and the zero value follow them; a
// redirect that may not be followed is a [*RedirectError].
//
// After 303 the method is GET, or HEAD where it was; after 301 and 302 POST
// becomes GET; all else is kept. With the method goes the body and the fields
// that tell of it.
//
// When scheme, host or port change, Authorization, Cookie, Proxy-Authorization,
// Host and the fields named in Sensitive are dropped. They stay so for the rest
// of the chain, even if it returns to where it began (CVE-2024-45336,
// CVE-2025-4673). The cookies of a Jar are chosen for each request anew. User
// information in a Location is ignored.
type Redirects struct {
	// Off returns redirects as they come.
	Off bool
	// Max bounds the redirects of one call of Do (default 10; negative, none).
	Max int
	// AllowDowngrade follows from https to http, where anybody on the way can
	// read along and answer.
	AllowDowngrade bool
	// Sensitive names fields that are dropped as Authorization is, such as
	// "X-Api-Key".
	Sensitive []string
	// Check is asked before a redirect is followed, with the request that would
	// be sent and the response that asks for it, whose body it must leave. An
	// error ends the call.
	Check func(next *Request, response *Response) error
}

// RedirectError tells that a redirect was not followed, and why.
type RedirectError struct {
	// Status is that of the redirect.
	Status int
	// From and To are the URLs, without user information.
	From, To string
	// Err is the cause: [ErrRedirectLoop], [ErrDowngrade],
	// [ErrNotReplayable], a [*LimitError] named MaxRedirects, a [*ParseError]
	// of the Location, or what Check returned.
	Err error
}

// Error tells where from, where to and why.
func (e *RedirectError) Error() string {
	return "http1: " + strconv.Itoa(e.Status) + " from " + quoteCut(e.From) + " to " + quoteCut(e.To) + ": " + e.Err.Error()
}

// Unwrap returns Err.
func (e *RedirectError) Unwrap() error { return e.Err }

// quoteCut quotes what a peer said, at most 100 octets of it.
func quoteCut(s string) string { return strconv.Quote(s[:min(len(s), 100)]) }

// hop is a request of a chain, as far as a loop would repeat it. A redirect to
// the same URL is no loop when the response has set a cookie.
type hop struct{ method, url, cookie string }

// redirectMethod returns the method that the status asks for, "" if it is none
// that is followed (RFC 9110 §15.4.2 to §15.4.4, §15.4.8, §15.4.9).
func redirectMethod(status int, method string) string {
	switch status {
	case StatusMovedPermanently, StatusFound:
		if method == MethodPost {
			return MethodGet
		}
		return method
	case StatusSeeOther:
		if method == MethodHead {
			return method
		}
		return MethodGet
	case StatusTemporaryRedirect, StatusPermanentRedirect:
		return method
	}
	return ""
}

// bodyFieldNames tell of a body, and go with it (RFC 9110 §15.4). Those that
// begin with Content- go as well.
var bodyFieldNames = []string{"Transfer-Encoding", "Trailer", "Expect", "Digest", "Last-Modified", "Repr-Digest"}

// credentials are dropped when the origin changes.
var credentials = []string{"Authorization", "Cookie", "Cookie2", "Proxy-Authorization", "Proxy-Authenticate", "WWW-Authenticate", "Host"}

// follow returns the request that the response asks for in place of prev, nil
// if it asks for none. Its body is as prev's: the caller winds it back.
// Sent is prev with what the client added to it; seen are the hops before prev.
func (p *Redirects) follow(prev *Request, resp *Response, seen []hop) (*Request, error) {
	if p == nil {
		p = &Redirects{}
	}
	method := redirectMethod(resp.Status, prev.Method)
	if p.Off || method == "" || !resp.Header.Has("Location") {
		return nil, nil
	}
	from := prev.Target.URL()
	refuse := func(to string, err error) (*Request, error) {
		return nil, &RedirectError{Status: resp.Status, From: from.String(), To: to, Err: err}
	}
	target, shown, err := redirectTarget(from, &resp.Header)
	if err != nil {
		return refuse(shown, err)
	}
	if most := limit(p.Max, defaultMaxRedirects); len(seen) >= most {
		return refuse(shown, &LimitError{Name: "MaxRedirects", Max: int64(most)})
	}
	if from.Scheme == "https" && target.Scheme == "http" && !p.AllowDowngrade {
		return refuse(shown, ErrDowngrade)
	}
	next := &Request{Method: method, Target: target, Version: prev.Version, Header: prev.Header.Clone(), Top: prev.Top}
	if method == prev.Method {
		next.Body, next.Length, next.Trailer = prev.Body, prev.Length, prev.Trailer.Clone()
	} else {
		dropContent(&next.Header)
	}
	if target.Scheme != prev.Target.Scheme || target.Authority != prev.Target.Authority {
		for _, name := range credentials {
			next.Header.Del(name)
		}
		for _, name := range p.Sensitive {
			next.Header.Del(name)
		}
	}
	if p.Check != nil {
		if err := p.Check(next, resp); err != nil {
			return refuse(shown, err)
		}
	}
	return next, nil
}

// redirectTarget resolves Location against the URL that was asked for
// (RFC 9110 §10.2.2). Several that differ are one of them by an attacker.
func redirectTarget(from *url.URL, h *Header) (t Target, shown string, err error) {
	location := h.Get("Location")
	for other := range h.Values("Location") {
		if other != location {
			return Target{}, other, misframed("Location", "Location: two that differ", "RFC 9110 §10.2.2")
		}
	}
	u, err := from.Parse(location)
	if err != nil {
		// The error of package url would show all of it, however long.
		return Target{}, location, refused(0, "Location: no URI-reference", "RFC 9110 §10.2.2")
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	shown = u.String()
	t, _, err = parseURL(shown)
	return t, shown, err
}

// dropContent removes the fields that tell of a body.
func dropContent(h *Header) {
	for _, f := range slices.Clone(h.fields) {
		if len(f.Name) > len("Content-") && ascii.EqualFold(f.Name[:len("Content-")], "Content-") {
			h.Del(f.Name)
		}
	}
	for _, name := range bodyFieldNames {
		h.Del(name)
	}
}

// cleanReferer returns what may be sent as Referer to the target: without
// fragment and user information, and nothing of a secure page to an insecure
// one (RFC 9110 §10.1.3).
func cleanReferer(value string, to *Target) string {
	value, _, _ = strings.Cut(value, "#")
	scheme, rest, ok := strings.Cut(value, "://")
	if !ok {
		return value
	}
	if ascii.EqualFold(scheme, "https") && to.Scheme != "https" {
		return ""
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	if at := strings.LastIndexByte(rest[:end], '@'); at >= 0 {
		value = scheme + "://" + rest[at+1:]
	}
	return value
}
