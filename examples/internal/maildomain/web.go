package maildomain

import (
	"context"
	"errors"
	"io"
	"time"

	"applayer/examples/internal/mailstore"
	"applayer/examples/internal/mailview"
	"applayer/examples/internal/webmail"
	"applayer/http1"
	"applayer/mime"
	"applayer/mime/maildir"
	"applayer/smtp"
)

// Web returns a server of the pages to read and send mail by, in the clear or
// over TLS.
func (d *Domain) Web(secure bool) (*http1.Server, error) {
	pages, err := webmail.New(web{d}, &webmail.Options{Secure: secure, Hosts: []string{d.opts.Name, d.opts.Hostname}, Logger: d.opts.Logger})
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	d.pages = append(d.pages, pages)
	d.mu.Unlock()
	s := &http1.Server{Handler: pages, Logger: d.opts.Logger, Trace: d.opts.HTTPTrace}
	if secure {
		s.TLSConfig = d.opts.TLSConfig
	}
	return s, nil
}

// web is the domain as the pages see it.
type web struct{ *Domain }

// Login implements [webmail.Mail].
func (w web) Login(_ context.Context, user, password string) (string, error) {
	name, ok := w.accounts.check(user, password)
	if !ok {
		return "", webmail.ErrRefused
	}
	return name, nil
}

// Account implements [webmail.Mail].
func (w web) Account(_ context.Context, name string) (webmail.Account, error) {
	return &webAccount{w.Domain, name}, nil
}

// webAccount is a user's mail as the pages see it.
type webAccount struct {
	*Domain
	name string
}

// Address implements [webmail.Account].
func (a *webAccount) Address() string { return a.path().String() }

func (a *webAccount) path() smtp.Path { return smtp.Path{Local: a.name, Domain: a.opts.Name} }

// Messages implements [webmail.Account].
func (a *webAccount) Messages(ctx context.Context, before uint32, most int) ([]webmail.Entry, error) {
	box, err := a.store.Mailbox(a.name, mailstore.Inbox)
	if err != nil {
		return nil, err
	}
	defer box.Close()
	view, err := box.View(ctx)
	if err != nil {
		return nil, err
	}
	end := view.Len()
	if before > 0 {
		end, _ = view.Find(before)
	}
	var list []webmail.Entry
	for i := end - 1; i >= 0 && len(list) < most; i-- {
		e, err := entry(box, view.At(i))
		if errors.Is(err, mailstore.ErrNoMessage) {
			continue // it has gone meanwhile
		}
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

// entry is what the list says of a message.
func entry(box *mailstore.Mailbox, m mailstore.Message) (webmail.Entry, error) {
	w, err := box.OpenMessage(m.UID)
	if err != nil {
		return webmail.Entry{}, err
	}
	defer w.Close()
	e := webmail.Entry{UID: m.UID, Size: m.Size, Date: m.Received(), Seen: m.Flags.Has(maildir.Seen)}
	if e.Size < 0 {
		if e.Size, err = w.Size(); err != nil {
			return e, err
		}
	}
	head, err := readHead(w)
	if err != nil {
		return e, err
	}
	h, _, _, err := mime.ParseHeader(head, nil)
	if err != nil {
		return e, nil // it is shown by its size and date
	}
	e.From, e.Subject = mailview.Field(&h, "From"), mailview.Field(&h, "Subject")
	if date, err := h.Date(); err == nil {
		e.Date = date.Time
	}
	return e, nil
}

// Open implements [webmail.Account].
func (a *webAccount) Open(ctx context.Context, uid uint32) (webmail.Content, error) {
	box, err := a.store.Mailbox(a.name, mailstore.Inbox)
	if err != nil {
		return nil, err
	}
	defer box.Close()
	w, err := box.OpenMessage(uid)
	if errors.Is(err, mailstore.ErrNoMessage) {
		return nil, webmail.ErrNoMessage
	}
	if err != nil {
		return nil, err
	}
	size, err := w.Size()
	if err == nil {
		_, err = box.Change(ctx, mailstore.Change{How: mailstore.Add, Flags: maildir.Flags("").With(maildir.Seen)}, uid)
	}
	if err != nil && !errors.Is(err, mailstore.ErrNoMessage) {
		return nil, errors.Join(err, w.Close())
	}
	return content{w, size}, nil
}

// content is an open message of known size.
type content struct {
	*maildir.Wire
	size int64
}

// Size implements [webmail.Content].
func (c content) Size() int64 { return c.size }

// Send implements [webmail.Account]: as who submits, by the same ways.
func (a *webAccount) Send(ctx context.Context, to []string, message io.Reader) error {
	env := smtp.Envelope{From: a.path()}
	env.UTF8 = !env.From.IsASCII()
	for _, addr := range to {
		p, err := smtp.ParseMailbox(addr)
		if err != nil {
			return &webmail.AddressError{Address: addr, Why: err.Error()}
		}
		if a.accounts.isLocal(p) {
			if _, ok := a.accounts.user(p); !ok {
				return &webmail.AddressError{Address: addr, Why: "no such mailbox here"}
			}
		}
		env.UTF8 = env.UTF8 || !p.IsASCII()
		env.To = append(env.To, smtp.Recipient{Path: p})
	}
	_, err := a.queue.Submit(ctx, env, behind(smtp.AppendReceived(nil, smtp.Received{
		From: a.opts.Hostname, By: a.opts.Hostname, Protocol: "HTTP", Time: time.Now(),
	}), message))
	return err
}
