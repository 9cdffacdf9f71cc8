package ftp

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"
)

// List returns what is in a directory, "" for the current one. The directory
// itself and the one above it are left out.
func (c *Client) List(ctx context.Context, dir string) ([]Entry, error) {
	var entries []Entry
	for e, err := range c.Entries(ctx, dir) {
		if err != nil {
			return entries, err
		}
		if len(entries) == c.lim.MaxEntries {
			return entries, &LimitError{Name: "MaxEntries", Max: int64(c.lim.MaxEntries)}
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// Entries yields what is in a directory as it comes, and holds none of it. The
// session is busy until the loop ends; a break aborts the listing. The first
// error ends it.
//
// It asks by MLSD where the server has it (RFC 3659 §7), else by LIST, whose
// lines that say nothing, such as "total 12", are left out.
func (c *Client) Entries(ctx context.Context, dir string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		err := c.with(ctx, func() error { return c.entries(ctx, dir, yield) })
		if err != nil && err != errStopped {
			yield(Entry{}, err)
		}
	}
}

// errStopped tells that the caller wants no more, and must not be called again.
var errStopped = errors.New("stopped")

func (c *Client) entries(ctx context.Context, dir string, yield func(Entry, error) bool) error {
	if c.features.Has("MLST") && !c.avoid.mlsd {
		err := c.listing(ctx, VerbMLSD, dir, func(line []byte) error {
			e, err := ParseFacts(line)
			if err != nil {
				return err
			}
			return c.give(e, yield)
		})
		if !isUnknown(err) {
			return err
		}
		c.avoid.mlsd = true
	}
	now := time.Now().In(c.opts.Location)
	return c.listing(ctx, VerbLIST, c.listArg(dir), func(line []byte) error {
		e, err := ParseList(line, now)
		if err != nil { // a line that is no entry
			return nil
		}
		return c.give(e, yield)
	})
}

// isUnknown tells of a reply that the server does not know a command
// (RFC 959 §4.2.2).
func isUnknown(err error) bool {
	refusal, ok := errors.AsType[*ReplyError](err)
	return ok && (refusal.Code == 500 || refusal.Code == 502 || refusal.Code == 504)
}

// give hands an entry to the caller, in the caller's character set.
func (c *Client) give(e Entry, yield func(Entry, error) bool) error {
	e.Name, e.Target = c.opts.Charset.Decode(e.Name), c.opts.Charset.Decode(e.Target)
	if e.Type == EntryCurrent || e.Type == EntryParent || e.Name == "." || e.Name == ".." {
		return nil
	}
	if !yield(e, nil) {
		return errStopped
	}
	return nil
}

// listArg is the argument of LIST. Servers take a name that begins with a
// hyphen for options.
func (c *Client) listArg(dir string) string {
	if strings.HasPrefix(dir, "-") {
		dir = "./" + dir
	}
	if !c.opts.Hidden {
		return dir
	}
	return strings.TrimSuffix("-a "+dir, " ")
}

// Names returns the names in a directory, or those that a pattern stands for,
// as the server says them (NLST); "" is the current directory. The directory
// itself and the one above it are left out. They are what RETR takes, and may
// hold slashes: none is good for the local system before it is looked at.
func (c *Client) Names(ctx context.Context, dir string) ([]string, error) {
	var names []string
	if strings.HasPrefix(dir, "-") {
		dir = "./" + dir
	}
	err := c.with(ctx, func() error {
		return c.listing(ctx, VerbNLST, dir, func(line []byte) error {
			if isDots(line) {
				return nil
			}
			if len(names) == c.lim.MaxEntries {
				return &LimitError{Name: "MaxEntries", Max: int64(c.lim.MaxEntries)}
			}
			names = append(names, c.opts.Charset.Decode(string(line)))
			return nil
		})
	})
	if refusal, ok := errors.AsType[*ReplyError](err); ok && refusal.Code == 550 && emptyList(refusal.Text) {
		return nil, nil
	}
	return names, err
}

// isDots tells of the directory itself and the one above it, which Pure-FTPd
// lists too.
func isDots(name []byte) bool {
	last := name[bytes.LastIndexByte(name, '/')+1:]
	return string(last) == "." || string(last) == ".."
}

// emptyList tells of a 550 that says that there is nothing, as BSD's server
// answers NLST of an empty directory.
func emptyList(text string) bool {
	return strings.Contains(strings.ToLower(text), "no files found")
}

// listing runs a command whose data are lines, and hands each to line, which
// must not keep it. An error of line aborts the transfer.
func (c *Client) listing(ctx context.Context, verb Verb, dir string, line func([]byte) error) error {
	arg, err := c.encodeArg(verb, dir)
	if err != nil {
		return err
	}
	// MLSD is as it is whatever the type (RFC 3659 §7); LIST and NLST are text
	// (RFC 959 §4.1.3).
	if verb != VerbMLSD {
		if err := c.setType(ctx, 'A'); err != nil {
			return err
		}
	}
	t, err := c.begin(ctx, verb, arg, 0)
	if err != nil {
		return err
	}
	if err := t.lines(line); err != nil {
		if err == errStopped {
			t.abort(context.Canceled)
			return err
		}
		return t.abort(commandError(verb, arg, err))
	}
	t.data.close()
	_, err = t.complete()
	return err
}

// lines reads the data connection to its end.
func (t *transfer) lines(line func([]byte) error) error {
	b := lineReaders.Get().(*bufio.Reader)
	b.Reset(t.data)
	defer func() {
		b.Reset(nil)
		lineReaders.Put(b)
	}()
	var long []byte // the beginning of a line longer than the buffer
	for {
		piece, err := b.ReadSlice('\n')
		if len(long)+len(piece) > t.c.lim.MaxListLine {
			return &LimitError{Name: "MaxListLine", Max: int64(t.c.lim.MaxListLine)}
		}
		if err == bufio.ErrBufferFull {
			long = append(long, piece...)
			continue
		}
		if len(long) > 0 {
			piece = append(long, piece...)
			long = long[:0]
		}
		if text := bytes.TrimRight(piece, "\r\n"); len(text) > 0 {
			if err := line(text); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

var lineReaders = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 4<<10) }}

// Stat returns what the server tells of a name. It asks by MLST where the
// server has it, else by SIZE and MDTM, which many answer for files alone, and
// then looks into the listing of the directory above.
func (c *Client) Stat(ctx context.Context, name string) (e Entry, err error) {
	err = c.with(ctx, func() error {
		e, err = c.stat(ctx, name)
		return err
	})
	return e, err
}

func (c *Client) stat(ctx context.Context, name string) (Entry, error) {
	if c.features.Has("MLST") && !c.avoid.mlst {
		e, err := c.statFacts(ctx, name)
		if !isUnknown(err) {
			return e, err
		}
		c.avoid.mlst = true
	}
	return c.statOld(ctx, name)
}

// statFacts asks by MLST. The entry stands on the second line of the reply,
// behind a space (RFC 3659 §7.2).
func (c *Client) statFacts(ctx context.Context, name string) (Entry, error) {
	r, err := c.named(ctx, VerbMLST, name)
	if err != nil {
		return Entry{}, err
	}
	if r.Code != 250 || len(r.Lines) < 3 {
		return Entry{}, commandError(VerbMLST, name, unexpected(r, "MLST", "RFC 3659 §7.2"))
	}
	e, err := ParseFacts([]byte(strings.TrimPrefix(r.Lines[1], " ")))
	if err != nil {
		return Entry{}, commandError(VerbMLST, name, err)
	}
	// Servers give the path as it was asked, or from the root, or its last
	// element: what was asked is the one that the caller knows.
	e.Name = baseName(name)
	if e.Type == EntryCurrent || e.Type == EntryParent {
		e.Type = EntryDir
	}
	return e, nil
}

// statOld asks by what there was before MLST.
func (c *Client) statOld(ctx context.Context, name string) (Entry, error) {
	dir, base := splitName(name)
	if base == "" { // a directory, if it is anything
		err := c.entries(ctx, name, func(Entry, error) bool { return true })
		return Entry{Name: name, Facts: FactType, Type: EntryDir}, err
	}
	if e, err := c.statFile(ctx, name); err == nil || c.over() || ctx.Err() != nil {
		return e, err
	}
	var found Entry
	err := c.entries(ctx, dir, func(e Entry, _ error) bool {
		if e.Name == base {
			found = e
		}
		return true // to end the listing would take longer than to read it
	})
	switch {
	case err != nil:
		return Entry{}, err
	case found.Name == "":
		return Entry{}, commandError(VerbLIST, name, &ReplyError{Code: 550, Text: "not listed in " + dir})
	}
	return found, nil
}

// statFile makes an entry of SIZE and MDTM.
func (c *Client) statFile(ctx context.Context, name string) (Entry, error) {
	e := Entry{Name: baseName(name), Facts: FactType | FactSize, Type: EntryFile}
	arg, err := c.encode(VerbSIZE, name)
	if err == nil {
		err = c.setType(ctx, 'I')
	}
	if err == nil {
		e.Size, err = c.size(ctx, arg)
	}
	if err != nil {
		return Entry{}, err
	}
	if at, err := c.modTime(ctx, name); err == nil {
		e.ModTime, e.Precision, e.Facts = at, time.Second, e.Facts|FactModify
	}
	return e, nil
}

// splitName cuts a path before its last element, which is "" for a path that
// ends in none: the root, "." and "..".
func splitName(name string) (dir, base string) {
	trimmed := strings.TrimRight(name, "/")
	i := strings.LastIndexByte(trimmed, '/')
	base = trimmed[i+1:]
	switch {
	case base == "." || base == "..":
		return name, ""
	case i == 0:
		return "/", base
	case i < 0:
		return "", base
	}
	return trimmed[:i], base
}

// baseName is the last element of a path, or the path where it has none.
func baseName(name string) string {
	if _, base := splitName(name); base != "" {
		return base
	}
	return name
}

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
		return yield(Walked{Path: path}, err) && ctx.Err() == nil && !c.over()
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
