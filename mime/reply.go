package mime

import (
	"strings"

	"applayer/internal/ascii"
)

// ReplyOptions says what an answer is like.
type ReplyOptions struct {
	// From is who answers.
	From Mailbox
	// Own are further addresses of who answers: none gets a copy.
	Own []Mailbox
	// All answers to those too who got the message.
	All bool
	// Quote puts the text of the message into the answer, quoted as
	// Format=Flowed has it (RFC 3676 §4.5), up to 64 KiB and without its
	// signature. The text of the answer goes below, by [Message.Flowed] with
	// [Message.Quoted] in it.
	Quote bool
	// Write says what the way of the answer can carry.
	Write WriteOptions
}

// maxReferences is how many identifiers an answer keeps of a thread: the first,
// which is the thread's, and the last ones.
const maxReferences = 64

// Reply returns an answer to a message, as RFC 5322 §3.6.2 to RFC 5322 §3.6.5
// have it: to the addresses of Reply-To, or else of From, with "Re: " once before
// the subject, and with the identifiers that make it part of the thread. Who
// answers a message of his own answers to those who got it. It is written to
// nobody else: not to Mail-Followup-To, which no standard has, nor to resent
// fields (RFC 5322 §3.6.6).
//
// Addresses of copies that cannot be written, as those in UTF-8 where
// opts.Write.UTF8 is not set, are left out; of the first addressees, they are an
// error.
func Reply(e *Entity, opts *ReplyOptions) (*Message, error) {
	if opts == nil {
		opts = &ReplyOptions{}
	}
	h, err := e.Header()
	if err != nil {
		return nil, err
	}
	m := &Message{Options: opts.Write}
	if err := m.setAuthor(opts.From); err != nil {
		return nil, err
	}
	to, cc := replyTo(&h, opts)
	if err := m.setAddresses("To", to); err != nil {
		return nil, err
	}
	if err := m.setAddresses("Cc", m.writable(cc)); err != nil {
		return nil, err
	}
	if err := m.setSubject("Re: ", "re:", &h); err != nil {
		return nil, err
	}
	if err := m.setThread(&h); err != nil {
		return nil, err
	}
	if opts.Quote {
		if m.quoted, err = quote(e, &h); err != nil {
			return nil, err
		}
		m.Flowed(m.quoted)
	}
	return m, nil
}

// replyTo returns to whom an answer goes, and who gets a copy.
func replyTo(h *Header, opts *ReplyOptions) (to, cc []Mailbox) {
	r := recipients{}
	for _, m := range opts.Own {
		r.knows(m)
	}
	r.knows(opts.From)
	if to = r.add(nil, h, "Reply-To"); len(to) == 0 {
		to = r.add(nil, h, "From")
	}
	if len(to) == 0 {
		to = r.add(nil, h, "To") // an answer to a message of one's own
	}
	if len(to) == 0 {
		to = recipients{}.add(nil, h, "From") // to oneself, then
	}
	if opts.All {
		cc = r.add(r.add(nil, h, "To"), h, "Cc")
	}
	return to, cc
}

// recipients are those that a message has, by their addresses in lower case:
// local parts that differ in case alone (RFC 5321 §2.4) are nobody's practice.
type recipients map[string]bool

// knows tells whether a mailbox is one of them, and makes it one.
func (r recipients) knows(m Mailbox) bool {
	addr := lower(m.Addr())
	known := r[addr]
	r[addr] = true
	return known
}

// add appends those in the fields of a name that are new.
func (r recipients) add(list []Mailbox, h *Header, name string) []Mailbox {
	for m := range addressesOf(h, name).Mailboxes() {
		if m.Addr() != "" && !r.knows(m) {
			list = append(list, m)
		}
	}
	return list
}

// addressesOf returns the addresses of all fields of a name: there should be one
// (RFC 5322 §3.6), but old mail has more (RFC 5322 §4.5.3).
func addressesOf(h *Header, name string) (list AddressList) {
	for f := range h.All(name) {
		l, _, _ := ParseAddressList(f.RawValue(), nil)
		list = append(list, l...)
	}
	return list
}

// setAuthor sets From.
func (m *Message) setAuthor(from Mailbox) error {
	if from.IsZero() {
		return &ParseError{Field: "From", What: "missing", Ref: "RFC 5322 §3.6"}
	}
	return m.setAddresses("From", []Mailbox{from})
}

// setAddresses sets a field of addresses, if there are any.
func (m *Message) setAddresses(name string, mailboxes []Mailbox) error {
	if len(mailboxes) == 0 {
		return nil
	}
	var list AddressList
	for _, box := range mailboxes {
		list = append(list, Address{Mailbox: box})
	}
	b, err := AppendAddressList(nil, list, &m.Options)
	if err != nil {
		return err
	}
	return m.Header.Set(name, string(b))
}

// writable returns those mailboxes that can be written.
func (m *Message) writable(mailboxes []Mailbox) (good []Mailbox) {
	for _, box := range mailboxes {
		if _, err := AppendMailbox(nil, box, &m.Options); err == nil {
			good = append(good, box)
		}
	}
	return good
}

// setSubject sets the subject of a message with a mark at its front, of which
// there is to be one (RFC 5322 §3.6.5), whatever its case was.
func (m *Message) setSubject(mark, known string, h *Header) error {
	subject, _ := h.Text("Subject")
	subject = strings.TrimSpace(oneLine(subject))
	for len(subject) >= len(known) && ascii.EqualFold(subject[:len(known)], known) {
		subject = strings.TrimSpace(subject[len(known):])
	}
	b, err := AppendEncodedText(nil, strings.TrimSpace(mark+subject), &m.Options)
	if err != nil {
		return err
	}
	return m.Header.Set("Subject", string(b))
}

// oneLine returns text of a message with blanks for what would end a line or
// control a terminal: an encoded word can hold it.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

// setThread sets In-Reply-To and References by the rules of RFC 5322 §3.6.4.
func (m *Message) setThread(h *Header) error {
	parent, _ := h.MessageIDs("Message-ID")
	parent = writableIDs(parent[:min(len(parent), 1)])
	references, _ := h.References()
	if len(references) == 0 {
		if references, _ = h.MessageIDs("In-Reply-To"); len(references) > 1 {
			references = nil
		}
	}
	references = append(writableIDs(references), parent...)
	if n := len(references); n > maxReferences {
		references = append(references[:1], references[n-maxReferences+1:]...)
	}
	if len(parent) > 0 {
		if err := m.Header.SetMessageIDs("In-Reply-To", parent...); err != nil {
			return err
		}
	}
	if len(references) == 0 {
		return nil
	}
	return m.Header.SetMessageIDs("References", references...)
}

// writableIDs returns those identifiers that can be written: damaged mail has
// others too, and longer ones than a line takes.
func writableIDs(ids []string) (good []string) {
	for _, id := range ids {
		if _, err := AppendMessageIDs(nil, id); err == nil && len(id) < longestLine-len("In-Reply-To: <>") {
			good = append(good, id)
		}
	}
	return good
}
