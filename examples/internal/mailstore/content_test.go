package mailstore_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/mailstore"
	"applayer/mime"
)

// letters are messages that many programs have written.
func letters(tb testing.TB) map[string][]byte {
	files, err := filepath.Glob("../../../mime/testdata/golden/*.eml")
	require.NoError(tb, err)
	require.NotEmpty(tb, files)
	all := map[string][]byte{}
	for _, file := range files {
		all[filepath.Base(file)], err = os.ReadFile(file)
		require.NoError(tb, err)
	}
	return all
}

func contentOf(tb testing.TB, b []byte) *mailstore.Content {
	e, err := mime.ParseBytes(b, &mime.Options{Wire: true})
	require.NoError(tb, err)
	var c mailstore.Content
	c.Envelope, err = e.Envelope()
	require.NoError(tb, err)
	c.Structure, err = e.BodyStructure()
	require.NoError(tb, err)
	return &c
}

func TestContentForm(t *testing.T) {
	for name, b := range letters(t) {
		c := contentOf(t, b)
		form := mailstore.AppendContent(nil, c)
		got, err := mailstore.ParseContent(form)
		require.NoError(t, err, name)
		assert.Equal(t, c, &got, name)
		for n := range form {
			_, err := mailstore.ParseContent(form[:n])
			require.Error(t, err, "%s cut at %d", name, n)
		}
		_, err = mailstore.ParseContent(append(form, 0))
		require.Error(t, err, "%s and an octet", name)
	}
}

// FuzzContent parses any octets: what is a content has one form.
func FuzzContent(f *testing.F) {
	for _, b := range letters(f) {
		f.Add(mailstore.AppendContent(nil, contentOf(f, b)))
	}
	f.Add([]byte(strings.Repeat("\x00", 40)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := mailstore.ParseContent(b); err == nil {
			require.Equal(t, b, mailstore.AppendContent(nil, &c))
		}
	})
}

// A content is read once and then comes from the cache, over a restart too; from a
// cache that is damaged nothing comes that is wrong.
func TestContent(t *testing.T) {
	s, dir := newStore(t, nil)
	m := mailbox(t, s, "bob", "INBOX")
	path := filepath.Join(dir, "bob", "Maildir")
	fill(t, m, "Subject: one\r\n\r\na\r\n", "Subject: two\r\nTo: bob@hamburger.edu\r\n\r\nb\r\n")
	subject := func(m *mailstore.Mailbox, uid uint32) string {
		c, err := m.Content(t.Context(), uid)
		require.NoError(t, err)
		return c.Envelope.Subject.S
	}
	c, err := m.Content(t.Context(), 2)
	require.NoError(t, err)
	assert.Equal(t, "hamburger.edu", c.Envelope.To[0].Host.S)
	assert.Equal(t, int64(3), c.Structure.Size, "with CRLF")
	assert.Equal(t, "one", subject(m, 1))
	_, err = m.Content(t.Context(), 3)
	require.ErrorIs(t, err, mailstore.ErrNoMessage)

	// The file says something else now: it is not looked at.
	v := view(t, m)
	require.NoError(t, os.WriteFile(filepath.Join(path, "new", v.At(0).Base), []byte("Subject: ONE\n\na\n"), 0o600))
	assert.Equal(t, "one", subject(m, 1))
	again := func() *mailstore.Mailbox {
		require.NoError(t, s.Close())
		s = openStore(t, dir, nil)
		return mailbox(t, s, "bob", "INBOX")
	}
	m = again()
	assert.Equal(t, "one", subject(m, 1))
	assert.Equal(t, "two", subject(m, 2))
	require.NoError(t, m.Expunge(t.Context(), 2))
	_, err = m.Content(t.Context(), 2)
	require.ErrorIs(t, err, mailstore.ErrNoMessage, "what has gone is not told")

	file := filepath.Join(path, "mailstore-cache")
	require.NoError(t, s.Close())
	cache, err := os.ReadFile(file)
	require.NoError(t, err)
	for n := range cache {
		bad := append([]byte{}, cache...)
		bad[n] ^= 0x10
		for _, b := range [][]byte{cache[:n], bad} {
			require.NoError(t, os.WriteFile(file, b, 0o600))
			m = again()
			got := subject(m, 1)
			assert.True(t, got == "one" || got == "ONE", "octet %d: %q", n, got)
			assert.Equal(t, got, subject(m, 1))
		}
	}
	// Under another UIDVALIDITY nothing of it counts.
	require.NoError(t, s.Close())
	require.NoError(t, os.WriteFile(file, cache, 0o600))
	require.NoError(t, os.Remove(filepath.Join(path, "mailstore-index")))
	assert.Equal(t, "ONE", subject(again(), 1))
}

// A content that is asked for while the cache is closed is told all the same.
func TestContentWhileClosing(t *testing.T) {
	s, _ := newStore(t, nil)
	m := mailbox(t, s, "bob", "INBOX")
	fill(t, m, "a\r\n")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 500 {
				_, err := m.Content(t.Context(), 1)
				assert.NoError(t, err)
			}
		})
	}
	for range 500 {
		mailstore.EmptyCache(m)
	}
	wg.Wait()
}
