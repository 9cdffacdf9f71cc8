package ftp

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
)

// MirrorDown makes a local directory like one of the server's: files whose size
// or time differ are copied, and given the time that they have there. A file
// comes under another name first and takes its own when it is whole; one that
// was cut short is gone on with by the next run, if it has not changed
// meanwhile.
//
// What goes wrong with one file does not stop the others; the error is the
// first. No name leads out of local: it goes through os.Root, and one that is
// none of an entry, such as "../x", is refused (CVE-2018-20685). Links and
// devices are left out.
func (p *Pool) MirrorDown(ctx context.Context, remote string, local *os.Root, opts *MirrorOptions) (MirrorStats, error) {
	m := &mirrorDown{p.newMirror(opts), remote, local}
	return m.run(ctx,
		func() error { return m.dir(ctx, ".", 0) },
		func(f mirrorFile) error { return mirrorError("mirror", f.path, m.copy(ctx, f)) })
}

type mirrorDown struct {
	*mirror
	remote string
	local  *os.Root
}

// dir brings one directory, and what is below it.
func (m *mirrorDown) dir(ctx context.Context, dir string, depth int) error {
	var there []Entry
	err := m.p.With(ctx, func(c *Client) (err error) {
		if depth > c.lim.MaxPathDepth {
			return &LimitError{Name: "MaxPathDepth", Max: int64(c.lim.MaxPathDepth)}
		}
		there, err = c.List(ctx, remotePath(m.remote, dir))
		return err
	})
	if err == nil {
		var here map[string]*Entry
		if here, err = m.list(dir); err == nil {
			return m.compare(ctx, dir, depth, there, here)
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	m.step(MirrorStep{Op: MirrorFail, Path: dir, Err: mirrorError("list", dir, err)})
	return nil
}

// remotePath is a path below the mirrored directory as the server knows it.
func remotePath(root, below string) string {
	if below == "." {
		return root
	}
	return joinName(root, below)
}

// list is what is in a local directory. In a dry run it may not be there.
func (m *mirrorDown) list(dir string) (map[string]*Entry, error) {
	f, err := m.local.Open(dir)
	if errors.Is(err, fs.ErrNotExist) && m.opts.DryRun {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer f.Close()
	infos, err := f.Readdir(-1)
	if err != nil {
		return nil, err
	}
	here := make(map[string]*Entry, len(infos))
	for _, fi := range infos {
		e := EntryOf(fi)
		here[fi.Name()] = &e
	}
	return here, nil
}

// compare goes through the entries of one directory on both sides.
func (m *mirrorDown) compare(ctx context.Context, dir string, depth int, there []Entry, here map[string]*Entry) error {
	var below []string
	keep := map[string]bool{}
	for i := range there {
		e := &there[i]
		name, err := e.LocalName()
		if err == nil && isPart(e) {
			continue
		}
		at := path.Join(dir, e.Name)
		if err == nil && keep[name] {
			err = errTwice
		}
		if err != nil {
			m.step(MirrorStep{Op: MirrorFail, Path: at, Err: mirrorError("mirror", at, err)})
			continue
		}
		keep[name], keep[partName(e)] = true, true
		switch {
		case !m.wanted(at, e):
		case e.Type == EntryDir:
			if m.mkdir(at, here[name]) {
				below = append(below, at)
			}
		case e.Type == EntryFile:
			m.file(ctx, mirrorFile{at, *e, here[name]}, sameFile(e, here[name]), m.remover())
		default:
			m.step(MirrorStep{Op: MirrorLeave, Path: at})
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	m.clean(dir, here, keep)
	for _, d := range below {
		if err := m.dir(ctx, d, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// mkdir makes a directory, unless there is one.
func (m *mirrorDown) mkdir(at string, old *Entry) bool {
	switch {
	case old == nil:
	case old.Type == EntryDir:
		return true
	case !m.opts.Delete:
		m.step(MirrorStep{Op: MirrorMkdir, Path: at, Err: mirrorError("mkdir", at, errInTheWay)})
		return false
	case !m.do(MirrorDelete, at, func() error { return m.local.Remove(at) }):
		return false
	}
	return m.do(MirrorMkdir, at, func() error { return m.local.Mkdir(at, 0o777) })
}

// clean removes what the server does not have, and parts of files that are not
// what they were.
func (m *mirrorDown) clean(dir string, here map[string]*Entry, keep map[string]bool) {
	var gone []string
	for name := range here {
		if !keep[name] && (isPart(here[name]) || m.opts.Delete && m.wanted(path.Join(dir, name), here[name])) {
			gone = append(gone, name)
		}
	}
	slices.Sort(gone)
	for _, name := range gone {
		m.prune(m.remover(), path.Join(dir, name), here[name])
	}
}

func (m *mirrorDown) remover() *remover {
	return &remover{list: m.list, one: func(at string, _ *Entry) error { return m.local.Remove(at) }, all: m.local.RemoveAll}
}

// copy brings a file.
func (m *mirrorDown) copy(ctx context.Context, f mirrorFile) error {
	part := path.Join(path.Dir(f.path), partName(&f.entry))
	w, err := m.local.OpenFile(part, os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return err
	}
	defer w.Close()
	at, err := m.goOn(ctx, w, &f.entry)
	if err != nil {
		return err
	}
	d := download{name: remotePath(m.remote, f.path), at: at, end: -1, size: -1}
	if f.entry.Facts.Has(FactSize) {
		d.size = f.entry.Size
	}
	if at < d.size || d.size <= 0 {
		if err := m.p.download(ctx, &d, w); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	if f.entry.Facts.Has(FactModify) {
		if err := m.local.Chtimes(part, f.entry.ModTime, f.entry.ModTime); err != nil {
			return err
		}
	}
	return m.local.Rename(part, f.path)
}

// goOn puts a part's place behind what has come of it, or at the start if that
// may be of another version of the file, or cannot be gone on with.
func (m *mirrorDown) goOn(ctx context.Context, part *os.File, e *Entry) (int64, error) {
	at, err := part.Seek(0, io.SeekEnd)
	if err != nil || at == 0 {
		return 0, err
	}
	good := at <= e.Size && e.Facts.Has(FactModify)
	err = m.p.With(ctx, func(c *Client) error {
		good = good && c.canRestart()
		return nil
	})
	if err != nil || good {
		return at, err
	}
	if err := part.Truncate(0); err != nil {
		return 0, err
	}
	return part.Seek(0, io.SeekStart)
}
