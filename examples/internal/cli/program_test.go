package cli_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/examples/internal/cli"
)

func greeter() *cli.Program {
	var name *string
	return &cli.Program{
		Name:     "greeter",
		Synopsis: "[-name N]",
		About:    "Greeter greets whom it is told to.",
		Example:  "greeter -name Bob",
		Flags:    func(fs *flag.FlagSet) { name = fs.String("name", "Alice", "`N` is who is greeted") },
		NotBuilt: []string{"sing"},
		Run: func(_ context.Context, env *cli.Env) error {
			switch *name {
			case "Trudy":
				return errors.New("greeting: Trudy:\nis not trusted")
			case "":
				return cli.Usagef("-name: is empty")
			}
			fmt.Fprintf(env.Stdout, "hello, %s\n", *name)
			return nil
		},
	}
}

func TestRun(t *testing.T) {
	tests := []struct {
		name           string
		args           []string
		status         int
		stdout, stderr string
	}{
		{"done", nil, 0, "hello, Alice\n", ""},
		{"a flag", []string{"-name", "Bob"}, 0, "hello, Bob\n", ""},
		{"failure is one line", []string{"-name=Trudy"}, 1, "", "greeter: greeting: Trudy: is not trusted\n"},
		{"wrong usage told by Run", []string{"-name", ""}, 2, "", "greeter: -name: is empty\n"},
		{"unknown flag", []string{"-x"}, 2, "", "greeter: flag provided but not defined: -x\n"},
		{"not built yet", []string{"-sing", "loud"}, 2, "", "greeter: -sing: not built yet\n"},
		{"not built yet, without its value", []string{"--sing"}, 2, "", "greeter: -sing: not built yet\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			got := cli.Run(t.Context(), greeter(), tt.args, strings.NewReader(""), &stdout, &stderr)
			assert.Equal(t, tt.status, got)
			assert.Equal(t, tt.stdout, stdout.String())
			assert.Equal(t, tt.stderr, stderr.String())
		})
	}
}

func TestUsage(t *testing.T) {
	var stdout, stderr bytes.Buffer
	assert.Equal(t, 0, cli.Run(t.Context(), greeter(), []string{"-h"}, nil, &stdout, &stderr))
	assert.Empty(t, stderr.String())
	for _, want := range []string{"usage: greeter [-name N]", "Greeter greets", "-name N", `(default "Alice")`, "-v-secrets", "example:\n  greeter -name Bob"} {
		assert.Contains(t, stdout.String(), want)
	}
	assert.NotContains(t, stdout.String(), "-sing")
}

func TestCommands(t *testing.T) {
	greet := greeter()
	greet.Name = "greet"
	p := &cli.Program{
		Name: "people", Synopsis: "COMMAND", About: "People has commands.", Example: "people greet",
		Commands: []*cli.Program{greet, {Name: "wave"}},
	}
	tests := []struct {
		name           string
		args           []string
		status         int
		stdout, stderr string
	}{
		{"a command", []string{"greet"}, 0, "hello, Alice\n", ""},
		{"a flag of its own", []string{"greet", "-name", "Bob"}, 0, "hello, Bob\n", ""},
		{"failure names the command", []string{"greet", "-name=Trudy"}, 1, "", "people greet: greeting: Trudy: is not trusted\n"},
		{"a flag of its own that is not built", []string{"greet", "-sing"}, 2, "", "people greet: -sing: not built yet\n"},
		{"a command that is not built", []string{"wave"}, 2, "", "people: wave: not built yet\n"},
		{"an unknown command", []string{"shout"}, 2, "", "people: give a command first: greet, wave\n"},
		{"no command", nil, 2, "", "people: give a command first: greet, wave\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			assert.Equal(t, tt.status, cli.Run(t.Context(), p, tt.args, strings.NewReader(""), &stdout, &stderr))
			assert.Equal(t, tt.stdout, stdout.String())
			assert.Equal(t, tt.stderr, stderr.String())
		})
	}
	var stdout, stderr bytes.Buffer
	assert.Equal(t, 0, cli.Run(t.Context(), p, []string{"-h"}, nil, &stdout, &stderr))
	assert.Contains(t, stdout.String(), "greet [-name N]")
	assert.NotContains(t, stdout.String(), "wave")
	stdout.Reset()
	assert.Equal(t, 0, cli.Run(t.Context(), p, []string{"greet", "-h"}, nil, &stdout, &stderr))
	assert.Contains(t, stdout.String(), "usage: people greet [-name N]")
}

// fullWriter takes so many octets and fails from then on.
type fullWriter struct {
	room int
	err  error
}

func (w *fullWriter) Write(p []byte) (int, error) {
	if w.room -= len(p); w.room < 0 {
		return 0, w.err
	}
	return len(p), nil
}

func TestOutputThatCannotBeWritten(t *testing.T) {
	full := &fs.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.ENOSPC}
	pipe := &fs.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}
	tests := []struct {
		name   string
		args   []string
		stdout fullWriter
		status int
		stderr string
	}{
		{"all is written", nil, fullWriter{len("hello, Alice\n"), full}, 0, ""},
		{"a full disk", nil, fullWriter{12, full}, 1, "greeter: stdout: no space left on device\n"},
		{"the usage text", []string{"-h"}, fullWriter{0, full}, 1, "greeter: stdout: no space left on device\n"},
		{"a reader that has enough", nil, fullWriter{0, pipe}, 1, ""},
		{"a reader in this process", nil, fullWriter{0, io.ErrClosedPipe}, 1, ""},
		{"nothing to write", []string{"-name="}, fullWriter{0, full}, 2, "greeter: -name: is empty\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var stderr bytes.Buffer
			assert.Equal(t, tt.status, cli.Run(t.Context(), greeter(), tt.args, nil, &tt.stdout, &stderr))
			assert.Equal(t, tt.stderr, stderr.String())
		})
	}
}

// A server that could not print its ready line, and a program that looks at
// no error, end all the same.
func TestOutputThatFailsEndsTheProgram(t *testing.T) {
	p := &cli.Program{Name: "p", Run: func(ctx context.Context, env *cli.Env) error {
		env.Listening("", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080})
		<-ctx.Done()
		return fmt.Errorf("interrupted: %w", ctx.Err())
	}}
	var stderr bytes.Buffer
	assert.Equal(t, 1, cli.Run(t.Context(), p, nil, nil, &fullWriter{0, syscall.ENOSPC}, &stderr))
	assert.Equal(t, "p: stdout: no space left on device\n", stderr.String())
}

func TestListening(t *testing.T) {
	var stdout bytes.Buffer
	p := &cli.Program{Name: "p", Run: func(_ context.Context, env *cli.Env) error {
		env.Listening("", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080})
		env.Listening("smtp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 2525})
		env.Listening("", &net.UnixAddr{Name: "/run/x", Net: "unixgram"})
		return nil
	}}
	assert.Equal(t, 0, cli.Run(t.Context(), p, nil, nil, &stdout, &stdout))
	assert.Equal(t, "listening on tcp 127.0.0.1:8080\nsmtp listening on tcp 127.0.0.1:2525\nlistening on unixgram /run/x\n", stdout.String())
}

var errClosed = errors.New("closed")

func TestServeAll(t *testing.T) {
	service := func(fails error) (cli.Service, chan struct{}) {
		stop := make(chan struct{})
		return cli.Service{
			Closed: errClosed,
			Serve: func() error {
				if fails != nil {
					return fails
				}
				<-stop
				return errClosed
			},
			Shutdown: func(context.Context) error {
				if fails == nil {
					close(stop)
				}
				return nil
			},
		}, stop
	}
	run := func(ctx context.Context, services ...cli.Service) (int, string) {
		var stderr bytes.Buffer
		p := &cli.Program{Name: "p", Run: func(ctx context.Context, env *cli.Env) error { return env.ServeAll(ctx, services...) }}
		return cli.Run(ctx, p, nil, nil, &bytes.Buffer{}, &stderr), stderr.String()
	}
	t.Run("a signal stops all", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		a, stoppedA := service(nil)
		b, stoppedB := service(nil)
		cancel()
		status, stderr := run(ctx, a, b)
		assert.Equal(t, 0, status, stderr)
		<-stoppedA
		<-stoppedB
	})
	t.Run("one that fails ends the others", func(t *testing.T) {
		a, stopped := service(nil)
		b, _ := service(errors.New("port: taken"))
		status, stderr := run(t.Context(), a, b)
		assert.Equal(t, 1, status)
		assert.Equal(t, "p: port: taken\n", stderr)
		<-stopped
	})
}
