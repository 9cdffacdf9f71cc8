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

// A line that says another password, or the same in another way, is another.
func TestSame(t *testing.T) {
	read := func(text string) *users.Users {
		u, err := users.Read(strings.NewReader(text))
		require.NoError(t, err)
		return u
	}
	const hash = "$pbkdf2-sha256$1000$c2FsdA$iKtYgbrxht1ahAf/ps7POorOvIM0SieXhhUFRXMmscA"
	tests := []struct {
		before, now string
		want        bool
	}{
		{"bob:hungry", "alice:x\nbob:hungry:/home", true},
		{"bob:hungry", "bob:thirsty", false},
		{"bob:hungry", "alice:hungry", false},
		{"bob:" + hash, "bob:" + hash, true},
		{"bob:" + hash, "bob:" + strings.Replace(hash, "1000", "1001", 1), false},
		{"bob:" + hash, "bob:" + strings.Replace(hash, "c2FsdA", "c3FsdA", 1), false},
		{"bob:" + hash, "bob:" + strings.Replace(hash, "$iK", "$jK", 1), false},
		{"bob:" + hash, "bob:tea", false},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, read(tt.now).Same(read(tt.before), "bob"), "%s, %s", tt.before, tt.now)
	}
}
