package mime

import "strings"

// ForwardOptions says how a message is forwarded.
type ForwardOptions struct {
	// From is who forwards, and To to whom.
	From Mailbox
	To   []Mailbox
	// Inline puts the text of the message, up to 64 KiB, below its main fields
	// into the text, by [Message.Quoted], and its files beside it. Without it,
	// all of the message is attached as it is.
	Inline bool
	// Write says what the way of the message can carry.
	Write WriteOptions
}

// Forward returns a message with another, with "Fwd: " once before the subject.
// That is a new message: it is part of no thread (RFC 5322 §3.6.4) and has
// nothing to do with resending (RFC 5322 §3.6.6). The entity's source must be
// there until the message is written.
func Forward(e *Entity, opts *ForwardOptions) (*Message, error) {
	if opts == nil {
		opts = &ForwardOptions{}
	}
	h, err := e.Header()
	if err != nil {
		return nil, err
	}
	m := &Message{Options: opts.Write}
	if err := m.setAuthor(opts.From); err != nil {
		return nil, err
	}
	if err := m.setAddresses("To", opts.To); err != nil {
		return nil, err
	}
	if err := m.setSubject("Fwd: ", "fwd:", &h); err != nil {
		return nil, err
	}
	if !opts.Inline {
		m.Embed(e)
		return m, nil
	}
	return m, m.forwardInline(e, &h)
}

// forwardInline sets the text to that of a message and attaches what else there
// is.
func (m *Message) forwardInline(e *Entity, h *Header) error {
	body := bodyText(e)
	text, err := messageText(body)
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString("---------- Forwarded message ----------\n")
	for _, name := range []string{"From", "Date", "Subject", "To", "Cc"} {
		if value := shownValue(h, name); value != "" {
			b.WriteString(name + ": " + value + "\n")
		}
	}
	m.quoted = b.String() + "\n" + text
	m.Flowed(m.quoted)
	return m.attachRest(e, body)
}

// shownValue returns the value of a field for people.
func shownValue(h *Header, name string) string {
	if name == "Date" || name == "Subject" {
		text, _ := h.Text(name)
		return strings.TrimSpace(oneLine(text))
	}
	return addressesOf(h, name).String()
}

// attachRest attaches the files of a message: all leaves but the text and its
// other forms, and whole messages. Octets go through [Entity.Body], so that what
// was damaged in their encoding is not passed on.
func (m *Message) attachRest(e, body *Entity) error {
	var inside *Entity // an embedded message, which goes as a whole
	for _, part := range e.Walk() {
		switch {
		case inside != nil && part.within(inside):
			continue
		case part.kind == KindMessage:
			inside = part
			m.Embed(part)
			continue
		case part.kind != KindLeaf || part == body || part.isFormOf(body):
			continue
		}
		h, err := part.Header()
		if err != nil {
			return err
		}
		d, _ := h.Disposition()
		media := part.MediaType()
		if _, err := media.AppendText(nil); err != nil || media.Type == "multipart" || media.Type == "message" {
			media = MediaType{Type: "application", Subtype: "octet-stream"}
		}
		name := Filename(d, media)
		media.Params.Del("name")
		a := m.Attach(oneLine(name), "", part.Body())
		if a.media = media; part.encoding.isIdentity() {
			a.content = &wireReader{src: part.Raw()} // a line of a message ends in CRLF
		}
	}
	return nil
}

// within tells whether an entity is in another one.
func (e *Entity) within(other *Entity) bool {
	for ; e != nil; e = e.parent {
		if e == other {
			return true
		}
	}
	return false
}

// isFormOf tells whether an entity says the same as a text in another form: it
// is text in the same multipart/alternative (RFC 2046 §5.1.4).
func (e *Entity) isFormOf(text *Entity) bool {
	if text == nil || e.MediaType().Type != "text" {
		return false
	}
	for up := text.parent; up != nil; up = up.parent {
		if media := up.MediaType(); media.Is("multipart/alternative") && e.within(up) {
			return !e.isFile(up)
		}
	}
	return false
}
