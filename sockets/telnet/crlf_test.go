package telnet_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/sockets/telnet"
)

func TestLineEnds(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", ""},
		{"a", "a"},
		{"a\n", "a\r\n"},
		{"a\r\n", "a\r\n"},
		{"\n\n", "\r\n\r\n"},
		{"\r\n\n\r\n", "\r\n\r\n\r\n"},
		{"a\rb\n\rc\r", "a\rb\r\n\rc\r"},
	}
	for _, tt := range tests {
		for _, chunks := range [][]string{{tt.in}, octets(tt.in)} {
			var b bytes.Buffer
			w := telnet.NewLineEnds(&b)
			for _, c := range chunks {
				n, err := w.Write([]byte(c))
				require.NoError(t, err)
				assert.Equal(t, len(c), n)
			}
			assert.Equal(t, tt.want, b.String(), "%q", chunks)
		}
	}
}
