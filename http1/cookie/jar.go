package cookie

import (
	"net/url"
	"strings"
	"sync"
	"time"
)

// Jar keeps the cookies of a user agent (RFC 6265 §5.3) and says which of them
// a request carries (§5.4). The zero value is an empty jar with the default
// options. Goroutines may share it; it must not be copied.
//
// Of one domain it keeps at most Limits.MaxPerDomain cookies, of all together
// Limits.MaxCookies. Beyond that go first those that have expired; then, of a
// domain with too many, those without Secure, so that an insecure origin does
// not push out what a secure one set (6265bis §5.7), and then the others; then
// any. Within each, the cookie that has not been used for longest goes first.
type Jar struct {
	options JarOptions

	mu    sync.Mutex
	store store
}

// JarOptions says how a [Jar] behaves. The zero value is what browsers do.
type JarOptions struct {
	// Limits bounds cookies, attributes and how many there are.
	Limits Limits
	// Suffixes are the public suffixes; nil means [ShortSuffixes].
	Suffixes PublicSuffixes
	// Unmarked is how a cookie without SameSite is taken. SameSiteUnset means
	// SameSiteLax, as 6265bis §5.6.7 has it; SameSiteNone is what RFC 6265
	// knew: any page of any site may carry it along.
	Unmarked SameSite
	// BlockThirdParty neither takes nor sends cookies where the site of the
	// request is not that of the page (RFC 6265 §7.1).
	BlockThirdParty bool
	// Accept is asked before a cookie is taken; nil accepts all. It is called
	// without a lock and may be called from several goroutines.
	Accept func(r Request, c SetCookie) bool
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Stored is a cookie in a jar, with the fields of RFC 6265 §5.3.
type Stored struct {
	Name, Value string
	// Domain is the host that set the cookie if HostOnly is set; otherwise it
	// is a domain, to all of whose hosts the cookie goes.
	Domain, Path string
	HostOnly     bool
	// Expires is zero for a cookie that ends with the session.
	Expires          time.Time
	Secure, HttpOnly bool
	SameSite         SameSite
	// Created is when the cookie first came, Used when it last came or was
	// last sent.
	Created, Used time.Time
}

// NewJar returns an empty jar. It copies options; nil means the defaults.
func NewJar(options *JarOptions) *Jar {
	j := &Jar{}
	if options != nil {
		j.options = *options
	}
	return j
}

func (j *Jar) now() time.Time {
	if j.options.Now != nil {
		return j.options.Now()
	}
	return time.Now()
}

// SetCookie takes the value of one Set-Cookie field of the response from u. Top
// is the URL of the page that the response is for; nil means that u is the
// page. The error is a [ParseError], [LimitError] or [PolicyError]; whoever
// fetches pages goes on after it.
func (j *Jar) SetCookie(u, top *url.URL, value string) error {
	return j.Receive(Request{URL: u, Top: top}, value)
}

// Receive is [Jar.SetCookie] for a request of which more is known.
func (j *Jar) Receive(r Request, value string) error {
	c, err := ParseSetCookie(value, &j.options.Limits)
	if err != nil {
		return err
	}
	return j.set(r, c)
}

// set takes a parsed cookie that came in the response to r (RFC 6265 §5.3).
func (j *Jar) set(r Request, c SetCookie) error {
	p := j.place(r)
	refuse := func(ref string, err error) error {
		return &PolicyError{Name: c.Name, Host: p.host, Ref: ref, Err: err}
	}
	if p.host == "" {
		return refuse("RFC 6265 §5.1.2", ErrHost)
	}
	if p.thirdParty && j.options.BlockThirdParty {
		return refuse("RFC 6265 §7.1", ErrThirdParty)
	}
	domain, hostOnly, err := j.domain(p.host, c.Domain)
	if err != nil {
		return refuse("RFC 6265 §5.3", err)
	}
	switch {
	case c.Secure && !p.secure:
		return refuse("6265bis §5.7", ErrInsecure)
	case c.SameSite == SameSiteNone && !c.Secure:
		return refuse("6265bis §5.7", ErrSameSite)
	case p.relation == relationEmbedded && j.effective(c.SameSite) != SameSiteNone:
		return refuse("6265bis §5.7", ErrSameSite)
	case !c.fitsPrefix():
		return refuse("6265bis §4.1.3", ErrPrefix)
	case j.options.Accept != nil && !j.options.Accept(r, c):
		return refuse("", ErrRefused)
	}
	now := j.now()
	s := Stored{
		Name: c.Name, Value: c.Value, Domain: domain, HostOnly: hostOnly, Path: c.Path,
		Expires: j.expiry(&c, now), Secure: c.Secure, HttpOnly: c.HttpOnly, SameSite: c.SameSite,
		Created: now, Used: now,
	}
	if s.Path == "" {
		s.Path = defaultPath(p.path)
	}
	l := j.options.Limits.filled()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.store.sweep(now)
	if !p.secure && j.store.hidesSecure(&s) {
		return refuse("6265bis §5.7", ErrInsecure)
	}
	j.store.put(s, now, &l)
	return nil
}

// domain decides for which domain a cookie is (RFC 6265 §5.3 steps 4 to 6).
func (j *Jar) domain(host, attribute string) (domain string, hostOnly bool, err error) {
	switch {
	case attribute == "":
		return host, true, nil
	case attribute == host:
		return host, isAddress(host) || j.isPublicSuffix(host), nil
	case !domainMatch(host, attribute) || !isName(attribute):
		return "", false, ErrDomain
	case j.isPublicSuffix(attribute):
		return "", false, ErrPublicSuffix
	}
	return attribute, false, nil
}

// expiry is when a cookie ends, no later than Limits.MaxAge from now.
func (j *Jar) expiry(c *SetCookie, now time.Time) time.Time {
	t := c.Expiry(now)
	if most := j.options.Limits.filled().MaxAge; j.options.Limits.MaxAge >= 0 && t.After(now.Add(most)) {
		return now.Add(most)
	}
	return t
}

// effective is what the rules take for a cookie's SameSite.
func (j *Jar) effective(s SameSite) SameSite {
	switch {
	case s != SameSiteUnset:
		return s
	case j.options.Unmarked != SameSiteUnset:
		return j.options.Unmarked
	}
	return SameSiteLax
}

// Remove removes the cookies of that name, domain and path and tells whether
// there were any.
func (j *Jar) Remove(domain, path, name string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	host := j.store.remove(domain, id{name, path, true})
	return j.store.remove(domain, id{name, path, false}) || host
}

// EndSession removes the cookies that have no date of expiry, as a user agent
// does when the user closes it (RFC 6265 §5.3).
func (j *Jar) EndSession() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.store.removeIf(func(s *Stored) bool { return s.Expires.IsZero() })
}

// Clear removes the cookies of host and of all hosts below it; an empty host
// means all cookies.
func (j *Jar) Clear(host string) {
	host = strings.TrimPrefix(host, ".")
	if host != "" {
		if host = canonicalHost(host); host == "" {
			return
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.store.removeIf(func(s *Stored) bool { return host == "" || domainMatch(s.Domain, host) })
}
