package mime_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

func TestQPReader(t *testing.T) {
	blanks := func(n int) string { return strings.Repeat(" \t", n/2) }
	tests := []struct {
		name, in, want string
		defects        []mime.DefectCode
	}{
		{"2045-6.7 (1) octets", "a=0Cb=3Dc=E4", "a\fb=c\xe4", nil},
		{"2045-6.7 (2) literal octets", "!<>~", "!<>~", nil},
		{"2045-6.7 (3) blanks at the end of a line", "a b \t\r\nc \n d\t ", "a b\r\nc\n d", nil},
		{"2045-6.7 (3) encoded blanks stay", "a =20\r\nb=09\r\n", "a  \r\nb\t\r\n", nil},
		{"2045-6.7 (4) line ends stay as they are", "a\r\nb\n\r\n\nc\rd\r\r\n", "a\r\nb\n\r\n\nc\rd\r\r\n", nil},
		{"2045-6.7 (5) soft line breaks", "Now's the time =\r\nfor all folk to come=\n to the aid of their country.", "Now's the time for all folk to come to the aid of their country.", nil},
		{"2045-6.7 soft line break with padding", "a= \t \r\nb= \nc", "abc", nil},
		{"2045-6.7 padding before a soft line break is text", "a  =\r\nb", "a  b", nil},
		{"2045-6.7 note 1: lower case", "=e4=3d=aF", "\xe4=\xaf", nil},
		{"2045-6.7 note 2: no digits", "a=ZZ=4G=G4==41=\rb", "a=ZZ=4G=G4=A=\rb", []mime.DefectCode{mime.DefectQPEscape}},
		{"2045-6.7 note 2: before a line end", "a=4\r\nb=\t4\r\n", "a=4\r\nb=\t4\r\n", []mime.DefectCode{mime.DefectQPEscape}},
		{"2045-6.7 note 3: last", "a=", "a", []mime.DefectCode{mime.DefectQPCut}},
		{"2045-6.7 note 3: last but padding", "a= \t", "a", []mime.DefectCode{mime.DefectQPCut}},
		{"2045-6.7 note 3: last but one", "a=4", "a=4", []mime.DefectCode{mime.DefectQPEscape}},
		{"2045-6.7 note 3: before a lone CR", "a=\r", "a=\r", []mime.DefectCode{mime.DefectQPEscape}},
		{"2045-6.7 note 4: other octets stay", "a\x00\xe4\x7fb", "a\x00\xe4\x7fb", nil},
		{"2045-6.7 note 5: long lines", strings.Repeat("x", 76) + "\r\n" + strings.Repeat("y", 77) + "\r\n", strings.Repeat("x", 76) + "\r\n" + strings.Repeat("y", 77) + "\r\n", []mime.DefectCode{mime.DefectQPLine}},
		{"nothing", "", "", nil},
		{"an empty soft line", "=\r\n=\r\na=\r\n", "a", nil},
		{"padding of 256", "a" + blanks(256) + "\r\nb=" + blanks(256) + "\nc", "a\r\nbc", []mime.DefectCode{mime.DefectQPLine}},
		{"more blanks are text", "a" + blanks(258) + "\r\nb=" + blanks(258) + "\nc" + blanks(10_000), "a" + blanks(258) + "\r\nb=" + blanks(258) + "\nc" + blanks(10_000), []mime.DefectCode{mime.DefectQPLine, mime.DefectQPEscape}},
		{"the library's soft line break without a line end", "a=\r\n", "a", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for name, src := range map[string]io.Reader{
				"whole":    strings.NewReader(tt.in),
				"one byte": iotest.OneByteReader(strings.NewReader(tt.in)),
				"eof":      iotest.DataErrReader(strings.NewReader(tt.in)),
			} {
				r := mime.NewQPReader(src)
				got, err := io.ReadAll(r)
				require.NoError(t, err, name)
				assert.Equal(t, tt.want, string(got), name)
				assert.Equal(t, tt.defects, codes(r.Defects()), name)
			}
			require.NoError(t, iotest.TestReader(mime.NewQPReader(strings.NewReader(tt.in)), []byte(tt.want)))
		})
	}
}

func TestQPDefectsPlace(t *testing.T) {
	in := strings.Repeat("line\r\n", 1000) + strings.Repeat("x", 100) + "=ZZ\r\n="
	for _, src := range []io.Reader{strings.NewReader(in), iotest.OneByteReader(strings.NewReader(in))} {
		r := mime.NewQPReader(src)
		_, err := io.Copy(io.Discard, r)
		require.NoError(t, err)
		assert.ElementsMatch(t, []mime.Defect{
			{Code: mime.DefectQPLine, Offset: 6000, Ref: "RFC 2045 §6.7"},
			{Code: mime.DefectQPEscape, Offset: 6100, Ref: "RFC 2045 §6.7"},
			{Code: mime.DefectQPCut, Offset: 6105, Ref: "RFC 2045 §6.7"},
		}, r.Defects())
	}
}

func TestQPReaderErrors(t *testing.T) {
	bad := errors.New("bad disk")
	r := mime.NewQPReader(io.MultiReader(strings.NewReader("a=41 ="), iotest.ErrReader(bad)))
	got, err := io.ReadAll(r)
	assert.ErrorIs(t, err, bad)
	assert.Equal(t, "aA ", string(got))
	_, err = r.Read(make([]byte, 1))
	assert.ErrorIs(t, err, bad, "the error stays")
	_, err = io.ReadAll(mime.NewQPReader(neverReader{}))
	assert.ErrorIs(t, err, io.ErrNoProgress)
}

func TestQPWriter(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	tests := []struct {
		name, in, text, binary string // binary "" is the same as text
	}{
		{"2045-6.7 (1) octets", "a=b\xe4\x00\x7f\f", "a=3Db=E4=00=7F=0C", ""},
		{"2045-6.7 (3) blanks", "a b\tc", "a b\tc", ""},
		{"2045-6.7 (3) blanks at the end of a line", "a \r\n \n\t", "a=20\r\n=20\r\n=09", "a =0D=0A =0A=09"},
		{"2045-6.7 (4) line ends", "a\r\nb\nc\rd\r\r\n", "a\r\nb\r\nc=0Dd=0D\r\n", "a=0D=0Ab=0Ac=0Dd=0D=0D=0A"},
		{"2045-6.7 (5) a line of 76", x(76) + "\r\n" + x(76), x(76) + "\r\n" + x(76), x(75) + "=\r\n" + "x=0D=0A" + x(68) + "=\r\n" + x(8)},
		{"2045-6.7 (5) a line of 77", x(77), x(75) + "=\r\n" + "xx", ""},
		{"2045-6.7 (5) no =XX is divided", x(73) + "=" + x(1), x(73) + "=\r\n" + "=3Dx", ""},
		{"2045-6.7 (5) =XX fills the line", x(73) + "=", x(73) + "=3D", ""},
		{"2045-6.7 (5) a blank before a soft line break", x(74) + " " + x(10), x(74) + " =\r\n" + x(10), ""},
		{"2045-6.7 (5) a blank in the last column", x(75) + " \n", x(75) + "=\r\n=20\r\n", x(75) + "=\r\n =0A"},
		{"no character is divided", x(70) + "äx", x(70) + "=\r\n=C3=A4x", ""},
		{"no character of four octets is divided", x(64) + "\U0001F600x", x(64) + "=\r\n=F0=9F=98=80x", ""},
		{"four octets that fill the line", x(64) + "\U0001F600", x(64) + "=F0=9F=98=80", ""},
		{"octets that are no character", x(70) + "\xf0\x9fx", x(70) + "=F0=\r\n=9Fx", ""},
		{"2049-3 From at the front", "From me\r\nFrom \nFrommage", "=46rom me\r\n=46rom=20\r\nFrommage", "=46rom me=0D=0AFrom =0AFrommage"},
		{"2049-3 From behind a soft line break", x(75) + "From x", x(75) + "=\r\n=46rom x", ""},
		{"2049-3 a lone dot", ".\r\n..\r\n.x\n.\n.", "=2E\r\n..\r\n.x\r\n=2E\r\n=2E", ".=0D=0A..=0D=0A.x=0A.=0A."},
		{"nothing", "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for step := range 9 {
				text := encode(t, func(w io.Writer) io.WriteCloser { return mime.NewQPWriter(w, nil) }, []byte(tt.in), step)
				assert.Equal(t, tt.text, string(text), "text, by %d", step+1)
				want := tt.binary
				if want == "" {
					want = tt.text
				}
				binary := encode(t, func(w io.Writer) io.WriteCloser { return mime.NewQPWriter(w, &mime.QPOptions{Binary: true}) }, []byte(tt.in), step)
				assert.Equal(t, want, string(binary), "binary, by %d", step+1)
			}
		})
	}
}

func TestQPWriterErrors(t *testing.T) {
	var sink bytes.Buffer
	w := mime.NewQPWriter(&sink, nil)
	_, err := w.Write([]byte("x "))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, w.Close(), "a second time does nothing")
	assert.Equal(t, "x=20", sink.String())
	_, err = w.Write([]byte("x"))
	assert.ErrorIs(t, err, mime.ErrClosed)

	w = mime.NewQPWriter(failingWriter{}, nil)
	_, err = w.Write(make([]byte, 100_000))
	assert.ErrorIs(t, err, io.ErrShortWrite)
	_, err = w.Write([]byte("x"))
	assert.ErrorIs(t, err, io.ErrShortWrite)
	assert.ErrorIs(t, w.Close(), io.ErrShortWrite)
}
