package mime_test

import (
	"bytes"
	"io"
	"mime/quotedprintable"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/mime"
)

// header makes a header of names and values in turn.
func header(t testing.TB, namesAndValues ...string) *mime.Header {
	h := new(mime.Header)
	for i := 0; i < len(namesAndValues); i += 2 {
		require.NoError(t, h.Add(namesAndValues[i], namesAndValues[i+1]))
	}
	return h
}

func TestWriter(t *testing.T) {
	var b bytes.Buffer
	w, err := mime.NewWriter(&b, header(t, "Subject", "x", "Content-Type", "multipart/mixed; boundary=a"), nil)
	require.NoError(t, err)

	text, err := w.CreatePart(header(t))
	require.NoError(t, err)
	_, err = io.WriteString(text, "one\ntwo\r\n")
	require.NoError(t, err)

	inner, err := w.CreatePart(header(t, "Content-Type", "multipart/digest; boundary=b"))
	require.NoError(t, err)
	message, err := inner.CreatePart(header(t))
	require.NoError(t, err, "a part of a digest is a message")
	letter, err := message.CreatePart(header(t, "Subject", "inner", "Content-Transfer-Encoding", "Base64 (why not)"))
	require.NoError(t, err)
	_, err = io.WriteString(letter, "three")
	require.NoError(t, err)
	raw, err := inner.CreatePart(header(t, "Content-Type", "message/rfc822"))
	require.NoError(t, err)
	_, err = io.WriteString(raw, "Subject: raw\n\nfour")
	require.NoError(t, err)

	quoted, err := w.CreatePart(header(t, "Content-Type", "text/plain; charset=utf-8", "Content-Transfer-Encoding", "quoted-printable"))
	require.NoError(t, err)
	_, err = io.WriteString(quoted, "fünf\n")
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, w.Close(), "a second time does nothing")

	assert.Equal(t, "Subject: x\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n"+
		"--a\r\n\r\none\r\ntwo\r\n\r\n"+
		"--a\r\nContent-Type: multipart/digest; boundary=b\r\n\r\n"+
		"--b\r\n\r\nSubject: inner\r\nContent-Transfer-Encoding: Base64 (why not)\r\n\r\ndGhyZWU=\r\n\r\n"+
		"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: raw\r\n\r\nfour\r\n"+
		"--b--\r\n\r\n"+
		"--a\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nf=C3=BCnf\r\n\r\n"+
		"--a--\r\n", b.String())

	_, err = w.CreatePart(header(t))
	assert.ErrorIs(t, err, mime.ErrClosed)
}

func TestWriterRefuses(t *testing.T) {
	tests := []struct {
		name   string
		fields []string
		body   string
		opts   *mime.WriteOptions
		want   error // nil is any ParseError
	}{
		{"2045-6.4 encoded multipart", []string{"Content-Type", "multipart/mixed", "Content-Transfer-Encoding", "base64"}, "", nil, nil},
		{"2046-5.2.1 encoded message", []string{"Content-Type", "message/rfc822", "Content-Transfer-Encoding", "base64"}, "", nil, nil},
		{"2045-6 unknown encoding", []string{"Content-Transfer-Encoding", "x-zip"}, "", nil, mime.ErrUnknownEncoding},
		{"2046-5.1.1 boundary", []string{"Content-Type", "multipart/mixed; boundary=\"a \""}, "", nil, nil},
		{"content of a multipart", []string{"Content-Type", "multipart/mixed"}, "x", nil, nil},
		{"6152 8bit", []string{"Content-Transfer-Encoding", "8bit"}, "", nil, mime.ErrEightBit},
		{"3156-5 8bit", []string{"Content-Transfer-Encoding", "8bit"}, "", &mime.WriteOptions{EightBit: true, Signable: true}, mime.ErrEightBit},
		{"3030-3 binary", []string{"Content-Transfer-Encoding", "binary"}, "", &mime.WriteOptions{EightBit: true}, mime.ErrEightBit},
		{"6532-3.2 UTF-8", []string{"Subject", "ä"}, "", nil, mime.ErrEightBit},
		{"2045-2.7 octet beyond ASCII", nil, "ab\r\nä", nil, mime.ErrNotLines},
		{"2045-2.7 NUL", nil, "a\x00", nil, mime.ErrNotLines},
		{"2045-2.7 lone CR", nil, "a\rb", nil, mime.ErrNotLines},
		{"2045-2.7 CR at the end", nil, "a\r", nil, mime.ErrNotLines},
		{"2045-2.7 CR CR LF", nil, "a\r\r\n", nil, mime.ErrNotLines},
		{"2045-2.7 long line", nil, strings.Repeat("x", 999), nil, mime.ErrNotLines},
		{"2045-2.8 NUL", []string{"Content-Transfer-Encoding", "8bit"}, "ä\x00", &mime.WriteOptions{EightBit: true}, mime.ErrNotLines},
		{"3156-5 blank", nil, "x \r\n", &mime.WriteOptions{Signable: true}, mime.ErrNotLines},
		{"3156-5 From", nil, "x\r\nFrom me", &mime.WriteOptions{Signable: true}, mime.ErrNotLines},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, step := range []int{1, 2, 100_000} {
				w, err := mime.NewWriter(io.Discard, header(t, tt.fields...), tt.opts)
				for body := tt.body; err == nil && body != ""; {
					piece := body[:min(step, len(body))]
					body = body[len(piece):]
					_, err = io.WriteString(w, piece)
				}
				if err == nil {
					err = w.Close()
				}
				require.Error(t, err)
				assert.Equal(t, err, w.Close(), "the error stays")
				if tt.want != nil {
					assert.ErrorIs(t, err, tt.want)
				} else {
					assert.IsType(t, new(mime.ParseError), err)
				}
			}
		})
	}
}

func TestWriterTakes(t *testing.T) {
	for _, tt := range []struct {
		name   string
		fields []string
		body   string
		opts   *mime.WriteOptions
	}{
		{"2045-2.7 line of 998", nil, strings.Repeat("x", 998) + "\r\n", nil},
		{"2045-2.8 8bit", []string{"Content-Transfer-Encoding", "8bit"}, "ä\r\n", &mime.WriteOptions{EightBit: true}},
		{"3030-3 binary", []string{"Content-Transfer-Encoding", "binary"}, "\x00\rä\n", &mime.WriteOptions{Binary: true}},
		{"6532-3.2 UTF-8", []string{"Subject", "ä"}, "x\r\n", &mime.WriteOptions{UTF8: true}},
		{"6532-3.7 encoded message", []string{"Content-Type", "message/global", "Content-Transfer-Encoding", "8bit"}, "Subject: ä\r\n", &mime.WriteOptions{EightBit: true}},
		{"3156-5 nothing special", nil, " x\r\n.From \r\nFrom\r\n", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var b bytes.Buffer
			w, err := mime.NewWriter(&b, header(t, tt.fields...), tt.opts)
			require.NoError(t, err)
			for i := range len(tt.body) {
				_, err := w.Write([]byte{tt.body[i]})
				require.NoError(t, err)
			}
			require.NoError(t, w.Close())
			_, body, _ := strings.Cut(b.String(), "\r\n\r\n")
			if len(tt.fields) == 0 {
				body = b.String()[2:]
			}
			assert.Equal(t, tt.body, body)
		})
	}
}

func TestWriterParts(t *testing.T) {
	w, err := mime.NewWriter(io.Discard, header(t, "Content-Type", "multipart/mixed; boundary=abc"), &mime.WriteOptions{EightBit: true})
	require.NoError(t, err)
	part, err := w.CreatePart(header(t))
	require.NoError(t, err)
	_, err = part.Write([]byte("x\r\n--ab"))
	require.NoError(t, err)
	_, err = part.Write([]byte("c\r\n"))
	assert.ErrorContains(t, err, "content holds the delimiter", "RFC 2046 §5.1.1")

	w, err = mime.NewWriter(io.Discard, header(t, "Content-Type", "multipart/mixed"), &mime.WriteOptions{EightBit: true})
	require.NoError(t, err)
	_, err = w.CreatePart(header(t, "Content-Transfer-Encoding", "8bit"))
	assert.IsType(t, new(mime.ParseError), err, "RFC 2045 §6.4: the multipart says 7bit")

	w, err = mime.NewWriter(io.Discard, header(t), nil)
	require.NoError(t, err)
	_, err = w.CreatePart(header(t))
	assert.IsType(t, new(mime.ParseError), err, "text has no parts")

	w, err = mime.NewWriter(failingWriter{}, header(t, "Content-Type", "multipart/mixed"), nil)
	assert.ErrorIs(t, err, io.ErrShortWrite)
	_, err = w.CreatePart(header(t))
	assert.ErrorIs(t, err, io.ErrShortWrite)
}

// A header that was read from a file with LF goes out with CRLF, without the
// line that parts the messages of an mbox file.
func TestWriterReadHeader(t *testing.T) {
	h, _, _, err := mime.ParseHeader([]byte("From me Sat Jan  3 01:05:34 1996\nSubject: a\n b\n\n"), nil)
	require.NoError(t, err)
	var b bytes.Buffer
	w, err := mime.NewWriter(&b, &h, nil)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	assert.Equal(t, "Subject: a\r\n b\r\n\r\n", b.String())
}

// Octets in quoted-printable arrive as they were, though the message has to end in
// a line end: a soft line break takes it (RFC 2045 §6.7 (5)).
func TestWriterOctetsAtTheEnd(t *testing.T) {
	for _, content := range []string{"", "x", "x\n", "x\r\n", "x ", ".", strings.Repeat("x", 75), strings.Repeat("x", 76), strings.Repeat("x", 77), strings.Repeat("x", 73) + "\xff", strings.Repeat("x", 75) + " "} {
		var h mime.Header
		require.NoError(t, h.Add("Content-Type", "application/octet-stream"))
		require.NoError(t, h.Add("Content-Transfer-Encoding", "quoted-printable"))
		var b bytes.Buffer
		w, err := mime.NewWriter(&b, &h, nil)
		require.NoError(t, err)
		_, err = io.WriteString(w, content)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		assert.True(t, strings.HasSuffix(b.String(), "\r\n"))
		body := parsed(t, b.String()).Body()
		got, err := io.ReadAll(body)
		require.NoError(t, err)
		assert.Equal(t, content, strings.TrimSuffix(string(got), map[bool]string{true: "\r\n"}[content == ""]))
		assert.Empty(t, body.Defects())
		assert.LessOrEqual(t, longestLine(b.Bytes()), 76)
		theirs, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(b.String()[strings.Index(b.String(), "\r\n\r\n")+4:])))
		require.NoError(t, err)
		assert.Equal(t, string(got), string(theirs))
	}
}
