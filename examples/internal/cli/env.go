package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"applayer/sockets"
)

// ShutdownTimeout bounds the time that a server takes to finish what is in
// flight after a signal.
const ShutdownTimeout = 10 * time.Second

// Env is what a running program sees of its surroundings. Its writers are
// safe for concurrent use.
type Env struct {
	// Args are the arguments after the flags.
	Args []string
	// Stdin, Stdout and Stderr are the streams. A read from Stdin that waits
	// ends with the context of Run.
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Log writes to Stderr.
	Log *slog.Logger
	// Verbose asks for the dialogue on Stderr (-v), Secrets for one without
	// blanks (-v-secrets).
	Verbose, Secrets bool

	mapFile    string
	program    *Program
	dialer     sockets.Dialer
	transcript *sockets.Transcript
}

// Listening prints the ready line of a listener, with its role before it
// where a server has several.
func (env *Env) Listening(role string, addr net.Addr) {
	if role != "" {
		role += " "
	}
	fmt.Fprintf(env.Stdout, "%slistening on %s %s\n", role, addr.Network(), addr)
}

// Service is a server that a program runs: sockets.Server and the protocols'
// servers once their listener is bound.
type Service struct {
	// Serve blocks until the server is shut down or fails.
	Serve func() error
	// Shutdown stops it gracefully within the context.
	Shutdown func(ctx context.Context) error
	// Closed is the error with which Serve reports an orderly end.
	Closed error
}

// ServeAll runs the services until ctx ends, shuts them down, at most
// [ShutdownTimeout] long, and returns when all have ended. A service that
// fails ends the others; its error is returned.
func (env *Env) ServeAll(ctx context.Context, services ...Service) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, len(services))
	var serving sync.WaitGroup
	for i, s := range services {
		serving.Go(func() {
			defer cancel()
			if err := s.Serve(); !errors.Is(err, s.Closed) {
				errs[i] = err
			}
		})
	}
	<-ctx.Done()
	grace, done := context.WithTimeout(context.WithoutCancel(ctx), ShutdownTimeout)
	defer done()
	var stopping sync.WaitGroup
	for _, s := range services {
		stopping.Go(func() {
			if err := s.Shutdown(grace); err != nil {
				env.Log.Warn("shutdown cut short", "err", err)
			}
		})
	}
	stopping.Wait()
	serving.Wait()
	return errors.Join(errs...)
}

// lockedWriter lets goroutines share a stream line by line, and remembers the
// first error.
type lockedWriter struct {
	mu     sync.Mutex
	w      io.Writer
	err    error
	failed func() // called with the first error, where it is set
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, err := l.w.Write(p)
	if err != nil && l.err == nil {
		l.err = err
		if l.failed != nil {
			l.failed()
		}
	}
	return n, err
}

func (l *lockedWriter) firstError() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}
