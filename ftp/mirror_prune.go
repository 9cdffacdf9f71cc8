package ftp

import (
	"maps"
	"path"
	"slices"
)

// remover is how a mirror removes things at its destination.
type remover struct {
	// list is what is in a directory.
	list func(dir string) (map[string]*Entry, error)
	// one removes a file or an empty directory, all whatever there is.
	one func(path string, e *Entry) error
	all func(path string) error
}

// prune removes what the source does not have, and tells whether it is gone: a
// directory with something that the filter leaves out stays, with that.
func (m *mirror) prune(r *remover, at string, e *Entry) (gone bool) {
	if m.opts.Filter == nil {
		return m.do(MirrorDelete, at, func() error { return r.all(at) })
	}
	if e.Type == EntryDir {
		below, err := r.list(at)
		if err != nil {
			m.step(MirrorStep{Op: MirrorFail, Path: at, Err: mirrorError("list", at, err)})
			return false
		}
		gone = true
		for _, name := range slices.Sorted(maps.Keys(below)) {
			one := path.Join(at, name)
			if !m.wanted(one, below[name]) || !m.prune(r, one, below[name]) {
				gone = false
			}
		}
		if !gone {
			return false
		}
	}
	return m.do(MirrorDelete, at, func() error { return r.one(at, e) })
}
