package mime_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"applayer/mime"
)

// FuzzHeaderText writes text into a header, where it must be one field of short
// lines and read as itself.
func FuzzHeaderText(f *testing.F) {
	f.Add("Subject", "Grüße =?x?q?y?=  a", false)
	f.Add("X-"+strings.Repeat("y", 60), strings.Repeat("ü ", 40)+strings.Repeat("x", 1000), true)
	f.Fuzz(func(t *testing.T, name, in string, utf8Allowed bool) {
		h, _, _, err := mime.ParseHeader([]byte("A: 1\r\n\r\n"), nil)
		require.NoError(t, err)
		err = h.SetText(name, in, &mime.WriteOptions{UTF8: utf8Allowed})
		if err != nil {
			if len(name) < 900 && utf8.ValidString(in) && !strings.ContainsAny(in, "\r\n\x00") {
				require.ErrorContains(t, err, "field name")
			}
			return
		}
		written := text(t, &h)
		again, n, defects, err := mime.ParseHeader([]byte(written), nil)
		require.NoError(t, err)
		require.Equal(t, len(written), n)
		require.Empty(t, defects)
		out, err := again.Text(name)
		require.NoError(t, err)
		require.Equal(t, in, out)
		if !strings.EqualFold(name, "A") {
			require.Equal(t, 2, again.Len())
			require.Equal(t, "1", again.Get("A"))
		}
		for line := range strings.Lines(written[:len(written)-2]) {
			require.LessOrEqual(t, len(line), 1000)
			require.NotEmpty(t, strings.Trim(line, " \t\r\n"), "no line is blank")
		}
	})
}

// FuzzHeaderCheck reads all fields of damaged headers.
func FuzzHeaderCheck(f *testing.F) {
	f.Add([]byte("From: a@b, c\r\nfrom: (\r\nDate: x\r\nContent-Type: text/plain; charset=koi8-r\r\nSubject: \xd4\xc5\r\nReceived: from;\r\nResent-To: <\r\n\r\n"))
	f.Add([]byte("List-ID: a\nKeywords: ,,\nAuthentication-Results: =\nContent-MD5: =\nX\n\n"))
	seedMessages(f, func(message []byte) { f.Add(message) })
	f.Fuzz(func(t *testing.T, b []byte) {
		h, n, _, err := mime.ParseHeader(b, nil)
		require.NoError(t, err)
		for _, d := range h.Check(nil) {
			require.GreaterOrEqual(t, d.Offset, int64(0))
			require.NotEmpty(t, d.Code)
			require.NotContains(t, d.String(), "\n")
			if utf8.Valid(b) {
				require.LessOrEqual(t, d.Offset, int64(n), d.String())
			}
		}
		require.LessOrEqual(t, len(h.Check(&mime.Options{Limits: mime.Limits{MaxDefects: 2}})), 2)
		require.Equal(t, string(b[:n]), text(t, &h), "to look changes nothing")
		for _, block := range h.Resent() {
			require.LessOrEqual(t, block.Len(), 8)
		}
	})
}
