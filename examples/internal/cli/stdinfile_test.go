package cli_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/cli"
)

func TestStdinFile(t *testing.T) {
	null, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer null.Close()
	for _, tt := range []struct {
		stdin io.Reader
		want  *os.File
	}{{null, null}, {strings.NewReader(""), nil}} {
		var got *os.File
		p := &cli.Program{Name: "p", Run: func(_ context.Context, env *cli.Env) error {
			got = env.StdinFile()
			return nil
		}}
		require.Equal(t, 0, cli.Run(t.Context(), p, nil, tt.stdin, new(bytes.Buffer), new(bytes.Buffer)))
		assert.Same(t, tt.want, got)
	}
}
