// Server lets users log in over Telnet to a shell of its own, which starts no
// process: the lecture's remote terminal.
package main

import (
	"context"
	"flag"
	"net"

	"applayer/examples/internal/cli"
	"applayer/examples/internal/terminal"
	"applayer/examples/internal/users"
	"applayer/sockets/telnet"
)

func main() { cli.Main(program()) }

func program() *cli.Program {
	var addr, file string
	return &cli.Program{
		Name:     "server",
		Synopsis: "-users FILE [-addr 127.0.0.1:8023]",
		About: `
Server lets users log in over Telnet (RFC 854) to a small shell: help, echo,
date, who, size, quit. No process is started. What is sent goes in the clear,
passwords too: it is for a network that nobody else hears.

The users file has lines name:password[:home]. SIGINT or SIGTERM ends it.`,
		Example: `printf 'alice:wonder\n' >users
server -users users &
client 127.0.0.1 8023`,
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&addr, "addr", "127.0.0.1:8023", "`ADDR` to listen on")
			fs.StringVar(&file, "users", "", "`FILE` of lines name:password[:home]")
		},
		Run: func(ctx context.Context, env *cli.Env) error {
			switch {
			case len(env.Args) > 0:
				return cli.Usagef("%s: takes no arguments", env.Args[0])
			case file == "":
				return cli.Usagef("-users: is needed")
			}
			known, err := users.ReadFile(file)
			if err != nil {
				return err
			}
			return serve(ctx, env, addr, known)
		},
	}
}

func serve(ctx context.Context, env *cli.Env, addr string, known *users.Users) error {
	ln, err := env.Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	srv := &telnet.Server{
		Handler: &shell{},
		Authenticator: telnet.AuthenticatorFunc(func(_ context.Context, user, password string) (bool, error) {
			return known.Check(user, password), nil
		}),
		Logger: env.Log,
	}
	if env.Verbose {
		srv.Trace = func(net.Conn) *telnet.Trace { return terminal.NewDialogue(env.Stderr, env.Secrets).Server() }
	}
	env.Listening("", ln.Addr())
	return env.ServeAll(ctx, cli.Service{
		Serve:    func() error { return srv.Serve(ln) },
		Shutdown: srv.Shutdown,
		Closed:   telnet.ErrServerClosed,
	})
}
