package ftp

import (
	"io/fs"
	"math"
	"strconv"
	"strings"

	"applayer/internal/ascii"
)

// ParseFacts reads a line of MLSD, or of MLST without the space before it, and
// without its end: facts, a space, the name (RFC 3659 §7.2). All that follows
// the first space is the name, which MLST may leave empty.
//
// A semicolon missing behind the last fact, as in the RFC's own examples, is
// forgiven; a fact without a value counts as not told. So does one whose value
// cannot be, which is then among Other: a server that knows no better time than
// modify=00000000000000 still has the file. The entry's strings share one
// allocation.
func ParseFacts(line []byte) (Entry, error) {
	text := string(line)
	if i := controlOctet(text); i >= 0 {
		return Entry{}, factError(i, "entry", ErrControlOctet)
	}
	facts, name, ok := strings.Cut(text, " ")
	if !ok {
		return Entry{}, factError(len(text), "entry", ErrSyntax)
	}
	e := Entry{Name: name}
	for at := 0; at < len(facts); {
		fact, _, _ := strings.Cut(facts[at:], ";")
		name, value, ok := strings.Cut(fact, "=")
		if !ok || name == "" {
			return Entry{}, factError(at, "fact", ErrSyntax)
		}
		if value != "" || ascii.EqualFold(name, "perm") {
			e.take(name, value)
		}
		at += len(fact) + 1
	}
	return e, nil
}

func factError(at int, what string, err error) error {
	return &ParseError{Offset: int64(at), What: what, Ref: "RFC 3659 §7.2", Err: err}
}

// controlOctet returns the place of the first CR, LF or NUL, -1 without.
func controlOctet(s string) int {
	at := -1
	for _, c := range []byte("\r\n\x00") {
		if i := strings.IndexByte(s, c); i >= 0 && (at < 0 || i < at) {
			at = i
		}
	}
	return at
}

// take keeps one fact. One whose value cannot be leaves no value behind.
func (e *Entry) take(name, value string) {
	fact := factNamed(name)
	ok := fact != 0
	switch fact {
	case FactType:
		e.takeType(value)
	case FactSize:
		e.Size, ok = parseSize(value)
	case FactModify:
		e.ModTime, e.Precision, ok = parseTimeVal(value)
	case FactCreate:
		e.CreateTime, _, ok = parseTimeVal(value)
	case FactPerm:
		e.Perm = parsePerm(value)
	case FactUnique:
		e.Unique = value
	case FactLang:
		e.Lang = value
	case FactMediaType:
		e.MediaType = value
	case FactCharset:
		e.Charset = value
	case FactUnixMode:
		e.Mode, ok = parseMode(value)
	case FactUnixUID:
		e.UID, ok = parseID(value)
	case FactUnixGID:
		e.GID, ok = parseID(value)
	case FactUnixOwner:
		takeName(&e.Owner, value)
	case FactUnixGroup:
		takeName(&e.Group, value)
	}
	if !ok {
		e.Facts &^= fact
		e.Other = append(e.Other, Fact{name, value})
		return
	}
	e.Facts |= fact
}

// takeName keeps the name of an owner, or a number until there is a name.
func takeName(field *string, value string) {
	if _, isNumber := number(value); *field == "" || !isNumber {
		*field = value
	}
}

// The types of a symbolic link: by the example of RFC 3659 §7.7.4 and Pure-FTPd,
// with its target, and by ProFTPD and FileZilla.
var symlinkTypes = [...]string{osUnix + "slink", osUnix + "symlink"}

// takeType keeps the value of the type fact (RFC 3659 §7.5.1).
func (e *Entry) takeType(value string) {
	e.Target, e.OSType = "", ""
	for t := EntryFile; t <= EntryParent; t++ {
		if ascii.EqualFold(value, entryTypeNames[t]) {
			e.Type = t
			return
		}
	}
	kind, target, _ := strings.Cut(value, ":")
	for _, link := range symlinkTypes {
		if ascii.EqualFold(kind, link) {
			e.Type, e.Target = EntrySymlink, target
			return
		}
	}
	e.Type, e.OSType = EntryOther, value
}

// decimal takes a number of at most limit that is all of value; else it is 0.
func decimal(value string, limit uint64) (uint64, bool) {
	v, n, err := ascii.Decimal(value, limit)
	if err != nil || n != len(value) {
		return 0, false
	}
	return v, true
}

func parseSize(value string) (int64, bool) {
	v, ok := decimal(value, math.MaxInt64)
	return int64(v), ok
}

func parseID(value string) (uint32, bool) {
	v, ok := decimal(value, math.MaxUint32)
	return uint32(v), ok
}

// parseMode takes an octal mode. What it says of the file's type does not count.
func parseMode(value string) (fs.FileMode, bool) {
	v, err := strconv.ParseUint(value, 8, 32)
	if err != nil {
		return 0, false
	}
	mode := fs.FileMode(v) & fs.ModePerm
	for _, b := range highBits {
		if v&b.unix != 0 {
			mode |= b.mode
		}
	}
	return mode, true
}

// highBits are the bits of a Unix mode above the nine of permissions.
var highBits = [...]struct {
	unix uint64
	mode fs.FileMode
}{{0o4000, fs.ModeSetuid}, {0o2000, fs.ModeSetgid}, {0o1000, fs.ModeSticky}}

func appendMode(dst []byte, mode fs.FileMode) []byte {
	v := uint64(mode.Perm())
	for _, b := range highBits {
		if mode&b.mode != 0 {
			v |= b.unix
		}
	}
	return strconv.AppendUint(append(dst, '0'), v, 8)
}

// schar is what values are made of (RFC 3659 §2.1).
var schar = ascii.Alpha.Or(ascii.Digit).Or(ascii.Chars(`,.:!@#$%^&()-_+?/\'"=`))

// AppendFacts appends the entry's line without its end, with those facts of it
// that are wanted (RFC 3659 §7.2); facts without a field are left out. A name
// with CR, LF or NUL is refused, since it would be more than one line, and so is
// a value with what none may hold.
func AppendFacts(dst []byte, e *Entry, want Facts) ([]byte, error) {
	if i := controlOctet(e.Name); i >= 0 {
		return dst, factError(i, "pathname", ErrControlOctet)
	}
	start := len(dst)
	for i, name := range factNames {
		fact := Facts(1) << i
		if !want.Has(fact) || !e.Facts.Has(fact) {
			continue
		}
		dst = append(append(dst, name...), '=')
		value := len(dst)
		var ok bool
		if dst, ok = e.appendValue(dst, fact); !ok || ascii.Span(&schar, dst[value:]) < len(dst)-value {
			return dst[:start], factError(value-start, "value of "+name, ErrValue)
		}
		dst = append(dst, ';')
	}
	return append(append(dst, ' '), e.Name...), nil
}

// appendValue appends the value of one fact; ok is false for what has none.
func (e *Entry) appendValue(dst []byte, fact Facts) (b []byte, ok bool) {
	switch fact {
	case FactType:
		return e.appendType(dst)
	case FactSize:
		return strconv.AppendInt(dst, e.Size, 10), e.Size >= 0
	case FactModify:
		b, err := AppendTimeVal(dst, e.ModTime)
		return b, err == nil
	case FactCreate:
		b, err := AppendTimeVal(dst, e.CreateTime)
		return b, err == nil
	case FactPerm:
		return e.Perm.appendTo(dst), true
	case FactUnixMode:
		return appendMode(dst, e.Mode), true
	case FactUnixUID:
		return strconv.AppendUint(dst, uint64(e.UID), 10), true
	case FactUnixGID:
		return strconv.AppendUint(dst, uint64(e.GID), 10), true
	}
	text := e.text(fact)
	return append(dst, text...), text != ""
}

// text returns the value of a fact that is text.
func (e *Entry) text(fact Facts) string {
	switch fact {
	case FactUnique:
		return e.Unique
	case FactLang:
		return e.Lang
	case FactMediaType:
		return e.MediaType
	case FactCharset:
		return e.Charset
	case FactUnixOwner:
		return e.Owner
	default:
		return e.Group
	}
}

// appendType appends the type. The target of a symbolic link that a value cannot
// hold is left out.
func (e *Entry) appendType(dst []byte) (b []byte, ok bool) {
	switch {
	case e.Type == EntryUnknown:
		return dst, false
	case e.Type <= EntryParent:
		return append(dst, entryTypeNames[e.Type]...), true
	case e.Type == EntrySymlink:
		dst = append(dst, symlinkTypes[0]...)
		if e.Target != "" && ascii.Span(&schar, e.Target) == len(e.Target) {
			dst = append(append(dst, ':'), e.Target...)
		}
		return dst, true
	}
	var again Entry
	again.takeType(e.OSType)
	return append(dst, e.OSType...), again.Type == EntryOther && e.OSType != ""
}

// ParseMLST reads the entry in a reply to MLST, which stands between the first
// and the last line behind one space (RFC 3659 §7.2). A server may give more
// entries, of other types of the same file; this is the first.
func ParseMLST(r Reply) (Entry, error) {
	if len(r.Lines) < 3 {
		return Entry{}, factError(0, "control-response", ErrSyntax)
	}
	return ParseFacts([]byte(strings.TrimPrefix(r.Lines[1], " ")))
}
