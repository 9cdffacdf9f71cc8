package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	"applayer/smtp"
)

// letter is a message that has arrived.
type letter struct {
	from smtp.Path
	to   []smtp.Path
	text string
}

// String is the letter in a line.
func (l letter) String() string { return fmt.Sprintf("%s to %s: %q", l.from, l.to, l.text) }

// mailbox is a mail server's backend that keeps what comes in memory.
type mailbox struct {
	mu      sync.Mutex
	letters []letter
	dialled int // sessions so far
}

// take returns what has arrived since the last call.
func (b *mailbox) take() (letters []letter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	letters, b.letters = b.letters, nil
	return letters
}

// sessions counts the connections so far.
func (b *mailbox) sessions() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.dialled
}

// NewSession implements [smtp.Backend].
func (b *mailbox) NewSession(context.Context, *smtp.Conn) (smtp.Session, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dialled++
	return &receiving{box: b}, nil
}

// receiving is one client's dialogue with a mailbox.
type receiving struct {
	box *mailbox
	letter
}

// Mail implements [smtp.Session].
func (r *receiving) Mail(_ context.Context, from smtp.Path, _ smtp.MailOptions) error {
	r.letter = letter{from: from}
	return nil
}

// Rcpt implements [smtp.Session].
func (r *receiving) Rcpt(_ context.Context, to smtp.Path, _ smtp.RcptOptions) error {
	if !to.Equal(bob) {
		return smtp.Refuse(550, smtp.EnhancedCode{5, 1, 1}, "No such mailbox here.")
	}
	r.to = append(r.to, to)
	return nil
}

// Data implements [smtp.Session].
func (r *receiving) Data(_ context.Context, message io.Reader) error {
	text, err := io.ReadAll(message)
	if err != nil {
		return err
	}
	r.text = string(text)
	r.box.mu.Lock()
	defer r.box.mu.Unlock()
	r.box.letters = append(r.box.letters, r.letter)
	return nil
}

// Reset implements [smtp.Session].
func (r *receiving) Reset() { r.letter = letter{} }

// Close implements [smtp.Session].
func (r *receiving) Close() error { return nil }

// serveMailbox starts a mail server for bob.
func serveMailbox(ctx context.Context, n *Net, addr string) (box *mailbox, stop func(), err error) {
	box = new(mailbox)
	ln, err := n.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, nil, err
	}
	host, _, _ := strings.Cut(addr, ":")
	srv := &smtp.Server{Hostname: host, Backend: box}
	return box, serve(func() error { return srv.Serve(ln) }, srv.Close), nil
}

// sendOne sends a message over a connection of its own.
func sendOne(ctx context.Context, n *Net, name, addr string, message string) (err error) {
	c, err := dialMail(ctx, n, name, addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.Send(ctx, fromAliceToBob(), strings.NewReader(message)); err != nil {
		return err
	}
	return c.Quit(ctx)
}

func fromAliceToBob() smtp.Envelope {
	return smtp.Envelope{From: alice, To: []smtp.Recipient{{Path: bob}}}
}

// dialMail connects crepes.fr to a mail server.
func dialMail(ctx context.Context, n *Net, name, addr string) (*smtp.Client, error) {
	return smtp.Dial(ctx, "tcp", addr, &smtp.Options{Hello: "crepes.fr", TLS: smtp.TLSOff, Dial: n.dialer(name)})
}
