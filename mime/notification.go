package mime

import "applayer/internal/ascii"

// NotificationOption is a wish of how a notification of reading is made, from
// the field Disposition-Notification-Options (RFC 8098 §2.2). Whom to notify is
// the address list of Disposition-Notification-To.
type NotificationOption struct {
	// Attribute is what it is about, in lower case.
	Attribute string
	// Required means that there is to be no notification by a program that does
	// not know the attribute.
	Required bool
	// Values are what is wished for, the best first.
	Values []string
}

// DefectNotificationOption is an option outside of RFC 8098 §2.2. It is left
// out.
const DefectNotificationOption DefectCode = "notification-option"

const notificationRef = "RFC 8098 §2.2"

// ParseNotificationOptions reads the value of a Disposition-Notification-Options
// field.
func ParseNotificationOptions(s string, opts *Options) ([]NotificationOption, []Defect, error) {
	return parseValue(s, opts, parseNotificationOptions)
}

func parseNotificationOptions(s string, o *Options, r *report) (list []NotificationOption) {
	p := notificationReader{lexer{s: s, o: o, r: r, stops: ";"}}
	for !r.failed() {
		p.skipCFWS()
		from := p.at
		if option, ok := p.option(); ok {
			list = append(list, option)
		} else {
			r.add(DefectNotificationOption, from, notificationRef)
			p.at = p.stopAt(p.at, ';')
		}
		if !p.take(';') {
			break
		}
	}
	return list
}

// notificationReader takes the options apart.
type notificationReader struct{ lexer }

// option takes disposition-notification-parameter (RFC 8098 §2.2).
func (p *notificationReader) option() (n NotificationOption, ok bool) {
	n.Attribute = lower(p.plainAtom())
	p.skipCFWS()
	if n.Attribute == "" || !p.take('=') {
		return n, false
	}
	p.skipCFWS()
	importance := p.plainAtom()
	n.Required = ascii.EqualFold(importance, "required")
	p.skipCFWS()
	for p.take(',') {
		p.skipCFWS()
		value, ok := p.word()
		if !ok {
			return n, false
		}
		n.Values = append(n.Values, value)
		p.skipCFWS()
	}
	known := n.Required || ascii.EqualFold(importance, "optional")
	return n, known && len(n.Values) > 0 && (p.atEnd() || p.peek() == ';')
}

// plainAtom takes an atom without an equals sign, which would end it here.
func (p *notificationReader) plainAtom() string { return p.span(&isAttribute) }

var isAttribute = isAtext.Without(ascii.Chars("="))

// NotificationOptions returns the wishes of how a notification is made, or
// [ErrNoField].
func (h *Header) NotificationOptions() ([]NotificationOption, error) {
	return firstValue(h, "Disposition-Notification-Options", parseNotificationOptions)
}

// SetNotificationOptions sets the wishes of how a notification is made; none
// remove the field.
func (h *Header) SetNotificationOptions(list []NotificationOption) error {
	const name = "Disposition-Notification-Options"
	if len(list) == 0 {
		h.Del(name)
		return nil
	}
	var b []byte
	for i, n := range list {
		if i > 0 {
			b = append(b, "; "...)
		}
		if n.Attribute == "" || ascii.Span(&isAttribute, n.Attribute) != len(n.Attribute) || len(n.Values) == 0 {
			return &ParseError{Field: name, What: "option", Ref: notificationRef, Err: injection(n.Attribute)}
		}
		b = append(b, n.Attribute...)
		if n.Required {
			b = append(b, "=required"...)
		} else {
			b = append(b, "=optional"...)
		}
		for _, value := range n.Values {
			b = append(b, ',')
			if value != "" && ascii.Span(&isAtext, value) == len(value) {
				b = append(b, value...)
			} else {
				b = appendQuoted(b, value)
			}
		}
	}
	return h.Set(name, string(b))
}
