// Package mailview takes out of a message what a person is shown of it: a few
// fields, the text, and a list of what is attached. The user agent and the web
// page have it in common.
package mailview

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"strings"

	"applayer/mime"
)

// View is what is shown of a message.
type View struct {
	Header mime.Header
	// Text is what is shown: Plain, or else what the HTML says.
	Text string
	// Plain is the first part of plain text.
	Plain string
	// Cut tells that the text goes on, longer than was asked for.
	Cut bool
	// Attachments are the parts that are not shown as text.
	Attachments []*Attachment
	// Parts are the leaves in their order.
	Parts   []Part
	Defects []mime.Defect
}

// Part is an entity that is no multipart.
type Part struct {
	Path        string `json:"path"`
	Type        string `json:"type"`
	Charset     string `json:"charset"`
	Disposition string `json:"disposition"`
	Filename    string `json:"filename"`
	Encoding    string `json:"encoding"`
	Size        int64  `json:"size"`
	SHA256      string `json:"sha256"`
}

// Attachment is a part that is not shown as text.
type Attachment struct {
	Entity *mime.Entity
	Part   Part
	// Name is safe for any file system.
	Name string
}

// New looks at a message, all of whose octets are read for it. Of the text it
// keeps so many octets at most.
func New(e *mime.Entity, maxText int64) (*View, error) {
	h, err := e.Header()
	if err != nil {
		return nil, err
	}
	v := &View{Header: h}
	v.note(e.Defects(), 0)
	v.note(h.Check(nil), 0)
	var plain, html *mime.Entity
	message := -1 // the depth of the message within the message that we are in
	for depth, e := range e.Walk() {
		if message >= 0 && depth <= message {
			message = -1
		}
		if e.Kind() == mime.KindMultipart {
			continue
		}
		p, err := v.describe(e)
		if err != nil {
			return nil, err
		}
		v.Parts = append(v.Parts, p)
		within := message >= 0
		if e.Kind() == mime.KindMessage && !within {
			message = depth
		}
		attached := p.Disposition == "attachment" || p.Filename != ""
		switch {
		case within: // is shown as a part of that message
		case plain == nil && !attached && p.Type == "text/plain":
			plain = e
		case html == nil && !attached && p.Type == "text/html":
			html = e
		default:
			name := mime.SafeFilename(p.Filename, len(v.Attachments)+1)
			v.Attachments = append(v.Attachments, &Attachment{Entity: e, Part: p, Name: name})
		}
	}
	return v, v.readText(plain, html, maxText)
}

// note adds defects, each of which may be told by the structure and by a field.
// Those of a body count from its front, at base.
func (v *View) note(defects []mime.Defect, base int64) {
	for _, d := range defects {
		d.Offset += base
		if !slices.ContainsFunc(v.Defects, func(other mime.Defect) bool { return other.Code == d.Code && other.Offset == d.Offset }) {
			v.Defects = append(v.Defects, d)
		}
	}
}

// describe tells of an entity.
func (v *View) describe(e *mime.Entity) (p Part, err error) {
	h, err := e.Header()
	if err != nil {
		return p, err
	}
	media := e.MediaType()
	encoding, err := h.Encoding()
	if err != nil {
		encoding = "7bit" // RFC 2045 §6.1
	}
	p = Part{Path: e.Path(), Type: media.Name(), Charset: media.Get("charset"), Filename: e.Filename(), Encoding: encoding}
	if d, err := e.Disposition(); err == nil {
		p.Disposition = d.Type
	}
	if e.Parent() != nil {
		v.note(h.CheckPart(nil), 0)
	}
	sum, body := sha256.New(), e.Body()
	if p.Size, err = io.Copy(sum, body); err != nil {
		return p, err
	}
	v.note(body.Defects(), e.BodySpan().Start)
	p.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return p, nil
}

// readText takes the text: that of a plain part, or what an HTML part says.
func (v *View) readText(plain, html *mime.Entity, most int64) (err error) {
	if plain != nil {
		v.Plain, err = v.textOf(plain, most)
		v.Text = v.Plain
		return err
	}
	if html != nil {
		markup, err := v.textOf(html, most)
		v.Text = mime.HTMLText(markup, nil)
		return err
	}
	return nil
}

// textOf is a part's text; in a charset that nobody knows, its octets.
func (v *View) textOf(e *mime.Entity, most int64) (string, error) {
	b, err := io.ReadAll(io.LimitReader(e.Text(), most+1))
	if v.Cut = int64(len(b)) > most; v.Cut {
		b = b[:most]
	}
	return strings.ToValidUTF8(string(b), "\ufffd"), err
}

// Field is a field's value as people read it.
func (v *View) Field(name string) string { return Field(&v.Header, name) }

// Field is the value of a header's field as people read it.
func Field(h *mime.Header, name string) string {
	switch name {
	case "From", "To", "Cc":
		if text := addressText(addresses(h, name)); text != "" {
			return text
		}
		// What has no address, as "undisclosed-recipients:;", says what it says.
	case "Date":
		return h.Get(name)
	}
	text, _ := h.Text(name)
	return strings.TrimSpace(text)
}

// Addresses are the mailboxes of a field; those of groups are among them.
func (v *View) Addresses(name string) []mime.Mailbox { return addresses(&v.Header, name) }

func addresses(h *mime.Header, name string) []mime.Mailbox {
	list, err := h.AddressList(name)
	if err != nil {
		return nil
	}
	return slices.Collect(list.Mailboxes())
}

// addressText is a list of mailboxes for people.
func addressText(list []mime.Mailbox) string {
	var b strings.Builder
	for i, m := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		if m.Name == "" {
			b.WriteString(m.Addr())
			continue
		}
		b.WriteString(m.Name + " <" + m.Addr() + ">")
	}
	return b.String()
}
