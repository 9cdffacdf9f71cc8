package golden

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// diffLines is how many lines Diff shows of each side, and diffContext how
// many of what both have around them.
const (
	diffLines   = 40
	diffContext = 3
)

// Diff shows where two texts differ: the lines between what both begin with
// and what both end with, those of want behind - and those of got behind +.
// Lines with octets that do not print are quoted. Equal texts give "".
func Diff(want, got []byte) string {
	if bytes.Equal(want, got) {
		return ""
	}
	a, b := bytes.SplitAfter(want, []byte("\n")), bytes.SplitAfter(got, []byte("\n"))
	start := 0
	for start < min(len(a), len(b)) && bytes.Equal(a[start], b[start]) {
		start++
	}
	same := 0
	for same < min(len(a), len(b))-start && bytes.Equal(a[len(a)-1-same], b[len(b)-1-same]) {
		same++
	}
	var out []byte
	out = fmt.Appendf(out, "line %d:\n", start+1)
	out = appendLines(out, ' ', a[max(0, start-diffContext):start])
	out = appendLines(out, '-', a[start:len(a)-same])
	out = appendLines(out, '+', b[start:len(b)-same])
	after := a[len(a)-same:]
	out = appendLines(out, ' ', after[:min(len(after), diffContext)])
	return string(out)
}

// appendLines appends lines behind a mark, the first of them where there are
// too many. A line without its end is shown as such.
func appendLines(out []byte, mark byte, lines [][]byte) []byte {
	for i, l := range lines {
		if i == diffLines {
			return fmt.Appendf(out, "%c … %d more lines\n", mark, len(lines)-i)
		}
		if len(l) == 0 {
			continue // after the last line end
		}
		out = append(out, mark, ' ')
		text, whole := bytes.CutSuffix(l, []byte("\n"))
		if printable(text) {
			out = append(out, text...)
		} else {
			out = strconv.AppendQuote(out, string(text))
		}
		if !whole {
			out = append(out, " (no line end)"...)
		}
		out = append(out, '\n')
	}
	return out
}

// printable tells whether a line can be seen as it is: a difference in a CR or
// in a space at its end cannot.
func printable(line []byte) bool {
	for _, r := range string(line) {
		if !strconv.IsPrint(r) && r != '\t' {
			return false
		}
	}
	return utf8.Valid(line) && !bytes.HasSuffix(line, []byte(" ")) && !bytes.HasSuffix(line, []byte("\t"))
}
