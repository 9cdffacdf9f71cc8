package ascii_test

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/internal/ascii"
)

func TestCase(t *testing.T) {
	for i := range 256 {
		c := byte(i)
		lower, upper := c, c
		if i < 128 {
			lower, upper = strings.ToLower(string(rune(i)))[0], strings.ToUpper(string(rune(i)))[0]
		}
		assert.Equal(t, lower, ascii.Lower(c), "%q", c)
		assert.Equal(t, upper, ascii.Upper(c), "%q", c)
	}
}

func TestEqualFold(t *testing.T) {
	assert.True(t, ascii.EqualFold("LOGIN", []byte("lOgIn")))
	assert.True(t, ascii.EqualFold("", ""))
	assert.False(t, ascii.EqualFold("LOGIN", "LOGINS"))
	assert.False(t, ascii.EqualFold("@[`{", "`{@["), "neighbours of the letters")
	assert.False(t, ascii.EqualFold("K", "\u212a"), "the Kelvin sign is no K")
	assert.False(t, ascii.EqualFold("\xc4", "\xe4"), "nor is Latin-1 folded")
}

func TestClasses(t *testing.T) {
	is := func(in string) func(byte) bool { return func(c byte) bool { return strings.IndexByte(in, c) >= 0 } }
	tests := []struct {
		name  string
		class ascii.Class
		want  func(byte) bool
	}{
		{"Alpha", ascii.Alpha, is("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")},
		{"Digit", ascii.Digit, is("0123456789")},
		{"Hex", ascii.Hex, is("0123456789ABCDEFabcdef")},
		{"VChar", ascii.VChar, func(c byte) bool { return c > 32 && c < 127 }},
		{"Ctl", ascii.Ctl, func(c byte) bool { return c < 32 || c == 127 }},
		{"the far end", ascii.Range(0xfe, 0xff), is("\xfe\xff")},
		{"without", ascii.Digit.Without(ascii.Chars("05\xff")), is("12346789")},
	}
	for _, tt := range tests {
		for i := range 256 {
			assert.Equal(t, tt.want(byte(i)), tt.class.Has(byte(i)), "%s %q", tt.name, byte(i))
		}
	}
	assert.Equal(t, 3, ascii.Span(&ascii.Digit, "123a4"))
	assert.Equal(t, 2, ascii.Span(&ascii.Digit, []byte("12")))
}

func TestDecimal(t *testing.T) {
	tests := []struct {
		in      string
		max     uint64
		want    uint64
		n       int
		wantErr error
	}{
		{"0", 9, 0, 1, nil},
		{"65535 ", math.MaxUint16, 65535, 5, nil},
		{"65536", math.MaxUint16, 0, 4, ascii.ErrOverflow},
		{"0000000000000000000000000007", 7, 7, 28, nil},
		{"18446744073709551615", math.MaxUint64, math.MaxUint64, 20, nil},
		{"18446744073709551616", math.MaxUint64, 0, 19, ascii.ErrOverflow},
		{"99999999999999999999999", math.MaxInt64, 0, 18, ascii.ErrOverflow},
		{"9", 8, 0, 0, ascii.ErrOverflow},
		{"", 9, 0, 0, ascii.ErrNoDigits},
		{"-1", 9, 0, 0, ascii.ErrNoDigits},
		{"/:", 9, 0, 0, ascii.ErrNoDigits},
	}
	for _, tt := range tests {
		v, n, err := ascii.Decimal(tt.in, tt.max)
		assert.ErrorIs(t, err, tt.wantErr, tt.in)
		assert.Equal(t, tt.want, v, tt.in)
		assert.Equal(t, tt.n, n, tt.in)
	}
}

func FuzzDecimal(f *testing.F) {
	f.Add("65536", uint64(65535))
	f.Add("18446744073709551615", uint64(math.MaxUint64))
	f.Fuzz(func(t *testing.T, s string, limit uint64) {
		v, n, err := ascii.Decimal(s, limit)
		digits := s[:ascii.Span(&ascii.Digit, s)]
		want, ok := new(big.Int).SetString(digits, 10)
		switch {
		case !ok:
			require.ErrorIs(t, err, ascii.ErrNoDigits)
		case want.Cmp(new(big.Int).SetUint64(limit)) > 0:
			require.ErrorIs(t, err, ascii.ErrOverflow)
		default:
			require.NoError(t, err)
			require.Equal(t, len(digits), n)
			require.Equal(t, want.Uint64(), v)
		}
	})
}
