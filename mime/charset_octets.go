package mime

import "unicode/utf8"

// octetTable is what the octets from 80 stand for in a charset whose others are
// US-ASCII: U+FFFD for nothing.
type octetTable [128]uint16

//go:generate sh -c "python3 testdata/gen/charset_tables.py > charset_tables.go"

// octetTables are the tables of the charsets of one octet a character.
var octetTables = [...]*octetTable{
	charsetLatin1:      &windows1252Table,
	charsetLatin2:      &iso8859x2Table,
	charsetLatin3:      &iso8859x3Table,
	charsetLatin4:      &iso8859x4Table,
	charsetCyrillic:    &iso8859x5Table,
	charsetArabic:      &iso8859x6Table,
	charsetGreek:       &iso8859x7Table,
	charsetHebrew:      &iso8859x8Table,
	charsetLatin5:      &iso8859x9Table,
	charsetLatin6:      &iso8859x10Table,
	charsetThai:        &iso8859x11Table,
	charsetLatin7:      &iso8859x13Table,
	charsetLatin8:      &iso8859x14Table,
	charsetLatin9:      &iso8859x15Table,
	charsetLatin10:     &iso8859x16Table,
	charsetWindows1250: &windows1250Table,
	charsetWindows1251: &windows1251Table,
	charsetWindows1252: &windows1252Table,
	charsetWindows1253: &windows1253Table,
	charsetWindows1254: &windows1254Table,
	charsetWindows1255: &windows1255Table,
	charsetWindows1256: &windows1256Table,
	charsetWindows1257: &windows1257Table,
	charsetWindows1258: &windows1258Table,
	charsetWindows874:  &windows874Table,
	charsetKOI8R:       &koi8rTable,
	charsetKOI8U:       &koi8uTable,
	charsetMacintosh:   &macintoshTable,
	charsetCP437:       &cp437Table,
	charsetCP850:       &cp850Table,
	charsetCP866:       &cp866Table,
}

// octetDecoder reads a charset of one octet a character.
type octetDecoder struct {
	table *octetTable
	// latin1 is for text labelled ISO-8859-1, where the octets from 80 to 9F
	// are control characters that no mail uses: windows-1252 is meant
	// (RFC 7103 §7.6 advises to find out).
	latin1 bool

	read  int64 // octets, up to the call
	code  DefectCode
	where int64
}

// AppendUTF8 implements [Decoder].
func (d *octetDecoder) AppendUTF8(dst, src []byte, _ bool) (out []byte, n int) {
	for n < len(src) {
		ascii := asciiPrefix(src[n:])
		dst = append(dst, src[n:n+ascii]...)
		for n += ascii; n < len(src) && src[n] >= utf8.RuneSelf; n++ {
			dst = utf8.AppendRune(dst, d.rune(src[n], n))
		}
	}
	d.read += int64(n)
	return dst, n
}

// rune returns what an octet beyond ASCII, at src[at], stands for.
func (d *octetDecoder) rune(c byte, at int) rune {
	r := rune(d.table[c-0x80])
	switch {
	case d.latin1 && c < 0xA0:
		if r == utf8.RuneError {
			r = rune(c) // windows-1252 has nothing there, ISO-8859-1 has
		}
		d.note(DefectWrongCharset, at)
	case r == utf8.RuneError:
		d.note(DefectBadCharacter, at)
	}
	return r
}

func (d *octetDecoder) note(code DefectCode, at int) {
	if d.code == "" {
		d.code, d.where = code, d.read+int64(at)
	}
}

func (d *octetDecoder) wrong() (DefectCode, int64, string) {
	return d.code, d.where, "RFC 2046 §4.1.2"
}

// asciiPrefix returns how many octets at the front of b are US-ASCII.
func asciiPrefix(b []byte) (n int) {
	for ; len(b)-n >= 8; n += 8 {
		if (b[n]|b[n+1]|b[n+2]|b[n+3]|b[n+4]|b[n+5]|b[n+6]|b[n+7])&0x80 != 0 {
			break
		}
	}
	for n < len(b) && b[n] < utf8.RuneSelf {
		n++
	}
	return n
}

// unlabelledWindow is how much of a text without a charset is looked at before
// it is taken for UTF-8 or windows-1252.
const unlabelledWindow = 4096

// unlabelledDecoder reads text that names no charset, or US-ASCII. Octets beyond
// ASCII are UTF-8 if they are valid as that, as nothing else looks like it, else
// windows-1252 (RFC 7103 §7.6). From the first of them on unlabelledWindow octets
// are held to decide it.
type unlabelledDecoder struct {
	decided Decoder // nil until then
	held    []byte
	begun   bool  // held has begun
	where   int64 // the first octet beyond ASCII, once begun
}

// AppendUTF8 implements [Decoder].
func (d *unlabelledDecoder) AppendUTF8(dst, src []byte, last bool) (out []byte, n int) {
	if !d.begun {
		n = asciiPrefix(src)
		dst = append(dst, src[:n]...)
		d.where += int64(n)
		if n == len(src) {
			return dst, n
		}
		d.begun = true
	}
	if d.decided == nil {
		take := min(len(src)-n, unlabelledWindow-len(d.held))
		d.held = append(d.held, src[n:n+take]...)
		n += take
		if len(d.held) < unlabelledWindow && !last {
			return dst, n
		}
		d.decide(last && n == len(src))
		dst = d.release(dst, false)
	}
	// Of what is held only a character may be left that was cut: it is at most
	// three octets, which the octets that come complete one by one.
	for len(d.held) > 0 {
		if n == len(src) {
			if last {
				dst = d.release(dst, true)
			}
			return dst, n
		}
		d.held = append(d.held, src[n])
		n++
		dst = d.release(dst, false)
	}
	dst, m := d.decided.AppendUTF8(dst, src[n:], last)
	return dst, n + m
}

// release decodes what is held.
func (d *unlabelledDecoder) release(dst []byte, last bool) []byte {
	dst, n := d.decided.AppendUTF8(dst, d.held, last)
	d.held = d.held[n:]
	return dst
}

// decide chooses by what is held, which is the whole rest of the text or not.
func (d *unlabelledDecoder) decide(whole bool) {
	if v := validUTF8(d.held); v == len(d.held) || !whole && !utf8.FullRune(d.held[v:]) {
		d.decided = &utf8Decoder{elseWindows1252: true}
		return
	}
	d.decided = &octetDecoder{table: &windows1252Table}
}

func (d *unlabelledDecoder) wrong() (DefectCode, int64, string) {
	if !d.begun {
		return "", 0, ""
	}
	return DefectUnlabelled8Bit, d.where, "RFC 2046 §4.1.2"
}
