package webmail

import (
	"net"
	"net/netip"
	"strings"

	"applayer/http1"
	"applayer/internal/ascii"
)

// isOurs tells whether the pages are known by the name that a request is for.
// Another name can be one of a site of somebody else's who has it lead here: his
// pages would be let do in a visitor's browser what ours may (DNS rebinding). An
// address, which belongs to nobody's site, is always good.
func (h *Handler) isOurs(r *http1.Request) bool {
	host := r.Target.Authority
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil || len(h.opts.Hosts) == 0 {
		return true
	}
	for _, ours := range append([]string{"localhost"}, h.opts.Hosts...) {
		if below := len(host) - len(ours); below >= 0 && ascii.EqualFold(host[below:], ours) && (below == 0 || host[below-1] == '.') {
			return true
		}
	}
	return false
}

// isForeign tells whether a browser says that a page of another site made it
// send a form. A form's token does that, too, but the one to log in by has none.
func isForeign(r *http1.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site != "same-origin" && site != "none"
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false // no browser
	}
	_, authority, _ := strings.Cut(origin, "://")
	return !ascii.EqualFold(authority, r.Target.Authority)
}
