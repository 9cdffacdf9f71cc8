package cookie

import (
	"net/url"
	"strings"
)

// Request is what a [Jar] must know of a request to choose its cookies, or to
// take those of its response.
type Request struct {
	// URL is where the request goes.
	URL *url.URL
	// Top is the URL of the page that the user sees and that the request
	// serves, as with an image in it. Nil means that URL itself is going to be
	// the page, or that there is none, as with a program's request.
	Top *url.URL
	// Initiator is the URL of the page that caused the request, as when the
	// user follows a link on it. Nil means the user or the program.
	Initiator *url.URL
	// Method is the request's method; empty means GET.
	Method string
}

// relation is how a request stands to the sites around it (6265bis §5.2).
type relation uint8

const (
	relationSame       relation = iota // no other site has a part in it
	relationNavigation                 // another site sends the user here
	relationEmbedded                   // a page of another site has this in it
)

// place is a request as the jar's rules see it.
type place struct {
	host, path string
	secure     bool
	relation   relation
	thirdParty bool
}

// place works out what the rules need. Its host is empty for a URL that no
// cookie can belong to.
func (j *Jar) place(r Request) place {
	if r.URL == nil {
		return place{}
	}
	p := place{
		host:   canonicalHost(r.URL.Hostname()),
		path:   requestPath(r.URL),
		secure: secureScheme(r.URL.Scheme),
	}
	switch {
	case r.Top != nil && !(j.sameSite(r.URL, r.Top) && (r.Initiator == nil || j.sameSite(r.URL, r.Initiator))):
		p.relation = relationEmbedded
	case r.Top == nil && r.Initiator != nil && !j.sameSite(r.URL, r.Initiator):
		p.relation = relationNavigation
	}
	p.thirdParty = r.Top != nil && j.registrable(p.host) != j.registrable(canonicalHost(r.Top.Hostname()))
	return p
}

// sameSite tells whether two URLs are of one site: the same registrable
// domain, and both over TLS or neither (6265bis §5.2).
func (j *Jar) sameSite(a, b *url.URL) bool {
	return secureScheme(a.Scheme) == secureScheme(b.Scheme) &&
		j.registrable(canonicalHost(a.Hostname())) == j.registrable(canonicalHost(b.Hostname()))
}

// registrable returns the domain that one party has registered: the public
// suffix and one label. An address, or a suffix itself, stands for itself.
func (j *Jar) registrable(host string) string {
	if isAddress(host) || j.isPublicSuffix(host) {
		return host
	}
	rest, found := strings.CutSuffix(host, "."+j.suffixes().PublicSuffix(host))
	if !found {
		return host
	}
	return host[strings.LastIndexByte(rest, '.')+1:]
}

// isPublicSuffix tells whether host is one; a name of one label always is.
func (j *Jar) isPublicSuffix(host string) bool {
	return strings.IndexByte(host, '.') < 0 || j.suffixes().PublicSuffix(host) == host
}

func (j *Jar) suffixes() PublicSuffixes {
	if j.options.Suffixes != nil {
		return j.options.Suffixes
	}
	return ShortSuffixes()
}

// safe tells whether a method only reads (RFC 9110 §9.2.1).
func safe(method string) bool {
	switch method {
	case "", "GET", "HEAD", "OPTIONS", "TRACE":
		return true
	}
	return false
}
