package queue_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/smtp/queue"
)

func TestStates(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, queue.WriteStates(&b))
	want, err := os.ReadFile("testdata/states.md")
	require.NoError(t, err)
	assert.Equal(t, string(want), b.String())

	b.Reset()
	require.NoError(t, queue.WriteStatesDOT(&b))
	assert.Contains(t, b.String(), "Deferred")
}

// Every pair of a state and an event is a rule or stands here as refused.
func TestStatesRefuse(t *testing.T) {
	refused := map[queue.State][]queue.Event{
		queue.StateWaiting:  {queue.EventTaken, queue.EventPutOff, queue.EventRefused, queue.EventExpired},
		queue.StateActive:   {queue.EventTry},
		queue.StateDeferred: {queue.EventTaken, queue.EventPutOff, queue.EventRefused, queue.EventExpired},
		// What is done is never tried again.
		queue.StateDone:    {queue.EventTry, queue.EventTaken, queue.EventPutOff, queue.EventRefused, queue.EventExpired},
		queue.StateBounced: {queue.EventTry, queue.EventTaken, queue.EventPutOff, queue.EventRefused, queue.EventExpired},
	}
	got := map[queue.State][]queue.Event{}
	for s, e := range queue.Table.Refused() {
		got[s] = append(got[s], e)
	}
	assert.Equal(t, refused, got)
	assert.Empty(t, queue.Table.Unreachable(queue.StateWaiting))
	assert.Empty(t, queue.Table.Stuck(queue.StateDone, queue.StateBounced))
	for s := range queue.States {
		assert.Equal(t, s == queue.StateDone || s == queue.StateBounced, s.Final(), s.String())
	}
}

func TestStatesWalk(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		m := queue.NewMachine()
		for range 20 {
			before, e := m.State(), queue.Event(random.IntN(int(queue.Events)))
			can := m.Can(e)
			err := m.Do(e)
			assert.Equal(t, can, err == nil)
			if err != nil {
				assert.Equal(t, before, m.State())
			}
			if before.Final() {
				assert.Error(t, err)
			}
		}
	}
}

func TestNames(t *testing.T) {
	assert.Equal(t, "Deferred", queue.StateDeferred.String())
	assert.Equal(t, "State(99)", queue.State(99).String())
	assert.Equal(t, "PutOff", queue.EventPutOff.String())
	assert.Equal(t, "Event(99)", queue.Event(99).String())
}
