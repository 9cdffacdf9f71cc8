package mime

import "applayer/internal/ascii"

// The forms of dates that RFC 5322 does not have and mail does.

// monthFirst takes the forms that begin with the month:
//
//	Tue Mar  4 10:00:00 2025          asctime in C
//	Tue Mar  4 10:00:00 CET 2025      date in a shell
//	March 4, 2025 at 10:00 AM +0100   people
func (p *dateReader) monthFirst() error {
	from := p.at
	if err := p.monthName(); err != nil {
		return err
	}
	p.r.add(DefectDateForm, from, dateRef)
	p.skipCFWS()
	if err := p.dayNumber(); err != nil {
		return err
	}
	p.skipCFWS()
	p.take(',')
	p.skipCFWS()
	if n := ascii.Span(&ascii.Digit, p.s[p.at:]); n >= 3 {
		return p.yearThenTime()
	}
	if err := p.timeOfDay(); err != nil {
		return err
	}
	p.zoneOfDate()
	p.skipCFWS()
	if err := p.yearNumber(); err != nil {
		return err
	}
	if !p.hasZone {
		p.zoneOfDate()
	}
	return nil
}

func (p *dateReader) yearThenTime() error {
	if err := p.yearNumber(); err != nil {
		return err
	}
	p.skipCFWS()
	p.take(',')
	p.skipCFWS()
	if from := p.at; !ascii.EqualFold(p.span(&ascii.Alpha), "at") {
		p.at = from
	}
	if err := p.timeOfDay(); err != nil {
		return err
	}
	p.zoneOfDate()
	return nil
}

// yearFirst takes the form of ISO 8601 and of RFC 3339, as in
// 2025-03-04T10:00:00Z.
func (p *dateReader) yearFirst() (err error) {
	p.r.add(DefectDateForm, p.at, dateRef)
	if err := p.yearNumber(); err != nil {
		return err
	}
	if !p.take('-') && !p.take('/') {
		return p.fail("day", p.at)
	}
	from := p.at
	if p.month, err = p.number("month", 2); err != nil {
		return err
	}
	if p.month < 1 || p.month > 12 {
		return p.fail("month", from)
	}
	if !p.take('-') && !p.take('/') {
		return p.fail("day", p.at)
	}
	if err := p.dayNumber(); err != nil {
		return err
	}
	if c := p.peek(); c == 'T' || c == 't' || c == '_' {
		p.at++
	}
	if err := p.timeOfDay(); err != nil {
		return err
	}
	if c := p.peek(); c == 'Z' || c == 'z' {
		p.at++
		p.hasZone = true // unlike the military zone, it is UTC
		return nil
	}
	p.zoneOfDate()
	return nil
}
