package mime_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

func TestUUReader(t *testing.T) {
	tests := []struct {
		name, in, file, want string
		defects              []mime.DefectCode
	}{
		{"plain", "begin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\n", "cat.txt", "Cat", nil},
		{"two lines, LF alone", "begin 0644 a b\nM5&AE('%U:6-K(&)R;W=N(&9O>\"!J=6UP<R!O=F5R('1H92!L87IY(&1O9RX*\n#0V%T\n \nend\n", "a b", "The quick brown fox jumps over the lazy dog.\nCat", nil},
		{"text around it", "Hello\nbegin the day\nbegin 644 x\n#0V%T\n`\nend\nbye\n", "x", "Cat", nil},
		{"blanks lost at the end of a line", "begin 644 x\n$0V%T\n#\nend\n", "x", "Cat\x00\x00\x00\x00", nil},
		{"as many characters as the octets need", "begin 644 x\n!00\nend\n", "x", "A", nil},
		{"checksum behind a line", "begin 644 x\n#0V%TA\nend\n", "x", "Cat", nil},
		{"more than the length says", "begin 644 x\n!0V%T0V%T\nend\n", "x", "C", []mime.DefectCode{mime.DefectUULine}},
		{"no data", "begin 644 x\nhello\n#0V%T\n\nend \n", "x", "Cat", []mime.DefectCode{mime.DefectUULine}},
		{"an octet out of range", "begin 644 x\n#0V\xe4T\nend\n", "x", "Ca4", []mime.DefectCode{mime.DefectUULine}},
		{"no end", "begin 644 x\n#0V%T", "x", "Cat", []mime.DefectCode{mime.DefectUUEnd}},
		{"no begin", "#0V%T\n`\nend\n", "", "", []mime.DefectCode{mime.DefectUUBegin}},
		{"nothing", "", "", "", []mime.DefectCode{mime.DefectUUBegin}},
		{"a long line", "begin 644 x\n#0V%T" + strings.Repeat("x", 10_000) + "\n#0V%T\nend\n", "x", "CatCat", []mime.DefectCode{mime.DefectUULine}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for name, src := range map[string]io.Reader{
				"whole":    strings.NewReader(tt.in),
				"one byte": iotest.OneByteReader(strings.NewReader(tt.in)),
				"eof":      iotest.DataErrReader(strings.NewReader(tt.in)),
			} {
				r := mime.NewUUReader(src)
				got, err := io.ReadAll(r)
				require.NoError(t, err, name)
				assert.Equal(t, tt.want, string(got), name)
				assert.Equal(t, tt.file, r.Name(), name)
				assert.Equal(t, tt.defects, codes(r.Defects()), name)
			}
			require.NoError(t, iotest.TestReader(mime.NewUUReader(strings.NewReader(tt.in)), []byte(tt.want)))
		})
	}
}

func TestUUReaderErrors(t *testing.T) {
	bad := errors.New("bad disk")
	r := mime.NewUUReader(io.MultiReader(strings.NewReader("begin 644 x\n#0V%T\n#0V"), iotest.ErrReader(bad)))
	got, err := io.ReadAll(r)
	assert.ErrorIs(t, err, bad)
	assert.Equal(t, "Cat", string(got))
	assert.Empty(t, r.Defects())
}
