package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"applayer/examples/internal/cli"
	"applayer/sockets"
	"applayer/sockets/link"
)

func relayStreams(ctx context.Context, env *cli.Env, l *link.Link, listen, to string) error {
	ln, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	r := &streams{dial: l.Dialer(env.Dial), to: to, log: env.Log}
	server := &sockets.Server{
		// A link does not end what it carries.
		Limits:  sockets.Limits{ReadTimeout: -1, WriteTimeout: -1, IdleTimeout: -1},
		Handler: r,
		Logger:  env.Log,
	}
	env.Listening("", ln.Addr())
	return serve(ctx, env, l, cli.Service{
		Serve:    func() error { return server.Serve(ln) },
		Shutdown: server.Shutdown,
	})
}

// streams relays connections.
type streams struct {
	dial func(ctx context.Context, network, addr string) (net.Conn, error)
	to   string
	log  *slog.Logger
}

// ServeConn relays one connection until both its ends have closed. When the
// server shuts down, the client is read no more, and what the target says to
// that still passes.
func (r *streams) ServeConn(ctx context.Context, c *sockets.Conn) {
	defer c.Close()
	target, err := r.dial(ctx, "tcp", r.to)
	if err != nil {
		r.log.Warn("no connection to the target", "peer", c.RemoteAddr(), "err", err)
		reset(c)
		return
	}
	defer target.Close()
	stop := context.AfterFunc(ctx, func() { c.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()

	var up sync.WaitGroup
	up.Go(func() {
		_, err := io.Copy(target, c)
		if !ended(ctx, err) {
			target.Close()
			return
		}
		closeWrite(target)
	})
	if _, err := io.Copy(c, target); !ended(ctx, err) {
		reset(c)
		c.Close()
	}
	closeWrite(c)
	up.Wait()
}

func closeWrite(c net.Conn) {
	if hc, ok := c.(interface{ CloseWrite() error }); ok {
		hc.CloseWrite()
	}
}

// reset makes Close tell the client that the other end failed.
func reset(c *sockets.Conn) {
	if tcp, ok := c.NetConn().(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
}
