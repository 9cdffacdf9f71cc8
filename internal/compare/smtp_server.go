package main

import (
	"context"
	"io"
	"net"
	"sync"

	gosmtp "github.com/emersion/go-smtp"

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
	g := &group{dir: dir}
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

// group delivers to a Maildir. Messages wait for a sync under way, and the next
// is for all that have waited.
type group struct {
	dir *maildir.Dir

	mu      sync.Mutex
	waiting []*placing
	busy    bool
}

// placing is a message that waits for its name.
type placing struct {
	delivery *maildir.Delivery
	done     chan error
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
	if _, err := y.Finish(); err != nil {
		return err
	}
	p := &placing{y, make(chan error, 1)}
	g.mu.Lock()
	g.waiting = append(g.waiting, p)
	lead := !g.busy
	g.busy = true
	g.mu.Unlock()
	if lead {
		g.commit()
	}
	return <-p.done
}

// commit places what waits, until nothing does.
func (g *group) commit() {
	for {
		g.mu.Lock()
		all := g.waiting
		g.waiting = nil
		g.busy = len(all) > 0
		g.mu.Unlock()
		if len(all) == 0 {
			return
		}
		batch := g.dir.Batch()
		errs := make([]error, len(all))
		for i, p := range all {
			_, errs[i] = batch.Place(p.delivery)
		}
		err := batch.Commit()
		for i, p := range all {
			if errs[i] == nil {
				errs[i] = err
			}
			p.done <- errs[i]
		}
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
