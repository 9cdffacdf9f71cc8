package cookie

import "time"

// Limits bounds what servers, clients and files can make us hold or do.
// The zero value of a field means its default; a negative value, no limit.
// A nil *Limits is all defaults.
type Limits struct {
	// MaxCookie is the longest name and value together, in octets (default
	// 4096, as 6265bis §5.6 asks). A longer cookie is refused.
	MaxCookie int
	// MaxAttribute is the longest value of an attribute (default 1024, as
	// 6265bis §5.6 asks). A longer attribute is ignored, the cookie is not.
	MaxAttribute int
	// MaxPairs bounds the cookies of one Cookie field (default 512). It keeps
	// a server's work small where the field's length does not.
	MaxPairs int
	// MaxPerDomain bounds the cookies that a jar keeps of one domain (default
	// 50, as RFC 6265 §6.1 asks). Others make way: see [Jar].
	MaxPerDomain int
	// MaxCookies bounds the cookies that a jar keeps in all (default 3000, as
	// RFC 6265 §6.1 asks).
	MaxCookies int
	// MaxAge is how long a jar keeps a cookie at most (default 400 days, as
	// 6265bis §5.5 asks). A longer lifetime is shortened.
	MaxAge time.Duration
	// MaxFile is the longest jar file that is read, in octets (default 64 MiB).
	// It bounds what a file put in our way costs.
	MaxFile int64
	// MaxSessions bounds the sessions that a server keeps (default 100,000).
	// When there are as many, the oldest of those whose visitors never brought
	// the id back make way; where there are none, a new session is refused.
	MaxSessions int
	// MaxSessionData is the longest Data of one session, in octets (default
	// 64 KiB).
	MaxSessionData int
}

// limit is a limit's value in force: fallback for 0, none for negative ones.
func limit[T ~int | ~int64](v, fallback, none T) T {
	switch {
	case v == 0:
		return fallback
	case v < 0:
		return none
	}
	return v
}

// The sizes that user agents allow, to which the writers keep.
const (
	defaultMaxCookie    = 4096
	defaultMaxAttribute = 1024
)

const (
	maxInt   = int(^uint(0) >> 1)
	maxInt64 = int64(^uint64(0) >> 1)
)

// filled returns l with every field set to what is in force.
func (l *Limits) filled() Limits {
	var v Limits
	if l != nil {
		v = *l
	}
	return Limits{
		MaxCookie:      limit(v.MaxCookie, defaultMaxCookie, maxInt),
		MaxAttribute:   limit(v.MaxAttribute, defaultMaxAttribute, maxInt),
		MaxPairs:       limit(v.MaxPairs, 512, maxInt),
		MaxPerDomain:   limit(v.MaxPerDomain, 50, maxInt),
		MaxCookies:     limit(v.MaxCookies, 3000, maxInt),
		MaxAge:         limit(v.MaxAge, 400*24*time.Hour, time.Duration(maxInt64)),
		MaxFile:        limit(v.MaxFile, 64<<20, maxInt64),
		MaxSessions:    limit(v.MaxSessions, 100_000, maxInt),
		MaxSessionData: limit(v.MaxSessionData, 64<<10, maxInt),
	}
}
