package mailstore_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/mailstore"
	"applayer/internal/testkit"
	"applayer/pop3"
)

// A message for several is one file where the disk has links, and else a copy each.
func TestOneFileForAll(t *testing.T) {
	for _, links := range []bool{true, false} {
		opts := &mailstore.Options{}
		mailstore.SetFault(opts, func(op string) error {
			if op == "link" && !links {
				return os.ErrPermission
			}
			return nil
		})
		s, dir := newStore(t, opts)
		require.NoError(t, s.Deliver(t.Context(), []string{"alice", "bob"}, strings.NewReader("a\r\n")))
		assert.Equal(t, []string{"alice a", "bob a"}, subjects(t, s))
		files, err := filepath.Glob(filepath.Join(dir, "*", "Maildir", "new", "*"))
		require.NoError(t, err)
		require.Len(t, files, 2)
		a, err := os.Stat(files[0])
		require.NoError(t, err)
		b, err := os.Stat(files[1])
		require.NoError(t, err)
		assert.Equal(t, links, os.SameFile(a, b))
		assert.Empty(t, tmpFiles(t, dir))
	}
}

func TestQuota(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, nil)
	require.NoError(t, s.Create("bob", "Sent"))
	fill(t, mailbox(t, s, "bob", "Sent"), "30 octets, with CR and with LF\r\n") // 32
	require.NoError(t, s.Close())
	s = openStore(t, dir, &mailstore.Options{Quota: 40})
	eight := func() *strings.Reader { return strings.NewReader("123456\r\n") }
	nine := func() *strings.Reader { return strings.NewReader("1234567\r\n") }
	assert.ErrorIs(t, s.Deliver(t.Context(), []string{"bob"}, nine()), mailstore.ErrOverQuota)
	assert.ErrorIs(t, s.Deliver(t.Context(), []string{"bob", "alice"}, nine()), mailstore.ErrOverQuota)
	assert.Empty(t, subjects(t, s))
	errs := s.DeliverEach(t.Context(), []string{"bob", "alice"}, nine())
	assert.ErrorIs(t, errs[0], mailstore.ErrOverQuota)
	assert.NoError(t, errs[1])
	require.NoError(t, s.Deliver(t.Context(), []string{"bob"}, eight()))
	assert.ErrorIs(t, s.Deliver(t.Context(), []string{"bob"}, strings.NewReader("x")), mailstore.ErrOverQuota)
	assert.ErrorIs(t, s.Deliver(t.Context(), []string{"bob"}, strings.NewReader(strings.Repeat("x", 1<<20))), mailstore.ErrOverQuota)

	in, sent := mailbox(t, s, "bob", "INBOX"), mailbox(t, s, "bob", "Sent")
	_, err := in.Append(t.Context(), strings.NewReader("x"), nil)
	assert.ErrorIs(t, err, mailstore.ErrOverQuota)
	_, _, err = in.Copy(t.Context(), sent, 1)
	assert.ErrorIs(t, err, mailstore.ErrOverQuota)
	require.NoError(t, in.Expunge(t.Context(), 1))
	require.NoError(t, s.Deliver(t.Context(), []string{"bob"}, eight()))
	require.NoError(t, s.Delete("bob", "Sent"))
	require.NoError(t, s.Deliver(t.Context(), []string{"bob"}, nine()))
	assert.Equal(t, []string{"alice 1234567", "bob 123456", "bob 1234567"}, subjects(t, s))
	assert.Empty(t, tmpFiles(t, dir))

	// Deliveries at the same time do not pass it together.
	require.NoError(t, s.Close())
	s = openStore(t, dir, &mailstore.Options{Quota: 17 + 80})
	var wg sync.WaitGroup
	var granted atomic.Int64
	for range 30 {
		wg.Go(func() {
			if s.Deliver(t.Context(), []string{"bob"}, eight()) == nil {
				granted.Add(1)
			}
		})
	}
	wg.Wait()
	assert.Equal(t, int64(10), granted.Load())
}

// A message counts once from when room is reserved for it to when it is removed: that
// it is on its way to the index takes no room from others, and a folder that gets
// another name none away.
func TestQuotaCountsOnce(t *testing.T) {
	opts := &mailstore.Options{Quota: 16}
	var s *mailstore.Store
	var room []error
	mailstore.SetFault(opts, func(op string) error {
		if op == "index" && s != nil {
			room = append(room, s.Room("bob", 8), s.Room("bob", 9))
		}
		return nil
	})
	s, _ = newStore(t, opts)
	require.NoError(t, s.Deliver(t.Context(), []string{"bob"}, strings.NewReader("123456\r\n")))
	require.Len(t, room, 2)
	assert.NoError(t, room[0], "at the write of the index the message is counted, and no more reserved")
	assert.ErrorIs(t, room[1], mailstore.ErrOverQuota)

	require.NoError(t, s.Create("bob", "Sent"))
	in, sent := mailbox(t, s, "bob", "INBOX"), mailbox(t, s, "bob", "Sent")
	_, _, err := in.Move(t.Context(), sent, 1)
	require.NoError(t, err)
	assert.NoError(t, s.Room("bob", 8))
	for _, name := range [][2]string{{"Sent", "Old"}, {"Old", "Sent"}} {
		require.NoError(t, s.Rename("bob", name[0], name[1]))
		assert.NoError(t, s.Room("bob", 8))
		assert.ErrorIs(t, s.Room("bob", 9), mailstore.ErrOverQuota, "it still has its messages")
	}
	require.NoError(t, s.Delete("bob", "Sent"))
	assert.NoError(t, s.Room("bob", 16))
}

// What one delivery has room for no other has, before the first is counted.
func TestQuotaReserved(t *testing.T) {
	opts := &mailstore.Options{Quota: 16}
	var s *mailstore.Store
	var second error
	mailstore.SetFault(opts, func(op string) error {
		if op == "place" && second == nil {
			second = s.Deliver(t.Context(), []string{"bob"}, strings.NewReader("1234567\r\n"))
		}
		return nil
	})
	s, _ = newStore(t, opts)
	require.NoError(t, s.Deliver(t.Context(), []string{"bob"}, strings.NewReader("123456\r\n")))
	assert.ErrorIs(t, second, mailstore.ErrOverQuota)
}

// Of messages one of which cannot be copied none is.
func TestCopyAllOrNone(t *testing.T) {
	n := 0
	opts := &mailstore.Options{}
	mailstore.SetFault(opts, func(op string) error {
		if op == "link" {
			if n++; n == 2 {
				return fs.ErrNotExist
			}
		}
		return nil
	})
	s, dir := newStore(t, opts)
	require.NoError(t, s.Create("bob", "Sent"))
	in, sent := mailbox(t, s, "bob", "INBOX"), mailbox(t, s, "bob", "Sent")
	fill(t, in, "a\r\n", "b\r\n", "c\r\n")
	v := view(t, in)
	require.NoError(t, os.Remove(filepath.Join(dir, "bob", "Maildir", "new", v.At(1).Base)))
	_, _, err := in.Move(t.Context(), sent, 1, 2, 3)
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.Zero(t, view(t, sent).Len())
	assert.Equal(t, []string{"1 new", "3 new"}, rows(view(t, in)), "and none is removed")
}

// A mailbox that is open by another name of its directory is the same Mailbox: two
// would each write the index.
func TestOneMailboxByTwoNames(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need rights there")
	}
	s, dir := newStore(t, nil)
	bob := mailbox(t, s, "bob", "INBOX")
	require.NoError(t, os.Symlink("bob", filepath.Join(dir, "postmaster")))
	postmaster := mailbox(t, s, "postmaster", "INBOX")
	for range 5 {
		fill(t, bob, "a\r\n")
		fill(t, postmaster, "b\r\n")
	}
	require.NoError(t, s.Deliver(t.Context(), []string{"postmaster", "bob"}, strings.NewReader("c\r\n")))
	v := view(t, bob)
	assert.Equal(t, 11, v.Len(), "one who has two names has a message once")
	assert.Equal(t, rows(v), rows(view(t, postmaster)))
	s, again := reopened(t, s, dir, "postmaster", "INBOX")
	assert.Equal(t, rows(v), rows(again))
	assert.Equal(t, v.UIDValidity, again.UIDValidity)
	assert.Equal(t, rows(v), rows(view(t, mailbox(t, s, "bob", "INBOX"))))
}

// A folder that another program renames is gone for those who have it open, from when
// somebody opens it by its new name: only one writes the index.
func TestFolderRenamedByOthers(t *testing.T) {
	s, dir := newStore(t, nil)
	require.NoError(t, s.Create("bob", "Sent"))
	sent := mailbox(t, s, "bob", "Sent")
	fill(t, sent, "a\r\n")
	box := filepath.Join(dir, "bob", "Maildir")
	require.NoError(t, os.Rename(filepath.Join(box, ".Sent"), filepath.Join(box, ".Old")))
	old := mailbox(t, s, "bob", "Old")
	_, err := sent.Append(t.Context(), strings.NewReader("b\r\n"), nil)
	assert.ErrorIs(t, err, mailstore.ErrGone)
	fill(t, old, "c\r\n")
	v := view(t, old)
	assert.Equal(t, []string{"1 new", "2 new"}, rows(v))
	_, again := reopened(t, s, dir, "bob", "Old")
	assert.Equal(t, rows(v), rows(again))
	assert.Equal(t, v.UIDValidity, again.UIDValidity)
}

// Deliveries at the same time share syncs of the directory: while one is synced, the
// others gather.
func TestGroupCommit(t *testing.T) {
	const deliveries = 50
	var syncs, places atomic.Int64
	gathered := make(chan struct{})
	opts := &mailstore.Options{}
	mailstore.SetFault(opts, func(op string) error {
		switch op {
		case "sync":
			if syncs.Add(1) == 1 {
				<-gathered
			}
		case "sync file":
			if places.Add(1) == deliveries {
				close(gathered)
			}
		}
		return nil
	})
	s, dir := newStore(t, opts)
	var wg sync.WaitGroup
	for i := range deliveries {
		wg.Go(func() {
			assert.NoError(t, s.Deliver(t.Context(), []string{"bob"}, strings.NewReader(itoa(i)+"\r\n")))
		})
	}
	wg.Wait()
	assert.Less(t, syncs.Load(), int64(deliveries), "syncs of the directory")
	m := mailbox(t, s, "bob", "INBOX")
	v := view(t, m)
	require.Equal(t, deliveries, v.Len())
	seen := map[string]bool{}
	for _, msg := range v.All() {
		seen[text(t, m, msg.UID)] = true
	}
	assert.Len(t, seen, deliveries)
	_, again := reopened(t, s, dir, "bob", "INBOX")
	assert.Equal(t, rows(v), rows(again))
}

// Whoever has subscribed learns of all that changes, and holds nobody up who does not
// listen.
func TestSubscribe(t *testing.T) {
	s, _ := newStore(t, nil)
	m := mailbox(t, s, "bob", "INBOX")
	deaf, sub := m.Subscribe(), m.Subscribe()
	defer deaf.Close()
	changed := func(do func() error) {
		t.Helper()
		require.NoError(t, do())
		select {
		case <-sub.C:
		default:
			t.Fatal("nothing was told")
		}
	}
	changed(func() error { return s.Deliver(t.Context(), []string{"bob"}, strings.NewReader("a\r\n")) })
	changed(func() error {
		_, err := m.Change(t.Context(), mailstore.Change{Flags: "S"}, 1)
		return err
	})
	changed(func() error { return m.Expunge(t.Context(), 1) })
	view(t, m)
	require.NoError(t, sub.Close())
	fill(t, m, "b\r\n")
	select {
	case <-sub.C:
		t.Fatal("told after Close")
	default:
	}
}

// Many do all at the same time; the index says what they have done.
func TestAtTheSameTime(t *testing.T) {
	s, dir := newStore(t, &mailstore.Options{MaxIdle: -1})
	require.NoError(t, s.Create("bob", "Sent"))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			ctx := t.Context()
			for j := range 10 {
				assert.NoError(t, s.Deliver(ctx, []string{"alice", "bob"}[i%2:], strings.NewReader("a\r\n")))
				m, err := s.Mailbox("bob", "INBOX")
				if !assert.NoError(t, err) {
					return
				}
				v, err := m.View(ctx)
				assert.NoError(t, err)
				if n := v.Len(); n > 0 {
					uid := v.At(j % n).UID
					_, err := m.Change(ctx, mailstore.Change{How: mailstore.Add, Flags: "S"}, uid)
					assert.NoError(t, err)
					if w, err := m.OpenMessage(uid); err == nil {
						w.Close()
					} else {
						assert.ErrorIs(t, err, mailstore.ErrNoMessage)
					}
					if i == 0 {
						sent, err := s.Mailbox("bob", "Sent")
						assert.NoError(t, err)
						_, _, err = m.Move(ctx, sent, uid)
						assert.NoError(t, err)
						assert.NoError(t, sent.Close())
					}
				}
				assert.NoError(t, m.Close())
			}
		})
	}
	wg.Wait()
	in, sent := view(t, mailbox(t, s, "bob", "INBOX")), view(t, mailbox(t, s, "bob", "Sent"))
	assert.Equal(t, 80, in.Len()+sent.Len())
	s, again := reopened(t, s, dir, "bob", "INBOX")
	assert.Equal(t, rows(in), rows(again))
	assert.Equal(t, in.HighestModSeq, again.HighestModSeq)
	assert.Equal(t, 40, view(t, mailbox(t, s, "alice", "INBOX")).Len())
}

// Mailboxes that nobody uses are closed when there are too many, and opened again with
// all they had; the store has no more files open than that.
func TestIdleMailboxes(t *testing.T) {
	testkit.NoLeaks(t)
	s, err := mailstore.Open(t.TempDir(), &mailstore.Options{MaxIdle: 2})
	require.NoError(t, err)
	for round := range 3 {
		for i := range 10 {
			require.NoError(t, s.Deliver(t.Context(), []string{fmt.Sprint("user", i)}, strings.NewReader("a\r\n")))
			m, err := s.Mailbox(fmt.Sprint("user", i), "INBOX")
			require.NoError(t, err)
			assert.Equal(t, round+1, view(t, m).Len())
			require.NoError(t, m.Close())
		}
	}
	require.NoError(t, s.Close())
}

func TestMaildrop(t *testing.T) {
	s, dir := newStore(t, nil)
	require.NoError(t, s.Deliver(t.Context(), []string{"bob"}, strings.NewReader("one\r\n")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "bob", "Maildir", "new", "99999999999.x"), []byte("two\n"), 0o600))
	d, err := s.Maildrop(t.Context(), "bob")
	require.NoError(t, err)
	_, err = s.Maildrop(t.Context(), "Bob")
	require.ErrorIs(t, err, pop3.ErrInUse)
	require.NoError(t, s.Deliver(t.Context(), []string{"bob"}, strings.NewReader("three\r\n")))
	require.Equal(t, 2, d.Len(), "what comes later is for the next session")
	assert.Equal(t, []int64{5, 5}, []int64{d.Stat(0), d.Stat(1)})
	assert.Regexp(t, `^\d+\.1$`, d.UID(0))
	for i, want := range []string{"one\r\n", "two\r\n"} {
		r, err := d.Open(t.Context(), i)
		require.NoError(t, err)
		var b bytes.Buffer
		_, err = b.ReadFrom(r)
		require.NoError(t, err)
		assert.Equal(t, want, b.String())
		require.NoError(t, r.Close())
	}
	second := d.UID(1)
	require.NoError(t, d.Commit(t.Context(), []int{0}))
	_, err = d.Open(t.Context(), 0)
	require.ErrorIs(t, err, mailstore.ErrNoMessage)
	require.NoError(t, d.Close())

	d, err = s.Maildrop(t.Context(), "bob")
	require.NoError(t, err)
	require.Equal(t, 2, d.Len())
	assert.Equal(t, second, d.UID(0))
	require.NoError(t, d.Close(), "without Commit nothing is removed")
	assert.Equal(t, []string{"bob three", "bob two"}, subjects(t, s))
	_, err = s.Maildrop(t.Context(), "")
	require.ErrorIs(t, err, mailstore.ErrName)
}

// The size that a client is told is that of the message, whatever a name says: a
// program that changes a message may leave the name, and another may lie.
func TestSizesThatLie(t *testing.T) {
	s, dir := newStore(t, nil)
	path := filepath.Join(dir, "bob", "Maildir", "new")
	mailbox(t, s, "bob", "INBOX")
	want := []int64{}
	for i, name := range []string{"S=4,W=6", "S=4,W=99", "S=4,W=3", "S=5,W=6", "W=6", "S=4", "S=99999999999999999999,W=6", "S=-4,W=-6", "x"} {
		require.NoError(t, os.WriteFile(filepath.Join(path, itoa(i+1)+".M1.host,"+name), []byte("a\nb\n"), 0o600))
		want = append(want, 6)
	}
	v := view(t, mailbox(t, s, "bob", "INBOX"))
	assert.Equal(t, int64(6), v.At(0).Size, "one that is right needs no counting")
	assert.Equal(t, int64(-1), v.At(1).Size)
	d, err := s.Maildrop(t.Context(), "bob")
	require.NoError(t, err)
	defer d.Close()
	var got []int64
	for i := range d.Len() {
		got = append(got, d.Stat(i))
	}
	assert.Equal(t, want, got)
}

// While messages are counted that another program has delivered, others come; and what
// has come since is not shown with a size that is not known.
func TestCountHoldsNobodyUp(t *testing.T) {
	s, dir := newStore(t, nil)
	m := mailbox(t, s, "bob", "INBOX")
	path := filepath.Join(dir, "bob", "Maildir", "new")
	for i := range 2000 {
		require.NoError(t, os.WriteFile(filepath.Join(path, "1."+itoa(i)), []byte("a\n"), 0o600))
	}
	view(t, m)
	var wg sync.WaitGroup
	wg.Go(func() { assert.NoError(t, m.Count(t.Context())) })
	wg.Go(func() {
		for i := range 20 {
			assert.NoError(t, os.WriteFile(filepath.Join(path, "2."+itoa(i)), []byte("a\n"), 0o600))
			d, err := s.Maildrop(t.Context(), "bob")
			if assert.NoError(t, err) {
				for i := range d.Len() {
					assert.Equal(t, int64(3), d.Stat(i))
				}
				assert.NoError(t, d.Close())
			}
			uid := uint32(1 + 100*i)
			assert.NoError(t, m.Expunge(t.Context(), uid))
		}
	})
	wg.Wait()
	v := view(t, m)
	assert.Equal(t, 2000, v.Len())
	require.NoError(t, m.Count(t.Context()))
	assert.Equal(t, int64(6000), view(t, m).Octets)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, m.Count(ctx), "there is nothing to count")
	require.NoError(t, os.WriteFile(filepath.Join(path, "3"), nil, 0o600))
	view(t, m)
	require.ErrorIs(t, m.Count(ctx), context.Canceled)
}

// The log has what an operator should know.
func TestLog(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, nil)
	fill(t, mailbox(t, s, "bob", "INBOX"), "a\r\n")
	require.NoError(t, s.Close())
	file := filepath.Join(dir, "bob", "Maildir", "mailstore-index")
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, tt := range []struct {
		index []byte
		want  string
	}{
		{b[:len(b)-3], "index cut where a write was not ended"},
		{append(bytes.Clone(b), "garbage\n"...), "index damaged"},
	} {
		require.NoError(t, os.WriteFile(file, tt.index, 0o600))
		var log bytes.Buffer
		s := openStore(t, dir, &mailstore.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		assert.Equal(t, 1, view(t, mailbox(t, s, "bob", "INBOX")).Len())
		require.NoError(t, s.Close())
		assert.Contains(t, log.String(), tt.want)
		assert.Contains(t, log.String(), "mailbox=bob/Maildir")
	}
}
