package http1

import "bytes"

// FindHead finds the end of the head at the front of b: the start line, the
// field lines and the empty line. End is the head's length. While it is not
// whole, the error is [ErrIncomplete], and next is what to give as from when b
// has grown, so that nothing is looked at twice; from is 0 at first.
//
// The limits on the start line and on the whole are checked as soon as they
// can be, those on the fields when the head is parsed. One empty line before
// the start line belongs to the head (RFC 9112 §2.2); a second one is an
// error. An LF without CR ends a line here; whether it may is for the parser
// to say.
func FindHead(b []byte, from int, lim *Limits) (end, next int, err error) {
	start, known := emptyLine(b)
	if !known {
		return 0, 0, ErrIncomplete
	}
	if n, known := emptyLine(b[start:]); known && start > 0 && n > 0 {
		return 0, 0, malformed(start, "start line: more than one empty line before it", "RFC 9112 §2.2")
	}
	end, next = findEmptyLine(b, max(from, start))
	maxLine, maxSection := lim.maxStartLine(), lim.maxFieldSection()
	if from-start <= maxLine && next-start > maxLine && lineLen(b[start:next]) > maxLine {
		return 0, 0, &LimitError{"MaxStartLine", int64(maxLine), StatusURITooLong}
	}
	if next-start > maxSection && next-start-lineLen(b[start:next]) > maxSection {
		return 0, 0, &LimitError{"MaxFieldSection", int64(maxSection), StatusFieldsTooLarge}
	}
	if end == 0 {
		return 0, next, ErrIncomplete
	}
	return end, end, nil
}

// findEmptyLine looks from place i on for a line end with an empty line behind
// it, and returns the end of both. Without one, end is 0 and next is where to
// look when there is more.
func findEmptyLine(b []byte, i int) (end, next int) {
	for {
		n := bytes.IndexByte(b[i:], '\n')
		if n < 0 {
			return 0, len(b)
		}
		i += n + 1
		switch n, known := emptyLine(b[i:]); {
		case !known:
			return 0, i - 1
		case n > 0:
			return i + n, i + n
		}
	}
}

// emptyLine returns the length of the empty line at the front of b, 0 if there
// is none. It is not known while b is too short to tell.
func emptyLine(b []byte) (n int, known bool) {
	switch {
	case len(b) == 0 || b[0] == '\r' && len(b) == 1:
		return 0, false
	case b[0] == '\n':
		return 1, true
	case b[0] == '\r' && b[1] == '\n':
		return 2, true
	}
	return 0, true
}

// lineLen returns the length of the first line with its end, or that of b.
func lineLen(b []byte) int {
	if n := bytes.IndexByte(b, '\n'); n >= 0 {
		return n + 1
	}
	return len(b)
}
