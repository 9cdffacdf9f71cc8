package ftp

import (
	"iter"
	"strings"
	"time"
)

// HasMeta tells whether a pattern is more than one name.
func HasMeta(s string) bool { return hasMeta(s) }

// FileReply is the code for an error of a file system.
func FileReply(err error) int { return fileReply(err) }

// Resolve makes the name that a client means.
func Resolve(cwd, p string, lim *Limits) (string, error) { return resolve(cwd, p, lim) }

// Absolute is a name as a client sees it.
func Absolute(name string) string { return absolute(name) }

// ListOptions are what LIST and NLST take.
type ListOptions = listOptions

// ParseListOptions cuts options from an argument.
func ParseListOptions(arg string) (ListOptions, string) { return parseListOptions(arg) }

// Letters returns the options that are set, in one order.
func (o listOptions) Letters() string {
	var letters strings.Builder
	for _, l := range []struct {
		set  bool
		name string
	}{{o.all, "a"}, {o.itself, "d"}, {o.long, "l"}, {o.reverse, "r"}, {o.byTime, "t"}, {o.recursive, "R"}, {o.bySize, "S"}} {
		if l.set {
			letters.WriteString(l.name)
		}
	}
	return letters.String()
}

// FileError tells an error of the system in the words of [FS].
func FileError(op, name string, err error) error { return fileError(op, name, err) }

// ListStyle is what the lines of a listing look like.
type ListStyle = listStyle

// The styles.
const (
	ListLong  = listLong
	ListNames = listNames
	ListFacts = listFacts
)

// ListRequest is what a listing is asked for.
type ListRequest struct {
	FSys     FS
	Cwd, Arg string
	Style    ListStyle
	Limits   *Limits
	Now      time.Time
}

// NewListing looks for what is to be listed.
func NewListing(r ListRequest) (*Listing, error) {
	return newListing(listRequest{
		fsys: r.FSys, cwd: r.Cwd, arg: r.Arg, style: r.Style, limits: r.Limits, now: r.Now,
		facts: FactType | FactSize | FactModify | FactPerm, rights: RightsRead,
	})
}

// Listing is one that can be given.
type Listing = listing

// Lines yields the lines.
func (l *listing) Lines() iter.Seq2[[]byte, error] { return l.lines() }

// PermsOf is what a user may do.
func PermsOf(fsys FS, rights Rights) (file, dir Perm) { return permsOf(fsys, rights) }
