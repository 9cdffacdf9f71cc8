package users_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/users"
)

// The SCRAM line is the account of RFC 7677 §3: user, pencil, 4096 rounds.
const file = `# name:password[:home]

alice:wonder land:/home/alice
bob:secret
user:$scram-sha-256$4096$W22ZaJ0SNY7soEsUEjb6gQ$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY$wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU:/home/user
carol:$pbkdf2-sha256$1000$c2FsdA$iKtYgbrxht1ahAf/ps7POorOvIM0SieXhhUFRXMmscA
`

func TestCheck(t *testing.T) {
	name := filepath.Join(t.TempDir(), "users")
	require.NoError(t, os.WriteFile(name, []byte(file), 0o600))
	u, err := users.ReadFile(name)
	require.NoError(t, err)
	tests := []struct {
		user, password string
		want           bool
	}{
		{"alice", "wonder land", true},
		{"alice", "wonder", false},
		{"alice", "", false},
		{"bob", "secret", true},
		{"bob", "Secret", false},
		{"Bob", "secret", false},
		{"user", "pencil", true},
		{"user", "pencils", false},
		{"carol", "tea", true},
		{"carol", "coffee", false},
		{"nobody", "pencil", false},
		{"# name", "password[", false},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, u.Check(tt.user, tt.password), "%s %s", tt.user, tt.password)
	}
	assert.Equal(t, "/home/alice", u.Home("alice"))
	assert.Equal(t, "/home/user", u.Home("user"))
	assert.Empty(t, u.Home("bob"))
}

func TestReadRefuses(t *testing.T) {
	const hash = "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY"
	for name, tt := range map[string]struct{ in, want string }{
		"no colon":       {"bob", "line 1: want"},
		"no name":        {"a:b\n:secret", "line 2: want"},
		"no password":    {"bob:", "empty password"},
		"twice":          {"bob:a\nbob:b", "twice"},
		"fields":         {"bob:$pbkdf2-sha256$1$c2FsdA", "number of fields"},
		"scram fields":   {"bob:$scram-sha-256$1$c2FsdA$" + hash, "number of fields"},
		"no iterations":  {"bob:$pbkdf2-sha256$0$c2FsdA$" + hash, "iterations"},
		"too many":       {"bob:$pbkdf2-sha256$10000001$c2FsdA$" + hash, "iterations"},
		"not a number":   {"bob:$pbkdf2-sha256$1x$c2FsdA$" + hash, "iterations"},
		"salt":           {"bob:$pbkdf2-sha256$1$!$" + hash, "salt"},
		"a short hash":   {"bob:$pbkdf2-sha256$1$c2FsdA$c2FsdA", "32 octets"},
		"an endless one": {"bob:" + strings.Repeat("a", 1<<17), "too long"},
	} {
		_, err := users.Read(strings.NewReader(tt.in))
		assert.ErrorContains(t, err, tt.want, name)
	}
	_, err := users.ReadFile(filepath.Join(t.TempDir(), "absent"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}
