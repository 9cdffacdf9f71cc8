package mailstore_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/mailstore"
	"applayer/internal/testkit"
)

// changing are the system calls that change what is on a disk.
const changing = "mkdirat,openat,write,pwrite64,fsync,renameat,linkat,unlinkat,ftruncate"

// A process that does a little of all is killed at a system call, at each seventh,
// or has them fail from that one on: what it had told by then is so, under the UIDs
// that it had told, and the store can be used.
func TestInteropEachCall(t *testing.T) {
	strace := testkit.Program(t, "strace")
	self, err := os.Executable()
	require.NoError(t, err)
	ended := false
	for n := 1; n < 400 && !ended; n += 7 {
		for _, fault := range []string{"signal=SIGKILL:when=%d", "error=EIO:when=%d", "error=ENOSPC:when=%d+", "error=EROFS:when=%d+"} {
			fault = fmt.Sprintf("inject="+changing+":"+fault, n)
			dir, out := t.TempDir(), filepath.Join(t.TempDir(), "out")
			cmd := exec.CommandContext(t.Context(), strace, "-f", "-o", out, "-e", "trace="+changing, "-e", fault,
				self, "-test.run=^TestChildSteps$", "-test.count=1")
			cmd.Env = append(os.Environ(), "APPLAYER_TEST_CHILD=TestChildSteps", "GOMAXPROCS=1", crashDir+"="+dir)
			told, _ := cmd.CombinedOutput()
			if strings.Contains(strings.ToUpper(string(told)), "PTRACE") {
				testkit.Lack(t, "strace may not trace here: "+string(told))
			}
			require.NotContains(t, string(told), "panic:", fault)
			checkSteps(t, fault, dir, string(told))
			// Killed it does not come to its end.
			ended = ended || strings.Contains(fault, "KILL") && strings.Contains(string(told), "told ended")
		}
	}
	assert.True(t, ended, "there are no more calls")
}

// tellIt tells the other test what it is to know, twice, as writing may fail once.
func tellIt(format string, args ...any) {
	for range 2 {
		fmt.Fprintf(os.Stdout, "told "+format+"\n", args...)
	}
}

func TestChildSteps(t *testing.T) {
	testkit.Child(t)
	s, err := mailstore.Open(os.Getenv(crashDir), nil)
	if err != nil {
		return
	}
	defer s.Close()
	deliver := func(text string, to ...string) {
		if s.Deliver(t.Context(), to, strings.NewReader(text+"\r\n")) == nil {
			for _, user := range to {
				tellIt("there %s/%s", user, text)
			}
		}
	}
	deliver("one", "bob")
	deliver("two", "alice", "bob")
	s.Create("bob", "Sent")
	bob, err := s.Mailbox("bob", "INBOX")
	if err != nil {
		return
	}
	defer bob.Close()
	tellUIDs(t, bob)
	bob.Change(t.Context(), mailstore.Change{Flags: "S", Keywords: []string{"work"}}, 1, 2)
	if sent, err := s.Mailbox("bob", "Sent"); err == nil {
		bob.Copy(t.Context(), sent, 1, 2)
		sent.Close()
	}
	s.Rename("bob", "Sent", "Old")
	s.Delete("bob", "Old")
	tellUIDs(t, bob)
	if w, err := bob.OpenMessage(1); err == nil {
		b, _ := io.ReadAll(w)
		w.Close()
		tellIt("perhaps bob/%s", strings.TrimSpace(string(b)))
		if len(b) > 0 && bob.Expunge(t.Context(), 1) == nil {
			tellIt("gone bob/%s", strings.TrimSpace(string(b)))
		}
	}
	deliver("three", "bob")
	tellUIDs(t, bob)
	tellIt("ended")
}

// tellUIDs tells what a view shows.
func tellUIDs(t *testing.T, m *mailstore.Mailbox) {
	v, err := m.View(t.Context())
	if err != nil {
		return
	}
	for _, msg := range v.All() {
		tellIt("UID %d of %d is %s, up to %d", msg.UID, v.UIDValidity, msg.Base, v.HighestModSeq)
	}
}

func checkSteps(t *testing.T, what, dir, out string) {
	s, err := mailstore.Open(dir, nil)
	require.NoError(t, err, what)
	defer s.Close()
	got := subjects(t, s)
	bob := mailbox(t, s, "bob", "INBOX")
	v := view(t, bob)
	for line := range strings.Lines(out) {
		var uid, validity uint32
		var base string
		var modSeq uint64
		if n, _ := fmt.Sscanf(line, "told UID %d of %d is %s up to %d", &uid, &validity, &base, &modSeq); n == 4 {
			assert.Equal(t, validity, v.UIDValidity, what)
			assert.Greater(t, v.UIDNext, uid, what)
			assert.GreaterOrEqual(t, v.HighestModSeq, modSeq, what)
			if i, ok := v.Find(uid); ok {
				assert.Equal(t, base, v.At(i).Base+",", "%s: another message has UID %d", what, uid)
			}
		}
		id, there := strings.CutPrefix(strings.TrimSpace(line), "told there ")
		if there && !strings.Contains(out, "told perhaps "+id+"\n") {
			assert.Equal(t, 1, count(got, strings.Replace(id, "/", " ", 1)), "%s: %s", what, id)
		}
		if id, gone := strings.CutPrefix(strings.TrimSpace(line), "told gone "); gone {
			assert.NotContains(t, got, strings.Replace(id, "/", " ", 1), what)
		}
	}
	require.NoError(t, s.Deliver(t.Context(), []string{"alice", "bob"}, strings.NewReader("again\r\n")), what)
	names, err := s.Folders("bob")
	require.NoError(t, err, what)
	for _, name := range names {
		m, err := s.Mailbox("bob", name)
		require.NoError(t, err, "%s: %s", what, name)
		view(t, m)
		require.NoError(t, m.Close())
	}
}
