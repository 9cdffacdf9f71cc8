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

const page = "Message-ID: <page@example.org>\r\n" +
	"Content-Type: multipart/related; boundary=b; type=\"text/html\"; start=\"<root@x>\"\r\n\r\n" +
	"--b\r\nContent-ID: <pic%1@x>\r\nContent-Type: image/png\r\n\r\npicture\r\n" +
	"--b\r\nContent-ID: <root@x>\r\nContent-Type: text/html\r\nContent-Location: http://example.org/\r\n\r\n<img src=cid:pic%251@x>\r\n" +
	"--b\r\nContent-ID: <root@x>\r\n\r\nthe same identifier\r\n" +
	"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <inner@example.org>\r\nContent-ID: <in@x>\r\n\r\ninner\r\n" +
	"--b--\r\n"

func TestIndex(t *testing.T) {
	e, err := mime.ParseBytes([]byte(page), nil)
	require.NoError(t, err)
	x, err := e.Index()
	require.NoError(t, err)
	for url, want := range map[string]string{
		"cid:pic%251@x":                "picture", // RFC 2392 §2: percent signs are escaped
		"CID:root@x":                   "<img src=cid:pic%251@x>",
		"cid:none@x":                   "",
		"mid:inner@example.org":        "inner",
		"mid:inner@example.org/in@x":   "inner",
		"mid:page@example.org/in@x":    "inner",
		"mid:inner@example.org/root@x": "",
		"mid:none@example.org/root@x":  "",
		"mid:page@example.org/no@x":    "",
		"http://example.org/":          "<img src=cid:pic%251@x>",
		"nothing":                      "",
	} {
		found := x.Resolve(url)
		if want == "" {
			assert.Nil(t, found, url)
		} else if assert.NotNil(t, found, url) {
			assert.Equal(t, want, all(t, found.Raw()), url)
		}
	}
	assert.Equal(t, e, x.Resolve("mid:page@example.org"))
	assert.Equal(t, "picture", all(t, x.ByContentID("pic%1@x").Raw()))
}

func TestStart(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"2387-3.2 start", page, "<img src=cid:pic%251@x>"},
		{"2387-3.2 no start: the first", strings.Replace(page, "; start=\"<root@x>\"", "", 1), "picture"},
		{"2387-3.2 start that is not there", strings.Replace(page, "start=\"<root@x>\"", "start=\"<no@x>\"", 1), "picture"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := mime.ParseBytes([]byte(tt.in), nil)
			require.NoError(t, err)
			start, err := e.Start()
			require.NoError(t, err)
			assert.Equal(t, tt.want, all(t, start.Raw()))
		})
	}
	e, err := mime.ParseBytes([]byte("A: 1\r\n\r\n"), nil)
	require.NoError(t, err)
	start, err := e.Start()
	require.NoError(t, err)
	assert.Nil(t, start)
}

// failingSource has what another has until it breaks.
type failingSource struct {
	io.ReaderAt
	broken bool
}

var errSource = errors.New("source broken")

func (s *failingSource) ReadAt(p []byte, off int64) (int, error) {
	if s.broken {
		return 0, errSource
	}
	return s.ReaderAt.ReadAt(p, off)
}

func TestEntitySourceFails(t *testing.T) {
	src := &failingSource{ReaderAt: strings.NewReader(page)}
	e, err := mime.Parse(src, int64(len(page)), nil)
	require.NoError(t, err)
	src.broken = true
	_, err = e.Header()
	assert.ErrorIs(t, err, errSource)
	_, err = e.Index()
	assert.ErrorIs(t, err, errSource)
	_, err = e.Start()
	assert.ErrorIs(t, err, errSource)
	_, err = e.Disposition()
	assert.ErrorIs(t, err, errSource)
	_, err = io.ReadAll(e.Body())
	assert.ErrorIs(t, err, errSource)
	_, err = mime.Parse(src, int64(len(page)), nil)
	assert.ErrorIs(t, err, errSource)
	assert.True(t, e.MediaType().Is("multipart/related"), "it is kept")
}
