package ftp

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Entry is a line of a listing: a name and what is told of it. MLST and MLSD
// tell facts (RFC 3659 §7); LIST tells what its text lets one guess.
type Entry struct {
	// Name is the name as the server gave it. See [Entry.LocalName].
	Name string
	// Facts is which of the fields below were told, for the others have no
	// value then.
	Facts Facts
	Type  EntryType
	// Perm is what the user may do (RFC 3659 §7.5.5).
	Perm Perm
	// Mode has the permissions of Unix, and the setuid, setgid and sticky bits.
	Mode fs.FileMode
	// Size is in octets. It may be approximate (RFC 3659 §7.5.7).
	Size int64
	// ModTime is the time of the last change and Precision what it is a
	// multiple of: a second or less in facts, a minute or a day in lists.
	ModTime   time.Time
	Precision time.Duration
	// CreateTime is the time of creation.
	CreateTime time.Time
	// Unique is the same for two names of one file (RFC 3659 §7.5.2).
	Unique string
	// Lang and Charset are of the name, MediaType is of the content.
	Lang, MediaType, Charset string
	// UID and GID are numbers and Owner and Group the names of who owns the
	// file. In lists, which do not say which it is, numbers are names.
	UID, GID     uint32
	Owner, Group string
	// Links counts the names that a file has, in lists; 0 where not told.
	Links uint32
	// Target is where a symbolic link points, "" where not told.
	Target string
	// OSType is the type of EntryOther as facts have it, such as
	// "OS.unix=chr-13/29" (RFC 3659 §7.5.1.5).
	OSType string
	// Other holds the facts that have no field, and those whose value cannot be.
	Other []Fact
}

// Fact is one that [Entry] has no field or no value for.
type Fact struct {
	// Name is as it came; its case has no meaning.
	Name, Value string
}

// EntryType says what a name stands for (RFC 3659 §7.5.1).
type EntryType uint8

const (
	// EntryUnknown is what nothing was told of.
	EntryUnknown EntryType = iota
	// EntryFile is a file to retrieve.
	EntryFile
	// EntryDir is a directory inside the listed one.
	EntryDir
	// EntryCurrent is the listed directory itself.
	EntryCurrent
	// EntryParent is the directory above.
	EntryParent
	// EntrySymlink is a symbolic link, to whatever.
	EntrySymlink
	// EntryOther is a device, a pipe or what else a system has.
	EntryOther
)

var entryTypeNames = [...]string{"unknown", "file", "dir", "cdir", "pdir", "symlink", "other"}

// String returns the type as facts have it, where they do.
func (t EntryType) String() string {
	return entryTypeNames[min(int(t), len(entryTypeNames))%len(entryTypeNames)]
}

// IsDir tells whether a type is one of the three for directories.
func (t EntryType) IsDir() bool {
	return t == EntryDir || t == EntryCurrent || t == EntryParent
}

// LocalName returns the name for use in a local directory, or an error with
// [ErrName] for one that could lead out of it: a server may answer anything.
// The directory itself and the one above have no local name.
func (e *Entry) LocalName() (string, error) {
	name := e.Name
	if name == "." || !filepath.IsLocal(name) || strings.ContainsAny(name, "/\x00"+string(os.PathSeparator)) {
		return "", &ParseError{What: "name", Ref: "RFC 3659 §2.2", Err: ErrName}
	}
	return name, nil
}

// FileInfo returns the entry as package io/fs knows it; its Sys is e. Where no
// mode was told, a directory has 0755 and all else 0644.
func (e *Entry) FileInfo() fs.FileInfo { return entryInfo{e} }

type entryInfo struct{ e *Entry }

func (i entryInfo) Name() string       { return i.e.Name }
func (i entryInfo) Size() int64        { return i.e.Size }
func (i entryInfo) ModTime() time.Time { return i.e.ModTime }
func (i entryInfo) IsDir() bool        { return i.e.Type.IsDir() }
func (i entryInfo) Sys() any           { return i.e }
func (i entryInfo) String() string     { return fs.FormatFileInfo(i) }

func (i entryInfo) Mode() fs.FileMode {
	mode := i.e.Mode &^ fs.ModeType
	if !i.e.Facts.Has(FactUnixMode) {
		mode = 0o644
		if i.IsDir() {
			mode = 0o755
		}
	}
	switch {
	case i.IsDir():
		return mode | fs.ModeDir
	case i.e.Type == EntrySymlink:
		return mode | fs.ModeSymlink
	case i.e.Type == EntryOther:
		return mode | fs.ModeIrregular
	}
	return mode
}

// EntryOf returns what fi tells, as a server would list it. For what the
// operating system described, owner and identity are told too. A time that no
// time-val can say counts as not told.
func EntryOf(fi fs.FileInfo) Entry {
	if e, ok := fi.Sys().(*Entry); ok && e != nil {
		return *e
	}
	e := Entry{
		Name:      fi.Name(),
		Facts:     FactType | FactUnixMode,
		Type:      EntryFile,
		Mode:      fi.Mode() &^ fs.ModeType,
		ModTime:   fi.ModTime(),
		Precision: 1,
		Links:     1,
	}
	if isTimeVal(e.ModTime) { // a directory in memory may have none, and clocks go wrong
		e.Facts |= FactModify
	}
	switch mode := fi.Mode(); {
	case mode.IsRegular():
		e.Size, e.Facts = fi.Size(), e.Facts|FactSize
	case mode.IsDir():
		e.Type = EntryDir
	case mode&fs.ModeSymlink != 0:
		e.Type = EntrySymlink
	default:
		e.Type, e.OSType = EntryOther, osType(mode)
	}
	e.addSystem(fi.Sys())
	return e
}

// osUnix is what the types of Unix begin with.
const osUnix = "OS.unix="

// osOther is what has no name.
const osOther = osUnix + "other"

// otherKinds are what Unix has beside files, directories and symbolic links, as
// facts name them and as ls does. A character device is a device, too.
var otherKinds = [...]struct {
	mode   fs.FileMode
	osType string
	letter byte
}{
	{fs.ModeCharDevice, osUnix + "chr", 'c'},
	{fs.ModeDevice, osUnix + "blk", 'b'},
	{fs.ModeNamedPipe, osUnix + "fifo", 'p'},
	{fs.ModeSocket, osUnix + "socket", 's'},
}

// osTypeOf names what ls has a letter for.
func osTypeOf(letter byte) string {
	for _, k := range otherKinds {
		if letter == k.letter {
			return k.osType
		}
	}
	return osOther
}

// osType names a device, pipe or socket.
func osType(mode fs.FileMode) string {
	for _, k := range otherKinds {
		if mode&k.mode != 0 {
			return k.osType
		}
	}
	return osOther
}
