package ftp

import (
	"strings"
	"time"
)

// parseNetWare takes a line of NetWare:
//
//	d [R----F--] supervisor            512       Jan 16 18:53    login
func parseNetWare(l *listLine) (Entry, bool) {
	open, end := strings.IndexByte(l.text, '['), strings.IndexByte(l.text, ']')
	e := Entry{Facts: FactType | FactModify}
	switch kind := l.text[0]; {
	case open < 0 || end != open+len("[RWCEAFMS]")-1 || strings.TrimRight(l.text[1:max(open, 1)], " ") != "":
		return Entry{}, false
	case kind == 'd':
		e.Type = EntryDir
	case kind == '-':
		e.Type = EntryFile
	default:
		return Entry{}, false
	}
	l.split(end + 1)
	d, n, ok := l.date(2)
	if !ok {
		return Entry{}, false
	}
	if e.ModTime, ok = d.time(l.now); !ok {
		return Entry{}, false
	}
	e.Precision = d.precision
	l.owners(&e, 0, 1)
	if e.Type == EntryFile {
		if e.Size, ok = listSize(l.at(1)); !ok {
			return Entry{}, false
		}
		e.Facts |= FactSize
	}
	e.Name = strings.TrimLeft(l.behind(1+n), " ")
	return e, e.Name != ""
}

// parseVMS takes a line of VMS, whose sizes are in blocks and left out here:
//
//	README.TXT;4       18/20     10-APR-2000 10:36:14  [ANONYMOUS]  (RWED,RWED,RE,)
func parseVMS(l *listLine) (Entry, bool) {
	name, version, ok := strings.Cut(l.at(0), ";")
	if _, numeric := number(version); !ok || !numeric || name == "" {
		return Entry{}, false
	}
	dayText, rest, _ := strings.Cut(l.at(2), "-")
	monthText, yearText, _ := strings.Cut(rest, "-")
	var d listDate
	var isDay, isMonth, isYear bool
	d.day, isDay = parseDay(dayText)
	d.month, isMonth = parseMonth(monthText)
	d.year, isYear = parseYear(yearText)
	if d.clock, d.precision, ok = parseClock(l.at(3)); !ok || !isDay || !isMonth || !isYear {
		return Entry{}, false
	}
	e := Entry{Name: name, Type: EntryFile, Facts: FactType | FactModify, Precision: d.precision}
	if dir, ok := strings.CutSuffix(name, ".DIR"); ok {
		e.Name, e.Type = dir, EntryDir
	}
	e.ModTime, ok = d.time(l.now)
	return e, ok && e.Name != ""
}

// parseMVS takes a line of MVS, a data set or a member of one:
//
//	WYOSPT 3420   2003/05/21  1  200  FB      80  8053  PS  TEXT.FILE
//	BUILD     01.05 2003/04/08 2003/04/25 10:32    24    24     0 JOHN
func parseMVS(l *listLine) (Entry, bool) {
	if l.n == 10 && (l.at(2) == "**NONE**" || isMVSDate(l.at(2))) {
		e := Entry{Name: l.at(9), Type: EntryFile, Facts: FactType}
		if strings.HasPrefix(l.at(8), "PO") { // partitioned: it holds members
			e.Type = EntryDir
		}
		return e, true
	}
	if l.n < 5 || !isMVSDate(l.at(2)) || !isMVSDate(l.at(3)) || len(l.at(1)) != 5 || l.at(1)[2] != '.' {
		return Entry{}, false
	}
	changed := l.at(3)
	var d listDate
	var ok bool
	d.year, _ = parseYear(changed[:4])
	month, _ := number(changed[5:7])
	d.month = time.Month(month)
	d.day, _ = number(changed[8:])
	if d.clock, d.precision, ok = parseClock(l.at(4)); !ok {
		return Entry{}, false
	}
	e := Entry{Name: l.at(0), Type: EntryFile, Facts: FactType | FactModify, Precision: d.precision}
	e.ModTime, ok = d.time(l.now)
	return e, ok
}

// isMVSDate tells whether s has the form 2003/05/21.
func isMVSDate(s string) bool {
	if len(s) != len("2003/05/21") || s[4] != '/' || s[7] != '/' {
		return false
	}
	_, year := number(s[:4])
	_, month := number(s[5:7])
	_, day := number(s[8:])
	return year && month && day
}
