package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"applayer/http1"
	"applayer/http1/page"
	"applayer/mime"
	"applayer/smtp"
)

var smtpScene = Scene{
	Name:  "smtp",
	Title: "handshake, transfer, closure; several messages over one connection; push, where HTTP pulls",
	Run:   playSMTP,
}

// The people of the lecture's mail.
var (
	alice = smtp.Path{Local: "alice", Domain: "crepes.fr"}
	bob   = smtp.Path{Local: "bob", Domain: "hamburger.edu"}
)

const hamburger = "hamburger.edu:25"

func playSMTP(ctx context.Context, n *Net) error {
	box, stop, err := serveMailbox(ctx, n, hamburger)
	if err != nil {
		return err
	}
	defer stop()
	for _, act := range []func(context.Context, *Net, *mailbox) error{typeMessage, sendSeveral, pushAgainstPull} {
		if err := act(ctx, n, box); err != nil {
			return err
		}
	}
	return nil
}

// ketchup is the slide's message. Its lines are all that the slide shows.
const ketchup = "Do you like ketchup?\r\nHow about pickles?\r\n"

// typeMessage says each line of the slide's dialogue.
func typeMessage(ctx context.Context, n *Net, box *mailbox) error {
	d, err := dialSMTP(ctx, n, hamburger)
	if err != nil {
		return err
	}
	defer d.close()
	greeting, err := d.hear(ctx, "the connection", "the server is ready, and says who it is", 220)
	if err != nil {
		return err
	}
	n.Expect("the greeting names the host", true, strings.HasPrefix(greeting, "hamburger.edu"))
	for _, step := range []struct {
		verb       smtp.Verb
		arg, means string
		code       int
	}{
		{smtp.VerbHELO, "crepes.fr", "handshake: who is there", 250},
		{smtp.VerbMAIL, "FROM: <alice@crepes.fr>", "transfer: from whom", 250},
		{smtp.VerbRCPT, "TO: <bob@hamburger.edu>", "to whom", 250},
		{smtp.VerbDATA, "", "the message is awaited, up to a lone dot", 354},
	} {
		if _, err := d.say(ctx, step.verb, step.arg, step.means, step.code); err != nil {
			return err
		}
	}
	w := d.conn.DataWriter(smtp.PolicyReject)
	_, err = io.WriteString(w, ketchup)
	if err = errors.Join(err, w.Close(), d.conn.Flush()); err != nil {
		return err
	}
	if _, err := d.hear(ctx, ".", "the server has the message, and answers for it from here on", 250); err != nil {
		return err
	}
	bye, err := d.say(ctx, smtp.VerbQUIT, "", "closure", 221)
	if err != nil {
		return err
	}
	n.Expect("the farewell names the host", true, strings.HasPrefix(bye, "hamburger.edu"))
	n.Table(d.rows...)
	n.Expect("what bob has got", []letter{{alice, []smtp.Path{bob}, ketchup}}, box.take())
	return nil
}

// smtpDialogue is a user who says each command himself.
type smtpDialogue struct {
	n    *Net
	conn *smtp.Conn
	rows [][]string
}

func dialSMTP(ctx context.Context, n *Net, addr string) (*smtpDialogue, error) {
	nc, err := n.DialNamed(ctx, "smtp", "tcp", addr)
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		nc.SetDeadline(deadline)
	}
	return &smtpDialogue{
		n: n, conn: smtp.NewConn(nc, &smtp.ConnOptions{Client: true}),
		rows: [][]string{{"command", "reply", "what it means"}},
	}, nil
}

func (d *smtpDialogue) close() { d.conn.Close() }

// say sends a command and hears its reply.
func (d *smtpDialogue) say(ctx context.Context, verb smtp.Verb, arg, means string, code int) (text string, err error) {
	if err := errors.Join(d.conn.WriteCommand(smtp.Command{Verb: verb, Arg: []byte(arg)}), d.conn.Flush()); err != nil {
		return "", err
	}
	return d.hear(ctx, strings.TrimSpace(verb.String()+" "+arg), means, code)
}

// hear waits for a reply, and returns its text.
func (d *smtpDialogue) hear(_ context.Context, command, means string, code int) (text string, err error) {
	r, err := d.conn.ReadReply()
	if err != nil {
		return "", err
	}
	if !d.n.Expect(command, code, r.Code) {
		return "", errors.New(command + ": " + r.String())
	}
	d.rows = append(d.rows, []string{command, fmt.Sprint(r.Code), means})
	return r.Text(), nil
}

// sendSeveral sends three messages over one connection.
func sendSeveral(ctx context.Context, n *Net, box *mailbox) error {
	before := box.sessions()
	c, err := dialMail(ctx, n, "three", hamburger)
	if err != nil {
		return err
	}
	defer c.Close()
	var want []letter
	for _, text := range []string{"Do you like ketchup?\r\n", "How about pickles?\r\n", "And mustard?\r\n"} {
		message := "Subject: Condiments\r\n\r\n" + text
		if _, err := c.Send(ctx, fromAliceToBob(), strings.NewReader(message)); err != nil {
			return err
		}
		want = append(want, letter{alice, []smtp.Path{bob}, message})
	}
	if err := c.Quit(ctx); err != nil {
		return err
	}
	n.Expect("messages that have arrived", want, box.take())
	n.Expect("connections for three messages: persistent", 1, box.sessions()-before)
	return nil
}

// pushAgainstPull brings the same three objects by HTTP and by SMTP.
func pushAgainstPull(ctx context.Context, n *Net, box *mailbox) error {
	const host = "www.crepes.fr"
	objects := []struct{ path, kind, content string }{
		{"/menu.html", "text/html", "<html><body><img src=\"crepe.png\"><img src=\"cider.png\"></body></html>\n"},
		{"/crepe.png", "image/png", "\x89PNG\r\n\x1a\n crepe"},
		{"/cider.png", "image/png", "\x89PNG\r\n\x1a\n cider"},
	}
	stop, err := serveWeb(ctx, n, &http1.Server{Handler: http1.HandlerFunc(func(_ context.Context, w *http1.ResponseWriter, r *http1.Request) {
		for _, o := range objects {
			if o.path == r.Target.Path {
				w.Header().Set("Content-Type", o.kind)
				io.WriteString(w, o.content)
			}
		}
	})}, host+":80")
	if err != nil {
		return err
	}
	defer stop()
	client := &http1.Client{Dial: n.dialer("pull")}
	defer client.CloseIdle()
	pulled, err := (&page.Page{Client: client}).Fetch(ctx, "http://"+host+"/menu.html")
	if err != nil {
		return err
	}
	var m mime.Message
	for _, f := range [][2]string{{"From", alice.String()}, {"To", bob.String()}, {"Subject", "Menu"}} {
		if err := m.Header.Add(f[0], f[1]); err != nil {
			return err
		}
	}
	m.Text("The menu is attached.\r\n")
	for _, o := range objects {
		m.Attach(o.path[1:], o.kind, strings.NewReader(o.content))
	}
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return err
	}
	if err := sendOne(ctx, n, "push", hamburger, b.String()); err != nil {
		return err
	}
	letters := box.take()
	var want, pushed []string
	for _, o := range objects {
		want = append(want, fmt.Sprintf("%s: %q", o.path[1:], o.content))
	}
	for _, l := range letters {
		if pushed, err = attached(l.text); err != nil {
			return err
		}
	}
	n.Expect("HTTP: the client pulls, one response per object", len(objects), pulled.Requests)
	n.Expect("SMTP: the sender pushes, messages for all of them", 1, len(letters))
	n.Expect("the objects that arrived in it", want, pushed)
	return nil
}

// attached are the names and contents of what a message brings.
func attached(message string) (all []string, err error) {
	e, err := mime.ParseBytes([]byte(message), nil)
	if err != nil {
		return nil, err
	}
	for part := range e.Children() {
		if part.Filename() == "" {
			continue
		}
		body, err := io.ReadAll(part.Body())
		if err != nil {
			return nil, err
		}
		all = append(all, fmt.Sprintf("%s: %q", part.Filename(), body))
	}
	return all, nil
}
