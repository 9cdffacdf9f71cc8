package smtp

// BodyType is what MAIL's BODY says of a message's octets (RFC 6152 §3,
// RFC 3030 §3). The zero value says nothing, which means BodySevenBit.
type BodyType uint8

// The types of a body.
const (
	BodyUnsaid     BodyType = iota
	BodySevenBit            // 7BIT: lines of ASCII
	BodyEightBit            // 8BITMIME: lines of any octets but NUL
	BodyBinaryMIME          // BINARYMIME: any octets
)

// ReturnContent is what a failure report is to bring back (RFC 3461 §4.3).
type ReturnContent uint8

// The contents of a report.
const (
	ReturnUnsaid ReturnContent = iota // the reporting host decides
	ReturnFull                        // FULL: the message
	ReturnHeader                      // HDRS: its header
)

// Notify is when a recipient's sender wants to hear of it: a set of occasions
// (RFC 3461 §4.1). The zero value leaves it to the server, which means failures
// and perhaps delays.
type Notify uint8

// The occasions. NotifyNever stands alone.
const (
	NotifyNever Notify = 1 << iota
	NotifySuccess
	NotifyFailure
	NotifyDelay
)

// MailOptions are the parameters of MAIL.
type MailOptions struct {
	// Size is how many octets the sender thinks that the message has
	// (RFC 1870 §5), 0 where he does not say.
	Size int64
	// Body is BODY.
	Body BodyType
	// UTF8 is SMTPUTF8: addresses and header may be UTF-8 (RFC 6531 §3.4).
	UTF8 bool
	// Return is RET.
	Return ReturnContent
	// EnvelopeID is ENVID, decoded (RFC 3461 §4.4). It is empty for none.
	EnvelopeID string
	// Auth is who submitted the message, as the sending server knows it
	// (RFC 4954 §5): nil where it does not say, the empty string for AUTH=<>.
	Auth *string
}

// RcptOptions are the parameters of RCPT.
type RcptOptions struct {
	// Notify is NOTIFY.
	Notify Notify
	// Original is ORCPT (RFC 3461 §4.2).
	Original OriginalRecipient
}

// OriginalRecipient is the address as the message's author gave it, with its
// type, such as "rfc822" or "utf-8" (RFC 3461 §4.2, RFC 6533 §3). The zero value
// is none.
type OriginalRecipient struct {
	// Type is the address type.
	Type string
	// Address is decoded.
	Address string
}

// Recipient is a forward-path with its parameters.
type Recipient struct {
	Path
	RcptOptions
}

// Envelope is what a transaction says besides the message (RFC 5321 §2.3.1).
type Envelope struct {
	// From is the reverse-path.
	From Path
	// MailOptions go with it. A client sends those that the server offers;
	// see [Client.Send] for those that it cannot leave out.
	MailOptions
	// To are the recipients.
	To []Recipient
}

// NewEnvelope makes an envelope of addresses without angle brackets, such as
// "bob@hamburger.edu", as [ParseMailbox] reads them. An empty from is the null
// reverse-path. The error is that of the first address that is none.
func NewEnvelope(from string, to ...string) (e Envelope, err error) {
	if from != "" {
		if e.From, err = ParseMailbox(from); err != nil {
			return Envelope{}, during("from "+quoted(from), err)
		}
	}
	for _, addr := range to {
		p, err := ParseMailbox(addr)
		if err != nil {
			return Envelope{}, during("to "+quoted(addr), err)
		}
		e.To = append(e.To, Recipient{Path: p})
	}
	return e, nil
}
