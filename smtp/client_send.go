package smtp

import (
	"context"
	"errors"
	"io"
)

// Send sends a message to the recipients of an envelope, in one transaction
// (RFC 5321 §3.3). The message is its octets, lines ending in CRLF; a CR or LF
// that stands alone becomes one, save in a message of BodyBinaryMIME. It is read
// once, in pieces, and not closed.
//
// The error is nil if the server has taken the message for all recipients, and a
// [*PartialError] if it has for some. The Receipt is never nil and tells it of
// each recipient, whatever the error. Where that is of the connection, the server
// may have the message all the same: see Receipt.Doubtful.
//
// # What is sent of the envelope
//
// Parameters of extensions that the server does not offer are left out where
// they are a wish: SIZE, AUTH, and those of DSN, which the Receipt tells. What
// the message cannot do without makes it refused here, before an octet is sent:
//
//   - a message larger than the SIZE that the server offers is [ErrTooLarge].
//     The size is what Envelope.Size says, or a message that has a Len method
//     or is an [io.Seeker];
//   - one with UTF8, or a local part beyond ASCII in its reverse-path, is
//     [ErrNotUTF8] without SMTPUTF8; a recipient with such a local part has that
//     for its result, and the others get the message. Domains are sent as
//     A-labels then;
//   - one of BodyEightBit or BodyBinaryMIME that the server cannot take goes
//     through Options.Downgrade, and is [ErrUnsupported] without. So does one
//     with NUL that is not BodyBinaryMIME, to any server.
//
// Of a message whose Body is not said the first 32 KiB are looked at. Where NUL
// comes later, or octets beyond ASCII to a server for 7 bits, or where reading
// fails, the message goes without its end: behind DATA by closing the session.
func (c *Client) Send(ctx context.Context, e Envelope, message io.Reader) (*Receipt, error) {
	t := &transaction{c: c, ctx: ctx, receipt: new(Receipt)}
	t.receipt.Results = make([]Result, len(e.To))
	for i, to := range e.To {
		t.receipt.Results[i] = Result{To: to.Path, Err: errPending}
	}
	err := c.with(ctx, func() error {
		source, err := t.prepare(&e, message)
		if err != nil {
			return err
		}
		defer source.close()
		return t.run(source)
	})
	if len(e.To) == 0 {
		return t.receipt, err
	}
	_, answered := errors.AsType[*ReplyError](err)
	t.receipt.Doubtful = t.ending && err != nil && !answered
	t.settle(err)
	return t.receipt, t.receipt.Err()
}

// errPending stands for recipients of whom nothing final is known yet.
var errPending = errors.New("smtp: pending")

// settle gives the recipients that are pending their error. Without one they stay
// as they are: nobody is told that he has what no reply has told of.
func (t *transaction) settle(err error) {
	if err == nil {
		return
	}
	for i := range t.receipt.Results {
		if r := &t.receipt.Results[i]; r.Err == errPending {
			r.Err = err
		}
	}
}

// prepare makes of the envelope what can be said to this server, and refuses
// what cannot.
func (t *transaction) prepare(e *Envelope, message io.Reader) (*source, error) {
	if len(e.To) == 0 {
		return nil, &ProtocolError{State: StateMail.String(), Event: "message without recipients", Ref: "RFC 5321 §3.3"}
	}
	t.env = *e
	if err := t.prepareOptions(); err != nil {
		return nil, err
	}
	if err := t.preparePaths(); err != nil {
		return nil, err
	}
	return t.prepareMessage(message)
}

// prepareOptions leaves out the parameters that the server does not know.
func (t *transaction) prepareOptions() error {
	o, x := &t.env.MailOptions, t.c.extensions
	if !x.Has("AUTH") {
		o.Auth = nil
	}
	if t.receipt.DSN = x.Has("DSN"); !t.receipt.DSN {
		o.Return, o.EnvelopeID = ReturnUnsaid, ""
	}
	if t.utf8 = x.Has("SMTPUTF8"); !t.utf8 && o.UTF8 {
		return ErrNotUTF8
	}
	return nil
}

// preparePaths sees that each path can be written, and notes the recipients
// whose can.
func (t *transaction) preparePaths() error {
	o := &t.env.MailOptions
	from, err := t.path(t.env.From)
	if err != nil {
		return during("MAIL", err)
	}
	t.env.From = from
	for i, to := range t.env.To {
		to.Path, err = t.path(to.Path)
		if !t.receipt.DSN {
			to.RcptOptions = RcptOptions{}
		}
		if err == nil {
			_, err = AppendRcpt(nil, to.Path, to.RcptOptions)
		}
		if err != nil {
			t.receipt.Results[i].Err = during("RCPT", err)
			continue
		}
		o.UTF8 = o.UTF8 || t.utf8 && !to.IsASCII()
		t.to = append(t.to, outgoing{to, i})
	}
	o.UTF8 = o.UTF8 || t.utf8 && !from.IsASCII()
	if len(t.to) == 0 {
		return t.receipt.Results[0].Err
	}
	_, err = AppendMail(nil, from, *o)
	return during("MAIL", err)
}

// path returns p as it can be said to the server. A domain has a form in ASCII,
// a local part has none.
func (t *transaction) path(p Path) (Path, error) {
	if t.utf8 || p.IsASCII() {
		return p, nil
	}
	if !isASCII(p.Local) {
		return p, ErrNotUTF8
	}
	domain, err := ToASCII(p.Domain)
	p.Domain = domain
	return p, err
}

// pipelining tells whether several commands may be sent at once.
func (c *Client) pipelining() bool {
	return !c.opts.NoPipelining && c.extensions.Has("PIPELINING")
}
