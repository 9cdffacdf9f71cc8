package queue_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
	"applayer/smtp/queue"
)

// A disk that is full refuses messages, which leave nothing behind; those that are
// there go on, and a report about one is made when there is room.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skip("no file system can be mounted here:", err)
	}
	t.Cleanup(func() { assert.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	bubble(t, func(t *testing.T) {
		s := newSink(refusing(refuse(550, smtp.EnhancedCode{5, 1, 1}, "no")))
		q := &queue.Queue{Dir: dir, Deliverer: s, Hostname: "mx.crepes.fr"}
		require.NoError(t, q.Open())
		id := submit(t, q, envelope(bob, dave), text)
		require.NoError(t, q.Close())
		filler := filepath.Join(dir, "filler")
		fill(t, filler)

		running(t, q)
		_, err := q.Submit(t.Context(), envelope(bob), strings.NewReader(text+strings.Repeat("ketchup\r\n", 2000)))
		assert.ErrorIs(t, err, queue.ErrFull)
		var reply *smtp.ReplyError
		require.ErrorAs(t, err, &reply)
		assert.Equal(t, 452, reply.Code)
		pass(10 * time.Minute)
		assert.Empty(t, messages(t, dir, "tmp"))
		assert.Len(t, s.got(), 2, "both were tried once")
		assert.Equal(t, []string{id}, messages(t, dir, "messages"))

		require.NoError(t, os.Remove(filler))
		pass(time.Minute)
		require.Len(t, s.reports(), 1)
		assert.Len(t, s.got(), 3)
		assert.Empty(t, messages(t, dir, "messages"))
	})
}

// fill writes a file until there is no room.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	require.NoError(t, err)
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 1024))
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
}
