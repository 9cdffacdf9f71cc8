package ftp

import (
	"fmt"
	"path"
	"strings"
)

// resolve makes the name for an [FS] of a path that a client gave, seen from the
// directory cwd, which is such a name too. A path that begins with a slash
// begins at the root, and above the root is the root, as in a Unix file system:
// what a client cannot say cannot lead out. The path is taken as it is, spaces
// and octets that are not UTF-8 included; NUL, CR and LF are in no name that
// could be told in a line.
func resolve(cwd, p string, lim *Limits) (string, error) {
	if strings.ContainsAny(p, "\x00\r\n") {
		return "", fmt.Errorf("ftp: %w", ErrName)
	}
	if !strings.HasPrefix(p, "/") {
		p = cwd + "/" + p
	}
	name := strings.TrimPrefix(path.Clean("/"+p), "/")
	if name == "" {
		return ".", nil
	}
	in := lim.inForce()
	depth := 0
	for element := range strings.SplitSeq(name, "/") {
		if depth++; depth > in.MaxPathDepth {
			return "", &LimitError{Name: "MaxPathDepth", Max: int64(in.MaxPathDepth), Reply: 553}
		}
		if len(element) > in.MaxName {
			return "", &LimitError{Name: "MaxName", Max: int64(in.MaxName), Reply: 553}
		}
	}
	return name, nil
}

// absolute is a name of an [FS] as a client sees it, as in the reply to PWD.
func absolute(name string) string {
	if name == "." {
		return "/"
	}
	return "/" + name
}
