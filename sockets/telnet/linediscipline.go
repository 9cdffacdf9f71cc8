package telnet

import "unicode/utf8"

// LineEvent is what [LineDiscipline.Input] has come to.
type LineEvent uint8

// The events.
const (
	LineNone      LineEvent = iota // no line is whole yet
	LineDone                       // a line is whole
	LineInterrupt                  // ^C: what was typed of a line is gone
	LineEOF                        // ^D on an empty line
)

// String returns the event's name.
func (e LineEvent) String() string {
	return [...]string{"none", "done", "interrupt", "EOF"}[e&3]
}

// DefaultMaxLine is the limit of a zero [LineDiscipline].
const DefaultMaxLine = 1024

// LineDiscipline makes lines of what a user types, and what the terminal is to
// show of it, as the kernel does for a terminal of its own. It has no socket.
// The zero value is ready to use and shows nothing.
//
// A line ends with CR LF or CR NUL, which are to be the same
// (RFC 1123 §3.3.1), or with LF alone. DEL and BS take the last character away,
// ^U the line, ^W the last word; ^R shows the line once more, ^C gives it up,
// ^D on an empty line is the end. Other controls save the tab are dropped.
// Characters are those of UTF-8.
type LineDiscipline struct {
	// Echo shows what is typed.
	Echo bool
	// Hide shows nothing but the line's end, for a password.
	Hide bool
	// MaxLine bounds a line in octets (default 1024, negative for no limit).
	// What is typed beyond it is dropped, with a bell.
	MaxLine int

	line    []byte
	whole   bool // the line was given out
	afterCR bool // of a line's end, whose LF belongs to it
}

// The control characters.
const (
	ctrlC = 'C' & 0x1f
	ctrlD = 'D' & 0x1f
	bel   = '\a'
	bs    = '\b'
	ctrlR = 'R' & 0x1f
	ctrlU = 'U' & 0x1f
	ctrlW = 'W' & 0x1f
	del   = 0x7f
)

// mostShown is how much one call of Input gives to show: who holds ^R down on a
// long line is not to fill the memory.
const mostShown = 4 << 10

// Input takes octets that the user typed, up to the first event or until there
// is much to show, and tells how many. It appends what the terminal is to show
// to show. After LineDone, [LineDiscipline.Line] is the line until the next
// call.
func (l *LineDiscipline) Input(in, show []byte) (n int, shown []byte, ev LineEvent) {
	if l.whole {
		l.Discard()
	}
	for before := len(show); n < len(in) && len(show)-before < mostShown; {
		c := in[n]
		n++
		lineFeed := c == '\n' && l.afterCR
		l.afterCR = false
		switch {
		case lineFeed: // of CR LF
		case c == '\r' || c == '\n':
			l.afterCR = c == '\r'
			l.whole = true
			return n, l.show(show, "\r\n"), LineDone
		case c == ctrlC:
			l.Discard()
			return n, l.show(show, "^C\r\n"), LineInterrupt
		case c == ctrlD && len(l.line) == 0:
			return n, l.show(show, "\r\n"), LineEOF
		default:
			show = l.typed(c, show)
		}
	}
	return n, show, LineNone
}

// typed takes an octet of a line, or one that edits it.
func (l *LineDiscipline) typed(c byte, show []byte) []byte {
	switch {
	case c == del || c == bs:
		return l.EraseCharacter(show)
	case c == ctrlU:
		return l.EraseLine(show)
	case c == ctrlW:
		return l.eraseWord(show)
	case c == ctrlR:
		return l.Reprint(show)
	case c < ' ' && c != '\t':
		return show
	}
	limit := orDefault(l.MaxLine, DefaultMaxLine)
	if limit > 0 && len(l.line) >= limit {
		return l.show(show, string(rune(bel)))
	}
	l.line = append(l.line, c)
	if c == '\t' {
		c = ' ' // as wide as what erases it
	}
	if l.Echo && !l.Hide {
		show = append(show, c)
	}
	return show
}

// show appends what stands for no character of the line: it is shown for a
// password too.
func (l *LineDiscipline) show(show []byte, s string) []byte {
	if l.Echo {
		show = append(show, s...)
	}
	return show
}

// EraseCharacter takes the last character away, as EC asks.
func (l *LineDiscipline) EraseCharacter(show []byte) []byte {
	if len(l.line) == 0 || l.whole {
		return show
	}
	_, size := utf8.DecodeLastRune(l.line)
	l.line = l.line[:len(l.line)-size]
	if l.Hide {
		return show
	}
	return l.show(show, "\b \b")
}

// EraseLine takes all that was typed of the line away, as EL asks.
func (l *LineDiscipline) EraseLine(show []byte) []byte {
	for len(l.line) > 0 && !l.whole {
		show = l.EraseCharacter(show)
	}
	return show
}

// eraseWord takes the blanks at the end away, and the word before them.
func (l *LineDiscipline) eraseWord(show []byte) []byte {
	for _, blank := range []bool{true, false} {
		for len(l.line) > 0 && isBlank(l.line[len(l.line)-1]) == blank {
			show = l.EraseCharacter(show)
		}
	}
	return show
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// Reprint shows what was typed of the line once more, as behind output that
// came in between.
func (l *LineDiscipline) Reprint(show []byte) []byte {
	if !l.Echo || l.Hide || l.whole {
		return show
	}
	show = append(show, "\r\n"...)
	for _, c := range l.line {
		if c == '\t' {
			c = ' '
		}
		show = append(show, c)
	}
	return show
}

// Discard forgets what was typed of the line, as IP asks.
func (l *LineDiscipline) Discard() { l.line, l.whole = l.line[:0], false }

// Line returns the line without its end.
func (l *LineDiscipline) Line() []byte { return l.line }
