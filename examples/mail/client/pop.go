package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"applayer/examples/internal/cli"
	"applayer/examples/internal/mailview"
	"applayer/pop3"
)

// popOptions are the flags of pop.
type popOptions struct {
	server account
	keep   bool
}

func popProgram() *cli.Program {
	var o popOptions
	return &cli.Program{
		Name:     "pop",
		Synopsis: "-server ADDR -user U -pass P [-keep] [-tls auto|stls|implicit|off] [-ca FILE] DIR",
		About: `
Pop fetches mail by POP3 into DIR, each message into a file that is named for its
unique-id and ends in .eml, and prints the names. What is there already is not
fetched again. A message leaves the server when it is safe on the disk; with
-keep it stays there as well. A password goes over TLS alone, or to this host.`,
		Example: "client pop -server 127.0.0.1:8110 -user bob -pass hungry -keep inbox",
		Flags: func(fs *flag.FlagSet) {
			o.server.flags(fs, "stls", "fetch from the server at `ADDR`")
			fs.BoolVar(&o.keep, "keep", false, "leave the messages on the server, too")
		},
		Run: func(ctx context.Context, env *cli.Env) error {
			switch {
			case len(env.Args) != 1:
				return cli.Usagef("give one folder")
			case o.server.addr == "" || o.server.user == "":
				return cli.Usagef("give -server, -user and -pass")
			}
			if err := o.server.check(); err != nil {
				return err
			}
			return pop(ctx, env, &o)
		},
	}
}

// pop3Modes are those of -tls.
var pop3Modes = map[string]pop3.TLSMode{
	"auto": pop3.TLSOpportunistic, "stls": pop3.TLSRequired, "implicit": pop3.TLSImplicit, "off": pop3.TLSOff,
}

// pop fetches the mail.
func pop(ctx context.Context, env *cli.Env, o *popOptions) (err error) {
	box, err := openFolder(env.Args[0])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, box.root.Close()) }()
	c, err := dialPOP3(ctx, env, &o.server)
	if err != nil {
		return err
	}
	defer c.Close()
	var failed int
	for m, err := range c.Sync(ctx, box.has) {
		if m == nil {
			return err
		}
		if err == nil {
			err = box.save(m)
		}
		if err != nil {
			fmt.Fprintf(env.Stderr, "message %d: %s\n", m.Number, mailview.Visible(err.Error()))
			failed++
			continue
		}
		fmt.Fprintln(env.Stdout, filepath.Join(env.Args[0], fileName(m.UID)))
	}
	if err := box.sync(); err != nil {
		return err
	}
	if !o.keep {
		if err := deleteSaved(ctx, c, box); err != nil {
			return err
		}
	}
	if err := c.Quit(ctx); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%d messages: not fetched", failed)
	}
	return nil
}

// dialPOP3 opens a session and logs in.
func dialPOP3(ctx context.Context, env *cli.Env, a *account) (*pop3.Client, error) {
	config, err := a.config()
	if err != nil {
		return nil, err
	}
	opts := &pop3.Options{TLS: pop3Modes[a.mode], TLSConfig: config, Dial: env.DialQuietly}
	if a.implicit("995", "8995") {
		opts.TLS = pop3.TLSImplicit
	}
	if env.Verbose {
		opts.Trace = &pop3.Trace{Secrets: env.Secrets, Line: printer(env)}
	}
	c, err := pop3.Dial(ctx, "tcp", a.addr, opts)
	if err != nil {
		return nil, err
	}
	if err := logIn(ctx, c, a); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// logIn logs in. Before that a server that knows of UTF-8 is told that messages
// may have it in their headers: it would keep those back (RFC 6856 §2.1).
func logIn(ctx context.Context, c *pop3.Client, a *account) error {
	caps, err := c.Capabilities(ctx)
	if err == nil && caps.Has("UTF8") {
		err = c.UTF8(ctx)
	}
	if err != nil {
		return err
	}
	return c.Login(ctx, a.user, a.password)
}

// deleteSaved marks what is in the folder, fetched now or before.
func deleteSaved(ctx context.Context, c *pop3.Client, box *mailFolder) error {
	all, err := c.UIDL(ctx)
	if err != nil {
		return err
	}
	var numbers []int
	for _, u := range all {
		if box.has(u.UID) {
			numbers = append(numbers, u.Number)
		}
	}
	return c.Dele(ctx, numbers...)
}

// mailFolder is where messages are fetched to.
type mailFolder struct{ root *os.Root }

func openFolder(dir string) (*mailFolder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	return &mailFolder{root}, err
}

// has tells whether a message is in the folder.
func (f *mailFolder) has(uid string) bool {
	_, err := f.root.Lstat(fileName(uid))
	return err == nil
}

// save writes a message beside its name and gives it that when it is whole and
// on the disk.
func (f *mailFolder) save(m *pop3.Message) error {
	name := fileName(m.UID)
	part := "." + name + ".part"
	w, err := f.root.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, m)
	if err == nil {
		err = w.Sync()
	}
	if err = errors.Join(err, w.Close()); err == nil {
		err = f.root.Rename(part, name)
	}
	if err != nil {
		return errors.Join(err, f.root.Remove(part))
	}
	return nil
}

// sync has the disk keep the names.
func (f *mailFolder) sync() error {
	d, err := f.root.Open(".")
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrInvalid) {
		err = nil // a system that knows no such thing
	}
	return errors.Join(err, d.Close())
}

// fileName is the name of a message's file: its unique-id, in which what is no
// letter, digit, "-" or "_" stands as "%" and two hexadecimal digits.
func fileName(uid string) string {
	var b strings.Builder
	for i := range len(uid) {
		c := uid[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02x", c)
	}
	return b.String() + ".eml"
}
