// Package clitest runs the programs of examples in tests, in this process.
package clitest

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"testing"

	"applayer/examples/internal/cli"
)

// Result is what a program that has ended left behind.
type Result struct {
	Status         int
	Stdout, Stderr string
}

// Run runs a program to its end with this standard input.
func Run(tb testing.TB, p *cli.Program, stdin string, args ...string) Result {
	tb.Helper()
	var stdout, stderr bytes.Buffer
	status := cli.Run(tb.Context(), p, args, strings.NewReader(stdin), &stdout, &stderr)
	return Result{status, stdout.String(), stderr.String()}
}

// Server is a program that serves.
type Server struct {
	tb      testing.TB
	cancel  context.CancelFunc
	lines   chan string
	running sync.WaitGroup
	result  Result
}

// Start starts a program that prints ready lines. It is stopped when the test
// ends, if [Server.Stop] has not stopped it before.
func Start(tb testing.TB, p *cli.Program, args ...string) *Server {
	return StartWithInput(tb, p, strings.NewReader(""), args...)
}

// StartWithInput is [Start] with a standard input.
func StartWithInput(tb testing.TB, p *cli.Program, stdin io.Reader, args ...string) *Server {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{tb: tb, cancel: cancel, lines: make(chan string, 1024)}
	out, stdout := io.Pipe()
	var stderr bytes.Buffer
	s.running.Go(func() {
		s.result.Status = cli.Run(ctx, p, args, stdin, stdout, &stderr)
		s.result.Stderr = stderr.String()
		stdout.Close()
	})
	s.running.Go(func() {
		defer close(s.lines)
		for sc := bufio.NewScanner(out); sc.Scan(); {
			s.result.Stdout += sc.Text() + "\n"
			s.lines <- sc.Text()
		}
	})
	tb.Cleanup(func() { s.Stop() })
	return s
}

// Line returns the next line that the program prints on its standard output.
func (s *Server) Line() string {
	s.tb.Helper()
	line, ok := <-s.lines
	if !ok {
		s.running.Wait()
		s.tb.Fatalf("the program ended with status %d: %s", s.result.Status, s.result.Stderr)
	}
	return line
}

// Ready waits for a ready line and returns its address.
func (s *Server) Ready(role string) (addr string) {
	s.tb.Helper()
	prefix := "listening on "
	if role != "" {
		prefix = role + " " + prefix
	}
	line := s.Line()
	rest, ok := strings.CutPrefix(line, prefix)
	if !ok {
		s.tb.Fatalf("got %q, want a line that begins with %q", line, prefix)
	}
	_, addr, _ = strings.Cut(rest, " ")
	return addr
}

// Wait waits until the program ends by itself.
func (s *Server) Wait() Result {
	s.running.Wait()
	return s.result
}

// Stop ends the program as a signal does, waits, and returns what it left.
func (s *Server) Stop() Result {
	s.cancel()
	return s.Wait()
}
