package http1_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
)

func compressed(t *testing.T, coding, s string) string {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch coding {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "zlib":
		w = zlib.NewWriter(&b)
	default:
		var err error
		w, err = flate.NewWriter(&b, 9)
		require.NoError(t, err)
	}
	_, err := io.WriteString(w, s)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}

func TestClientDecompresses(t *testing.T) {
	const text = "a text, a text, a text"
	zipped := compressed(t, "gzip", text)
	bomb := compressed(t, "gzip", strings.Repeat("\x00", 8<<20))
	for _, test := range []struct {
		name, coding, body string
		want               string
		err                func(t *testing.T, err error)
	}{
		{"gzip", "gzip", zipped, text, nil},
		{"x-gzip in capitals", "X-GZIP", zipped, text, nil},
		{"9110-8.4.1.2 deflate is zlib", "deflate", compressed(t, "zlib", text), text, nil},
		{"bare deflate", "deflate", compressed(t, "flate", text), text, nil},
		{"two gzip members", "gzip", zipped + zipped, text + text, nil},
		{"unknown coding stays", "br", "xyz", "xyz", nil},
		{"two codings stay", "gzip, gzip", zipped, zipped, nil},
		{"nothing", "gzip", "", "", nil},
		{"blanks are no bomb", "gzip", compressed(t, "gzip", strings.Repeat(" ", 1<<20)), strings.Repeat(" ", 1<<20), nil},
		{"bomb by ratio", "gzip", bomb, "", wantLimit("MaxRatio")},
		{"cut", "gzip", zipped[:len(zipped)-4], "", func(t *testing.T, err error) { assert.ErrorIs(t, err, io.ErrUnexpectedEOF) }},
		{"no gzip", "gzip", "plain text", "", func(t *testing.T, err error) { assert.ErrorIs(t, err, http1.ErrMalformed) }},
		{"bad sum", "gzip", zipped[:len(zipped)-8] + "12345678", "", func(t *testing.T, err error) { assert.ErrorIs(t, err, gzip.ErrChecksum) }},
		{"octets behind zlib", "deflate", compressed(t, "zlib", text) + "x", "", func(t *testing.T, err error) { assert.ErrorIs(t, err, http1.ErrMalformed) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.client.Decompress = true
				w.serve("80", func(p *rawPeer, n int) {
					p.answer(func(head string) string {
						assert.Contains(t, head, "Accept-Encoding: gzip, deflate\r\n")
						return strings.Replace(respond(test.body), "\r\n", "\r\nContent-Encoding: "+test.coding+"\r\n", 1)
					})
				})
				resp, err := w.client.Get(w.ctx, "http://127.0.0.1/")
				require.NoError(t, err)
				b, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if test.err != nil {
					require.Error(t, err)
					test.err(t, err)
					return
				}
				require.NoError(t, err)
				assert.Equal(t, test.want, string(b))
				assert.True(t, resp.Complete)
				if test.want != test.body {
					assert.EqualValues(t, -1, resp.Length)
					assert.False(t, resp.Header.Has("Content-Encoding") || resp.Header.Has("Content-Length"))
				}
				_, err = w.fetch("http://127.0.0.1/")
				require.NoError(t, err)
				assert.Equal(t, 1, w.connections("80"))
			})
		})
	}
	t.Run("bomb by size", func(t *testing.T) {
		inWorld(t, func(w *world) {
			w.client.Decompress = true
			w.client.Limits.MaxDecompressed, w.client.Limits.MaxRatio = 1000, -1
			w.serve("80", func(p *rawPeer, n int) {
				p.answer(func(string) string {
					return strings.Replace(respond(bomb), "\r\n", "\r\nContent-Encoding: gzip\r\n", 1)
				})
			})
			_, err := w.fetch("http://127.0.0.1/")
			wantLimit("MaxDecompressed")(t, err)
		})
	})
	t.Run("left alone", func(t *testing.T) {
		inWorld(t, func(w *world) {
			w.client.Decompress = true
			w.serve("80", func(p *rawPeer, n int) {
				p.answer(func(head string) string {
					assert.NotContains(t, head, "deflate")
					return strings.Replace(respond(zipped), "\r\n", "\r\nContent-Encoding: gzip\r\n", 1)
				})
			})
			for _, field := range []string{"Accept-Encoding: gzip", "Range: bytes=0-"} {
				name, value, _ := strings.Cut(field, ": ")
				resp, err := w.do("GET", "http://127.0.0.1/", nil, name, value)
				require.NoError(t, err)
				b, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				assert.Equal(t, zipped, string(b))
			}
		})
	})
}

func wantLimit(name string) func(t *testing.T, err error) {
	return func(t *testing.T, err error) {
		t.Helper()
		limit, ok := errors.AsType[*http1.LimitError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, name, limit.Name)
	}
}
