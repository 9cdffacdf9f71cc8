package users_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/users"
)

func TestNames(t *testing.T) {
	u, err := users.Read(strings.NewReader("zoe:a\n# nobody\nalice:b:home\n"))
	require.NoError(t, err)
	assert.Equal(t, []string{"zoe", "alice"}, u.Names(), "in the order of the file")
	assert.True(t, u.Has("alice"))
	assert.False(t, u.Has("Alice"))
	assert.False(t, u.Has("nobody"))
}
