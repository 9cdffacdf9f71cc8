package sockets_test

import (
	"testing"

	"applayer/internal/golden"
)

// TestGolden shows the dialogues that two third-party programs had.
func TestGolden(t *testing.T) {
	golden.Run(t, "testdata/golden", nil)
}
