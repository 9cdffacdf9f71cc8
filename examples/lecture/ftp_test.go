package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A spoiled octet of a file, of a reply or of a command fails the scene.
func TestFTPNoticesASpoiledOctet(t *testing.T) {
	for _, tt := range []struct {
		name     string
		toClient bool
		behind   string
	}{
		{"file down", true, "Week 1: "},
		{"file up", false, "My answers "},
		{"listing", true, " sylla"},
		{"reply 331", true, "33"},
		{"reply 452", true, "45"},
		{"command", false, "CWD "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			v := playIn(t, ftpScene, &out, NetOptions{Spoil: flipBehind(tt.toClient, tt.behind)})
			assert.False(t, v.ok(), out.String())
		})
	}
}
