//go:build !race

package mime_test

import (
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

// zeros is a file of nothing but zeros.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// allocated returns how many octets a function allocates in all.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// A file goes through a message without being held: 64 MiB of it take less than
// 1 MiB.
func TestMessageMemory(t *testing.T) {
	const size = 64 << 20
	m := newMessage(t)
	m.Text("See there.")
	m.Attach("zeros", "", io.LimitReader(zeros{}, size))
	var written int64
	n := allocated(func() {
		var err error
		written, err = m.WriteTo(io.Discard)
		require.NoError(t, err)
	})
	assert.Greater(t, written, int64(size/3*4))
	assert.Less(t, n, uint64(1<<20))
}

// Neither do the codecs hold what passes through them, though it be one line.
func TestCodecMemory(t *testing.T) {
	const size = 64 << 20
	for name, f := range map[string]func() error{
		"base64":           func() error { return drain(mime.NewBase64Reader(io.LimitReader(zeros{}, size))) },
		"quoted-printable": func() error { return drain(mime.NewQPReader(io.LimitReader(zeros{}, size))) },
		"uuencode":         func() error { return drain(mime.NewUUReader(io.LimitReader(zeros{}, size))) },
		"quoted-printable writer": func() error {
			w := mime.NewQPWriter(io.Discard, nil)
			if _, err := io.CopyN(w, zeros{}, size/4); err != nil {
				return err
			}
			return w.Close()
		},
	} {
		var err error
		n := allocated(func() { err = f() })
		require.NoError(t, err, name)
		assert.Less(t, n, uint64(256<<10), name)
	}
}

func drain(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}
