package ftp

import (
	"strconv"
	"time"
)

// ParseTimeVal reads a time-val, YYYYMMDDHHMMSS and a fraction of a second if
// there is one, in UTC (RFC 3659 §2.3): what MDTM answers and MFMT takes. A year
// written as 19 and then 100 or more, the mistake of servers that do not know
// what comes after 1999, is taken as what was meant.
func ParseTimeVal(b []byte) (time.Time, error) {
	t, _, ok := parseTimeVal(b)
	if !ok {
		return time.Time{}, &ParseError{What: "time-val", Ref: "RFC 3659 §2.3", Reply: 501, Err: ErrSyntax}
	}
	return t, nil
}

// parseTimeVal takes a time-val that is all of b; unit is the worth of its last
// digit.
func parseTimeVal[T ~string | ~[]byte](b T) (t time.Time, unit time.Duration, ok bool) {
	digits := 0
	for digits < len(b) && isDigit(b[digits]) {
		digits++
	}
	whole, rest := b[:digits], b[digits:]
	year, ok := 0, false
	switch {
	case digits == 14:
		year, ok = number(whole[:4])
		whole = whole[4:]
	case digits == 15 && string(whole[:3]) == "191":
		year, ok = number(whole[2:5])
		year, whole = year+1900, whole[5:]
	}
	if !ok || year < 1000 {
		return time.Time{}, 0, false
	}
	var field [5]int // month, day, hour, minute, second
	for i := range field {
		field[i], _ = number(whole[2*i : 2*i+2])
	}
	nano, unit, ok := parseFraction(rest)
	t, valid := civil(year, field[0], field[1], field[2], field[3], field[4], nano, time.UTC)
	if !ok || !valid {
		return time.Time{}, 0, false
	}
	return t, unit, true
}

// parseFraction takes "." and digits, or nothing. Digits beyond nanoseconds
// count for nothing.
func parseFraction[T ~string | ~[]byte](b T) (nano int, unit time.Duration, ok bool) {
	unit = time.Second
	if len(b) == 0 {
		return 0, unit, true
	}
	if b[0] != '.' || len(b) == 1 {
		return 0, 0, false
	}
	for i := 1; i < len(b); i++ {
		if !isDigit(b[i]) {
			return 0, 0, false
		}
		if unit > 1 {
			unit /= 10
			nano += int(b[i]-'0') * int(unit)
		}
	}
	return nano, unit, true
}

// civil makes a time of parts that must be what they say: there is no 30th of
// February. 60 is a leap second.
func civil(year, month, day, hour, minute, second, nano int, zone *time.Location) (time.Time, bool) {
	if month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 60 {
		return time.Time{}, false
	}
	if time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Day() != day {
		return time.Time{}, false
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, nano, zone), true
}

// number takes all of b, which is a few digits.
func number[T ~string | ~[]byte](b T) (v int, ok bool) {
	for i := range len(b) {
		if !isDigit(b[i]) {
			return 0, false
		}
		v = 10*v + int(b[i]-'0')
	}
	return v, len(b) > 0 && len(b) <= 9
}

// AppendTimeVal appends t as a time-val, with a fraction only where t has one:
// no precision may be added that is not there (RFC 3659 §2.3). A year that does
// not have four digits cannot be written.
func AppendTimeVal(dst []byte, t time.Time) ([]byte, error) {
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	if !isTimeVal(t) {
		return dst, &ParseError{What: "time-val", Ref: "RFC 3659 §2.3", Err: ErrValue}
	}
	dst = strconv.AppendInt(dst, int64(year), 10)
	for _, v := range [...]int{int(month), day, hour, minute, second} {
		dst = append(dst, byte('0'+v/10), byte('0'+v%10))
	}
	nano := t.Nanosecond()
	if nano == 0 {
		return dst, nil
	}
	dst = append(dst, '.')
	for unit := int(time.Second) / 10; nano > 0; unit /= 10 {
		dst = append(dst, byte('0'+nano/unit))
		nano %= unit
	}
	return dst, nil
}

// isTimeVal tells whether a time-val can say t: its year has four digits.
func isTimeVal(t time.Time) bool {
	year := t.UTC().Year()
	return 1000 <= year && year <= 9999
}
