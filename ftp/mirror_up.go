package ftp

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// MirrorUp makes a directory of the server's like a local one, as
// [Pool.MirrorDown] does the other way: files whose size or time differ are
// sent, and given the time that they have here, where the server takes it.
//
// A file of 1 MiB and more goes under another name first and takes its own when
// it is whole, and what was cut short is gone on with by the next run.
func (p *Pool) MirrorUp(ctx context.Context, local *os.Root, remote string, opts *MirrorOptions) (MirrorStats, error) {
	m := &mirrorUp{mirror: p.newMirror(opts), remote: remote, local: local}
	return m.run(ctx,
		func() error { return m.top(ctx) },
		func(f mirrorFile) error { return mirrorError("mirror", f.path, m.copy(ctx, f)) })
}

type mirrorUp struct {
	*mirror
	remote string
	local  *os.Root
	// keeps tells that the server keeps the times that files have here.
	keeps bool
	depth int // MaxPathDepth
}

// top begins with the mirrored directory itself, which is made if it is not
// there.
func (m *mirrorUp) top(ctx context.Context) error {
	made := false
	err := m.p.With(ctx, func(c *Client) error {
		m.keeps, m.depth = c.features.Has("MFMT"), c.lim.MaxPathDepth
		return nil
	})
	if err != nil {
		return err
	}
	if m.remote != "" {
		err := m.p.With(ctx, func(c *Client) error {
			_, err := c.Stat(ctx, m.remote)
			return err
		})
		if errors.Is(err, fs.ErrNotExist) {
			made = true
			if !m.do(MirrorMkdir, ".", func() error { return m.mkdir(ctx, ".") }) {
				return nil
			}
		} else if err != nil {
			return err
		}
	}
	return m.dir(ctx, ".", made)
}

func (m *mirrorUp) mkdir(ctx context.Context, at string) error {
	return m.p.With(ctx, func(c *Client) error { return c.MakeDir(ctx, remotePath(m.remote, at)) })
}

// dir sends one directory, and what is below it. One that was made just now is
// empty.
func (m *mirrorUp) dir(ctx context.Context, dir string, made bool) error {
	here, err := fs.ReadDir(m.local.FS(), dir)
	there := map[string]*Entry{}
	if err == nil && !made {
		there, err = m.list(ctx, dir)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		m.step(MirrorStep{Op: MirrorFail, Path: dir, Err: mirrorError("list", dir, err)})
		return nil
	}
	return m.compare(ctx, dir, here, there)
}

// list is what is in a directory of the server's.
func (m *mirrorUp) list(ctx context.Context, dir string) (map[string]*Entry, error) {
	there := map[string]*Entry{}
	err := m.p.With(ctx, func(c *Client) error {
		entries, err := c.List(ctx, remotePath(m.remote, dir))
		for i := range entries {
			there[entries[i].Name] = &entries[i]
		}
		return err
	})
	return there, err
}

// subdir is a directory that is still to be sent.
type subdir struct {
	at   string
	made bool
}

// compare goes through the entries of one directory on both sides.
func (m *mirrorUp) compare(ctx context.Context, dir string, here []fs.DirEntry, there map[string]*Entry) error {
	var below []subdir
	keep := map[string]bool{}
	for _, d := range here {
		at := path.Join(dir, d.Name())
		fi, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil && strings.ContainsAny(d.Name(), "\r\n") {
			err = ErrName
		}
		if err != nil {
			m.step(MirrorStep{Op: MirrorFail, Path: at, Err: mirrorError("mirror", at, err)})
			continue
		}
		e := EntryOf(fi)
		if isPart(&e) {
			continue
		}
		keep[e.Name], keep[partName(&e)] = true, true
		switch old := there[e.Name]; {
		case !m.wanted(at, &e):
		case e.Type == EntryDir:
			if made, ok := m.subdir(ctx, at, old); ok {
				below = append(below, subdir{at, made})
			}
		case e.Type == EntryFile:
			same := sameFile(&e, old) || !m.keeps && newerFile(&e, old)
			m.file(ctx, mirrorFile{at, e, old}, same, m.remover(ctx))
		default:
			m.step(MirrorStep{Op: MirrorLeave, Path: at})
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	m.clean(ctx, dir, there, keep)
	for _, d := range below {
		if err := m.dir(ctx, d.at, d.made); err != nil {
			return err
		}
	}
	return nil
}

// subdir makes a directory, unless there is one.
func (m *mirrorUp) subdir(ctx context.Context, at string, old *Entry) (made, ok bool) {
	switch {
	case old == nil:
	case old.Type == EntryDir:
		return false, true
	case !m.opts.Delete:
		m.step(MirrorStep{Op: MirrorMkdir, Path: at, Err: mirrorError("mkdir", at, errInTheWay)})
		return false, false
	case !m.do(MirrorDelete, at, func() error { return m.remove(ctx, at) }):
		return false, false
	}
	return true, m.do(MirrorMkdir, at, func() error { return m.mkdir(ctx, at) })
}

func (m *mirrorUp) remove(ctx context.Context, at string) error {
	return m.p.With(ctx, func(c *Client) error { return c.RemoveAll(ctx, remotePath(m.remote, at)) })
}

// newerFile tells whether a file was sent since it was changed here, as far as
// a server tells that gives files times of its own.
func newerFile(source, dest *Entry) bool {
	return dest != nil && dest.Type == EntryFile && source.Size == dest.Size &&
		dest.Facts.Has(FactModify) && dest.ModTime.Add(dest.Precision).After(source.ModTime)
}

// clean removes what is not here, and parts of files that are not what they
// were.
func (m *mirrorUp) clean(ctx context.Context, dir string, there map[string]*Entry, keep map[string]bool) {
	var gone []string
	for name, e := range there {
		if _, err := e.LocalName(); err != nil || keep[name] {
			continue
		}
		if isPart(e) || m.opts.Delete && m.wanted(path.Join(dir, name), e) {
			gone = append(gone, name)
		}
	}
	slices.Sort(gone)
	for _, name := range gone {
		m.prune(m.remover(ctx), path.Join(dir, name), there[name])
	}
}

// remover asks the server. What it lists may be any names, and go on for ever.
func (m *mirrorUp) remover(ctx context.Context) *remover {
	return &remover{
		list: func(dir string) (there map[string]*Entry, err error) {
			there, err = m.list(ctx, dir)
			for _, e := range there {
				if _, bad := e.LocalName(); bad != nil && err == nil {
					err = bad
				}
			}
			if err == nil && strings.Count(dir, "/") > m.depth {
				err = &LimitError{Name: "MaxPathDepth", Max: int64(m.depth)}
			}
			return there, err
		},
		one: func(at string, e *Entry) error {
			return m.p.With(ctx, func(c *Client) error {
				if e.Type == EntryDir {
					return c.RemoveDir(ctx, remotePath(m.remote, at))
				}
				return c.Remove(ctx, remotePath(m.remote, at))
			})
		},
		all: func(at string) error { return m.remove(ctx, at) },
	}
}

// copy sends a file.
func (m *mirrorUp) copy(ctx context.Context, f mirrorFile) error {
	src, err := m.local.Open(f.path)
	if err != nil {
		return err
	}
	defer src.Close()
	name := remotePath(m.remote, f.path)
	if f.entry.Size < minResume {
		err = m.p.Upload(ctx, name, src)
	} else {
		err = m.copyPart(ctx, name, remotePath(m.remote, path.Join(path.Dir(f.path), partName(&f.entry))), src, f.old)
	}
	if err != nil || !f.entry.Facts.Has(FactModify) {
		return err
	}
	return m.p.With(ctx, func(c *Client) error {
		err := c.SetModTime(ctx, name, f.entry.ModTime)
		if refusal, ok := errors.AsType[*ReplyError](err); ok && refusal.Code != 421 {
			return nil // the server keeps its own time
		}
		return err
	})
}

// copyPart sends a file under another name, from behind what is there of it,
// and then gives it its own.
func (m *mirrorUp) copyPart(ctx context.Context, name, part string, src *os.File, old *Entry) error {
	u := upload{name: part, src: src, before: -1, resumes: true}
	size, err := src.Seek(0, io.SeekEnd)
	if err != nil {
		return &localError{"source", err}
	}
	u.sent = size // what is there is of this file: the name says so
	if err := m.p.again(ctx, func(c *Client) (bool, error) { return u.next(ctx, c) }); err != nil {
		return err
	}
	return m.p.With(ctx, func(c *Client) error { return replace(ctx, c, part, name, old) })
}

// replace gives a file its name. Some servers let no file take the name of
// another: the old one goes first then, once the new one is whole.
func replace(ctx context.Context, c *Client, part, name string, old *Entry) error {
	err := c.Rename(ctx, part, name)
	refusal, ok := errors.AsType[*ReplyError](err)
	if old == nil || !ok || refusal.Temporary() {
		return err
	}
	if second := c.Remove(ctx, name); second != nil {
		return errors.Join(err, second)
	}
	return c.Rename(ctx, part, name)
}
