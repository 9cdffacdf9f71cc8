package cjk

import "unicode/utf8"

// halfKatakana is what the octet A1 of JIS X 0201 stands for; those up to DF
// follow.
const halfKatakana = 0xFF61

// shiftJIS reads Shift_JIS as Windows-31J, its form on Windows: JIS X 0208 and the
// rows that Windows adds, its 94 columns twice a lead.
func shiftJIS(b []byte) (r rune, n int) {
	lead := b[0]
	switch {
	case lead >= 0xA1 && lead <= 0xDF:
		return halfKatakana + rune(lead-0xA1), 1
	case lead == 0x80:
		return 0x80, 1
	case lead == 0xA0:
		return 0xF8F0, 1 // the private characters of Windows for what is free
	case lead >= 0xFD:
		return 0xF8F1 + rune(lead-0xFD), 1
	case len(b) < 2:
		return 0, 0
	}
	row := int(lead - 0x81)
	if lead >= 0xE0 {
		row = int(lead - 0xC1)
	}
	trail := b[1]
	column := int(trail) - 0x40
	if trail < 0x40 || trail == 0x7F || trail > 0xFC {
		return damaged(trail)
	}
	if trail > 0x7F {
		column--
	}
	r, n = pair(jis0208(), row*188+column, trail)
	return windowsJIS(r), n
}

// windowsJIS returns the character that Windows has for one of JIS X 0208: they
// disagree on six.
func windowsJIS(r rune) rune {
	switch r {
	case '〜':
		return '～'
	case '‖':
		return '∥'
	case '−':
		return '－'
	case '¢':
		return '￠'
	case '£':
		return '￡'
	case '¬':
		return '￢'
	}
	return r
}

// eucJP reads EUC-JP: JIS X 0208 in pairs, katakana behind 8E, JIS X 0212 behind
// 8F.
func eucJP(b []byte) (r rune, n int) {
	lead := b[0]
	if lead != 0x8E && lead != 0x8F && (lead < 0xA1 || lead == 0xFF) {
		return utf8.RuneError, 1
	}
	if len(b) < 2 {
		return 0, 0
	}
	second := b[1]
	if second < 0xA1 || second == 0xFF {
		return damaged(second)
	}
	switch {
	case lead == 0x8E:
		if second > 0xDF {
			return damaged(second)
		}
		return halfKatakana + rune(second-0xA1), 2
	case lead != 0x8F:
		return pair(jis0208(), int(lead-0xA1)*94+int(second-0xA1), second)
	case len(b) < 3:
		return 0, 0
	case b[2] < 0xA1 || b[2] == 0xFF:
		return utf8.RuneError, 2
	}
	if r = jis0212()[int(second-0xA1)*94+int(b[2]-0xA1)]; r == 0 {
		r = utf8.RuneError
	}
	return r, 3
}
