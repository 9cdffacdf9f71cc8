package main

import (
	"context"
	"io"
	"net"
	"os"
	"sync"

	gosmtp "github.com/emersion/go-smtp"

	"applayer/internal/durable"
	"applayer/mime/maildir"
	"applayer/smtp"
	"applayer/sockets"
)

// serveSMTPOurs throws messages away.
func serveSMTPOurs(l net.Listener, _ string) error {
	return ourSMTP(func(r io.Reader) error {
		_, err := io.Copy(io.Discard, r)
		return err
	}).Serve(l)
}

// serveMaildirOurs keeps messages in a Maildir. Those that come at the same time
// share the sync of its directory.
func serveMaildirOurs(l net.Listener, root string) error {
	dir, err := maildir.Create(root + "/Maildir")
	if err != nil {
		return err
	}
	in, err := os.OpenRoot(root + "/Maildir")
	if err != nil {
		return err
	}
	g := &group{dir: dir, root: in}
	return ourSMTP(g.deliver).Serve(l)
}

func ourSMTP(deliver func(io.Reader) error) *smtp.Server {
	return &smtp.Server{
		Hostname: "mail.hamburger.edu",
		Backend:  smtpBackend(deliver),
		Conns:    sockets.Limits{MaxConnsPerPeer: -1},
	}
}

// smtpBackend gives every message to a function.
type smtpBackend func(io.Reader) error

func (f smtpBackend) NewSession(context.Context, *smtp.Conn) (smtp.Session, error) { return f, nil }

func (f smtpBackend) Mail(context.Context, smtp.Path, smtp.MailOptions) error { return nil }
func (f smtpBackend) Rcpt(context.Context, smtp.Path, smtp.RcptOptions) error { return nil }
func (f smtpBackend) Data(_ context.Context, r io.Reader) error               { return f(r) }
func (f smtpBackend) Reset()                                                  {}
func (f smtpBackend) Close() error                                            { return nil }

// group delivers to a Maildir. Messages wait for a sync of its directory that
// began after they had their names, and one is for all that have come meanwhile.
type group struct {
	dir  *maildir.Dir
	root *os.Root

	mu   sync.Mutex
	next *round
	busy bool
}

// round is a sync that has not begun.
type round struct {
	done chan struct{}
	err  error
}

func (g *group) deliver(r io.Reader) error {
	y, err := g.dir.Create(nil)
	if err != nil {
		return err
	}
	defer y.Abort()
	if _, err := y.ReadFrom(r); err != nil {
		return err
	}
	if _, err := g.dir.Batch().Place(y); err != nil {
		return err
	}
	return g.sync()
}

func (g *group) sync() error {
	g.mu.Lock()
	if g.next == nil {
		g.next = &round{done: make(chan struct{})}
	}
	mine := g.next
	lead := !g.busy
	g.busy = true
	g.mu.Unlock()
	if lead {
		go g.syncAll()
	}
	<-mine.done
	return mine.err
}

// syncAll syncs until nobody waits.
func (g *group) syncAll() {
	for {
		g.mu.Lock()
		r := g.next
		g.next, g.busy = nil, g.next != nil
		g.mu.Unlock()
		if r == nil {
			return
		}
		r.err = durable.SyncDir(g.root, "new")
		close(r.done)
	}
}

// serveGoSMTP throws messages away.
func serveGoSMTP(l net.Listener, _ string) error {
	return goSMTP(func(r io.Reader) error {
		_, err := io.Copy(io.Discard, r)
		return err
	}).Serve(l)
}

// serveMaildirGoSMTP keeps messages in a Maildir, each synced with its directory.
func serveMaildirGoSMTP(l net.Listener, root string) error {
	dir, err := maildir.Create(root + "/Maildir")
	if err != nil {
		return err
	}
	return goSMTP(func(r io.Reader) error {
		_, err := dir.Deliver(r, nil)
		return err
	}).Serve(l)
}

func goSMTP(deliver func(io.Reader) error) *gosmtp.Server {
	s := gosmtp.NewServer(goSMTPBackend(deliver))
	s.Domain = "mail.hamburger.edu"
	return s
}

type goSMTPBackend func(io.Reader) error

func (f goSMTPBackend) NewSession(*gosmtp.Conn) (gosmtp.Session, error) { return f, nil }

func (f goSMTPBackend) Mail(string, *gosmtp.MailOptions) error { return nil }
func (f goSMTPBackend) Rcpt(string, *gosmtp.RcptOptions) error { return nil }
func (f goSMTPBackend) Data(r io.Reader) error                 { return f(r) }
func (f goSMTPBackend) Reset()                                 {}
func (f goSMTPBackend) Logout() error                          { return nil }
