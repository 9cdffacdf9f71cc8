package mime_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

func TestBodyAndText(t *testing.T) {
	tests := []struct {
		name, header, body, decoded, text string
		defects                           []mime.DefectCode
	}{
		{"2045-5.2 plain", "", "abc\r\n", "abc\r\n", "abc\r\n", nil},
		{"2045-6.8 base64", "Content-Transfer-Encoding: BASE64\r\n", "YWJj\r\n", "abc", "abc", nil},
		{"2045-6.8 base64 with junk", "Content-Transfer-Encoding: base64\r\n", "YW!Jj\r\n", "abc", "abc", []mime.DefectCode{"base64-junk"}},
		{"2045-6.7 quoted-printable", "Content-Transfer-Encoding: (as ever) quoted-printable\r\nContent-Type: text/plain; charset=iso-8859-1\r\n", "a=E4=\r\nb", "a\xe4b", "aäb", nil},
		{"2045-6.1 8bit", "Content-Transfer-Encoding: 8bit\r\nContent-Type: text/plain; charset=utf-8\r\n", "ä", "ä", "ä", nil},
		{"2045-6.4 unknown encoding", "Content-Transfer-Encoding: x-new\r\n", "YWJj\r\n", "YWJj\r\n", "YWJj\r\n", nil},
		{"uuencode", "Content-Transfer-Encoding: x-uuencode\r\n", "begin 644 a\r\n#86)C\r\n`\r\nend\r\n", "abc", "abc", nil},
		{"no charset", "", "a\xe4b", "a\xe4b", "aäb", []mime.DefectCode{mime.DefectUnlabelled8Bit}},
		{"unknown charset", "Content-Type: text/plain; charset=klingon\r\n", "a\xe4b", "a\xe4b", "a\xe4b", []mime.DefectCode{mime.DefectUnknownCharset}},
		{"charset of a composite is nothing", "Content-Type: multipart/mixed; boundary=b; charset=utf-16\r\n", "--b\r\n\r\nabc", "--b\r\n\r\nabc", "--b\r\n\r\nabc", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := tt.header + "\r\n" + tt.body
			e, err := mime.ParseBytes([]byte(in), nil)
			require.NoError(t, err)
			assert.Equal(t, tt.decoded, all(t, e.Body()))
			text := e.Text()
			assert.Equal(t, tt.text, all(t, text))
			var got []mime.DefectCode
			for _, d := range text.Defects() {
				got = append(got, d.Code)
				if d.Code == mime.DefectUnknownCharset {
					assert.ErrorIs(t, d.Err, mime.ErrUnknownCharset)
				}
			}
			assert.Equal(t, tt.defects, got)

			var b strings.Builder
			r := mime.NewReader(strings.NewReader(in), nil)
			event, err := r.Next()
			require.NoError(t, err)
			_, err = event.Part.Text().WriteTo(&b)
			require.NoError(t, err)
			assert.Equal(t, tt.text, b.String())
			event, err = r.Next()
			require.NoError(t, err)
			assert.Equal(t, mime.EventEnd, event.Kind, "the body was taken at its start")
			_, err = r.Next()
			assert.Equal(t, io.EOF, err)

			if len(tt.defects) > 0 {
				e, err := mime.ParseBytes([]byte(in), &mime.Options{Strict: true})
				require.NoError(t, err, "it is in the body")
				_, err = io.ReadAll(e.Text())
				_, isParse := errors.AsType[*mime.ParseError](err)
				assert.True(t, isParse, "%v", err)
				_, err = e.Text().WriteTo(io.Discard)
				assert.Error(t, err)
			}
		})
	}
}

func all(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	return string(b)
}

func TestPartFields(t *testing.T) {
	const in = "Content-Type: Image/PNG; name=b.png\r\nContent-Disposition: attachment; filename=a.png\r\n\r\nx"
	e, err := mime.ParseBytes([]byte(in), nil)
	require.NoError(t, err)
	event, err := mime.NewReader(strings.NewReader(in), nil).Next()
	require.NoError(t, err)
	p := event.Part
	assert.Equal(t, "image/png", e.MediaType().Name())
	assert.Equal(t, e.MediaType(), p.MediaType())
	d, err := e.Disposition()
	require.NoError(t, err)
	assert.Equal(t, "attachment", d.Type)
	d, err = p.Disposition()
	require.NoError(t, err)
	assert.False(t, d.Inline())
	assert.Equal(t, "a.png", e.Filename())
	assert.Equal(t, "a.png", p.Filename())
	assert.Nil(t, p.Parent())
	assert.False(t, p.Decoded())
	assert.Equal(t, e.TransferEncoding(), p.TransferEncoding())

	event, err = mime.NewReader(strings.NewReader("A: 1\r\n\r\n"), nil).Next()
	require.NoError(t, err)
	_, err = event.Part.Disposition()
	assert.ErrorIs(t, err, mime.ErrNoField)
	assert.Equal(t, mime.Encoding7Bit, event.Part.TransferEncoding())
	assert.Empty(t, event.Part.Filename())
	assert.Equal(t, "text/plain", event.Part.MediaType().Name())
}
