package testkit_test

import (
	"bufio"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
)

func TestTerminal(t *testing.T) {
	screen, terminal := testkit.Terminal(t)
	_, err := screen.WriteString("typed\n")
	require.NoError(t, err)
	line, err := bufio.NewReader(terminal).ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "typed\n", line)
	shown := make([]byte, 7)
	_, err = screen.Read(shown)
	require.NoError(t, err)
	assert.Equal(t, "typed\r\n", string(shown), "the terminal echoes")
}
