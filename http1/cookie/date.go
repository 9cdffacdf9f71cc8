package cookie

import (
	"time"

	"applayer/internal/ascii"
)

// delimiter is what stands between the date-tokens of RFC 6265 §5.1.1.
var delimiter = ascii.Chars("\t").Or(ascii.Range(0x20, 0x2f)).Or(ascii.Range(0x3b, 0x40)).
	Or(ascii.Range(0x5b, 0x60)).Or(ascii.Range(0x7b, 0x7e))

// ParseDate takes a cookie-date by the algorithm of RFC 6265 §5.1.1: of the
// parts between delimiters the first that looks like a time, a day of the
// month, a month and a year count, in any order, and all else is passed over.
// Two-digit years from 70 are of the 20th century, others of the 21st. A date
// that the calendar does not have is an error. The result is in UTC.
func ParseDate(s string) (time.Time, error) {
	t, ok := parseDate(s)
	if !ok {
		return time.Time{}, &ParseError{Offset: int64(len(s)), What: "cookie-date", Ref: "RFC 6265 §5.1.1"}
	}
	return t, nil
}

// date is what has been found so far.
type date struct {
	hour, minute, second int
	day, month, year     int

	hasTime, hasDay, hasMonth, hasYear bool
}

func parseDate(s string) (time.Time, bool) {
	var d date
	for {
		s = s[ascii.Span(&delimiter, s):]
		n := 0
		for n < len(s) && !delimiter.Has(s[n]) {
			n++
		}
		if n == 0 {
			return d.time()
		}
		d.token(s[:n])
		s = s[n:]
	}
}

// token gives one date-token to the first part that it fits and that has not
// been found yet.
func (d *date) token(s string) {
	switch {
	case !d.hasTime && d.takeTime(s):
		d.hasTime = true
	case !d.hasDay && takeNumber(s, 1, 2, &d.day):
		d.hasDay = true
	case !d.hasMonth && d.takeMonth(s):
		d.hasMonth = true
	case !d.hasYear && takeNumber(s, 2, 4, &d.year):
		d.hasYear = true
	}
}

// takeTime takes hms-time ( non-digit *OCTET ).
func (d *date) takeTime(s string) bool {
	var hms [3]int
	for i := range hms {
		n := ascii.Span(&ascii.Digit, s)
		if n < 1 || n > 2 {
			return false
		}
		hms[i] = number(s[:n])
		if s = s[n:]; i == 2 {
			break
		}
		if s == "" || s[0] != ':' {
			return false
		}
		s = s[1:]
	}
	d.hour, d.minute, d.second = hms[0], hms[1], hms[2]
	return true
}

// takeNumber takes least to most digits that no further digit follows.
func takeNumber(s string, least, most int, v *int) bool {
	n := ascii.Span(&ascii.Digit, s)
	if n < least || n > most {
		return false
	}
	*v = number(s[:n])
	return true
}

// takeMonth takes what starts with a month's first three letters.
func (d *date) takeMonth(s string) bool {
	const months = "janfebmaraprmayjunjulaugsepoctnovdec"
	if len(s) < 3 {
		return false
	}
	for i := range 12 {
		if ascii.EqualFold(s[:3], months[3*i:3*i+3]) {
			d.month = i + 1
			return true
		}
	}
	return false
}

// time checks what was found (steps 3 to 6 of the algorithm).
func (d *date) time() (time.Time, bool) {
	switch {
	case d.year <= 69:
		d.year += 2000
	case d.year <= 99:
		d.year += 1900
	}
	if !d.hasTime || !d.hasDay || !d.hasMonth || !d.hasYear ||
		d.day < 1 || d.day > 31 || d.year < 1601 || d.hour > 23 || d.minute > 59 || d.second > 59 {
		return time.Time{}, false
	}
	t := time.Date(d.year, time.Month(d.month), d.day, d.hour, d.minute, d.second, 0, time.UTC)
	return t, t.Day() == d.day
}

// number is the value of at most four digits.
func number(s string) (v int) {
	for i := range len(s) {
		v = v*10 + int(s[i]-'0')
	}
	return v
}
