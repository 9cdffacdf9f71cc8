package mime_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"applayer/mime"
)

// messages are the messages under testdata.
func messages(tb testing.TB) (list [][]byte) {
	for _, dir := range []string{"golden", "rfc", "damaged"} {
		names, err := filepath.Glob(filepath.Join("testdata", dir, "*.eml"))
		require.NoError(tb, err)
		for _, name := range names {
			b, err := os.ReadFile(name)
			require.NoError(tb, err)
			list = append(list, b)
		}
	}
	return list
}

// FuzzReader reads any octets as a tree in memory, as a tree over a source, and
// as a stream that comes in pieces: all see the same entities, no octet is lost,
// the limits hold, and what counts lines and sizes agrees with the octets.
func FuzzReader(f *testing.F) {
	for _, tt := range structures {
		f.Add([]byte(tt.in), uint8(1))
	}
	for _, m := range messages(f) {
		f.Add(m, uint8(2))
	}
	for _, tt := range damagedMessages {
		if len(tt.in) < 64<<10 {
			f.Add([]byte(tt.in), uint8(1))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, how uint8) {
		opts := &mime.Options{Wire: how&4 > 0}
		if how&8 > 0 {
			opts.Limits = mime.Limits{MaxDepth: 3, MaxParts: 5, MaxFields: 8, MaxFieldBytes: 80, MaxHeaderBytes: 200, MaxDefects: 5}
		}
		root, err := mime.ParseBytes(in, opts)
		require.NoError(t, err)
		again, err := mime.Parse(bytes.NewReader(in), int64(len(in)), opts)
		require.NoError(t, err)
		require.Equal(t, treeText(root, string(in)), treeText(again, string(in)))
		require.Equal(t, root.Defects(), again.Defects())

		src := iotest.HalfReader(bytes.NewReader(in))
		if how&1 > 0 {
			src = iotest.OneByteReader(bytes.NewReader(in))
		}
		sameAsStream(t, root, in, src, opts)

		require.Equal(t, walked(t, mime.NewReader(bytes.NewReader(in), opts)),
			walked(t, mime.NewReader(iotest.OneByteReader(bytes.NewReader(in)), opts)), "what is encoded, too")

		entities := 0
		for depth, e := range root.Walk() {
			entities++
			if how&8 > 0 {
				require.LessOrEqual(t, depth, 3)
				require.LessOrEqual(t, e.HeaderSpan().End-e.HeaderSpan().Start, int64(200))
			}
			checkSpan(t, e.Span(), in, opts.Wire)
			checkSpan(t, e.BodySpan(), in, opts.Wire)
		}
		if how&8 > 0 {
			require.LessOrEqual(t, entities, 6)
			require.LessOrEqual(t, len(root.Defects()), 5)
		}

		_, err = mime.ParseBytes(in, &mime.Options{Strict: true})
		all, lenient := mime.ParseBytes(in, nil)
		require.NoError(t, lenient)
		require.Equal(t, len(all.Defects()) > 0, err != nil, "strict: the first defect is the error")
	})
}

// checkSpan compares size and lines of a span with its octets.
func checkSpan(t *testing.T, s mime.Span, in []byte, wire bool) {
	t.Helper()
	octets := in[s.Start:s.End]
	require.EqualValues(t, bytes.Count(octets, []byte("\n")), s.Lines)
	if wire {
		octets = wired(octets)
	}
	require.EqualValues(t, len(octets), s.Size)
}

// wired ends each line in CRLF.
func wired(b []byte) []byte {
	b = bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))
}
