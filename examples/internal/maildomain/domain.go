// Package maildomain is the mail server of one domain, put together from the
// packages: what comes for its users goes into their mailboxes, what they send
// into a queue from which it goes on to other hosts, and they read it by POP3 or
// by a web page. The program mail/server is thin over it, and the lecture has two
// of them talk to each other.
package maildomain

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"sync"
	"time"

	"applayer/examples/internal/mailstore"
	"applayer/examples/internal/webmail"
	"applayer/http1"
	"applayer/pop3"
	"applayer/smtp"
	"applayer/smtp/queue"
)

// Options say what a domain is and has.
type Options struct {
	// Name is the domain, as in "hamburger.edu".
	Name string
	// Hostname is the host's name (default Name).
	Hostname string
	// Dir holds the mailboxes, and the queue in ".queue".
	Dir string
	// Users is the name of the users file.
	Users string
	// TLSConfig has the certificate; nil is no TLS.
	TLSConfig *tls.Config
	// RelayFrom are networks from which mail is taken for anywhere without a
	// login.
	RelayFrom []netip.Prefix
	// Quota is how many octets a user's messages may have (default no limit).
	Quota int64

	// Resolver finds other hosts (default the system's).
	Resolver queue.Resolver
	// Dial connects to them.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Port is their port (default 25).
	Port uint16
	// FirstRetry is after what time the queue tries again at first (default 5
	// minutes).
	FirstRetry time.Duration
	// ClientTLS is for sessions with other hosts; nil is TLS without
	// verification where it is offered.
	ClientTLS *tls.Config

	// Logger hears of what goes on; nil is silent.
	Logger *slog.Logger
	// SMTPTrace and POP3Trace hear of what passes on the servers' connections,
	// RelayTrace on those to other hosts, QueueTrace of the queue.
	SMTPTrace, RelayTrace *smtp.Trace
	POP3Trace             *pop3.Trace
	HTTPTrace             *http1.Trace
	QueueTrace            *queue.Trace
}

// Domain is a domain's mail server without its listeners. Each of the methods
// that make a server makes another one over the same mailboxes.
type Domain struct {
	opts     Options
	accounts accounts
	store    *mailstore.Store
	relay    *queue.Relay
	queue    *queue.Queue
	log      *slog.Logger

	mu    sync.Mutex // guards what is below: users may change while we start
	pages []*webmail.Handler
}

// Open opens the mailboxes and the queue. One process at a time has them.
func Open(opts *Options) (*Domain, error) {
	d := &Domain{opts: *opts, log: opts.Logger}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	d.opts.Hostname = cmp.Or(d.opts.Hostname, d.opts.Name)
	d.accounts = accounts{domain: opts.Name, file: opts.Users}
	if err := d.accounts.reload(); err != nil {
		return nil, err
	}
	var err error
	if d.store, err = mailstore.Open(opts.Dir, &mailstore.Options{Quota: opts.Quota, Logger: opts.Logger}); err != nil {
		return nil, fmt.Errorf("%s: %w", opts.Dir, err) // "locked" alone tells nobody what
	}
	d.relay = &queue.Relay{
		Hostname: d.opts.Hostname, Self: []string{opts.Name}, Resolver: opts.Resolver, Port: opts.Port, Logger: opts.Logger,
		Options: smtp.Options{Dial: opts.Dial, TLSConfig: opts.ClientTLS, Downgrade: queue.Downgrade, Trace: opts.RelayTrace},
	}
	d.queue = &queue.Queue{
		Dir: filepath.Join(opts.Dir, ".queue"), Deliverer: d, Hostname: d.opts.Hostname,
		Destination: d.destination, Schedule: queue.Schedule{First: opts.FirstRetry},
		DoubleBounce: smtp.Path{Local: "postmaster", Domain: opts.Name},
		Logger:       opts.Logger, Trace: opts.QueueTrace,
	}
	if err := d.queue.Open(); err != nil {
		return nil, errors.Join(err, d.store.Close())
	}
	return d, nil
}

// Reload reads the users file again. One that is wrong leaves the users as they
// were. Who has another password now, or is a user no more, has to log in to the
// pages again.
func (d *Domain) Reload() error {
	before := d.accounts.users()
	if err := d.accounts.reload(); err != nil {
		return err
	}
	now := d.accounts.users()
	d.mu.Lock()
	defer d.mu.Unlock()
	var errs []error
	for _, p := range d.pages {
		errs = append(errs, p.EndOthers(func(user string) bool { return now.Same(before.Users, user) }))
	}
	return errors.Join(errs...)
}

// Run has the queue deliver until ctx ends.
func (d *Domain) Run(ctx context.Context) error { return d.queue.Run(ctx) }

// Flush has the queue try everything now.
func (d *Domain) Flush() error {
	d.relay.Forget()
	return d.queue.Flush()
}

// Close closes the queue and the mailboxes. The servers are to be shut down
// before.
func (d *Domain) Close() error {
	errs := []error{d.queue.Close(), d.relay.Close(), d.store.Close()}
	for _, p := range d.pages {
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}
