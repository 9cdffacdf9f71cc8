package lockfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/lockfile"
	"applayer/internal/testkit"
)

func TestTry(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	unlock, err := lockfile.Try(name)
	require.NoError(t, err)
	_, err = lockfile.Try(name)
	assert.ErrorIs(t, err, lockfile.ErrLocked)

	require.NoError(t, unlock())
	assert.NoFileExists(t, name)
	unlock, err = lockfile.Try(name)
	require.NoError(t, err, "what was given back can be had again")
	assert.NoError(t, unlock())
}

func TestTryWithoutAFolder(t *testing.T) {
	_, err := lockfile.Try(filepath.Join(t.TempDir(), "none", "lock"))
	assert.Error(t, err)
	assert.NotErrorIs(t, err, lockfile.ErrLocked)
}

// A process that is killed gives its locks back.
func TestTryAfterADeath(t *testing.T) {
	testkit.Linux(t, "a lock that ends with its process")
	name := filepath.Join(t.TempDir(), "lock")
	t.Setenv("LOCKFILE", name)
	child := testkit.StartChild(t, "TestLockChild")
	child.WaitLine("locked")
	_, err := lockfile.Try(name)
	assert.ErrorIs(t, err, lockfile.ErrLocked)

	p, err := os.FindProcess(child.Pid())
	require.NoError(t, err)
	require.NoError(t, p.Kill())
	child.Wait()
	unlock, err := lockfile.Try(name)
	require.NoError(t, err)
	assert.NoError(t, unlock())
}

func TestLockChild(t *testing.T) {
	testkit.Child(t)
	_, err := lockfile.Try(os.Getenv("LOCKFILE"))
	require.NoError(t, err)
	os.Stdout.WriteString("locked\n")
	select {}
}
