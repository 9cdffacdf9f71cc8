package mime

import (
	"cmp"
	"io"
	"slices"
	"strings"

	"applayer/internal/utf7"
)

// Defects of text in a charset.
const (
	// DefectUnknownCharset is text in a charset for which there is no decoder.
	DefectUnknownCharset DefectCode = "unknown-charset"
	// DefectUnlabelled8Bit is text with octets beyond ASCII that names no
	// charset, or US-ASCII: it is read as UTF-8 where it is that, else as
	// windows-1252.
	DefectUnlabelled8Bit DefectCode = "unlabelled-8bit"
	// DefectWrongCharset is text labelled ISO-8859-1 that holds what only
	// windows-1252 has, and is read as that.
	DefectWrongCharset DefectCode = "wrong-charset"
	// DefectBadCharacter is text with octets that stand for nothing in its
	// charset. They become U+FFFD.
	DefectBadCharacter DefectCode = "bad-character"
)

// NewDecoder returns a decoder of the charset that label names, by any of the
// names that IANA lists for it, in upper or lower case. Where the package does
// not know the charset, the decoder is that of [Options.Charset]; where that has
// none either, the error is [ErrUnknownCharset].
//
// No label, as US-ASCII, which is the default (RFC 2045 §5.2), gives a decoder
// that also takes octets beyond ASCII: as UTF-8 if the first 4096 octets from
// the first of them on are valid, else as windows-1252. ISO-8859-1 is read as
// windows-1252, which is what most mail so labelled is. [TextReader.Defects]
// tells of both.
func NewDecoder(label string, opts *Options) (Decoder, error) {
	if d := ownDecoder(label); d != nil {
		return d, nil
	}
	if opts != nil && opts.Charset != nil {
		if d := opts.Charset(strings.ToLower(strings.TrimSpace(label))); d != nil {
			return d, nil
		}
	}
	return nil, ErrUnknownCharset
}

// ownDecoder returns a decoder of one of the package's own charsets, or nil.
func ownDecoder(label string) Decoder {
	name, ok := charsetOf(label)
	if !ok {
		return nil
	}
	switch name {
	case charsetUSASCII:
		return new(unlabelledDecoder)
	case charsetUTF8:
		return new(utf8Decoder)
	case charsetUTF16:
		return &utf16Decoder{wantMark: true}
	case charsetUTF16BE:
		return new(utf16Decoder)
	case charsetUTF16LE:
		return &utf16Decoder{little: true}
	case charsetUTF7:
		return new(utf7.Decoder)
	case charsetLatin1:
		return &octetDecoder{table: &windows1252Table, latin1: true}
	}
	return &octetDecoder{table: octetTables[name]}
}

// charsetOf finds the charset that a label names. Names are compared by their
// letters and digits: senders write iso8859_1 and ISO 8859-1 too.
func charsetOf(label string) (charset, bool) {
	var buf [maxCharsetName]byte
	key := buf[:0]
	for i := range len(label) {
		c := label[i]
		if c-'A' < 26 {
			c += 'a' - 'A'
		}
		if c-'a' >= 26 && c-'0' >= 10 {
			continue
		}
		if len(key) == len(buf) {
			return 0, false
		}
		key = append(key, c)
	}
	if len(key) == 0 && strings.TrimSpace(label) != "" {
		return 0, false
	}
	if i, ok := slices.BinarySearchFunc(charsetNames[:], string(key), func(n charsetName, key string) int {
		return cmp.Compare(n.key, key)
	}); ok {
		return charsetNames[i].charset, true
	}
	return 0, false
}

// Decoders may tell what was wrong with what they read. Those of other packages
// have Bad, which is for octets that stand for nothing.
type (
	charsetTeller interface {
		wrong() (code DefectCode, at int64, ref string)
	}
	badTeller interface {
		Bad() (at int64, bad bool)
	}
)

// charsetWrong returns what the decoder found wrong first, with an empty code
// for nothing.
func charsetWrong(d Decoder) (code DefectCode, at int64, ref string) {
	switch d := d.(type) {
	case charsetTeller:
		return d.wrong()
	case badTeller:
		if at, bad := d.Bad(); bad {
			return DefectBadCharacter, at, "RFC 2046 §4.1.2"
		}
	}
	return "", 0, ""
}

// appendDecoded appends text in the charset that label names to dst as UTF-8,
// and notes what is wrong with it as a defect at an offset. With an unknown
// charset nothing is appended, and known is false.
func appendDecoded(dst, text []byte, label string, o *Options, r *report, at int) (out []byte, known bool) {
	d, err := NewDecoder(label, o)
	if err != nil {
		r.addErr(DefectUnknownCharset, at, "RFC 2046 §4.1.2", err)
		return dst, false
	}
	out, _ = d.AppendUTF8(dst, text, true)
	if code, _, ref := charsetWrong(d); code != "" {
		r.add(code, at, ref)
	}
	return out, true
}

// textBuffer is how much of a text a [TextReader] reads at a time.
const textBuffer = 8 << 10

// TextReader reads text as UTF-8.
type TextReader struct {
	r   io.Reader
	d   Decoder
	in  []byte // read and not yet decoded: the beginning of a character
	out []byte // decoded and not yet read
	at  int    // how much of out was read
	err error  // of r, once it was met

}

// NewTextReader returns a reader of the text that r has in d's charset, as
// UTF-8. How r's octets come makes no difference. It holds 8 KiB of the text. A
// nil d passes the octets on as they are.
func NewTextReader(r io.Reader, d Decoder) *TextReader {
	return &TextReader{r: r, d: d}
}

// Read implements [io.Reader].
func (t *TextReader) Read(p []byte) (n int, err error) {
	if t.d == nil {
		return t.r.Read(p)
	}
	if len(p) == 0 {
		return 0, nil
	}
	for t.at == len(t.out) {
		if t.err != nil {
			return 0, t.err
		}
		t.fill()
	}
	n = copy(p, t.out[t.at:])
	t.at += n
	return n, nil
}

// WriteTo implements [io.WriterTo].
func (t *TextReader) WriteTo(w io.Writer) (n int64, err error) {
	if t.d == nil {
		return io.Copy(w, t.r)
	}
	for {
		m, err := w.Write(t.out[t.at:])
		t.at += m
		n += int64(m)
		switch {
		case err != nil:
			return n, err
		case t.err == io.EOF:
			return n, nil
		case t.err != nil:
			return n, t.err
		}
		t.fill()
	}
}

// fill reads and decodes once. At the end of the text it sets err.
func (t *TextReader) fill() {
	if t.in == nil {
		t.in, t.out = make([]byte, 0, textBuffer), make([]byte, 0, textBuffer+textBuffer/2)
	}
	if len(t.in) == cap(t.in) {
		t.err = io.ErrNoProgress // the decoder waits for a character of 8 KiB
		return
	}
	var n int
	n, t.err = t.r.Read(t.in[len(t.in):cap(t.in)])
	t.in = t.in[:len(t.in)+n]
	t.out, n = t.d.AppendUTF8(t.out[:0], t.in, t.err != nil)
	t.at = 0
	t.in = t.in[:copy(t.in, t.in[n:])]
}

// Defects tells what was wrong with the text that was read: at most one, with
// the offset of its first place in the encoded text. Of a decoder from
// [Options.Charset] it is known if that has a method Bad() (at int64, bad bool).
func (t *TextReader) Defects() []Defect {
	if code, at, ref := charsetWrong(t.d); code != "" {
		return []Defect{{Code: code, Offset: at, Ref: ref}}
	}
	return nil
}
