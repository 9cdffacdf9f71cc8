package ftp

import (
	"io/fs"
	"strconv"
	"strings"
	"time"

	"applayer/internal/ascii"
)

// halfYear is what ls takes for the six months in which it shows the time of day,
// half a Gregorian year.
const halfYear = 31556952 / 2 * time.Second

// englishMonths is what stands in a listing.
const englishMonths = "JanFebMarAprMayJunJulAugSepOctNovDec"

// AppendList appends a line as ls -l has it, without its end: mode, links, owner,
// group, size, date and name, and where a symbolic link points if that is known.
// Months are English. A time within six months before now is shown with hour and
// minute, others with the year, in the zone of now.
//
// A name with CR, LF or NUL is refused, since it would be more than one line, and
// so is an empty one.
func AppendList(dst []byte, fi fs.FileInfo, now time.Time) ([]byte, error) {
	e := EntryOf(fi)
	return appendList(dst, &e, now)
}

func appendList(dst []byte, e *Entry, now time.Time) ([]byte, error) {
	if e.Name == "" {
		return dst, listError(0, ErrName)
	}
	for _, s := range [...]string{e.Name, e.Target, e.Owner, e.Group} {
		if i := controlOctet(s); i >= 0 {
			return dst, listError(i, ErrControlOctet)
		}
	}
	dst = appendListMode(dst, e)
	dst = appendPadded(append(dst, ' '), 4, int64(max(e.Links, 1)))
	dst = appendOwner(append(dst, ' '), e.Owner, e.Facts.Has(FactUnixUID), e.UID)
	dst = appendOwner(append(dst, ' '), e.Group, e.Facts.Has(FactUnixGID), e.GID)
	dst = appendPadded(append(dst, ' '), 12, max(e.Size, 0))
	dst = appendListTime(append(dst, ' '), e.ModTime, now)
	dst = append(append(dst, ' '), e.Name...)
	if e.Type == EntrySymlink && e.Target != "" {
		dst = append(append(dst, " -> "...), e.Target...)
	}
	return dst, nil
}

// appendListMode appends the ten octets of type and permissions.
func appendListMode(dst []byte, e *Entry) []byte {
	mode := entryInfo{e}.Mode()
	start := len(dst)
	dst = append(dst, e.listKind())
	for i, letter := range []byte("rwxrwxrwx") {
		if mode&(1<<(8-i)) == 0 {
			letter = '-'
		}
		dst = append(dst, letter)
	}
	for who, bit := range specialBits {
		if mode&bit == 0 {
			continue
		}
		letter := "sst"[who]
		if last := &dst[start+3+3*who]; *last == 'x' {
			*last = letter
		} else {
			*last = ascii.Upper(letter)
		}
	}
	return dst
}

// listKind is the letter of the type.
func (e *Entry) listKind() byte {
	switch {
	case e.Type.IsDir():
		return 'd'
	case e.Type == EntrySymlink:
		return 'l'
	case e.Type != EntryOther:
		return '-'
	}
	for _, k := range otherKinds {
		if strings.HasPrefix(e.OSType, k.osType) {
			return k.letter
		}
	}
	return '?'
}

// appendPadded appends a number behind as many spaces as make it width octets.
func appendPadded(dst []byte, width int, v int64) []byte {
	var digits [20]byte
	b := strconv.AppendInt(digits[:0], v, 10)
	for range width - len(b) {
		dst = append(dst, ' ')
	}
	return append(dst, b...)
}

// ownerWidth is what ls had before it looked at all names first.
const ownerWidth = 8

// appendOwner appends a name, or a number, or "ftp" where neither is known, and
// spaces behind it.
func appendOwner(dst []byte, name string, numbered bool, id uint32) []byte {
	start := len(dst)
	switch {
	case name != "":
		dst = append(dst, strings.ReplaceAll(name, " ", "_")...) // it is a column
	case numbered:
		dst = strconv.AppendUint(dst, uint64(id), 10)
	default:
		dst = append(dst, "ftp"...)
	}
	for len(dst)-start < ownerWidth {
		dst = append(dst, ' ')
	}
	return dst
}

// appendListTime appends "Nov 21 22:14" or "Nov 21  2025".
func appendListTime(dst []byte, t, now time.Time) []byte {
	t = t.In(now.Location())
	year, month, day := t.Date()
	dst = append(dst, englishMonths[3*(month-1):3*month]...)
	dst = appendPadded(append(dst, ' '), 2, int64(day))
	dst = append(dst, ' ')
	if t.After(now) || now.Sub(t) > halfYear {
		return appendPadded(dst, 5, int64(year))
	}
	hour, minute, _ := t.Clock()
	return append(dst, byte('0'+hour/10), byte('0'+hour%10), ':', byte('0'+minute/10), byte('0'+minute%10))
}
