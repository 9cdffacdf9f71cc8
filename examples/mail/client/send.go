package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"applayer/examples/internal/cli"
	"applayer/mime"
)

// sendOptions are the flags of send.
type sendOptions struct {
	out, from, subject string
	to, cc, attach     words
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
		Synopsis: "-out FILE -from A -to B... [-cc C...] [-subject S] [-attach F]... [FILE]",
		About: `
Send writes a message into a file. Its text is that of FILE, or of standard
input, in UTF-8. A file that is there already is written over.`,
		Example: "client send -out m.eml -from 'Alice <alice@crepes.fr>' -to bob@hamburger.edu -subject Pickles -attach menu.pdf letter.txt",
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&o.out, "out", "", "write the message to `FILE`, - for standard output")
			fs.StringVar(&o.from, "from", "", "the author's address `A`, with a name or not")
			fs.Var(&o.to, "to", "a recipient's address `B`; give it again for more")
			fs.Var(&o.cc, "cc", "an address `C` that gets a copy; give it again for more")
			fs.StringVar(&o.subject, "subject", "", "the subject `S`")
			fs.Var(&o.attach, "attach", "a file `F` to go with the message; give it again for more")
		},
		NotBuilt: []string{"server", "tls", "ca", "user", "pass", "sign-smime", "encrypt-smime", "sign-pgp", "encrypt-pgp"},
		Run: func(_ context.Context, env *cli.Env) error {
			if err := o.check(env.Args); err != nil {
				return err
			}
			return send(env, &o)
		},
	}
}

// check looks for wrong usage before anything is written.
func (o *sendOptions) check(args []string) error {
	for name, values := range map[string][]string{"out": {o.out}, "from": {o.from}, "subject": {o.subject}, "to": o.to, "cc": o.cc, "attach": o.attach} {
		for _, v := range values {
			if strings.ContainsAny(v, "\r\n\x00") {
				return cli.Usagef("-%s: a line end or NUL would end the field", name)
			}
		}
	}
	switch {
	case o.out == "":
		return cli.Usagef("give -out, the file to write")
	case o.from == "" || len(o.to) == 0:
		return cli.Usagef("give -from and -to")
	case len(args) > 1:
		return cli.Usagef("give one file of text at most")
	}
	return nil
}

// send composes the message and writes it.
func send(env *cli.Env, o *sendOptions) (err error) {
	m, err := o.message()
	if err != nil {
		return err
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
	if o.out == "-" {
		_, err := m.WriteTo(env.Stdout)
		return err
	}
	return writeMessage(o.out, m)
}

// message is the message with its header.
func (o *sendOptions) message() (*mime.Message, error) {
	m := &mime.Message{}
	for _, f := range []struct {
		flag, field string
		values      []string
	}{{"from", "From", []string{o.from}}, {"to", "To", o.to}, {"cc", "Cc", o.cc}} {
		if len(f.values) == 0 {
			continue
		}
		list, _, err := mime.ParseAddressList(strings.Join(f.values, ", "), &mime.Options{Strict: true})
		if err != nil {
			return nil, cli.Usagef("-%s: %v", f.flag, err)
		}
		if err := m.Header.SetAddressList(f.field, list, nil); err != nil {
			return nil, cli.Usagef("-%s: %v", f.flag, err)
		}
	}
	return m, m.Header.SetText("Subject", o.subject, nil)
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
func writeMessage(path string, m *mime.Message) error {
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
