package cjk

import "unicode/utf8"

// gb reads GB18030, of which GBK and GB2312 are parts: pairs, and four octets of
// which the second and the fourth are digits.
func gb(b []byte) (r rune, n int) {
	lead := b[0]
	switch {
	case lead == 0x80:
		return '€', 1 // so in Windows-936
	case lead == 0xFF:
		return utf8.RuneError, 1
	case len(b) < 2:
		return 0, 0
	}
	trail := b[1]
	if trail >= '0' && trail <= '9' {
		return gbFour(b)
	}
	if trail < 0x40 || trail == 0x7F || trail == 0xFF {
		return damaged(trail)
	}
	column := int(trail) - 0x40
	if trail > 0x7F {
		column--
	}
	return pair(gb18030(), int(lead-0x81)*190+column, trail)
}

// gbFour takes four octets: numbered in order, they are what of the first 10000
// hexadecimal characters has no pair, then a gap, then all others.
func gbFour(b []byte) (r rune, n int) {
	if len(b) < 3 {
		return 0, 0
	}
	if b[2] < 0x81 || b[2] == 0xFF {
		return utf8.RuneError, 1
	}
	if len(b) < 4 {
		return 0, 0
	}
	if b[3] < '0' || b[3] > '9' {
		return utf8.RuneError, 1
	}
	const supplementary = (0x90 - 0x81) * 12600
	at := int(b[0]-0x81)*12600 + int(b[1]-'0')*1260 + int(b[2]-0x81)*10 + int(b[3]-'0')
	cells := gb18030Four()
	switch {
	case at < len(cells) && cells[at] != 0:
		return cells[at], 4
	case at >= supplementary && at-supplementary <= utf8.MaxRune-0x10000:
		return 0x10000 + rune(at-supplementary), 4
	}
	return utf8.RuneError, 4
}

// big5Cell returns the place of a pair of Big5 in its tables, or -1.
func big5Cell(lead, trail byte) int {
	if lead < 0x81 || lead == 0xFF {
		return -1
	}
	switch {
	case trail >= 0x40 && trail <= 0x7E:
		return int(lead-0x81)*157 + int(trail-0x40)
	case trail >= 0xA1 && trail <= 0xFE:
		return int(lead-0x81)*157 + int(trail-0xA1) + 0x3F
	}
	return -1
}

// big5 reads Big5 as Windows-950, and what that has not as Big5-HKSCS.
func big5(b []byte) (r rune, n int) { return big5Pair(b, cp950()) }

// hkscs reads Big5-HKSCS, that of Hong Kong.
func hkscs(b []byte) (r rune, n int) { return big5Pair(b, big5HKSCS()) }

func big5Pair(b []byte, cells []rune) (r rune, n int) {
	if b[0] == 0x80 || b[0] == 0xFF {
		return utf8.RuneError, 1
	}
	if len(b) < 2 {
		return 0, 0
	}
	at := big5Cell(b[0], b[1])
	if at < 0 {
		return damaged(b[1])
	}
	if r = cells[at]; r != 0 {
		return r, 2
	}
	return pair(big5HKSCS(), at, b[1])
}
