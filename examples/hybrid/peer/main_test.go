package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
)

func TestHybrid(t *testing.T) {
	server := testkit.Build(t, "applayer/examples/hybrid/server")
	peer := testkit.Build(t, "applayer/examples/hybrid/peer")
	file := filepath.Join(t.TempDir(), "users")
	require.NoError(t, os.WriteFile(file, []byte("alice:wonder\nbob:secret\n"), 0o600))
	const ready = "listening on tcp "
	d := testkit.Start(t, server, "-v", "-addr", "127.0.0.1:0", "-users", file)
	addr := strings.TrimPrefix(d.WaitLine(ready), ready)

	wrong := testkit.Start(t, peer, "-server", addr, "-user", "bob", "-pass", "guess")
	assert.Equal(t, 1, wrong.Wait())
	assert.Equal(t, "peer: login: refused: \"NO wrong user or password\"\n", wrong.Stderr())
	alone := testkit.Start(t, peer, "-server", addr, "-user", "alice", "-pass", "wonder", "bob")
	assert.Equal(t, 1, alone.Wait())
	assert.Contains(t, alone.Stderr(), "bob is not here")

	bob := testkit.Start(t, peer, "-server", addr, "-user", "bob", "-pass", "secret")
	bob.WaitLine(ready)
	alice := testkit.Start(t, peer, "-server", addr, "-user", "alice", "-pass", "wonder", "bob")
	say := func(from, to *testkit.Process, text string) {
		t.Helper()
		_, err := io.WriteString(from.Stdin, text+"\n")
		require.NoError(t, err)
		assert.Equal(t, text, to.WaitLine(text))
	}
	say(alice, bob, "hello bob")
	say(bob, alice, "hello alice")
	assert.Equal(t, 0, d.Stop(), "the directory ends")
	say(alice, bob, "still there?")
	say(bob, alice, "without the server")

	// Alice has said all; Bob, whose input stays open, is told to end.
	require.NoError(t, alice.Stdin.Close())
	assert.Equal(t, 0, bob.Stop(), bob.Stderr())
	assert.Equal(t, 0, alice.Wait())
	assert.Contains(t, d.Stderr(), "C: WHERE bob")
	assert.Contains(t, d.Stderr(), "C: LOGIN bob ***")
	assert.NotContains(t, d.Stderr(), "secret")
	assert.NotContains(t, d.Stderr(), "hello", "what peers say does not pass the directory")
}

func TestWrongUsage(t *testing.T) {
	peer := testkit.Build(t, "applayer/examples/hybrid/peer")
	assert.Equal(t, 2, testkit.Start(t, peer, "-user", "bob").Wait())
	assert.Equal(t, 2, testkit.Start(t, peer, "-user", "bob", "-pass", "x", "alice", "carol").Wait())
	waiting := testkit.Start(t, peer, "-h")
	assert.Equal(t, 0, waiting.Wait())
	assert.Contains(t, waiting.Stdout(), "example:")
}
