package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"applayer/examples/internal/cli"
	"applayer/examples/internal/mailview"
	"applayer/mime"
	"applayer/smtp"
	"applayer/smtp/queue"
	"applayer/sockets"
)

// smtpModes are those of -tls.
var smtpModes = map[string]smtp.TLSMode{
	"auto": smtp.TLSOpportunistic, "starttls": smtp.TLSRequired, "implicit": smtp.TLSImplicit, "off": smtp.TLSOff,
}

// transmit sends the message.
func (o *sendOptions) transmit(ctx context.Context, env *cli.Env, envelope smtp.Envelope, message *os.File) error {
	info, err := message.Stat()
	if err != nil {
		return err
	}
	envelope.Size = info.Size()
	config, err := o.server.config()
	if err != nil {
		return err
	}
	opts := &smtp.Options{
		TLS: smtpModes[o.server.mode], TLSConfig: config, Dial: env.DialQuietly,
		Downgrade: queue.Downgrade, Trace: smtpTrace(env),
	}
	if o.server.implicit("465", "8465") {
		opts.TLS = smtp.TLSImplicit
	}
	c, err := smtp.Dial(ctx, "tcp", o.server.addr, opts)
	if err != nil {
		return err
	}
	defer c.Close()
	if o.server.user != "" {
		if err := c.Login(ctx, o.server.user, o.server.password); err != nil {
			return err
		}
	}
	bar := env.Progress(info.Size())
	defer bar.Close()
	receipt, err := c.Send(ctx, envelope, &metered{message, bar})
	if err != nil {
		return refusedFor(env, receipt, err)
	}
	// The server answers for the message. That it does not say goodbye is no
	// reason to send it again.
	_ = c.Quit(ctx)
	return nil
}

// metered is a file that shows how far it is read.
type metered struct {
	*os.File
	bar *cli.Progress
}

func (m *metered) Read(p []byte) (int, error) {
	n, err := m.File.Read(p)
	m.bar.Add(int64(n))
	return n, err
}

// refusedFor tells who does not get the message, where others do.
func refusedFor(env *cli.Env, receipt *smtp.Receipt, err error) error {
	partial, ok := errors.AsType[*smtp.PartialError](err)
	if !ok || receipt == nil {
		return err
	}
	for _, r := range partial.Refused {
		fmt.Fprintf(env.Stderr, "refused: %s: %s\n", r.To, mailview.Visible(r.Err.Error()))
	}
	return fmt.Errorf("%d of %d recipients: refused", len(partial.Refused), len(partial.Refused)+partial.Taken)
}

// envelope is from whom and to whom the message goes.
func (a *addressed) envelope() (e smtp.Envelope, err error) {
	e.UTF8 = a.needsUTF8
	from, err := paths("from", a.from)
	if err != nil {
		return e, err
	}
	e.From = from[0]
	to, err := paths("to", a.to)
	if err != nil {
		return e, err
	}
	cc, err := paths("cc", a.cc)
	if err != nil {
		return e, err
	}
	for _, p := range slices.Concat(to, cc) {
		e.To = append(e.To, smtp.Recipient{Path: p})
	}
	if len(e.To) == 0 {
		return e, cli.Usagef("-to: nobody is named")
	}
	return e, nil
}

// paths are the addresses of a field as SMTP has them.
func paths(flag string, list mime.AddressList) (all []smtp.Path, err error) {
	for m := range list.Mailboxes() {
		p, err := smtp.ParseMailbox(m.Addr())
		if err != nil {
			return nil, cli.Usagef("-%s %s: %v", flag, m.Addr(), err)
		}
		all = append(all, p)
	}
	return all, nil
}

// smtpTrace prints the dialogue under -v, passwords under -v-secrets alone.
func smtpTrace(env *cli.Env) *smtp.Trace {
	if !env.Verbose {
		return nil
	}
	return &smtp.Trace{Secrets: env.Secrets, Line: printer(env)}
}

func printer(env *cli.Env) func(server bool, line []byte) {
	return func(server bool, line []byte) {
		fmt.Fprintln(env.Stderr, sockets.TranscriptLine{Server: server, Text: string(line)})
	}
}
