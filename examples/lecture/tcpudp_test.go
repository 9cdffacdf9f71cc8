package main

import (
	"bytes"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTCPUDPExactCounts(t *testing.T) {
	for range 2 {
		var out bytes.Buffer
		v := playIn(t, tcpudpScene, &out, NetOptions{})
		require.True(t, v.ok(), out.String())
		assert.Contains(t, out.String(), "   sent 1000, lost 96, doubled 17, out of order 773\n")
		assert.Contains(t, out.String(), "   200000 octets in 1487 ms, 16 of 153 segments were lost and sent again\n")
		assert.Contains(t, out.String(), "   the sender stands after 65536 octets\n")
	}
}

// A scene that did not look at the octets would pass.
func TestTCPUDPSpoiled(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(toClient bool, b []byte) bool
		want  string
	}{
		{"a datagram", func(toClient bool, b []byte) bool { return !toClient && len(b) == bulkSize }, "FAIL  datagrams with wrong octets: expected 0, got 1"},
		{"a segment", func(toClient bool, b []byte) bool { return !toClient && len(b) == 1460 }, "FAIL  hash of what arrived"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			var done atomic.Bool
			v := playIn(t, tcpudpScene, &out, NetOptions{Spoil: func(toClient bool, b []byte) {
				if tt.spoil(toClient, b) && done.CompareAndSwap(false, true) {
					b[100] ^= 1
				}
			}})
			assert.False(t, v.ok())
			assert.Contains(t, out.String(), tt.want)
		})
	}
}
