// Tcpserver converts lines to upper case over TCP or Unix-domain sockets: the
// server of the lecture's first client/server pair.
package main

import (
	"context"
	"flag"
	"time"

	"applayer/examples/internal/cli"
	"applayer/examples/internal/upper"
	"applayer/sockets"
)

const defaultAddr = "127.0.0.1:12000"

func main() { cli.Main(program()) }

func program() *cli.Program {
	var addr, network string
	var calls bool
	return &cli.Program{
		Name:     "tcpserver",
		Synopsis: "[-addr 127.0.0.1:12000] [-network tcp|unix] [-berkeley]",
		About: `
Tcpserver returns what its clients send in upper case, as it arrives and
without waiting for a line end, to each client until it closes. SIGINT or
SIGTERM ends it.`,
		Example: `tcpserver -addr 127.0.0.1:12000 &
echo hello | tcpclient -addr 127.0.0.1:12000`,
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&addr, "addr", defaultAddr, "`ADDR` to listen on, a path with -network unix")
			fs.StringVar(&network, "network", "tcp", "`NETWORK`: tcp or unix")
			fs.BoolVar(&calls, "berkeley", false, "use the calls socket, bind, listen, accept, recv, send, close")
		},
		Run: func(ctx context.Context, env *cli.Env) error {
			if len(env.Args) > 0 {
				return cli.Usagef("%s: takes no arguments", env.Args[0])
			}
			if network != "tcp" && network != "unix" {
				return cli.Usagef("-network %s: is neither tcp nor unix", network)
			}
			if network == "unix" && addr == defaultAddr {
				return cli.Usagef("-addr: unix needs a path")
			}
			if calls {
				return serveByCalls(ctx, env, network, addr)
			}
			return serve(ctx, env, network, addr)
		},
	}
}

func serve(ctx context.Context, env *cli.Env, network, addr string) error {
	ln, err := env.Listen(ctx, network, addr)
	if err != nil {
		return err
	}
	srv := &sockets.Server{
		Logger: env.Log,
		Handler: sockets.HandlerFunc(func(ctx context.Context, c *sockets.Conn) {
			// A signal ends reading; a reply that is under way goes out.
			stop := context.AfterFunc(ctx, func() { c.SetReadDeadline(time.Unix(1, 0)) })
			defer stop()
			if err := upper.ServeStream(c); err != nil && ctx.Err() == nil {
				env.Log.Info("connection ended", "peer", c.RemoteAddr(), "err", err)
			}
		}),
		Wrap: env.Tap,
	}
	env.Listening("", ln.Addr())
	return env.ServeAll(ctx, cli.Service{
		Serve:    func() error { return srv.Serve(ln) },
		Shutdown: srv.Shutdown,
		Closed:   sockets.ErrServerClosed,
	})
}
