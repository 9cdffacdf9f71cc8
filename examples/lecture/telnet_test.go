package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A spoiled octet of what is typed, shown or negotiated fails the scene.
func TestTelnetNoticesASpoiledOctet(t *testing.T) {
	for _, tt := range []struct {
		name     string
		toClient bool
		behind   string
	}{
		{"an echo", true, "who\r\n"},
		{"a password", false, "hung"},
		{"ECHO offered", true, "\xff\xfb\x03\xff\xfb"},
		{"the window", false, "\xff\xfa\x1f\x00"},
		{"a request typed", false, "GET /index.html HTTP/1"},
		{"a greeting typed", false, "HELO "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			v := playIn(t, telnetScene, &out, NetOptions{Spoil: flipBehind(tt.toClient, tt.behind)})
			assert.False(t, v.ok(), out.String())
		})
	}
}
