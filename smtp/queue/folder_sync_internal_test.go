package queue

import (
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A sync that is under way may have missed what was done after it began: who comes
// then waits for the next one, and shares it with the others, and what became of it.
func TestFolderSyncShares(t *testing.T) {
	begun, end := make(chan bool), make(chan error)
	s := folderSync{do: func() error {
		begun <- true
		return <-end
	}}
	call := func() chan error {
		result := make(chan error, 1)
		go func() { result <- s.sync() }()
		return result
	}
	first := call()
	<-begun
	second := call()
	for next := false; !next; runtime.Gosched() {
		s.mu.Lock()
		next = s.next != nil
		s.mu.Unlock()
	}
	third := call() // shares the sync of the second, or comes too late and has one of its own
	end <- nil
	assert.NoError(t, <-first)
	<-begun
	select {
	case <-second:
		t.Error("the sync that was under way is not enough")
	default:
	}
	broken := errors.New("broken")
	end <- broken
	assert.Equal(t, broken, <-second)
	select {
	case <-begun:
		end <- broken
	case err := <-third:
		third <- err
	}
	assert.Equal(t, broken, <-third)

	last := call()
	<-begun
	end <- nil
	assert.NoError(t, <-last, "each call has a sync that began after it")
}
