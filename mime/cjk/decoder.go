package cjk

import (
	"unicode/utf8"

	"applayer/mime"
)

// Decoder returns a decoder of the charset that label names, or nil. It is for the
// field Charset of [mime.Options].
func Decoder(label string) mime.Decoder {
	switch charsetKey(label) {
	case "iso2022jp", "csiso2022jp", "iso2022jp1", "iso2022jp2", "csiso2022jp2", "iso2022jpms", "cp50220",
		"cp50221", "xiso2022jp":
		return new(iso2022JP)
	case "shiftjis", "sjis", "xsjis", "mskanji", "csshiftjis", "windows31j", "cswindows31j", "ms932", "cp932",
		"xmscp932", "windows932":
		return &decoder{char: shiftJIS}
	case "eucjp", "xeucjp", "xeuc", "extendedunixcodepackedformatforjapanese", "cseucpkdfmtjapanese", "eucjpms",
		"cp51932":
		return &decoder{char: eucJP}
	case "euckr", "cseuckr", "ksc56011987", "ksc56011989", "ksc5601", "ksx1001", "korean", "isoir149",
		"csksc56011987", "cp949", "windows949", "ms949", "uhc", "xwindows949":
		return &decoder{char: eucKR}
	case "gb2312", "csgb2312", "gb231280", "csiso58gb231280", "isoir58", "chinese", "euccn", "xeuccn", "gbk",
		"csgbk", "cp936", "ms936", "windows936", "xgbk", "gb18030", "csgb18030":
		return &decoder{char: gb}
	case "iso2022kr", "csiso2022kr":
		return new(shifted)
	case "hzgb2312", "hz":
		return &shifted{hz: true}
	case "big5", "csbig5", "big5tw", "cnbig5", "xxbig5", "cp950", "windows950", "ms950", "xwindows950":
		return &decoder{char: big5}
	case "big5hkscs", "csbig5hkscs":
		return &decoder{char: hkscs}
	}
	return nil
}

// charsetKey returns the letters and digits of a label: senders write euc_jp and
// shift-jis too.
func charsetKey(label string) string {
	key := make([]byte, 0, 32)
	for i := range len(label) {
		c := label[i]
		if c-'A' < 26 {
			c += 'a' - 'A'
		}
		if c-'a' < 26 || c-'0' < 10 {
			key = append(key, c)
		}
		if len(key) > 64 {
			break
		}
	}
	return string(key)
}

// twoPoints are the characters of Big5-HKSCS that are two code points. Their cells
// are the numbers behind the last of Unicode.
var twoPoints = [...]string{"\u00CA\u0304", "\u00CA\u030C", "\u00EA\u0304", "\u00EA\u030C"}

// character takes the character at the front of b, which begins with an octet
// beyond ASCII, and returns how many octets it is: none if b is only the
// front of it. U+FFFD is for octets that stand for nothing.
type character func(b []byte) (r rune, n int)

// decoder reads a charset in which each character tells its own length.
type decoder struct {
	char character
	damage
}

// AppendUTF8 implements [mime.Decoder].
func (d *decoder) AppendUTF8(dst, src []byte, last bool) (out []byte, n int) {
	for n < len(src) {
		run := n
		for n < len(src) && src[n] < utf8.RuneSelf {
			n++
		}
		if dst = append(dst, src[run:n]...); n == len(src) {
			break
		}
		r, size := d.char(src[n:])
		if size == 0 {
			if !last {
				break
			}
			r, size = utf8.RuneError, 1
		}
		if r == utf8.RuneError {
			d.note(n)
		}
		if r > utf8.MaxRune {
			dst = append(dst, twoPoints[r-utf8.MaxRune-1]...)
		} else {
			dst = utf8.AppendRune(dst, r)
		}
		n += size
	}
	d.read += int64(n)
	return dst, n
}

// damage is where the first octet was that stands for nothing.
type damage struct {
	read  int64 // octets, up to the call
	bad   bool
	where int64
}

// Bad tells where the first octet was that stands for nothing.
func (d *damage) Bad() (at int64, bad bool) { return d.where, d.bad }

func (d *damage) note(at int) {
	if !d.bad {
		d.bad, d.where = true, d.read+int64(at)
	}
}

// damaged returns how many octets of a pair that is no character are taken: the
// second is not if it is ASCII, as it may be a line end or a mark of syntax.
func damaged(second byte) (r rune, n int) {
	if second < utf8.RuneSelf {
		return utf8.RuneError, 1
	}
	return utf8.RuneError, 2
}

// pair looks a pair of octets up in a table of cells, of which 0 is nothing.
func pair(cells []rune, at int, second byte) (r rune, n int) {
	if r = cells[at]; r == 0 {
		return damaged(second)
	}
	return r, 2
}
