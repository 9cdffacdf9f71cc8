// Udpclient sends each line of its standard input in a datagram and prints the
// answer: the lecture's first client, over UDP or Unix-domain datagrams.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"time"

	"applayer/examples/internal/cli"
	"applayer/sockets"
)

// bufferSize is the lecture's, on both sides.
const bufferSize = 2048

const defaultAddr = "127.0.0.1:12000"

func main() { cli.Main(program()) }

func program() *cli.Program {
	c := &client{}
	return &cli.Program{
		Name:     "udpclient",
		Synopsis: "[-addr ADDR] [-network udp|unixgram] [-berkeley] [-wait D] [-tries N]",
		About: `Sends each line of standard input as a datagram and prints the answers, one for
one. Datagrams may be lost: without an answer a line is sent again.`,
		Example: `echo hello | udpclient -addr 127.0.0.1:12000
HELLO`,
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&c.addr, "addr", defaultAddr, "`ADDR`ess of the server; a path with -network unixgram")
			fs.StringVar(&c.network, "network", "udp", "`NETWORK`: udp, udp4, udp6 or unixgram")
			fs.BoolVar(&c.berkeley, "berkeley", false, "make the Berkeley calls: socket, sendto, recvfrom, close")
			fs.DurationVar(&c.wait, "wait", 2*time.Second, "how long to wait for an answer (`DURATION`)")
			fs.IntVar(&c.tries, "tries", 3, "how often to send a line (`N`)")
		},
		Run: c.run,
	}
}

// client is the program's flags.
type client struct {
	addr, network string
	berkeley      bool
	wait          time.Duration
	tries         int
	local         string              // where to send: addr, or what -map has for it
	transcript    *sockets.Transcript // nil without -v
}

// socket is what a line is sent from, by either kind of calls.
type socket interface {
	send(b []byte) error
	// receive waits for an answer of the server until ctx ends.
	receive(ctx context.Context, b []byte) (int, error)
	Close() error
}

func (c *client) run(ctx context.Context, env *cli.Env) error {
	switch {
	case len(env.Args) > 0:
		return cli.Usagef("unexpected argument %q", env.Args[0])
	case !slices.Contains([]string{"udp", "udp4", "udp6", "unixgram"}, c.network):
		return cli.Usagef("-network: %q is not udp or unixgram", c.network)
	case c.network == "unixgram" && c.addr == defaultAddr:
		return cli.Usagef("-addr: unixgram needs a path")
	case c.wait <= 0:
		return cli.Usagef("-wait: %v is no time to wait", c.wait)
	case c.tries < 1:
		return cli.Usagef("-tries: %d is below 1", c.tries)
	}
	c.local = env.LocalAddr(c.addr)
	if env.Verbose {
		c.transcript = sockets.NewTranscript(&sockets.TranscriptOptions{MaxLine: 2 * bufferSize, MaxLines: 1, Live: env.Stderr})
	}
	for l := range readLines(ctx, env.Stdin) {
		if l.err != nil {
			return l.err
		}
		reply, err := c.ask(ctx, l.text)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(env.Stdout, "%s\n", bytes.TrimSuffix(reply, []byte("\n"))); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// line is one line of input without its end, or the error that ended it.
type line struct {
	text []byte
	err  error
}

// readLines gives the lines of r until ctx ends. A read that waits cannot be
// called off, so its goroutine may outlive ctx; the process does not.
func readLines(ctx context.Context, r io.Reader) <-chan line {
	lines := make(chan line)
	go func() {
		defer close(lines)
		give := func(l line) bool {
			select {
			case lines <- l:
				return true
			case <-ctx.Done():
				return false
			}
		}
		in := bufio.NewScanner(r)
		in.Buffer(nil, bufferSize+2) // with CR LF
		n := 0
		for in.Scan() {
			n++
			if len(in.Bytes()) > bufferSize {
				give(line{err: fmt.Errorf("line %d: longer than %d octets", n, bufferSize)})
				return
			}
			if !give(line{text: bytes.Clone(in.Bytes())}) {
				return
			}
		}
		switch err := in.Err(); {
		case errors.Is(err, bufio.ErrTooLong):
			give(line{err: fmt.Errorf("line %d: longer than %d octets", n+1, bufferSize)})
		case err != nil:
			give(line{err: fmt.Errorf("standard input: %w", err)})
		}
	}()
	return lines
}

// ask sends one line until it is answered. Each line has a socket of its own:
// an answer that comes late or twice finds it closed, and is not taken for the
// answer to the next line.
func (c *client) ask(ctx context.Context, text []byte) ([]byte, error) {
	s, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	buf := make([]byte, bufferSize+1) // one more tells that it was too long
	for range c.tries {
		var n int
		n, err = c.try(ctx, s, text, buf)
		switch {
		case err == nil && n > bufferSize:
			return nil, fmt.Errorf("%s: answer: longer than %d octets", c.addr, bufferSize)
		case err == nil:
			return buf[:n], nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		}
	}
	return nil, fmt.Errorf("%s: no answer after %d tries: %w", c.addr, c.tries, err)
}

// try sends text once and waits. It waits also where the server's host refuses
// at once: the server may be there in a moment.
func (c *client) try(ctx context.Context, s socket, text, buf []byte) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, c.wait)
	defer cancel()
	err := s.send(text)
	if err == nil {
		var n int
		if n, err = s.receive(ctx, buf); err == nil {
			return n, nil
		}
	}
	<-ctx.Done()
	return 0, err
}

func (c *client) open(ctx context.Context) (socket, error) {
	if c.berkeley {
		return c.openCalls()
	}
	return c.openConn(ctx)
}
