//go:build !race

package http1_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Under the race detector a sync.Pool drops what it is given now and then.
func TestServerAllocatesOneString(t *testing.T) {
	serve := func(times int) func() {
		return func() {
			s := handle(smallHandler)
			s.ServeConn(t.Context(), &turnsConn{scripted: &scripted{}, in: []byte(lectureRequest), times: times})
		}
	}
	few, many := testing.AllocsPerRun(10, serve(100)), testing.AllocsPerRun(10, serve(1100))
	assert.InDelta(t, 1, (many-few)/1000, 0.05, "allocations a request: its head's string")
}
