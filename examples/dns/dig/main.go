// Dig asks name servers and prints what they answer, in the layout of BIND's
// dig 9.18.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/signal"
	"syscall"
	"time"

	"applayer/dns"
	"applayer/sockets"
)

// The exit statuses are those of BIND's dig; what is not built yet has that of
// the other programs here.
const (
	exitDone     = 0
	exitUsage    = 1
	exitNotBuilt = 2
	exitFile     = 8
	exitNoReply  = 9
	exitInner    = 10
)

const version = "9.18-applayer"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	p := &program{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, resolvConf: "/etc/resolv.conf"}
	status := p.run(ctx, os.Args[1:])
	stop()
	os.Exit(status)
}

// program is dig at work.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	resolvConf     string

	// What holds for all lookups.
	args       []string
	port       uint16 // 0 for the protocol's own
	family     int    // 4 or 6, 0 for both
	local      netip.AddrPort
	micro      bool // times in microseconds
	cmd        bool // print the command line
	short      bool // +short stood before the first name
	dialer     sockets.Dialer
	cookie     [8]byte
	greeted    bool
	lookups    []*lookup
	batch      *parser // has the file of lookups; nil without one
	transports map[tlsOptions]*dns.Transport

	status int
}

// exitError ends the program with a status and, on standard error, a text.
type exitError struct {
	status int
	text   string
}

func (e *exitError) Error() string { return e.text }

func usagef(format string, args ...any) error {
	return &exitError{exitUsage, "dig: " + fmt.Sprintf(format, args...)}
}

func fatalf(format string, args ...any) error {
	return &exitError{exitInner, "dig: " + fmt.Sprintf(format, args...)}
}

func notBuilt(what string) error {
	return &exitError{exitNotBuilt, "dig: " + what + ": not built yet"}
}

// errDone ends the program when all is said, as behind -h and -v.
var errDone = &exitError{status: exitDone}

// run does what the arguments say and returns the exit status.
func (p *program) run(ctx context.Context, args []string) int {
	p.args, p.cmd = args, true
	p.transports = map[tlsOptions]*dns.Transport{}
	rand.Read(p.cookie[:])
	err := p.parse(args)
	switch {
	case err != nil:
	case p.batch != nil:
		err = p.batch.eachLine(func() error { return p.all(ctx) })
	default:
		err = p.all(ctx)
	}
	for _, t := range p.transports {
		t.Close()
	}
	if exit, ok := errors.AsType[*exitError](err); ok {
		if exit.text != "" {
			fmt.Fprintln(p.stderr, exit.text)
		}
		return exit.status
	}
	if err != nil {
		fmt.Fprintln(p.stderr, "dig:", err)
		return exitInner
	}
	return p.status
}

// all does the lookups that have been read.
func (p *program) all(ctx context.Context) error {
	for _, l := range p.lookups {
		if err := p.lookup(ctx, l); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// lookup does one lookup: a transfer, a walk from the root, or a question.
func (p *program) lookup(ctx context.Context, l *lookup) error {
	name, err := l.qname()
	if err != nil {
		return err
	}
	if _, err := p.transport(l); err != nil {
		return err
	}
	servers, err := p.servers(ctx, l)
	if err != nil {
		return err
	}
	switch {
	case l.trace:
		return p.trace(ctx, l, name, servers)
	case l.typ == dns.TypeAXFR:
		return p.transfer(ctx, l, name, servers)
	}
	reply, err := p.ask(ctx, l, l.query(p, name), servers)
	if err != nil || reply == nil {
		return err
	}
	return p.show(l, reply)
}

// timeText is a time between question and answer.
func (p *program) timeText(d time.Duration) string {
	if p.micro {
		return fmt.Sprintf("%d usec", d.Microseconds())
	}
	return fmt.Sprintf("%d msec", d.Milliseconds())
}
