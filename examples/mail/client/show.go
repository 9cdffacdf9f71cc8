package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"applayer/examples/internal/cli"
	"applayer/examples/internal/mailview"
	"applayer/mime"
	"applayer/mime/cjk"
)

// showOptions are the flags of show.
type showOptions struct {
	raw, json bool
	save      string
}

func showProgram() *cli.Program {
	var o showOptions
	return &cli.Program{
		Name:     "show",
		Synopsis: "[-raw] [-json] [-save DIR] FILE",
		About: `
Show prints a message: From, To, Cc, Date and Subject, its text, and a line for
each attachment. FILE is - for standard input. What is wrong with the message is
told on standard error. Characters that would change how a terminal shows the
text are printed as \u and their number.

With -json it prints one object: subject, from, to and cc (name and addr each),
date, message_id, text, parts (path, type, charset, disposition, filename,
encoding, size, sha256), signatures, encrypted and defects.`,
		Example: "client show -save attachments m.eml",
		Flags: func(fs *flag.FlagSet) {
			fs.BoolVar(&o.raw, "raw", false, "print the octets of the message as they are")
			fs.BoolVar(&o.json, "json", false, "print one JSON object")
			fs.StringVar(&o.save, "save", "", "write the attachments into `DIR`, over no other file")
		},
		NotBuilt: []string{"smime", "ca", "pgp-key", "pgp-cert", "legacy"},
		Run: func(_ context.Context, env *cli.Env) error {
			if len(env.Args) != 1 {
				return cli.Usagef("give one file, or - for standard input")
			}
			if o.raw && (o.json || o.save != "") {
				return cli.Usagef("-raw prints the message as it is, without -json or -save")
			}
			return showFile(env, &o)
		},
	}
}

// charsets are those that the package reads itself, and the large ones.
var charsets = &mime.Options{Charset: cjk.Decoder}

// maxText bounds the text that is shown, in octets of UTF-8.
const maxText = 16 << 20

func showFile(env *cli.Env, o *showOptions) (err error) {
	source, size, closeSource, err := open(env)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeSource()) }()
	if o.raw {
		_, err := io.Copy(env.Stdout, io.NewSectionReader(source, 0, size))
		return err
	}
	e, err := mime.Parse(source, size, charsets)
	if err != nil {
		return fmt.Errorf("%s: %w", env.Args[0], err)
	}
	v, err := mailview.New(e, maxText)
	if err != nil {
		return fmt.Errorf("%s: %w", env.Args[0], err)
	}
	var saved []string
	if o.save != "" {
		if saved, err = save(v.Attachments, o.save); err != nil {
			return fmt.Errorf("save: %w", err)
		}
	}
	if v.Cut {
		fmt.Fprintf(env.Stderr, "text: it goes on, %d octets of it are shown\n", maxText)
	}
	if o.json {
		return printJSON(env.Stdout, v)
	}
	for _, d := range v.Defects {
		fmt.Fprintf(env.Stderr, "defect: %s\n", mailview.Visible(d.String()))
	}
	return printMessage(env.Stdout, v, saved)
}

// open returns the message: the file, or a copy of standard input, since a
// message is read where its parts are.
func open(env *cli.Env) (r io.ReaderAt, size int64, closeSource func() error, err error) {
	if env.Args[0] == "-" {
		f, err := os.CreateTemp("", "message-*")
		if err != nil {
			return nil, 0, nil, err
		}
		size, err = io.Copy(f, env.Stdin)
		closeSource = func() error { return errors.Join(f.Close(), os.Remove(f.Name())) }
		if err != nil {
			return nil, 0, nil, errors.Join(err, closeSource())
		}
		return f, size, closeSource, nil
	}
	f, err := os.Open(env.Args[0])
	if err != nil {
		return nil, 0, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: not a regular file", env.Args[0])
	}
	if err != nil {
		return nil, 0, nil, errors.Join(err, f.Close())
	}
	return f, info.Size(), f.Close, nil
}

// shownFields are what is printed of the header, in this order.
var shownFields = []string{"From", "To", "Cc", "Date", "Subject"}

// printMessage prints the message for people. Its attachments may be saved.
func printMessage(w io.Writer, v *mailview.View, saved []string) error {
	var b strings.Builder
	for _, name := range shownFields {
		if text := v.Field(name); text != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, mailview.Visible(text))
		}
	}
	b.WriteByte('\n')
	if text := mailview.VisibleLines(v.Text); text != "" {
		b.WriteString(text)
		if !strings.HasSuffix(text, "\n") {
			b.WriteByte('\n')
		}
	}
	for i, a := range v.Attachments {
		fmt.Fprintf(&b, "attachment: %s (%s, %d octets)", mailview.Visible(a.Name), mailview.Visible(a.Part.Type), a.Part.Size)
		if saved != nil {
			b.WriteString(" saved as " + mailview.Visible(saved[i]))
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}
