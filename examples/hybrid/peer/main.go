// Peer finds another peer through the directory of the lecture's hybrid, and
// talks with it directly.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"

	"applayer/examples/internal/cli"
	"applayer/examples/internal/directory"
)

func main() { cli.Main(program()) }

type options struct{ server, user, pass, listen, to string }

func program() *cli.Program {
	var o options
	return &cli.Program{
		Name:     "peer",
		Synopsis: "-server ADDR -user U -pass P [-listen ADDR] [TO]",
		About: `
Peer tells the directory who and where it is. With TO it asks where that user
is and connects to him; without, it waits for another peer. Then lines from
standard input go to the other, and the other's to standard output, past the
directory, which may stop. It ends when both have come to their end.`,
		Example: `peer -server 127.0.0.1:12001 -user bob -pass secret &
echo hello | peer -server 127.0.0.1:12001 -user alice -pass wonder bob`,
		Redact: directory.Redact,
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&o.server, "server", "127.0.0.1:12001", "`ADDR` of the directory")
			fs.StringVar(&o.user, "user", "", "`U` is the name to log in by")
			fs.StringVar(&o.pass, "pass", "", "`P` is the password")
			fs.StringVar(&o.listen, "listen", "127.0.0.1:0", "`ADDR` on which others reach this peer")
		},
		Run: func(ctx context.Context, env *cli.Env) error {
			switch {
			case len(env.Args) > 1:
				return cli.Usagef("%s: one other peer at most", env.Args[1])
			case o.user == "" || o.pass == "":
				return cli.Usagef("-user and -pass: are needed")
			case len(env.Args) == 1:
				o.to = env.Args[0]
			}
			return run(ctx, env, o)
		},
	}
}

func run(ctx context.Context, env *cli.Env, o options) error {
	ln, err := env.Listen(ctx, "tcp", o.listen)
	if err != nil {
		return err
	}
	defer ln.Close()
	nc, err := env.Dial(ctx, "tcp", o.server)
	if err != nil {
		return fmt.Errorf("directory: %w", err)
	}
	defer nc.Close() // which tells the directory that we are gone
	defer context.AfterFunc(ctx, func() { nc.Close(); ln.Close() })()
	d := directory.NewClient(nc)
	if err := d.Login(o.user, o.pass, ln.Addr().String()); err != nil {
		return fmt.Errorf("login: %w", err)
	}
	env.Listening("", ln.Addr())
	other, err := meet(ctx, env, d, ln, o.to)
	if err != nil {
		if ctx.Err() != nil {
			return nil // told to end while waiting
		}
		return err
	}
	defer other.Close()
	defer context.AfterFunc(ctx, func() { other.Close() })()
	if err := talk(env, other); err != nil && ctx.Err() == nil {
		return fmt.Errorf("talk: %w", err)
	}
	return nil
}

// meet connects to the user called to, or waits for somebody.
func meet(ctx context.Context, env *cli.Env, d *directory.Client, ln net.Listener, to string) (net.Conn, error) {
	if to == "" {
		nc, err := ln.Accept()
		if err != nil {
			return nil, err
		}
		return env.Tap(nc), nil
	}
	addr, err := d.Where(to)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", to, err)
	}
	return env.Dial(ctx, "tcp", addr.String())
}

// talk passes standard input to the other and the other's octets to standard
// output until both have ended. An error ends it, though standard input may
// then still be waited for by a goroutine, until the process ends.
func talk(env *cli.Env, other net.Conn) error {
	sent := make(chan error, 1)
	go func() {
		_, err := io.Copy(other, env.Stdin)
		if half, ok := other.(interface{ CloseWrite() error }); ok && err == nil {
			err = half.CloseWrite()
		}
		sent <- err
	}()
	if _, err := io.Copy(env.Stdout, other); err != nil {
		return err
	}
	return <-sent
}
