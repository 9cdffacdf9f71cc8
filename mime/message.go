package mime

import (
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// Message is a message to be written: fields, text as plain text, HTML or both,
// pictures for the HTML, attachments. It finds the structure (text first, the
// best form last, RFC 2046 §5.1.4), the encodings and the boundaries by itself:
//
//	multipart/mixed            where there are attachments
//	  multipart/alternative    where there is text in both forms
//	    text/plain
//	    multipart/related      where the HTML has pictures (RFC 2387)
//	      text/html
//	      image/png
//	  application/pdf
//
// The zero value is an empty message, which needs a From field to be written.
type Message struct {
	// Header has the message's fields. Date and Message-ID are added in writing
	// where they are not there; a Bcc field is not written, so that it can hold
	// who gets a copy without the others knowing (RFC 5322 §3.6.3).
	Header Header
	// Options says what the way of the message can carry.
	Options WriteOptions

	text, html *string
	flowed     bool // text is Format=Flowed
	quoted     string
	inline     []*Attachment
	attached   []*Attachment
	err        error // the first thing that was wrong
	written    bool
}

// Attachment is a file that goes with a message.
type Attachment struct {
	// Header has further fields, such as Content-Description. Where it has
	// Content-Type, Content-Disposition or Content-ID, these are written as they
	// are.
	Header Header
	// Encoding is how the content is encoded. EncodingAuto looks at it; what is
	// longer than 64 KiB is then never written as 7bit or 8bit.
	Encoding TransferEncoding

	media       MediaType
	disposition Disposition
	id          string
	content     io.Reader
	entity      *Entity
}

// Text sets the message as plain text.
func (m *Message) Text(text string) { m.text, m.flowed = canonicalText(text), false }

// Flowed sets the message as plain text in which each line is a paragraph, as
// people type it: a program that knows Format=Flowed shows it as wide as its
// window is, and another sees lines of at most 72 characters (RFC 3676). A ">"
// at the front of a line marks it as quoted.
func (m *Message) Flowed(text string) {
	m.text = canonicalText(string(AppendFlowed(nil, strings.ToValidUTF8(text, "\ufffd"), nil)))
	m.flowed = true
}

// Quoted returns what [Reply] quoted, to be part of the text for
// [Message.Flowed].
func (m *Message) Quoted() string { return m.quoted }

// HTML sets the message as HTML.
func (m *Message) HTML(html string) { m.html = canonicalText(html) }

// canonicalText returns text in UTF-8 with CRLF as line ends (RFC 2046 §4.1.1).
func canonicalText(s string) *string {
	s = strings.ToValidUTF8(s, "\ufffd")
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n")
	return &s
}

// Attach adds a file of a name and a media type, for which "" stands for
// application/octet-stream. Its content is read when the message is written, and
// arrives octet for octet: a text with lines that end in LF alone is encoded. A
// message belongs in [Message.Embed].
func (m *Message) Attach(name, mediaType string, content io.Reader) *Attachment {
	a := &Attachment{content: content, disposition: Disposition{Type: "attachment"}}
	if name != "" {
		a.disposition.Params.Set("filename", name)
	}
	m.attached = append(m.attached, a)
	m.setType(a, mediaType)
	return a
}

// Inline adds a file that the HTML shows, as a picture with the address
// "cid:logo@example.org" for the id "logo@example.org" (RFC 2392 §2). Without
// HTML it is an attachment to be shown.
func (m *Message) Inline(id, mediaType string, content io.Reader) *Attachment {
	a := &Attachment{content: content, disposition: Disposition{Type: "inline"}, id: id}
	if id == "" || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '<' || r == '>' }) {
		m.fail(&ParseError{Field: "Content-ID", What: "identifier", Ref: "RFC 2392 §2", Err: injection(id)})
	}
	m.inline = append(m.inline, a)
	m.setType(a, mediaType)
	return a
}

// setType sets the media type of an attachment.
func (m *Message) setType(a *Attachment, mediaType string) {
	if mediaType == "" {
		mediaType = "application/octet-stream"
	}
	media, _, err := ParseMediaType(mediaType, &Options{Strict: true})
	switch unsafe := injection(mediaType); {
	case unsafe != nil:
		m.fail(&ParseError{Field: "Content-Type", What: "media type", Ref: "RFC 5322 §2.2", Err: unsafe})
	case err != nil:
		m.fail(err)
	case media.Type == "multipart", media.Is("message/rfc822"), media.Is("message/global"):
		m.fail(&ParseError{Field: "Content-Type", What: "composite as an attachment", Ref: "RFC 2045 §6.4"})
	}
	a.media = media
}

func (m *Message) fail(err error) {
	if m.err == nil {
		m.err = err
	}
}

// Recipients returns who is to get the message: all in To, Cc and Bcc, each once.
func (m *Message) Recipients() []Mailbox {
	r := recipients{}
	var all []Mailbox
	for _, name := range []string{"To", "Cc", "Bcc"} {
		all = r.add(all, &m.Header, name)
	}
	return all
}

// WriteTo writes the message. What attachments hold is read while it is
// written, so that it is written once only, unless there are none.
func (m *Message) WriteTo(w io.Writer) (int64, error) {
	h, err := m.header()
	if err != nil {
		return 0, err
	}
	return m.write(w, h)
}

// WriteEntity writes the content alone, with the fields that describe it and
// not those of the message: what a signature is over, with [WriteOptions].
// Signable, and what goes into a part of another message.
func (m *Message) WriteEntity(w io.Writer) (int64, error) { return m.write(w, &Header{}) }

func (m *Message) write(w io.Writer, h *Header) (int64, error) {
	if m.err == nil && m.written {
		m.err = ErrClosed
	}
	if m.err != nil {
		return 0, m.err
	}
	m.written = len(m.inline)+len(m.attached) > 0
	count := &sink{w: w}
	p := &messageWriter{opts: m.Options.inForce()}
	err := p.entity(m.tree(), h, func(h *Header) (*Writer, error) { return NewWriter(count, h, &p.opts) })
	return count.n, err
}

// header returns the fields of the message as they are written.
func (m *Message) header() (*Header, error) {
	h := m.Header.Clone()
	if !h.Has("From") {
		return nil, &ParseError{Field: "From", What: "missing", Ref: "RFC 5322 §3.6"}
	}
	for _, name := range []string{"Bcc", "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Content-ID"} {
		h.Del(name)
	}
	if !h.Has("Date") {
		if err := h.SetDate(Date{Time: time.Now()}); err != nil {
			return nil, err
		}
	}
	if !h.Has("Message-ID") {
		if err := h.SetMessageIDs("Message-ID", NewMessageID(m.domain())); err != nil {
			return nil, err
		}
	}
	return &h, h.Add("MIME-Version", "1.0")
}

// node is an entity of the message that is written.
type node struct {
	media MediaType
	parts []*node     // of a multipart
	text  *string     // of a text
	file  *Attachment // of a file
}

// tree returns the structure of the message.
func (m *Message) tree() *node {
	files := m.attached
	var forms []*node
	if m.text != nil {
		plain := textNode("plain", m.text)
		if m.flowed {
			plain.media.Params.Set("format", "flowed")
		}
		forms = append(forms, plain)
	}
	if m.html != nil {
		html := textNode("html", m.html)
		if len(m.inline) > 0 {
			// RFC 2387 §3.1 asks for the type of the root. The root is the first
			// part, which needs no "start" (RFC 2387 §3.2).
			html = multipart("related", append([]*node{html}, fileNodes(m.inline)...))
			html.media.Params.Set("type", "text/html")
		}
		forms = append(forms, html)
	} else {
		files = append(m.inline[:len(m.inline):len(m.inline)], files...)
	}
	var root *node
	switch len(forms) {
	case 0:
		if len(files) == 0 {
			return textNode("plain", new(string))
		}
	case 1:
		root = forms[0]
	default:
		root = multipart("alternative", forms)
	}
	if len(files) == 0 {
		return root
	}
	parts := fileNodes(files)
	if root != nil {
		parts = append([]*node{root}, parts...)
	}
	return multipart("mixed", parts)
}

func multipart(subtype string, parts []*node) *node {
	return &node{media: MediaType{Type: "multipart", Subtype: subtype}, parts: parts}
}

func fileNodes(files []*Attachment) []*node {
	var nodes []*node
	for _, a := range files {
		nodes = append(nodes, &node{media: a.media, file: a})
	}
	return nodes
}

// textNode returns a node of text, which is labelled as the smallest charset
// that it is in (RFC 2046 §4.1.2).
func textNode(subtype string, text *string) *node {
	charset := "us-ascii"
	for i := range len(*text) {
		if (*text)[i] >= utf8.RuneSelf {
			charset = "utf-8"
			break
		}
	}
	return &node{text: text, media: MediaType{Type: "text", Subtype: subtype, Params: Params{{Name: "charset", Value: charset}}}}
}

// domain returns the domain of the author, for identifiers.
func (m *Message) domain() string {
	for author := range addressesOf(&m.Header, "From").Mailboxes() {
		if isDotAtomText(author.Domain) && len(author.Domain) <= 255 {
			return author.Domain
		}
	}
	return "localhost"
}
