// Client is a terminal on another machine, over Telnet; it also serves to type
// HTTP and SMTP by hand.
package main

import (
	"context"
	"flag"
	"io"
	"net"

	"applayer/examples/internal/cli"
	"applayer/examples/internal/terminal"
	"applayer/sockets/telnet"
)

func main() { cli.Main(program()) }

func program() *cli.Program {
	return &cli.Program{
		Name:     "client",
		Synopsis: "HOST [PORT]",
		About: `
Client passes standard input to the server and what the server sends to
standard output. Lines go with CR LF. At the end of standard input it closes
its sending side, and goes on printing until the server closes.

It speaks Telnet (RFC 854) to a server that does: until that has sent a
command, none is sent to it, so that other protocols can be typed by hand. On
a terminal it tells the size and kind of that, sends each key as it is pressed
where the server echoes, and ^] asks for a command of its own: help lists them.

The port is 23 where none is given.`,
		Example: `client 127.0.0.1 8023
printf 'GET / HTTP/1.0\n\n' | client 127.0.0.1 8080`,
		Flags: func(*flag.FlagSet) {},
		Run: func(ctx context.Context, env *cli.Env) error {
			var host, port string
			switch len(env.Args) {
			case 1:
				host, port = env.Args[0], "23"
			case 2:
				host, port = env.Args[0], env.Args[1]
			default:
				return cli.Usagef("wants a host and a port")
			}
			return run(ctx, env, net.JoinHostPort(host, port))
		},
	}
}

func run(ctx context.Context, env *cli.Env, addr string) error {
	nc, err := env.DialQuietly(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	opts := telnet.ClientOptions()
	if env.Verbose {
		opts.Trace = terminal.NewDialogue(env.Stderr, env.Secrets).Client()
	}
	if t := openTTY(env.StdinFile()); t != nil {
		return interactive(ctx, env, nc, opts, t)
	}
	// Nobody types, so nothing is to be echoed, and there is no window.
	opts.Remote = telnet.Options(telnet.OptionBinary, telnet.OptionSGA, telnet.OptionStatus, telnet.OptionEOR)
	opts.Local = telnet.Options(telnet.OptionBinary, telnet.OptionSGA, telnet.OptionStatus, telnet.OptionTerminalType, telnet.OptionEOR)
	opts.Offer = nil
	err = telnet.NewClient(nc, opts).Relay(ctx, closable(env.Stdin), env.Stdout)
	if ctx.Err() != nil {
		return nil // told to end
	}
	return err
}

// closable lets reads of r end when it is closed. One of r itself that waits
// then goes on in its goroutine until the program ends.
func closable(r io.Reader) io.ReadCloser {
	out, in := io.Pipe()
	go func() {
		_, err := io.Copy(in, r)
		in.CloseWithError(err)
	}()
	return out
}
