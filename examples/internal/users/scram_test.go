package users_test

import (
	"context"
	"crypto"
	"encoding/base64"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/users"
	"applayer/internal/sasl"
	"applayer/internal/testkit"
)

// login plays a whole SCRAM.
func login(t *testing.T, u *users.Users, hash crypto.Hash, name, password string) error {
	t.Helper()
	c := &sasl.SCRAMClient{Hash: hash, User: name, Password: password}
	s := &sasl.SCRAMServer{Hash: hash, Lookup: func(_ context.Context, _, user string) (sasl.Verifier, error) {
		return u.SCRAM(hash, user)
	}}
	_, message, err := c.Start()
	require.NoError(t, err)
	challenge, _, err := s.Step(t.Context(), message)
	require.NoError(t, err, "who is there shows in the end only")
	message, err = c.Next(challenge, true)
	require.NoError(t, err)
	challenge, identity, err := s.Step(t.Context(), message)
	if err != nil {
		return err
	}
	_, err = c.Next(challenge, true)
	require.NoError(t, err)
	assert.NotEmpty(t, identity)
	return nil
}

func TestSCRAM(t *testing.T) {
	// Carol's 1000 iterations are too few for a client of ours, and shown of names
	// that are not there as well.
	without, _, _ := strings.Cut(file, "carol:")
	u, err := users.Read(strings.NewReader(without + "dora:u\u0308ber\n" +
		"emil:$pbkdf2-sha256$4096$W22ZaJ0SNY7soEsUEjb6gQ$xKSVEDI6tPlSysH6mUQZOeeOp01r6B3fcJbodRPcYV0\n"))
	require.NoError(t, err)
	assert.False(t, u.Plain())
	tests := []struct {
		name, password string
		sha256, sha1   bool
	}{
		{"alice", "wonder land", true, true},
		{"alice", "wonder", false, false},
		{"user", "pencil", true, false}, // SHA-256 is all there is of him
		{"user", "pencils", false, false},
		{"emil", "pencil", true, false},
		{"dora", "\u00fcber", true, true}, // RFC 4013 §2.2
		{"nobody", "pencil", false, false},
	}
	for _, tt := range tests {
		for hash, want := range map[crypto.Hash]bool{crypto.SHA256: tt.sha256, crypto.SHA1: tt.sha1} {
			err := login(t, u, hash, tt.name, tt.password)
			assert.Equal(t, want, err == nil, "%v %v", tt, hash)
			if err != nil {
				assert.ErrorIs(t, err, sasl.ErrRefused)
			}
		}
	}
	assert.True(t, u.Check("dora", "\u00fcber"))
	u, err = users.Read(strings.NewReader("Ju\u0308rgen:a\n"))
	require.NoError(t, err)
	assert.Equal(t, []string{"J\u00fcrgen"}, u.Names(), "as they are told by a login")
	u, err = users.Read(strings.NewReader(file))
	require.NoError(t, err)
	assert.True(t, u.Check("\uff41lice", "wonder\u00a0land"))
}

// What is shown of a name does not tell whether it is somebody's.
func TestSCRAMShown(t *testing.T) {
	plain, err := users.Read(strings.NewReader("alice:wonder land\nbob:secret\n"))
	require.NoError(t, err)
	assert.True(t, plain.Plain())
	for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256} {
		known, err := plain.SCRAM(hash, "alice")
		require.NoError(t, err)
		unknown, err := plain.SCRAM(hash, "carol")
		assert.ErrorIs(t, err, sasl.ErrRefused)
		assert.Equal(t, known.Iterations, unknown.Iterations)
		assert.Len(t, unknown.Salt, len(known.Salt))
		assert.Empty(t, unknown.StoredKey)
		again, _ := plain.SCRAM(hash, "carol")
		assert.Equal(t, unknown.Salt, again.Salt)
		reread, err := users.Read(strings.NewReader("alice:wonder land\nbob:changed\n"))
		require.NoError(t, err)
		after, err := reread.SCRAM(hash, "alice")
		require.NoError(t, err)
		assert.Equal(t, known, after, "the file was read again")
	}

	hashed, err := users.Read(strings.NewReader("user:$scram-sha-256$5000$W22ZaJ0SNY7soEsU$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY$wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU\n"))
	require.NoError(t, err)
	assert.False(t, hashed.Plain())
	known, err := hashed.SCRAM(crypto.SHA256, "user")
	require.NoError(t, err)
	unknown, err := hashed.SCRAM(crypto.SHA256, "nobody")
	assert.ErrorIs(t, err, sasl.ErrRefused)
	assert.Equal(t, known.Iterations, unknown.Iterations)
	assert.Len(t, unknown.Salt, len(known.Salt))
}

// Where passwords are kept in several ways a name that is not there looks like one
// of those that are: nobody is known by his iteration count, or his salt's length.
func TestSCRAMShownOfSeveral(t *testing.T) {
	const keys = "$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY$wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU\n"
	u, err := users.Read(strings.NewReader("alice:plain\nbob:$scram-sha-256$5000$W22ZaJ0SNY7soEsU" + keys +
		"carol:$scram-sha-256$10000$W22ZaJ0SNY7soEsUW22ZaJ0SNY7soEsUW22ZaJ0SNY7soEsUW22ZaJ0SNY7soEsU" + keys))
	require.NoError(t, err)
	type face struct{ salt, iterations int }
	seen := map[face]int{}
	salts := map[string]bool{}
	for i := range 300 {
		name := "nobody" + strconv.Itoa(i)
		v, err := u.SCRAM(crypto.SHA256, name)
		require.ErrorIs(t, err, sasl.ErrRefused)
		seen[face{len(v.Salt), v.Iterations}]++
		salts[string(v.Salt)] = true
		again, _ := u.SCRAM(crypto.SHA256, name)
		require.Equal(t, v, again)
		v, err = u.SCRAM(crypto.SHA1, name)
		require.ErrorIs(t, err, sasl.ErrRefused)
		assert.Equal(t, face{16, 4096}, face{len(v.Salt), v.Iterations}, "all that there is with SHA-1")
	}
	assert.Len(t, salts, 300)
	assert.Len(t, seen, 3)
	for _, name := range []string{"alice", "bob", "carol"} {
		v, err := u.SCRAM(crypto.SHA256, name)
		require.NoError(t, err)
		assert.Greater(t, seen[face{len(v.Salt), v.Iterations}], 50, name)
	}
	assert.Equal(t, []string{"alice"}, u.Derived(crypto.SHA256), "who has keys keeps them")
}

func TestPassword(t *testing.T) {
	u, err := users.Read(strings.NewReader(file))
	require.NoError(t, err)
	password, ok := u.Password("alice")
	assert.True(t, ok)
	assert.Equal(t, "wonder land", password)
	for _, name := range []string{"user", "nobody"} {
		password, ok := u.Password(name)
		assert.False(t, ok)
		assert.Empty(t, password)
	}
}

func TestHash(t *testing.T) {
	first, err := users.Hash("pen\u00adcil", 0)
	require.NoError(t, err)
	second, err := users.Hash("pencil", 5000)
	require.NoError(t, err)
	assert.Regexp(t, `^\$scram-sha-256\$4096\$[^$:]{22}\$[^$:]{43}\$[^$:]{43}$`, first)
	assert.Contains(t, second, "$5000$")
	for _, field := range []string{first, second} {
		u, err := users.Read(strings.NewReader("user:" + field + ":/home/user"))
		require.NoError(t, err)
		assert.True(t, u.Check("user", "pencil"))
		assert.False(t, u.Check("user", "pencils"))
		assert.NoError(t, login(t, u, crypto.SHA256, "user", "pencil"))
		assert.Equal(t, "/home/user", u.Home("user"))
	}
	_, err = users.Hash("pen\x00cil", 0)
	assert.Error(t, err)
}

// The command of the package's page makes a password that is one.
func TestDocumentedCommand(t *testing.T) {
	python := testkit.Program(t, "python3")
	source, err := parser.ParseFile(token.NewFileSet(), "users.go", nil, parser.ParseComments|parser.PackageClauseOnly)
	require.NoError(t, err)
	script := commandIn(source.Doc)
	require.NotEmpty(t, script)
	script = strings.Replace(script, "getpass.getpass()", `"pencil"`, 1)
	out, err := exec.CommandContext(t.Context(), python, "-c", script).Output()
	require.NoError(t, err)
	name := filepath.Join(t.TempDir(), "users")
	require.NoError(t, os.WriteFile(name, append([]byte("user:"), out...), 0o600))
	u, err := users.ReadFile(name)
	require.NoError(t, err)
	assert.True(t, u.Check("user", "pencil"))
	assert.NoError(t, login(t, u, crypto.SHA256, "user", "pencil"))
}

// commandIn returns the script between the quotes of python3 -c.
func commandIn(doc *ast.CommentGroup) string {
	var lines []string
	for line := range strings.Lines(doc.Text()) {
		lines = append(lines, strings.TrimPrefix(line, "\t"))
	}
	_, rest, _ := strings.Cut(strings.Join(lines, ""), "python3 -c '\n")
	script, _, _ := strings.Cut(rest, "'\n")
	return script
}

// The keys are those of the exchange in RFC 7677 §3.
func TestSCRAMKeys(t *testing.T) {
	u, err := users.Read(strings.NewReader(file))
	require.NoError(t, err)
	v, err := u.SCRAM(crypto.SHA256, "user")
	require.NoError(t, err)
	salt, err := base64.StdEncoding.DecodeString("W22ZaJ0SNY7soEsUEjb6gQ==")
	require.NoError(t, err)
	want, err := sasl.NewVerifier(crypto.SHA256, "pencil", salt, 4096)
	require.NoError(t, err)
	assert.Equal(t, want, v)
}
