package session_test

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/session"
)

var errBusy = errors.New("busy")

// calls are those of a session whose ends are counted.
func calls(closed *int) *session.Calls {
	return &session.Calls{Proto: "test", Busy: errBusy, Close: func() error { *closed++; return nil }}
}

func TestOneAtATime(t *testing.T) {
	closed := 0
	c := calls(&closed)
	assert.True(t, c.Free())
	require.NoError(t, c.Begin(t.Context()))
	assert.False(t, c.Free())
	assert.True(t, c.Alive())
	assert.NoError(t, c.Err())
	assert.Equal(t, errBusy, c.Begin(t.Context()))
	c.Done()
	require.NoError(t, c.Begin(t.Context()))
	c.Done()
	assert.Zero(t, closed)
}

func TestEnded(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		why  error
		text string
	}{
		{broken, "test: session: use of closed network connection, by: broken"},
		{net.ErrClosed, "test: session: use of closed network connection"},
	} {
		closed := 0
		c := calls(&closed)
		require.NoError(t, c.Begin(t.Context()))
		c.End(tt.why)
		c.End(errors.New("later"))
		assert.Equal(t, 1, closed)
		assert.False(t, c.Alive())
		assert.False(t, c.Free())
		err := c.Begin(t.Context())
		assert.EqualError(t, err, tt.text)
		assert.Equal(t, err, c.Err())
		assert.ErrorIs(t, err, net.ErrClosed)
		assert.ErrorIs(t, err, tt.why)
		c.Done()
		assert.False(t, c.Free(), "an end is for ever")
	}
}

func TestContextHasEnded(t *testing.T) {
	closed := 0
	why := errors.New("why")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	c := calls(&closed)
	assert.Equal(t, why, c.Begin(ctx))
	assert.True(t, c.Free())
}
