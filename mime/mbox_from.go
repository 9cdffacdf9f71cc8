package mime

import (
	"strconv"
	"strings"
	"time"

	"applayer/internal/ascii"
)

// MboxFrom is the separator line before a message of an mbox file: who sent it, by
// its envelope, and when it was received.
type MboxFrom struct {
	// Sender is a mail address, or what programs write where there is none:
	// "MAILER-DAEMON", "-".
	Sender string
	// Date is when the message was received. Without a zone it is UTC
	// (RFC 4155 §A).
	Date time.Time
}

// ParseMboxFrom parses a separator line, with or without its line end. The date is
// that of asctime, as in "Fri Jul  8 12:08:34 2011"; as many programs write it, the
// seconds may be missing, and a zone may stand before or behind the year. The error
// is a [*ParseError].
func ParseMboxFrom(line string) (MboxFrom, error) {
	wrong := func(what string) (MboxFrom, error) {
		return MboxFrom{}, &ParseError{What: "mbox separator: " + what, Ref: "RFC 4155 §A"}
	}
	line, ok := strings.CutPrefix(trimLineEnd(line), "From ")
	if !ok {
		return wrong(`no "From "`)
	}
	if len(line) > 1000 {
		return wrong("too long")
	}
	at := asctimeStart(line)
	if at < 0 {
		return wrong("no date")
	}
	date, ok := parseAsctime(strings.Fields(line[at:]))
	if !ok {
		return wrong("invalid date")
	}
	return MboxFrom{Sender: strings.TrimSpace(line[:at]), Date: date}, nil
}

// isMboxFrom tells whether a line is a separator.
func isMboxFrom(line []byte) bool {
	if len(line) > 1024 || len(line) < 5 || string(line[:5]) != "From " {
		return false
	}
	_, err := ParseMboxFrom(string(line))
	return err == nil
}

// asctimeStart returns where the date begins: at the last name of a day that the
// name of a month follows, since a sender may have anything in it. It is -1 where
// there is none.
func asctimeStart(s string) int {
	for i := len(s) - len("Mon Jan"); i >= 0; i-- {
		if (i == 0 || s[i-1] == ' ' || s[i-1] == '\t') && index3(days, s[i:]) >= 0 && s[i+3] == ' ' &&
			index3(months, strings.TrimLeft(s[i+4:], " ")) >= 0 {
			return i
		}
	}
	return -1
}

const (
	days   = "SunMonTueWedThuFriSat"
	months = "JanFebMarAprMayJunJulAugSepOctNovDec"
)

// index3 returns which of the names of three letters s begins with, or -1.
func index3(names, s string) int {
	for i := 0; i < len(names) && len(s) >= 3; i += 3 {
		if ascii.EqualFold(names[i:i+3], s[:3]) {
			return i / 3
		}
	}
	return -1
}

// parseAsctime takes the words of a date: the day's name, the month, the day, the
// time, the year, with zones before and behind it.
func parseAsctime(words []string) (t time.Time, ok bool) {
	if len(words) < 5 || len(words[0]) != 3 || len(words[1]) != 3 {
		return t, false
	}
	month := index3(months, words[1]) + 1
	day, ok1 := number(words[2], 1, 31)
	clock := strings.Split(words[3], ":")
	if len(clock) == 2 {
		clock = append(clock, "0")
	}
	if !ok1 || len(clock) != 3 {
		return t, false
	}
	hour, ok1 := number(clock[0], 0, 23)
	minute, ok2 := number(clock[1], 0, 59)
	second, ok3 := number(clock[2], 0, 60)
	if !ok1 || !ok2 || !ok3 {
		return t, false
	}
	year, zone, rest := 0, time.UTC, words[4:]
	for ; len(rest) > 0; rest = rest[1:] {
		if y, ok := number(rest[0], 1900, 9999); ok && len(rest[0]) == 4 && year == 0 {
			year = y
		} else if z, ok := asctimeZone(rest[0]); ok {
			zone = z
		} else if len(rest) == 3 && rest[0] == "remote" && rest[1] == "from" && year > 0 {
			break // so UUCP had it (RFC 976 §2.4)
		} else {
			return t, false
		}
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, 0, zone), year > 0
}

// number takes a number of a range.
func number(s string, low, high int) (n int, ok bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && s[0] != '+' && n >= low && n <= high
}

var upper = ascii.Range('A', 'Z')

// asctimeZone takes a zone: an offset, one of those of RFC 5322 §4.3, or capitals
// whose meaning is not known, which are taken for UTC.
func asctimeZone(s string) (*time.Location, bool) {
	if len(s) == 5 && (s[0] == '+' || s[0] == '-') {
		hours, ok1 := number(s[1:3], 0, 23)
		minutes, ok2 := number(s[3:], 0, 59)
		seconds := hours*3600 + minutes*60
		if s[0] == '-' {
			seconds = -seconds
		}
		return time.FixedZone("", seconds), ok1 && ok2
	}
	if len(s) < 1 || len(s) > 5 || ascii.Span(&upper, s) < len(s) {
		return nil, false
	}
	const zones = "EDTESTCDTCSTMDTMSTPDTPST" // from -4 on, two an hour, the second of one is the first of the next
	if i := index3(zones, s); i >= 0 && len(s) == 3 {
		return time.FixedZone(s, -(4+(i+1)/2)*3600), true
	}
	return time.UTC, true
}
