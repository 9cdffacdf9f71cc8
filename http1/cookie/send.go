package cookie

import (
	"cmp"
	"iter"
	"net/url"
	"slices"
	"strings"
)

// Cookie returns the value of the Cookie field for a request to u, empty if it
// has none (RFC 6265 §5.4). Top is the URL of the page that the request is
// for; nil means that u is going to be the page.
func (j *Jar) Cookie(u, top *url.URL, method string) string {
	return string(j.AppendCookie(nil, Request{URL: u, Top: top, Method: method}))
}

// AppendCookie appends the value of the Cookie field for r to dst: the cookies
// of longer paths first, older ones before newer ones.
func (j *Jar) AppendCookie(dst []byte, r Request) []byte {
	p := j.place(r)
	if p.host == "" || p.thirdParty && j.options.BlockThirdParty {
		return dst
	}
	now := j.now()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.store.sweep(now)
	var fit []*entry
	for domain := range domainsOf(p.host) {
		d := j.store.domains[domain]
		if d == nil {
			continue
		}
		for _, e := range d.byID {
			if j.fits(&e.Stored, p, r.Method) {
				fit = append(fit, e)
			}
		}
	}
	slices.SortFunc(fit, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(len(b.Path), len(a.Path)), cmp.Compare(a.order, b.order))
	})
	for i, e := range fit {
		if i > 0 {
			dst = append(dst, "; "...)
		}
		dst = append(append(append(dst, e.Name...), '='), e.Value...)
		j.store.use(e, now)
	}
	return dst
}

// fits tells whether a request carries a cookie (RFC 6265 §5.4 step 1).
func (j *Jar) fits(s *Stored, p place, method string) bool {
	switch {
	case s.HostOnly && s.Domain != p.host, !pathMatch(p.path, s.Path), s.Secure && !p.secure:
		return false
	case p.relation == relationSame:
		return true
	}
	switch j.effective(s.SameSite) {
	case SameSiteNone:
		return true
	case SameSiteLax:
		return p.relation == relationNavigation && safe(method)
	}
	return false
}

// domainsOf yields the domains whose cookies a host may get: itself and, if it
// is a name, all that it is below.
func domainsOf(host string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for name := host; yield(name); {
			_, parent, more := strings.Cut(name, ".")
			if !more || isAddress(host) {
				return
			}
			name = parent
		}
	}
}

// All yields the cookies that have not expired, in the order in which they
// came. They are those of the moment when it is called.
func (j *Jar) All() iter.Seq[Stored] {
	return slices.Values(j.snapshot())
}

func (j *Jar) snapshot() []Stored {
	now := j.now()
	j.mu.Lock()
	entries := j.store.entries(now)
	all := make([]Stored, len(entries))
	for i, e := range entries {
		all[i] = e.Stored
	}
	j.mu.Unlock()
	return all
}
