package mime_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

func TestFold(t *testing.T) {
	ten := "123456789 "
	tests := []struct{ name, field, value, want string }{
		{"5322-2.1.1 a line of 78", "X", strings.Repeat(ten, 7) + "12345", "X: " + strings.Repeat(ten, 7) + "12345\r\n"},
		{"5322-2.1.1 a line of 79", "X", strings.Repeat(ten, 7) + "123456", "X: " + strings.TrimSpace(strings.Repeat(ten, 7)) + "\r\n 123456\r\n"},
		{"5322-2.2.3 blanks stay", "X", strings.Repeat("x", 70) + "  \t" + strings.Repeat("y", 70) + " z", "X: " + strings.Repeat("x", 70) + "\r\n  \t" + strings.Repeat("y", 70) + " z\r\n"},
		{"a long word goes beyond 78", "X", strings.Repeat("x", 90) + " y", "X: " + strings.Repeat("x", 90) + "\r\n y\r\n"},
		{"not within a quoted string", "To", strings.Repeat("x", 40) + ` "a b ` + strings.Repeat("c", 40) + `" z`, "To: " + strings.Repeat("x", 40) + "\r\n \"a b " + strings.Repeat("c", 40) + "\" z\r\n"},
		{"within it where nothing else is", "To", `"\"a ` + strings.Repeat("c", 70) + " " + strings.Repeat("d", 70) + `" z`, `To: "\"a` + "\r\n " + strings.Repeat("c", 70) + "\r\n " + strings.Repeat("d", 70) + "\" z\r\n"},
		{"quotes mean nothing in text", "Subject", strings.Repeat("x", 40) + ` "a b ` + strings.Repeat("c", 40) + `" z`, "Subject: " + strings.Repeat("x", 40) + " \"a b\r\n " + strings.Repeat("c", 40) + "\" z\r\n"},
		{"5322-2.1.1 a word of 997 has its line", "X-Name", strings.Repeat("x", 997), "X-Name:\r\n " + strings.Repeat("x", 997) + "\r\n"},
		{"empty", "X", "", "X: \r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := mime.NewField(tt.field, tt.value)
			require.NoError(t, err)
			assert.Equal(t, tt.want, f.Raw())
			assert.Equal(t, tt.value, f.Value())
		})
	}
}

func TestFieldRefused(t *testing.T) {
	tests := []struct {
		name, field, value string
		want               error
	}{
		{"5322-2.2 LF in a value", "Subject", "a\nBcc: b@x", mime.ErrHeaderInjection},
		{"5322-2.2 CR in a value", "Subject", "a\rBcc: b@x", mime.ErrHeaderInjection},
		{"5322-2.2 folding in a value", "Subject", "a\r\n b", mime.ErrHeaderInjection},
		{"NUL in a value", "Subject", "a\x00", mime.ErrHeaderInjection},
		{"5322-3.6.8 LF in a name", "A\nB", "", mime.ErrHeaderInjection},
		{"5322-3.6.8 colon in a name", "A:b", "", mime.ErrHeaderInjection},
		{"5322-3.6.8 blank in a name", "A b", "", nil},
		{"5322-3.6.8 no name", "", "x", nil},
		{"5322-3.6.8 name not in ASCII", "Größe", "x", nil},
		{"5322-2.1.1 word of 998", "X", strings.Repeat("x", 998), mime.ErrLongWord},
		{"5322-2.1.1 word of 998 later", "X", "a " + strings.Repeat("x", 998), mime.ErrLongWord},
		{"5322-2.1.1 long name", strings.Repeat("x", 998), "a", mime.ErrLongWord},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var h mime.Header
			for _, err := range []error{h.Add(tt.field, tt.value), h.Set(tt.field, tt.value), h.Insert(0, tt.field, tt.value)} {
				var parse *mime.ParseError
				require.ErrorAs(t, err, &parse)
				if tt.want != nil {
					assert.ErrorIs(t, err, tt.want)
				}
			}
			assert.Zero(t, h.Len())
		})
	}
}

func TestRawFieldRefused(t *testing.T) {
	for _, raw := range []string{
		"", "\r\n", "A: 1", "A: 1\r\nB: 2\r\n", "A: 1\r\n \r\n", "A: 1\r\n\r\n", "A: 1\r2\r\n", "A: \x00\n", "A\r\n", " A: 1\r\n", "A: 1\r\n 2",
	} {
		_, err := mime.RawField(raw)
		assert.Error(t, err, "%q", raw)
	}
	f, err := mime.RawField("A :1\n\t2\r\n")
	require.NoError(t, err)
	assert.Equal(t, "A", f.Name())
	assert.Equal(t, "1\t2", f.Value())
}
