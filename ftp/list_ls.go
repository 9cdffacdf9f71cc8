package ftp

import (
	"io/fs"
	"strings"
)

// unixModeLen is the length of -rw-r--r--.
const unixModeLen = 10

// parseUnix takes a line of ls -l: what stands before the date says where things
// are, since owners may have spaces in their names and groups may be missing.
func parseUnix(l *listLine) (Entry, bool) {
	e, at, ok := l.unixMode()
	if !ok {
		return Entry{}, false
	}
	l.split(at)
	first := 0 // the field behind the links
	if e.Links, ok = parseID(l.at(0)); ok {
		first = 1
	}
	for i := range l.n { // i is the size, which the date follows
		if !isDigit(l.at(i)[0]) {
			continue
		}
		if d, n, ok := l.date(i + 1); ok {
			return l.unixEntry(e, first, i, i+n, &d)
		}
	}
	for i := range l.n { // a year before the month may have been a size
		if !isDigit(l.at(i)[0]) {
			continue
		}
		if d, n, ok := l.yearDate(i + 1); ok {
			return l.unixEntry(e, first, i, i+n, &d)
		}
	}
	return Entry{}, false
}

// unixMode takes what stands before the links: an inode and blocks, perhaps, and
// the mode. at is the octet behind it.
func (l *listLine) unixMode() (e Entry, at int, ok bool) {
	for i := range min(l.n, 3) {
		if _, numeric := number(l.at(i)); numeric {
			continue
		}
		s := l.at(i)
		if len(s) < unixModeLen {
			return e, 0, false
		}
		if e.Type, ok = unixType(s[0]); !ok {
			return e, 0, false
		}
		if e.Type == EntryOther {
			e.OSType = osTypeOf(s[0])
		}
		if e.Mode, ok = unixPermissions(s[1:unixModeLen]); !ok {
			return e, 0, false
		}
		e.Facts = FactType | FactUnixMode
		at = l.field[i].from + unixModeLen
		if rest := s[unixModeLen:]; rest != "" && strings.IndexByte("+.@", rest[0]) >= 0 {
			at++ // it has an ACL, a security context or attributes
		}
		return e, at, true
	}
	return e, 0, false
}

// unixType takes the first octet of a mode.
func unixType(c byte) (EntryType, bool) {
	switch c {
	case '-':
		return EntryFile, true
	case 'd':
		return EntryDir, true
	case 'l':
		return EntrySymlink, true
	}
	return EntryOther, strings.IndexByte("bcpsDCMPn?", c) >= 0
}

// specialBits are what the x of owner, group and others may be written as.
var specialBits = [...]fs.FileMode{fs.ModeSetuid, fs.ModeSetgid, fs.ModeSticky}

// unixPermissions takes the nine octets of permissions.
func unixPermissions(s string) (mode fs.FileMode, ok bool) {
	for who := range 3 {
		r, w, x := s[3*who], s[3*who+1], s[3*who+2]
		if r != 'r' && r != '-' || w != 'w' && w != '-' {
			return 0, false
		}
		bits := fs.FileMode(0)
		if r == 'r' {
			bits |= 4
		}
		if w == 'w' {
			bits |= 2
		}
		switch x {
		case '-':
		case 'x':
			bits |= 1
		case 's', 't':
			bits |= 1
			mode |= specialBits[who]
		case 'S', 'T':
			mode |= specialBits[who]
		case 'l', 'L': // mandatory locking of System V
		default:
			return 0, false
		}
		mode |= bits << (3 * (2 - who))
	}
	return mode, true
}

// unixEntry fills in the rest: owners stand before field size, and the date ends
// with field last.
func (l *listLine) unixEntry(e Entry, first, size, last int, d *listDate) (Entry, bool) {
	var ok bool
	if e.ModTime, ok = d.time(l.now); !ok {
		return Entry{}, false
	}
	e.Precision = d.precision
	e.Facts |= FactModify
	if size < first { // there are no links
		e.Links = 0
	}
	l.owners(&e, first, size)
	if e.Name = l.behind(last); d.padded {
		e.Name = strings.TrimPrefix(e.Name, " ")
	}
	if e.Type == EntryFile || e.Type == EntrySymlink {
		if e.Size, ok = listSize(l.at(size)); ok {
			e.Facts |= FactSize
		}
	}
	e.settle()
	return e, e.Name != ""
}

// listSize takes a size with commas between its digits or not. A size as people
// like it, such as 4.0K, is none.
func listSize(s string) (int64, bool) {
	if strings.IndexByte(s, ',') > 0 {
		s = strings.ReplaceAll(s, ",", "")
	}
	return parseSize(s)
}

// owners takes the owner and the group, which stand before field size.
func (l *listLine) owners(e *Entry, first, size int) {
	if size > first && strings.HasSuffix(l.at(size-1), ",") {
		size-- // the major number of a device
	}
	if size > first {
		e.Owner = l.at(first)
		e.Facts |= FactUnixOwner
	}
	if size > first+1 {
		e.Group = l.text[l.field[first+1].from:l.field[size-1].to]
		e.Facts |= FactUnixGroup
	}
}

// settle makes of a name what its type says it is.
func (e *Entry) settle() {
	switch {
	case e.Type == EntrySymlink:
		e.cutTarget(" -> ", "")
	case e.Type == EntryDir && e.Name == ".":
		e.Type = EntryCurrent
	case e.Type == EntryDir && e.Name == "..":
		e.Type = EntryParent
	}
}

// cutTarget cuts the target of a symbolic link from its name. Both may hold what
// stands between them: where the size is that of the target, it tells which is
// which.
func (e *Entry) cutTarget(between, end string) {
	name, ok := strings.CutSuffix(e.Name, end)
	if !ok {
		return
	}
	if at := len(name) - len(between); e.Size > 0 && e.Size < int64(at) {
		at -= int(e.Size)
		if strings.HasPrefix(name[at:], between) {
			e.Name, e.Target = name[:at], name[at+len(between):]
			return
		}
	}
	if name, target, ok := strings.Cut(name, between); ok && name != "" {
		e.Name, e.Target = name, target
	}
}
