package smtp

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// ehlo is EHLO, and LHLO of LMTP: it ends a transaction, and tells what is
// offered (RFC 5321 §4.1.1.1).
func (d *dialogue) ehlo(_ context.Context, arg []byte) turn {
	r, ok := d.hello(arg, true)
	if !ok {
		return say(r)
	}
	r.Lines = d.extensions([]string{d.srv.hostname + " greets " + printable(d.c.Hello())})
	return say(r)
}

// helo is HELO, for clients that know no extensions.
func (d *dialogue) helo(_ context.Context, arg []byte) turn {
	r, ok := d.hello(arg, false)
	if ok {
		r.Lines = []string{"Hello " + printable(d.c.Hello()) + ", pleased to meet you"}
	}
	return say(r)
}

// hello notes who the client says he is.
func (d *dialogue) hello(arg []byte, extended bool) (Reply, bool) {
	domain, err := ParseHello(arg)
	if err != nil {
		r := d.refusalReply(err)
		r.Enhanced = EnhancedCode{} // RFC 2034 §3
		return r, false
	}
	d.reset()
	d.Do(EventHello)
	d.c.hello, d.extended = domain, extended
	d.name()
	return Reply{Code: 250}, true
}

// mail is MAIL.
func (d *dialogue) mail(ctx context.Context, arg []byte) turn {
	if r, ok := d.mayBegin(); !ok {
		return say(r)
	}
	from, opts, err := ParseMail(arg)
	if err != nil {
		return say(d.refusalReply(err))
	}
	if r, ok := d.mailAllowed(from, &opts); !ok {
		return say(r)
	}
	d.opts = opts
	d.name()
	if err := d.session.Mail(ctx, from, opts); err != nil {
		d.clear()
		return say(d.sessionReply(err))
	}
	d.Do(EventMail)
	d.from, d.begun = from, time.Now()
	return say(replySenderOK)
}

// mayBegin tells whether the client may send, and ask for addresses, at all.
func (d *dialogue) mayBegin() (Reply, bool) {
	switch {
	case d.srv.RequireTLS && !d.secure():
		return replyNeedTLS, false
	case d.srv.Submission && d.c.Identity() == "":
		return replyNeedLogin, false
	}
	return Reply{}, true
}

// mailAllowed checks what MAIL says against what is offered and allowed.
func (d *dialogue) mailAllowed(from Path, opts *MailOptions) (Reply, bool) {
	offered := d.srv.offered
	dsn := opts.Return != ReturnUnsaid || opts.EnvelopeID != ""
	switch {
	case opts.UTF8 && !offered.has(extSMTPUTF8),
		opts.Body == BodyEightBit && !offered.has(ext8BITMIME),
		opts.Body == BodyBinaryMIME,
		opts.Size != 0 && !offered.has(extSIZE),
		dsn && !offered.has(extDSN),
		opts.Auth != nil && (d.srv.Auth == nil || !offered.has(extAUTH)):
		return replyNotOffered, false
	case opts.Size > d.srv.limits.MaxMessageBytes:
		return replyTooLarge, false
	case d.srv.Submission && d.srv.SenderAllowed != nil && !d.srv.SenderAllowed(d.c.Identity(), from):
		return replyNotYours, false
	}
	if opts.Auth != nil && d.c.Identity() == "" {
		opts.Auth = new(string) // who is not known is not believed (RFC 4954 §5)
	}
	return Reply{}, true
}

// rcpt is RCPT.
func (d *dialogue) rcpt(ctx context.Context, arg []byte) turn {
	r := d.recipient(ctx, arg)
	if r.Code == replyRcptOK.Code {
		d.Do(EventRcpt)
		d.recipients++
	} else {
		d.Do(EventRcptRefused)
	}
	return say(r)
}

// recipient asks whether a recipient may be added.
func (d *dialogue) recipient(ctx context.Context, arg []byte) Reply {
	to, opts, err := ParseRcpt(arg, d.opts.UTF8)
	switch {
	case err != nil:
		return d.refusalReply(err)
	case (opts.Notify != 0 || opts.Original != OriginalRecipient{}) && !d.srv.offered.has(extDSN):
		return replyNotOffered
	case d.recipients >= d.srv.limits.MaxRecipients:
		d.excess++
		return replyTooManyRcpts
	}
	if err := d.session.Rcpt(ctx, to, opts); err != nil {
		return d.sessionReply(err)
	}
	return replyRcptOK
}

// data is DATA.
func (d *dialogue) data(context.Context, []byte) turn {
	d.Do(EventData)
	return turn{reply: replyStartMail, next: nextData}
}

// bdat is BDAT (RFC 3030 §2). A chunk that is refused comes all the same, and
// is thrown away; what comes behind a BDAT without a size cannot be told from
// commands, and ends the session.
func (d *dialogue) bdat(arg []byte) turn {
	size, last, err := ParseBDAT(arg)
	if err != nil {
		return turn{reply: replyBadChunk, next: nextClose}
	}
	t := turn{next: nextDiscard, chunk: chunk{size: size, last: last}}
	switch {
	case !d.srv.offered.has(extCHUNKING):
		t.reply = replyNotBuilt
	case !d.Can(EventChunk):
		t.reply = d.outOfOrder(EventChunk).reply
	case size > d.srv.limits.MaxMessageBytes:
		d.reset()
		d.Do(EventReset)
		t.reply = replyTooLarge
	default:
		d.Do(EventChunk)
		t.next = nextChunk
	}
	return t
}

// messageEnd ends the transaction.
func (d *dialogue) messageEnd(accepted bool) {
	if d.Can(EventMessageEnd) {
		d.Do(EventMessageEnd)
	}
	if accepted {
		d.idle = 0
	}
	d.clear()
}

// rset is RSET.
func (d *dialogue) rset(context.Context, []byte) turn {
	d.reset()
	d.Do(EventReset)
	return say(replyOK)
}

// noop is NOOP, whose argument is not looked at (RFC 5321 §4.1.1.9).
func (d *dialogue) noop(context.Context, []byte) turn { return say(replyOK) }

// help is HELP.
func (d *dialogue) help(context.Context, []byte) turn { return say(replyHelp) }

// vrfy is VRFY. While a message comes in chunks the session is busy with it.
func (d *dialogue) vrfy(ctx context.Context, arg []byte) turn {
	if r, ok := d.mayBegin(); !ok {
		return say(r)
	}
	if len(arg) == 0 {
		return say(one(501, codeArgument, "Syntax: VRFY <address>"))
	}
	v, ok := d.session.(VerifySession)
	if !ok || d.State() == StateChunking {
		return say(replyVerify)
	}
	r, err := v.Verify(ctx, string(arg))
	if err != nil {
		return say(d.sessionReply(err))
	}
	if r.Code < 200 || r.Code >= 600 || r.Code/100 == 3 {
		return say(d.sessionReply(fmt.Errorf("smtp: VRFY: reply %d", r.Code)))
	}
	return say(presentable(r))
}

// quit is QUIT.
func (d *dialogue) quit(context.Context, []byte) turn {
	d.reset()
	d.Do(EventQuit)
	return turn{reply: one(221, EnhancedCode{2, 0, 0}, d.srv.hostname+" closing connection"), next: nextClose}
}

// greeting is what a connection begins with.
func (d *dialogue) greeting() Reply {
	text := d.srv.Greeting
	switch {
	case text != "":
	case d.srv.LMTP:
		text = "LMTP"
	default:
		text = "ESMTP"
	}
	return one(220, EnhancedCode{}, d.srv.hostname+" "+text)
}

// chunkTaken is the reply to a chunk behind which others come.
func chunkTaken(size int64) Reply {
	return one(250, EnhancedCode{2, 0, 0}, strconv.FormatInt(size, 10)+" octets received")
}
