// Tcpclient has lines converted to upper case by a server over TCP or
// Unix-domain sockets: the client of the lecture's first client/server pair.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

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
		Name:     "tcpclient",
		Synopsis: "[-addr 127.0.0.1:12000] [-network tcp|unix] [-berkeley]",
		About: `
Tcpclient sends each line of its standard input to a server and prints the
replies, one for one. It dials again when the server closed after a reply.`,
		Example: `printf 'hello\nworld\n' | tcpclient -addr 127.0.0.1:12000`,
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&addr, "addr", defaultAddr, "`ADDR` of the server, a path with -network unix")
			fs.StringVar(&network, "network", "tcp", "`NETWORK`: tcp or unix")
			fs.BoolVar(&calls, "berkeley", false, "use the calls socket, connect, send, recv, close")
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
			dial := dialNet
			if calls {
				dial = dialSocket
			}
			client := &upper.Client{Dial: func() (upper.Conn, error) { return dial(ctx, env, network, addr) }}
			defer client.Close()
			return convertLines(env, client)
		},
	}
}

// convertLines sends each line of the input, the last one also without a line
// end, and prints its reply.
func convertLines(env *cli.Env, client *upper.Client) error {
	in := bufio.NewReader(env.Stdin)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			reply, err := client.Convert(line)
			if err != nil {
				return err
			}
			if len(reply) == 0 || reply[len(reply)-1] != '\n' {
				reply = append(reply, '\n')
			}
			if _, err := env.Stdout.Write(reply); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("standard input: %w", err)
		}
	}
}

// netConn ties a connection to the program's context.
type netConn struct {
	upper.Conn
	release func()
}

func (c *netConn) Close() error {
	c.release()
	return c.Conn.Close()
}

func dialNet(ctx context.Context, env *cli.Env, network, addr string) (upper.Conn, error) {
	nc, err := env.Dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return &netConn{nc.(upper.Conn), sockets.WithContext(ctx, nc)}, nil
}

func dialSocket(ctx context.Context, env *cli.Env, network, addr string) (upper.Conn, error) {
	s, err := upper.DialSocket(ctx, network, env.LocalAddr(addr))
	if err != nil {
		return nil, err
	}
	return env.TapDialled(s).(upper.Conn), nil
}
