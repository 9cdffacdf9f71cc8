package http1_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
)

// recorder is a response kept in memory. It holds its user to the fields that
// he sent: whoever declares a length writes as much.
type recorder struct {
	header http1.Header
	status int
	body   bytes.Buffer
	froms  []io.Reader // what ReadFrom was given
	fail   error       // what Write and ReadFrom return
}

func (w *recorder) Header() *http1.Header { return &w.header }

func (w *recorder) WriteHeader(status int) { w.status = status }

func (w *recorder) Write(b []byte) (int, error) {
	if w.fail != nil {
		return 0, w.fail
	}
	return w.body.Write(b)
}

func (w *recorder) ReadFrom(r io.Reader) (int64, error) {
	if w.fail != nil {
		return 0, w.fail
	}
	w.froms = append(w.froms, r)
	return w.body.ReadFrom(r)
}

// checkLength fails unless the declared length is what was written.
func (w *recorder) checkLength(t *testing.T, method string) {
	t.Helper()
	switch {
	case w.status == http1.StatusNotModified:
		assert.False(t, w.header.Has("Content-Length"))
		assert.Zero(t, w.body.Len())
	case method == http1.MethodHead:
		assert.True(t, w.header.Has("Content-Length"))
		assert.Zero(t, w.body.Len())
	default:
		assert.Equal(t, strconv.Itoa(w.body.Len()), w.header.Get("Content-Length"))
	}
}

const alphabet = "abcdefghijklmnopqrstuvwxyz"

// serve answers a request with the alphabet, changed at changed.
func serve(t *testing.T, method string, fields []string, edit func(*http1.Content)) *recorder {
	t.Helper()
	w := &recorder{}
	r := &http1.Request{Method: method, Header: http1.NewHeader(fields...)}
	c := http1.Content{Body: strings.NewReader(alphabet), Type: "text/plain", Validators: there}
	if edit != nil {
		edit(&c)
	}
	require.NoError(t, http1.ServeContent(t.Context(), w, r, c))
	w.checkLength(t, method)
	return w
}

func TestServeContent(t *testing.T) {
	type fields = []string
	for _, tt := range []struct {
		name         string
		method       string
		fields       fields
		status       int
		contentRange string
		body         string
	}{
		{"9110-9.3.1 GET", "GET", nil, 200, "", alphabet},
		{"9110-9.3.2 HEAD", "HEAD", nil, 200, "", ""},
		{"9110-15.3.7.1 first", "GET", fields{"Range", "bytes=0-4"}, 206, "bytes 0-4/26", "abcde"},
		{"9110-14.1.2 last", "GET", fields{"Range", "bytes=-3"}, 206, "bytes 23-25/26", "xyz"},
		{"9110-14.1.2 open", "GET", fields{"Range", "bytes=20-"}, 206, "bytes 20-25/26", "uvwxyz"},
		{"9110-14.1.2 all of it", "GET", fields{"Range", "bytes=0-"}, 206, "bytes 0-25/26", alphabet},
		{"9110-14.1.2 beyond the end", "GET", fields{"Range", "bytes=24-99"}, 206, "bytes 24-25/26", "yz"},
		{"9110-15.3.7.2 one is left", "GET", fields{"Range", "bytes=0-4,2-6"}, 206, "bytes 0-6/26", "abcdefg"},
		{"9110-15.5.17 not satisfiable", "GET", fields{"Range", "bytes=26-"}, 416, "bytes */26", ""},
		{"9110-14.2 other unit", "GET", fields{"Range", "lines=0-4"}, 200, "", alphabet},
		{"9110-14.2 malformed", "GET", fields{"Range", "bytes=4-0"}, 200, "", alphabet},
		{"9110-14.2 twice", "GET", fields{"Range", "bytes=0-1", "Range", "bytes=0-1"}, 200, "", alphabet},
		{"9110-14.2 HEAD", "HEAD", fields{"Range", "bytes=0-4"}, 200, "", ""},
		{"9110-14.2 POST", "POST", fields{"Range", "bytes=0-4"}, 200, "", alphabet},
		{"9110-13.1.5 If-Range matches", "GET", fields{"Range", "bytes=0-4", "If-Range", `"a"`}, 206, "bytes 0-4/26", "abcde"},
		{"9110-13.1.5 If-Range does not", "GET", fields{"Range", "bytes=0-4", "If-Range", `"b"`}, 200, "", alphabet},
		{"9110-13.1.5 If-Range with a date", "GET", fields{"Range", "bytes=0-4", "If-Range", sameDate}, 206, "bytes 0-4/26", "abcde"},
		{"9110-15.4.5 If-None-Match", "GET", fields{"If-None-Match", `"a"`}, 304, "", ""},
		{"9110-15.4.5 If-None-Match and Range", "GET", fields{"If-None-Match", `"a"`, "Range", "bytes=0-4"}, 304, "", ""},
		{"9110-15.4.5 If-Modified-Since", "GET", fields{"If-Modified-Since", sameDate}, 304, "", ""},
		{"9110-15.5.13 If-Match", "GET", fields{"If-Match", `"b"`}, 412, "", ""},
		{"9110-13.2.2 412 before 416", "GET", fields{"If-Match", `"b"`, "Range", "bytes=26-"}, 412, "", ""},
		{"2011-3192 again and again", "GET", fields{"Range", "bytes=0-" + strings.Repeat(",0-", 500)}, 200, "", alphabet},
		{"2011-3192 a thousand octets", "GET", fields{"Range", "bytes=0-0" + strings.Repeat(",5-5", 1022)}, 200, "", alphabet},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := serve(t, tt.method, tt.fields, nil)
			assert.Equal(t, tt.status, w.status)
			assert.Equal(t, tt.contentRange, w.header.Get("Content-Range"))
			assert.Equal(t, tt.body, w.body.String())
			assert.Equal(t, `"a"`, w.header.Get("ETag"))
			assert.Equal(t, sameDate, w.header.Get("Last-Modified"))
			sent := tt.status < 300
			assert.Equal(t, sent, w.header.Has("Content-Type"))
			assert.Equal(t, sent, w.header.Has("Accept-Ranges"))
		})
	}
}

// Several parts come as a multipart that package mime/multipart reads, in the
// order in which they were asked for (RFC 9110 §15.3.7.2).
func TestServeContentParts(t *testing.T) {
	w := serve(t, "GET", []string{"Range", "bytes=20-22, 0-4,-1"}, nil)
	assert.Equal(t, 206, w.status)
	assert.False(t, w.header.Has("Content-Range"))
	assert.Equal(t, []string{"text/plain bytes 20-22/26: uvw", "text/plain bytes 0-4/26: abcde", "text/plain bytes 25-25/26: z"}, readParts(t, w))

	again := serve(t, "GET", []string{"Range", "bytes=20-22, 0-4,-1"}, nil)
	assert.NotEqual(t, w.header.Get("Content-Type"), again.header.Get("Content-Type"), "the boundary is random")

	without := serve(t, "GET", []string{"Range", "bytes=0-1,4-5"}, func(c *http1.Content) { c.Type = "" })
	assert.Equal(t, []string{" bytes 0-1/26: ab", " bytes 4-5/26: ef"}, readParts(t, without))

	sly := serve(t, "GET", []string{"Range", "bytes=0-1,4-5"}, func(c *http1.Content) { c.Type = "text/plain\r\nX: y" })
	assert.Equal(t, []string{" bytes 0-1/26: ab", " bytes 4-5/26: ef"}, readParts(t, sly), "no field begins in another's value")

	two := serve(t, "GET", []string{"Range", "bytes=0-1,4-5,8-9"}, func(c *http1.Content) { c.MaxRanges = 2 })
	assert.Equal(t, 200, two.status)
}

// readParts returns the parts of a multipart/byteranges as a line each.
func readParts(t *testing.T, w *recorder) (parts []string) {
	t.Helper()
	mediaType, params, err := mime.ParseMediaType(w.header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/byteranges", mediaType)
	m := multipart.NewReader(&w.body, params["boundary"])
	for {
		p, err := m.NextRawPart()
		if errors.Is(err, io.EOF) {
			return parts
		}
		require.NoError(t, err)
		b, err := io.ReadAll(p)
		require.NoError(t, err)
		parts = append(parts, p.Header.Get("Content-Type")+" "+p.Header.Get("Content-Range")+": "+string(b))
		delete(p.Header, "Content-Type")
		delete(p.Header, "Content-Range")
		assert.Empty(t, p.Header)
	}
}

func TestServeContentFields(t *testing.T) {
	t.Run("9110-14.3 ranges not served", func(t *testing.T) {
		w := serve(t, "GET", []string{"Range", "bytes=0-1"}, func(c *http1.Content) { c.MaxRanges = -1 })
		assert.Equal(t, 200, w.status)
		assert.Equal(t, "none", w.header.Get("Accept-Ranges"))
	})
	t.Run("9110-14.2 nothing to send", func(t *testing.T) {
		w := serve(t, "GET", []string{"Range", "bytes=0-1"}, func(c *http1.Content) { c.Body = strings.NewReader("") })
		assert.Equal(t, 200, w.status)
		assert.Equal(t, "0", w.header.Get("Content-Length"))
	})
	t.Run("9110-8.8.2.1 no date to come", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			w := serve(t, "GET", nil, func(c *http1.Content) { c.LastModified = time.Now().Add(time.Hour) })
			assert.Equal(t, string(http1.AppendDate(nil, time.Now())), w.header.Get("Last-Modified"))
		})
	})
	t.Run("fields of the handler", func(t *testing.T) {
		w := &recorder{header: http1.NewHeader("ETag", `"h"`, "Last-Modified", beforeDate, "Content-Type", "a/b", "Cache-Control", "no-cache", "Vary", "Accept")}
		c := http1.Content{Body: strings.NewReader(alphabet)}
		r := &http1.Request{Method: "GET", Header: http1.NewHeader("If-None-Match", `"h"`)}
		require.NoError(t, http1.ServeContent(t.Context(), w, r, c))
		assert.Equal(t, 304, w.status)
		assert.Equal(t, http1.NewHeader("ETag", `"h"`, "Last-Modified", beforeDate, "Cache-Control", "no-cache", "Vary", "Accept"), w.header)

		w.status = 0
		r.Header = http1.NewHeader("If-Unmodified-Since", "Sun, 26 Sep 2010 20:09:18 GMT")
		require.NoError(t, http1.ServeContent(t.Context(), w, r, c))
		assert.Equal(t, 412, w.status)
	})
	t.Run("no validators", func(t *testing.T) {
		w := serve(t, "GET", []string{"If-None-Match", `"a"`, "If-Modified-Since", sameDate}, func(c *http1.Content) { c.Validators = http1.Validators{} })
		assert.Equal(t, 200, w.status)
		assert.False(t, w.header.Has("ETag"))
		assert.False(t, w.header.Has("Last-Modified"))
	})
	t.Run("body that does not stand at its start", func(t *testing.T) {
		body := strings.NewReader(alphabet)
		_, err := body.Seek(7, io.SeekStart)
		require.NoError(t, err)
		w := serve(t, "GET", nil, func(c *http1.Content) { c.Body, c.Size = body, 26 })
		assert.Equal(t, alphabet, w.body.String())
	})
	t.Run("octets in memory", func(t *testing.T) {
		w := serve(t, "GET", nil, func(c *http1.Content) { c.Body = bytes.NewReader([]byte(alphabet)) })
		assert.Equal(t, alphabet, w.body.String())
		assert.Empty(t, w.froms, "written at once")
	})
}

// A file reaches ReadFrom as a LimitedReader of it, which a connection sends
// by the kernel.
func TestServeContentFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(name, []byte(alphabet), 0o600))
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	for _, fields := range [][]string{nil, {"Range", "bytes=1-2"}} {
		w := serve(t, "GET", fields, func(c *http1.Content) { c.Body = f })
		require.Len(t, w.froms, 1)
		limited, ok := w.froms[0].(*io.LimitedReader)
		require.True(t, ok)
		assert.Same(t, f, limited.R)
	}
}

// seekless cannot be asked for its size.
type seekless struct{ io.Reader }

var errSeek = errors.New("no seeking")

func (seekless) Seek(int64, int) (int64, error) { return 0, errSeek }

func TestServeContentErrors(t *testing.T) {
	r := &http1.Request{Method: "GET"}
	t.Run("size unknown", func(t *testing.T) {
		w := &recorder{}
		err := http1.ServeContent(t.Context(), w, r, http1.Content{Body: seekless{strings.NewReader("")}})
		require.ErrorIs(t, err, errSeek)
		assert.Equal(t, 500, w.status)
	})
	t.Run("start not found", func(t *testing.T) {
		w := &recorder{}
		err := http1.ServeContent(t.Context(), w, r, http1.Content{Body: seekless{strings.NewReader("")}, Size: 3})
		require.ErrorIs(t, err, errSeek)
	})
	t.Run("shorter than its size", func(t *testing.T) {
		w := &recorder{}
		err := http1.ServeContent(t.Context(), w, r, http1.Content{Body: strings.NewReader("ab"), Size: 3})
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		assert.Equal(t, "3", w.header.Get("Content-Length"))
	})
	t.Run("context at its end", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errSeek)
		err := http1.ServeContent(ctx, &recorder{}, r, http1.Content{Body: strings.NewReader("ab")})
		require.ErrorIs(t, err, errSeek)
	})
	t.Run("connection gone", func(t *testing.T) {
		ranged := &http1.Request{Method: "GET", Header: http1.NewHeader("Range", "bytes=0-0,2-2")}
		for _, r := range []*http1.Request{r, ranged} {
			err := http1.ServeContent(t.Context(), &recorder{fail: io.ErrClosedPipe}, r, http1.Content{Body: strings.NewReader("abc")})
			require.ErrorIs(t, err, io.ErrClosedPipe)
		}
	})
}

// Ten thousand ranges cost no more memory than a thousand, whatever they ask
// for (CVE-2011-3192).
func TestServeContentManyRanges(t *testing.T) {
	for _, member := range []string{"0-,", "5-5,", "-1,", "30-,", "x,"} {
		cost := func(n int) uint64 {
			r := &http1.Request{Method: "GET", Header: http1.NewHeader("Range", "bytes="+strings.Repeat(member, n)+"0-0")}
			w := &recorder{}
			w.body.Grow(64)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			require.NoError(t, http1.ServeContent(t.Context(), w, r, http1.Content{Body: strings.NewReader(alphabet)}))
			runtime.ReadMemStats(&after)
			w.checkLength(t, "GET")
			return after.TotalAlloc - before.TotalAlloc
		}
		cost(1000)
		assert.Less(t, cost(10000), uint64(128<<10), member)
	}
}
