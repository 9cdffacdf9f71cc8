package mime

import "applayer/internal/ascii"

// namedZones are the zones that RFC 5322 §4.3 lists, with their hours.
var namedZones = []struct {
	name  string
	hours int
}{
	{"GMT", 0}, {"UT", 0},
	{"EDT", -4}, {"EST", -5}, {"CDT", -5}, {"CST", -6},
	{"MDT", -6}, {"MST", -7}, {"PDT", -7}, {"PST", -8},
}

// zoneOfDate takes the zone, if there is one.
func (p *dateReader) zoneOfDate() {
	p.skipCFWS()
	from := p.at
	switch c := p.peek(); {
	case c == '+' || c == '-':
		p.zoneNumber()
	case ascii.Alpha.Has(c):
		p.zoneName(p.span(&ascii.Alpha), from)
	}
}

// zoneNumber takes a sign and four digits. -0000 tells that the zone is not
// known (RFC 5322 §3.3). Other numbers of digits, and a colon, are read too.
func (p *dateReader) zoneNumber() {
	from := p.at
	negative := p.s[p.at] == '-'
	p.at++
	digits := p.span(&ascii.Digit)
	if p.at < len(p.s) && p.s[p.at] == ':' && len(digits) < 3 {
		p.r.add(DefectDateForm, p.at, dateRef)
		p.at++
		digits += p.span(&ascii.Digit)
	} else if len(digits) != 4 && len(digits) > 0 {
		p.r.add(DefectDateForm, from, dateRef)
	}
	p.hasZone = true
	v, _, err := ascii.Decimal(digits, 9999)
	if err != nil || len(digits) > 4 {
		p.r.add(DefectUnknownZone, from, dateRef)
		p.unknownZone = true
		return
	}
	if len(digits) < 3 {
		v *= 100
	}
	hours, minutes := int(v/100), int(v%100)
	if minutes > 59 {
		p.r.add(DefectDateRange, from, dateRef)
		p.unknownZone = true
		return
	}
	p.zone = hours*3600 + minutes*60
	if negative {
		p.unknownZone = p.zone == 0
		p.zone = -p.zone
	}
}

// zoneName looks up the name of a zone. One letter is a military zone, of which
// RFC 822 had the signs wrong, so that nobody knows which is meant; nor is it
// known of other names (RFC 5322 §4.3).
func (p *dateReader) zoneName(name string, from int) {
	p.hasZone = true
	for _, z := range namedZones {
		if ascii.EqualFold(name, z.name) {
			p.zone = z.hours * 3600
			p.zoneSuffix()
			return
		}
	}
	switch {
	case ascii.EqualFold(name, "UTC"):
		p.r.add(DefectDateForm, from, "RFC 5322 §4.3")
		p.zoneSuffix()
		return
	case len(name) != 1 || ascii.Upper(name[0]) == 'J':
		p.r.add(DefectUnknownZone, from, "RFC 5322 §4.3")
	}
	p.unknownZone = true
}

// zoneSuffix takes the number in "GMT+0100", which tells more than the name.
func (p *dateReader) zoneSuffix() {
	if c := p.peek(); p.zone == 0 && (c == '+' || c == '-') {
		p.r.add(DefectDateForm, p.at, dateRef)
		p.zoneNumber()
	}
}
