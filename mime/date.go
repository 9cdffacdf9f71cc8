package mime

import (
	"time"

	"applayer/internal/ascii"
)

// Date is a point in time as a message gives it (RFC 5322 §3.3), with the offset
// of its zone.
type Date struct {
	time.Time
	// UnknownZone means that the time is that of UTC and that nothing is known
	// of the zone of the writer: -0000 in the message, or no zone, or the name of
	// one that nobody knows.
	UnknownZone bool
	// LeapSecond means that the second was 60. Time is the second behind it,
	// as time.Time knows no leap seconds.
	LeapSecond bool
}

// Defects of dates.
const (
	// DefectDateForm is a date in another form than RFC 5322 has, such as those
	// of asctime in C and of ISO 8601, and that can be read all the same.
	DefectDateForm DefectCode = "date-form"
	// DefectDateRange is a day that its month does not have, a year before 1900,
	// hour 24, or a zone with more than 59 minutes.
	DefectDateRange DefectCode = "date-range"
	// DefectDayName is a day of the week that the date is not on. The date counts.
	DefectDayName DefectCode = "day-name"
	// DefectNoTime is a date without a time of day. It is taken as 00:00.
	DefectNoTime DefectCode = "no-time"
	// DefectNoZone is a date without a zone. It is taken as -0000.
	DefectNoZone DefectCode = "no-zone"
	// DefectUnknownZone is the name of a zone that RFC 5322 §4.3 does not list.
	// It is taken as -0000.
	DefectUnknownZone DefectCode = "unknown-zone"
	// DefectDateTrailer is text behind a date.
	DefectDateTrailer DefectCode = "date-trailer"
)

const dateRef = "RFC 5322 §3.3"

// ParseDate reads a date: the form of RFC 5322 §3.3, the obsolete one of
// RFC 5322 §4.3 with its comments, short years and named zones, and, with a
// defect, what other forms mail has. The error is a [*ParseError] where no date
// can be made out.
func ParseDate(s string, opts *Options) (Date, []Defect, error) {
	o := opts.inForce()
	r := newReport(o)
	d, err := parseDate(s, o, r)
	return d, r.list, err
}

func parseDate(s string, o *Options, r *report) (Date, error) {
	p := dateReader{lexer: lexer{s: s, o: o, r: r}, dayName: -1}
	if err := p.dateTime(); err != nil {
		return Date{}, err
	}
	d := p.date()
	if r.failed() {
		return Date{}, r.err
	}
	return d, nil
}

// dateReader takes a date apart.
type dateReader struct {
	lexer
	dayName, dayNameAt   int // -1 where there is none
	dayAt                int
	year, month, day     int
	hour, minute, second int
	zone                 int // seconds east of UTC
	hasZone, unknownZone bool
}

// dateTime takes date-time (RFC 5322 §3.3).
func (p *dateReader) dateTime() error {
	p.skipCFWS()
	p.dayOfWeek()
	var err error
	switch n := ascii.Span(&ascii.Digit, p.s[p.at:]); {
	case n == 0:
		err = p.monthFirst()
	case n == 4:
		err = p.yearFirst()
	default:
		err = p.dayFirst()
	}
	if err != nil {
		return err
	}
	if p.skipCFWS(); !p.atEnd() {
		p.r.add(DefectDateTrailer, p.at, dateRef)
	}
	return nil
}

// dayOfWeek takes the day's name and its comma, if they come next. It leaves the
// name of a month.
func (p *dateReader) dayOfWeek() {
	from := p.at
	name := p.span(&ascii.Alpha)
	if name == "" {
		return
	}
	p.dayNameAt = from
	if p.dayName = nameIndex(dayNames, name); p.dayName < 0 {
		p.at = from // monthFirst reads it
		return
	}
	if len(name) != 3 {
		p.r.add(DefectDateForm, from, dateRef)
	}
	p.skipCFWS()
	if !p.take(',') {
		p.take('.')
		if ascii.Digit.Has(p.peek()) {
			p.r.add(DefectDateForm, p.at, dateRef)
		}
	}
	p.skipCFWS()
}

// dayFirst takes date, time and zone in the order of RFC 5322 §3.3. Hyphens
// between day, month and year are those of RFC 850 and of IMAP.
func (p *dateReader) dayFirst() error {
	if err := p.dayNumber(); err != nil {
		return err
	}
	p.between('-')
	if err := p.monthName(); err != nil {
		return err
	}
	p.between('-')
	if err := p.yearNumber(); err != nil {
		return err
	}
	p.between(',')
	if err := p.timeOfDay(); err != nil {
		return err
	}
	p.zoneOfDate()
	return nil
}

// dayNumber takes the day of the month.
func (p *dateReader) dayNumber() (err error) {
	p.dayAt = p.at
	p.day, err = p.number("day", 2)
	return err
}

// between passes over space and over a mark that does not belong there.
func (p *dateReader) between(mark byte) {
	p.skipCFWS()
	if p.take(mark) {
		p.r.add(DefectDateForm, p.at-1, dateRef)
		p.skipCFWS()
	}
}

// number takes 1 to max digits.
func (p *dateReader) number(what string, max int) (int, error) {
	from := p.at
	digits := p.span(&ascii.Digit)
	if digits == "" || len(digits) > max {
		return 0, p.fail(what, from)
	}
	v, _, _ := ascii.Decimal(digits, 1e9) // it has at most 4
	return int(v), nil
}

// fail says what cannot be read as a part of a date.
func (p *dateReader) fail(what string, at int) error {
	e := &ParseError{Offset: int64(at), What: "date: " + what, Ref: dateRef}
	if p.r != nil {
		e.Offset += p.r.base
		e.Field = p.r.field
	}
	return e
}

// monthName takes the name of a month, which may be written in full.
func (p *dateReader) monthName() error {
	from := p.at
	name := p.span(&ascii.Alpha)
	i := nameIndex(monthNames, name)
	if i < 0 {
		return p.fail("month", from)
	}
	if p.month = i + 1; len(name) != 3 {
		p.r.add(DefectDateForm, from, dateRef)
	}
	if p.take('.') {
		p.r.add(DefectDateForm, p.at-1, dateRef)
	}
	return nil
}

// yearNumber takes a year. Two digits up to 49 are those after 2000, others of
// two or three digits count from 1900: programs that wrote the years since 1900
// wrote 100 for 2000 (RFC 5322 §4.3).
func (p *dateReader) yearNumber() (err error) {
	from := p.at
	if p.year, err = p.number("year", 4); err != nil {
		return err
	}
	switch n := p.at - from; {
	case n == 1:
		p.r.add(DefectDateForm, from, dateRef)
		p.year += 2000
	case n == 2 && p.year < 50:
		p.year += 2000
	case n < 4:
		p.year += 1900
	case p.year < 1900:
		p.r.add(DefectDateRange, from, dateRef)
	}
	return nil
}

// timeOfDay takes time-of-day (RFC 5322 §3.3) if there is one. The seconds may
// be missing.
func (p *dateReader) timeOfDay() (err error) {
	p.skipCFWS()
	if p.atEnd() {
		p.r.add(DefectNoTime, p.at, dateRef)
		return nil
	}
	from := p.at
	if ascii.Span(&ascii.Digit, p.s[from:]) == 4 {
		p.fourDigits()
	} else if err = p.clock(); err != nil {
		return err
	}
	p.halfDay()
	midnight := p.hour == 24 && p.minute == 0 && p.second == 0
	if p.hour > 23 && !midnight || p.minute > 59 || p.second > 60 {
		return p.fail("time of day", from)
	}
	if midnight {
		p.r.add(DefectDateRange, from, dateRef)
	}
	return nil
}

// fourDigits takes the time of RFC 733, which RFC 822 did away with and which
// its own examples have (RFC 822 §A.3).
func (p *dateReader) fourDigits() {
	p.r.add(DefectDateForm, p.at, dateRef)
	v, _ := p.number("hour", 4) // there are four
	p.hour, p.minute = v/100, v%100
}

// clock takes hour, minute and, if it is there, second.
func (p *dateReader) clock() (err error) {
	from := p.at
	if p.hour, err = p.number("hour", 2); err != nil {
		return err
	}
	if p.at-from == 1 {
		p.r.add(DefectDateForm, from, dateRef)
	}
	if !p.timeMark() {
		return p.fail("minute", p.at)
	}
	if p.minute, err = p.number("minute", 2); err != nil {
		return err
	}
	if p.timeMark() {
		if p.second, err = p.number("second", 2); err != nil {
			return err
		}
		p.fraction()
	}
	return nil
}

// timeMark takes the colon between the numbers of a time, or the dot that stands
// for it in some countries.
func (p *dateReader) timeMark() bool {
	p.skipCFWS()
	switch {
	case p.take(':'):
	case p.take('.'):
		p.r.add(DefectDateForm, p.at-1, dateRef)
	default:
		return false
	}
	p.skipCFWS()
	return true
}

// fraction passes over a part of a second, which ISO 8601 has.
func (p *dateReader) fraction() {
	from := p.at
	if p.take('.') || p.take(',') {
		p.span(&ascii.Digit)
		p.r.add(DefectDateForm, from, dateRef)
	}
}

// halfDay takes AM or PM.
func (p *dateReader) halfDay() {
	p.skipCFWS()
	from := p.at
	name := p.span(&ascii.Alpha)
	pm := ascii.EqualFold(name, "PM")
	if !pm && !ascii.EqualFold(name, "AM") || p.hour > 12 {
		p.at = from
		return
	}
	p.r.add(DefectDateForm, from, dateRef)
	p.hour %= 12
	if pm {
		p.hour += 12
	}
}

// date puts the parts together.
func (p *dateReader) date() Date {
	zone := time.UTC
	if p.zone != 0 {
		zone = time.FixedZone("", p.zone)
	}
	d := Date{
		Time:        time.Date(p.year, time.Month(p.month), p.day, p.hour, p.minute, p.second, 0, zone),
		UnknownZone: p.unknownZone || !p.hasZone,
		LeapSecond:  p.second == 60,
	}
	day := time.Date(p.year, time.Month(p.month), p.day, 0, 0, 0, 0, time.UTC)
	if day.Day() != p.day {
		p.r.add(DefectDateRange, p.dayAt, dateRef)
	} else if p.dayName >= 0 && int(day.Weekday()) != p.dayName {
		p.r.add(DefectDayName, p.dayNameAt, dateRef)
	}
	if !p.hasZone {
		p.r.add(DefectNoZone, p.at, dateRef)
	}
	return d
}

var (
	dayNames   = []string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
	monthNames = []string{
		"January", "February", "March", "April", "May", "June",
		"July", "August", "September", "October", "November", "December",
	}
)

// nameIndex returns which of the names is meant, by three letters or more of
// it; -1 if none is.
func nameIndex(names []string, name string) int {
	if len(name) >= 3 {
		for i, full := range names {
			if len(name) <= len(full) && ascii.EqualFold(name, full[:len(name)]) {
				return i
			}
		}
	}
	return -1
}
