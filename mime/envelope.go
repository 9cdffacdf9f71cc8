package mime

// NString is a string that may be missing (RFC 9051 §9, nstring): a field that
// is not there and one that is empty are two things.
type NString struct {
	// S is the string.
	S string
	// Present tells it from NIL.
	Present bool
}

// Envelope is what IMAP tells of a message's header (RFC 9051 §7.5.2): each
// value as it stands, on one line and with encoded words as they are.
type Envelope struct {
	Date, Subject NString
	// From, Sender and the others are nil where the field is missing or has no
	// address. Sender and ReplyTo are then From.
	From, Sender, ReplyTo, To, Cc, Bcc []EnvelopeAddress
	InReplyTo, MessageID               NString
}

// EnvelopeAddress is an address of an [Envelope]. One without Host begins a
// group, whose name is its Mailbox, and one without both ends it. Source routes
// are not told (RFC 5322 §4.4: they are to be ignored).
type EnvelopeAddress struct {
	// Name is the display name without its quotes.
	Name NString
	// Mailbox is the local part without its quotes.
	Mailbox NString
	// Host is the domain.
	Host NString
}

// Envelope returns the envelope of a header. Of fields that are there twice, the
// first counts.
func (h *Header) Envelope() Envelope {
	e := Envelope{
		Date:      h.nstring("Date"),
		Subject:   h.nstring("Subject"),
		From:      h.envelopeAddresses("From"),
		Sender:    h.envelopeAddresses("Sender"),
		ReplyTo:   h.envelopeAddresses("Reply-To"),
		To:        h.envelopeAddresses("To"),
		Cc:        h.envelopeAddresses("Cc"),
		Bcc:       h.envelopeAddresses("Bcc"),
		InReplyTo: h.nstring("In-Reply-To"),
		MessageID: h.nstring("Message-ID"),
	}
	if e.Sender == nil {
		e.Sender = e.From
	}
	if e.ReplyTo == nil {
		e.ReplyTo = e.From
	}
	return e
}

// nstring returns the value of a field as one line.
func (h *Header) nstring(name string) NString {
	f, ok := h.Field(name)
	return NString{f.Value(), ok}
}

func (h *Header) envelopeAddresses(name string) []EnvelopeAddress {
	f, ok := h.Field(name)
	if !ok {
		return nil
	}
	var list []EnvelopeAddress
	for _, a := range parseAddresses(f.RawValue(), h.options(), nil, true) {
		if !a.Group {
			list = append(list, envelopeAddress(a.Mailbox))
			continue
		}
		list = append(list, EnvelopeAddress{Mailbox: NString{a.Name, true}})
		for _, m := range a.Members {
			list = append(list, envelopeAddress(m))
		}
		list = append(list, EnvelopeAddress{})
	}
	return list
}

func envelopeAddress(m Mailbox) EnvelopeAddress {
	return EnvelopeAddress{
		Name:    NString{m.Name, m.Name != ""},
		Mailbox: NString{m.Local, true},
		Host:    NString{m.Domain, true},
	}
}

// Envelope reads the header and returns its envelope. The error is one of the
// source.
func (e *Entity) Envelope() (Envelope, error) {
	h, err := e.Header()
	if err != nil {
		return Envelope{}, err
	}
	return h.Envelope(), nil
}
