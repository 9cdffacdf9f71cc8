package mime

import (
	"strings"

	"applayer/internal/ascii"
)

// Index finds the parts of a message by the URLs that other parts have for them:
// cid: and mid: (RFC 2392), and the Content-Location of RFC 2557. It does not
// change, and any number of goroutines may use it.
type Index struct {
	byID       map[string]*Entity
	byMessage  map[string]*Entity
	byLocation map[string]*Entity
}

// Index reads the headers of the entity and of all in it. Where two parts have
// the same identifier, the first has it. The error is one of the source.
func (e *Entity) Index() (*Index, error) {
	x := &Index{map[string]*Entity{}, map[string]*Entity{}, map[string]*Entity{}}
	for _, part := range e.Walk() {
		h, err := part.Header()
		if err != nil {
			return nil, err
		}
		put := func(m map[string]*Entity, field string, parse parseFunc[string]) {
			if f, ok := h.Field(field); ok {
				key := parse(f.RawValue(), e.tree.o, nil)
				if _, taken := m[key]; !taken && key != "" {
					m[key] = part
				}
			}
		}
		put(x.byID, "Content-ID", parseMessageID)
		put(x.byLocation, "Content-Location", parseURI)
		if part.parent == nil || part.parent.kind == KindMessage {
			put(x.byMessage, "Message-ID", parseMessageID)
		}
	}
	return x, nil
}

// ByContentID returns the part with a Content-ID, which has no brackets; nil if
// there is none.
func (x *Index) ByContentID(id string) *Entity { return x.byID[id] }

// Resolve returns the part that a URL names, nil if there is none. It may be
// "cid:" with a Content-ID, "mid:" with a Message-ID and, behind a slash, a
// Content-ID in that message (RFC 2392 §2), or what a Content-Location says
// (RFC 2557 §5), which is compared as it is written.
func (x *Index) Resolve(url string) *Entity {
	scheme, rest, ok := strings.Cut(url, ":")
	switch {
	case ok && ascii.EqualFold(scheme, "cid"):
		return x.byID[percentDecoded(rest)]
	case ok && ascii.EqualFold(scheme, "mid"):
		return x.resolveMID(rest)
	}
	return x.byLocation[url]
}

// resolveMID finds a message, or a part of it.
func (x *Index) resolveMID(rest string) *Entity {
	message, id, hasID := strings.Cut(rest, "/")
	m := x.byMessage[percentDecoded(message)]
	if m == nil || !hasID {
		return m
	}
	part := x.byID[percentDecoded(id)]
	for e := part; e != nil; e = e.parent {
		if e == m {
			return part
		}
	}
	return nil
}

// Start returns the part of a multipart/related from which the others are
// reached: the one that the parameter start names, or else the first
// (RFC 2387 §3.2). It is nil where there are no parts, and the error one of the
// source.
func (e *Entity) Start() (*Entity, error) {
	start := parseMessageID(e.MediaType().Get("start"), e.tree.o, nil)
	if start == "" {
		return e.first, nil
	}
	for part := range e.Children() {
		h, err := part.Header()
		if err != nil {
			return nil, err
		}
		if f, ok := h.Field("Content-ID"); ok && parseMessageID(f.RawValue(), e.tree.o, nil) == start {
			return part, nil
		}
	}
	return e.first, nil
}
