package queue_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
	"applayer/smtp/queue"
)

// A disk that takes nothing for some time: what became of a try is written down
// when it does again, nobody is tried twice meanwhile, and nothing ends before.
func TestDiskFailsAfterATry(t *testing.T) {
	bubble(t, func(t *testing.T) {
		dir := t.TempDir()
		away := filepath.Join(dir, "away")
		tried := map[string]int{}
		q := &queue.Queue{Dir: dir, Schedule: exact, Limits: queue.Limits{MaxActive: 1}}
		q.Deliverer = queue.DelivererFunc(func(_ context.Context, m *queue.Message, to []smtp.Recipient) []queue.Result {
			tried[to[0].String()]++
			if to[0].Path == bob {
				require.NoError(t, os.Rename(filepath.Join(dir, "messages", m.ID), away))
				return []queue.Result{{}}
			}
			return []queue.Result{{Err: errDown}}
		})
		running(t, q)
		id := submit(t, q, envelope(bob, dave), text)
		pass(30 * time.Second)
		_, _, err := queue.Read(read(t, away))
		require.NoError(t, err)
		require.NoError(t, os.Rename(away, filepath.Join(dir, "messages", id)))
		pass(time.Minute)
		e, _, err := queue.Read(read(t, filepath.Join(dir, "messages", id)))
		require.NoError(t, err)
		assert.Equal(t, queue.StateDone, e.To[0].State)
		assert.Equal(t, queue.StateDeferred, e.To[1].State)
		pass(time.Hour)
		assert.Equal(t, 1, tried["bob@hamburger.edu"])
		assert.Greater(t, tried["dave@example.org"], 2)
	})
}

// What the disk did not take is tried once more when the queue ends, so that who
// had the message does not have it again after the next start.
func TestDiskFailsBeforeTheEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		dir := t.TempDir()
		away := filepath.Join(dir, "away")
		q := &queue.Queue{Dir: dir, Schedule: exact, Limits: queue.Limits{MaxActive: 1}}
		q.Deliverer = queue.DelivererFunc(func(_ context.Context, m *queue.Message, to []smtp.Recipient) []queue.Result {
			if to[0].Path == bob {
				assert.NoError(t, os.Rename(filepath.Join(dir, "messages", m.ID), away))
				return []queue.Result{{}}
			}
			return []queue.Result{{Err: errDown}}
		})
		stop := running(t, q)
		id := submit(t, q, envelope(bob, dave), text)
		pass(30 * time.Second)
		require.NoError(t, os.Rename(away, filepath.Join(dir, "messages", id)))
		stop()
		e, _, err := queue.Read(read(t, filepath.Join(dir, "messages", id)))
		require.NoError(t, err)
		assert.Equal(t, queue.StateDone, e.To[0].State)
	})
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	return b
}

// A report that cannot be written is written later, and its message stays until
// then.
func TestDiskFailsForAReport(t *testing.T) {
	bubble(t, func(t *testing.T) {
		dir := t.TempDir()
		s := newSink(func(m *queue.Message, _ smtp.Recipient) queue.Result {
			if m.From.IsNull() {
				return queue.Result{}
			}
			assert.NoError(t, os.Remove(filepath.Join(dir, "tmp")))
			return refuse(550, smtp.EnhancedCode{5, 1, 1}, "no")
		})
		q := &queue.Queue{Dir: dir, Deliverer: s, Hostname: "mx.crepes.fr"}
		running(t, q)
		id := submit(t, q, envelope(bob), text)
		pass(10 * time.Minute)
		assert.Empty(t, s.reports())
		assert.Equal(t, []string{id}, messages(t, dir, "messages"))
		_, err := q.Submit(t.Context(), envelope(bob), nil)
		assert.Error(t, err)
		require.NoError(t, os.Mkdir(filepath.Join(dir, "tmp"), 0o700))
		pass(time.Minute)
		assert.Len(t, s.reports(), 1)
		assert.Empty(t, messages(t, dir, "messages"))
	})
}
