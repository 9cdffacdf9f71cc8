package ftp

import (
	"strings"
	"time"
)

// date takes the date that begins with field i and returns how many fields it
// has. These are the ways of GNU's ls in the languages that it speaks:
//
//	Nov 21 22:14        Nov 21  2026        of most, months of theirs
//	21. Nov 22:14       21. Nov 2026        German: a space more behind the year
//	21 nov 22.14        21 nov  2026        Italian, Swedish; 21. in Czech
//	21 de nov. 22:14    21 de nov.  2026    Catalan
//	21.11. 22:14        21.11.  2026        Finnish; from 1 to 9, 3. 5.
//	21. нов. у 22:14    21. нов. 2026.      Serbian
//	11月21日 22:14      11月 3日 22:14      Chinese
func (l *listLine) date(i int) (d listDate, n int, ok bool) {
	if d, n, ok = l.isoDate(i); ok {
		return d, n, true
	}
	if d, n, ok = l.monthDay(i); !ok {
		return d, 0, false
	}
	if year, ok := parseYear(strings.TrimSuffix(l.at(i+n), ".")); ok {
		d.year, d.precision = year, day
		d.padded = n == 2 && l.isOrdinal(i) && len(l.at(i+n)) == 4 && l.field[i+n].from == l.field[i+n-1].to+1
		return d, n + 1, true
	}
	if l.at(i+n) == "у" {
		n++
	}
	if d.clock, d.precision, ok = parseClock(l.at(i + n)); !ok {
		if d.clock, ok = parsePointClock(l.at(i + n)); !ok {
			return d, 0, false
		}
		d.precision = time.Minute
	}
	n++
	// 22:14:05 2026, as ls -lT of BSD has it
	if year, ok := parseYear(l.at(i + n)); ok && d.precision < time.Minute {
		d.year = year
		return d, n + 1, true
	}
	return d, n, true
}

// yearDate takes a date with the year first, which may be taken for a size:
//
//	2026 máj 3      2026년 5월 3일      2026年 5月 3日
func (l *listLine) yearDate(i int) (d listDate, n int, ok bool) {
	text := l.at(i)
	for _, end := range [...]string{".", "年", "년"} {
		text = strings.TrimSuffix(text, end)
	}
	year, ok := parseYear(text)
	if !ok {
		return d, 0, false
	}
	if d, n, ok = l.monthDay(i + 1); !ok {
		return d, 0, false
	}
	d.year, d.precision = year, day
	return d, n + 1, true
}

// monthDay takes a month and a day, in either order.
func (l *listLine) monthDay(i int) (d listDate, n int, ok bool) {
	first, second := l.at(i), l.at(i+1)
	if d.month, ok = parseMonth(first); ok {
		d.day, ok = parseDay(second)
		return d, 2, ok
	}
	if d.day, ok = parseDay(first); ok {
		n = 2
		if second == "de" {
			second, n = l.at(i+2), 3
		}
		if d.month, ok = parseMonth(strings.TrimPrefix(second, "d’")); !ok {
			d.month, ok = parseMonthNumber(second)
			ok = ok && l.isOrdinal(i)
		}
		return d, n, ok
	}
	if dayText, monthText, cut := strings.Cut(first, "\u00a0"); cut { // 21. lis of Czech
		d.day, ok = parseDay(dayText)
		var isMonth bool
		d.month, isMonth = parseMonth(monthText)
		return d, 1, ok && isMonth
	}
	if dayText, monthText, cut := strings.Cut(first, "."); cut { // 21.11.
		d.day, ok = parseDay(dayText)
		var isMonth bool
		d.month, isMonth = parseMonthNumber(monthText)
		return d, 1, ok && isMonth
	}
	if monthText, dayText, cut := strings.Cut(first, "月"); cut { // 11月21日
		v, isMonth := number(monthText)
		d.month = time.Month(v)
		d.day, ok = parseDay(dayText)
		return d, 1, ok && isMonth
	}
	return d, 0, false
}

// isOrdinal tells whether field i is a number with a point behind it.
func (l *listLine) isOrdinal(i int) bool { return strings.HasSuffix(l.at(i), ".") }

// parseMonthNumber takes a number with a point behind it.
func parseMonthNumber(s string) (time.Month, bool) {
	digits, ok := strings.CutSuffix(s, ".")
	v, isNumber := number(digits)
	return time.Month(v), ok && isNumber
}

// parsePointClock takes HH.MM.
func parsePointClock(s string) (c clock, ok bool) {
	if len(s) != len("22.14") || s[2] != '.' {
		return c, false
	}
	var isHour, isMinute bool
	c.hour, isHour = number(s[:2])
	c.minute, isMinute = number(s[3:])
	return c, isHour && isMinute && c.hour < 24 && c.minute < 60
}
