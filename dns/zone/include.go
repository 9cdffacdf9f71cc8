package zone

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"applayer/dns"
)

var (
	errNoFS       = errors.New("no files to include")
	errNotRegular = errors.New("not a regular file")
)

// include is $INCLUDE file [origin]: the file is read in its place, with the
// origin that is in force or its own (RFC 1035 §5.1).
func (r *Reader) include(tokens []dns.Token) *fault {
	const ref = "RFC 1035 §5.1"
	if len(tokens) != 2 && len(tokens) != 3 {
		return syntax(0, "$INCLUDE without a file", ref)
	}
	at, name := tokens[1].Offset, string(tokens[1].Text)
	origin := r.parser.Origin
	if len(tokens) == 3 {
		var err error
		if origin, err = r.parser.Name(tokens[2]); err != nil {
			return faultOf(err)
		}
	}
	depth := 1
	for s := r.src; s.parent != nil; s = s.parent {
		depth++
	}
	switch {
	case depth > r.limits.MaxDepth:
		return limitReached(at, "MaxDepth", r.limits.MaxDepth)
	case r.includes >= r.limits.MaxIncludes:
		return limitReached(at, "MaxIncludes", r.limits.MaxIncludes)
	}
	r.includes++
	f, err := r.open(name)
	if err != nil {
		return &fault{at: at, what: "$INCLUDE " + quoted(tokens[1].Text), err: err}
	}
	r.src = &source{
		name: name, r: f, closer: f,
		parent: r.src, origin: r.parser.Origin,
		owner: r.owner, ownerText: r.ownerText, ownerOrigin: r.ownerOrigin,
	}
	// What follows writes an ownerText of its own.
	r.ownerText = append([]byte(nil), r.ownerText...)
	r.parser.Origin = origin
	return nil
}

// open opens a file to include.
func (r *Reader) open(name string) (fs.File, error) {
	if r.opts.FS == nil {
		return nil, errNoFS
	}
	clean := path.Clean(name)
	if !fs.ValidPath(clean) || clean == "." {
		return nil, fs.ErrInvalid
	}
	f, err := r.opts.FS.Open(clean)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errNotRegular
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// leave goes back to the file that included this one, with its origin and its
// owner; a TTL that was set stays (RFC 1035 §5.1, RFC 2308 §4).
func (r *Reader) leave() error {
	s := r.src
	r.src = s.parent
	r.parser.Origin = s.origin
	r.owner, r.ownerText, r.ownerOrigin = s.owner, s.ownerText, s.ownerOrigin
	if err := s.close(); err != nil {
		return fmt.Errorf("zone: %s: %w", s.name, err)
	}
	return nil
}
