package cookie

import (
	"strconv"
	"strings"

	"applayer/internal/ascii"
)

var (
	// token is what a cookie-name is made of (RFC 9110 §5.6.2).
	token = ascii.Alpha.Or(ascii.Digit).Or(ascii.Chars("!#$%&'*+-.^_`|~"))
	// cookieOctet is what a cookie-value is made of (RFC 6265 §4.1.1).
	cookieOctet = ascii.VChar.Without(ascii.Chars("\",;\\"))
	// avOctet is what other values are made of: any CHAR but controls and ";".
	avOctet = ascii.Range(0x20, 0x7e).Without(ascii.Chars(";"))
)

// AppendSetCookie appends c as the value of a Set-Cookie field by the grammar
// of RFC 6265 §4.1.1. It refuses what that grammar does not allow, what
// [ParseSetCookie] would refuse or change, and what user agents drop: a prefix
// of the name that the attributes do not fit, SameSite=None without Secure.
// On an error dst is returned as it was.
func AppendSetCookie(dst []byte, c *SetCookie) ([]byte, error) {
	start := len(dst)
	dst, err := appendPair(dst, c.Name, c.Value)
	if err == nil {
		err = c.check()
	}
	if err != nil {
		return dst[:start], err
	}
	if !c.Expires.IsZero() {
		dst = append(dst, "; Expires="...)
		dst = c.Expires.UTC().AppendFormat(dst, imfFixdate)
	}
	if c.MaxAge != 0 {
		dst = append(dst, "; Max-Age="...)
		dst = strconv.AppendInt(dst, max(c.MaxAge, 0), 10)
	}
	if c.Domain != "" {
		dst = append(append(dst, "; Domain="...), c.Domain...)
	}
	if c.Path != "" {
		dst = append(append(dst, "; Path="...), c.Path...)
	}
	if c.Secure {
		dst = append(dst, "; Secure"...)
	}
	if c.HttpOnly {
		dst = append(dst, "; HttpOnly"...)
	}
	if c.SameSite != SameSiteUnset {
		dst = append(append(dst, "; SameSite="...), c.SameSite.String()...)
	}
	return dst, nil
}

// imfFixdate is the layout of IMF-fixdate (RFC 9110 §5.6.7).
const imfFixdate = "Mon, 02 Jan 2006 15:04:05 GMT"

// check finds what is wrong with the attributes.
func (c *SetCookie) check() error {
	switch {
	case !c.Expires.IsZero() && (c.Expires.Before(earliest) || c.Expires.UTC().Year() > 9999):
		return &ParseError{What: "Expires from 1601 to 9999", Ref: "RFC 6265 §5.1.1"}
	case c.Domain != "" && (!isName(c.Domain) || strings.HasSuffix(c.Domain, ".")):
		return &ParseError{What: "domain-value", Ref: "RFC 6265 §4.1.1"}
	case c.Path != "" && (c.Path[0] != '/' || len(c.Path) > defaultMaxAttribute):
		return &ParseError{What: "path-value", Ref: "RFC 6265 §4.1.1"}
	case trim(c.Path) != c.Path || ascii.Span(&avOctet, c.Path) != len(c.Path):
		return &ParseError{Offset: int64(ascii.Span(&avOctet, c.Path)), What: "path-value", Ref: "RFC 6265 §4.1.1"}
	case c.SameSite > SameSiteNone:
		return &ParseError{What: "SameSite value", Ref: "6265bis §4.1.1"}
	case c.SameSite == SameSiteNone && !c.Secure:
		return &ParseError{What: "Secure beside SameSite=None", Ref: "6265bis §5.7", Err: ErrSameSite}
	case !c.fitsPrefix():
		return &ParseError{What: "attributes of a name with a prefix", Ref: "6265bis §4.1.3", Err: ErrPrefix}
	}
	return nil
}

// AppendCookie appends cookies as the value of a Cookie field by the grammar of
// RFC 6265 §4.2.1, and refuses what it does not allow. On an error dst is
// returned as it was. A [Jar] does not use it: it sends back what servers set,
// in whatever grammar.
func AppendCookie(dst []byte, cookies ...Cookie) ([]byte, error) {
	start := len(dst)
	for i, c := range cookies {
		if i > 0 {
			dst = append(dst, "; "...)
		}
		var err error
		if dst, err = appendPair(dst, c.Name, c.Value); err != nil {
			return dst[:start], err
		}
	}
	return dst, nil
}

// appendPair appends a cookie-pair: the value may stand in double quotes.
func appendPair(dst []byte, name, value string) ([]byte, error) {
	if n := ascii.Span(&token, name); n != len(name) || n == 0 {
		return dst, &ParseError{Offset: int64(n), What: "cookie-name", Ref: "RFC 6265 §4.1.1"}
	}
	inner := unquoted(value)
	if n := ascii.Span(&cookieOctet, inner); n != len(inner) {
		return dst, &ParseError{Offset: int64(n + (len(value)-len(inner))/2), What: "cookie-value", Ref: "RFC 6265 §4.1.1"}
	}
	if len(name)+len(value) > defaultMaxCookie {
		return dst, &LimitError{Name: "MaxCookie", Max: defaultMaxCookie}
	}
	dst = append(append(dst, name...), '=')
	return append(dst, value...), nil
}
