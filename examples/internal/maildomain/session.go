package maildomain

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/netip"
	"slices"

	"applayer/examples/internal/mailstore"
	"applayer/smtp"
	"applayer/sockets"
)

// Refusals.
var (
	errNoMailbox = smtp.Refuse(550, smtp.EnhancedCode{5, 1, 1}, "No such mailbox here.")
	errNoRelay   = smtp.Refuse(550, smtp.EnhancedCode{5, 7, 1}, "This host does not relay.")
	errNotYours  = smtp.Refuse(550, smtp.EnhancedCode{5, 7, 1}, "That is not an address of yours.")
	errOverQuota = smtp.Refuse(452, smtp.EnhancedCode{4, 2, 2}, "The mailbox is full.")
)

// SMTP returns the server for mail from other hosts, and for what those of
// RelayFrom and users who log in send.
func (d *Domain) SMTP() *smtp.Server { return d.server(session{d: d}) }

// Submission returns the server for the users' own mail (RFC 6409).
func (d *Domain) Submission() *smtp.Server {
	s := d.server(session{d: d, submission: true})
	s.Submission = true
	return s
}

// LMTP returns the server for a mail system on this host that hands over what it
// took (RFC 2033).
func (d *Domain) LMTP() *smtp.Server {
	s := d.server(session{d: d, lmtp: true})
	// Who hands the message over makes the reports.
	s.LMTP, s.Auth, s.Without = true, nil, []string{"DSN"}
	return s
}

func (d *Domain) server(kind session) *smtp.Server {
	return &smtp.Server{
		Hostname: d.opts.Hostname, TLSConfig: d.opts.TLSConfig,
		Auth: d.mechanisms, Backend: backend(kind),
		Logger: d.opts.Logger, Trace: d.opts.SMTPTrace,
	}
}

// backend makes sessions of a kind.
type backend session

// NewSession implements [smtp.Backend].
func (b backend) NewSession(_ context.Context, c *smtp.Conn) (smtp.Session, error) {
	s := session(b)
	s.c = c
	return &s, nil
}

// session is a client's dialogue.
type session struct {
	d                *Domain
	submission, lmtp bool

	c       *smtp.Conn
	from    smtp.Path
	options smtp.MailOptions
	to      []smtp.Recipient
	users   []string // whose those are that are local, in the same order
	queued  bool     // one is not local, or is to be reported of
}

// Mail implements [smtp.Session].
func (s *session) Mail(_ context.Context, from smtp.Path, opts smtp.MailOptions) error {
	if who := s.c.Identity(); who != "" && !s.d.accounts.owns(who, from) {
		return errNotYours
	}
	s.Reset()
	s.from, s.options = from, opts
	return nil
}

// Rcpt implements [smtp.Session].
func (s *session) Rcpt(_ context.Context, to smtp.Path, opts smtp.RcptOptions) error {
	user := ""
	if s.d.accounts.isLocal(to) {
		var ok bool
		if user, ok = s.d.accounts.user(to); !ok {
			return errNoMailbox
		}
		if err := s.d.store.Room(user, s.options.Size); err != nil {
			return refusal(err)
		}
		if to.Domain == "" {
			to.Domain = s.d.opts.Name // for the queue, which may have to report
		}
	} else if !s.mayRelay() {
		return errNoRelay
	}
	s.to = append(s.to, smtp.Recipient{Path: to, RcptOptions: opts})
	s.users = append(s.users, user)
	s.queued = s.queued || user == "" || opts.Notify&smtp.NotifySuccess != 0
	return nil
}

// mayRelay tells whether the client may send to other domains.
func (s *session) mayRelay() bool {
	if s.lmtp {
		return false
	}
	if s.c.Identity() != "" {
		return true
	}
	peer := sockets.DefaultPeerPrefix(s.c.RemoteAddr()).Addr()
	if ap, err := netip.ParseAddrPort(s.c.RemoteAddr().String()); err == nil {
		peer = ap.Addr().Unmap().WithZone("")
	}
	return slices.ContainsFunc(s.d.opts.RelayFrom, func(p netip.Prefix) bool { return p.Contains(peer) })
}

// Data implements [smtp.Session]. Mail for users alone goes into their mailboxes
// at once. Where others are among the recipients the queue takes it for all, so
// that it is taken as a whole or not at all; and where somebody wants to hear of
// success (RFC 3461 §4.1), since it is the queue that tells him.
func (s *session) Data(ctx context.Context, message io.Reader) error {
	defer s.Reset()
	message, err := s.traced(message)
	if err != nil {
		return err
	}
	if s.queued {
		_, err := s.d.queue.Submit(ctx, smtp.Envelope{From: s.from, MailOptions: s.options, To: s.to}, message)
		return err
	}
	return refusal(s.d.store.Deliver(ctx, s.users, s.d.final(s.from, message)))
}

// LMTPData implements [smtp.LMTPSession].
func (s *session) LMTPData(ctx context.Context, message io.Reader, status func(int, error)) error {
	defer s.Reset()
	message, err := s.traced(message)
	if err != nil {
		return err
	}
	for i, err := range s.d.store.DeliverEach(ctx, s.users, s.d.final(s.from, message)) {
		status(i, refusal(err))
	}
	return nil
}

// idLength is how long the name of a message in its trace field is: 80 bits.
const idLength = 16

// traced is the message with the field that tells how it came here.
func (s *session) traced(message io.Reader) (io.Reader, error) {
	r := s.c.Received(rand.Text()[:idLength])
	if len(s.to) == 1 {
		r.For = s.to[0].Path
	}
	field := smtp.AppendReceived(nil, r)
	if !s.submission && s.c.Identity() == "" {
		return behind(field, message), nil
	}
	return completed(field, message, s.d.opts.Hostname)
}

// Reset implements [smtp.Session].
func (s *session) Reset() {
	*s = session{d: s.d, submission: s.submission, lmtp: s.lmtp, c: s.c}
}

// Close implements [smtp.Session].
func (s *session) Close() error { return nil }

// refusal is what a client is told of an error of the mailboxes.
func refusal(err error) error {
	if errors.Is(err, mailstore.ErrOverQuota) {
		return errOverQuota
	}
	return err
}
