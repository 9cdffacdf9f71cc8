package main

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/internal/testkit"
)

func TestCallsNoticesASpoiledOctet(t *testing.T) {
	testkit.Linux(t, "the Berkeley calls")
	tests := []struct {
		name     string
		toClient bool
		at       int // which octets that pass are spoiled, counted from 0
		want     string
	}{
		{"reply over TCP", true, 0, `FAIL  reply: expected "HELLO", got "hELLO"`},
		{"reply over UDP", true, 1, `FAIL  reply: expected "HELLO", got "hELLO"`},
		{"datagram to the second server", true, 3, `expected "for server 2", got "For server 2"`},
		{"struct sockaddr_in", false, 2, "FAIL  family (own order), port and address (network order), filling: expected 02 00 13 ec"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			testkit.NoLeaks(t)
			passed := 0
			spoil := func(toClient bool, b []byte) {
				if toClient != tt.toClient {
					return
				}
				if passed == tt.at {
					b[0] ^= 0x20
				}
				passed++
			}
			var out bytes.Buffer
			v := playIn(t, callsScene, &out, NetOptions{Spoil: spoil})
			assert.NoError(t, v.err)
			assert.Positive(t, v.failed)
			assert.Contains(t, out.String(), tt.want)
		})
	}
}

// Blocking calls know no context; the scene wakes them when its time is over.
func TestCallsEndsWithItsContext(t *testing.T) {
	testkit.Linux(t, "the Berkeley calls")
	testkit.NoLeaks(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	v := play(ctx, callsScene, NewNet(&loopback{dir: t.TempDir()}, &out, NetOptions{}))
	assert.False(t, v.ok(), out.String())
}
