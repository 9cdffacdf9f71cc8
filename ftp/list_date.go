package ftp

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"applayer/internal/ascii"
)

// day is the precision of dates without a time.
const day = 24 * time.Hour

// monthNames are the names of months as ls shortens them, without points. Each
// line has twelve. No name is of two months: Croatian, which has lip, srp and lis
// a month before Polish and Czech, is left out.
var monthNames = [...]string{
	"jan feb mar apr may jun jul aug sep oct nov dec",                                       // English
	"january february march april may june july august september october november december", // English
	"jan feb mär apr mai jun jul aug sep okt nov dez",                                       // German
	"jän feb mrz apr mai juni juli aug sept okt nov dez",                                    // German
	"janv févr mars avril mai juin juil août sept oct nov déc",                              // French
	"janv fév mars avr mai juin juil aoû sept oct nov déc",                                  // French
	"ene feb mar abr may jun jul ago sep oct nov dic",                                       // Spanish
	"gen feb mar apr mag giu lug ago set ott nov dic",                                       // Italian
	"jan fev mar abr mai jun jul ago set out nov dez",                                       // Portuguese
	"jan feb mrt apr mei jun jul aug sep okt nov dec",                                       // Dutch
	"jan feb mar apr maj jun jul aug sep okt nov dec",                                       // Danish, Swedish
	"jan feb mars april mai juni juli aug sep okt nov des",                                  // Norwegian
	"sty lut mar kwi maj cze lip sie wrz paź lis gru",                                       // Polish
	"led úno bře dub kvě čen čec srp zář říj lis pro",                                       // Czech
	"tammi helmi maalis huhti touko kesä heinä elo syys loka marras joulu",                  // Finnish
	"jan febr márc ápr máj jún júl aug szept okt nov dec",                                   // Hungarian
	"ian feb mar apr mai iun iul aug sep oct nov dec",                                       // Romanian
	"oca şub mar nis may haz tem ağu eyl eki kas ara",                                       // Turkish
	"янв фев мар апр май июн июл авг сен окт ноя дек",                                       // Russian
	"янв фев мар апр мая июн июл авг сен окт ноя дек",                                       // Russian, of a day
	"яну фев мар апр май юни юли авг сеп окт ное дек",                                       // Bulgarian
	"јан феб мар апр мај јун јул авг сеп окт нов дец",                                       // Serbian
	"ιαν φεβ μαρ απρ μαΐ ιουν ιουλ αυγ σεπ οκτ νοε δεκ",                                     // Greek
	"jan feb mar apr maj jun jul avg sep okt nov dec",                                       // Slovenian
	"jaan veebr märts apr mai juuni juuli aug sept okt nov dets",                            // Estonian
	"jan feb mar apr mai jūn jūl aug sep okt nov dec",                                       // Latvian
	"saus vas kov bal geg birž liep rugp rugs spal lapkr gruod",                             // Lithuanian
	"jan feb mar apr maí jún júl ágú sep okt nóv des",                                       // Icelandic
	"gen febr març abr maig juny jul ag set oct nov des",                                    // Catalan
	"січ лют бер кві тра чер лип сер вер жов лис гру",                                       // Ukrainian
	"1月 2月 3月 4月 5月 6月 7月 8月 9月 10月 11月 12月",                                                // Chinese, Japanese
	"一月 二月 三月 四月 五月 六月 七月 八月 九月 十月 十一月 十二月",                                                 // Chinese
	"1월 2월 3월 4월 5월 6월 7월 8월 9월 10월 11월 12월",                                                // Korean
}

// months finds a month by its name, in UTF-8 and in Latin-1, which servers older
// than that send. What ASCII has is in lower case; a first letter that it has not
// may be in either.
var months = func() map[string]time.Month {
	m := map[string]time.Month{}
	for _, names := range monthNames {
		for i, name := range strings.Fields(names) {
			for _, name := range [...]string{name, capitalized(name)} {
				m[name] = time.Month(i + 1)
				if latin1, ok := toLatin1(name); ok {
					m[latin1] = time.Month(i + 1)
				}
			}
		}
	}
	return m
}()

// capitalized returns s with the first letter as a capital, if ASCII has it not.
func capitalized(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if r < utf8.RuneSelf {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

func toLatin1(s string) (string, bool) {
	var b []byte
	for _, r := range s {
		if r > 0xff {
			return "", false
		}
		b = append(b, byte(r))
	}
	return string(b), true
}

// parseMonth takes a name in any case of ASCII, with a point behind it or not.
func parseMonth(s string) (time.Month, bool) {
	s = strings.TrimSuffix(s, ".")
	var low [16]byte
	if len(s) > len(low) {
		return 0, false
	}
	for i := range len(s) {
		low[i] = ascii.Lower(s[i])
	}
	m, ok := months[string(low[:len(s)])]
	return m, ok
}

// parseDay takes a day of the month, with a point, a comma or the sign for day
// behind it or not.
func parseDay(s string) (int, bool) {
	for _, end := range [...]string{".", ",", "日", "일"} {
		s = strings.TrimSuffix(s, end)
	}
	v, ok := number(s)
	return v, ok && len(s) <= 2 && 1 <= v && v <= 31
}

// parseYear takes a year of four digits.
func parseYear(s string) (int, bool) {
	v, ok := number(s)
	return v, ok && len(s) == 4 && v > 0
}

// clock is a time of day.
type clock struct{ hour, minute, second, nano int }

// parseClock takes HH:MM or HH:MM:SS and a fraction, with AM or PM behind it or
// not.
func parseClock(s string) (c clock, precision time.Duration, ok bool) {
	half := -1
	if n := len(s) - 2; n > 0 {
		if ascii.EqualFold(s[n:], "AM") {
			s, half = s[:n], 0
		} else if ascii.EqualFold(s[n:], "PM") {
			s, half = s[:n], 12
		}
	}
	hour, rest, ok := strings.Cut(s, ":")
	minute, second, seconds := strings.Cut(rest, ":")
	if !ok || len(hour) > 2 || len(minute) != 2 {
		return c, 0, false
	}
	var okHour, okMinute bool
	c.hour, okHour = number(hour)
	c.minute, okMinute = number(minute)
	precision = time.Minute
	if seconds {
		if len(second) < 2 {
			return c, 0, false
		}
		c.second, ok = number(second[:2])
		if ok {
			c.nano, precision, ok = parseFraction(second[2:])
		}
	}
	if half >= 0 {
		if c.hour < 1 || c.hour > 12 {
			return c, 0, false
		}
		c.hour = c.hour%12 + half
	}
	return c, precision, ok && okHour && okMinute && c.hour < 24 && c.minute < 60 && c.second <= 60
}

// listDate is what a date in a listing says.
type listDate struct {
	year, day int // year 0 where it is left out
	month     time.Month
	clock     clock
	precision time.Duration
	zone      string // such as +0100, "" for now's
	padded    bool   // a space belongs to it
}

// time returns the date as a time in now's zone. A year left out is the last one
// in which the date is one, and not later than a day from now: clocks and zones
// are not always what one thinks.
func (d *listDate) time(now time.Time) (time.Time, bool) {
	zone := now.Location()
	if d.zone != "" {
		zone = parseZone(d.zone)
	}
	at := func(year int) (time.Time, bool) {
		return civil(year, int(d.month), d.day, d.clock.hour, d.clock.minute, d.clock.second, d.clock.nano, zone)
	}
	if d.year != 0 {
		return at(d.year)
	}
	latest := now.Add(day)
	for year := latest.Year(); year > latest.Year()-9; year-- { // there is a 29th of February in nine years
		if t, ok := at(year); ok && !t.After(latest) {
			return t, true
		}
	}
	return time.Time{}, false
}

// isoDate takes 2026-11-21 22:14, 2026-11-21 22:14:05.000000000 +0100, 11-21 22:14
// or 2026-11-21, which are GNU's long-iso, full-iso and iso.
func (l *listLine) isoDate(i int) (d listDate, n int, ok bool) {
	s := l.at(i)
	if len(s) == len("2026-11-21") && s[4] == '-' {
		if d.year, ok = parseYear(s[:4]); !ok {
			return d, 0, false
		}
		s = s[5:]
	}
	if len(s) != len("11-21") || s[2] != '-' {
		return d, 0, false
	}
	month, isMonth := number(s[:2])
	d.month = time.Month(month)
	var isDay bool
	if d.day, isDay = number(s[3:]); !isMonth || !isDay {
		return d, 0, false
	}
	if d.clock, d.precision, ok = parseClock(l.at(i + 1)); ok {
		if zone := l.at(i + 2); d.precision < time.Minute && isZone(zone) {
			d.zone = zone
			return d, 3, true
		}
		return d, 2, true
	}
	d.precision, d.padded = day, true
	return d, 1, d.year != 0
}

// isZone tells whether s is a zone such as +0100.
func isZone(s string) bool {
	if len(s) != 5 || s[0] != '+' && s[0] != '-' {
		return false
	}
	_, ok := number(s[1:])
	return ok
}

// parseZone takes what isZone does.
func parseZone(s string) *time.Location {
	hours, _ := number(s[1:3])
	minutes, _ := number(s[3:])
	east := (60*hours + minutes) * 60
	if s[0] == '-' {
		east = -east
	}
	return time.FixedZone(s, east)
}
