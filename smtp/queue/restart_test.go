package queue_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
	"applayer/smtp/queue"
)

// fates is what becomes of recipients by their local parts.
var fates = map[string]queue.Result{
	"fine": {Delivered: true},
	"none": {Err: smtp.Refuse(550, smtp.EnhancedCode{5, 1, 1}, "no")},
	"down": {Err: errDown},
}

// A queue dies at the beginning of some try, of a report too, and is opened again
// from what the disk had then: who had the message or was refused is never tried
// again, all others are, and each report is made once.
func TestRestartAnywhere(t *testing.T) {
	bubble(t, func(t *testing.T) {
		live := t.TempDir()
		var snapshots []snapshot
		final := map[string]bool{}
		var told []string
		q := &queue.Queue{Dir: live, Schedule: exact, Hostname: "mx.crepes.fr", Limits: queue.Limits{MaxActive: 1}}
		q.Deliverer = queue.DelivererFunc(func(_ context.Context, m *queue.Message, to []smtp.Recipient) []queue.Result {
			// What the tries before have done is on the disk.
			snapshots = append(snapshots, snapshot{copyOf(t, live), maps.Clone(final), slices.Clone(told)})
			if m.From.IsNull() {
				told = append(told, contentOf(t, m))
				return queue.Same(len(to), queue.Result{Delivered: true})
			}
			results := make([]queue.Result, len(to))
			for i, r := range to {
				results[i] = fates[r.Local]
				final[r.String()] = r.Local != "down"
			}
			return results
		})
		stop := running(t, q)
		env := envelope()
		for _, local := range []string{"fine", "none", "down"} {
			for _, domain := range []string{"a.example", "b.example"} {
				env.To = append(env.To, smtp.Recipient{Path: smtp.Path{Local: local, Domain: domain}, RcptOptions: smtp.RcptOptions{Notify: smtp.NotifySuccess | smtp.NotifyFailure | smtp.NotifyDelay}})
			}
		}
		submit(t, q, env, text)
		pass(6 * 24 * time.Hour)
		assert.Len(t, told, 3, "of the first round, of the delay, of the end")
		stop()
		require.Greater(t, len(snapshots), 60)
		for i, s := range snapshots {
			s.replay(t, i)
		}
	})
}

// snapshot is what the disk had at a time, and what was known then.
type snapshot struct {
	dir   string
	final map[string]bool
	told  []string // reports that were sent
}

// replay opens the queue that the snapshot is.
func (s *snapshot) replay(t *testing.T, i int) {
	t.Helper()
	tried, told := map[string]bool{}, s.told
	q := &queue.Queue{Dir: s.dir, Schedule: exact, Hostname: "mx.crepes.fr", Limits: queue.Limits{MaxActive: 1}}
	q.Deliverer = queue.DelivererFunc(func(_ context.Context, m *queue.Message, to []smtp.Recipient) []queue.Result {
		if m.From.IsNull() {
			told = append(told, contentOf(t, m))
			return queue.Same(len(to), queue.Result{Delivered: true})
		}
		results := make([]queue.Result, len(to))
		for i, r := range to {
			tried[r.String()] = true
			results[i] = fates[r.Local]
		}
		return results
	})
	require.NoError(t, q.Open())
	left := q.List()
	var unfinished []string
	for _, e := range left {
		for _, r := range e.To {
			if !e.From.IsNull() && !r.State.Final() {
				unfinished = append(unfinished, r.String())
			}
		}
	}
	require.NoError(t, q.Close())
	stop := running(t, q)
	pass(6 * 24 * time.Hour)
	stop()
	for r := range tried {
		assert.False(t, s.final[r], "snapshot %d: %s is tried again", i, r)
	}
	for _, r := range unfinished {
		assert.True(t, tried[r], "snapshot %d: %s is not tried", i, r)
	}
	// A report that was sent may be sent again, as any message of which nobody
	// could note that; but nothing is told by two.
	slices.Sort(told)
	var facts []string
	for _, text := range slices.Compact(told) {
		_, r := report(t, text)
		for _, g := range r.Groups[1:] {
			if action := g.Get("Action"); action != "delayed" {
				facts = append(facts, action+" "+g.Get("Final-Recipient"))
			}
		}
	}
	slices.Sort(facts)
	assert.Equal(t, []string{
		"delivered rfc822; fine@a.example", "delivered rfc822; fine@b.example",
		"failed rfc822; down@a.example", "failed rfc822; down@b.example",
		"failed rfc822; none@a.example", "failed rfc822; none@b.example",
	}, facts, "snapshot %d", i)
	assert.Empty(t, messages(t, s.dir, "messages"), "snapshot %d", i)
	assert.Empty(t, messages(t, s.dir, "corrupt"), "snapshot %d", i)
}

// copyOf copies the messages of a queue to a folder of their own.
func copyOf(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(to, "messages"), 0o700))
	for _, name := range messages(t, dir, "messages") {
		b, err := os.ReadFile(filepath.Join(dir, "messages", name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(to, "messages", name), b, 0o600))
	}
	return to
}

// contentOf reads a message.
func contentOf(t *testing.T, m *queue.Message) string {
	t.Helper()
	r, err := m.Open()
	require.NoError(t, err)
	defer r.Close()
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(b)
}

// A report that was written, and not yet noted when the process died, is the one
// that is sent: its message does not make another.
func TestRestartBetweenReportAndNote(t *testing.T) {
	bubble(t, func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, os.Mkdir(filepath.Join(dir, "messages"), 0o700))
		write := func(name string, env smtp.Envelope, text string, lines ...string) {
			b, err := queue.File(time.Now(), env, text)
			require.NoError(t, err)
			for _, l := range lines {
				b = append(b, queue.Line(l)...)
			}
			require.NoError(t, os.WriteFile(filepath.Join(dir, "messages", name), b, 0o600))
		}
		at := time.Now().UTC().Format(time.RFC3339Nano)
		write("id", envelope(bob, dave), text, "REFUSED 0-1 "+at+` - 1 - 550 5.1.1 "" "no"`)
		write("id-1", smtp.Envelope{To: []smtp.Recipient{{Path: alice}}}, "Subject: the report\r\n\r\n")

		s := newSink(nil)
		q := &queue.Queue{Dir: dir, Hostname: "mx.crepes.fr", Deliverer: s}
		running(t, q)
		pass(time.Hour)
		reports := s.reports()
		require.Len(t, reports, 1)
		assert.True(t, strings.HasPrefix(reports[0].text, "Subject: the report"))
		assert.Len(t, s.got(), 1)
		assert.Empty(t, messages(t, dir, "messages"))
	})
}

// So it is with a notice of delay: it came once.
func TestRestartBetweenDelayAndNote(t *testing.T) {
	bubble(t, func(t *testing.T) {
		dir := t.TempDir()
		require.NoError(t, os.Mkdir(filepath.Join(dir, "messages"), 0o700))
		arrived := time.Now().Add(-5 * time.Hour)
		env := envelope(bob)
		env.To[0].Notify = smtp.NotifyDelay
		message, err := queue.File(arrived, env, text)
		require.NoError(t, err)
		form := time.RFC3339
		message = append(message, queue.Line("PUTOFF 0 "+arrived.UTC().Format(form)+" "+time.Now().UTC().Format(form)+` 1 - 0 4.4.1 "" "refused"`)...)
		notice, err := queue.File(arrived.Add(4*time.Hour), smtp.Envelope{To: []smtp.Recipient{{Path: alice}}}, "Subject: the notice\r\n\r\n")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "messages", "id"), message, 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "messages", "id-1"), notice, 0o600))

		s := newSink(refusing(queue.Result{Err: errDown}))
		q := &queue.Queue{Dir: dir, Hostname: "mx.crepes.fr", Deliverer: s}
		running(t, q)
		pass(24 * time.Hour)
		reports := s.reports()
		require.Len(t, reports, 1)
		assert.True(t, strings.HasPrefix(reports[0].text, "Subject: the notice"))
	})
}
