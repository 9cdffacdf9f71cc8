package mime

import (
	"io"
	"strings"

	"applayer/internal/ascii"
)

// maxQuote is how much of a text goes into an answer.
const maxQuote = 64 << 10

// quote returns the text of a message with the marks of a quote, below a line
// that tells whose it is.
func quote(e *Entity, h *Header) (string, error) {
	text, err := messageText(bodyText(e))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(attribution(h))
	for line := range strings.Lines(text) {
		line = trimLineEnd(line)
		if line == strings.TrimSuffix(signatureSeparator, " ") || line == signatureSeparator {
			break // RFC 3676 §4.3: a signature should not be quoted
		}
		b.WriteByte('>')
		if line != "" && line[0] != '>' {
			b.WriteByte(' ')
		}
		b.WriteString(line)
		b.WriteByte('\n')
	}
	return b.String(), nil
}

// attribution returns the line before a quote.
func attribution(h *Header) string {
	var b strings.Builder
	if d, err := h.Date(); err == nil {
		b.WriteString("On " + d.String() + ", ")
	}
	name := "someone"
	for m := range addressesOf(h, "From").Mailboxes() {
		if name = m.Name; name == "" {
			name = m.Addr()
		}
		break
	}
	return b.String() + oneLine(name) + " wrote:\n"
}

// bodyText returns the leaf that is the text of a message: the first plain text
// that is no attachment, else the first HTML; nil if there is none.
func bodyText(e *Entity) *Entity {
	var html *Entity
	for _, leaf := range e.Walk() {
		if leaf.Kind() != KindLeaf || leaf.isFile(e) {
			continue
		}
		switch media := leaf.MediaType(); {
		case media.Is("text/plain"):
			return leaf
		case html == nil && media.Is("text/html"):
			html = leaf
		}
	}
	return html
}

// isFile tells whether an entity of a message is an attachment, or in a message
// that is embedded there.
func (e *Entity) isFile(message *Entity) bool {
	if d, err := e.Disposition(); err == nil && ascii.EqualFold(d.Type, "attachment") {
		return true
	}
	for up := e; up != message; {
		if up = up.parent; up.kind == KindMessage {
			return true
		}
	}
	return false
}

// messageText returns up to 64 KiB of text as lines, each a paragraph.
func messageText(leaf *Entity) (string, error) {
	if leaf == nil {
		return "", nil
	}
	media := leaf.MediaType()
	r := io.LimitReader(leaf.Text(), maxQuote)
	if media.Is("text/plain") && ascii.EqualFold(media.Get("format"), "flowed") {
		r = NewFlowedReader(r, ascii.EqualFold(media.Get("delsp"), "yes"))
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return "", err
	}
	text := strings.ReplaceAll(strings.ToValidUTF8(string(b), "\ufffd"), "\x00", "\ufffd")
	if media.Is("text/html") {
		text = HTMLText(text, nil)
	}
	return strings.TrimRight(text, " \t\r\n") + "\n", nil
}
