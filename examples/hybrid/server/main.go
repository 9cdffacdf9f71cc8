// Server is the directory of the lecture's hybrid: it authenticates peers and
// says who is where.
package main

import (
	"context"
	"flag"
	"net"
	"net/netip"
	"time"

	"applayer/examples/internal/cli"
	"applayer/examples/internal/directory"
	"applayer/examples/internal/users"
	"applayer/sockets"
)

func main() { cli.Main(program()) }

func program() *cli.Program {
	var addr, file string
	return &cli.Program{
		Name:     "server",
		Synopsis: "-users FILE [-addr 127.0.0.1:12001]",
		About: `
Server is a directory that authenticates and says who is where. A request is
a line, and so is its reply:

  LOGIN user password [port]  OK user          or NO wrong user or password
  WHERE user                  AT user address  or NO user is not here
  LOGOUT                      OK bye

The users file has lines name:password[:home]. SIGINT or SIGTERM ends it.`,
		Example: `printf 'alice:wonder\nbob:secret\n' >users
server -users users &
peer -server 127.0.0.1:12001 -user bob -pass secret &
echo hello | peer -server 127.0.0.1:12001 -user alice -pass wonder bob`,
		Redact: directory.Redact,
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&addr, "addr", "127.0.0.1:12001", "`ADDR` to listen on")
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
			return serve(ctx, env, addr, directory.New(known.Check))
		},
	}
}

func serve(ctx context.Context, env *cli.Env, addr string, d *directory.Directory) error {
	ln, err := env.Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	srv := &sockets.Server{
		Logger: env.Log,
		Wrap:   env.Tap,
		// Who is logged in keeps his connection, and is silent on it.
		Limits: sockets.Limits{IdleTimeout: 12 * time.Hour, ReadTimeout: 12 * time.Hour},
		Handler: sockets.HandlerFunc(func(ctx context.Context, c *sockets.Conn) {
			if err := d.Serve(ctx, session{c}, remote(c)); err != nil && ctx.Err() == nil {
				env.Log.Info("session ended", "peer", c.RemoteAddr(), "err", err)
			}
		}),
	}
	env.Listening("", ln.Addr())
	return env.ServeAll(ctx, cli.Service{
		Serve:    func() error { return srv.Serve(ln) },
		Shutdown: srv.Shutdown,
		Closed:   sockets.ErrServerClosed,
	})
}

// session marks a connection idle while it waits for a request, so that the
// server can end between two of them.
type session struct{ *sockets.Conn }

func (s session) Read(b []byte) (int, error) {
	s.MarkIdle()
	defer s.MarkBusy()
	return s.Conn.Read(b)
}

func remote(c net.Conn) netip.AddrPort {
	addr, ok := c.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	return addr.AddrPort()
}
