package smtp

import (
	"context"
	"errors"
	"time"
)

// dialogue is the server's side of a session without its connection: the order
// of commands, who is logged in, the transaction, and what each verb asks of the
// [Session]. [dialogue.handle] takes a command and gives a turn, which is its
// reply and what is to be done then; where the outcome matters, a method takes
// that and gives the reply. It is for one goroutine at a time.
type dialogue struct {
	Machine
	srv     *Server
	c       *Conn // for the backend, and for what it is to know
	session Session

	extended bool // EHLO was said, or LHLO

	from       Path // of the transaction
	opts       MailOptions
	recipients int
	excess     int // recipients beyond MaxRecipients
	begun      time.Time

	errors   int // refused commands
	idle     int // commands that led nowhere since a message was taken
	failures int // refused logins
}

// turn is what a command leads to.
type turn struct {
	reply Reply // none where its code is 0
	next  next
	chunk chunk      // of nextChunk and nextDiscard
	login SASLServer // of nextLogin
	first []byte     // its initial response
}

// next is what is to be done after the reply of a turn.
type next uint8

const (
	nextCommand next = iota // take the next command
	nextData                // take the message
	nextChunk               // take a part of it
	nextDiscard             // throw away the part that comes
	nextLogin               // exchange what the mechanism wants
	nextTLS                 // shake hands
	nextClose               // close the connection
)

// chunk is the argument of BDAT.
type chunk struct {
	size int64
	last bool
}

// verbRule is how a verb is taken.
type verbRule struct {
	event Event // that it is granted
	bare  bool  // it takes no argument
	run   func(d *dialogue, ctx context.Context, arg []byte) turn
}

// verbRules are the verbs that are built.
var verbRules = [numVerbs]verbRule{
	VerbEHLO: {EventHello, false, (*dialogue).ehlo},
	VerbHELO: {EventHello, false, (*dialogue).helo},
	VerbLHLO: {EventHello, false, (*dialogue).ehlo},
	VerbMAIL: {EventMail, false, (*dialogue).mail},
	VerbRCPT: {EventRcpt, false, (*dialogue).rcpt},
	VerbDATA: {EventData, true, (*dialogue).data},
	VerbRSET: {EventReset, true, (*dialogue).rset},
	VerbNOOP: {EventFree, false, (*dialogue).noop},
	VerbHELP: {EventFree, false, (*dialogue).help},
	VerbVRFY: {EventFree, false, (*dialogue).vrfy},
	VerbQUIT: {EventQuit, true, (*dialogue).quit},

	VerbSTARTTLS: {EventStartTLS, true, (*dialogue).startTLS},
	VerbAUTH:     {EventAuth, false, (*dialogue).auth},
}

// handle takes a command.
func (d *dialogue) handle(ctx context.Context, cmd Command) turn {
	if cmd.Verb == VerbBDAT {
		return d.count(cmd.Verb, d.bdat(cmd.Arg))
	}
	return d.count(cmd.Verb, d.command(ctx, cmd))
}

// command is handle for all verbs but BDAT.
func (d *dialogue) command(ctx context.Context, cmd Command) turn {
	rule := &verbRules[cmd.Verb]
	switch {
	case cmd.Verb == VerbUnknown:
		return say(replyUnknown)
	case rule.run == nil:
		return say(replyNotBuilt)
	case d.State() == StateTurnedAway && !d.Can(rule.event):
		return say(replySequence)
	case d.srv.LMTP != (cmd.Verb == VerbLHLO) && rule.event == EventHello:
		return say(replyWrongHello)
	case !d.Can(rule.event):
		return d.outOfOrder(rule.event)
	case rule.bare && len(cmd.Arg) > 0:
		return say(replyNoArgument)
	}
	return rule.run(d, ctx, cmd.Arg)
}

// outOfOrder refuses an event that may not happen. LMTP has 503 for a message
// without recipients, too (RFC 2033 §4.2).
func (d *dialogue) outOfOrder(e Event) turn {
	switch {
	case d.State() == StateStart:
		return say(replyNoHello)
	case d.refusal(e).Reply == 554 && !d.srv.LMTP:
		return say(replyNoRecipient)
	}
	return say(replySequence)
}

// unreadable takes what could not be read as a command: a [*ParseError] or
// [*LimitError] of [Conn.ReadCommand].
func (d *dialogue) unreadable(err error) turn {
	return d.count(VerbUnknown, say(d.refusalReply(err)))
}

// count counts refusals, and commands that lead nowhere as a fifth of one. The
// command that reaches the limit is answered by the session's end, and 421 by
// whomever is it (RFC 5321 §3.8).
func (d *dialogue) count(v Verb, t turn) turn {
	if t.reply.Code == 421 && t.next == nextCommand {
		d.reset()
		d.Do(EventEnd)
		t.next = nextClose
		return t
	}
	switch {
	case t.reply.Code >= 400 && t.reply.Code != 421:
		if most := d.srv.limits.MaxRecipients; v == VerbRCPT && t.reply.Code == 452 && d.recipients >= most && d.excess <= most {
			break // which a client with a long list cannot know before
		}
		d.errors++
	case v == VerbNOOP || v == VerbRSET || v == VerbVRFY || v == VerbHELP || v == VerbEHLO || v == VerbHELO || v == VerbLHLO:
		d.idle++
	}
	if d.errors+d.idle/5 >= d.srv.limits.MaxErrors && t.next != nextClose {
		d.reset()
		d.Do(EventEnd)
		return turn{reply: replyTooManyErrors, next: nextClose}
	}
	return t
}

// say is a turn of a reply alone.
func say(r Reply) turn { return turn{reply: r} }

// sessionReply is the reply to an error of a [Session].
func (d *dialogue) sessionReply(err error) Reply {
	return d.refusalOr(replyLocalError, err)
}

// refusalOr is the reply that err holds, or else one, of which the log has more.
func (d *dialogue) refusalOr(otherwise Reply, err error) Reply {
	if refused, ok := errors.AsType[*ReplyError](err); ok && refused.Code >= 400 && refused.Code <= 599 {
		return presentable(refused.Reply)
	}
	d.srv.logger().Error("backend", "peer", d.c.RemoteAddr(), "err", err)
	return otherwise
}

// refusalReply is the reply to an error of a parser or of a limit.
func (d *dialogue) refusalReply(err error) Reply {
	if syntax, ok := errors.AsType[*ParseError](err); ok && syntax.Reply != 0 {
		return one(syntax.Reply, syntax.Enhanced, syntaxText(syntax))
	}
	if limit, ok := errors.AsType[*LimitError](err); ok && limit.Reply != 0 {
		return one(limit.Reply, limit.Enhanced, limitText(limit.Name))
	}
	return replyLocalError
}

// reset forgets the transaction, if there is one.
func (d *dialogue) reset() {
	if d.inTransaction() {
		d.session.Reset()
	}
	d.clear()
}

// inTransaction tells whether MAIL was granted and its message has not ended.
// While one is taken, it is Data's.
func (d *dialogue) inTransaction() bool {
	return d.State() == StateMail || d.State() == StateNoRecipient || d.State() == StateRcpt
}

func (d *dialogue) clear() {
	d.from, d.opts, d.recipients, d.excess = Path{}, MailOptions{}, 0, 0
	d.name()
}

// name tells the connection what its protocol is called in a Received field.
func (d *dialogue) name() {
	if !d.extended {
		d.c.protocol = "SMTP"
		return
	}
	login := d.Security() == SecurityLogin || d.Security() == SecurityTLSLogin
	d.c.protocol = protocolNames[bit(d.srv.LMTP)<<3|bit(d.opts.UTF8)<<2|bit(d.secure())<<1|bit(login)]
}

// protocolNames are those of RFC 3848 and RFC 6531 §4.3.
var protocolNames = [16]string{
	"ESMTP", "ESMTPA", "ESMTPS", "ESMTPSA", "UTF8SMTP", "UTF8SMTPA", "UTF8SMTPS", "UTF8SMTPSA",
	"LMTP", "LMTPA", "LMTPS", "LMTPSA", "UTF8LMTP", "UTF8LMTPA", "UTF8LMTPS", "UTF8LMTPSA",
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
