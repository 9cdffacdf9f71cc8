package ftp

import (
	"errors"
	"strings"
	"time"

	"applayer/internal/ascii"
)

// ErrNoEntry means a line of a listing that lists nothing: an empty one, the
// "total 12" of ls, or the title of a directory.
var ErrNoEntry = errors.New("no entry")

// ParseList reads a line of LIST, without its end. No standard says how it looks
// (RFC 959 §4.1.3); these are read, by how they begin:
//
//   - ls -l of Unix, with or without inode, blocks, group and ACL mark, with
//     months in thirty languages or dates of digits;
//   - DOS and IIS, with dates of the month first;
//   - EPLF, which begins with a plus sign;
//   - NetWare, VMS where a file is on one line, data sets and members of MVS.
//
// Dates are in the zone of now, which is to be the server's. Where the year is
// left out, it is the last one in which the date was not later than a day from
// now: ls shows years of dates more than six months old or to come.
//
// A line that lists nothing is an error with [ErrNoEntry], one that is none of
// the above an error with [ErrSyntax]. The entry's strings share one allocation.
func ParseList(line []byte, now time.Time) (Entry, error) {
	text := string(line)
	if i := controlOctet(text); i >= 0 {
		return Entry{}, listError(i, ErrControlOctet)
	}
	if strings.HasPrefix(text, "+") {
		return parseEPLF(text)
	}
	l := listLine{text: text, now: now}
	l.split(0)
	if l.isTitle() {
		return Entry{}, listError(0, ErrNoEntry)
	}
	e, ok := parseUnix(&l)
	if !ok {
		l.split(0) // Unix looked behind the mode
		e, ok = parseDOS(&l)
	}
	if !ok {
		e, ok = parseVMS(&l)
	}
	if !ok {
		e, ok = parseMVS(&l)
	}
	if !ok {
		e, ok = parseNetWare(&l)
	}
	switch {
	case ok:
		return e, nil
	case strings.HasSuffix(text, ":"): // ls -R of a directory with spaces in its name
		return Entry{}, listError(0, ErrNoEntry)
	}
	return Entry{}, listError(0, ErrSyntax)
}

func listError(at int, err error) error {
	return &ParseError{Offset: int64(at), What: "list line", Ref: "RFC 959 §4.1.3", Err: err}
}

// listLine is a line and its fields.
type listLine struct {
	text  string
	now   time.Time
	field [maxListFields]listField
	n     int
}

// maxListFields is how many fields are looked at; a date stands before the last
// of them.
const maxListFields = 20

type listField struct{ from, to int }

// split finds the fields from octet at on: what stands between spaces.
func (l *listLine) split(at int) {
	l.n = 0
	for l.n < maxListFields {
		for at < len(l.text) && l.text[at] == ' ' {
			at++
		}
		if at == len(l.text) {
			return
		}
		n := strings.IndexByte(l.text[at:], ' ')
		if n < 0 {
			n = len(l.text) - at
		}
		l.field[l.n] = listField{at, at + n}
		l.n++
		at += n
	}
}

// at returns field i, "" where there is none.
func (l *listLine) at(i int) string {
	if i >= l.n {
		return ""
	}
	return l.text[l.field[i].from:l.field[i].to]
}

// behind returns what stands behind field i and one space.
func (l *listLine) behind(i int) string {
	return l.text[min(l.field[i].to+1, len(l.text)):]
}

// sizeOctets are what the sum of sizes is made of.
var sizeOctets = ascii.Digit.Or(ascii.Chars(".,KMGT"))

// isTitle tells whether the line lists nothing: the "total 12" before a listing,
// in any language, and what VMS and MVS have above and below.
func (l *listLine) isTitle() bool {
	switch l.n {
	case 0:
		return true
	case 2:
		_, word := number(l.at(0))
		if size := l.at(1); !word && isDigit(size[0]) && ascii.Span(&sizeOctets, size) == len(size) {
			return true
		}
	}
	for _, title := range [...]string{"Directory ", "Total of ", "Volume Unit ", " Name     VV.MM "} {
		if strings.HasPrefix(l.text, title) {
			return true
		}
	}
	return false
}
