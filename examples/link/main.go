// Link relays what it gets over a link of a given rate, delay and quality, so
// that any client and server can be tried on it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"applayer/examples/internal/cli"
	"applayer/sockets"
	"applayer/sockets/link"
)

func main() { cli.Main(program()) }

func program() *cli.Program {
	var (
		shape      link.Link
		listen, to string
		udp        bool
	)
	return &cli.Program{
		Name: "link",
		Synopsis: "-listen A -to B [-udp] [-rate BITS] [-delay D] [-jitter D] [-loss P]\n" +
			"            [-duplicate P] [-reorder P] [-seed N] [-queue OCTETS] [-mtu OCTETS]",
		About: `
Link relays TCP connections (or datagrams) that reach A to B and back, over a
shaped link. A lost segment of a TCP connection shows as the delay of its
retransmission, and opening a connection costs a round trip; datagrams are
lost, doubled and reordered. At the end it prints, for each direction, octets,
packets, drops, and how much of the time the link was busy. "Up" is from A to
B.`,
		Example: "link -listen 127.0.0.1:8180 -to 127.0.0.1:8080 -rate 1540000 -delay 1s",
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&listen, "listen", "", "`ADDR` to take connections or datagrams on")
			fs.StringVar(&to, "to", "", "`ADDR` to relay them to")
			fs.BoolVar(&udp, "udp", false, "relay datagrams instead of connections")
			fs.Int64Var(&shape.Rate, "rate", 0, "`BITS` a second in each direction; 0 is no bound")
			fs.DurationVar(&shape.Delay, "delay", 0, "propagation delay in each direction")
			fs.DurationVar(&shape.Jitter, "jitter", 0, "the delay varies by this much to both sides")
			fs.Float64Var(&shape.Loss, "loss", 0, "probability `P` that a packet is lost")
			fs.Float64Var(&shape.Duplicate, "duplicate", 0, "probability `P` that a datagram arrives twice")
			fs.Float64Var(&shape.Reorder, "reorder", 0, "probability `P` that a datagram is held back")
			fs.Uint64Var(&shape.Seed, "seed", 1, "`N` makes chance repeatable")
			fs.IntVar(&shape.Queue, "queue", link.DefaultQueue, "`OCTETS` that may wait for the link; negative is no bound")
			fs.IntVar(&shape.MTU, "mtu", 0, "`OCTETS` of the largest packet (default 1460 for TCP, no bound for datagrams)")
		},
		Run: func(ctx context.Context, env *cli.Env) error {
			if err := check(env, listen, to, &shape); err != nil {
				return err
			}
			start := time.Now()
			run := relayStreams
			if udp {
				run = relayDatagrams
			}
			if err := run(ctx, env, &shape, listen, to); err != nil {
				return err
			}
			report(env.Stdout, &shape, time.Since(start))
			return nil
		},
	}
}

// check refuses what makes no link.
func check(env *cli.Env, listen, to string, l *link.Link) error {
	switch {
	case listen == "":
		return cli.Usagef("-listen: an address is needed")
	case to == "":
		return cli.Usagef("-to: an address is needed")
	case len(env.Args) > 0:
		return cli.Usagef("%s: no arguments are taken", env.Args[0])
	case l.Rate < 0:
		return cli.Usagef("-rate: negative")
	case l.Delay < 0:
		return cli.Usagef("-delay: negative")
	case l.Jitter < 0:
		return cli.Usagef("-jitter: negative")
	}
	for name, p := range map[string]float64{"loss": l.Loss, "duplicate": l.Duplicate, "reorder": l.Reorder} {
		if !(p >= 0 && p <= 1) {
			return cli.Usagef("-%s: not a probability between 0 and 1", name)
		}
	}
	return nil
}

// serve runs a server and then lets the link deliver what is under way.
func serve(ctx context.Context, env *cli.Env, l *link.Link, s cli.Service) error {
	s.Closed = sockets.ErrServerClosed
	err := env.ServeAll(ctx, s)
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), cli.ShutdownTimeout)
	defer cancel()
	if l.Flush(grace) != nil {
		env.Log.Warn("octets still under way are lost")
	}
	return err
}

func report(w io.Writer, l *link.Link, took time.Duration) {
	up, down := l.Counters()
	for _, way := range []struct {
		name string
		link.Counters
	}{{"up", up}, {"down", down}} {
		fmt.Fprintf(w, "%s: %d octets, %d packets, %d drops, %d duplicates, utilisation %.1f %%\n",
			way.name, way.Octets, way.Packets, way.Drops, way.Duplicates, 100*way.Utilisation(took))
	}
}

// ended tells whether err is only the end that we brought about.
func ended(ctx context.Context, err error) bool {
	return err == nil || errors.Is(err, io.EOF) || ctx.Err() != nil
}
