package ftp

import (
	"strings"
	"unicode/utf8"
)

// Match tells whether name is what pattern describes: * any characters, ? one,
// [a-z] one of a class, [^a-z] and [!a-z] one not of it, and \ takes the
// character after it as it is. Neither is cut at slashes: both are one element
// of a path. A class without its end is taken as it is written.
//
// It takes at most as many steps as the pattern is long times the name, however
// many stars there are: since a star takes anything, only the last one passed
// need ever take more. Trying all of them takes a time that grows with their
// number as an exponent, by which one LIST could hold a server (CVE-2011-0762).
func Match(pattern, name string) bool {
	star, mark := -1, 0  // where to go on when the last star takes more
	open := len(pattern) // from here on no class has an end
	p, n := 0, 0
	for n < len(name) {
		if p < len(pattern) && pattern[p] == '*' {
			p++
			star, mark = p, n
			continue
		}
		if p < len(pattern) {
			pn, nn, ok := matchOne(pattern[p:], name[n:], p < open)
			if pn == 0 {
				open = p
				continue
			}
			if ok {
				p, n = p+pn, n+nn
				continue
			}
		}
		if star < 0 {
			return false
		}
		_, size := utf8.DecodeRuneInString(name[mark:])
		mark += size
		p, n = star, mark
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// matchOne matches one character of name, which has one, with what the pattern
// begins with, which is no star, and tells how many octets both take; pn is 0
// for a class without its end. Without classes, [ is itself.
func matchOne(pattern, name string, classes bool) (pn, nn int, ok bool) {
	r, nn := utf8.DecodeRuneInString(name)
	switch {
	case pattern[0] == '?':
		return 1, nn, true
	case pattern[0] == '[' && classes:
		pn, ok = matchClass(pattern, name[:nn], r)
		return pn, nn, ok
	case pattern[0] == '\\' && len(pattern) > 1:
		return 2, 1, pattern[1] == name[0]
	}
	return 1, 1, pattern[0] == name[0]
}

// matchClass matches the character r, whose octets are s, with the class that
// pattern begins with; pn is 0 where the class has no end.
func matchClass(pattern, s string, r rune) (pn int, ok bool) {
	p := 1
	negated := p < len(pattern) && (pattern[p] == '^' || pattern[p] == '!')
	if negated {
		p++
	}
	in := false
	for first := true; ; first = false {
		if p >= len(pattern) {
			return 0, false
		}
		if pattern[p] == ']' && !first {
			return p + 1, in != negated
		}
		lo, los, n := classRune(pattern[p:])
		p += n
		hi, his := lo, los
		if p+1 < len(pattern) && pattern[p] == '-' && pattern[p+1] != ']' {
			hi, his, n = classRune(pattern[p+1:])
			p += 1 + n
		}
		// An octet that is not UTF-8 is itself and within no range.
		if r == utf8.RuneError && len(s) == 1 {
			in = in || s == los || s == his
		} else {
			in = in || lo <= r && r <= hi
		}
	}
}

// classRune takes a character of a class from pattern, which is not empty.
func classRune(pattern string) (r rune, s string, n int) {
	esc := 0
	if pattern[0] == '\\' && len(pattern) > 1 {
		esc = 1
	}
	r, n = utf8.DecodeRuneInString(pattern[esc:])
	return r, pattern[esc : esc+n], esc + n
}

// hasMeta tells whether a pattern is more than one name.
func hasMeta(pattern string) bool { return strings.ContainsAny(pattern, `*?[\`) }
