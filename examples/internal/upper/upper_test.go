package upper_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"applayer/examples/internal/upper"
)

func TestAppend(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"ASCII", "hello, world\n", "HELLO, WORLD\n"},
		{"two octets", "größe straße\n", "GRÖßE STRAßE\n"},
		{"length changes", "ıſ\n", "IS\n"},
		{"three and four octets", "ﬁ ⓐ 𐐨\n", "ﬁ Ⓐ 𐐀\n"},
		{"not UTF-8 passes", "a\xff\xc3b\x80\n", "A\xff\xc3B\x80\n"},
		{"cut at the end passes", "a\xe2\x93", "A\xe2\x93"},
		{"a lead octet after a cut one", "\xe2\xc3\xa9", "\xe2É"},
		{"no line end", "x", "X"},
		{"empty", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, string(upper.Append(nil, []byte(tt.in))))
			var c upper.Converter
			var got []byte
			for i := range len(tt.in) {
				got = c.Append(got, []byte{tt.in[i]})
			}
			assert.Equal(t, tt.want, string(c.Flush(got)), "octet by octet")
		})
	}
}

func TestConverterKeepsBackOnlyWhatIsCut(t *testing.T) {
	var c upper.Converter
	assert.Equal(t, "AB", string(c.Append(nil, []byte("ab\xc3"))), "the cut character waits")
	assert.Equal(t, "É", string(c.Append(nil, []byte("\xa9"))), "its rest brings it")
	assert.Empty(t, c.Flush(nil))
}

func FuzzConverter(f *testing.F) {
	f.Add([]byte("größe ⓐ\xff"), 3)
	f.Add([]byte("\xe2\x93\xe2\x93\x90"), 2)
	f.Fuzz(func(t *testing.T, in []byte, cut int) {
		if cut < 0 || cut > len(in) {
			return
		}
		var c upper.Converter
		got := c.Append(nil, in[:cut])
		got = c.Flush(c.Append(got, in[cut:]))
		assert.Equal(t, upper.Append(nil, in), got, "any cut gives the same result")
	})
}
