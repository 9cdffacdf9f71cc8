package queue

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
)

// opened returns a queue that nobody runs, with a message in it.
func opened(t *testing.T) (*Queue, *entry) {
	t.Helper()
	q := &Queue{Dir: t.TempDir(), Hostname: "mx.crepes.fr"}
	require.NoError(t, q.Open())
	t.Cleanup(func() { assert.NoError(t, q.Close()) })
	env := smtp.Envelope{From: at("alice", "crepes.fr"), To: []smtp.Recipient{{Path: at("bob", "hamburger.edu")}}}
	id, err := q.Submit(t.Context(), env, strings.NewReader("Subject: x\r\n\r\nketchup\r\n"))
	require.NoError(t, err)
	return q, q.entries[id]
}

// files returns the names in a folder of a queue.
func files(t *testing.T, q *Queue, dir string) (list []string) {
	t.Helper()
	all, err := os.ReadDir(filepath.Join(q.Dir, dir))
	require.NoError(t, err)
	for _, f := range all {
		list = append(list, f.Name())
	}
	return list
}

// A message is taken out while a report about it is written: the report goes too,
// and does not come out at the next start. Nobody is told.
func TestRemoveTakesItsReport(t *testing.T) {
	q, e := opened(t)
	require.NoError(t, e.to[0].way.Do(EventTry))
	require.NoError(t, e.to[0].do(outcome{event: EventRefused, code: 550}))
	require.NoError(t, q.Remove(e.msg.ID))
	for range 2 {
		require.Error(t, q.report(e), "there is no file that it could be noted in")
		assert.Equal(t, 2, q.used.messages, "it is written once")
	}
	require.Equal(t, []string{e.msg.ID + "-1"}, files(t, q, dirMessages))
	require.NoError(t, q.end(e))
	assert.Empty(t, files(t, q, dirMessages))
	assert.Zero(t, q.used)
	assert.Empty(t, q.entries)
}

// A damaged message was set aside, and the sync after it failed: it is done again,
// and that the file is not there is no error then.
func TestSetAsideAgain(t *testing.T) {
	q, e := opened(t)
	e.damaged = true
	require.NoError(t, q.end(e))
	require.NoError(t, q.end(e))
	assert.Equal(t, []string{e.msg.ID}, files(t, q, dirCorrupt))
}

// A report that could not be written left a file that could not be removed: it is
// written when the disk is well again, and not kept from that by what is left.
func TestStoreOverWhatIsLeft(t *testing.T) {
	q, e := opened(t)
	left := filepath.Join(q.Dir, dirTmp, e.nextReport())
	require.NoError(t, os.WriteFile(left, []byte(strings.Repeat("left", 2000)), 0o600))
	require.NoError(t, e.to[0].way.Do(EventTry))
	require.NoError(t, e.to[0].do(outcome{event: EventRefused, code: 550}))
	require.NoError(t, q.report(e))
	b, err := os.ReadFile(filepath.Join(q.Dir, dirMessages, e.msg.ID+"-1"))
	require.NoError(t, err)
	_, _, err = Read(b)
	require.NoError(t, err)
	assert.NotContains(t, string(b), "left")
}

// What is read at the start takes its room.
func TestRoomAfterStart(t *testing.T) {
	q, e := opened(t)
	want := q.used
	require.NoError(t, q.Close())
	require.NoError(t, q.Open())
	assert.Equal(t, want, q.used)
	assert.Equal(t, room{1, 1, e.msg.Size}, q.used)
}

// An enhanced code is told where its class is that of the code (RFC 2034 §4).
func TestReplyOnOneLine(t *testing.T) {
	for _, tt := range []struct {
		o    outcome
		want string
	}{
		{outcome{code: 550, status: smtp.EnhancedCode{5, 1, 1}, text: "no"}, "550 5.1.1 no"},
		{outcome{code: 550, status: smtp.EnhancedCode{4, 3, 0}, text: "no"}, "550 no"},
		{outcome{code: 550, status: smtp.EnhancedCode{5, 0, 0}}, "550 5.0.0"},
		{outcome{text: "connection refused"}, "connection refused"},
	} {
		assert.Equal(t, tt.want, tt.o.reply())
	}
}
