package clitest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/examples/internal/cli"
	"applayer/examples/internal/cli/clitest"
)

// echo prints a ready line, then each line of its input, and waits for a
// signal.
func echo() *cli.Program {
	return &cli.Program{Name: "echo", Run: func(ctx context.Context, env *cli.Env) error {
		env.Listening("echo", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7})
		for sc := bufio.NewScanner(env.Stdin); sc.Scan(); {
			fmt.Fprintln(env.Stdout, sc.Text())
		}
		if len(env.Args) > 0 {
			return errors.New(env.Args[0])
		}
		<-ctx.Done()
		return nil
	}}
}

func TestRun(t *testing.T) {
	got := clitest.Run(t, echo(), "a\n", "enough")
	assert.Equal(t, clitest.Result{Status: 1, Stdout: "echo listening on tcp 127.0.0.1:7\na\n", Stderr: "echo: enough\n"}, got)
}

func TestServer(t *testing.T) {
	in, stdin := io.Pipe()
	s := clitest.StartWithInput(t, echo(), in)
	assert.Equal(t, "127.0.0.1:7", s.Ready("echo"))
	go func() {
		io.WriteString(stdin, "hello\n")
		stdin.Close()
	}()
	assert.Equal(t, "hello", s.Line())
	assert.Equal(t, clitest.Result{Stdout: "echo listening on tcp 127.0.0.1:7\nhello\n"}, s.Stop())
}

func TestServerThatEndsByItself(t *testing.T) {
	s := clitest.Start(t, echo(), "tired")
	assert.Equal(t, 1, s.Wait().Status)
}

// fatal is a test that ends at its first failure.
type fatal struct {
	testing.TB
	text string
}

func (f *fatal) Helper() {}

func (f *fatal) Fatalf(format string, args ...any) {
	f.text = fmt.Sprintf(format, args...)
	panic(f)
}

func TestReadyTellsWhatCameInstead(t *testing.T) {
	tests := []struct {
		name, role, want string
		args             []string
	}{
		{"another role", "smtp", `got "echo listening on tcp 127.0.0.1:7", want a line that begins with "smtp listening on "`, []string{"x"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := &fatal{TB: t}
			s := clitest.Start(f, echo(), tt.args...)
			assert.Panics(t, func() { s.Ready(tt.role) })
			assert.Equal(t, tt.want, f.text)
			assert.Panics(t, func() { s.Line() })
			assert.Equal(t, "the program ended with status 1: echo: x\n", f.text)
		})
	}
}
