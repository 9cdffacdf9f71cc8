package queue_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp"
	"applayer/smtp/queue"
)

// A message that was written when the clock was another one. The test begins at
// the start of the year 2000.
func TestClockJumps(t *testing.T) {
	start := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	tests := []struct {
		name          string
		arrived, next time.Time
		first, last   time.Duration // of the tries
	}{
		{"it was right", start.Add(-time.Hour), start.Add(10 * time.Minute), 10 * time.Minute, 5*day - time.Hour},
		{"it was a year ahead", start.Add(365 * day), start.Add(365 * day), 4 * time.Hour, 5 * day},
		{"it is a year ahead", start.Add(-365 * day), start.Add(-365 * day), 0, 0},
		{"5 days are over since it was right", start.Add(-5*day - time.Hour), start.Add(-day), 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				dir := t.TempDir()
				env := envelope(bob)
				env.To[0].Notify = smtp.NotifyFailure
				file, err := queue.File(tt.arrived, env, text)
				require.NoError(t, err)
				form := "2006-01-02T15:04:05Z"
				file = append(file, queue.Line(`PUTOFF 0 `+tt.arrived.Format(form)+` `+tt.next.Format(form)+` 1 - 451 4.3.0 "mx.hamburger.edu" "later"`)...)
				require.NoError(t, os.MkdirAll(filepath.Join(dir, "messages"), 0o700))
				require.NoError(t, os.WriteFile(filepath.Join(dir, "messages", "x"), file, 0o600))

				s := newSink(refusing(queue.Result{Err: errDown}))
				q := &queue.Queue{Dir: dir, Deliverer: s, Schedule: exact, Hostname: "mx.crepes.fr"}
				running(t, q)
				if list := q.List(); assert.Len(t, list, 1) && tt.first > 0 {
					assert.Equal(t, tt.first, list[0].To[0].Next.Sub(start))
				}
				pass(10 * day)
				times := s.times(bob)
				require.NotEmpty(t, times)
				assert.Equal(t, tt.first, times[0], "it is tried, and only then given up")
				assert.Equal(t, tt.last, times[len(times)-1])
				assert.Len(t, s.reports(), 1)
				assert.Empty(t, q.List())
			})
		})
	}
}

// A wait without bounds stays one.
func TestScheduleWaitForEver(t *testing.T) {
	const ever = time.Duration(1<<63 - 1)
	wait := queue.Schedule{First: ever, Max: ever, Jitter: 1}.Wait(1000, 0.999)
	assert.Greater(t, wait, 100*365*24*time.Hour)
}
