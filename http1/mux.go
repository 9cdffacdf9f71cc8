package http1

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Mux is a [Handler] that gives each request to the handler of the pattern that
// its method, host and path match. The zero value has no patterns. Patterns may
// be added while it serves.
//
// # Patterns
//
// A pattern is "[METHOD ][HOST]/PATH", such as "GET /animals/{name}". Without a
// method it stands for all, without a host for all. GET answers HEAD too, if
// HEAD has no handler of its own; OPTIONS is answered with the methods there
// are (RFC 9110 §9.3.7).
//
// The path is matched part by part, the parts being what stands between
// slashes, percent-decoded. "{name}" stands for one part that is not empty;
// "{name...}" at the end for all that is left, which may be nothing. Any other
// part, the empty one at the end too, stands for itself: "/dir/" is not "/dir",
// and nothing below it. What matched a name is [Request.PathValue].
//
// Where several patterns match, one with a host comes before one without; then
// the first part that differs decides: itself before "{name}" before
// "{name...}".
//
// A name never matches "." or "..", nor a part with a NUL, however they are
// encoded, so that a value joined to a path stays below it.
//
// # Answers of its own
//
// 404 where no path matches; 405 with Allow where one does and not the method
// (RFC 9110 §15.5.6); 501 for a method that neither RFC 9110, RFC 5789 nor a
// pattern knows (RFC 9110 §9.1).
type Mux struct {
	mu      sync.RWMutex
	hosts   map[string]*muxNode // by host in lower case, without port; "" is any
	methods map[string]bool     // those that patterns name
	connect Handler
}

// muxNode is what patterns have in common up to one part.
type muxNode struct {
	parts map[string]*muxNode
	name  *muxNode // "{name}"
	ends  *muxEnd  // of patterns that end here
	rest  *muxEnd  // "{name...}" behind
}

// muxEnd is the patterns that differ in their methods alone.
type muxEnd struct {
	routes map[string]*muxRoute // by method; "" is any
}

// muxRoute is one pattern.
type muxRoute struct {
	handler Handler
	names   []string // of the parts that are no literals, in order
}

// Handle adds a pattern. "CONNECT" alone is the pattern of the requests in
// authority-form, which have no path. It panics where the pattern is no
// pattern, or another one has the same method, host and path but for the names.
func (m *Mux) Handle(pattern string, h Handler) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if pattern == MethodConnect {
		m.connect = h
		return
	}
	method, rest, ok := strings.Cut(pattern, " ")
	if !ok {
		method, rest = "", pattern
	}
	host, path, ok := strings.Cut(rest, "/")
	if !ok || ok && method != "" && !IsToken(method) || !IsHost(host) {
		panic("http1: pattern " + pattern + ": not [METHOD ][HOST]/PATH")
	}
	if m.hosts == nil {
		m.hosts, m.methods = map[string]*muxNode{}, map[string]bool{}
	}
	host = strings.ToLower(host)
	node := m.hosts[host]
	if node == nil {
		node = &muxNode{}
		m.hosts[host] = node
	}
	end, names := node.insert(pattern, path)
	if end.routes[method] != nil {
		panic("http1: pattern " + pattern + ": there is another like it")
	}
	end.routes[method] = &muxRoute{handler: h, names: names}
	if method != "" {
		m.methods[method] = true
	}
}

// HandleFunc is [Mux.Handle] for a function.
func (m *Mux) HandleFunc(pattern string, f func(ctx context.Context, w *ResponseWriter, r *Request)) {
	m.Handle(pattern, HandlerFunc(f))
}

// insert makes the nodes of a path and returns where it ends.
func (n *muxNode) insert(pattern, path string) (end *muxEnd, names []string) {
	for {
		part, rest, more := strings.Cut(path, "/")
		name, isName := strings.CutPrefix(part, "{")
		name, closed := strings.CutSuffix(name, "}")
		name, isRest := strings.CutSuffix(name, "...")
		switch {
		case !isName:
			n = n.part(part)
		case !closed, name == "", isRest && more, slices.Contains(names, name):
			panic("http1: pattern " + pattern + ": bad name " + part)
		case isRest:
			return endOf(&n.rest), append(names, name)
		default:
			names = append(names, name)
			if n.name == nil {
				n.name = &muxNode{}
			}
			n = n.name
		}
		if !more {
			return endOf(&n.ends), names
		}
		path = rest
	}
}

func (n *muxNode) part(part string) *muxNode {
	if n.parts == nil {
		n.parts = map[string]*muxNode{}
	}
	if n.parts[part] == nil {
		n.parts[part] = &muxNode{}
	}
	return n.parts[part]
}

func endOf(e **muxEnd) *muxEnd {
	if *e == nil {
		*e = &muxEnd{routes: map[string]*muxRoute{}}
	}
	return *e
}

// ServeHTTP gives the request to the handler of the best pattern.
func (m *Mux) ServeHTTP(ctx context.Context, w *ResponseWriter, r *Request) {
	s := muxSearch{method: r.Method, values: r.pathValues[:0]}
	route := m.find(r, &s)
	if route == nil {
		s.collect = true
		m.find(r, &s)
		m.refuse(w, r, &s)
		return
	}
	for i, name := range route.names {
		s.values[i].Name = name
	}
	r.pathValues = s.values
	route.handler.ServeHTTP(ctx, w, r)
}

// muxSearch is the search for a pattern.
type muxSearch struct {
	method  string
	values  []Field // what the names matched so far
	collect bool    // what matches but for its method goes to ends
	ends    []*muxEnd
}

// find returns the route for a request, nil if there is none.
func (m *Mux) find(r *Request, s *muxSearch) *muxRoute {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if r.Target.Form == AuthorityForm {
		if m.connect == nil {
			return nil
		}
		return &muxRoute{handler: m.connect}
	}
	if r.Target.Path == "" {
		return nil // asterisk-form
	}
	if len(m.hosts) > 1 || m.hosts[""] == nil {
		host, _, _ := splitHostPort(r.Target.Authority)
		if n := m.hosts[strings.ToLower(host)]; n != nil && host != "" {
			if route := s.search(n, r.Target.Path[1:]); route != nil {
				return route
			}
		}
	}
	if n := m.hosts[""]; n != nil {
		return s.search(n, r.Target.Path[1:])
	}
	return nil
}

// search looks below n for the best pattern of a path and the method. Each node
// is seen once at most, so its time grows with the patterns that match the
// path's beginnings, and not beyond.
func (s *muxSearch) search(n *muxNode, path string) *muxRoute {
	raw, rest, more := strings.Cut(path, "/")
	part, isClean := decodePart(raw)
	known := len(s.values)
	if next := n.parts[part]; next != nil {
		if route := s.below(next, rest, more); route != nil {
			return route
		}
	}
	if n.name != nil && isClean && part != "" {
		s.values = append(s.values, Field{Value: part})
		if route := s.below(n.name, rest, more); route != nil {
			return route
		}
		s.values = s.values[:known]
	}
	if n.rest != nil {
		if value, ok := decodeRest(path); ok {
			s.values = append(s.values, Field{Value: value})
			if route := s.end(n.rest); route != nil {
				return route
			}
			s.values = s.values[:known]
		}
	}
	return nil
}

// below goes on behind a part that matched.
func (s *muxSearch) below(n *muxNode, rest string, more bool) *muxRoute {
	if more {
		return s.search(n, rest)
	}
	return s.end(n.ends)
}

// end chooses by the method.
func (s *muxSearch) end(e *muxEnd) *muxRoute {
	if e == nil {
		return nil
	}
	if s.collect {
		s.ends = append(s.ends, e)
	}
	if route := e.routes[s.method]; route != nil {
		return route
	}
	if s.method == MethodHead && e.routes[MethodGet] != nil {
		return e.routes[MethodGet]
	}
	return e.routes[""]
}

// refuse answers a request that no pattern matches.
func (m *Mux) refuse(w *ResponseWriter, r *Request, s *muxSearch) {
	switch {
	case !m.knows(r.Method):
		w.Error(StatusNotImplemented, "method not known: "+clip(r.Method))
	case r.Target.Form == AsteriskForm || r.Method == MethodOptions && r.Target.Path == "":
		w.Header().Set("Allow", m.allMethods())
		w.WriteHeader(StatusNoContent)
	case len(s.ends) == 0:
		w.Error(StatusNotFound, "not found")
	case r.Method == MethodOptions:
		w.Header().Set("Allow", s.allow())
		w.WriteHeader(StatusNoContent)
	default:
		w.Header().Set("Allow", s.allow())
		w.Error(StatusMethodNotAllowed, "method not allowed: "+clip(r.Method))
	}
}

// knows tells whether a method means something here.
func (m *Mux) knows(method string) bool {
	if isKnownMethod(method) {
		return true
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.methods[method]
}

// isKnownMethod tells the methods of RFC 9110 §9.3 and RFC 5789.
func isKnownMethod(method string) bool {
	switch method {
	case MethodGet, MethodHead, MethodPost, MethodPut, MethodDelete, MethodConnect, MethodOptions, MethodTrace, MethodPatch:
		return true
	}
	return false
}

// allow lists the methods of the patterns that matched (RFC 9110 §10.2.1).
func (s *muxSearch) allow() string {
	methods := map[string]bool{MethodOptions: true}
	for _, e := range s.ends {
		for method := range e.routes {
			methods[method] = true
		}
	}
	return listMethods(methods)
}

// allMethods lists the methods that some pattern has.
func (m *Mux) allMethods() string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	methods := maps.Clone(m.methods)
	if methods == nil {
		methods = map[string]bool{}
	}
	methods[MethodOptions] = true
	return listMethods(methods)
}

func listMethods(methods map[string]bool) string {
	if methods[MethodGet] {
		methods[MethodHead] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(methods)), ", ")
}

// decodePart decodes a part of a path. It is clean unless it is "." or "..", or
// has a NUL: then it can be no more than itself.
func decodePart(raw string) (part string, isClean bool) {
	part = raw
	if strings.IndexByte(raw, '%') >= 0 {
		part = pctDecode(raw)
	}
	return part, part != "." && part != ".." && strings.IndexByte(part, 0) < 0
}

// decodeRest decodes the parts of what "{name...}" stands for, ok if all are
// clean.
func decodeRest(path string) (string, bool) {
	for part := range strings.SplitSeq(path, "/") {
		if _, isClean := decodePart(part); !isClean {
			return "", false
		}
	}
	if strings.IndexByte(path, '%') < 0 {
		return path, true
	}
	decoded := pctDecode(path)
	// An encoded slash may have made parts that the loop did not see.
	for part := range strings.SplitSeq(decoded, "/") {
		if part == "." || part == ".." {
			return "", false
		}
	}
	return decoded, true
}

// pctDecode decodes percent-encoded octets (RFC 3986 §2.1), which are whole
// in a target that was parsed.
func pctDecode(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' && i+2 < len(s) {
			c = hexValue(s[i+1])<<4 | hexValue(s[i+2])
			i += 2
		}
		b = append(b, c)
	}
	return string(b)
}

// PathValue returns what the part called name of a [Mux]'s pattern matched,
// percent-decoded, or "". A value of "{name}" may hold a slash, if it came
// encoded.
func (r *Request) PathValue(name string) string {
	for i := range r.pathValues {
		if r.pathValues[i].Name == name {
			return r.pathValues[i].Value
		}
	}
	return ""
}
