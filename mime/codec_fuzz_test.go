package mime_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime/quotedprintable"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"applayer/mime"
)

// FuzzBase64 decodes anything: the same whatever the size of reads, and as
// encoding/base64 does where that takes it. What we encode, both decode.
func FuzzBase64(f *testing.F) {
	for _, seed := range []string{"", "TWVzc2FnZXMu", "TQ==", "TQ", "TW\r\nU=TWU=", "!T?Q=\n=x", "====", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\nAAAA"} {
		f.Add([]byte(seed), 3)
	}
	f.Fuzz(func(t *testing.T, in []byte, step int) {
		r := mime.NewBase64Reader(bytes.NewReader(in))
		got, err := io.ReadAll(r)
		require.NoError(t, err)
		require.LessOrEqual(t, len(got), (len(in)+3)/4*3)

		one := mime.NewBase64Reader(iotest.OneByteReader(bytes.NewReader(in)))
		again, err := io.ReadAll(one)
		require.NoError(t, err)
		require.Equal(t, got, again)
		require.Equal(t, r.Defects(), one.Defects())
		require.Equal(t, r.Junk(), one.Junk())

		var small bytes.Buffer
		_, err = io.CopyBuffer(struct{ io.Writer }{&small}, struct{ io.Reader }{mime.NewBase64Reader(bytes.NewReader(in))}, make([]byte, 1+uint(step)%200))
		require.NoError(t, err)
		require.Equal(t, string(got), small.String())

		if want, err := base64.StdEncoding.DecodeString(string(in)); err == nil {
			require.Equal(t, want, got)
			require.Empty(t, r.Defects())
		}
		if want, err := base64.RawStdEncoding.DecodeString(string(in)); err == nil {
			require.Equal(t, want, got)
		}

		encoded := encode(t, func(w io.Writer) io.WriteCloser { return mime.NewBase64Writer(w) }, in, step)
		want, err := base64.StdEncoding.DecodeString(string(encoded))
		require.NoError(t, err)
		require.Equal(t, in, want)
		back := mime.NewBase64Reader(bytes.NewReader(encoded))
		got, err = io.ReadAll(back)
		require.NoError(t, err)
		require.Equal(t, in, got)
		require.Empty(t, back.Defects())
		require.LessOrEqual(t, longestLine(encoded), 76)
	})
}

// encode writes in through an encoder in pieces of some size.
func encode(t *testing.T, encoder func(io.Writer) io.WriteCloser, in []byte, step int) []byte {
	var out bytes.Buffer
	w := encoder(&out)
	for size := 1 + int(uint(step)%200); len(in) > 0; {
		piece := in[:min(size, len(in))]
		n, err := w.Write(piece)
		require.NoError(t, err)
		require.Equal(t, len(piece), n)
		in = in[n:]
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

// longestLine returns the octets of the longest line, its end not counted.
func longestLine(b []byte) (longest int) {
	for line := range bytes.Lines(b) {
		longest = max(longest, len(bytes.TrimRight(line, "\r\n")))
	}
	return longest
}

// FuzzQP decodes anything: the same whatever the size of reads, and as
// mime/quotedprintable does where that finds nothing wrong. What we encode,
// both decode.
func FuzzQP(f *testing.F) {
	for _, seed := range []string{"", "a=3Db", "a= \t\r\nb", "x \r\n=ZZ=", "=e4=\n", ".\r\nFrom \r\n\tä\r\r\n", strings.Repeat(" ", 300) + "\r\n=" + strings.Repeat("\t", 257) + "\n"} {
		f.Add([]byte(seed), 3)
	}
	f.Fuzz(func(t *testing.T, in []byte, step int) {
		r := mime.NewQPReader(bytes.NewReader(in))
		got, err := io.ReadAll(r)
		require.NoError(t, err)
		require.LessOrEqual(t, len(got), len(in))

		one := mime.NewQPReader(iotest.OneByteReader(bytes.NewReader(in)))
		again, err := io.ReadAll(one)
		require.NoError(t, err)
		require.Equal(t, string(got), string(again))
		require.ElementsMatch(t, r.Defects(), one.Defects())

		if want, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(in))); err == nil && len(r.Defects()) == 0 && !bytes.ContainsAny(in, "\r") {
			require.Equal(t, string(want), string(got))
		}

		for _, binary := range []bool{false, true} {
			encoded := encode(t, func(w io.Writer) io.WriteCloser { return mime.NewQPWriter(w, &mime.QPOptions{Binary: binary}) }, in, step)
			whole := encode(t, func(w io.Writer) io.WriteCloser { return mime.NewQPWriter(w, &mime.QPOptions{Binary: binary}) }, in, 199)
			require.Equal(t, string(whole), string(encoded))
			want := in
			if !binary {
				want = bytes.ReplaceAll(bytes.ReplaceAll(in, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
			}
			back := mime.NewQPReader(bytes.NewReader(encoded))
			got, err := io.ReadAll(back)
			require.NoError(t, err)
			require.Equal(t, string(want), string(got))
			require.Empty(t, back.Defects())
			theirs, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(encoded)))
			require.NoError(t, err)
			require.Equal(t, string(want), string(theirs))
			require.LessOrEqual(t, longestLine(encoded), 76)
			require.NotRegexp(t, `(?m)^From |^\.\r?$|[ \t]\r?$`, string(encoded))
		}
	})
}
