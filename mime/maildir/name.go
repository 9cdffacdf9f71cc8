package maildir

import (
	"runtime"
	"slices"
	"strings"
	"time"

	"applayer/internal/ascii"
)

// Name is the name of a message's file, as in
// "1310126914.M20046P2137V801I1C5E.host,S=1234,W=1260:2,FS".
type Name struct {
	// Base is the part that stays the same as long as the message lives, but for what
	// mbsync puts there ([Name.Key]).
	Base string
	// Flags are the flags.
	Flags Flags
	// Info tells that the name has the part that flags stand in, if only empty:
	// in cur all have it, in new none.
	Info bool
}

// Flags are a message's flags: letters, each once, in order.
type Flags string

// The flags that have a meaning. The letters "a" to "z" are keywords, whose names
// programs keep elsewhere.
const (
	Draft   = 'D'
	Flagged = 'F'
	Passed  = 'P' // forwarded, bounced or resent
	Replied = 'R'
	Seen    = 'S'
	Trashed = 'T'
)

// Has tells whether a flag is set.
func (f Flags) Has(flag byte) bool { return strings.IndexByte(string(f), flag) >= 0 }

// With returns the flags with others.
func (f Flags) With(flags ...byte) Flags { return newFlags(append([]byte(f), flags...)) }

// Without returns the flags without others.
func (f Flags) Without(flags ...byte) Flags {
	return newFlags(slices.DeleteFunc([]byte(f), func(c byte) bool { return slices.Contains(flags, c) }))
}

// newFlags returns flags in order, each once. What cannot be a flag is left out.
func newFlags(b []byte) Flags {
	b = slices.DeleteFunc(b, func(c byte) bool { return !ascii.Alpha.Has(c) })
	slices.Sort(b)
	return Flags(slices.Compact(b))
}

// infoSeparator is what the flags stand behind. Windows has another use for the
// colon: programs write a semicolon there.
var infoSeparator = separatorOn(runtime.GOOS)

func separatorOn(system string) string {
	if system == "windows" {
		return ";2,"
	}
	return ":2,"
}

// maxName is the longest name of a file that systems have.
const maxName = 255

// ParseName parses a file's name. A base of any form is taken, as programs differ;
// flags are put in order. The error is a [*ParseError]: names that begin with a dot
// are none, nor are those that no file can have.
func ParseName(s string) (Name, error) {
	switch i := strings.IndexFunc(s, func(r rune) bool { return r == '/' || r < ' ' || r == 0x7F }); {
	case i >= 0:
		return Name{}, &ParseError{Offset: int64(i), What: "name: octet that is not allowed"}
	case s == "" || s[0] == '.':
		return Name{}, &ParseError{What: "name: empty, or begins with a dot"}
	case len(s) > maxName:
		return Name{}, &ParseError{Offset: maxName, What: "name: too long"}
	}
	at := infoAt(s)
	switch at {
	case -1:
		return Name{Base: s}, nil
	case 0:
		return Name{}, &ParseError{What: "name: no base"}
	}
	return Name{Base: s[:at], Flags: newFlags([]byte(s[at+3:])), Info: true}, nil
}

// infoAt returns where the separator of the flags is, or -1.
func infoAt(s string) int {
	for i := range max(len(s)-2, 0) {
		if (s[i] == ':' || s[i] == ';') && s[i+1] == '2' && s[i+2] == ',' {
			return i
		}
	}
	return -1
}

// String returns the file's name.
func (n Name) String() string {
	if !n.Info {
		return n.Base
	}
	return n.Base + infoSeparator + string(n.Flags)
}

// Key returns the part of the base that stays the same when mbsync has seen the message:
// it puts the number that it gives it behind the base, as ",U=5".
func (n Name) Key() string {
	front := strings.TrimRight(n.Base, "0123456789")
	if key, ok := strings.CutSuffix(front, ",U="); ok && front != n.Base && key != "" {
		return key
	}
	return n.Base
}

// Time returns when the message was delivered, by its name, to the second.
func (n Name) Time() (t time.Time, ok bool) {
	seconds, size, err := ascii.Decimal(n.Base, 1<<40)
	if err != nil || size == len(n.Base) || n.Base[size] != '.' {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0), true
}

// Size returns the size of the file in octets that the name tells (S=).
func (n Name) Size() (octets int64, ok bool) { return n.number("S=") }

// WireSize returns the size of the message in octets with CRLF line ends that the
// name tells (W=): IMAP's RFC822.SIZE, POP3's size.
func (n Name) WireSize() (octets int64, ok bool) { return n.number("W=") }

// number returns the number of one of the parts behind commas.
func (n Name) number(key string) (int64, bool) {
	_, parts, _ := strings.Cut(n.Base, ",")
	for part := range strings.SplitSeq(parts, ",") {
		if digits, ok := strings.CutPrefix(part, key); ok {
			v, size, err := ascii.Decimal(digits, 1<<62)
			return int64(v), err == nil && size == len(digits)
		}
	}
	return 0, false
}
