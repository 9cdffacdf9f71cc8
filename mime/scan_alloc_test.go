//go:build !race

package mime_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

// TestParseBytesAllocations takes no more than twelve allocations for the
// structure of any message of the mailbag, and none for a line.
func TestParseBytesAllocations(t *testing.T) {
	for i, m := range mailbag()[:8] {
		n := testing.AllocsPerRun(20, func() {
			_, err := mime.ParseBytes(m, nil)
			require.NoError(t, err)
		})
		assert.LessOrEqual(t, n, 12.0, "message %d", i)

		more := bytes.ReplaceAll(m, []byte("\r\nThe "), []byte("\r\nThe lines\r\nare\r\nmore "))
		again := testing.AllocsPerRun(20, func() {
			_, err := mime.ParseBytes(more, nil)
			require.NoError(t, err)
		})
		assert.Equal(t, n, again, "lines cost nothing")
	}
}
