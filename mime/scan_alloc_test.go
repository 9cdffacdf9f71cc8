//go:build !race

package mime_test

import (
	"bytes"
	"io"
	"runtime"
	"strings"
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

// TestReaderMemory streams 1 GB in 16 MiB.
func TestReaderMemory(t *testing.T) {
	const size = 1 << 30
	line := []byte(strings.Repeat("QUJD", 19) + "\r\n")
	src := io.MultiReader(
		strings.NewReader(multi+"--b\r\nContent-Transfer-Encoding: base64\r\n\r\n"),
		io.LimitReader(&repeated{piece: bytes.Repeat(line, 400)}, size),
		strings.NewReader("\r\n--b--\r\n"))
	r := mime.NewReader(src, nil)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var octets int64
	for {
		ev, err := r.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		if ev.Kind == mime.EventBody {
			octets, err = io.Copy(io.Discard, ev.Part.Body())
			require.NoError(t, err)
		}
		if ev.Kind == mime.EventEnd && ev.Part.Path() == "1" {
			assert.EqualValues(t, size, ev.Part.BodySpan().Size)
		}
	}
	runtime.ReadMemStats(&after)
	assert.Greater(t, octets, int64(size/10*7))
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20), "all that was ever allocated")
}

// repeated gives a piece again and again.
type repeated struct {
	piece []byte
	at    int
}

func (r *repeated) Read(p []byte) (int, error) {
	n := copy(p, r.piece[r.at:])
	r.at = (r.at + n) % len(r.piece)
	return n, nil
}
