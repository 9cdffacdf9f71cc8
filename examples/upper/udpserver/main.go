// Udpserver answers each datagram with its text in upper case: the lecture's
// first server, over UDP or Unix-domain datagrams.
package main

import (
	"context"
	"errors"
	"flag"
	"slices"

	"applayer/examples/internal/cli"
	"applayer/examples/internal/upper"
	"applayer/sockets"
)

// bufferSize is the lecture's: what is longer is cut.
const bufferSize = 2048

const defaultAddr = "127.0.0.1:12000"

func main() { cli.Main(program()) }

func program() *cli.Program {
	s := &server{}
	return &cli.Program{
		Name:     "udpserver",
		Synopsis: "[-addr ADDR] [-network udp|unixgram] [-berkeley]",
		About: `Answers each datagram with its text in Unicode upper case, to the address that
it came from. No connection is made: each datagram stands for itself.`,
		Example: `udpserver -addr 127.0.0.1:12000
echo hello | udpclient -addr 127.0.0.1:12000
udpserver -network unixgram -addr /tmp/upper.sock`,
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&s.addr, "addr", defaultAddr, "`ADDR`ess to receive on; a path with -network unixgram")
			fs.StringVar(&s.network, "network", "udp", "`NETWORK`: udp, udp4, udp6 or unixgram")
			fs.BoolVar(&s.berkeley, "berkeley", false, "make the Berkeley calls: socket, bind, recvfrom, sendto")
		},
		Run: s.run,
	}
}

// server is the program's flags.
type server struct {
	addr, network string
	berkeley      bool
}

func (s *server) run(ctx context.Context, env *cli.Env) error {
	switch {
	case len(env.Args) > 0:
		return cli.Usagef("unexpected argument %q", env.Args[0])
	case !slices.Contains([]string{"udp", "udp4", "udp6", "unixgram"}, s.network):
		return cli.Usagef("-network: %q is not udp or unixgram", s.network)
	case s.network == "unixgram" && s.addr == defaultAddr:
		return cli.Usagef("-addr: unixgram needs a path")
	}
	if s.berkeley {
		return s.runCalls(ctx, env)
	}
	return s.runServer(ctx, env)
}

// transcript prints the dialogue for -v, and is nil without.
func transcript(env *cli.Env) *sockets.Transcript {
	if !env.Verbose {
		return nil
	}
	return sockets.NewTranscript(&sockets.TranscriptOptions{MaxLine: 2 * bufferSize, MaxLines: 1, Live: env.Stderr})
}

func (s *server) runServer(ctx context.Context, env *cli.Env) error {
	env.RemoveStale(ctx, s.network, s.addr)
	pcs, err := sockets.ListenPackets(ctx, s.network, s.addr, 1)
	if err != nil {
		return err
	}
	pc := pcs[0]
	env.Listening("", pc.LocalAddr())
	// Noted in the handler: a tap around pc would hide from PacketServer that
	// it is UDP, and replies would no longer leave from the address asked.
	t := transcript(env)
	ps := &sockets.PacketServer{
		MaxPacket: bufferSize,
		Logger:    env.Log,
		Handler: sockets.PacketHandlerFunc(func(_ context.Context, p *sockets.Packet) {
			reply := upper.Append(nil, p.Data)
			if t != nil {
				t.Add("", false, string(p.Data))
				t.Add("", true, string(reply))
			}
			err := p.Reply(reply)
			if err != nil && !errors.Is(err, sockets.ErrNoSource) {
				env.Log.Warn("reply", "peer", p.SourceAddr(), "err", err)
			}
		}),
	}
	return env.ServeAll(ctx, cli.Service{
		Serve:    func() error { return ps.Serve(pc) },
		Shutdown: ps.Shutdown,
		Closed:   sockets.ErrServerClosed,
	})
}
