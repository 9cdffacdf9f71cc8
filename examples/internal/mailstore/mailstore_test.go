package mailstore_test

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/examples/internal/mailstore"
)

// newStore opens a store in a directory of its own.
func newStore(tb testing.TB, opts *mailstore.Options) (*mailstore.Store, string) {
	dir := tb.TempDir()
	return openStore(tb, dir, opts), dir
}

func openStore(tb testing.TB, dir string, opts *mailstore.Options) *mailstore.Store {
	s, err := mailstore.Open(dir, opts)
	require.NoError(tb, err)
	tb.Cleanup(func() { s.Close() })
	return s
}

func mailbox(tb testing.TB, s *mailstore.Store, user, folder string) *mailstore.Mailbox {
	m, err := s.Mailbox(user, folder)
	require.NoError(tb, err)
	tb.Cleanup(func() { m.Close() })
	return m
}

func view(tb testing.TB, m *mailstore.Mailbox) *mailstore.View {
	v, err := m.Refresh(tb.Context())
	require.NoError(tb, err)
	return v
}

func text(tb testing.TB, m *mailstore.Mailbox, uid uint32) string {
	w, err := m.OpenMessage(uid)
	require.NoError(tb, err)
	defer w.Close()
	b, err := io.ReadAll(w)
	require.NoError(tb, err)
	return string(b)
}

func TestDeliver(t *testing.T) {
	s, dir := newStore(t, nil)
	const message = "Subject: dinner\r\n\r\nDo you like ketchup?\r\n..\r\n"
	require.NoError(t, s.Deliver(t.Context(), []string{"alice", "Bob", "bob"}, strings.NewReader(message)))
	require.NoError(t, s.Deliver(t.Context(), []string{"bob"}, strings.NewReader("\r\nHow about pickles?\r\n")))
	bob := mailbox(t, s, "bob", "inbox")
	v := view(t, bob)
	require.Equal(t, 2, v.Len())
	assert.Equal(t, uint32(1), v.At(0).UID)
	assert.Equal(t, uint32(2), v.At(1).UID)
	assert.Equal(t, uint32(3), v.UIDNext)
	assert.Equal(t, int64(len(message)), v.At(0).Size)
	assert.True(t, v.At(0).New)
	assert.Equal(t, message, text(t, bob, 1))
	assert.Equal(t, message, text(t, mailbox(t, s, "alice", "INBOX"), 1))

	validity := v.UIDValidity
	require.NoError(t, s.Close())
	s = openStore(t, dir, nil)
	v = view(t, mailbox(t, s, "bob", "INBOX"))
	assert.Equal(t, validity, v.UIDValidity)
	require.Equal(t, 2, v.Len())
	assert.Equal(t, uint32(2), v.At(1).UID)
}
