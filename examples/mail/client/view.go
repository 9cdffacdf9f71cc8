package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"applayer/mime"
)

// view is what is shown of a message.
type view struct {
	header      mime.Header
	text        string // what is shown: plain, or else what the HTML says
	plain       string // the first part of plain text
	attachments []*attachment
	parts       []part
	defects     []mime.Defect
}

// part is an entity that is no multipart, as -json prints it.
type part struct {
	Path        string `json:"path"`
	Type        string `json:"type"`
	Charset     string `json:"charset"`
	Disposition string `json:"disposition"`
	Filename    string `json:"filename"`
	Encoding    string `json:"encoding"`
	Size        int64  `json:"size"`
	SHA256      string `json:"sha256"`
}

// attachment is a part that is not shown as text.
type attachment struct {
	entity *mime.Entity
	part   part
	name   string // safe for any file system
	saved  string // where, "" if not
}

func (a *attachment) String() string {
	s := fmt.Sprintf("%s (%s, %d octets)", visible(a.name), visible(a.part.Type), a.part.Size)
	if a.saved != "" {
		s += " saved as " + visible(a.saved)
	}
	return s
}

func newView(e *mime.Entity) (*view, error) {
	h, err := e.Header()
	if err != nil {
		return nil, err
	}
	v := &view{header: h}
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
		v.parts = append(v.parts, p)
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
			name := mime.SafeFilename(p.Filename, len(v.attachments)+1)
			v.attachments = append(v.attachments, &attachment{entity: e, part: p, name: name})
		}
	}
	return v, v.readText(plain, html)
}

// note adds defects, each of which may be told by the structure and by a field.
// Those of a body count from its front, at base.
func (v *view) note(defects []mime.Defect, base int64) {
	for _, d := range defects {
		d.Offset += base
		if !slices.ContainsFunc(v.defects, func(other mime.Defect) bool { return other.Code == d.Code && other.Offset == d.Offset }) {
			v.defects = append(v.defects, d)
		}
	}
}

// describe tells of an entity.
func (v *view) describe(e *mime.Entity) (p part, err error) {
	h, err := e.Header()
	if err != nil {
		return p, err
	}
	media := e.MediaType()
	encoding, err := h.Encoding()
	if err != nil {
		encoding = "7bit" // RFC 2045 §6.1
	}
	p = part{Path: e.Path(), Type: media.Name(), Charset: media.Get("charset"), Filename: e.Filename(), Encoding: encoding}
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

// maxText bounds the text that is shown, in octets of UTF-8.
const maxText = 16 << 20

// readText takes the text: that of a plain part, or what an HTML part says.
func (v *view) readText(plain, html *mime.Entity) (err error) {
	if plain != nil {
		v.plain, err = textOf(plain)
		v.text = v.plain
		return err
	}
	if html != nil {
		markup, err := textOf(html)
		v.text = mime.HTMLText(markup, nil)
		return err
	}
	return nil
}

// textOf is a part's text; in a charset that nobody knows, its octets.
func textOf(e *mime.Entity) (string, error) {
	b, err := io.ReadAll(io.LimitReader(e.Text(), maxText))
	return strings.ToValidUTF8(string(b), "\ufffd"), err
}

// field is a field's value as people read it.
func (v *view) field(name string) string {
	switch name {
	case "From", "To", "Cc":
		return addressText(v.addresses(name))
	case "Date":
		return v.header.Get(name)
	}
	text, _ := v.header.Text(name)
	return strings.TrimSpace(text)
}
