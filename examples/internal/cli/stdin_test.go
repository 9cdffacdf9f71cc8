package cli_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"

	"applayer/examples/internal/cli"
)

func TestStdin(t *testing.T) {
	torn := errors.New("torn")
	tests := []struct {
		name string
		in   io.Reader
		want string
		err  error
	}{
		{"nothing", strings.NewReader(""), "", nil},
		{"whole", strings.NewReader("hello\n"), "hello\n", nil},
		{"octet by octet", iotest.OneByteReader(strings.NewReader("hello")), "hello", nil},
		{"the end with the last octets", iotest.DataErrReader(strings.NewReader("hello")), "hello", nil},
		{"longer than any buffer", strings.NewReader(strings.Repeat("x", 1<<20)), strings.Repeat("x", 1<<20), nil},
		{"an error after octets", io.MultiReader(strings.NewReader("half"), iotest.ErrReader(torn)), "half", torn},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []byte
			var err error
			p := &cli.Program{Name: "p", Run: func(_ context.Context, env *cli.Env) error {
				got, err = io.ReadAll(env.Stdin)
				return nil
			}}
			assert.Equal(t, 0, cli.Run(t.Context(), p, nil, tt.in, io.Discard, io.Discard))
			assert.Equal(t, tt.want, string(got))
			assert.Equal(t, tt.err, err)
		})
	}
}

func TestSignalEndsReadOfStdin(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	silent, w := io.Pipe()
	defer w.Close()
	p := &cli.Program{Name: "p", Run: func(_ context.Context, env *cli.Env) error {
		cancel()
		_, err := env.Stdin.Read(make([]byte, 1))
		return err
	}}
	var stderr bytes.Buffer
	assert.Equal(t, 1, cli.Run(ctx, p, nil, silent, io.Discard, &stderr))
	assert.Equal(t, "p: context canceled\n", stderr.String())
}

func TestUsageTellsDefaults(t *testing.T) {
	var stdout bytes.Buffer
	assert.Equal(t, 0, cli.Run(t.Context(), greeter(), []string{"-h"}, nil, &stdout, io.Discard))
	assert.Contains(t, stdout.String(), "(default false)")
	assert.Contains(t, stdout.String(), "(default none)")
	assert.NotContains(t, stdout.String(), ") (default")
}
