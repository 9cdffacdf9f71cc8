package boundary_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/boundary"
)

func TestWriter(t *testing.T) {
	var out bytes.Buffer
	w, err := boundary.NewWriter(&out, "simple boundary")
	require.NoError(t, err)
	assert.Equal(t, "simple boundary", w.Boundary())
	_, err = io.WriteString(w, "early")
	require.Error(t, err)
	require.NoError(t, w.Next(nil))
	_, err = io.WriteString(w, "one")
	require.NoError(t, err)
	require.NoError(t, w.Next([]byte("Content-Type: text/plain\r\nA: 1\r\n")))
	_, err = io.WriteString(w, "two\r\n")
	require.NoError(t, err)
	require.NoError(t, w.Close())
	assert.Equal(t, "--simple boundary\r\n\r\none\r\n"+
		"--simple boundary\r\nContent-Type: text/plain\r\nA: 1\r\n\r\ntwo\r\n\r\n"+
		"--simple boundary--\r\n", out.String())
	assert.Error(t, w.Next(nil), "it is closed")
	assert.Error(t, w.Close())
}

func TestWriterOfNoPart(t *testing.T) {
	var out bytes.Buffer
	w, err := boundary.NewWriter(&out, "b")
	require.NoError(t, err)
	require.NoError(t, w.Close())
	assert.Equal(t, "--b--\r\n", out.String())
}

func TestRandom(t *testing.T) {
	a, b := boundary.Random(), boundary.Random()
	assert.NotEqual(t, a, b)
	assert.GreaterOrEqual(t, len(a), 26, "128 bits and more, of base 32")
	assert.True(t, boundary.Valid(a))
}

func TestValid(t *testing.T) {
	for _, good := range []string{"a", "'()+_,-./:=? 9", strings.Repeat("z", 70)} {
		assert.True(t, boundary.Valid(good), good)
	}
	for _, bad := range []string{"", "a ", "a;b", "a\"b", "a\r\nb", "ä", "*", strings.Repeat("z", 71)} {
		assert.False(t, boundary.Valid(bad), bad)
		if bad != "" {
			_, err := boundary.NewWriter(io.Discard, bad)
			assert.ErrorIs(t, err, boundary.ErrBoundary)
		}
	}
}

func TestCheckHeader(t *testing.T) {
	for _, good := range []string{"", "A: 1\r\n", "A: 1\r\n B\r\n"} {
		assert.NoError(t, boundary.CheckHeader([]byte(good)), "%q", good)
	}
	for _, bad := range []string{"A: 1", "\r\n", "A: 1\r\n\r\n", "A: 1\nB: 2\r\n", "A: 1\rB\r\n", "A: \x00\r\n", "A: 1\r"} {
		assert.ErrorIs(t, boundary.CheckHeader([]byte(bad)), boundary.ErrHeader, "%q", bad)
		w, err := boundary.NewWriter(io.Discard, "")
		require.NoError(t, err)
		assert.ErrorIs(t, w.Next([]byte(bad)), boundary.ErrHeader, "%q", bad)
		assert.ErrorIs(t, w.Close(), boundary.ErrHeader, "it stays")
	}
}

// TestWriterRefusesTheDelimiter gives content that would end its part, in one
// piece and in pieces of each length.
func TestWriterRefusesTheDelimiter(t *testing.T) {
	tests := []struct {
		content string
		refused bool
	}{
		{"--bound\r\n", true},
		{"x\r\n--bound--\r\ny", true},
		{"x\n--bound", true},
		{strings.Repeat("x", 50) + "\r\n--boundary", true},
		{"x--bound\r\n", false},
		{"\r\n--boun\r\n-\r\n", false},
		{strings.Repeat("\r\n--", 30), false},
	}
	for _, tt := range tests {
		for step := 1; step <= len(tt.content); step++ {
			w, err := boundary.NewWriter(io.Discard, "bound")
			require.NoError(t, err)
			require.NoError(t, w.Next(nil))
			_, err = io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{strings.NewReader(tt.content)}, make([]byte, step))
			if tt.refused {
				assert.ErrorIs(t, err, boundary.ErrDelimiter, "%q by %d", tt.content, step)
			} else {
				assert.NoError(t, err, "%q by %d", tt.content, step)
			}
		}
	}
}

func TestWriterToABrokenOne(t *testing.T) {
	broken := errors.New("broken")
	w, err := boundary.NewWriter(failingWriter{broken}, "b")
	require.NoError(t, err)
	require.ErrorIs(t, w.Next(nil), broken)
	_, err = w.Write([]byte("x"))
	require.ErrorIs(t, err, broken)
	w, err = boundary.NewWriter(failingWriter{broken}, "b")
	require.NoError(t, err)
	assert.ErrorIs(t, w.Close(), broken)
}

func BenchmarkReader(b *testing.B) {
	for name, content := range map[string]string{
		"plain":   strings.Repeat("x", 1<<20),
		"hostile": strings.Repeat("\r\n--bounda", 1<<20/10),
	} {
		b.Run(name, func(b *testing.B) {
			in := "--boundary\r\n\r\n" + content + "\r\n--boundary--"
			src := strings.NewReader(in)
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				src.Reset(in)
				r, err := boundary.NewReader(src, "boundary", nil)
				require.NoError(b, err)
				p, err := r.Next()
				require.NoError(b, err)
				n, err := io.Copy(io.Discard, struct{ io.Reader }{p})
				require.NoError(b, err)
				require.EqualValues(b, len(content), n)
			}
		})
	}
}
