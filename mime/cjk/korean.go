package cjk

import "unicode/utf8"

// eucKR reads EUC-KR as Windows-949, which has all syllables of Hangul.
func eucKR(b []byte) (r rune, n int) {
	lead := b[0]
	if lead == 0x80 || lead == 0xFF {
		return utf8.RuneError, 1
	}
	if len(b) < 2 {
		return 0, 0
	}
	trail := b[1]
	if trail < 0x41 || trail == 0xFF {
		return damaged(trail)
	}
	return pair(cp949(), int(lead-0x81)*190+int(trail-0x41), trail)
}
