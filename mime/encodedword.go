package mime

import (
	"slices"
	"strings"
	"unicode/utf8"

	"applayer/internal/ascii"
)

// Defects of encoded words.
const (
	// DefectEncodedWordPlace is an encoded word that does not stand apart from
	// the text around it, or is in a quoted string. It is decoded.
	DefectEncodedWordPlace DefectCode = "encoded-word-out-of-place"
	// DefectEncodedWordLength is an encoded word of more than 75 octets.
	DefectEncodedWordLength DefectCode = "long-encoded-word"
	// DefectUnclosedEncodedWord is an encoded word without the mark at its end.
	DefectUnclosedEncodedWord DefectCode = "unclosed-encoded-word"
	// DefectBadEncodedWord is an encoded word that holds what its encoding does
	// not allow: white space, a sign that is none of base64, an equals sign without
	// two digits behind it.
	DefectBadEncodedWord DefectCode = "bad-encoded-word"
	// DefectControlCharacter is CR, LF or NUL in an encoded word, a name or a
	// parameter, where a sender has no good reason to put it. It becomes a space,
	// so that what was read can be written and is no field of its own then.
	DefectControlCharacter DefectCode = "control-character-in-text"
)

// maxEncodedWord is the length of the longest encoded word (RFC 2047 §2).
const maxEncodedWord = 75

// maxWordCharset is the longest name of a charset, language included, with
// which a word is looked at.
const maxWordCharset = 64

// DecodeText returns the value of an unstructured field as text in UTF-8: it is
// unfolded, and encoded words are decoded (RFC 2047 §6). Words that follow one
// another are joined before their charset is looked at when they agree in it, as
// many senders cut them within a character. Words in an unknown charset stay as
// they are, with [ErrUnknownCharset] in their defect. The octets beyond ASCII
// outside of words are UTF-8 if they can be, else windows-1252.
func DecodeText(s string, opts *Options) (string, []Defect, error) {
	o := opts.inForce()
	r := newReport(o)
	text := decodeText(s, 0, o, r)
	return text, r.list, r.err
}

// decodeText is [DecodeText]; at is the offset of s.
func decodeText(s string, at int, o *Options, r *report) string {
	if !strings.Contains(s, "=?") {
		return decodeUnlabelled(unfolded(s), at, o, r)
	}
	d := wordDecoder{s: s, at: at, o: o, r: r}
	done := 0 // what of s is decoded, up to the run of words at hand
	for i := 0; ; {
		j := strings.Index(s[i:], "=?")
		if j < 0 {
			break
		}
		i += j
		w, ok := d.find(i)
		if !ok {
			i += len("=?")
			continue
		}
		if gap := s[done:i]; d.run == 0 || !isBlankText(gap) {
			d.flush()
			d.literal(gap)
		}
		d.checkPlace(w)
		d.add(w)
		i, done = w.end, w.end
	}
	d.flush()
	d.literal(s[done:])
	return string(d.out)
}

// encodedWord is a word of RFC 2047 §2 as it is written.
type encodedWord struct {
	start, end int
	charset    string // without the language (RFC 2231 §5)
	base64     bool
	text       string
	closed     bool // "?=" stands at the end
}

// wordDecoder decodes the encoded words of one value.
type wordDecoder struct {
	s   string
	at  int // the offset of s
	o   *Options
	r   *report
	out []byte

	// The words at hand, which follow one another and agree in charset and
	// encoding.
	run      int
	first    encodedWord
	end      int
	octets   []byte
	endless  bool // no "?=" is left in s
	asUTF8   bool // the octets outside of words are UTF-8
	utf8Seen bool // asUTF8 was found out
}

// wordStart takes "=?charset*language?encoding?" at s[at:].
func wordStart(s string, at int) (w encodedWord, ok bool) {
	w.start = at
	if !strings.HasPrefix(s[at:], "=?") {
		return w, false
	}
	at += len("=?")
	charset := s[at:min(len(s), at+maxWordCharset)]
	n := ascii.Span(&isWordToken, charset)
	if at += n; n == 0 || at+3 > len(s) || s[at] != '?' || s[at+2] != '?' {
		return w, false
	}
	w.charset, _, _ = strings.Cut(charset[:n], "*")
	switch s[at+1] {
	case 'B', 'b':
		w.base64 = true
	case 'Q', 'q':
	default:
		return w, false
	}
	w.end = at + 3
	return w, true
}

// isWordToken is the class of octets in the names of an encoded word: printable
// ASCII but the especials (RFC 2047 §2). The dot is one, but names of charsets
// have it.
var isWordToken = ascii.VChar.Without(ascii.Chars(`()<>@,;:"/[]?=`))

// find takes the encoded word at s[at:]. One without "?=" ends before the next
// encoded word, or else before white space.
func (d *wordDecoder) find(at int) (w encodedWord, ok bool) {
	if w, ok = wordStart(d.s, at); !ok {
		return w, false
	}
	from := w.end
	for i := from; !d.endless; i++ {
		j := strings.IndexByte(d.s[i:], '?')
		if j < 0 || i+j+1 == len(d.s) {
			d.endless = true
			break
		}
		i += j
		if d.s[i+1] == '=' {
			w.text, w.end, w.closed = d.s[from:i], i+2, true
			return w, true
		}
		if i > from && d.s[i-1] == '=' {
			if _, another := wordStart(d.s, i-1); another {
				w.text = strings.TrimRight(d.s[from:i-1], " \t\r\n")
				w.end = from + len(w.text)
				return w, true
			}
		}
	}
	n := strings.IndexAny(d.s[from:], " \t\r\n")
	if n < 0 {
		n = len(d.s) - from
	}
	if n == 0 {
		return w, false
	}
	w.text, w.end = d.s[from:from+n], from+n
	return w, true
}

// checkPlace notes what is wrong with a word from the outside: RFC 2047 §5 asks
// for white space around it.
func (d *wordDecoder) checkPlace(w encodedWord) {
	if w.start > 0 && !isBlank.Has(d.s[w.start-1]) || w.end < len(d.s) && !isBlank.Has(d.s[w.end]) {
		d.r.add(DefectEncodedWordPlace, d.at+w.start, "RFC 2047 §5")
	}
}

// add takes a word to those at hand, or begins with it.
func (d *wordDecoder) add(w encodedWord) {
	if d.run > 0 && (w.base64 != d.first.base64 || !ascii.EqualFold(w.charset, d.first.charset)) {
		d.flush()
	}
	if d.run == 0 {
		d.first, d.octets = w, d.octets[:0]
	}
	d.run++
	d.end = w.end
	if !w.closed {
		d.r.add(DefectUnclosedEncodedWord, d.at+w.start, "RFC 2047 §2")
	} else if w.end-w.start > maxEncodedWord {
		d.r.add(DefectEncodedWordLength, d.at+w.start, "RFC 2047 §2")
	}
	var bad bool
	if w.base64 {
		d.octets, bad = appendWordBase64(d.octets, w.text)
	} else {
		d.octets, bad = appendWordQ(d.octets, w.text)
	}
	if bad {
		d.r.add(DefectBadEncodedWord, d.at+w.start, "RFC 2047 §6.3")
	}
}

// flush decodes the words at hand.
func (d *wordDecoder) flush() {
	if d.run == 0 {
		return
	}
	d.run = 0
	from := len(d.out)
	out, known := appendDecoded(d.out, d.octets, d.first.charset, d.o, d.r, d.at+d.first.start)
	if !known {
		d.literal(d.s[d.first.start:d.end]) // RFC 2047 §6.2 (a)
		return
	}
	text := cleaned(string(out[from:]), d.at+d.first.start, d.r)
	d.out = append(out[:from], text...)
}

// literal appends text outside of words.
func (d *wordDecoder) literal(s string) {
	if s = unfolded(s); isASCII(s) {
		d.out = append(d.out, s...)
		return
	}
	if !d.utf8Seen {
		d.utf8Seen, d.asUTF8 = true, utf8.ValidString(d.s)
	}
	if !d.asUTF8 {
		s = decodeUnlabelled(s, d.at, d.o, d.r)
	}
	d.out = append(d.out, s...)
}

// cleaned returns text without what would end a line or a string, which is noted
// as a defect at an offset (RFC 5322 §4.1 has it among the obsolete forms).
func cleaned(s string, at int, r *report) string {
	if !strings.ContainsAny(s, "\r\n\x00") {
		return s
	}
	r.add(DefectControlCharacter, at, "RFC 5322 §4.1")
	b := []byte(s)
	for i, c := range b {
		if c == '\r' || c == '\n' || c == 0 {
			b[i] = ' '
		}
	}
	return string(b)
}

// appendWordQ decodes the Q encoding of RFC 2047 §4.2. bad tells of white space
// and of an equals sign without digits, which stay.
func appendWordQ(dst []byte, s string) (out []byte, bad bool) {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '_':
			c = ' '
		case c == '=' && i+2 < len(s) && ascii.Hex.Has(s[i+1]) && ascii.Hex.Has(s[i+2]):
			c = unhex(s[i+1])<<4 | unhex(s[i+2])
			i += 2
		case c == '\r' || c == '\n':
			bad = true
			continue
		case c == '=' || c == ' ' || c == '\t' || c == '?':
			bad = true
		}
		dst = append(dst, c)
	}
	return dst, bad
}

// appendWordBase64 decodes the B encoding of RFC 2047 §4.1. bad tells of signs
// that are none of base64, which are passed over, of white space, and of
// padding that is not there.
func appendWordBase64(dst []byte, s string) (out []byte, bad bool) {
	var d base64Decoder
	dst = slices.Grow(dst, len(s)+3)
	room := dst[len(dst):cap(dst)]
	n := d.decode(room, []byte(s))
	n += d.end(room[n:])
	return dst[:len(dst)+n], len(d.defects) > 0 || strings.ContainsAny(s, " \t\r\n")
}

// hasEncodedWord tells whether an encoded word begins in s.
func hasEncodedWord(s string) bool {
	for i := 0; ; i += len("=?") {
		j := strings.Index(s[i:], "=?")
		if j < 0 {
			return false
		}
		i += j
		if _, ok := wordStart(s, i); ok {
			return true
		}
	}
}

// decodeUnlabelled returns octets of which nothing says what charset they have
// as UTF-8: they are that already, or else windows-1252 (RFC 7103 §7.7). at is
// their offset.
func decodeUnlabelled(s string, at int, o *Options, r *report) string {
	if utf8.ValidString(s) {
		return s
	}
	out, _ := appendDecoded(nil, []byte(s), "", o, r, at)
	return string(out)
}

// isASCII tells whether s has no octet beyond ASCII.
func isASCII[T text](s T) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// isBlankText tells whether s is white space and folding alone.
func isBlankText(s string) bool { return ascii.Span(&isBlank, s) == len(s) }
