package cookie

import (
	"strconv"
	"strings"
	"time"

	"applayer/internal/ascii"
)

// The Netscape cookie file has no standard; this is what curl, wget and
// browsers' exports agree on. A line is a cookie: domain, whether the hosts
// below it are meant, path, whether it is Secure, the end as seconds since 1970
// (0 for the end of the session), name and value, with a tab between each two.
// A "#" makes a line a comment, but "#HttpOnly_" marks the cookie behind it.
const (
	netscapeHeader   = "# Netscape HTTP Cookie File\n"
	netscapeHTTPOnly = "#HttpOnly_"
	// netscapeSameSite stands on a line of its own before a cookie's, where
	// other programs take it for a comment: the format has no column for it.
	netscapeSameSite = "# SameSite="
)

// maxDamaged bounds how many damaged lines of a file are told apart.
const maxDamaged = 100

// ParseNetscape takes the cookies of a file in the Netscape format. A damaged
// line is lost and no other: each gives an error with its line and offset, of
// which the first hundred are returned. Lim bounds a line's name and value;
// nil means all defaults.
func ParseNetscape(text string, lim *Limits) (cookies []Stored, damaged []*ParseError) {
	l := lim.filled()
	sameSite := SameSiteUnset
	offset, number := 0, 0
	for line := range strings.Lines(text) {
		number++
		at := offset
		offset += len(line)
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if v, found := strings.CutPrefix(line, netscapeSameSite); found {
			sameSite = parseSameSite(v)
			continue
		}
		if line == "" || line[0] == '#' && !strings.HasPrefix(line, netscapeHTTPOnly) {
			continue
		}
		c, err := parseNetscapeLine(line, &l)
		if err == nil {
			c.SameSite = sameSite
			cookies = append(cookies, c)
		} else if len(damaged) < maxDamaged {
			err.Offset += int64(at)
			err.Line = number
			damaged = append(damaged, err)
		}
		sameSite = SameSiteUnset
	}
	return cookies, damaged
}

// parseNetscapeLine takes one cookie. Its strings do not keep the file's text.
func parseNetscapeLine(line string, l *Limits) (Stored, *ParseError) {
	var c Stored
	rest := strings.Clone(line)
	rest, c.HttpOnly = strings.CutPrefix(rest, netscapeHTTPOnly)
	var field [7]string
	for i := range field {
		at := len(line) - len(rest)
		var more bool
		field[i], rest, more = strings.Cut(rest, "\t")
		// Some programs cut the tab before an empty value.
		if !more && i < 5 || more && i == 6 {
			return c, &ParseError{Offset: int64(at), What: "seven fields of a cookie line"}
		}
		if what := c.netscapeField(i, field[i], l); what != "" {
			return c, &ParseError{Offset: int64(at), What: what}
		}
	}
	return c, nil
}

// netscapeField takes one field and returns what is wrong with it.
func (c *Stored) netscapeField(i int, s string, l *Limits) string {
	switch i {
	case 0:
		if c.Domain = canonicalHost(strings.TrimPrefix(s, ".")); c.Domain == "" {
			return "domain"
		}
	case 1:
		below, ok := parseTrue(s)
		if c.HostOnly = !below; !ok {
			return "TRUE or FALSE"
		}
	case 2:
		if c.Path = s; !storablePath(s) {
			return "path"
		}
	case 3:
		var ok bool
		if c.Secure, ok = parseTrue(s); !ok {
			return "TRUE or FALSE"
		}
	case 4:
		seconds, n, err := ascii.Decimal(s, uint64(latest.Unix()))
		switch {
		case err == ascii.ErrOverflow && ascii.Span(&ascii.Digit, s) == len(s):
			c.Expires = latest
		case err != nil || n != len(s):
			return "seconds since 1970"
		case seconds != 0:
			c.Expires = time.Unix(int64(seconds), 0).UTC()
		}
	case 5:
		if c.Name = s; !storable(s, ";=") || s == "" || len(s) > l.MaxCookie {
			return "name"
		}
	case 6:
		if c.Value = s; !storable(s, ";") || len(s) > l.MaxCookie-len(c.Name) {
			return "value"
		}
	}
	return ""
}

func parseTrue(s string) (is, ok bool) {
	is = ascii.EqualFold(s, "TRUE")
	return is, is || ascii.EqualFold(s, "FALSE")
}

// storable tells whether s may stand in a line of a file and in a Cookie field.
func storable(s, but string) bool {
	for i := range len(s) {
		if ascii.Ctl.Has(s[i]) {
			return false
		}
	}
	return !strings.ContainsAny(s, but)
}

// storablePath tells whether s is a path that may stand in a line. It never
// goes into a Cookie field, and a default-path may have semicolons.
func storablePath(s string) bool { return s != "" && s[0] == '/' && storable(s, "") }

// AppendNetscape appends a cookie as a line of a file in the Netscape format,
// with a comment before it that keeps its SameSite. It refuses what
// [ParseNetscape] would not take, such as a value with a tab in it; then dst is
// returned as it was.
func AppendNetscape(dst []byte, c *Stored) ([]byte, error) {
	switch {
	case canonicalHost(c.Domain) != c.Domain || c.Domain == "":
		return dst, &ParseError{What: "domain"}
	case !storablePath(c.Path):
		return dst, &ParseError{What: "path"}
	case !storable(c.Name, ";=") || c.Name == "":
		return dst, &ParseError{What: "name"}
	case !storable(c.Value, ";"):
		return dst, &ParseError{What: "value"}
	}
	if c.SameSite != SameSiteUnset {
		dst = append(append(append(dst, netscapeSameSite...), c.SameSite.String()...), '\n')
	}
	if c.HttpOnly {
		dst = append(dst, netscapeHTTPOnly...)
	}
	if !c.HostOnly {
		dst = append(dst, '.')
	}
	dst = append(append(dst, c.Domain...), '\t')
	dst = append(append(appendTrue(dst, !c.HostOnly), '\t'), c.Path...)
	dst = append(appendTrue(append(dst, '\t'), c.Secure), '\t')
	seconds := int64(0)
	if !c.Expires.IsZero() {
		// A date before 1970 is past, whichever it is; 0 would mean none.
		seconds = max(c.Expires.Unix(), 1)
	}
	dst = append(strconv.AppendInt(dst, seconds, 10), '\t')
	dst = append(append(dst, c.Name...), '\t')
	return append(append(dst, c.Value...), '\n'), nil
}

func appendTrue(dst []byte, is bool) []byte {
	if is {
		return append(dst, "TRUE"...)
	}
	return append(dst, "FALSE"...)
}
