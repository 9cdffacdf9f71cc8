package ftp

import (
	"strings"

	"applayer/internal/ascii"
)

// Facts is a set of facts: those that an [Entry] holds, or that a client wants
// (RFC 3659 §7.9).
type Facts uint16

// The standard facts (RFC 3659 §7.5) and those of Unix that are in use.
const (
	FactType Facts = 1 << iota
	FactSize
	FactModify
	FactCreate
	FactPerm
	FactUnique
	FactLang
	FactMediaType
	FactCharset
	FactUnixMode
	FactUnixUID
	FactUnixGID
	FactUnixOwner
	FactUnixGroup

	// FactsDefault is what a server tells unless it is asked for others.
	FactsDefault = FactType | FactSize | FactModify | FactPerm | FactUnique | FactUnixMode
	// FactsAll is all that have a name here.
	FactsAll = FactUnixGroup<<1 - 1
)

// factNames is in the order of the bits. Their case has no meaning
// (RFC 3659 §7.5); this one is what most clients were written against.
var factNames = [...]string{
	"type", "size", "modify", "create", "perm", "unique", "lang", "media-type", "charset",
	"UNIX.mode", "UNIX.uid", "UNIX.gid", "UNIX.owner", "UNIX.group",
}

// factNamed returns the fact with a name, 0 for one that has no field. ProFTPD
// has the names of owners in facts of their own, and numbers in those of others.
func factNamed[T ~string | ~[]byte](name T) Facts {
	for i, n := range factNames {
		if len(n) == len(name) && ascii.EqualFold(n, name) {
			return 1 << i
		}
	}
	switch {
	case ascii.EqualFold(name, "UNIX.ownername"):
		return FactUnixOwner
	case ascii.EqualFold(name, "UNIX.groupname"):
		return FactUnixGroup
	}
	return 0
}

// Has tells whether all of want are in f.
func (f Facts) Has(want Facts) bool { return f&want == want }

// String returns the names, each with a semicolon behind it.
func (f Facts) String() string { return string(f.AppendNames(nil)) }

// AppendNames appends the names, each with a semicolon behind it, as OPTS MLST
// takes and answers them (RFC 3659 §7.9).
func (f Facts) AppendNames(dst []byte) []byte {
	for i, n := range factNames {
		if f.Has(1 << i) {
			dst = append(append(dst, n...), ';')
		}
	}
	return dst
}

// AppendFeature appends the line that FEAT answers for MLST, such as
// "MLST type*;size*;perm;": the facts that there are, an asterisk behind those
// that are told (RFC 3659 §7.8).
func (f Facts) AppendFeature(dst []byte, told Facts) []byte {
	dst = append(dst, "MLST "...)
	for i, n := range factNames {
		if !f.Has(1 << i) {
			continue
		}
		dst = append(dst, n...)
		if told.Has(1 << i) {
			dst = append(dst, '*')
		}
		dst = append(dst, ';')
	}
	return dst
}

// ParseFactNames reads names with semicolons behind them: the argument of
// OPTS MLST and the list of the MLST feature, where an asterisk marks those that
// are told. Names that have no field here are left out, as RFC 3659 §7.9 asks.
func ParseFactNames(list string) (all, told Facts) {
	for name := range strings.SplitSeq(list, ";") {
		name, starred := strings.CutSuffix(strings.TrimSpace(name), "*")
		f := factNamed(name)
		all |= f
		if starred {
			told |= f
		}
	}
	return all, told
}

// Perm is what the user may do with a file or directory, as far as the server
// can tell (RFC 3659 §7.5.5).
type Perm uint16

// The permissions, in the order of their letters.
const (
	PermAppend Perm = 1 << iota // a: APPE to the file
	PermCreate                  // c: STOR and STOU into the directory
	PermDelete                  // d: DELE or RMD
	PermEnter                   // e: CWD
	PermRename                  // f: RNFR
	PermList                    // l: LIST, NLST and MLSD
	PermMkdir                   // m: MKD in the directory
	PermPurge                   // p: DELE and RMD in the directory
	PermRead                    // r: RETR
	PermWrite                   // w: STOR
)

// permLetters is in the order of the bits.
const permLetters = "acdeflmprw"

// parsePerm takes letters of either case. Those that mean nothing here are left
// out.
func parsePerm(s string) (p Perm) {
	for i := range len(s) {
		if n := strings.IndexByte(permLetters, ascii.Lower(s[i])); n >= 0 {
			p |= 1 << n
		}
	}
	return p
}

// Has tells whether all of want are in p.
func (p Perm) Has(want Perm) bool { return p&want == want }

// String returns the letters.
func (p Perm) String() string { return string(p.appendTo(nil)) }

func (p Perm) appendTo(dst []byte) []byte {
	for i := range len(permLetters) {
		if p.Has(1 << i) {
			dst = append(dst, permLetters[i])
		}
	}
	return dst
}
