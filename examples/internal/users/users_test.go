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

// What operators' editors make of a file, and passwords that look like its syntax.
func TestReadTakes(t *testing.T) {
	u, err := users.Read(strings.NewReader("\ufeff# a comment: not a user\r\n\r\n \t\r\n" +
		"alice: two  words # 1 \r\nbob:#sesame:/home:2\r\ncarol:$ecret$1\r\ndora:a$b$c$d\r\nbob@crepes.fr:x"))
	require.NoError(t, err)
	assert.Equal(t, []string{"alice", "bob", "carol", "dora", "bob@crepes.fr"}, u.Names())
	for name, password := range map[string]string{
		"alice": " two  words # 1 ", "bob": "#sesame", "carol": "$ecret$1", "dora": "a$b$c$d", "bob@crepes.fr": "x",
	} {
		assert.True(t, u.Check(name, password), name)
		for _, other := range []string{"", password + " ", strings.TrimSpace(password) + "x"} {
			assert.False(t, u.Check(name, other), "%s %q", name, other)
		}
	}
	assert.Equal(t, "/home:2", u.Home("bob"))
	for in, plain := range map[string]bool{file: false, "alice:a\n": true, file + "dora:d\n": false, "": true} {
		u, err := users.Read(strings.NewReader(in))
		require.NoError(t, err)
		assert.Equal(t, plain, u.Plain(), "%q", in)
	}
	nobody, err := users.Read(strings.NewReader(""))
	require.NoError(t, err)
	assert.False(t, nobody.Check("", ""))
	assert.False(t, nobody.Check("bob", "x"))
}

// Every name costs the same, there or not, however its own password is kept.
func TestCheckCostsTheSame(t *testing.T) {
	u, err := users.Read(strings.NewReader(file)) // 0, 1000 and 4096 iterations
	require.NoError(t, err)
	for _, name := range []string{"alice", "bob", "user", "carol", "nobody", "", "a\x00"} {
		assert.Equal(t, 4096, u.Work(name), "%q", name)
	}
	plain, err := users.Read(strings.NewReader("alice:a\nbob:b\n"))
	require.NoError(t, err)
	assert.Zero(t, plain.Work("alice"))
	assert.Zero(t, plain.Work("nobody"))
}

// Errors go to logs and screens, and show no password.
func TestReadErrorsHaveNoSecrets(t *testing.T) {
	for _, line := range []string{
		"sesame", "bob:$pbkdf2-sha256$sesame", "bob:$scram-sha-256$4096$sesame!$a$b", "bob:$scram-sha-256$sesame$a$b$c",
		"bob:$pbkdf2-sha256$1$c2FsdA$sesame", "bob:a\nbob:sesame", " bob:sesame", ":sesame", "bob:$6$sesame$sesame",
	} {
		_, err := users.Read(strings.NewReader(line))
		require.Error(t, err, line)
		assert.NotContains(t, err.Error(), "sesame", line)
	}
}

func TestReadRefuses(t *testing.T) {
	const hash = "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY"
	for name, tt := range map[string]struct{ in, want string }{
		"no colon":       {"bob", "line 1: want"},
		"no name":        {"a:b\n:secret", "line 2: want"},
		"no password":    {"bob:", "empty password"},
		"twice":          {"bob:a\nbob:b", "twice"},
		"twice, typed":   {"bob:a\n\uff42ob:b", "twice"},
		"fields":         {"bob:$pbkdf2-sha256$1$c2FsdA", "number of fields"},
		"scram fields":   {"bob:$scram-sha-256$1$c2FsdA$" + hash, "number of fields"},
		"no iterations":  {"bob:$pbkdf2-sha256$0$c2FsdA$" + hash, "iterations"},
		"too many":       {"bob:$pbkdf2-sha256$10000001$c2FsdA$" + hash, "iterations"},
		"not a number":   {"bob:$pbkdf2-sha256$1x$c2FsdA$" + hash, "iterations"},
		"salt":           {"bob:$pbkdf2-sha256$1$!$" + hash, "salt"},
		"no salt":        {"bob:$scram-sha-256$4096$$" + hash + "$" + hash, "salt"},
		"half a hash":    {"bob:$scram-sha-256$4096$c2FsdA$" + hash + "$c2FsdA", "32 octets"},
		"two kinds":      {"bob:$pbkdf2-sha256$$scram-sha-256$1$c2FsdA$" + hash, "number of fields"},
		"crypt":          {"bob:$6$c2FsdA$" + hash, "kind"},
		"another SCRAM":  {"bob:$scram-sha256$4096$c2FsdA$" + hash + "$" + hash, "kind"},
		"bcrypt":         {"bob:$2b$10$" + hash, "kind"},
		"indented":       {" bob:secret", "space"},
		"a comment":      {"bob:a\n # carol: b", "line 2: space"},
		"a space behind": {"bob :secret", "space"},
		"a short hash":   {"bob:$pbkdf2-sha256$1$c2FsdA$c2FsdA", "32 octets"},
		"an endless one": {"bob:" + strings.Repeat("a", 1<<17), "too long"},
	} {
		_, err := users.Read(strings.NewReader(tt.in))
		assert.ErrorContains(t, err, tt.want, name)
	}
	_, err := users.ReadFile(filepath.Join(t.TempDir(), "absent"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}
