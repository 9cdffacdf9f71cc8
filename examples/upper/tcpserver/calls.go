package main

import (
	"context"
	"net"

	"applayer/examples/internal/cli"
	"applayer/examples/internal/upper"
	"applayer/sockets/berkeley"
)

// serveByCalls is serve on the calls of sockets/berkeley.
func serveByCalls(ctx context.Context, env *cli.Env, network, addr string) error {
	env.RemoveStale(ctx, network, addr)
	srv, err := upper.ListenSocket(ctx, network, addr)
	if err != nil {
		return err
	}
	srv.Wrap, srv.Log = env.Tap, env.Log
	name, err := srv.Name()
	if err != nil {
		return err
	}
	if ap, ok := berkeley.AddrPortOf(name); ok {
		env.Listening("", net.TCPAddrFromAddrPort(ap))
	} else {
		env.Listening("", &net.UnixAddr{Net: network, Name: addr})
		defer env.RemoveSocket(addr)
	}
	return env.ServeAll(ctx, cli.Service{
		Serve:    srv.Serve,
		Shutdown: srv.Shutdown,
		Closed:   upper.ErrSocketServerClosed,
	})
}
