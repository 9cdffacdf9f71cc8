package http1

import "time"

// Validators tell the state of a representation (RFC 9110 §8.8).
type Validators struct {
	// ETag is its entity tag, empty without one.
	ETag EntityTag
	// LastModified is when it was changed last, to the second; the zero time if
	// that is not known.
	LastModified time.Time
	// Exists tells that there is one, so that "*" matches.
	Exists bool
}

// settled is how old a change must be for its date, to the second, to stand
// for that change alone: nothing can change any more in a second that is over
// (RFC 9110 §8.8.2.2).
const settled = 2 * time.Second

// Precondition is what the preconditions of a request make of it
// (RFC 9110 §13.2.2).
type Precondition uint8

// The outcomes.
const (
	// PreconditionTrue: perform the method, and heed a Range.
	PreconditionTrue Precondition = iota
	// PreconditionWhole: perform the method as if there were no Range.
	PreconditionWhole
	// PreconditionNotModified: answer 304.
	PreconditionNotModified
	// PreconditionFailed: answer 412, and do nothing.
	PreconditionFailed
)

// String tells the outcome.
func (p Precondition) String() string {
	return [...]string{"true", "true without Range", "not modified", "failed"}[p&3]
}

// CheckPreconditions evaluates the preconditions of a request to an origin
// server against the representation's validators, in the order of
// RFC 9110 §13.2.2. Ask it last, when the answer would be 2xx otherwise, and
// before anything is changed (RFC 9110 §13.2.1).
//
// A date that is none, or one of several, is ignored; so are all of them with
// CONNECT, OPTIONS and TRACE. A list that is none matches nothing.
func CheckPreconditions(method string, h *Header, v Validators, now time.Time) Precondition {
	switch method {
	case MethodConnect, MethodOptions, MethodTrace:
		return PreconditionTrue
	}
	if v.unchangedFails(h, now) {
		return PreconditionFailed
	}
	reading := method == MethodGet || method == MethodHead
	if v.changedFails(h, reading, now) {
		if reading {
			return PreconditionNotModified
		}
		return PreconditionFailed
	}
	if method == MethodGet && h.Has("Range") && h.Has("If-Range") && !v.ifRange(h, now) {
		return PreconditionWhole
	}
	return PreconditionTrue
}

// unchangedFails evaluates If-Match, or else If-Unmodified-Since: steps 1 and 2
// of RFC 9110 §13.2.2.
func (v *Validators) unchangedFails(h *Header, now time.Time) bool {
	if h.Has("If-Match") {
		return !v.listed(h, "If-Match", EntityTag.MatchStrong)
	}
	date, ok := oneDate(h, "If-Unmodified-Since", now)
	return ok && !v.LastModified.IsZero() && v.modified().After(date)
}

// changedFails evaluates If-None-Match, or else If-Modified-Since: steps 3 and
// 4 of RFC 9110 §13.2.2.
func (v *Validators) changedFails(h *Header, reading bool, now time.Time) bool {
	if h.Has("If-None-Match") {
		return v.listed(h, "If-None-Match", EntityTag.MatchWeak)
	}
	if !reading {
		return false
	}
	date, ok := oneDate(h, "If-Modified-Since", now)
	return ok && !v.LastModified.IsZero() && !v.modified().After(date)
}

// ifRange evaluates If-Range: step 5 of RFC 9110 §13.2.2. Tags are told from
// dates by a quote among the first three characters; a date must be exactly
// that of the representation, and a strong validator (RFC 9110 §13.1.5).
func (v *Validators) ifRange(h *Header, now time.Time) bool {
	s, ok := one(h, "If-Range")
	if !ok {
		return false
	}
	if tag, err := ParseEntityTag(s); err == nil {
		return tag.MatchStrong(v.ETag)
	}
	date, err := ParseDate(s, now)
	return err == nil && !v.LastModified.IsZero() && date.Equal(v.modified()) && now.Sub(v.LastModified) >= settled
}

// modified is LastModified as a Last-Modified field tells it.
func (v *Validators) modified() time.Time { return v.LastModified.Truncate(time.Second) }

// listed tells whether the fields of that name are "*" and there is a
// representation, or have a tag that matches its own (RFC 9110 §13.1.1,
// §13.1.2).
func (v *Validators) listed(h *Header, name string, match func(a, b EntityTag) bool) bool {
	if s, ok := one(h, name); ok && s == "*" {
		return v.Exists
	}
	if v.ETag == "" {
		return false
	}
	for value := range h.Values(name) {
		for tag := range EntityTags(value) {
			if match(tag, v.ETag) {
				return true
			}
		}
	}
	return false
}

// one returns the value of the only field of that name; not ok if there is
// none, or more than one.
func one(h *Header, name string) (string, bool) {
	i := h.index(name, 0)
	if i < 0 || h.index(name, i+1) >= 0 {
		return "", false
	}
	return h.fields[i].Value, true
}

// oneDate returns the date of the only field of that name.
func oneDate(h *Header, name string, now time.Time) (time.Time, bool) {
	s, ok := one(h, name)
	if !ok {
		return time.Time{}, false
	}
	date, err := ParseDate(s, now)
	return date, err == nil
}
