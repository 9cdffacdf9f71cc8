package queue

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"applayer/mime"
	"applayer/smtp"
)

// bounce is a report about a message: a multipart/report (RFC 6522) with a text
// for people, a delivery status for programs (RFC 3464), and the message or its
// header. What of it is not ASCII is of the kinds of RFC 6533, and is encoded, so
// that the report needs no extension on its way but where the address that it goes
// to does.
type bounce struct {
	host          string
	e             *entry
	news          items
	to            smtp.Path
	second        bool // to is not the sender, who is null
	now, deadline time.Time

	original []byte // the message or its header, nil for none
	full     bool   // it is the message
	head     int    // the length of its header
}

// cut takes from the octets of the message what can be brought back. Of a message
// that is not lines as a part must have them (RFC 2045 §2.8) that is the header.
func (b *bounce) cut(full bool) {
	_, b.head, _, _ = mime.ParseHeader(b.original, nil)
	b.full = full && areLines(b.original)
	if b.full {
		return
	}
	head := bytes.TrimRight(b.original[:b.head], "\r\n")
	b.original = append(head[:len(head):len(head)], "\r\n"...)
}

// longestLine is what RFC 5322 §2.1.1 allows, without its end.
const longestLine = 998

// areLines tells whether b is lines that a part can have as they are.
func areLines(b []byte) bool {
	for line := range bytes.Lines(b) {
		text := bytes.TrimSuffix(line, []byte("\r\n"))
		if len(text) > longestLine || bytes.ContainsAny(text, "\x00\r\n") {
			return false
		}
	}
	return true
}

func isASCII[T ~string | ~[]byte](s T) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// isMIME tells an error in what is written from one of the disk.
func isMIME(err error) bool {
	return isType[*mime.ParseError](err) || errors.Is(err, mime.ErrNotLines) || errors.Is(err, mime.ErrEightBit) || errors.Is(err, mime.ErrLongWord)
}

// envelope is how the report travels: from nobody, so that none is made about it
// (RFC 3461 §6.1).
func (b *bounce) envelope() smtp.Envelope {
	env := smtp.Envelope{To: []smtp.Recipient{{Path: b.to, RcptOptions: smtp.RcptOptions{Notify: smtp.NotifyNever}}}}
	env.UTF8 = !isASCII(b.to.String())
	if b.eightBit() {
		env.Body = smtp.BodyEightBit
	}
	return env
}

// global tells whether the message is brought back as one of RFC 6532.
func (b *bounce) global() bool {
	return b.e.msg.Options.UTF8 && !isASCII(b.original[:min(b.head, len(b.original))])
}

// eightBit tells whether the report cannot be had in 7 bits: it has a message
// that must not be encoded (RFC 2046 §5.2.1).
func (b *bounce) eightBit() bool { return b.full && !b.global() && !isASCII(b.original) }

// write writes the report.
func (b *bounce) write(w io.Writer) error {
	h, err := b.header()
	if err != nil {
		return err
	}
	m, err := mime.NewWriter(w, h, &mime.WriteOptions{UTF8: !isASCII(b.to.String()), EightBit: b.eightBit()})
	if err != nil {
		return err
	}
	text := b.text()
	if err := part(m, "text/plain; charset="+charset(text), encodingOf(text), text); err != nil {
		return err
	}
	kind, status, err := b.status()
	if err != nil {
		return err
	}
	if err := part(m, kind, encodingOf(status), status); err != nil {
		return err
	}
	if b.original != nil {
		if err := b.writeOriginal(m); err != nil {
			return err
		}
	}
	return m.Close()
}

// writeOriginal writes the message, or its header (RFC 6522 §4, RFC 6533 §4.3).
func (b *bounce) writeOriginal(m *mime.Writer) error {
	kind, encoding := "text/rfc822-headers", encodingOf(b.original)
	switch {
	case b.full && b.global():
		kind = "message/global"
	case b.full:
		kind, encoding = "message/rfc822", "7bit"
		if b.eightBit() {
			encoding = "8bit"
		}
	case b.global():
		kind = "message/global-headers"
	}
	return part(m, kind, encoding, b.original)
}

// encodingOf returns the transfer encoding of text that may be encoded.
func encodingOf[T ~string | ~[]byte](text T) string {
	if isASCII(text) && areLines([]byte(text)) {
		return "7bit"
	}
	return "quoted-printable"
}

func charset(text string) string {
	if isASCII(text) {
		return "us-ascii"
	}
	return "utf-8"
}

// part writes a part.
func part[T ~string | ~[]byte](m *mime.Writer, kind, encoding string, content T) error {
	var h mime.Header
	if err := errors.Join(h.Add("Content-Type", kind), h.Add("Content-Transfer-Encoding", encoding)); err != nil {
		return err
	}
	w, err := m.CreatePart(&h)
	if err != nil {
		return err
	}
	if _, err := w.Write([]byte(content)); err != nil {
		return err
	}
	return w.Close()
}

// daemon is who a report is from.
const daemon = "MAILER-DAEMON"

// header returns the header of the report.
func (b *bounce) header() (*mime.Header, error) {
	var h mime.Header
	opts := &mime.WriteOptions{UTF8: !isASCII(b.to.String())}
	from := mime.Mailbox{Name: "Mail Delivery System", Local: daemon, Domain: b.host}
	err := h.SetAddressList("From", mime.AddressList{{Mailbox: from}}, nil)
	if h.SetAddressList("To", mime.AddressList{{Mailbox: mailbox(b.to)}}, opts) != nil {
		h.Del("To") // the envelope has it, and RFC 5322 §3.6 does not ask for it
	}
	errs := []error{
		err,
		h.SetText("Subject", b.subject(), nil),
		h.SetDate(mime.Date{Time: b.now}),
		h.SetMessageIDs("Message-ID", mime.NewMessageID(b.host)),
		h.SetAutoSubmitted(mime.AutoSubmitted{Keyword: "auto-replied"}), // RFC 3834 §2
		h.Add("MIME-Version", "1.0"),
		h.Add("Content-Type", "multipart/report; report-type=delivery-status"),
	}
	if b.eightBit() {
		errs = append(errs, h.Add("Content-Transfer-Encoding", "8bit"))
	}
	original, _, _, _ := mime.ParseHeader(b.original, nil)
	if id, err := original.MessageID(); err == nil && isASCII(id) {
		// The report belongs to the thread of what it is about.
		if h.SetMessageIDs("References", id) != nil {
			h.Del("References")
		}
	}
	return &h, errors.Join(errs...)
}

// mailbox returns an address as a header has it.
func mailbox(p smtp.Path) mime.Mailbox {
	m := mime.Mailbox{Local: p.Local, Domain: p.Domain}
	if p.Literal {
		m.Domain = "[" + p.Domain + "]"
	}
	return m
}

func (b *bounce) subject() string {
	switch {
	case b.news.has(actionFailed):
		return "Your message could not be delivered"
	case b.news.has(actionDelayed):
		return "Your message is delayed"
	}
	return "Your message was delivered"
}

// sections are the parts of the text for people, the worst first.
var sections = [...]struct {
	action action
	text   string
}{
	{actionFailed, "It could not be delivered to the following, and is not tried again:"},
	{actionDelayed, "It could not be delivered yet to the following. There is nothing to do: it is\r\ntried again until "},
	{actionRelayed, "It was passed on to a host that does not report whether it is delivered to:"},
	{actionDelivered, "It was delivered to:"},
}

// text is what people read.
func (b *bounce) text() string {
	var t strings.Builder
	date := b.e.msg.Arrived.UTC().Format("2 January 2006 15:04 UTC")
	t.WriteString("This is the mail system of " + b.host + ".\r\n\r\n")
	if b.second {
		t.WriteString("This is about a message without a sender, such as a report, which came here on\r\n" + date + ".\r\n")
	} else {
		t.WriteString("This is about your message that came here on " + date + ".\r\n")
	}
	for _, s := range sections {
		if !b.news.has(s.action) {
			continue
		}
		t.WriteString("\r\n" + s.text)
		if s.action == actionDelayed {
			t.WriteString(b.deadline.UTC().Format("2 January 2006 15:04 UTC") + ".")
		}
		t.WriteString("\r\n")
		for _, i := range b.news {
			if i.action == s.action {
				b.line(&t, &b.e.to[i.n])
			}
		}
	}
	return t.String()
}

// line tells of one recipient.
func (b *bounce) line(t *strings.Builder, r *recipient) {
	t.WriteString("\r\n    <" + r.String() + ">\r\n")
	if o := r.Original; o.Address != "" && o.Address != r.String() {
		t.WriteString("    (sent to " + oneLine(o.Address) + ")\r\n")
	}
	if r.last.text == "" && r.last.code == 0 {
		return
	}
	t.WriteString("    ")
	if r.last.remote != "" {
		t.WriteString(r.last.remote + ": ")
	}
	t.WriteString(r.last.reply() + "\r\n")
}
