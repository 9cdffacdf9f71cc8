package maildir_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
	"applayer/mime/maildir"
)

// strace sees that a message is on the disk before it has its name, and the name
// before Commit returns; the same of a flag and of a removal. The directory that a
// message moves to is synced before the one that it leaves.
func TestInteropDurable(t *testing.T) {
	trace := testkit.StraceChild(t, "TestChildDurable", "fsync,renameat,renameat2,unlinkat,write,openat")
	const call = `(?s:.*?)\n\d+ +`
	steps := []string{
		`write\(\d+, "content", 7`, `fsync\(`, `renameat2?\(.*`, `openat\(.*"new"`, `fsync\(`,
		`renameat2?\(.*:2,S`, `openat\(.*"cur"`, `fsync\(`, `openat\(.*"new"`, `fsync\(`,
		`unlinkat\(`, `openat\(.*"cur"`, `fsync\(`,
	}
	assert.Regexp(t, regexp.MustCompile(strings.Join(steps, call)), trace)
}

func TestChildDurable(t *testing.T) {
	testkit.Child(t)
	d, err := maildir.Create(t.TempDir())
	require.NoError(t, err)
	defer d.Close()
	m, err := d.Deliver(strings.NewReader("content"), nil)
	require.NoError(t, err)
	m, err = d.SetFlags(m, "S")
	require.NoError(t, err)
	require.NoError(t, d.Remove(m))
}

// A new Maildir's three directories are on the disk when Create returns: else a
// crash could take a message that was committed with its directory.
func TestInteropDurableCreate(t *testing.T) {
	trace := testkit.StraceChild(t, "TestChildDurableCreate", "fsync,mkdirat,openat")
	assert.Regexp(t, `mkdirat\(\d+, "cur"(?s:.*?)openat\(\d+, "\."(?s:.*?)fsync\(`, trace)
	// So are the directories above it, each by the one that it is in, and the one
	// that was there, which may be as new.
	begun, _, _ := strings.Cut(trace, `"tmp"`)
	assert.Equal(t, 4, strings.Count(begun, "fsync("), begun)
}

func TestChildDurableCreate(t *testing.T) {
	testkit.Child(t)
	d, err := maildir.Create(filepath.Join(t.TempDir(), "a", "b", "Maildir"))
	require.NoError(t, err)
	require.NoError(t, d.Close())
}
