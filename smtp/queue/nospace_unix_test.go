//go:build unix

package queue_test

import (
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/smtp/queue"
)

// A full disk is told as such.
func TestNoSpace(t *testing.T) {
	assert.ErrorIs(t, queue.NoSpace(&os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}), queue.ErrFull)
	assert.NotErrorIs(t, queue.NoSpace(os.ErrPermission), queue.ErrFull)
}
