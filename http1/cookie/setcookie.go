package cookie

import (
	"time"

	"applayer/internal/ascii"
)

// Cookie is a name and a value, as a Cookie field brings them back
// (RFC 6265 §4.2.1).
type Cookie struct {
	Name string
	// Value is what stands behind "=", with its quotes if it has any: they
	// belong to the value (RFC 6265 §5.2).
	Value string
}

// Quoted tells whether the value stands in double quotes.
func (c Cookie) Quoted() bool { return quoted(c.Value) }

// Unquoted returns the value without the double quotes around it.
func (c Cookie) Unquoted() string { return unquoted(c.Value) }

// SetCookie is one cookie as a server hands it out (RFC 6265 §4.1).
type SetCookie struct {
	Name string
	// Value has its quotes, as [Cookie.Value] has.
	Value string
	// Domain is the domain attribute in lower case without the leading dot;
	// empty means the host that sent the cookie, and no other.
	Domain string
	// Path is the path attribute; empty means the default of RFC 6265 §5.1.4.
	Path string
	// Expires is when the cookie ends; zero means that there is no such
	// attribute.
	Expires time.Time
	// MaxAge is the lifetime in seconds and stands before Expires. Zero means
	// that there is no such attribute; a negative value, that the cookie ends
	// at once: "Max-Age=0" is parsed as -1 and written from it.
	MaxAge int64
	// Secure keeps the cookie to secure connections, HttpOnly from scripts.
	Secure, HttpOnly bool
	// SameSite says which requests from other sites carry the cookie.
	SameSite SameSite
}

// Quoted tells whether the value stands in double quotes.
func (c *SetCookie) Quoted() bool { return quoted(c.Value) }

// Unquoted returns the value without the double quotes around it.
func (c *SetCookie) Unquoted() string { return unquoted(c.Value) }

// Persistent tells whether the cookie outlives the session of the user agent
// (RFC 6265 §5.3).
func (c *SetCookie) Persistent() bool { return c.MaxAge != 0 || !c.Expires.IsZero() }

// Expiry returns when a cookie that came at now ends: Max-Age before Expires,
// and zero for one that ends with the session (RFC 6265 §5.3). A Max-Age that
// no time can hold is the last second of the year 9999.
func (c *SetCookie) Expiry(now time.Time) time.Time {
	switch {
	case c.MaxAge < 0:
		return earliest
	case c.MaxAge > 0:
		if c.MaxAge > latest.Unix()-now.Unix() {
			return latest
		}
		return time.Unix(now.Unix()+c.MaxAge, int64(now.Nanosecond())).UTC()
	}
	return c.Expires
}

// The earliest and latest dates that a cookie can have.
var (
	earliest = time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
)

// SameSite is the attribute that keeps a cookie from requests that other sites
// cause (6265bis §5.6.7).
type SameSite uint8

// The values of the attribute.
const (
	// SameSiteUnset means that there is none, or one that nobody knows. User
	// agents take it as Lax: see [JarOptions.Unmarked].
	SameSiteUnset SameSite = iota
	// SameSiteLax allows the cookie where the user follows a link from
	// elsewhere, and not in what another site's page embeds.
	SameSiteLax
	// SameSiteStrict allows requests from its own site only.
	SameSiteStrict
	// SameSiteNone allows all; the cookie must be Secure.
	SameSiteNone
)

// String returns the attribute's value, as in "Lax"; "" for SameSiteUnset.
func (s SameSite) String() string {
	switch s {
	case SameSiteLax:
		return "Lax"
	case SameSiteStrict:
		return "Strict"
	case SameSiteNone:
		return "None"
	}
	return ""
}

// parseSameSite takes the attribute's value; what nobody knows is unset.
func parseSameSite(v string) SameSite {
	for _, s := range [...]SameSite{SameSiteLax, SameSiteStrict, SameSiteNone} {
		if ascii.EqualFold(v, s.String()) {
			return s
		}
	}
	return SameSiteUnset
}

// fitsPrefix tells whether the attributes are what the name's prefix promises
// to the server that gets the cookie back (6265bis §4.1.3). User agents compare
// without regard to case, since servers do.
func (c *SetCookie) fitsPrefix() bool {
	switch {
	case hasPrefixFold(c.Name, "__Secure-"):
		return c.Secure
	case hasPrefixFold(c.Name, "__Host-"):
		return c.Secure && c.Domain == "" && c.Path == "/"
	}
	return true
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && ascii.EqualFold(s[:len(prefix)], prefix)
}

func quoted(v string) bool {
	return len(v) >= 2 && v[0] == '"' && v[len(v)-1] == '"'
}

func unquoted(v string) string {
	if quoted(v) {
		return v[1 : len(v)-1]
	}
	return v
}
