package mailstore_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/mailstore"
)

// script does a little of all to a store, and returns what it was told to be done:
// for each mailbox the subjects that must be there and those that may.
func script(ctx context.Context, s *mailstore.Store) (must, may []string) {
	done := func(err error, what ...string) {
		if err == nil {
			must = append(must, what...)
		} else {
			may = append(may, what...) // only where removing was told to have failed
		}
	}
	if err := s.Deliver(ctx, []string{"alice", "bob"}, strings.NewReader("one\r\n")); err == nil {
		done(nil, "alice one", "bob one")
	}
	if err := s.Deliver(ctx, []string{"bob"}, strings.NewReader("two\r\n")); err == nil {
		done(nil, "bob two")
	}
	errs := s.DeliverEach(ctx, []string{"alice", "bob"}, strings.NewReader("three\r\n"))
	for i, user := range []string{"alice", "bob"} {
		if errs[i] == nil {
			done(nil, user+" three")
		}
	}
	bob, err := s.Mailbox("bob", "INBOX")
	if err != nil {
		return must, may
	}
	defer bob.Close()
	alice, err := s.Mailbox("alice", "INBOX")
	if err != nil {
		return must, may
	}
	defer alice.Close()
	bob.Change(ctx, mailstore.Change{Flags: "S", Keywords: []string{"work"}}, 1, 2)
	if _, err := bob.Append(ctx, strings.NewReader("four\r\n"), nil); err == nil {
		done(nil, "bob four")
	}
	if from, _, err := bob.Copy(ctx, alice, 4); err == nil && len(from) == 1 {
		done(nil, "alice four")
	}
	v, err := bob.View(ctx)
	if err != nil || v.Len() == 0 || !slices.Contains(must, "bob one") {
		return must, may
	}
	// The first is "one": should it be removed, it must not be there.
	must = slices.DeleteFunc(must, func(s string) bool { return s == "bob one" })
	if err := bob.Expunge(ctx, v.At(0).UID); err != nil {
		done(err, "bob one")
	}
	return must, may
}

// subjects returns what is in all mailboxes.
func subjects(tb testing.TB, s *mailstore.Store) (all []string) {
	for _, user := range []string{"alice", "bob"} {
		m, err := s.Mailbox(user, "INBOX")
		require.NoError(tb, err)
		for _, msg := range view(tb, m).All() {
			content := text(tb, m, msg.UID)
			require.True(tb, strings.HasSuffix(content, "\r\n"), "half a message: %q", content)
			all = append(all, user+" "+strings.TrimSuffix(content, "\r\n"))
		}
		require.NoError(tb, m.Close())
	}
	slices.Sort(all)
	return all
}

// checkSubjects finds what must be there, once, and nothing that was told to have
// failed.
func checkSubjects(tb testing.TB, what string, must, may, got []string) {
	for _, s := range must {
		assert.Equal(tb, 1, count(got, s), "%s: %s must be there once: %v", what, s, got)
	}
	for _, s := range got {
		assert.True(tb, slices.Contains(must, s) || slices.Contains(may, s), "%s: %s must not be there: %v", what, s, must)
	}
}

func count(all []string, s string) (n int) {
	for _, t := range all {
		if s == t {
			n++
		}
	}
	return n
}

// A disk that is full at any step, once or from then on: what was told to be done is
// done, what was not told so is not, and the store goes on when there is room again.
func TestDiskFull(t *testing.T) {
	for _, once := range []bool{true, false} {
		for n := 0; ; n += map[bool]int{true: 1, false: 3}[once] {
			var mu sync.Mutex
			steps, full := 0, true
			failed := ""
			opts := &mailstore.Options{}
			mailstore.SetFault(opts, func(op string) error {
				mu.Lock()
				defer mu.Unlock()
				if steps++; full && (steps == n+1 || !once && steps > n) && op != "remove" {
					failed = op
					return syscall.ENOSPC
				}
				return nil
			})
			s, dir := newStore(t, opts)
			must, may := script(t.Context(), s)
			what := fmt.Sprintf("step %d (%s), once %v", n, failed, once)
			mu.Lock()
			full = false
			ended := steps <= n
			mu.Unlock()
			checkSubjects(t, what, must, may, subjects(t, s))
			before := rows(view(t, mailbox(t, s, "bob", "INBOX")))
			s, _ = reopened(t, s, dir, "bob", "INBOX")
			checkSubjects(t, what+", reopened", must, may, subjects(t, s))
			assert.Equal(t, before, rows(view(t, mailbox(t, s, "bob", "INBOX"))), what)
			require.NoError(t, s.Deliver(t.Context(), []string{"bob"}, strings.NewReader("again\r\n")))
			require.NoError(t, s.Close())
			require.Empty(t, tmpFiles(t, dir), what)
			if ended {
				require.Len(t, must, 6, what)
				break
			}
		}
	}
}

func tmpFiles(tb testing.TB, dir string) []string {
	names, err := filepath.Glob(filepath.Join(dir, "*", "Maildir", "tmp", "*"))
	require.NoError(tb, err)
	return names
}

// At each step the disk is copied, as a crash would leave it: what was told to be done
// by then is there, once and whole, with the UIDs that were told.
func TestCrashAtEachStep(t *testing.T) {
	type snapshot struct {
		dir, step string
		must      int
	}
	var mu sync.Mutex
	var snapshots []snapshot
	var must []string
	dir, copies := t.TempDir(), t.TempDir()
	opts := &mailstore.Options{}
	mailstore.SetFault(opts, func(op string) error {
		mu.Lock()
		defer mu.Unlock()
		to := filepath.Join(copies, itoa(len(snapshots)))
		if err := os.CopyFS(to, os.DirFS(dir)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		snapshots = append(snapshots, snapshot{to, op, len(must)})
		return nil
	})
	s := openStore(t, dir, opts)
	for i := range 12 {
		to := [][]string{{"alice", "bob"}, {"bob"}, {"alice"}}[i%3]
		require.NoError(t, s.Deliver(t.Context(), to, strings.NewReader(itoa(i)+"\r\n")))
		mu.Lock()
		for _, user := range to {
			must = append(must, user+" "+itoa(i))
		}
		mu.Unlock()
	}
	require.NoError(t, s.Close())
	require.Greater(t, len(snapshots), 60)
	for _, c := range snapshots {
		s := openStore(t, c.dir, nil)
		got := subjects(t, s)
		for _, id := range must[:c.must] {
			assert.Equal(t, 1, count(got, id), "%s: %s", c.step, id)
		}
		assert.LessOrEqual(t, len(got), c.must+2, "%s: the one under way, for two at most", c.step)
		require.NoError(t, s.Close())
	}
}

// What a sender breaks off, or what breaks off, is nowhere.
func TestDeliverBroken(t *testing.T) {
	s, dir := newStore(t, nil)
	broken := io.MultiReader(strings.NewReader(strings.Repeat("x\r\n", 50000)), errReader{io.ErrUnexpectedEOF})
	assert.ErrorIs(t, s.Deliver(t.Context(), []string{"alice", "bob"}, broken), io.ErrUnexpectedEOF)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(io.ErrClosedPipe)
	assert.ErrorIs(t, s.Deliver(ctx, []string{"bob"}, strings.NewReader("a\r\n")), io.ErrClosedPipe)
	assert.NoError(t, s.Deliver(t.Context(), nil, strings.NewReader("a\r\n")), "nobody has it")
	assert.Empty(t, subjects(t, s))
	assert.Empty(t, tmpFiles(t, dir))
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

// One of several users whose folder cannot be used: all or none have the message, or
// each has his own result.
func TestDeliverToSome(t *testing.T) {
	s, dir := newStore(t, nil)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "carol"), nil, 0o600))
	errs := s.DeliverEach(t.Context(), []string{"bob", "carol", "", "bob"}, strings.NewReader("a\r\n"))
	require.Len(t, errs, 4)
	assert.NoError(t, errs[0])
	assert.Error(t, errs[1])
	assert.ErrorIs(t, errs[2], mailstore.ErrName)
	assert.NoError(t, errs[3])
	assert.Error(t, s.Deliver(t.Context(), []string{"alice", "carol", "bob"}, strings.NewReader("b\r\n")))
	assert.Equal(t, []string{"bob a"}, subjects(t, s))
}

// A user's folder that is removed while it is served is made anew for the next
// delivery; those who have it open learn that it has gone.
func TestFolderRemoved(t *testing.T) {
	s, dir := newStore(t, nil)
	m := mailbox(t, s, "bob", "INBOX")
	fill(t, m, "a\r\n")
	validity := view(t, m).UIDValidity
	sub := m.Subscribe()
	defer sub.Close()
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "bob")))
	require.NoError(t, s.Deliver(t.Context(), []string{"bob"}, strings.NewReader("b\r\n")))
	<-sub.C
	_, err := m.View(t.Context())
	assert.ErrorIs(t, err, mailstore.ErrGone)
	_, err = m.Change(t.Context(), mailstore.Change{}, 1)
	assert.ErrorIs(t, err, mailstore.ErrGone)
	m2 := mailbox(t, s, "bob", "INBOX")
	v := view(t, m2)
	assert.Equal(t, []string{"1 new"}, rows(v))
	assert.Greater(t, v.UIDValidity, validity)

	// Removed and made again by others, it is another.
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "bob")))
	for _, name := range []string{"new", "cur", "tmp"} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "bob", "Maildir", name), 0o700))
	}
	_, err = m2.Refresh(t.Context())
	assert.ErrorIs(t, err, mailstore.ErrGone)
	assert.Zero(t, view(t, mailbox(t, s, "bob", "INBOX")).Len())
	// For several users it is found when the file is linked there, and then made.
	require.NoError(t, s.Deliver(t.Context(), []string{"alice", "bob"}, strings.NewReader("c\r\n")))
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "bob")))
	assert.Error(t, s.Deliver(t.Context(), []string{"alice", "bob"}, strings.NewReader("d\r\n")))
	require.NoError(t, s.Deliver(t.Context(), []string{"alice", "bob"}, strings.NewReader("e\r\n")))
	assert.Equal(t, []string{"alice c", "alice e", "bob e"}, subjects(t, s))
	m3 := mailbox(t, s, "bob", "INBOX")
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "bob")))
	_, err = m3.Append(t.Context(), strings.NewReader("f\r\n"), nil)
	assert.ErrorIs(t, err, mailstore.ErrGone)
}

// What a process that died has left in tmp is removed when it is old enough.
func TestStaleFiles(t *testing.T) {
	s, dir := newStore(t, nil)
	mailbox(t, s, "bob", "INBOX")
	tmp := filepath.Join(dir, "bob", "Maildir", "tmp")
	for name, age := range map[string]time.Duration{"old": 37 * time.Hour, "young": 35 * time.Hour} {
		require.NoError(t, os.WriteFile(filepath.Join(tmp, name), nil, 0o600))
		at := time.Now().Add(-age)
		require.NoError(t, os.Chtimes(filepath.Join(tmp, name), at, at))
	}
	require.NoError(t, s.Close())
	mailbox(t, openStore(t, dir, nil), "bob", "INBOX")
	assert.Equal(t, []string{filepath.Join(tmp, "young")}, tmpFiles(t, dir))
}

// A UID that cannot be written to the index is not told; the message is there.
func TestUIDNotTold(t *testing.T) {
	full := false
	opts := &mailstore.Options{}
	mailstore.SetFault(opts, func(op string) error {
		if full && strings.HasPrefix(op, "index") {
			return syscall.ENOSPC
		}
		return nil
	})
	s, dir := newStore(t, opts)
	m := mailbox(t, s, "bob", "INBOX")
	fill(t, m, "a\r\n")
	before := view(t, m)
	full = true
	uid, err := m.Append(t.Context(), strings.NewReader("b\r\n"), nil)
	require.NoError(t, err)
	assert.Zero(t, uid)
	from, copies, err := m.Copy(t.Context(), m, 1)
	require.NoError(t, err)
	assert.Equal(t, []uint32{1}, from)
	assert.Empty(t, copies)
	assert.Equal(t, rows(before), rows(view(t, m)), "the view is the last that could be told")
	assert.Equal(t, "a\r\n", text(t, m, 1), "and its messages can be read")
	full = false
	assert.Equal(t, []string{"1 new", "2 new", "3 new"}, rows(view(t, m)))
	_, v := reopened(t, s, dir, "bob", "INBOX")
	assert.Equal(t, []string{"1 new", "2 new", "3 new"}, rows(v))
}

func TestOpenFails(t *testing.T) {
	s, dir := newStore(t, nil)
	_, err := mailstore.Open(dir, nil)
	assert.ErrorIs(t, err, mailstore.ErrLocked)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = mailstore.Open(file, nil)
	assert.Error(t, err)
	m := mailbox(t, s, "bob", "INBOX")
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	_, err = s.Mailbox("bob", "INBOX")
	assert.ErrorIs(t, err, mailstore.ErrClosed)
	_, err = m.View(t.Context())
	assert.ErrorIs(t, err, mailstore.ErrClosed)
	_, err = m.OpenMessage(1)
	assert.ErrorIs(t, err, mailstore.ErrClosed)
	assert.Error(t, s.Deliver(t.Context(), []string{"bob"}, strings.NewReader("")))
}

// A Maildir of which some directories are missing, as one who was killed while he made
// it leaves it, or a backup that has left out what was empty, is made whole; one of
// which none is there is no folder.
func TestHalfMadeMaildir(t *testing.T) {
	for _, there := range [][]string{{}, {"tmp"}, {"tmp", "new"}, {"cur"}, {"new"}} {
		s, dir := newStore(t, nil)
		box := filepath.Join(dir, "bob", "Maildir")
		for _, name := range there {
			require.NoError(t, os.MkdirAll(filepath.Join(box, name), 0o700))
			require.NoError(t, os.MkdirAll(filepath.Join(box, ".Sent", name), 0o700))
		}
		require.NoError(t, os.MkdirAll(filepath.Join(box, ".Sent"), 0o700))
		assert.NoError(t, s.Deliver(t.Context(), []string{"bob"}, strings.NewReader("a\r\n")), "%v", there)
		assert.Equal(t, 1, view(t, mailbox(t, s, "bob", "INBOX")).Len())
		m, err := s.Mailbox("bob", "Sent")
		if len(there) == 0 {
			assert.ErrorIs(t, err, mailstore.ErrNoMailbox)
			continue
		}
		require.NoError(t, err, "%v", there)
		fill(t, m, "b\r\n")
		require.NoError(t, m.Close())
	}
}

// A tmp that is removed while the store is open, as it is empty, is made again.
func TestTmpRemoved(t *testing.T) {
	s, dir := newStore(t, nil)
	m := mailbox(t, s, "bob", "INBOX")
	remove := func() { require.NoError(t, os.Remove(filepath.Join(dir, "bob", "Maildir", "tmp"))) }
	remove()
	require.NoError(t, s.Deliver(t.Context(), []string{"bob"}, strings.NewReader("a\r\n")))
	remove()
	fill(t, m, "b\r\n")
	assert.Equal(t, []string{"1 new", "2 new"}, rows(view(t, m)), "it is the same mailbox")
}

// An index that was written anew, and whose directory could not be synced, is the one
// that has the name: what comes later is in it, and no UID is given twice.
func TestIndexRewrittenNotSynced(t *testing.T) {
	failed := 0
	opts := &mailstore.Options{}
	mailstore.SetFault(opts, func(op string) error {
		if op == "index directory" {
			if failed++; failed == 2 { // the first has made it
				return syscall.EIO
			}
		}
		return nil
	})
	s, dir := newStore(t, opts)
	m := mailbox(t, s, "bob", "INBOX")
	fill(t, m, "a\r\n")
	for i := 0; failed < 2; i++ { // until it is mostly garbage
		require.Less(t, i, 100_000, "it never shrinks")
		how := []mailstore.How{mailstore.Add, mailstore.Remove}[i%2]
		_, err := m.Change(t.Context(), mailstore.Change{How: how, Keywords: []string{"work"}}, 1)
		require.NoError(t, err)
	}
	// So many come that most of it is none.
	const more = 1500
	for i := range more {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "bob", "Maildir", "new", "1."+itoa(i)), nil, 0o600))
	}
	require.Equal(t, 1+more, view(t, m).Len())
	require.NoError(t, m.Expunge(t.Context(), 2))
	v := view(t, m)
	require.Equal(t, uint32(2+more), v.UIDNext)
	_, again := reopened(t, s, dir, "bob", "INBOX")
	assert.Equal(t, v.UIDNext, again.UIDNext, "a UID is never given again")
	assert.True(t, slices.Equal(rows(v), rows(again)))
}

// A message whose file or name is not known to be on the disk is told to none of those
// whose delivery shares the sync, and is nowhere.
func TestSyncFails(t *testing.T) {
	for _, step := range []string{"sync", "sync file"} {
		opts := &mailstore.Options{}
		mailstore.SetFault(opts, func(op string) error {
			if op == step {
				return syscall.EIO
			}
			return nil
		})
		s, dir := newStore(t, opts)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				assert.ErrorIs(t, s.Deliver(t.Context(), []string{"bob"}, strings.NewReader("a\r\n")), syscall.EIO, step)
				errs := s.DeliverEach(t.Context(), []string{"alice", "bob"}, strings.NewReader("b\r\n"))
				assert.ErrorIs(t, errs[0], syscall.EIO, step)
				assert.ErrorIs(t, errs[1], syscall.EIO, step)
				_, err := mailbox(t, s, "bob", "INBOX").Append(t.Context(), strings.NewReader("c\r\n"), nil)
				assert.ErrorIs(t, err, syscall.EIO, step)
			})
		}
		wg.Wait()
		assert.Empty(t, subjects(t, s), step)
		assert.Empty(t, tmpFiles(t, dir), step)
	}
}

// After a sync that has failed nobody knows what of the index is on the disk: it is
// written anew before anything is told. What a process before has written is synced.
func TestIndexSyncFails(t *testing.T) {
	var steps []string
	fail := false
	opts := &mailstore.Options{}
	mailstore.SetFault(opts, func(op string) error {
		steps = append(steps, op)
		if fail && op == "index sync" {
			fail = false
			return syscall.EIO
		}
		return nil
	})
	s, dir := newStore(t, opts)
	m := mailbox(t, s, "bob", "INBOX")
	fill(t, m, "a\r\n")
	view(t, m)
	require.NoError(t, s.Deliver(t.Context(), []string{"bob"}, strings.NewReader("b\r\n")))
	fail = true
	assert.Equal(t, []string{"1 new"}, rows(view(t, m)), "the one that has come is not told")
	steps = nil
	assert.Equal(t, []string{"1 new", "2 new"}, rows(view(t, m)))
	assert.Contains(t, steps, "index rewrite")
	require.NoError(t, s.Close())
	steps = nil
	mailbox(t, openStore(t, dir, opts), "bob", "INBOX")
	assert.Contains(t, steps, "index sync")
}

// A folder that another program removes gives its room back.
func TestQuotaOfFolderRemoved(t *testing.T) {
	s, dir := newStore(t, &mailstore.Options{Quota: 10})
	require.NoError(t, s.Create("bob", "Sent"))
	sent := mailbox(t, s, "bob", "Sent")
	fill(t, sent, "123456\r\n")
	require.ErrorIs(t, s.Room("bob", 3), mailstore.ErrOverQuota)
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "bob", "Maildir", ".Sent")))
	_, err := sent.Refresh(t.Context())
	require.ErrorIs(t, err, mailstore.ErrGone)
	assert.NoError(t, s.Room("bob", 10))
}
