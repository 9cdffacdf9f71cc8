package mime

import (
	"bufio"
	"io"
	"unicode"
	"unicode/utf8"

	"applayer/internal/ascii"
)

// What is read for a preview, in octets: of a text, and of the HTML that it is made
// of, which may be a script of a gigabyte.
const (
	previewWindow     = 64 << 10
	previewHTMLWindow = 1 << 20
)

// AppendPreview appends the first n characters of a text in UTF-8 to dst, as a
// list of messages shows them (RFC 8970 §3.3, which has 200): white space is one
// space, and what is quoted, invisible, or a signature is left out. It reads no
// more than 64 kB of the text. Text of HTML comes from an [HTMLReader].
func AppendPreview(dst []byte, r io.Reader, n int) ([]byte, error) {
	b := bufio.NewReader(io.LimitReader(r, previewWindow))
	begun, space := false, false
	for lineStart, quoted := true, false; n > 0; {
		if lineStart {
			if isSeparator(b) {
				return dst, nil
			}
			quoted = false
		}
		c, _, err := b.ReadRune()
		if err == io.EOF {
			return dst, nil
		}
		if err != nil {
			return dst, err
		}
		quoted = quoted || lineStart && c == '>'
		lineStart = c == '\n'
		switch {
		case unicode.IsSpace(c):
			space = begun
		case quoted || isInvisible(c):
		case space:
			space = false
			dst = append(dst, ' ')
			if n--; n == 0 {
				return dst[:len(dst)-1], nil
			}
			fallthrough
		default:
			dst = utf8.AppendRune(dst, c)
			begun = true
			n--
		}
	}
	return dst, nil
}

// isSeparator tells whether the line "-- " is next, which a signature follows
// (RFC 3676 §4.3).
func isSeparator(b *bufio.Reader) bool {
	line, _ := b.Peek(len(signatureSeparator) + 2)
	return string(trimLineEnd(line)) == signatureSeparator
}

// isInvisible tells whether a character is shown as nothing: controls of direction
// and shape, and the fillers by which HTML mail keeps its body out of previews.
func isInvisible(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Cc) || r == 0x034F || r == 0x115F || r == 0x1160 || r == 0x3164 || r == 0xFFA0 || r == utf8.RuneError
}

// Preview returns the first n characters of a message's text, as [AppendPreview]
// has them: those of the first part of plain text that has any and is no
// attachment, else of HTML. It is "" where there is none, as in a message that is
// encrypted.
func (e *Entity) Preview(n int) (string, error) {
	for _, name := range []string{"text/plain", "text/html"} {
		for _, part := range e.Walk() {
			t := part.MediaType()
			if part.Kind() != KindLeaf || !t.Is(name) {
				continue
			}
			if d, err := part.Disposition(); err == nil && !d.Inline() {
				continue
			}
			b, err := AppendPreview(nil, part.readable(t), n)
			if err != nil || len(b) > 0 {
				return string(b), err
			}
		}
	}
	return "", nil
}

// readable returns a reader of a text part as one reads its beginning: without the tags of
// HTML, with the paragraphs of Format=Flowed.
func (e *Entity) readable(t MediaType) io.Reader {
	switch {
	case t.Is("text/html"):
		return NewHTMLReader(io.LimitReader(e.Text(), previewHTMLWindow), nil)
	case ascii.EqualFold(t.Get("format"), "flowed"):
		return NewFlowedReader(e.Text(), ascii.EqualFold(t.Get("delsp"), "yes"))
	}
	return e.Text()
}
