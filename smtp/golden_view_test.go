package smtp_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"applayer/internal/dialogue"
	"applayer/internal/golden"
	"applayer/smtp"
)

// view is a capture as it was understood.
type view struct {
	t   *testing.T
	out []byte
	// size is how many octets a read gives, 0 for all.
	size int

	replies  []saidReply
	commands []saidCommand
	messages []saidMessage
}

type saidReply struct {
	smtp.Reply
	raw string
}

type saidCommand struct {
	smtp.Command
	line string // as it came, without its end
}

type saidMessage struct {
	text, raw string
	dots      bool // it came behind DATA
}

// viewCapture reads a capture, in pieces of at most size octets; 0 is as it was
// sent.
func viewCapture(t *testing.T, path string, size int) *view {
	t.Helper()
	v := &view{t: t, size: size}
	for _, c := range golden.Load(t, path) {
		v.printf("# %s\n", strings.TrimSuffix(c.Name+", "+c.End, ", "))
		d := &viewed{view: v, client: c.Client, server: c.Server}
		for _, s := range c.Segments {
			require.Zero(t, s.Gap, "the capture lacks octets")
			if s.FromClient {
				d.clientCame += len(s.Data)
			} else {
				d.serverCame += len(s.Data)
			}
			for d.reply() || d.say() {
			}
		}
		d.rest()
	}
	return v
}

func (v *view) printf(format string, args ...any) { v.out = fmt.Appendf(v.out, format, args...) }

func (v *view) line(server bool, text string) {
	v.out = append(dialogue.AppendLine(v.out, dialogue.Line{Server: server, Text: text}), '\n')
}

// viewed is one connection on its way.
type viewed struct {
	*view
	client, server []byte
	// clientAt and serverAt are how far they were read, clientCame and
	// serverCame what has come.
	clientAt, serverAt     int
	clientCame, serverCame int
	greeted                bool
	// waiting are the commands without a reply. blocked tells that the client
	// has to wait for that of the last.
	waiting []smtp.Verb
	blocked bool
	// data tells that a message follows, auth that a response does.
	data, auth bool
	tls        bool
	// lmtp tells that each recipient of a message is answered, granted how many
	// there are.
	lmtp    bool
	granted int
}

// reply takes a reply of the server, if a whole one has come.
func (d *viewed) reply() bool {
	if d.tls || d.greeted && len(d.waiting) == 0 {
		return false
	}
	r, n, err := d.parseReply(d.server[d.serverAt:d.serverCame])
	if errors.Is(err, smtp.ErrIncomplete) {
		return false
	}
	require.NoError(d.t, err, "%q", d.server[d.serverAt:d.serverCame])
	raw := string(d.server[d.serverAt : d.serverAt+n])
	d.serverAt += n
	d.replies = append(d.replies, saidReply{r, raw})
	for _, text := range r.Lines {
		d.line(true, strings.TrimSpace(fmt.Sprintf("%d %v", r.Code, r.Enhanced))+" "+text)
	}
	if !d.greeted {
		d.greeted = true
		return true
	}
	d.answered(r.Code)
	return true
}

// parseReply reads the reply at the front, trying at every size octets.
func (d *viewed) parseReply(b []byte) (smtp.Reply, int, error) {
	if d.size > 0 {
		for n := d.size; n < len(b); n += d.size {
			if r, used, err := smtp.ParseReply(b[:n], nil); !errors.Is(err, smtp.ErrIncomplete) {
				return r, used, err
			}
		}
	}
	return smtp.ParseReply(b, nil)
}

// answered goes on behind a reply to the first command that waits for one.
func (d *viewed) answered(code int) {
	verb := d.waiting[0]
	d.waiting = d.waiting[1:]
	if verb == smtp.VerbRCPT && code/100 == 2 {
		d.granted++
	}
	if verb == smtp.VerbMAIL {
		d.granted = 0
	}
	if len(d.waiting) > 0 || !d.blocked {
		return
	}
	d.blocked = false
	switch {
	case verb == smtp.VerbDATA && code == 354:
		d.data = true
	case verb == smtp.VerbAUTH && code == 334:
		d.auth = true
	case verb == smtp.VerbSTARTTLS && code == 220:
		d.tls = true
	}
}

// say takes what the client says next, if it has come.
func (d *viewed) say() bool {
	if !d.greeted || d.blocked || d.tls || d.clientAt >= d.clientCame {
		return false
	}
	if d.data {
		d.message()
		return true
	}
	rest := d.client[d.clientAt:d.clientCame]
	line, _, whole := strings.Cut(string(rest), "\r\n")
	if !whole {
		return false
	}
	d.clientAt += len(line) + 2
	d.line(false, line)
	if d.auth {
		d.auth = false
		d.wait(smtp.VerbAUTH)
		return true
	}
	cmd, err := smtp.ParseCommand([]byte(line))
	if err != nil {
		d.printf("#   %v\n", err)
	}
	d.command(saidCommand{cmd, line})
	return true
}

// command shows what a command means to us.
func (d *viewed) command(c saidCommand) {
	if c.Verb != smtp.VerbUnknown {
		d.commands = append(d.commands, c)
	}
	d.wait(c.Verb)
	switch c.Verb {
	case smtp.VerbEHLO, smtp.VerbHELO, smtp.VerbLHLO:
		d.lmtp = c.Verb == smtp.VerbLHLO
		name, err := smtp.ParseHello(c.Arg)
		d.show(err, "%s", name)
	case smtp.VerbMAIL:
		from, opts, err := smtp.ParseMail(c.Arg)
		d.show(err, "%q at %q%s", from.Local, from.Domain, mailOptions(opts))
	case smtp.VerbRCPT:
		to, opts, err := smtp.ParseRcpt(c.Arg, false)
		d.show(err, "%q at %q%s", to.Local, to.Domain, rcptOptions(opts))
	case smtp.VerbAUTH:
		mechanism, initial, err := smtp.ParseAuth(c.Arg)
		d.show(err, "%s %q", mechanism, initial)
	case smtp.VerbBDAT:
		size, last, err := smtp.ParseBDAT(c.Arg)
		d.show(err, "%d octets, last %v", size, last)
		if err == nil {
			d.chunk(int(size))
		}
	}
}

// mailOptions and rcptOptions are what is said of them.
func mailOptions(o smtp.MailOptions) (s string) {
	if o.Size > 0 {
		s += fmt.Sprintf(", size %d", o.Size)
	}
	if o.Body != smtp.BodyUnsaid {
		s += fmt.Sprintf(", body %v", o.Body)
	}
	if o.UTF8 {
		s += ", UTF-8"
	}
	if o.Return != smtp.ReturnUnsaid {
		s += fmt.Sprintf(", return %v", o.Return)
	}
	if o.EnvelopeID != "" {
		s += fmt.Sprintf(", envelope %q", o.EnvelopeID)
	}
	if o.Auth != nil {
		s += fmt.Sprintf(", submitted by %q", *o.Auth)
	}
	return s
}

func rcptOptions(o smtp.RcptOptions) (s string) {
	if o.Notify != 0 {
		s += fmt.Sprintf(", notify %v", o.Notify)
	}
	if o.Original != (smtp.OriginalRecipient{}) {
		s += fmt.Sprintf(", originally %s %q", o.Original.Type, o.Original.Address)
	}
	return s
}

func (d *viewed) show(err error, format string, args ...any) {
	if err != nil {
		d.printf("#   %v\n", err)
		return
	}
	d.printf("#   "+format+"\n", args...)
}

// wait has the client wait where a command needs its reply first
// (RFC 2920 §3.1).
func (d *viewed) wait(verb smtp.Verb) {
	d.waiting = append(d.waiting, verb)
	d.blocked = slices.Contains([]smtp.Verb{
		smtp.VerbDATA, smtp.VerbAUTH, smtp.VerbSTARTTLS,
		smtp.VerbEHLO, smtp.VerbHELO, smtp.VerbLHLO, smtp.VerbQUIT,
	}, verb)
}

// message reads the message behind DATA.
func (d *viewed) message() {
	d.data = false
	in := &played{in: d.client[d.clientAt:], size: d.size}
	c := smtp.NewConn(in, nil)
	b, err := io.ReadAll(c.DataReader(smtp.PolicyReject))
	require.NoError(d.t, err)
	end := len(d.client) - len(in.in) - c.Buffered()
	d.messages = append(d.messages, saidMessage{string(b), string(d.client[d.clientAt:end]), true})
	d.clientAt = end
	d.text(b)
	d.line(false, ".")
	for range max(1, d.granted) {
		d.waiting = append(d.waiting, smtp.VerbNOOP)
		if !d.lmtp {
			break
		}
	}
}

// chunk takes what stands behind BDAT.
func (d *viewed) chunk(size int) {
	b := d.client[d.clientAt:min(d.clientAt+size, len(d.client))]
	d.clientAt += len(b)
	if len(b) == size && strings.HasSuffix(string(b), "\r\n") {
		d.messages = append(d.messages, saidMessage{string(b), string(b), false})
	}
	d.text(b)
}

// text shows a message, each line behind a bar.
func (d *viewed) text(b []byte) {
	for line := range strings.SplitAfterSeq(string(b), "\n") {
		if line != "" {
			d.printf("| %s\n", strings.Trim(fmt.Sprintf("%q", strings.TrimSuffix(line, "\r\n")), `"`))
		}
	}
}

// rest tells what was left over.
func (d *viewed) rest() {
	for _, side := range []struct {
		name string
		b    []byte
	}{{"client", d.client[d.clientAt:]}, {"server", d.server[d.serverAt:]}} {
		switch {
		case len(side.b) == 0:
		case d.tls:
			d.printf("# %s: %d octets of TLS\n", side.name, len(side.b))
		default:
			d.printf("# %s: %q\n", side.name, side.b)
		}
	}
}
