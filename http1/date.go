package http1

import (
	"strings"
	"sync/atomic"
	"time"
)

// The names that dates have; their case has a meaning (RFC 9110 §5.6.7).
const (
	dayNames   = "SunMonTueWedThuFriSat"
	monthNames = "JanFebMarAprMayJunJulAugSepOctNovDec"
)

var longDayNames = [...]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}

// ParseDate takes an HTTP-date in one of its three formats: IMF-fixdate, which
// alone is sent today, and the obsolete ones of RFC 850 and of C's asctime
// (RFC 9110 §5.6.7). The time is in UTC.
//
// A year of two digits is the last one with these digits that is not more than
// 50 years after now. The name of the day must be one; whether it is that of
// the date is not looked at. The error is a [*ParseError]; most fields are
// ignored when their date is wrong (RFC 9110 §13.1.3).
func ParseDate(s string, now time.Time) (time.Time, error) {
	t, ok := time.Time{}, false
	switch {
	case len(s) == len("Sun, 06 Nov 1994 08:49:37 GMT") && s[3] == ',':
		t, ok = parseFixdate(s)
	case len(s) == len("Sun Nov  6 08:49:37 1994") && s[3] == ' ':
		t, ok = parseAsctime(s)
	default:
		t, ok = parseRFC850(s, now)
	}
	if !ok {
		return time.Time{}, malformed(0, "date: none of the three formats", "RFC 9110 §5.6.7")
	}
	return t, nil
}

// parseFixdate takes IMF-fixdate: "Sun, 06 Nov 1994 08:49:37 GMT".
func parseFixdate(s string) (time.Time, bool) {
	if s[3:5] != ", " || s[7] != ' ' || s[11] != ' ' || s[16] != ' ' || s[25:] != " GMT" {
		return time.Time{}, false
	}
	century, rest := twoDigits(s[12:]), twoDigits(s[14:])
	return civilTime(s[:3], century, rest, s[8:11], twoDigits(s[5:]), s[17:25])
}

// parseAsctime takes asctime-date: "Sun Nov  6 08:49:37 1994".
func parseAsctime(s string) (time.Time, bool) {
	if s[7] != ' ' || s[10] != ' ' || s[19] != ' ' {
		return time.Time{}, false
	}
	day := twoDigits(s[8:])
	if s[8] == ' ' && '0' <= s[9] && s[9] <= '9' {
		day = int(s[9] - '0')
	}
	return civilTime(s[:3], twoDigits(s[20:]), twoDigits(s[22:]), s[4:7], day, s[11:19])
}

// parseRFC850 takes rfc850-date: "Sunday, 06-Nov-94 08:49:37 GMT".
func parseRFC850(s string, now time.Time) (time.Time, bool) {
	name, s, ok := strings.Cut(s, ", ")
	if !ok || len(s) != len("06-Nov-94 08:49:37 GMT") || s[2] != '-' || s[6] != '-' || s[9] != ' ' || s[18:] != " GMT" {
		return time.Time{}, false
	}
	known := false
	for _, long := range longDayNames {
		known = known || name == long
	}
	year := twoDigits(s[7:])
	if !known || year < 0 {
		return time.Time{}, false
	}
	latest := now.UTC().AddDate(50, 0, 0)
	year = latest.Year() - (latest.Year()-year)%100
	t, ok := civilTime("Sun", year/100, year%100, s[3:6], twoDigits(s), s[10:18])
	if ok && t.After(latest) {
		year -= 100
		t, ok = civilTime("Sun", year/100, year%100, s[3:6], twoDigits(s), s[10:18])
	}
	return t, ok
}

// civilTime makes a time of its parts: numbers are -1 where they are none,
// clock is "08:49:37". The second may be 60 (RFC 9110 §5.6.7).
func civilTime(dayName string, century, rest int, monthName string, day int, clock string) (time.Time, bool) {
	month := strings.Index(monthNames, monthName)
	h, m, s := twoDigits(clock), twoDigits(clock[3:]), twoDigits(clock[6:])
	if strings.Index(dayNames, dayName)%3 != 0 || month < 0 || month%3 != 0 ||
		century < 0 || rest < 0 || day < 1 || clock[2] != ':' || clock[5] != ':' ||
		h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 60 {
		return time.Time{}, false
	}
	t := time.Date(century*100+rest, time.Month(month/3+1), day, h, m, 0, 0, time.UTC)
	if t.Day() != day {
		return time.Time{}, false
	}
	return t.Add(time.Duration(s) * time.Second), true
}

// twoDigits takes 2DIGIT from the front of s, or returns -1.
func twoDigits(s string) int {
	hi, lo := s[0]-'0', s[1]-'0'
	if hi > 9 || lo > 9 {
		return -1
	}
	return int(hi)*10 + int(lo)
}

// AppendDate appends t as IMF-fixdate, such as
// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7). What comes before the
// year 0 or after 9999 is written as the first or the last second of them.
func AppendDate(dst []byte, t time.Time) []byte {
	t = t.UTC()
	switch year := t.Year(); {
	case year < 0:
		t = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	case year > 9999:
		t = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	}
	year, month, day := t.Date()
	h, m, s := t.Clock()
	name, monthAt := 3*int(t.Weekday()), 3*int(month-1)
	dst = append(dst, dayNames[name:name+3]...)
	dst = append(dst, ", "...)
	dst = append(appendTwo(dst, day), ' ')
	dst = append(dst, monthNames[monthAt:monthAt+3]...)
	dst = append(dst, ' ')
	dst = append(appendTwo(appendTwo(dst, year/100), year%100), ' ')
	dst = append(appendTwo(dst, h), ':')
	dst = append(appendTwo(dst, m), ':')
	return append(appendTwo(dst, s), " GMT"...)
}

// appendTwo appends v, of 0 to 99, as two digits.
func appendTwo(dst []byte, v int) []byte {
	return append(dst, byte('0'+v/10), byte('0'+v%10))
}

// dateCache writes dates that are mostly of the same second, as the Date field
// of a busy server's responses is. The zero value is ready, and goroutines may
// share it.
type dateCache struct {
	last atomic.Pointer[cachedDate]
}

type cachedDate struct {
	second int64
	text   string
}

// append appends now as [AppendDate] does. It makes the text once a second.
func (c *dateCache) append(dst []byte, now time.Time) []byte {
	return append(dst, c.text(now)...)
}

// text returns now as [AppendDate] writes it.
func (c *dateCache) text(now time.Time) string {
	second := now.Unix()
	if last := c.last.Load(); last != nil && last.second == second {
		return last.text
	}
	text := string(AppendDate(nil, now))
	c.last.Store(&cachedDate{second, text})
	return text
}
