package queue

import (
	"strconv"
	"strings"
	"time"

	"applayer/internal/ascii"
	"applayer/mime"
	"applayer/smtp"
)

// status returns the part for programs and its media type: that of RFC 6533 §4.1
// where it is about a message with SMTPUTF8, and is not ASCII.
func (b *bounce) status() (kind, text string, err error) {
	if b.e.msg.Options.UTF8 {
		text, err = b.groups(true)
		if err != nil || !isASCII(text) {
			return "message/global-delivery-status", text, err
		}
	}
	text, err = b.groups(false)
	return "message/delivery-status", text, err
}

// groups returns the fields (RFC 3464 §2): a group for the message and one for each
// recipient. global tells that they may have UTF-8.
func (b *bounce) groups(global bool) (string, error) {
	s := &statusWriter{global: global}
	if id := b.e.msg.Options.EnvelopeID; id != "" {
		s.add("Original-Envelope-Id", id)
	}
	// RFC 3461 §6.3: "dns" is for a name that is fully qualified.
	kind := "dns"
	if !strings.Contains(b.host, ".") {
		kind = "x-local-hostname"
	}
	s.add("Reporting-MTA", kind+"; "+b.host)
	s.date("Arrival-Date", b.e.msg.Arrived)
	s.end()
	for _, i := range b.news {
		b.statusOf(s, &b.e.to[i.n], i.action)
	}
	// An empty line stands before a group and not behind the last (RFC 3464 §2.1).
	return strings.TrimSuffix(string(s.text), "\r\n"), s.err
}

// statusOf writes the fields of a recipient (RFC 3464 §2.3).
func (b *bounce) statusOf(s *statusWriter, r *recipient, a action) {
	if o := r.Original; o.Type != "" {
		address := o.Address
		if !s.global && (ascii.EqualFold(o.Type, "utf-8") || !isASCII(address)) {
			// RFC 6533 §3: utf-8-addr-xtext, also for "+", "=" and "\".
			address = string(smtp.AppendUTF8Address(nil, address))
		}
		s.add("Original-Recipient", o.Type+"; "+address)
	}
	s.add("Final-Recipient", addressType(r.Path)+"; "+r.String())
	s.add("Action", actionNames[a])
	s.add("Status", r.last.statusIn(a).String())
	if r.last.remote != "" {
		s.add("Remote-MTA", "dns; "+r.last.remote)
	}
	switch {
	case r.last.code != 0:
		s.add("Diagnostic-Code", "smtp; "+r.last.reply())
	case r.last.text != "":
		s.add("Diagnostic-Code", "x-local; "+r.last.text)
	}
	if !r.last.at.IsZero() {
		s.date("Last-Attempt-Date", r.last.at)
	}
	if a == actionDelayed {
		s.date("Will-Retry-Until", b.deadline)
	}
	s.end()
}

// addressType is the type of an address in a field (RFC 6533 §3).
func addressType(p smtp.Path) string {
	if isASCII(p.String()) {
		return "rfc822"
	}
	return "utf-8"
}

// reply returns the reply, or the error, on one line.
func (o *outcome) reply() string {
	if o.code == 0 {
		return o.text
	}
	s := strconv.Itoa(o.code)
	if int(o.status[0]) == o.code/100 {
		s += " " + o.status.String()
	}
	return strings.TrimRight(s+" "+o.text, " ")
}

// statusIn returns the status code that a report has. A message whose time is over
// was not refused: its code stays temporary (RFC 3464 §2.3.3).
func (o *outcome) statusIn(a action) smtp.EnhancedCode {
	switch {
	case a == actionDelayed && o.status.IsZero():
		return smtp.EnhancedCode{4, 0, 0} // no try has ended yet
	case o.event == EventExpired && o.status == smtp.EnhancedCode{4, 0, 0}:
		return smtp.EnhancedCode{4, 4, 7} // delivery time expired
	}
	return o.status
}

// statusWriter writes groups of fields.
type statusWriter struct {
	global bool // UTF-8 may stay
	group  mime.Header
	text   []byte
	err    error
}

// add adds a field. What a field cannot hold becomes "?".
func (s *statusWriter) add(name, value string) {
	value = oneLine(value)
	if !s.global {
		value = strings.Map(func(r rune) rune {
			if r >= 0x80 {
				return '?'
			}
			return r
		}, value)
	}
	if err := s.group.Add(name, value); err != nil && s.err == nil {
		s.err = err
	}
}

func (s *statusWriter) date(name string, t time.Time) {
	text, err := mime.AppendDate(nil, mime.Date{Time: t.UTC()})
	if err != nil {
		s.err = err
		return
	}
	s.add(name, string(text))
}

// end ends a group.
func (s *statusWriter) end() {
	text, err := s.group.AppendText(s.text)
	if err != nil && s.err == nil {
		s.err = err
	}
	s.text, s.group = text, mime.Header{}
}
