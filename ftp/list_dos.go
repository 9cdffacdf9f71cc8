package ftp

import (
	"strings"
	"time"

	"applayer/internal/ascii"
)

// parseDOS takes a line of DOS, which IIS has unless it is told otherwise:
//
//	11-21-26  10:14PM       <DIR>          some directory
//	11-21-2026  22:14             1,234 a file
func parseDOS(l *listLine) (Entry, bool) {
	d, ok := dosDate(l.at(0))
	if !ok {
		return Entry{}, false
	}
	i := 1
	hour := l.at(i)
	if half := l.at(i + 1); ascii.EqualFold(half, "AM") || ascii.EqualFold(half, "PM") {
		hour += half
		i++
	}
	if d.clock, d.precision, ok = parseClock(hour); !ok {
		return Entry{}, false
	}
	e := Entry{Facts: FactModify | FactType, Precision: d.precision}
	if e.ModTime, ok = d.time(l.now); !ok {
		return Entry{}, false
	}
	i++
	if strings.HasPrefix(l.at(i), "<") {
		ok = l.dosKind(&e, i)
	} else if e.Size, ok = listSize(l.at(i)); ok {
		e.Type = EntryFile
		e.Facts |= FactSize
		e.Name = l.behind(i)
	}
	if e.settle(); e.Type == EntrySymlink {
		e.cutTarget(" [", "]")
	}
	return e, ok && e.Name != ""
}

// dosDate takes 11-21-26, 11-21-2026, 11/21/2026, 2026-11-21 or 21.11.2026. Two
// digits are a year from 1970 to 2069.
func dosDate(s string) (d listDate, ok bool) {
	if len(s) < len("11-21-26") || len(s) > len("11-21-2026") {
		return d, false
	}
	if s[4] == '-' {
		month, isMonth := number(s[5:7])
		year, isYear := parseYear(s[:4])
		day, isDay := number(s[min(8, len(s)):])
		return listDate{year: year, month: time.Month(month), day: day}, isMonth && isYear && isDay && s[7] == '-' && len(s) == 10
	}
	first, isFirst := number(s[:2])
	second, isSecond := number(s[3:5])
	year, isYear := number(s[6:])
	if !isFirst || !isSecond || !isYear || s[2] != s[5] || len(s) == 9 || len(s) == 10 && year == 0 {
		return d, false
	}
	if len(s) == 8 {
		if year += 1900; year < 1970 {
			year += 100
		}
	}
	switch s[2] {
	case '-', '/':
		return listDate{year: year, month: time.Month(first), day: second}, true
	case '.':
		return listDate{year: year, month: time.Month(second), day: first}, true
	}
	return d, false
}

// dosKindWidth is how far behind its beginning a kind such as <DIR> has the name.
const dosKindWidth = len("<DIR>          ")

// dosKind takes what stands in the place of a size, and the name behind it, which
// may begin with spaces.
func (l *listLine) dosKind(e *Entry, i int) bool {
	switch l.at(i) {
	case "<DIR>":
		e.Type = EntryDir
	case "<JUNCTION>", "<SYMLINK>", "<SYMLINKD>":
		e.Type = EntrySymlink
	default:
		return false
	}
	rest := l.text[l.field[i].to:]
	trimmed := strings.TrimLeft(rest, " ")
	// What is more than the column's width belongs to the name.
	if width := dosKindWidth - len(l.at(i)); len(rest)-len(trimmed) > width {
		trimmed = rest[width:]
	}
	e.Name = trimmed
	return true
}
