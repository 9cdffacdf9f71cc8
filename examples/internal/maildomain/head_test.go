package maildomain_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/maildomain"
)

// as is a message without an end.
type as struct{}

func (as) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte("a"), len(p))), nil }

// Of a message no more is held than has its header, and that has a bound.
func TestReadHead(t *testing.T) {
	body := strings.Repeat("b", 1<<20)
	for _, head := range []string{"\r\n", "A: b\r\n\r\n", strings.Repeat("a", 4094) + "\r\n\r\n"} {
		for name, r := range map[string]io.Reader{
			"whole":            strings.NewReader(head + body),
			"octet by octet":   iotest.OneByteReader(strings.NewReader(head + body)),
			"with its end":     iotest.DataErrReader(strings.NewReader(head)),
			"half of each ask": iotest.HalfReader(strings.NewReader(head + body)),
		} {
			got, err := maildomain.ReadHead(r)
			require.NoError(t, err, name)
			assert.True(t, strings.HasPrefix(string(got), head), name)
			assert.Less(t, len(got), len(head)+4096, name)
		}
	}
	got, err := maildomain.ReadHead(as{})
	require.NoError(t, err)
	assert.Less(t, len(got), 2<<20)
	_, err = maildomain.ReadHead(iotest.TimeoutReader(as{}))
	assert.ErrorIs(t, err, iotest.ErrTimeout)
}
