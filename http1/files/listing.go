package files

import (
	"cmp"
	"errors"
	"html"
	"io"
	"io/fs"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"applayer/http1"
)

const defaultMaxListing = 10000

// list answers with the names in a folder that stands open.
func (s *FileServer) list(w *http1.ResponseWriter, r *http1.Request, p place, dir *opened) {
	names, more, err := s.names(p, dir)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	title := "/"
	if p.name != "." {
		title += p.name + "/"
	}
	page := listing(title, p.name != ".", names, more)
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(page)))
	// Nothing in a list of names needs a script, whatever the names are.
	h.Set("Content-Security-Policy", "default-src 'none'")
	w.WriteString(page)
}

// names returns the names to be shown, sorted, folders with a slash, and
// whether there are more than the limit allows.
func (s *FileServer) names(p place, dir *opened) (names []string, more bool, err error) {
	d, ok := dir.File.(fs.ReadDirFile)
	if !ok {
		return nil, false, &fs.PathError{Op: "readdir", Path: p.name, Err: errors.ErrUnsupported}
	}
	limit := s.MaxListing
	if limit == 0 {
		limit = defaultMaxListing
	}
	want := -1
	if limit > 0 {
		want = limit + 1
	}
	entries, err := d.ReadDir(want)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, false, err
	}
	if limit > 0 && len(entries) > limit {
		entries, more = entries[:limit], true
	}
	for _, e := range entries {
		name := e.Name()
		if !s.shown(p, name) {
			continue
		}
		if e.IsDir() {
			name += "/"
		}
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(a, b) })
	return names, more, nil
}

// shown tells whether a name is one that a request could have.
func (s *FileServer) shown(p place, name string) bool {
	switch {
	case !utf8.ValidString(name), strings.Contains(name, `\`), strings.HasPrefix(name, tempPrefix):
		return false
	case strings.HasPrefix(name, "."):
		return s.Dotfiles || p.name == "." && name == ".well-known"
	}
	return true
}

// listing returns the page. Names are escaped twice, for a link and for HTML;
// a link begins with "./", so that a name with a colon has no scheme.
func listing(title string, up bool, names []string, more bool) string {
	var b strings.Builder
	title = html.EscapeString(title)
	b.WriteString("<!DOCTYPE html>\n<html>\n<head><meta charset=\"utf-8\"><title>" + title + "</title></head>\n<body>\n<h1>" + title + "</h1>\n<ul>\n")
	if up {
		b.WriteString("<li><a href=\"../\">../</a></li>\n")
	}
	for _, name := range names {
		link := url.URL{Path: "./" + name}
		b.WriteString("<li><a href=\"" + html.EscapeString(link.EscapedPath()) + "\">" + html.EscapeString(name) + "</a></li>\n")
	}
	b.WriteString("</ul>\n")
	if more {
		b.WriteString("<p>Only " + strconv.Itoa(len(names)) + " names are shown.</p>\n")
	}
	b.WriteString("</body>\n</html>\n")
	return b.String()
}
