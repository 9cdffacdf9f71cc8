package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"applayer/pop3"
)

var pop3Scene = Scene{
	Name:  "pop3",
	Title: "authorisation, then transaction; download-and-delete against download-and-keep; no state across sessions",
	Run:   playPOP3,
}

const (
	popServer = "hamburger.edu:110"
	popUser   = "bob"
	popPass   = "hungry"
)

// popMessages are bob's, of the sizes that the slide shows.
func popMessages() []string {
	return []string{ofSize("Ketchup", 498), ofSize("Pickles", 912)}
}

// ofSize is a message of so many octets on the wire.
func ofSize(subject string, size int) string {
	head := "From: alice@crepes.fr\r\nTo: bob@hamburger.edu\r\nSubject: " + subject + "\r\n\r\n"
	var b strings.Builder
	b.WriteString(head)
	for left := size - len(head); left > 0; left = size - b.Len() {
		length := min(left, 72)
		if rest := left - length; rest == 1 {
			length-- // a line is its end at least
		}
		b.WriteString(strings.Repeat(strings.ToLower(subject)[:1], length-2) + "\r\n")
	}
	return b.String()
}

func playPOP3(ctx context.Context, n *Net) error {
	box := newPopBox(popMessages()...)
	stop, err := servePOP3(ctx, n, popServer, &pop3.Server{Backend: box})
	if err != nil {
		return err
	}
	defer stop()
	n.Printf("download-and-delete, each line said by hand:")
	if err := typePOP3(ctx, n, box); err != nil {
		return err
	}
	box.fill(popMessages()...)
	for _, act := range []func(context.Context, *Net, *popBox) error{downloadAndKeep, forgottenMarks, downloadAndDelete} {
		if err := act(ctx, n, box); err != nil {
			return err
		}
	}
	return nil
}

// servePOP3 runs a server at the lecture's addr.
func servePOP3(ctx context.Context, n *Net, addr string, srv *pop3.Server) (stop func(), err error) {
	ln, err := n.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return serve(func() error { return srv.Serve(ln) }, srv.Close), nil
}

// typePOP3 says each line of the slide's dialogue.
func typePOP3(ctx context.Context, n *Net, box *popBox) error {
	d, err := dialPOP3(ctx, n, "pop3", popServer)
	if err != nil {
		return err
	}
	defer d.conn.Close()
	messages := popMessages()
	for _, step := range []struct {
		verb       pop3.Verb
		arg, means string
		ok         bool
		text       string // what follows in several lines
	}{
		{pop3.VerbLIST, "", "not yet: nobody is authorised", false, ""},
		{pop3.VerbUSER, popUser, "authorisation phase: who it is", true, ""},
		{pop3.VerbPASS, popPass, "and that it is he; the maildrop is locked", true, ""},
		{pop3.VerbLIST, "", "transaction phase: numbers and sizes", true, "1 498\r\n2 912\r\n"},
		{pop3.VerbRETR, "1", "the message", true, messages[0]},
		{pop3.VerbDELE, "1", "it is marked", true, ""},
		{pop3.VerbRETR, "2", "the other one: the slide shows message 1 here", true, messages[1]},
		{pop3.VerbDELE, "2", "marked too", true, ""},
	} {
		if err := d.say(step.verb, step.arg, step.means, step.ok, step.text); err != nil {
			return err
		}
	}
	n.Expect("messages until QUIT", 2, box.count())
	if err := d.say(pop3.VerbQUIT, "", "what is marked is removed", true, ""); err != nil {
		return err
	}
	n.Table(d.rows...)
	n.Expect("messages behind QUIT", 0, box.count())
	return nil
}

// popDialogue is a user who says each command himself.
type popDialogue struct {
	n    *Net
	conn *pop3.Conn
	rows [][]string
}

func dialPOP3(ctx context.Context, n *Net, name, addr string) (*popDialogue, error) {
	nc, err := n.DialNamed(ctx, name, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		nc.SetDeadline(deadline)
	}
	d := &popDialogue{
		n: n, conn: pop3.NewConn(nc, &pop3.ConnOptions{Client: true}),
		rows: [][]string{{"command", "response", "what it means"}},
	}
	return d, d.hear("the connection", "the server is ready", true, "")
}

// say sends a command and hears its response.
func (d *popDialogue) say(verb pop3.Verb, arg, means string, ok bool, text string) error {
	if err := errors.Join(d.conn.WriteCommand(pop3.Command{Verb: verb, Arg: []byte(arg)}), d.conn.Flush()); err != nil {
		return err
	}
	return d.hear(strings.TrimSpace(verb.String()+" "+arg), means, ok, text)
}

// hear waits for a response, and the lines that belong to it.
func (d *popDialogue) hear(command, means string, ok bool, text string) error {
	r, err := d.conn.ReadResponse()
	if err != nil {
		return err
	}
	status := map[bool]string{true: "+OK", false: "-ERR"}
	if !d.n.Expect(command, status[ok], status[r.Status == pop3.StatusOK]) {
		return errors.New(command + ": " + r.Text)
	}
	d.rows = append(d.rows, []string{command, status[ok], means})
	if text == "" {
		return nil
	}
	got, err := io.ReadAll(d.conn.TextReader())
	if len(text) < 100 {
		d.n.Expect(command+": what follows", text, string(got))
	} else {
		d.n.Expect(command+": octets that follow", len(text), len(got))
		d.n.Expect(command+": they are the message's", true, text == string(got))
	}
	return err
}

// popClient opens a session of a user's agent.
func popClient(ctx context.Context, n *Net, name string) (*pop3.Client, error) {
	c, err := pop3.Dial(ctx, "tcp", popServer, &pop3.Options{TLS: pop3.TLSOff, Dial: n.dialer(name)})
	if err != nil {
		return nil, err
	}
	if err := c.Login(ctx, popUser, popPass); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// agent is one of bob's computers, with the mail that it has by unique-ids.
type agent struct {
	name string
	mail map[string]string
}

// sync fetches what the agent has not, and has it deleted at the server if he
// does not keep it there.
func (a *agent) sync(ctx context.Context, n *Net, keep bool) (fetched int, err error) {
	c, err := popClient(ctx, n, a.name)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	var numbers []int
	for m, err := range c.Sync(ctx, func(uid string) bool { _, seen := a.mail[uid]; return seen }) {
		if err != nil {
			return fetched, err
		}
		text, err := io.ReadAll(m)
		if err != nil {
			return fetched, err
		}
		a.mail[m.UID] = string(text)
		numbers = append(numbers, m.Number)
	}
	if !keep {
		if err := c.Dele(ctx, numbers...); err != nil {
			return len(numbers), err
		}
	}
	return len(numbers), c.Quit(ctx)
}

// downloadAndKeep has two computers fetch the same mail.
func downloadAndKeep(ctx context.Context, n *Net, box *popBox) error {
	office, home := &agent{"office", map[string]string{}}, &agent{"home", map[string]string{}}
	for _, step := range []struct {
		a    *agent
		want int
		what string
	}{
		{office, 2, "download-and-keep at the office"},
		{home, 2, "the second client sees the mail"},
		{office, 0, "what is known by its unique-id is not fetched again"},
	} {
		got, err := step.a.sync(ctx, n, true)
		if err != nil {
			return err
		}
		n.Expect(step.what+": messages fetched", step.want, got)
	}
	n.Expect("both have the same", true, fmt.Sprint(office.mail) == fmt.Sprint(home.mail))
	n.Expect("messages at the server", 2, box.count())
	return nil
}

// forgottenMarks breaks a session off: the marks were its own.
func forgottenMarks(ctx context.Context, n *Net, box *popBox) error {
	c, err := popClient(ctx, n, "broken")
	if err != nil {
		return err
	}
	if err := c.Dele(ctx, 1, 2); err != nil {
		return errors.Join(err, c.Close())
	}
	if err := c.Close(); err != nil {
		return err
	}
	if err := box.unlocked(ctx); err != nil {
		return err
	}
	again, err := popClient(ctx, n, "again")
	if err != nil {
		return err
	}
	defer again.Close()
	messages, size, err := again.Stat(ctx)
	if err != nil {
		return err
	}
	n.Expect("a session that breaks off removes nothing; the next knows nothing of it", []int64{2, 498 + 912}, []int64{int64(messages), size})
	return again.Quit(ctx)
}

// downloadAndDelete has one computer take the mail from the other.
func downloadAndDelete(ctx context.Context, n *Net, box *popBox) error {
	office, home := &agent{"office", map[string]string{}}, &agent{"home", map[string]string{}}
	for _, step := range []struct {
		a    *agent
		want int
		what string
	}{
		{office, 2, "download-and-delete at the office"},
		{home, 0, "the second client does not see the mail"},
	} {
		got, err := step.a.sync(ctx, n, false)
		if err != nil {
			return err
		}
		n.Expect(step.what+": messages fetched", step.want, got)
	}
	n.Expect("messages at the server", 0, box.count())
	return nil
}
