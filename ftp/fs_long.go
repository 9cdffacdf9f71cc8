package ftp

import (
	"io/fs"
	"strconv"
	"strings"
	"time"
)

// appendLong appends an entry as ls -l writes it, without a line end, in the
// time zone of now. Where no owner's name is told it is a number.
func appendLong(dst []byte, e *Entry, now time.Time) ([]byte, error) {
	if controlOctet(e.Name) >= 0 {
		return dst, ErrName
	}
	dst = appendLongMode(dst, e)
	dst = appendRight(dst, strconv.FormatUint(uint64(max(e.Links, 1)), 10), 5)
	dst = appendLeft(dst, ownerText(e.Owner, e.UID))
	dst = appendLeft(dst, ownerText(e.Group, e.GID))
	dst = appendRight(dst, strconv.FormatInt(e.Size, 10), 13)
	dst = append(dst, ' ')
	dst = appendLongTime(dst, e.ModTime.In(now.Location()), now)
	return append(append(dst, ' '), e.Name...), nil
}

// appendLongMode appends the type's letter and the nine of permissions.
func appendLongMode(dst []byte, e *Entry) []byte {
	letter := byte('-')
	switch {
	case e.Type.IsDir():
		letter = 'd'
	case e.Type == EntrySymlink:
		letter = 'l'
	case e.Type == EntryOther:
		letter = otherLetter(e.OSType)
	}
	dst = append(dst, letter)
	perm := e.FileInfo().Mode().Perm()
	for i, c := range "rwxrwxrwx" {
		if perm&(1<<(8-i)) == 0 {
			c = '-'
		}
		dst = append(dst, byte(c))
	}
	special := [...]struct {
		bit  fs.FileMode
		at   int
		x, o byte
	}{{fs.ModeSetuid, 7, 's', 'S'}, {fs.ModeSetgid, 4, 's', 'S'}, {fs.ModeSticky, 1, 't', 'T'}}
	for _, s := range special {
		if e.Mode&s.bit == 0 {
			continue
		}
		place := &dst[len(dst)-s.at]
		if *place == 'x' {
			*place = s.x
		} else {
			*place = s.o
		}
	}
	return dst
}

// otherLetter is what ls has for what is neither file nor directory nor link.
func otherLetter(osType string) byte {
	kind := strings.TrimPrefix(osType, "OS.unix=")
	switch {
	case strings.HasPrefix(kind, "chr"):
		return 'c'
	case strings.HasPrefix(kind, "blk"):
		return 'b'
	case strings.HasPrefix(kind, "fifo"):
		return 'p'
	case strings.HasPrefix(kind, "socket"):
		return 's'
	}
	return '?'
}

func ownerText(name string, id uint32) string {
	if name == "" {
		return strconv.FormatUint(uint64(id), 10)
	}
	return strings.ReplaceAll(name, " ", "_") // it is a column
}

// appendRight appends a column that ends at a width.
func appendRight(dst []byte, s string, width int) []byte {
	dst = append(dst, ' ')
	for range width - 1 - len(s) {
		dst = append(dst, ' ')
	}
	return append(dst, s...)
}

// appendLeft appends a column of eight that begins where it begins.
func appendLeft(dst []byte, s string) []byte {
	dst = append(append(dst, ' '), s...)
	for range 8 - len(s) {
		dst = append(dst, ' ')
	}
	return dst
}

// halfYear is how old a file may be for ls to tell the time of day and not the
// year: half the mean year of the calendar.
const halfYear = 31556952 * time.Second / 2

// appendLongTime appends a date with the time of day, or with the year where
// that would not say which year: half a year ago, or to come.
func appendLongTime(dst []byte, t, now time.Time) []byte {
	if age := now.Sub(t); age < 0 || age >= halfYear {
		return t.AppendFormat(dst, "Jan _2  2006")
	}
	return t.AppendFormat(dst, "Jan _2 15:04")
}
