package ftp

import (
	"context"
	"iter"
	"slices"
	"strings"
)

// Walked is what [Client.Walk] yields.
type Walked struct {
	// Path is the entry's, with the root of the walk before it.
	Path string
	Entry
}

// Walk yields what is in a directory and all below it, sorted by name, a
// directory before what is in it. Between two of them the session is free for
// other calls. An error of one directory comes with its path and the walk goes
// on behind it; it ends with the session, and with ctx. Symbolic links are not
// followed.
//
// A name that is none of an entry, such as "../x", is an error and not
// followed: a server may answer anything (CVE-2018-20685).
func (c *Client) Walk(ctx context.Context, root string) iter.Seq2[Walked, error] {
	return func(yield func(Walked, error) bool) { c.walk(ctx, root, 0, yield) }
}

// walk yields what is below dir, and tells whether to go on.
func (c *Client) walk(ctx context.Context, dir string, depth int, yield func(Walked, error) bool) bool {
	fail := func(path string, err error) bool {
		return yield(Walked{Path: path}, err) && ctx.Err() == nil && c.calls.Alive()
	}
	if depth > c.lim.MaxPathDepth {
		return fail(dir, &LimitError{Name: "MaxPathDepth", Max: int64(c.lim.MaxPathDepth)})
	}
	entries, err := c.List(ctx, dir)
	if err != nil {
		return fail(dir, err)
	}
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	for i := range entries {
		e := &entries[i]
		name, err := e.LocalName()
		if err != nil {
			if !fail(dir, err) {
				return false
			}
			continue
		}
		path := joinName(dir, name)
		if !yield(Walked{Path: path, Entry: *e}, nil) {
			return false
		}
		if e.Type == EntryDir && !c.walk(ctx, path, depth+1, yield) {
			return false
		}
	}
	return true
}

// joinName puts an element behind a directory.
func joinName(dir, name string) string {
	if dir == "" || strings.HasSuffix(dir, "/") {
		return dir + name
	}
	return dir + "/" + name
}

// RemoveAll removes a directory and all that is in it, or a file.
func (c *Client) RemoveAll(ctx context.Context, name string) error {
	e, err := c.Stat(ctx, name)
	if err != nil {
		return err
	}
	if e.Type != EntryDir {
		return c.Remove(ctx, name)
	}
	return c.removeTree(ctx, name, 0)
}

func (c *Client) removeTree(ctx context.Context, dir string, depth int) error {
	if depth > c.lim.MaxPathDepth {
		return &LimitError{Name: "MaxPathDepth", Max: int64(c.lim.MaxPathDepth)}
	}
	entries, err := c.List(ctx, dir)
	if err != nil {
		return err
	}
	for i := range entries {
		name, err := entries[i].LocalName()
		if err != nil {
			return err
		}
		if path := joinName(dir, name); entries[i].Type == EntryDir {
			err = c.removeTree(ctx, path, depth+1)
		} else {
			err = c.Remove(ctx, path)
		}
		if err != nil {
			return err
		}
	}
	return c.RemoveDir(ctx, dir)
}
