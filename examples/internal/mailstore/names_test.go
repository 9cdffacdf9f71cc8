package mailstore_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/mailstore"
)

func itoa(i int) string { return strconv.Itoa(i) }

func TestUserFolder(t *testing.T) {
	for _, tt := range []struct{ user, want string }{
		{"bob", "bob"},
		{"Bob.Smith+x@Hamburger.EDU", "bob.smith+x@hamburger.edu"},
		{".", "%2E"},
		{"..", "%2E%2E"},
		{".lock", "%2Elock"},
		{"bob.", "bob%2E"},
		{"../../etc", "%2E.%2F..%2Fetc"},
		{`a\b/c:d%e f`, "a%5Cb%2Fc%3Ad%25e%20f"},
		{"jürgen", "j%C3%BCrgen"},
		{"con", "%63on"},
		{"COM1.txt", "%63om1.txt"},
		{"connie", "connie"},
		{strings.Repeat("x", 255), strings.Repeat("x", 255)},
	} {
		got, err := mailstore.UserFolder(tt.user)
		require.NoError(t, err, tt.user)
		assert.Equal(t, tt.want, got)
	}
	for _, bad := range []string{"", "a\x00b", "a\nb", "a\x7f", strings.Repeat("x", 256), strings.Repeat("/", 86)} {
		_, err := mailstore.UserFolder(bad)
		assert.ErrorIs(t, err, mailstore.ErrName, "%q", bad)
	}
}

// No two names share a folder but those that differ in the case of ASCII, and no
// folder is anything but a plain name of a file.
func FuzzUserFolder(f *testing.F) {
	f.Add("bob", "Bob")
	f.Add("../x", "%2E./x")
	f.Add("con.x", "%63on.x")
	f.Fuzz(func(t *testing.T, a, b string) {
		x, err := mailstore.UserFolder(a)
		if err != nil {
			return
		}
		require.Regexp(t, `^[-a-z0-9_@+%A-F]([-a-z0-9_.@+%A-F]*[-a-z0-9_@+%A-F])?$`, x)
		require.True(t, filepath.IsLocal(x))
		y, err := mailstore.UserFolder(b)
		if err == nil && x == y {
			require.Equal(t, lower(a), lower(b))
		}
	})
}

func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

// Names that clients give lead nowhere but into their own user's folder.
func TestHostileNames(t *testing.T) {
	s, dir := newStore(t, nil)
	outside := filepath.Join(filepath.Dir(dir), "outside")
	for _, user := range []string{"..", "../outside", "/etc/passwd", ".lock", `..\outside`, "a/../../outside"} {
		m, err := s.Mailbox(user, "INBOX")
		require.NoError(t, err, user)
		require.NoError(t, m.Close())
	}
	for _, folder := range []string{"", "..", "../x", "/", "a//b", "/a", "a/", ".hidden", "a.b", "a\x00b", "a\nb", "a\x7f", "a\u0085", "\xff", strings.Repeat("x", 300)} {
		assert.ErrorIs(t, s.Create("bob", folder), mailstore.ErrName, "%q", folder)
		_, err := s.Mailbox("bob", folder)
		assert.ErrorIs(t, err, mailstore.ErrName, "%q", folder)
	}
	_, err := os.Lstat(outside)
	assert.ErrorIs(t, err, fs.ErrNotExist)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		assert.True(t, e.IsDir() || e.Name() == ".lock" || e.Name() == ".uidvalidity", e.Name())
	}
}

// Folders that other programs have made by other names can be opened, if a client can
// say their names, and each name means one.
func TestFoldersOfOthers(t *testing.T) {
	s, dir := newStore(t, nil)
	mailbox(t, s, "bob", "INBOX")
	box := filepath.Join(dir, "bob", "Maildir")
	for _, name := range []string{".Entwürfe", ".a&b", ".a&-b", ".INBOX", ".inbox", ".x\x01", ".\xff", ".Lists.Gö"} {
		for _, inner := range []string{"cur", "new", "tmp"} {
			require.NoError(t, os.MkdirAll(filepath.Join(box, name, inner), 0o700))
		}
	}
	names, err := s.Folders("bob")
	require.NoError(t, err)
	assert.Equal(t, []string{"INBOX", "Entwürfe", "Lists/Gö", "a&b"}, names)
	for _, name := range names {
		m := mailbox(t, s, "bob", name)
		fill(t, m, name+"\r\n")
		assert.Equal(t, 1, view(t, m).Len(), name)
		assert.Equal(t, name, m.Name())
	}
	files, err := filepath.Glob(filepath.Join(box, ".Entwürfe", "new", "*"))
	require.NoError(t, err)
	assert.Len(t, files, 1)
	assert.ErrorIs(t, s.Create("bob", "Entwürfe"), mailstore.ErrExists)
	assert.ErrorIs(t, s.Rename("bob", "a&b", "Entwürfe"), mailstore.ErrExists)
	require.NoError(t, s.Rename("bob", "Entwürfe", "Drafts"))
	require.NoError(t, s.Delete("bob", "Lists/Gö"))
	names, err = s.Folders("bob")
	require.NoError(t, err)
	assert.Equal(t, []string{"INBOX", "Drafts", "a&b"}, names)
	assert.Equal(t, "Entwürfe\r\n", text(t, mailbox(t, s, "bob", "Drafts"), 1))
}

func TestFolders(t *testing.T) {
	s, dir := newStore(t, nil)
	names, err := s.Folders("bob")
	require.NoError(t, err)
	assert.Equal(t, []string{"INBOX"}, names)
	for _, name := range []string{"Sent", "Lists/Go", "Entwürfe", "Lists/Go/old"} {
		require.NoError(t, s.Create("bob", name))
	}
	assert.ErrorIs(t, s.Create("bob", "Sent"), mailstore.ErrExists)
	assert.ErrorIs(t, s.Create("bob", "inbox"), mailstore.ErrName)
	_, err = os.Stat(filepath.Join(dir, "bob", "Maildir", ".Entw&APw-rfe", "maildirfolder"))
	require.NoError(t, err)

	list := mailbox(t, s, "bob", "Lists/Go")
	old := mailbox(t, s, "bob", "Lists/Go/old")
	uid, err := list.Append(t.Context(), strings.NewReader("a\r\n"), nil)
	require.NoError(t, err)
	before := view(t, list)
	require.NoError(t, s.Rename("bob", "Lists/Go", "Archive"))
	_, err = list.View(t.Context())
	assert.ErrorIs(t, err, mailstore.ErrGone)
	_, err = old.View(t.Context())
	assert.ErrorIs(t, err, mailstore.ErrGone)
	_, err = list.OpenMessage(uid)
	assert.ErrorIs(t, err, mailstore.ErrGone)
	list = mailbox(t, s, "bob", "Archive")
	assert.Equal(t, "Archive", list.Name())
	assert.Equal(t, before.UIDValidity, view(t, list).UIDValidity)
	assert.Equal(t, "a\r\n", text(t, list, uid))
	names, err = s.Folders("bob")
	require.NoError(t, err)
	assert.Equal(t, []string{"INBOX", "Archive", "Archive/old", "Entwürfe", "Sent"}, names)
	assert.ErrorIs(t, s.Rename("bob", "Archive", "Sent"), mailstore.ErrExists)
	assert.ErrorIs(t, s.Rename("bob", "nothing", "New"), mailstore.ErrNoMailbox)
	assert.ErrorIs(t, s.Rename("bob", "Archive", "INBOX"), mailstore.ErrName)

	require.NoError(t, s.Delete("bob", "Archive"))
	_, err = s.Mailbox("bob", "Archive")
	assert.ErrorIs(t, err, mailstore.ErrNoMailbox)
	assert.ErrorIs(t, s.Delete("bob", "Archive"), mailstore.ErrNoMailbox)
	assert.ErrorIs(t, s.Delete("bob", "INBOX"), mailstore.ErrName)
	// One of the same name is another, at once too.
	require.NoError(t, s.Create("bob", "Archive"))
	assert.Greater(t, view(t, mailbox(t, s, "bob", "Archive")).UIDValidity, before.UIDValidity)
	for _, err := range []error{s.Create("", "x"), s.Delete("", "x"), s.Rename("", "x", "y"), s.Deliver(t.Context(), []string{""}, nil)} {
		assert.ErrorIs(t, err, mailstore.ErrName)
	}
	_, err = s.Folders("")
	assert.ErrorIs(t, err, mailstore.ErrName)
	_, err = s.Mailbox("", "INBOX")
	assert.True(t, errors.Is(err, mailstore.ErrName))
}

// A link that leads out of the store is not followed, whoever made it.
func TestLinksOut(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need rights there")
	}
	outside := t.TempDir()
	for _, name := range []string{"Maildir/new", "Maildir/cur", "Maildir/tmp"} {
		require.NoError(t, os.MkdirAll(filepath.Join(outside, name), 0o700))
	}
	s, dir := newStore(t, nil)
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "bob")))
	_, err := s.Mailbox("bob", "INBOX")
	require.Error(t, err)
	require.Error(t, s.Deliver(t.Context(), []string{"bob"}, strings.NewReader("a\r\n")))
	// As one of several, and within the Maildir of a user who is there.
	m := mailbox(t, s, "alice", "INBOX")
	require.NoError(t, os.Remove(filepath.Join(dir, "alice", "Maildir", "new")))
	require.NoError(t, os.Symlink(filepath.Join(outside, "Maildir", "new"), filepath.Join(dir, "alice", "Maildir", "new")))
	require.Error(t, s.Deliver(t.Context(), []string{"carol", "alice"}, strings.NewReader("a\r\n")))
	_, err = m.Append(t.Context(), strings.NewReader("b\r\n"), nil)
	require.Error(t, err)
	files, err := os.ReadDir(filepath.Join(outside, "Maildir", "new"))
	require.NoError(t, err)
	assert.Empty(t, files)
}
