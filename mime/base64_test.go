package mime_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

func TestBase64Reader(t *testing.T) {
	tests := []struct {
		name, in, want string
		junk           int64
		defects        []mime.DefectCode
	}{
		{"2045-6.8 whole groups", "TWVzc2FnZXMu", "Messages.", 0, nil},
		{"2045-6.8 one octet in the last group", "TWU=", "Me", 0, nil},
		{"2045-6.8 two octets in the last group", "TQ==", "M", 0, nil},
		{"2045-6.8 nothing", "", "", 0, nil},
		{"2045-6.8 lines", "TWVz\r\nc2Fn\r\nZXMu\r\n", "Messages.", 0, nil},
		{"2045-6.8 lines that end inside a group", "TWV\r\nzc2F\nnZX\rMu", "Messages.", 0, nil},
		{"2045-6.8 blanks", " TW Vz\tc2Fn ZXMu \r\n\r\n", "Messages.", 0, nil},
		{"2045-6.8 octets outside the alphabet are ignored", "TW!Vz-c2Fn_Z\xe4XMu\x00", "Messages.", 5, []mime.DefectCode{mime.DefectBase64Junk}},
		{"no padding", "TQ", "M", 0, []mime.DefectCode{mime.DefectBase64Padding}},
		{"no padding, two octets", "TWU\r\n", "Me", 0, []mime.DefectCode{mime.DefectBase64Padding}},
		{"half of the padding", "TQ=", "M", 0, []mime.DefectCode{mime.DefectBase64Padding}},
		{"padding over two lines", "TQ=\r\n=\r\n", "M", 0, nil},
		{"too much padding", "TWU==", "Me", 0, []mime.DefectCode{mime.DefectBase64Padding}},
		{"nothing but padding", "====", "", 0, []mime.DefectCode{mime.DefectBase64Padding}},
		{"data behind the padding", "TWU=\r\nc3M=", "Mess", 0, []mime.DefectCode{mime.DefectBase64AfterPadding}},
		{"data behind half of the padding", "TQ=TWVz", "MMes", 0, []mime.DefectCode{mime.DefectBase64Padding, mime.DefectBase64AfterPadding}},
		{"one character left", "TWVzT", "Mes", 0, []mime.DefectCode{mime.DefectBase64Cut}},
		{"one character before the padding", "TWVzT===", "Mes", 0, []mime.DefectCode{mime.DefectBase64Cut}},
		{"a text behind it", "TWVz\r\n\r\n_____\r\n", "Mes", 5, []mime.DefectCode{mime.DefectBase64Junk}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for name, src := range map[string]io.Reader{
				"whole":    strings.NewReader(tt.in),
				"one byte": iotest.OneByteReader(strings.NewReader(tt.in)),
				"eof":      iotest.DataErrReader(strings.NewReader(tt.in)),
			} {
				r := mime.NewBase64Reader(src)
				got, err := io.ReadAll(r)
				require.NoError(t, err, name)
				assert.Equal(t, tt.want, string(got), name)
				assert.Equal(t, tt.junk, r.Junk(), name)
				assert.Equal(t, tt.defects, codes(r.Defects()), name)
			}
			require.NoError(t, iotest.TestReader(mime.NewBase64Reader(strings.NewReader(tt.in)), []byte(tt.want)))
		})
	}
}

// codes returns the codes of defects.
func codes(defects []mime.Defect) (list []mime.DefectCode) {
	for _, d := range defects {
		list = append(list, d.Code)
	}
	return list
}

func TestBase64DefectsPlace(t *testing.T) {
	r := mime.NewBase64Reader(iotest.HalfReader(strings.NewReader(strings.Repeat("TWVz\r\n", 1000) + "!!TQ==TQ==")))
	_, err := io.Copy(io.Discard, r)
	require.NoError(t, err)
	assert.Equal(t, []mime.Defect{
		{Code: mime.DefectBase64Junk, Offset: 6000, Ref: "RFC 2045 §6.8"},
		{Code: mime.DefectBase64AfterPadding, Offset: 6006, Ref: "RFC 2045 §6.8"},
	}, r.Defects())
}

func TestBase64ReaderErrors(t *testing.T) {
	bad := errors.New("bad disk")
	r := mime.NewBase64Reader(io.MultiReader(strings.NewReader("TWVzc"), iotest.ErrReader(bad)))
	got, err := io.ReadAll(r)
	assert.ErrorIs(t, err, bad)
	assert.Equal(t, "Mes", string(got), "what is whole; the rest may be yet to come")
	_, err = r.Read(make([]byte, 100))
	assert.ErrorIs(t, err, bad, "the error stays")

	_, err = io.ReadAll(mime.NewBase64Reader(neverReader{}))
	assert.ErrorIs(t, err, io.ErrNoProgress)
}

// neverReader brings nothing, and no error.
type neverReader struct{}

func (neverReader) Read([]byte) (int, error) { return 0, nil }

func TestBase64Writer(t *testing.T) {
	octets := make([]byte, 20_000)
	rand.NewChaCha8([32]byte{}).Read(octets)
	for _, n := range []int{0, 1, 2, 3, 8, 9, 56, 57, 58, 113, 114, 6000, 20_000} {
		for _, step := range []int{1, 7, 57, 5000, 20_000} {
			var got bytes.Buffer
			w := mime.NewBase64Writer(&got)
			for p := octets[:n]; len(p) > 0; {
				piece := p[:min(step, len(p))]
				m, err := w.Write(piece)
				require.NoError(t, err)
				require.Equal(t, len(piece), m)
				p = p[m:]
			}
			require.NoError(t, w.Close())
			var want strings.Builder
			for s := base64.StdEncoding.EncodeToString(octets[:n]); len(s) > 0; {
				line := s[:min(76, len(s))]
				want.WriteString(line + "\r\n")
				s = s[len(line):]
			}
			require.Equal(t, want.String(), got.String(), "%d octets by %d", n, step)
		}
	}
}

func TestBase64WriterErrors(t *testing.T) {
	var sink bytes.Buffer
	w := mime.NewBase64Writer(&sink)
	_, err := w.Write([]byte("Me"))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, w.Close(), "a second time does nothing")
	assert.Equal(t, "TWU=\r\n", sink.String())
	_, err = w.Write([]byte("x"))
	assert.ErrorIs(t, err, mime.ErrClosed)

	w = mime.NewBase64Writer(failingWriter{})
	_, err = w.Write(make([]byte, 100_000))
	assert.ErrorIs(t, err, io.ErrShortWrite)
	assert.ErrorIs(t, w.Close(), io.ErrShortWrite)
}

// failingWriter takes nothing.
type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
