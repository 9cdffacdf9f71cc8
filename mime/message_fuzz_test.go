package mime_test

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"applayer/mime"
)

// fragileLine finds what a transport may change (RFC 3156 §5), but not in the
// header of the message, where a field may be empty.
var fragileLine = regexp.MustCompile(`(?m)[ \t]\r$|^From `)

// FuzzMessage writes a message of anything in it. It is lines as the options
// allow them, and we and the library read back what went in.
func FuzzMessage(f *testing.F) {
	f.Add("Hello\n", "", "a.txt", []byte("x"), byte(0))
	f.Add("From me \n.\n", "<p>\u00e4", "\u00e4\"\\;.txt", []byte("\x00\xff\r\n--b\r\n"), byte(7))
	f.Add("", "x", "../../a", bytes.Repeat([]byte("0123456789\r\n"), 6000), byte(2))
	f.Add("\r\xff", "", "\u202e", []byte("a \r\n"), byte(1))
	f.Fuzz(func(t *testing.T, text, html, name string, content []byte, bits byte) {
		m := newMessage(t)
		m.Options = mime.WriteOptions{Signable: bits&1 != 0, EightBit: bits&2 != 0, UTF8: bits&4 != 0}
		m.Text(text)
		if html != "" {
			m.HTML(html)
			m.Inline("logo@x", "image/png", iotest.OneByteReader(bytes.NewReader(content)))
		}
		m.Attach(name, "text/csv", bytes.NewReader(content))
		m.Attach("", "", iotest.HalfReader(bytes.NewReader(content)))
		var b bytes.Buffer
		if _, err := m.WriteTo(&b); err != nil {
			require.True(t, strings.ContainsAny(name, "\r\n\x00") || !isText(name), "%v", err)
			return
		}
		message := b.String()
		require.NotRegexp(t, "[^\r]\n|\r[^\n]", message)
		require.NotContains(t, message, "\x00")
		require.LessOrEqual(t, longestLine(b.Bytes()), 998)
		if m.Options.Signable || !m.Options.EightBit {
			require.Equal(t, strings.ToValidUTF8(message, ""), message)
			for i := range len(message) {
				require.Less(t, message[i], byte(0x80))
			}
		}
		if m.Options.Signable {
			require.False(t, fragileLine.MatchString(message), "%q", message)
		}

		canonical := func(s string) string {
			s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\r\n", "\n")
			return strings.ReplaceAll(s, "\n", "\r\n")
		}
		want := []string{canonical(text)}
		if html != "" {
			want = append(want, canonical(html), string(content))
		}
		want = append(want, string(content), string(content))
		e := parsed(t, message)
		require.Empty(t, e.Defects())
		var got []string
		for _, leaf := range e.Walk() {
			if leaf.Kind() == mime.KindLeaf {
				body, err := io.ReadAll(leaf.Body())
				require.NoError(t, err)
				got = append(got, string(body))
			}
		}
		require.Equal(t, want, got)

		var streamed []string
		r := mime.NewReader(iotest.OneByteReader(strings.NewReader(message)), nil)
		for {
			event, err := r.Next()
			if err == io.EOF {
				break
			}
			require.NoError(t, err)
			if event.Kind == mime.EventBody {
				body, err := io.ReadAll(event.Part.Body())
				require.NoError(t, err)
				streamed = append(streamed, string(body))
			}
		}
		require.Equal(t, want, streamed)

		var theirs []string
		var walk func(p *peerPart)
		walk = func(p *peerPart) {
			if p.parts == nil {
				theirs = append(theirs, p.body)
			}
			for _, part := range p.parts {
				walk(part)
			}
		}
		walk(peerRead(t, message))
		require.Equal(t, want, theirs)
	})
}

// isText tells whether s is UTF-8.
func isText(s string) bool { return strings.ToValidUTF8(s, "") == s }
