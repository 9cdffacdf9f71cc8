package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

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
-keep it stays there as well. Give each mailbox a folder of its own. A password
goes over TLS alone, or to this host.`,
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
	mail, err := list(ctx, c)
	if err != nil {
		return err
	}
	var safe, wanted []int
	for _, number := range slices.Sorted(maps.Keys(mail)) {
		m := mail[number]
		if m.alone && box.has(m) {
			safe = append(safe, number)
		} else {
			wanted = append(wanted, number)
		}
	}
	var failed int
	for m, err := range c.RetrAll(ctx, slices.Values(wanted)) {
		if m == nil {
			return err
		}
		var name string
		isNew := false
		if err == nil {
			name, isNew, err = box.save(mail[m.Number].UID, m)
		}
		if err != nil {
			fmt.Fprintf(env.Stderr, "message %d: %s\n", m.Number, mailview.Visible(err.Error()))
			failed++
			continue
		}
		safe = append(safe, m.Number)
		if isNew {
			fmt.Fprintln(env.Stdout, filepath.Join(env.Args[0], name))
		}
	}
	if err := box.sync(); err != nil {
		return err
	}
	if !o.keep {
		if err := c.Dele(ctx, safe...); err != nil {
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

// listed is a message at the server.
type listed struct {
	pop3.UniqueID
	size  int64
	alone bool // no other has the unique-id, as copies may (RFC 1939 §7)
}

// list lists the messages by their numbers.
func list(ctx context.Context, c *pop3.Client) (map[int]listed, error) {
	uids, err := c.UIDL(ctx)
	if err != nil {
		return nil, err
	}
	sizes, err := c.List(ctx)
	if err != nil {
		return nil, err
	}
	have := map[string]int{}
	all := make(map[int]listed, len(uids))
	for _, u := range uids {
		have[u.UID]++
		all[u.Number] = listed{UniqueID: u}
	}
	for _, s := range sizes {
		if m, ok := all[s.Number]; ok {
			m.size, m.alone = s.Size, have[m.UID] == 1
			all[s.Number] = m
		}
	}
	return all, nil
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
