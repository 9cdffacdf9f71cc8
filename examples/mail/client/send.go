package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"applayer/examples/internal/cli"
	"applayer/examples/internal/mailview"
	"applayer/mime"
	"applayer/smtp"
)

// sendOptions are the flags of send.
type sendOptions struct {
	out, from, subject string
	to, cc, attach     words
	server             account
}

// words are the values of a flag that may be given again.
type words []string

func (w *words) String() string { return strings.Join(*w, ", ") }

func (w *words) Set(s string) error {
	*w = append(*w, s)
	return nil
}

func sendProgram() *cli.Program {
	var o sendOptions
	return &cli.Program{
		Name:     "send",
		Synopsis: "[-out FILE] [-server ADDR] [-tls auto|starttls|implicit|off] [-ca FILE] [-user U -pass P] -from A -to B... [-cc C...] [-subject S] [-attach F]... [FILE]",
		About: `
Send writes a message into a file, or sends it by SMTP, or both. Its text is that
of FILE, or of standard input, in UTF-8. A file that is there already is written
over. A password goes over TLS alone, or to this host. Who is refused is told
line by line, the others get the message.`,
		Example: `client send -out m.eml -from 'Alice <alice@crepes.fr>' -to bob@hamburger.edu -subject Pickles -attach menu.pdf letter.txt
client send -server 127.0.0.1:8587 -user alice -pass secret -from alice@crepes.fr -to bob@hamburger.edu -subject Pickles letter.txt`,
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&o.out, "out", "", "write the message to `FILE`, - for standard output")
			fs.StringVar(&o.from, "from", "", "the author's address `A`, with a name or not")
			fs.Var(&o.to, "to", "a recipient's address `B`; give it again for more")
			fs.Var(&o.cc, "cc", "an address `C` that gets a copy; give it again for more")
			fs.StringVar(&o.subject, "subject", "", "the subject `S`")
			fs.Var(&o.attach, "attach", "a file `F` to go with the message; give it again for more")
			o.server.flags(fs, "starttls", "send the message by the server at `ADDR`")
		},
		NotBuilt: []string{"sign-smime", "encrypt-smime", "sign-pgp", "encrypt-pgp"},
		Run: func(ctx context.Context, env *cli.Env) error {
			if err := o.check(env.Args); err != nil {
				return err
			}
			return send(ctx, env, &o)
		},
	}
}

// check looks for wrong usage before anything is written.
func (o *sendOptions) check(args []string) error {
	for name, values := range map[string][]string{"out": {o.out}, "from": {o.from}, "subject": {o.subject}, "to": o.to, "cc": o.cc, "attach": o.attach,
		"server": {o.server.addr}, "ca": {o.server.ca}, "user": {o.server.user}, "pass": {o.server.password}} {
		for _, v := range values {
			if strings.ContainsAny(v, "\r\n\x00") {
				return cli.Usagef("-%s: a line end or NUL would end the field", name)
			}
		}
	}
	switch {
	case o.out == "" && o.server.addr == "":
		return cli.Usagef("give -out, the file to write, or -server, who sends it")
	case o.from == "" || len(o.to) == 0:
		return cli.Usagef("give -from and -to")
	case len(args) > 1:
		return cli.Usagef("give one file of text at most")
	}
	return o.server.check()
}

// send composes the message, writes it and sends it.
func send(ctx context.Context, env *cli.Env, o *sendOptions) (err error) {
	addresses, err := o.addresses()
	if err != nil {
		return err
	}
	m, err := o.message(&addresses)
	if err != nil {
		return err
	}
	var envelope smtp.Envelope
	if o.server.addr != "" {
		if envelope, err = addresses.envelope(); err != nil {
			return err
		}
	}
	text, err := readText(env)
	if err != nil {
		return err
	}
	m.Text(text)
	for _, path := range o.attach {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		m.Attach(filepath.Base(path), "", f)
	}
	if o.server.addr == "" {
		return write(env, o.out, m)
	}
	// What goes out is what was written.
	f, err := os.CreateTemp("", "message-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	if _, err := m.WriteTo(f); err != nil {
		return err
	}
	if o.out != "" {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if err := write(env, o.out, fileMessage{f}); err != nil {
			return err
		}
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return o.transmit(ctx, env, envelope, f)
}

// fileMessage is a message that was written already.
type fileMessage struct{ *os.File }

func (f fileMessage) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, f.File) }

// write writes the message where -out says.
func write(env *cli.Env, out string, m io.WriterTo) error {
	if out == "-" {
		_, err := m.WriteTo(env.Stdout)
		return err
	}
	return writeMessage(out, m)
}

// addressed are the addresses of the flags.
type addressed struct {
	from, to, cc mime.AddressList
	needsUTF8    bool
}

// addresses reads those of the flags.
func (o *sendOptions) addresses() (a addressed, err error) {
	for _, f := range []struct {
		flag   string
		list   *mime.AddressList
		values []string
	}{{"from", &a.from, []string{o.from}}, {"to", &a.to, o.to}, {"cc", &a.cc, o.cc}} {
		if len(f.values) == 0 {
			continue
		}
		list, needsUTF8, err := mailview.ParseAddresses(strings.Join(f.values, ", "))
		if err != nil {
			return a, cli.Usagef("-%s: %v", f.flag, err)
		}
		*f.list, a.needsUTF8 = list, a.needsUTF8 || needsUTF8
	}
	if authors := slices.Collect(a.from.Mailboxes()); len(authors) != 1 {
		// Of several one would have to be the Sender (RFC 5322 §3.6.2).
		return a, cli.Usagef("-from: %d addresses, of which a message has one", len(authors))
	}
	return a, nil
}

// message is the message with its header.
func (o *sendOptions) message(a *addressed) (*mime.Message, error) {
	m := &mime.Message{Options: mime.WriteOptions{UTF8: a.needsUTF8}}
	for _, f := range []struct {
		flag, field string
		list        mime.AddressList
	}{{"from", "From", a.from}, {"to", "To", a.to}, {"cc", "Cc", a.cc}} {
		if err := m.Header.SetAddressList(f.field, f.list, &m.Options); err != nil {
			return nil, cli.Usagef("-%s: %v", f.flag, err)
		}
	}
	if err := m.Header.SetText("Subject", o.subject, &m.Options); err != nil {
		return nil, cli.Usagef("-subject: %v", err)
	}
	return m, nil
}

// readText reads the text of the message.
func readText(env *cli.Env) (string, error) {
	name, read := "standard input", func() ([]byte, error) { return io.ReadAll(env.Stdin) }
	if len(env.Args) > 0 && env.Args[0] != "-" {
		name, read = env.Args[0], func() ([]byte, error) { return os.ReadFile(env.Args[0]) }
	}
	b, err := read()
	if err == nil && !utf8.Valid(b) {
		err = fmt.Errorf("%s: text is not UTF-8", name)
	}
	return string(b), err
}

// writeMessage writes the message beside the file and puts it in its place when
// it is whole.
func writeMessage(path string, m io.WriterTo) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".message-*")
	if err != nil {
		return err
	}
	_, err = m.WriteTo(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
