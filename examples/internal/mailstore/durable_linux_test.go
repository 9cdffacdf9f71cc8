package mailstore_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/testkit"
)

// strace sees that a message is on the disk before it has its name, and the name
// before the delivery is told to be done; the same for two users, each with a name
// of one file; and that an index is synced before a UID is told, and a removal before
// it is.
func TestInteropDurable(t *testing.T) {
	trace := testkit.StraceChild(t, "TestChildDurable", "fsync,renameat,renameat2,linkat,unlinkat,write,pwrite64,openat")
	const call = `(?s:.*?)\n\d+ +`
	steps := []string{
		`write\(\d+, "one\\n", 4`, `fsync\(`, `renameat2?\(.*`, `openat\(.*"new"`, `fsync\(`, `write\(1, "told one`,
		`write\(\d+, "two\\n", 4`, `fsync\(`, `linkat\(.*`, `openat\(.*"new"`, `fsync\(`, `write\(1, "told two`,
		`fsync\(`, `write\(1, "told UIDs`,
		`unlinkat\(`, `openat\(.*"new"`, `fsync\(`, `pwrite64\(\d+, "- `, `fsync\(`, `write\(1, "told removed`,
	}
	assert.Regexp(t, regexp.MustCompile(strings.Join(steps, call)), trace)
	// The two names are made at the same time, so their steps have no order.
	_, both, _ := strings.Cut(trace, " linkat(")
	both, _, _ = strings.Cut(both, `"told two`)
	assert.Equal(t, 1, strings.Count(both, " linkat("), "after the first")
	assert.GreaterOrEqual(t, strings.Count(both, "fsync("), 2)
}

func TestChildDurable(t *testing.T) {
	testkit.Child(t)
	s, _ := newStore(t, nil)
	bob, alice := mailbox(t, s, "bob", "INBOX"), mailbox(t, s, "alice", "INBOX")
	view(t, bob)
	view(t, alice)
	told := func(what string) { os.Stdout.WriteString("told " + what + "\n") }
	require.NoError(t, s.Deliver(t.Context(), []string{"bob"}, strings.NewReader("one\r\n")))
	told("one")
	require.NoError(t, s.Deliver(t.Context(), []string{"bob", "alice"}, strings.NewReader("two\r\n")))
	told("two")
	view(t, bob)
	told("UIDs")
	require.NoError(t, bob.Expunge(t.Context(), 1))
	told("removed")
}
