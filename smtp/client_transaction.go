package smtp

import (
	"context"
	"errors"
	"strings"
	"time"
)

// transaction is one message on its way (RFC 5321 §3.3).
type transaction struct {
	c       *Client
	ctx     context.Context // of the one call that it lives in
	env     Envelope        // as it is sent
	to      []outgoing
	utf8    bool // the server offers SMTPUTF8
	chunked bool // the message goes by BDAT
	receipt *Receipt

	// asked and told count commands and replies; see step.
	reset       bool
	asked, told int
	kept        int   // octets of replies that the receipt holds
	taken       []int // results whose RCPT was granted
	mail, data  error // why MAIL and DATA were refused
	ready       bool  // 354
	ending      bool  // the end of the message may have been sent
}

// outgoing is a recipient that the server is told of.
type outgoing struct {
	Recipient
	result int // its place in the receipt
}

// window is how many commands may wait for their replies. Their replies fit
// into the buffers between the two ends, so that the server never waits for us
// to read while we wait for it (RFC 2920 §3.1).
const window = 64

// run goes through the transaction. The error is why the recipients that are
// pending will not get the message.
func (t *transaction) run(s *source) error {
	err := t.open()
	switch {
	case err != nil:
		return err
	case t.ready && len(t.taken) == 0:
		err = t.nothing()
	case t.mail != nil:
		return t.mail
	case t.data != nil:
		err = t.data
	case len(t.taken) == 0: // each result has its own error
	case t.chunked:
		return t.sendChunks(s)
	default:
		return t.sendData(s)
	}
	t.c.unclean = true
	return err
}

// step is the command of a place in the dialogue before the message: RSET if
// something was left behind, MAIL, each RCPT, and DATA. i is the recipient's
// place among t.to.
func (t *transaction) step(n int) (verb Verb, i int) {
	if t.reset {
		if n == 0 {
			return VerbRSET, 0
		}
		n--
	}
	switch {
	case n == 0:
		return VerbMAIL, 0
	case n <= len(t.to):
		return VerbRCPT, n - 1
	case n == len(t.to)+1 && !t.chunked:
		return VerbDATA, 0
	}
	return VerbUnknown, 0
}

// open sends the commands up to the message, as many at once as the window
// holds, and takes their replies. BDAT is no part of it: it comes when all
// replies have been looked at (RFC 3030 §2).
func (t *transaction) open() error {
	c := t.c
	t.reset = c.unclean
	most := 1
	if c.pipelining() {
		most = window
	}
	for t.more() {
		for t.more() && t.asked-t.told < most {
			if err := t.ask(); err != nil {
				return err
			}
		}
		if err := c.conn.Flush(); err != nil {
			return t.lastWords("RCPT", err)
		}
		// Half a window of replies is left, so that the line is busy; none where
		// nothing more is sent, which a reply may bring about.
		for t.asked > t.told && (!t.more() || t.asked-t.told > most/2) {
			if err := t.take(); err != nil {
				return err
			}
		}
	}
	return nil
}

// more tells whether another command is to be sent, as far as is known.
func (t *transaction) more() bool {
	verb, _ := t.step(t.asked)
	switch {
	case t.mail != nil:
		return false
	case verb == VerbDATA:
		return len(t.taken) > 0 || t.asked > t.told
	}
	return verb != VerbUnknown
}

// ask writes the next command.
func (t *transaction) ask() (err error) {
	if t.asked == t.told {
		if err := t.c.unasked(); err != nil {
			return err
		}
	}
	verb, i := t.step(t.asked)
	cmd := Command{Verb: verb}
	switch verb {
	case VerbMAIL:
		cmd.Arg, err = AppendMail(nil, t.env.From, t.env.MailOptions)
	case VerbRCPT:
		cmd.Arg, err = AppendRcpt(nil, t.to[i].Path, t.to[i].RcptOptions)
	}
	if err == nil {
		err = t.c.conn.WriteCommand(cmd)
	}
	if err != nil {
		// prepare has seen to what can be refused: this is the connection.
		return t.lastWords(verb.String(), err)
	}
	t.asked++
	return nil
}

// take takes the next reply. An error ends the session.
func (t *transaction) take() error {
	c := t.c
	verb, i := t.step(t.told)
	name, code, timeout, wait := verb.String(), 0, "Command", c.opts.Timeouts.Command
	if verb == VerbDATA {
		code, timeout, wait = 354, "DataStart", c.opts.Timeouts.DataStart
	}
	r, err := c.reply(t.ctx, name, timeout, wait)
	if err != nil {
		return err
	}
	t.told++
	r = t.keep(r)
	return t.note(verb, i, r, c.verdict(name, r, code, "RFC 5321 §4.3.2"))
}

// note takes notice of the reply to a step, of which err is the verdict.
func (t *transaction) note(verb Verb, i int, r Reply, err error) error {
	_, refused := errors.AsType[*ReplyError](err)
	if refused && verb == VerbRSET { // which says nothing of the message
		err, refused = during(verb.String(), unexpected(r, verb.String(), "RFC 5321 §4.1.1.5")), false
	}
	if err != nil && !refused {
		t.c.calls.End(err)
		return err
	}
	switch verb {
	case VerbRSET:
		t.c.unclean = false
	case VerbMAIL:
		t.mail = err
	case VerbRCPT:
		if t.mail != nil && err == nil {
			// The server is in another transaction than this.
			t.c.calls.End(unexpected(r, StateReady.String(), "RFC 5321 §3.3"))
			return t.mail
		}
		t.answered(t.to[i].result, r, err)
	case VerbDATA:
		t.data, t.ready = err, err == nil
	}
	return nil
}

// What the receipt holds of replies: up to maxKept octets as they came, and of
// each reply beyond it maxBrief.
const (
	maxKept  = 256 << 10
	maxBrief = 200
)

// keep returns what is kept of a reply. A server may say as much to each of many
// recipients as [Limits] allow one reply, which is too much to hold together.
func (t *transaction) keep(r Reply) Reply {
	for _, line := range r.Lines {
		t.kept += len(line) + len("250-\r\n")
	}
	if t.kept > maxKept && len(r.Lines) > 0 {
		first := r.Lines[0]
		r.Lines = []string{strings.Clone(first[:min(len(first), maxBrief)])}
	}
	return r
}

// answered notes the reply to RCPT.
func (t *transaction) answered(result int, r Reply, err error) {
	to := &t.receipt.Results[result]
	switch {
	case t.mail != nil: // what is said of a recipient without MAIL is no news
	case err != nil:
		to.Reply, to.Err = r, err
	default:
		to.Reply = r
		t.taken = append(t.taken, result)
	}
}

// nothing ends the message of a server that asked for it though it took none of
// the recipients: by a lone dot (RFC 2920 §3.1).
func (t *transaction) nothing() error {
	c := t.c
	if c.opts.LMTP {
		// One reply for each recipient granted would be none at all; what this
		// server sends is not known (RFC 2033 §4.2).
		err := during("DATA", unexpected(Reply{Code: 354}, StateNoRecipient.String(), "RFC 2033 §4.2"))
		c.calls.End(err)
		return err
	}
	w := c.conn.DataWriter(PolicyNormalize)
	err := w.Close()
	if err == nil {
		err = c.conn.Flush()
	}
	if err != nil {
		return t.lastWords("DATA", err)
	}
	if _, err = c.reply(t.ctx, "DATA", "DataEnd", c.opts.Timeouts.DataEnd); err == nil {
		err = t.mail
	}
	return err
}

// finish takes the replies to the whole message: one, or over LMTP one for each
// recipient that was granted, in their order (RFC 2033 §4.2).
func (t *transaction) finish(command string) error {
	c := t.c
	c.unclean = true
	if !c.opts.LMTP {
		r, err := c.reply(t.ctx, command, "DataEnd", c.opts.Timeouts.DataEnd)
		t.receipt.Reply = r
		return t.conclude(command, t.taken, r, err)
	}
	for i := range t.taken {
		r, err := c.reply(t.ctx, command, "DataEnd", c.opts.Timeouts.DataEnd)
		if err = t.conclude(command, t.taken[i:i+1], t.keep(r), err); err != nil {
			return err
		}
	}
	return nil
}

// conclude gives recipients the reply to the message. Its error is for all that
// are still pending.
func (t *transaction) conclude(command string, results []int, r Reply, err error) error {
	if err != nil {
		return err
	}
	err = t.c.verdict(command, r, 0, "RFC 5321 §4.3.2")
	if _, refused := errors.AsType[*ReplyError](err); err != nil && !refused {
		return err
	}
	for _, i := range results {
		t.receipt.Results[i].Reply, t.receipt.Results[i].Err = r, err
	}
	if err == nil {
		t.c.unclean = false
	}
	return nil
}

// patience is how long the last words of a server are waited for that closed
// the connection.
const patience = time.Second

// lastWords ends the session after a write went wrong. A server that will not
// take more mostly says why before it closes, behind its replies to what it took.
func (t *transaction) lastWords(command string, err error) error {
	c := t.c
	defer func() { c.calls.End(err) }()
	err = during(command, err)
	if isTimeout(err) {
		return err
	}
	c.nc.SetReadDeadline(deadline(patience))
	for range t.asked - t.told + 3 { // chunks may wait for theirs too
		r, readErr := c.conn.ReadReply()
		refusal := &ReplyError{Reply: r, Command: command}
		switch {
		case readErr != nil:
			return err
		case r.Code == 421:
			err = refusal
			return err
		case t.told < t.asked:
			verb, i := t.step(t.told)
			t.told++
			r = t.keep(r)
			if t.note(verb, i, r, c.verdict(verb.String(), r, 0, "RFC 5321 §4.3.2")) != nil {
				return err
			}
		case r.Code >= 400:
			err = refusal
		}
	}
	return err
}
