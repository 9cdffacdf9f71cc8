package mime_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

func TestSetText(t *testing.T) {
	tests := []struct {
		name, in string
		opts     *mime.WriteOptions
		want     string
	}{
		{"5322-2.2.1 ASCII", "Hello, world", nil, "Subject: Hello, world\r\n"},
		{"2047-5 not ASCII", "Grüße aus Köln", nil, "Subject: =?utf-8?B?R3LDvMOfZQ==?= aus =?utf-8?B?S8O2bG4=?=\r\n"},
		{"6532-3.2 UTF-8", "Grüße", &mime.WriteOptions{UTF8: true}, "Subject: Grüße\r\n"},
		{"2047-2 lines of 76", strings.Repeat("x", 66) + " ü", nil, "Subject: " + strings.Repeat("x", 66) + "\r\n =?utf-8?B?w7w=?=\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var h mime.Header
			require.NoError(t, h.SetText("Subject", tt.in, tt.opts))
			require.NoError(t, h.AddText("Subject", tt.in, tt.opts))
			assert.Equal(t, tt.want+tt.want+"\r\n", text(t, &h))
			s, err := h.Text("Subject")
			require.NoError(t, err)
			assert.Equal(t, tt.in, s)
		})
	}
	var h mime.Header
	assert.ErrorIs(t, h.SetText("Subject", "a\r\nBcc: b@c", nil), mime.ErrHeaderInjection)
	assert.ErrorIs(t, h.AddText("Subject", "a\x00", nil), mime.ErrHeaderInjection)
	assert.ErrorIs(t, h.SetText("Sub:ject", "a", nil), mime.ErrHeaderInjection)
	assert.Zero(t, h.Len())
}

func TestSetTextLongWord(t *testing.T) {
	for _, in := range []string{strings.Repeat("x", 3000), "a " + strings.Repeat("ü", 3000) + " b", strings.Repeat("x", 997)} {
		var h mime.Header
		require.NoError(t, h.SetText("Subject", in, nil), "5322-2.1.1 split by encoded words")
		s, err := h.Text("Subject")
		require.NoError(t, err)
		assert.Equal(t, in, s)
		for line := range strings.Lines(text(t, &h)) {
			assert.LessOrEqual(t, len(line), 1000)
		}
		assert.Empty(t, h.CheckPart(nil))
	}
}
