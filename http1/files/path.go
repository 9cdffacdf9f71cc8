package files

import (
	"path"
	"runtime"
	"strings"
	"unicode/utf8"

	"applayer/http1"
)

// place is what a path means.
type place struct {
	// name is relative to the root, with slashes; "." is the root itself.
	name string
	// slash tells that the path ends as a folder's does.
	slash bool
	// hidden tells that a part of the name begins with a dot, or has the form
	// of our temporary files.
	hidden bool
}

// resolve finds the place of a target's path, which is percent-encoded. The
// status is 0, or what to answer.
func (s *FileServer) resolve(target string) (p place, status int) {
	decoded, ok := decodePath(target)
	if !ok {
		return place{}, http1.StatusBadRequest
	}
	rooted := decoded
	if !strings.HasPrefix(rooted, "/") {
		rooted = "/" + rooted
	}
	clean := path.Clean(rooted) // allocates only where there is something to clean
	p.slash = decoded == "" || strings.HasSuffix(decoded, "/") || strings.HasSuffix(decoded, "/.") || strings.HasSuffix(decoded, "/..")
	if prefix := strings.TrimSuffix(s.Prefix, "/"); prefix != "" {
		rest, ok := strings.CutPrefix(clean, prefix)
		if !ok || rest != "" && rest[0] != '/' {
			return place{}, http1.StatusNotFound
		}
		clean = rest
	}
	p.name = strings.TrimPrefix(clean, "/")
	first := true
	for part := range strings.SplitSeq(p.name, "/") {
		if strings.HasPrefix(part, tempPrefix) ||
			strings.HasPrefix(part, ".") && !s.Dotfiles && (!first || part != ".well-known") {
			p.hidden = true
		}
		first = false
	}
	if p.name == "" {
		p.name = "."
	}
	// A colon would name another stream of a file on NTFS.
	if runtime.GOOS == "windows" && strings.Contains(p.name, ":") {
		return place{}, http1.StatusNotFound
	}
	return p, 0
}

// decodePath removes the percent-encoding, once (RFC 3986 §2.4). It is not ok
// for what a file's name cannot have or what serves to deceive: NUL, which ends
// a name in C; a backslash, which is a slash to some; a slash that was encoded;
// and octets that are not UTF-8, such as a dot or slash in an overlong form
// (RFC 3629 §10).
func decodePath(s string) (string, bool) {
	if strings.IndexByte(s, '%') < 0 {
		return s, acceptable(s)
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' {
			if i+2 >= len(s) {
				return "", false
			}
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
			if hi < 0 || lo < 0 {
				return "", false
			}
			c = byte(hi<<4 | lo)
			if c == '/' {
				return "", false
			}
			i += 2
		}
		b = append(b, c)
	}
	return string(b), acceptable(string(b))
}

func acceptable(s string) bool { return !strings.ContainsAny(s, "\x00\\") && utf8.ValidString(s) }

// unhex returns the value of a hexadecimal digit, -1 for none.
func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}
