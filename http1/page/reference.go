package page

import (
	"io"
	"iter"
	"net/url"
	"slices"
	"strings"

	"applayer/internal/ascii"
)

// Reference is an object that a page refers to.
type Reference struct {
	// URL is the object's address, without a fragment.
	URL *url.URL
	// Element and Attribute are where it stood: "img" and "src".
	Element, Attribute string
	// Offset is where the tag begins in the page.
	Offset int64
}

// References yields what the HTML in r refers to, in order, repeated ones too,
// resolved against base, the page's own address. With a nil base, relative
// references stay so, unless a base element gives a whole address. An error of r is yielded last; the end is none.
func References(r io.Reader, base *url.URL) iter.Seq2[Reference, error] {
	return func(yield func(Reference, error) bool) {
		s := scan{base: base}
		for t := NewTokenizer(r, nil); ; {
			tag, err := t.Next()
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(Reference{}, err)
				return
			}
			for ref := range s.references(&tag) {
				if !yield(ref, nil) {
					return
				}
			}
		}
	}
}

// scan is what references depend on besides their tag.
type scan struct {
	base      *url.URL
	based     bool // a base element was seen
	templates int  // how many are open
}

// sources are the attributes that make a browser fetch. Of img and source, the
// second stands in where there is no first.
var sources = []struct{ element, attribute string }{
	{"img", "src"}, {"img", "srcset"}, {"script", "src"}, {"link", "href"},
	{"source", "src"}, {"source", "srcset"}, {"iframe", "src"}, {"frame", "src"},
	{"video", "poster"}, {"video", "src"}, {"audio", "src"}, {"track", "src"},
	{"embed", "src"}, {"object", "data"}, {"input", "src"},
}

// references yields those of one tag.
func (s *scan) references(tag *Tag) iter.Seq[Reference] {
	return func(yield func(Reference) bool) {
		switch {
		case tag.Name == "template":
			s.template(tag.End)
			return
		case tag.End || s.templates > 0:
			return
		case tag.Name == "base":
			s.setBase(tag)
			return
		case !fetched(tag):
			return
		}
		for _, source := range sources {
			if source.element != tag.Name {
				continue
			}
			value, ok := tag.Attr(source.attribute)
			if !ok {
				continue
			}
			if source.attribute == "srcset" {
				if src, ok := tag.Attr("src"); ok && src != "" {
					continue
				}
				value = firstCandidate(value)
			}
			u := s.resolve(value)
			if u != nil && !yield(Reference{u, source.element, source.attribute, tag.Offset}) {
				return
			}
		}
	}
}

func (s *scan) template(end bool) {
	switch {
	case !end:
		s.templates++
	case s.templates > 0:
		s.templates--
	}
}

// setBase takes the first base element with an href (HTML §4.2.3).
func (s *scan) setBase(tag *Tag) {
	href, ok := tag.Attr("href")
	if !ok || s.based {
		return
	}
	s.based = true
	if u := s.resolve(href); u != nil && u.IsAbs() {
		s.base = u
	}
}

// rels are the values of a link's rel for which a browser fetches.
var rels = []string{"stylesheet", "icon", "apple-touch-icon", "preload", "modulepreload", "manifest"}

// fetched tells whether the element's other attributes let its source count.
func fetched(tag *Tag) bool {
	switch tag.Name {
	case "link":
		rel, _ := tag.Attr("rel")
		return slices.ContainsFunc(strings.Fields(rel), func(have string) bool {
			return slices.ContainsFunc(rels, func(want string) bool { return ascii.EqualFold(have, want) })
		})
	case "input":
		kind, _ := tag.Attr("type")
		return ascii.EqualFold(kind, "image")
	case "iframe":
		_, inline := tag.Attr("srcdoc")
		return !inline
	}
	return true
}

// firstCandidate takes the first address of a srcset (HTML §4.8.4.2.1).
func firstCandidate(s string) string {
	s = strings.TrimLeft(s, "\t\n\f\r ,")
	if i := strings.IndexAny(s, "\t\n\f\r "); i >= 0 {
		s = s[:i]
	}
	return strings.TrimRight(s, ",")
}

// resolve makes an address of what stands in an attribute, as browsers do with
// what people write; nil if there is nothing to fetch. A password in a page's
// reference would go to whomever the page's author chose, so like browsers we
// fetch none that has user information of its own.
func (s *scan) resolve(value string) *url.URL {
	value = tidy(value)
	if value == "" || value[0] == '#' {
		return nil
	}
	u, err := url.Parse(value)
	if err != nil || u.User != nil {
		return nil
	}
	if s.base != nil {
		u = s.base.ResolveReference(u)
	}
	switch {
	case u.Opaque != "":
		return nil
	case u.Scheme == "http" || u.Scheme == "https":
		if u.Host == "" {
			return nil
		}
	case u.Scheme != "":
		return nil
	}
	u.Fragment, u.RawFragment = "", ""
	return u
}

// tidy removes white space around an address and line ends within it, turns
// backslashes before the query into slashes, and escapes percent signs that
// escape nothing.
func tidy(s string) string {
	s = strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
	path := true
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\t' || c == '\n' || c == '\r':
		case c == '\\' && path:
			b.WriteByte('/')
		case c == '%' && (len(s)-i < 3 || !ascii.Hex.Has(s[i+1]) || !ascii.Hex.Has(s[i+2])):
			b.WriteString("%25")
		default:
			path = path && c != '?' && c != '#'
			b.WriteByte(c)
		}
	}
	return b.String()
}
