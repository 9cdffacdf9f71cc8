package mailstore_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/mailstore"
	"applayer/mime/maildir"
)

// fill appends messages with these texts.
func fill(tb testing.TB, m *mailstore.Mailbox, texts ...string) {
	for _, text := range texts {
		_, err := m.Append(tb.Context(), strings.NewReader(text), nil)
		require.NoError(tb, err)
	}
}

// rows describes the messages of a view.
func rows(v *mailstore.View) (all []string) {
	for _, m := range v.All() {
		var row strings.Builder
		row.WriteString(itoa(int(m.UID)) + " " + string(m.Flags))
		if m.New {
			row.WriteString("new")
		}
		for _, k := range m.Keywords {
			row.WriteString(" " + k)
		}
		all = append(all, row.String())
	}
	return all
}

// reopened opens the store again, and gives the view that a mailbox has then.
func reopened(tb testing.TB, s *mailstore.Store, dir, user, folder string) (*mailstore.Store, *mailstore.View) {
	require.NoError(tb, s.Close())
	s = openStore(tb, dir, nil)
	return s, view(tb, mailbox(tb, s, user, folder))
}

func TestChange(t *testing.T) {
	s, dir := newStore(t, nil)
	m := mailbox(t, s, "bob", "INBOX")
	fill(t, m, "a\r\n", "b\r\n", "c\r\n")
	change := func(c mailstore.Change, uids ...uint32) []uint32 {
		modified, err := m.Change(t.Context(), c, uids...)
		require.NoError(t, err)
		return modified
	}
	before := view(t, m)
	assert.Empty(t, change(mailstore.Change{How: mailstore.Add, Flags: "S", Keywords: []string{"work", "$Junk"}}, 1, 3, 3, 99))
	v := view(t, m)
	assert.Equal(t, []string{"1 S work $Junk", "2 new", "3 S work $Junk"}, sortedKeywords(rows(v)))
	assert.Equal(t, []uint32{1, 3}, v.Since(before.HighestModSeq).Changed)
	assert.Equal(t, 1, v.Unseen())
	assert.ElementsMatch(t, []string{"work", "$Junk"}, v.Keywords())
	assert.Equal(t, []string{"1 new", "2 new", "3 new"}, rows(before), "a view does not change")

	change(mailstore.Change{How: mailstore.Remove, Flags: "S", Keywords: []string{"$Junk"}}, 1)
	change(mailstore.Change{Flags: "FT", Keywords: []string{"home"}}, 3)
	v = view(t, m)
	assert.Equal(t, []string{"1  work", "2 new", "3 FT home"}, rows(v))

	change(mailstore.Change{How: mailstore.Add, Flags: "F"}, 3)
	assert.Equal(t, v.HighestModSeq, view(t, m).HighestModSeq, "nothing has changed")
	modified := change(mailstore.Change{How: mailstore.Add, Flags: "R", UnchangedSince: v.At(0).ModSeq}, 1, 2, 3)
	assert.Equal(t, []uint32{3}, modified)
	assert.Equal(t, []string{"1 R work", "2 R", "3 FT home"}, rows(view(t, m)))
	change(mailstore.Change{How: mailstore.Add, Keywords: []string{"home"}}, 2)

	for _, bad := range []string{"", "a b", "a(b", `a\b`, "é", strings.Repeat("x", 101)} {
		_, err := m.Change(t.Context(), mailstore.Change{Keywords: []string{bad}}, 1)
		assert.ErrorIs(t, err, mailstore.ErrKeyword, "%q", bad)
		_, err = m.Append(t.Context(), strings.NewReader(""), &mailstore.AppendOptions{Keywords: []string{bad}})
		assert.ErrorIs(t, err, mailstore.ErrKeyword, "%q", bad)
	}
	v = view(t, m)
	_, again := reopened(t, s, dir, "bob", "INBOX")
	assert.Equal(t, rows(v), rows(again))
	assert.Equal(t, v.HighestModSeq, again.HighestModSeq)
}

// A keyword is the same in capitals (RFC 9051 §9), and is spelled as it was first.
func TestKeywordCase(t *testing.T) {
	s, dir := newStore(t, nil)
	m := mailbox(t, s, "bob", "INBOX")
	_, err := m.Append(t.Context(), strings.NewReader("a\r\n"), &mailstore.AppendOptions{Keywords: []string{"$Junk", "$JUNK"}})
	require.NoError(t, err)
	v := view(t, m)
	assert.Equal(t, []string{"1 new $Junk"}, rows(v))
	for _, c := range []mailstore.Change{{How: mailstore.Add, Keywords: []string{"$junk"}}, {How: mailstore.Replace, Keywords: []string{"$JUNK"}}} {
		_, err = m.Change(t.Context(), c, 1)
		require.NoError(t, err)
		assert.Equal(t, v.HighestModSeq, view(t, m).HighestModSeq, "nothing has changed")
	}
	s, again := reopened(t, s, dir, "bob", "INBOX")
	assert.Equal(t, rows(v), rows(again))
	m = mailbox(t, s, "bob", "INBOX")
	_, err = m.Change(t.Context(), mailstore.Change{How: mailstore.Remove, Keywords: []string{"$JUNK"}}, 1)
	require.NoError(t, err)
	assert.Equal(t, []string{"1 new"}, rows(view(t, m)))
}

// A message with one keyword more than a mailbox can have is refused, and leaves no
// file; those that come with it are not held up.
func TestTooManyKeywords(t *testing.T) {
	s, dir := newStore(t, nil)
	m := mailbox(t, s, "bob", "INBOX")
	var keywords []string
	for i := range 64 {
		keywords = append(keywords, "k"+itoa(i))
	}
	_, err := m.Append(t.Context(), strings.NewReader("a\r\n"), &mailstore.AppendOptions{Keywords: keywords})
	require.NoError(t, err)
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			if i%2 == 0 {
				assert.NoError(t, s.Deliver(t.Context(), []string{"bob"}, strings.NewReader("b\r\n")))
				return
			}
			_, err := m.Append(t.Context(), strings.NewReader("c\r\n"), &mailstore.AppendOptions{Keywords: []string{"more"}})
			assert.ErrorIs(t, err, mailstore.ErrKeyword)
		})
	}
	wg.Wait()
	_, err = m.Change(t.Context(), mailstore.Change{How: mailstore.Add, Keywords: []string{"more"}}, 1)
	require.ErrorIs(t, err, mailstore.ErrKeyword)
	v := view(t, m)
	assert.Equal(t, 6, v.Len())
	assert.Equal(t, int64(18), v.Octets)
	_, again := reopened(t, s, dir, "bob", "INBOX")
	assert.Equal(t, v.Len(), again.Len())
	assert.Len(t, again.At(0).Keywords, 64)
}

// sortedKeywords puts keywords in the order of the tests: their bits have another.
func sortedKeywords(rows []string) []string {
	for i := range rows {
		rows[i] = strings.Replace(rows[i], "$Junk work", "work $Junk", 1)
	}
	return rows
}

func TestExpunge(t *testing.T) {
	s, dir := newStore(t, nil)
	m := mailbox(t, s, "bob", "INBOX")
	fill(t, m, "a\r\n", "b\r\n", "c\r\n", "d\r\n", "e\r\n")
	before := view(t, m)
	require.NoError(t, m.Expunge(t.Context(), 2, 3, 5, 5, 77))
	v := view(t, m)
	assert.Equal(t, []string{"1 new", "4 new"}, rows(v))
	assert.Equal(t, mailstore.Changes{Vanished: []mailstore.Range{{First: 2, Last: 3}, {First: 5, Last: 5}}}, v.Since(before.HighestModSeq))
	assert.Equal(t, []uint32{1, 4}, v.Since(0).Changed)
	_, err := m.OpenMessage(2)
	assert.ErrorIs(t, err, mailstore.ErrNoMessage)
	i, ok := v.Find(4)
	assert.True(t, ok && i == 1)
	i, ok = v.Find(2)
	assert.True(t, !ok && i == 1)
	files, err := os.ReadDir(filepath.Join(dir, "bob", "Maildir", "new"))
	require.NoError(t, err)
	assert.Len(t, files, 2)
	assert.Equal(t, int64(6), v.Octets)

	s, again := reopened(t, s, dir, "bob", "INBOX")
	assert.Equal(t, rows(v), rows(again))
	assert.Equal(t, uint32(6), again.UIDNext, "a UID is never given again")
	m = mailbox(t, s, "bob", "INBOX")
	fill(t, m, "f\r\n")
	assert.Equal(t, []string{"1 new", "4 new", "6 new"}, rows(view(t, m)))
}

func TestAppend(t *testing.T) {
	s, dir := newStore(t, nil)
	require.NoError(t, s.Create("bob", "Sent"))
	m := mailbox(t, s, "bob", "Sent")
	at := time.Date(2011, 7, 8, 12, 8, 34, 0, time.UTC)
	uid, err := m.Append(t.Context(), strings.NewReader("a\r\n"), &mailstore.AppendOptions{Flags: "S", Keywords: []string{"work"}, Received: at})
	require.NoError(t, err)
	assert.Equal(t, uint32(1), uid)
	v := view(t, m)
	assert.Equal(t, []string{"1 S work"}, rows(v))
	assert.True(t, at.Equal(v.At(0).Received()))
	copied, _, err := m.Copy(t.Context(), mailbox(t, s, "bob", "INBOX"), 1)
	require.NoError(t, err)
	require.Len(t, copied, 1)
	assert.True(t, at.Equal(view(t, mailbox(t, s, "bob", "INBOX")).At(0).Received()), "a copy keeps it (RFC 9051 §6.4.7)")
	files, err := filepath.Glob(filepath.Join(dir, "bob", "Maildir", ".Sent", "cur", "*"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	b, err := os.ReadFile(files[0])
	require.NoError(t, err)
	assert.Equal(t, "a\n", string(b), "files have LF, as other programs write them")
	info, err := os.Stat(files[0])
	require.NoError(t, err)
	assert.True(t, at.Equal(info.ModTime()))

	_, err = m.Append(t.Context(), iotest.ErrReader(os.ErrDeadlineExceeded), nil)
	assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = m.Append(ctx, strings.NewReader("b\r\n"), nil)
	assert.ErrorIs(t, err, context.Canceled)
	assert.ErrorIs(t, m.Expunge(ctx, 1), context.Canceled)
	assert.Equal(t, 1, view(t, m).Len())
	left, err := os.ReadDir(filepath.Join(dir, "bob", "Maildir", ".Sent", "tmp"))
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestCopyAndMove(t *testing.T) {
	for _, links := range []bool{true, false} {
		opts := &mailstore.Options{}
		if !links {
			mailstore.SetFault(opts, func(op string) error {
				if op == "link" {
					return os.ErrPermission
				}
				return nil
			})
		}
		s, dir := newStore(t, opts)
		require.NoError(t, s.Create("bob", "Archive"))
		in, archive := mailbox(t, s, "bob", "INBOX"), mailbox(t, s, "bob", "Archive")
		fill(t, in, "a\r\n", "b\r\n", "c\r\n")
		_, err := in.Change(t.Context(), mailstore.Change{Flags: "S", Keywords: []string{"work"}}, 2)
		require.NoError(t, err)
		from, copies, err := in.Copy(t.Context(), archive, 3, 2, 2, 9)
		require.NoError(t, err)
		assert.Equal(t, []uint32{2, 3}, from)
		assert.Equal(t, []uint32{1, 2}, copies)
		assert.Equal(t, []string{"1 S work", "2 new"}, rows(view(t, archive)))
		assert.Equal(t, "b\r\n", text(t, archive, 1))
		assert.Equal(t, int64(6), view(t, archive).Octets)
		from, copies, err = in.Copy(t.Context(), in, 1)
		require.NoError(t, err)
		assert.Equal(t, []uint32{1, 4}, append(from, copies...))
		from, copies, err = in.Move(t.Context(), archive, 1, 2, 3, 4)
		require.NoError(t, err)
		assert.Equal(t, []uint32{1, 2, 3, 4}, from)
		assert.Equal(t, []uint32{3, 4, 5, 6}, copies)
		assert.Zero(t, view(t, in).Len())
		from, copies, err = in.Copy(t.Context(), archive, 1)
		require.NoError(t, err)
		assert.Empty(t, append(from, copies...))
		_, v := reopened(t, s, dir, "bob", "Archive")
		assert.Equal(t, []string{"1 S work", "2 new", "3 new", "4 S work", "5 new", "6 new"}, rows(v))
	}
}

// What other programs do to the files is seen: a message comes, another is moved and
// gets flags, a third goes.
func TestOtherHands(t *testing.T) {
	s, dir := newStore(t, nil)
	m := mailbox(t, s, "bob", "INBOX")
	fill(t, m, "a\r\n", "b\r\n", "c\r\n")
	before := view(t, m)
	path := filepath.Join(dir, "bob", "Maildir")
	put := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(path, name), []byte(text), 0o600))
	}
	move := func(from, to string) {
		require.NoError(t, os.Rename(filepath.Join(path, from), filepath.Join(path, to)))
	}
	base := func(i int) string { return before.At(i).Base }
	put("new/20.z", "z\n")
	put("cur/10.y with space:2,SFS", "y\r\n\n")
	put("new/.hidden", "")
	put("tmp/x", "")
	move("new/"+base(0), "cur/"+base(0)+":2,RS")
	require.NoError(t, os.Remove(filepath.Join(path, "new", base(1))))
	v := view(t, m)
	assert.Equal(t, []string{"1 RS", "3 new", "4 FS", "5 new"}, rows(v))
	assert.Equal(t, mailstore.Changes{Changed: []uint32{1, 4, 5}, Vanished: []mailstore.Range{{First: 2, Last: 2}}}, v.Since(before.HighestModSeq))
	assert.Equal(t, "y\r\n\r\n", text(t, m, 4))
	assert.Equal(t, int64(-1), v.At(2).Size, "nobody has counted it")
	require.NoError(t, m.Count(t.Context()))
	v = view(t, m)
	assert.Equal(t, int64(5), v.At(2).Size)
	assert.Equal(t, int64(3), v.At(3).Size)
	assert.Equal(t, int64(14), v.Octets)

	// Flags of ours for a name that is not as we write it; letters of others stay.
	move("cur/10.y with space:2,SFS", "cur/10.y with space:2,baS")
	view(t, m)
	_, err := m.Change(t.Context(), mailstore.Change{Flags: "T"}, 4)
	require.NoError(t, err)
	_, err = os.Stat(filepath.Join(path, "cur", "10.y with space:2,Tab"))
	require.NoError(t, err)
	// A file that has a name in both directories is one message.
	require.NoError(t, os.Link(filepath.Join(path, "cur", "10.y with space:2,Tab"), filepath.Join(path, "new", "10.y with space")))
	v = view(t, m)
	assert.Equal(t, 4, v.Len())
	assert.Equal(t, maildir.Flags("Tab"), v.At(2).Flags)

	_, again := reopened(t, s, dir, "bob", "INBOX")
	assert.Equal(t, rows(v), rows(again))
	assert.Equal(t, v.UIDValidity, again.UIDValidity)
}

// A flag or keyword that another program gives a message at the same time as we do
// is not lost.
func TestChangeKeepsOthersFlags(t *testing.T) {
	s, dir := newStore(t, nil)
	m := mailbox(t, s, "bob", "INBOX")
	path := filepath.Join(dir, "bob", "Maildir")
	for _, tt := range []struct {
		change      mailstore.Change
		others, got string
	}{
		{mailstore.Change{How: mailstore.Add, Flags: "S"}, "Fa", "FSa"},
		{mailstore.Change{How: mailstore.Remove, Flags: "S"}, "FRSb", "FRb"},
		{mailstore.Change{Flags: "S"}, "FRb", "Sb"},
	} {
		fill(t, m, "a\r\n")
		last, base := view(t, m).UIDNext-1, view(t, m).At(view(t, m).Len()-1).Base
		if tt.change.How == mailstore.Remove {
			_, err := m.Change(t.Context(), mailstore.Change{Flags: "S"}, last)
			require.NoError(t, err)
			require.NoError(t, os.Rename(filepath.Join(path, "cur", base+":2,S"), filepath.Join(path, "cur", base+":2,"+tt.others)))
		} else {
			require.NoError(t, os.Rename(filepath.Join(path, "new", base), filepath.Join(path, "cur", base+":2,"+tt.others)))
		}
		_, err := m.Change(t.Context(), tt.change, last)
		require.NoError(t, err)
		assert.FileExists(t, filepath.Join(path, "cur", base+":2,"+tt.got))
		v := view(t, m)
		assert.Equal(t, maildir.Flags(tt.got), v.At(v.Len()-1).Flags)
	}
}

// Of two messages that have one name, as where somebody copied files, both are seen:
// the one that was there has its UID and flags still.
func TestTwoMessagesOfOneName(t *testing.T) {
	s, dir := newStore(t, nil)
	m := mailbox(t, s, "bob", "INBOX")
	path := filepath.Join(dir, "bob", "Maildir")
	fill(t, m, "a\r\n", "b\r\n")
	_, err := m.Change(t.Context(), mailstore.Change{Flags: "S"}, 2)
	require.NoError(t, err)
	v := view(t, m)
	put := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(path, name), []byte(text), 0o600))
	}
	put("cur/"+v.At(0).Base+":2,F", "c\n")
	put("new/"+v.At(1).Base, "d\n")
	put("cur/"+v.At(1).Base+":2,ST", "e\n")
	texts := func(m *mailstore.Mailbox) (all []string) {
		for _, msg := range view(t, m).All() {
			all = append(all, itoa(int(msg.UID))+" "+text(t, m, msg.UID))
		}
		return all
	}
	got := texts(m)
	require.Len(t, got, 5)
	assert.Equal(t, []string{"1 a\r\n", "2 b\r\n"}, got[:2])
	assert.Equal(t, maildir.Flags("S"), view(t, m).At(1).Flags)
	for _, other := range []string{" c\r\n", " d\r\n", " e\r\n"} {
		assert.Contains(t, strings.Join(got[2:], ""), other)
	}
	s, _ = reopened(t, s, dir, "bob", "INBOX")
	assert.Equal(t, got, texts(mailbox(t, s, "bob", "INBOX")))
	require.NoError(t, mailbox(t, s, "bob", "INBOX").Expunge(t.Context(), 1))
	assert.Equal(t, got[1:], texts(mailbox(t, s, "bob", "INBOX")), "what is removed does not come back")
}

// mbsync gives each message its number by putting it behind the base: the message and
// its UID stay the same, and its number stays in the name.
func TestNamesOfMbsync(t *testing.T) {
	s, dir := newStore(t, nil)
	m := mailbox(t, s, "bob", "INBOX")
	path := filepath.Join(dir, "bob", "Maildir")
	fill(t, m, "a\r\n", "b\r\n", "c\r\n")
	before := view(t, m)
	number := func(i int, flags string) {
		old := filepath.Join(path, "new", before.At(i).Base)
		require.NoError(t, os.Rename(old, filepath.Join(path, "cur", before.At(i).Base+",U="+itoa(i+7)+":2,"+flags)))
	}
	number(0, "")
	v := view(t, m)
	assert.Equal(t, []string{"1 ", "2 new", "3 new"}, rows(v))
	assert.Empty(t, v.Since(before.HighestModSeq).Vanished)
	number(1, "S")
	number(2, "")
	// Without a look at the files: what is renamed is found.
	assert.Equal(t, "b\r\n", text(t, m, 2))
	_, err := m.Change(t.Context(), mailstore.Change{How: mailstore.Add, Flags: "F"}, 1, 2)
	require.NoError(t, err)
	assert.FileExists(t, filepath.Join(path, "cur", before.At(0).Base+",U=7:2,F"))
	assert.FileExists(t, filepath.Join(path, "cur", before.At(1).Base+",U=8:2,FS"))
	require.NoError(t, m.Expunge(t.Context(), 3))
	v = view(t, m)
	assert.Equal(t, []string{"1 F", "2 FS"}, rows(v))
	_, again := reopened(t, s, dir, "bob", "INBOX")
	assert.Equal(t, rows(v), rows(again))
	assert.Equal(t, v.UIDValidity, again.UIDValidity)
	assert.Equal(t, v.HighestModSeq, again.HighestModSeq)
}

// A View looks at the files when a directory has changed, without being asked to.
func TestViewLooks(t *testing.T) {
	s, dir := newStore(t, nil)
	m := mailbox(t, s, "bob", "INBOX")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "bob", "Maildir", "new", "1.x"), nil, 0o600))
	require.Eventually(t, func() bool {
		v, err := m.View(t.Context())
		return err == nil && v.Len() == 1
	}, 10*time.Second, time.Millisecond)
}

// What was done while nobody had the store is seen when it is opened.
func TestOtherHandsWhileClosed(t *testing.T) {
	s, dir := newStore(t, nil)
	m := mailbox(t, s, "bob", "INBOX")
	fill(t, m, "a\r\n", "b\r\n")
	before := view(t, m)
	require.NoError(t, s.Close())
	path := filepath.Join(dir, "bob", "Maildir")
	require.NoError(t, os.Rename(filepath.Join(path, "new", before.At(0).Base), filepath.Join(path, "cur", before.At(0).Base+":2,S")))
	require.NoError(t, os.Remove(filepath.Join(path, "new", before.At(1).Base)))
	d, err := maildir.Open(path)
	require.NoError(t, err)
	_, err = d.Deliver(strings.NewReader("c\n"), nil)
	require.NoError(t, err)
	require.NoError(t, d.Close())
	v := view(t, mailbox(t, openStore(t, dir, nil), "bob", "INBOX"))
	assert.Equal(t, []string{"1 S", "3 new"}, rows(v))
	assert.Equal(t, before.UIDValidity, v.UIDValidity)
	assert.Equal(t, mailstore.Changes{Changed: []uint32{1, 3}, Vanished: []mailstore.Range{{First: 2, Last: 2}}}, v.Since(before.HighestModSeq))
}

// An index that is missing or damaged means new UIDs, under a higher UIDVALIDITY, and
// no mail is lost; with a clock that has been set back too.
func TestIndexLost(t *testing.T) {
	now := time.Unix(2_000_000_000, 0)
	s, dir := newStore(t, &mailstore.Options{Now: func() time.Time { return now }})
	m := mailbox(t, s, "bob", "INBOX")
	fill(t, m, "a\r\n", "b\r\n")
	require.NoError(t, m.Expunge(t.Context(), 1))
	last := view(t, m).UIDValidity
	assert.Equal(t, uint32(2_000_000_000), last)
	file := filepath.Join(dir, "bob", "Maildir", "mailstore-index")
	for _, lose := range []func() error{
		func() error { return os.Remove(file) },
		func() error { return os.Truncate(file, 0) },
		func() error { return os.Truncate(file, 10) },
		func() error {
			b, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			b[len(b)/2] ^= 4
			return os.WriteFile(file, append(b, b...), 0o600)
		},
	} {
		require.NoError(t, s.Close())
		require.NoError(t, lose())
		var v *mailstore.View
		s, v = reopened(t, s, dir, "bob", "INBOX")
		assert.Equal(t, []string{"1 new"}, rows(v))
		assert.Greater(t, v.UIDValidity, last)
		last = v.UIDValidity
	}
}

// With the index damaged, the last UIDVALIDITY lost and a clock set back, the next one
// is higher still than the one that the index had. A file of the last that cannot be
// read is logged, and is no reason not to serve.
func TestValidityNeverAgain(t *testing.T) {
	now := time.Unix(2_000_000_000, 0)
	opts := &mailstore.Options{Now: func() time.Time { return now }}
	s, dir := newStore(t, opts)
	fill(t, mailbox(t, s, "bob", "INBOX"), "a\r\n")
	now = time.Unix(1_000_000_000, 0)
	for i, lost := range []string{"", "garbage"} {
		require.NoError(t, s.Close())
		require.NoError(t, os.WriteFile(filepath.Join(dir, ".uidvalidity"), []byte(lost), 0o600))
		file := filepath.Join(dir, "bob", "Maildir", "mailstore-index")
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, append(b, "damage\n"...), 0o600))
		s = openStore(t, dir, opts)
		assert.Equal(t, uint32(2_000_000_001+i), view(t, mailbox(t, s, "bob", "INBOX")).UIDValidity)
	}
}

// A long tail that is cut leaves nothing behind what is written in its place.
func TestIndexTailCut(t *testing.T) {
	s, dir := newStore(t, nil)
	m := mailbox(t, s, "bob", "INBOX")
	fill(t, m, "a\r\n")
	before := view(t, m)
	require.NoError(t, s.Close())
	f, err := os.OpenFile(filepath.Join(dir, "bob", "Maildir", "mailstore-index"), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteString(strings.Repeat("+ 2 torn ", 100))
	require.NoError(t, errors.Join(err, f.Close()))
	s = openStore(t, dir, nil)
	fill(t, mailbox(t, s, "bob", "INBOX"), "b\r\n")
	_, again := reopened(t, s, dir, "bob", "INBOX")
	assert.Equal(t, before.UIDValidity, again.UIDValidity)
	assert.Equal(t, []string{"1 new", "2 new"}, rows(again))
}

// A view has the keywords of its moment, when their places are another's since.
func TestViewKeepsKeywords(t *testing.T) {
	s, _ := newStore(t, nil)
	m := mailbox(t, s, "bob", "INBOX")
	var keywords []string
	for i := range 64 {
		keywords = append(keywords, "k"+itoa(i))
	}
	_, err := m.Append(t.Context(), strings.NewReader("a\r\n"), &mailstore.AppendOptions{Keywords: keywords})
	require.NoError(t, err)
	before := view(t, m)
	_, err = m.Change(t.Context(), mailstore.Change{Keywords: []string{"k63"}}, 1)
	require.NoError(t, err)
	_, err = m.Append(t.Context(), strings.NewReader("b\r\n"), &mailstore.AppendOptions{Keywords: []string{"more"}})
	require.NoError(t, err)
	assert.Equal(t, []string{"1 new k63", "2 new more"}, rows(view(t, m)))
	assert.ElementsMatch(t, keywords, before.At(0).Keywords)
}

// When most of the index is garbage it is written anew, and says the same.
func TestIndexShrinks(t *testing.T) {
	s, dir := newStore(t, nil)
	m := mailbox(t, s, "bob", "INBOX")
	var uids []uint32
	for i := range 20 {
		fill(t, m, "a\r\n")
		uids = append(uids, uint32(i+1))
	}
	file := filepath.Join(dir, "bob", "Maildir", "mailstore-index")
	largest := int64(0)
	for i := range 55 {
		how := mailstore.Add
		if i%2 == 1 {
			how = mailstore.Remove
		}
		_, err := m.Change(t.Context(), mailstore.Change{How: how, Keywords: []string{"work"}}, uids...)
		require.NoError(t, err)
		info, err := os.Stat(file)
		require.NoError(t, err)
		largest = max(largest, info.Size())
	}
	v := view(t, m)
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Less(t, info.Size(), largest/2)
	_, again := reopened(t, s, dir, "bob", "INBOX")
	assert.Equal(t, rows(v), rows(again))
	assert.Equal(t, v.HighestModSeq, again.HighestModSeq)
}

// Who asks for what has gone longer ago than is remembered is told of all UIDs that
// are not there.
func TestVanishedLongAgo(t *testing.T) {
	s, dir := newStore(t, nil)
	mailbox(t, s, "bob", "INBOX")
	require.NoError(t, s.Close())
	path := filepath.Join(dir, "bob", "Maildir")
	index := mailstore.Line("H 1 7") + mailstore.Line("+ 3 1 *- 3 a") + mailstore.Line("+ 4 5 *- 3 b") + mailstore.Line("+ 9 1 *- 3 c") +
		mailstore.Line("N 12 20 10") + mailstore.Line("- 15 10") + mailstore.Line("- 20 7")
	require.NoError(t, os.WriteFile(filepath.Join(path, "mailstore-index"), []byte(index), 0o600))
	for _, name := range []string{"a", "b", "c"} {
		require.NoError(t, os.WriteFile(filepath.Join(path, "new", name), []byte("x\n"), 0o600))
	}
	s = openStore(t, dir, nil)
	m := mailbox(t, s, "bob", "INBOX")
	v := view(t, m)
	assert.Equal(t, uint32(7), v.UIDValidity)
	assert.Equal(t, mailstore.Changes{
		Changed:  []uint32{4},
		Vanished: []mailstore.Range{{First: 1, Last: 2}, {First: 5, Last: 8}, {First: 10, Last: 11}},
	}, v.Since(2))
	assert.Equal(t, mailstore.Changes{Vanished: []mailstore.Range{{First: 7, Last: 7}, {First: 10, Last: 10}}}, v.Since(10))
	assert.Equal(t, mailstore.Changes{Vanished: []mailstore.Range{{First: 7, Last: 7}}}, v.Since(15))
	assert.Empty(t, v.Since(20))
	for i, msg := range v.All() {
		assert.Equal(t, v.At(i), msg)
		break
	}
	assert.Equal(t, "INBOX", m.Name())
}
