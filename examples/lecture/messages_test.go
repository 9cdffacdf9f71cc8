package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
)

// One octet wrong, wherever it stands: the scene must see it.
func TestMessagesSpoiled(t *testing.T) {
	tests := []struct {
		name     string
		toClient bool
		octet    string // the one behind it is spoiled
		want     string
	}{
		{"the request's method", false, "", `FAIL  method: expected "GET", got "gET"`},
		{"the request's version", false, "GET /index.php ", "   EOF"},
		{"a field's value", false, "Keep-Alive: 1", "FAIL  written back from its parts, octet by octet"},
		{"the status", true, "HTTP/1.1 20", "FAIL  status"},
		{"a field's name", true, "GMT\r\n", "FAIL  names of the fields, in order"},
		{"the size in the entity tag", true, "17dc6-a", "FAIL  ETag, a5c: its size: expected 2652"},
		{"the body", true, "<html>", "FAIL  the body is the page"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			v := playIn(t, messagesScene, &out, NetOptions{Spoil: flipBehind(tt.toClient, tt.octet)})
			assert.False(t, v.ok())
			assert.Contains(t, out.String(), tt.want)
		})
	}
}
