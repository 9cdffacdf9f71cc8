package ftp

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"
	"time"
)

// listStyle is what the lines of a listing look like.
type listStyle uint8

const (
	// listLong is for LIST, and STAT of a path: lines as of ls -l.
	listLong listStyle = iota
	// listNames is for NLST: names that RETR takes (RFC 1123 §4.1.2.7).
	listNames
	// listFacts is for MLSD: facts and names (RFC 3659 §7.2).
	listFacts
)

// listRequest is what a listing is asked for.
type listRequest struct {
	fsys FS
	// cwd is the current directory and arg the command's argument.
	cwd, arg string
	style    listStyle
	// facts are those that MLSD tells.
	facts Facts
	// rights are the user's, for the perm fact.
	rights Rights
	limits *Limits
	// now tells which dates are told with the time of day.
	now time.Time
}

// listing is a listing that can be given: what was asked for is there.
//
// Entries are told as the file system yields them, and not held, save that up to
// maxSorted of a directory are sorted for LIST and NLST. A link is told as what
// it leads to; one that leads nowhere or out of the tree is told as a link, and
// left out of NLST. Names with CR or LF are left out everywhere: no command
// could name them.
type listing struct {
	listRequest
	opts    listOptions
	dir     string // the directory whose entries are told
	prefix  string // what names in it begin with for NLST
	pattern string // what they must match, "" for all
	depth   int    // how many directories may be within each other
	// one is the only entry, where a file or a directory itself is told.
	one *listItem
	// The perm fact of files and of directories.
	filePerm, dirPerm Perm
}

// listItem is an entry with the name that it is told by.
type listItem struct {
	name string
	info fs.FileInfo
}

// newListing looks for what is to be listed. LIST and NLST take options, a
// directory, a file, or a pattern in the last element; MLSD takes a directory.
func newListing(r listRequest) (*listing, error) {
	l := &listing{listRequest: r, depth: r.limits.inForce().MaxPathDepth}
	p := r.arg
	if r.style != listFacts {
		l.opts, p = parseListOptions(r.arg)
	}
	if l.opts.long {
		l.style = listLong
	}
	l.filePerm, l.dirPerm = permsOf(r.fsys, r.rights)
	name, err := resolve(r.cwd, p, r.limits)
	if err != nil {
		return nil, err
	}
	info, err := r.fsys.Stat(name)
	switch {
	case err == nil && info.IsDir() && !l.opts.itself:
		l.dir, l.prefix = name, dirPrefix(p)
		return l, nil
	case err == nil && r.style == listFacts:
		return nil, &ParseError{What: "directory", Ref: "RFC 3659 §7.1", Reply: 501, Err: ErrValue}
	case err == nil:
		l.one = &listItem{name: l.nameOf(p), info: info}
		return l, nil
	case r.style == listFacts || !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	if !l.glob(p) {
		return nil, err
	}
	return l, nil
}

// nameOf is the name by which what p names is told.
func (l *listing) nameOf(p string) string {
	switch {
	case p == "":
		return "."
	case l.style == listNames:
		return p
	}
	return path.Base(p)
}

// dirPrefix is what stands before the names in a directory for them to be names
// where the client is.
func dirPrefix(p string) string {
	if p == "" || p == "." || p == "./" {
		return ""
	}
	return strings.TrimSuffix(p, "/") + "/"
}

// glob takes the last element of p as a pattern, if it is one and stands behind
// a directory.
func (l *listing) glob(p string) bool {
	dir, pattern := path.Split(p)
	if !hasMeta(pattern) {
		return false
	}
	name, err := resolve(l.cwd, dir, l.limits)
	if err != nil {
		return false
	}
	info, err := l.fsys.Stat(name)
	l.dir, l.prefix, l.pattern = name, dir, pattern
	return err == nil && info.IsDir()
}

// listBatch is how many octets are written at once.
const listBatch = 16 << 10

// WriteTo writes the listing. An error of w ends it, and comes back as it is.
func (l *listing) WriteTo(w io.Writer) (n int64, err error) {
	buf := make([]byte, 0, listBatch)
	flush := func() error {
		m, err := w.Write(buf)
		n += int64(m)
		buf = buf[:0]
		return err
	}
	for line, err := range l.lines() {
		if err != nil {
			return n, errors.Join(flush(), err)
		}
		if len(buf)+len(line) > cap(buf) && len(buf) > 0 {
			if err := flush(); err != nil {
				return n, err
			}
		}
		buf = append(buf, line...)
	}
	if len(buf) > 0 {
		err = flush()
	}
	return n, err
}

// lines yields the lines with their ends. Each is valid until the next; an error
// is the last.
func (l *listing) lines() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var line []byte
		tell := func(item listItem) bool {
			var ok bool
			if line, ok = l.appendLine(line[:0], item); !ok {
				return true
			}
			return yield(line, nil)
		}
		if l.one != nil {
			tell(*l.one)
			return
		}
		first := true
		header := func(p string) bool { // with an empty line between two, as of ls
			if !first && !yield([]byte("\r\n"), nil) {
				return false
			}
			first = false
			line = append(append(line[:0], p...), ":\r\n"...)
			return yield(line, nil)
		}
		if err := l.list(l.dir, l.prefix, l.depth, tell, header); err != nil && !errors.Is(err, errUnwanted) {
			yield(nil, err)
		}
	}
}

// errUnwanted ends a listing that nobody wants any more.
var errUnwanted = errors.New("ftp: listing stopped")

// list tells a directory, and those in it if that is asked for, a directory with
// its names before those in them.
func (l *listing) list(dir, prefix string, depth int, tell func(listItem) bool, header func(string) bool) error {
	headed := l.opts.recursive && l.style == listLong
	if headed && !header(cmp.Or(strings.TrimSuffix(prefix, "/"), ".")) {
		return errUnwanted
	}
	if err := l.listOne(dir, prefix, tell); err != nil || !l.opts.recursive || depth <= 1 {
		return err
	}
	// The names of directories are asked for again, not held. A link to a
	// directory is not gone into: it may lead to where we are.
	for info, err := range l.fsys.ReadDir(dir) {
		switch {
		case err != nil:
			return err
		case !info.IsDir() || !l.shows(info.Name()):
			continue
		}
		below := path.Join(dir, info.Name())
		err = l.list(below, prefix+info.Name()+"/", depth-1, tell, header)
		if errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist) {
			continue // it may be looked into no more, the others may
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// maxSorted is how many entries of a directory are held to sort them.
const maxSorted = 1000

// listOne tells the entries of one directory: sorted, or as they come, if they
// are too many.
func (l *listing) listOne(dir, prefix string, tell func(listItem) bool) error {
	var held []listItem
	sorting := l.style != listFacts
	flush := func() bool {
		slices.SortFunc(held, l.opts.compare)
		for _, item := range held {
			if item.name = l.told(prefix, item.name); !tell(item) {
				return false
			}
		}
		held = nil
		return true
	}
	for item, err := range l.entries(dir) {
		if err != nil {
			flush()
			return err
		}
		if !sorting {
			if item.name = l.told(prefix, item.name); !tell(item) {
				return errUnwanted
			}
			continue
		}
		if held = append(held, item); len(held) == maxSorted {
			sorting = false
			if !flush() {
				return errUnwanted
			}
		}
	}
	if !flush() {
		return errUnwanted
	}
	return nil
}

// told is how a name in a directory is told: NLST tells where it is, too.
func (l *listing) told(prefix, name string) string {
	if l.style == listNames {
		return prefix + name
	}
	return name
}

// entries yields what is shown of a directory, as what links lead to.
func (l *listing) entries(dir string) iter.Seq2[listItem, error] {
	return func(yield func(listItem, error) bool) {
		for info, err := range l.fsys.ReadDir(dir) {
			if err != nil {
				yield(listItem{}, err)
				return
			}
			name := info.Name()
			if !l.shows(name) || l.pattern != "" && !Match(l.pattern, name) {
				continue
			}
			if info.Mode()&fs.ModeSymlink != 0 {
				if target, err := l.fsys.Stat(path.Join(dir, name)); err == nil {
					info = target
				}
			}
			if !yield(listItem{name, info}, nil) {
				return
			}
		}
	}
}

// shows tells whether a name is told at all. Names that begin with a dot are
// told if that is asked for, by an option or by a pattern that begins so, and by
// MLSD.
func (l *listing) shows(name string) bool {
	if strings.ContainsAny(name, "\x00\r\n") {
		return false
	}
	return name[0] != '.' || l.opts.all || l.style == listFacts || strings.HasPrefix(l.pattern, ".")
}

// compare is the order of two entries.
func (o *listOptions) compare(a, b listItem) int {
	var c int
	switch {
	case o.byTime:
		c = b.info.ModTime().Compare(a.info.ModTime())
	case o.bySize:
		c = cmp.Compare(b.info.Size(), a.info.Size())
	}
	c = cmp.Or(c, strings.Compare(a.name, b.name))
	if o.reverse {
		return -c
	}
	return c
}

// appendLine appends the line of an entry; ok is false for one that is not told.
func (l *listing) appendLine(dst []byte, item listItem) (line []byte, ok bool) {
	switch {
	case l.style != listNames:
	case item.info.Mode().IsRegular(), item.info.IsDir() && l.opts.given:
		return append(append(dst, item.name...), '\r', '\n'), true
	default:
		// RETR would not take it. Who gives options as ls has them wants
		// directories as ls tells them.
		return dst, false
	}
	e := l.entry(item)
	var err error
	if l.style == listFacts {
		if dst, err = AppendFacts(dst, &e, l.facts); err != nil {
			// A time that is too far away to be written (RFC 3659 §2.3).
			dst, err = AppendFacts(dst, &e, l.facts&^FactModify)
		}
	} else {
		dst, err = appendList(dst, &e, l.now)
	}
	return append(dst, '\r', '\n'), err == nil
}

// entry is an item with what the user may do with it.
func (l *listing) entry(item listItem) Entry {
	e := EntryOf(item.info)
	e.Name = item.name
	e.addPerm(l.filePerm, l.dirPerm)
	return e
}

// addPerm sets the perm fact, where it is known.
func (e *Entry) addPerm(file, dir Perm) {
	switch {
	case e.Type == EntryFile:
		e.Perm = file
	case e.Type.IsDir():
		e.Perm = dir
	default:
		return
	}
	e.Facts |= FactPerm
}

// permsOf is what a user may do with the files and directories of a file system:
// what the user has the right to and the file system can (RFC 3659 §7.5.5). What
// the operating system refuses in the end is not asked for.
func permsOf(fsys FS, rights Rights) (file, dir Perm) {
	dir = PermEnter
	if rights.Has(RightRead) {
		file |= PermRead
	}
	if rights.Has(RightList) {
		dir |= PermList
	}
	if _, ok := fsys.(CreateFS); ok && rights.Has(RightWrite) {
		file |= PermWrite | PermAppend
		dir |= PermCreate
	}
	if _, ok := fsys.(RemoveFS); ok && rights.Has(RightDelete) {
		file |= PermDelete
		dir |= PermDelete | PermPurge
	}
	if _, ok := fsys.(RenameFS); ok && rights.Has(RightRename) {
		file |= PermRename
		dir |= PermRename
	}
	if _, ok := fsys.(MkdirFS); ok && rights.Has(RightMkdir) {
		dir |= PermMkdir
	}
	return file, dir
}
