package mime

import (
	"strconv"
	"time"
)

// AppendDate appends a date in the form of RFC 5322 §3.3, as in
// "Tue, 4 Mar 2025 10:00:00 +0100", with -0000 for an unknown zone. It refuses
// years outside of 1900 to 9999. Parts of a second are left out, and so are
// those of a minute in the zone.
func AppendDate(dst []byte, d Date) ([]byte, error) {
	t := d.Time
	_, zone := t.Zone()
	if d.UnknownZone {
		zone = 0
	}
	minutes := zone / 60
	t = t.In(time.FixedZone("", minutes*60))
	leap := d.LeapSecond && t.Second() == 0
	if leap {
		t = t.Add(-time.Second)
	}
	if y := t.Year(); y < 1900 || y > 9999 || minutes <= -100*60 || minutes >= 100*60 {
		return dst, &ParseError{What: "date out of range", Ref: dateRef}
	}
	dst = append(dst, dayNames[t.Weekday()][:3]...)
	dst = append(dst, ", "...)
	dst = strconv.AppendInt(dst, int64(t.Day()), 10)
	dst = append(dst, ' ')
	dst = append(dst, monthNames[t.Month()-1][:3]...)
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, int64(t.Year()), 10)
	dst = append(dst, ' ')
	dst = append2(dst, t.Hour())
	dst = append(dst, ':')
	dst = append2(dst, t.Minute())
	dst = append(dst, ':')
	if leap {
		dst = append(dst, "60 "...)
	} else {
		dst = append(append2(dst, t.Second()), ' ')
	}
	switch {
	case minutes < 0:
		dst = append(dst, '-')
		minutes = -minutes
	case d.UnknownZone:
		dst = append(dst, '-')
	default:
		dst = append(dst, '+')
	}
	return append2(append2(dst, minutes/60), minutes%60), nil
}

// append2 appends a number of two digits.
func append2(dst []byte, n int) []byte { return append(dst, byte('0'+n/10), byte('0'+n%10)) }

// String returns the date as [AppendDate] has it, "" if that refuses it.
func (d Date) String() string {
	b, err := AppendDate(nil, d)
	if err != nil {
		return ""
	}
	return string(b)
}
