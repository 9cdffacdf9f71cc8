package pcap_test

import (
	"testing"

	"applayer/internal/golden"
)

// TestGolden shows what two third-party programs exchanged, as this package puts it
// together.
func TestGolden(t *testing.T) {
	golden.Run(t, "testdata/golden", nil)
}
