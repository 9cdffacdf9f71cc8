package cookie

import (
	"strings"

	"applayer/internal/ascii"
)

// control is what no cookie may have in it: the controls but for the tab
// (6265bis §5.6). CR, LF and NUL are among them.
var control = ascii.Ctl.Without(ascii.Chars("\t"))

// ParseSetCookie takes the value of one Set-Cookie field by the algorithm of
// RFC 6265 §5.2, which takes much that the grammar of §4.1.1 does not: white
// space around names and values is dropped, attributes that nobody knows or
// whose value is wrong are ignored, the last of several counts. Refused are a
// cookie without "=" or without a name, one with a control in it, and one
// longer than lim allows; nil means all defaults.
//
// The result's strings are cut from value.
func ParseSetCookie(value string, lim *Limits) (SetCookie, error) {
	l := lim.filled()
	var c SetCookie
	if err := refuseControl(value, "set-cookie-string", "RFC 6265 §5.2", 0); err != nil {
		return c, err
	}
	pair, attributes, more := strings.Cut(value, ";")
	name, v, found := strings.Cut(pair, "=")
	if !found {
		return c, &ParseError{Offset: int64(len(pair)), What: `"=" of the name-value-pair`, Ref: "RFC 6265 §5.2"}
	}
	c.Name, c.Value = trim(name), trim(v)
	if c.Name == "" {
		return SetCookie{}, &ParseError{What: "cookie-name", Ref: "RFC 6265 §5.2"}
	}
	if len(c.Name) > l.MaxCookie || len(c.Value) > l.MaxCookie-len(c.Name) {
		return SetCookie{}, &LimitError{Name: "MaxCookie", Max: int64(l.MaxCookie)}
	}
	for more {
		var av string
		av, attributes, more = strings.Cut(attributes, ";")
		name, v, _ := strings.Cut(av, "=")
		if v = trim(v); len(v) <= l.MaxAttribute {
			c.attribute(trim(name), v)
		}
	}
	return c, nil
}

// attribute applies one cookie-av (RFC 6265 §5.2.1 to §5.2.6).
func (c *SetCookie) attribute(name, v string) {
	switch len(name) {
	case len("Path"):
		if ascii.EqualFold(name, "Path") {
			// What is no path means the default-path, even behind one that is.
			if c.Path = ""; v != "" && v[0] == '/' {
				c.Path = v
			}
		}
	case len("Secure"): // and Domain
		switch {
		case ascii.EqualFold(name, "Secure"):
			c.Secure = true
		case ascii.EqualFold(name, "Domain"):
			// RFC 6265 §5.2.3 leaves open what an empty value means; user
			// agents take it as none, and the last attribute counts.
			c.Domain = lower(strings.TrimPrefix(v, "."))
		}
	case len("Max-Age"), len("HttpOnly"): // and Expires, SameSite
		switch {
		case ascii.EqualFold(name, "Max-Age"):
			c.maxAge(v)
		case ascii.EqualFold(name, "Expires"):
			if t, ok := parseDate(v); ok {
				c.Expires = t
			}
		case ascii.EqualFold(name, "HttpOnly"):
			c.HttpOnly = true
		case ascii.EqualFold(name, "SameSite"):
			c.SameSite = parseSameSite(v)
		}
	}
}

// maxAge takes digits, with a "-" before them or not; anything else is ignored
// (RFC 6265 §5.2.2). A "-" alone passes the RFC's two tests and is no integer:
// it is ignored as well.
func (c *SetCookie) maxAge(v string) {
	digits, negative := strings.CutPrefix(v, "-")
	if digits == "" || ascii.Span(&ascii.Digit, digits) != len(digits) {
		return
	}
	seconds, _, err := ascii.Decimal(digits, uint64(maxInt64))
	switch {
	case negative || err == nil && seconds == 0:
		c.MaxAge = -1
	case err != nil:
		c.MaxAge = maxInt64
	default:
		c.MaxAge = int64(seconds)
	}
}

// ParseCookie appends the cookies of a Cookie field's value to dst. User agents
// also send what the grammar of RFC 6265 §4.2.1 does not know, so any text
// between semicolons that has "=" and a name is taken, with white space around
// name and value dropped, and what has none is passed over. A control, or more
// cookies than lim.MaxPairs, is an error; nil means all defaults.
//
// The order is the user agent's, and a name may come more than once, with the
// cookie of the longest path first. The strings are cut from value.
func ParseCookie(dst []Cookie, value string, lim *Limits) ([]Cookie, error) {
	if err := refuseControl(value, "cookie-string", "RFC 6265 §4.2.1", 400); err != nil {
		return dst, err
	}
	most, start := lim.filled().MaxPairs, len(dst)
	for more := true; more; {
		var pair string
		pair, value, more = strings.Cut(value, ";")
		name, v, found := strings.Cut(pair, "=")
		if name = trim(name); !found || name == "" {
			continue
		}
		if len(dst)-start >= most {
			return dst[:start], &LimitError{Name: "MaxPairs", Max: int64(most), Reply: 431}
		}
		dst = append(dst, Cookie{Name: name, Value: trim(v)})
	}
	return dst, nil
}

// refuseControl finds the first control in s.
func refuseControl(s, what, ref string, reply int) error {
	for i := range len(s) {
		if control.Has(s[i]) {
			return &ParseError{Offset: int64(i), What: what + " without controls", Ref: ref, Reply: reply}
		}
	}
	return nil
}

// trim drops spaces and tabs at both ends.
func trim(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for s != "" && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

// lower returns s with its ASCII letters in lower case, s itself if they are.
func lower(s string) string {
	for i := range len(s) {
		if s[i] != ascii.Lower(s[i]) {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				b[j] = ascii.Lower(b[j])
			}
			return string(b)
		}
	}
	return s
}
