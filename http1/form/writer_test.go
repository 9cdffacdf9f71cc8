package form_test

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1/form"
)

func TestWriter(t *testing.T) {
	var out bytes.Buffer
	w := form.NewWriter(&out)
	require.NoError(t, w.Field("title", "Möwe"))
	file, err := w.File("f", `a"b.txt`, "")
	require.NoError(t, err)
	_, err = io.WriteString(file, "one\r\n")
	require.NoError(t, err)
	_, err = w.File("g", "", "text/plain; charset=utf-8")
	require.NoError(t, err)
	_, err = io.WriteString(file, "late")
	require.Error(t, err, "its part is past")
	require.NoError(t, w.Close())

	_, delimiter, _ := strings.Cut(w.ContentType(), "boundary=")
	assert.Equal(t, strings.ReplaceAll("--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nMöwe\r\n"+
		"--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a%22b.txt\"\r\nContent-Type: application/octet-stream\r\n\r\none\r\n\r\n"+
		"--b\r\nContent-Disposition: form-data; name=\"g\"; filename=\"\"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\r\n"+
		"--b--\r\n", "--b", "--"+delimiter), out.String())

	theirs, err := multipart.NewReader(&out, delimiter).ReadForm(1 << 20)
	require.NoError(t, err)
	assert.Equal(t, []string{"Möwe"}, theirs.Value["title"])
	require.Len(t, theirs.File["f"], 1)
	assert.Equal(t, "a%22b.txt", theirs.File["f"][0].Filename, "many receivers leave it encoded")
}

func TestWriterRefuses(t *testing.T) {
	w := form.NewWriter(io.Discard)
	for _, bad := range []string{"a\r\nX: y", "a\nb", "a\x00", "\x7f", "\xff"} {
		assert.ErrorAs(t, w.Field(bad, ""), new(*form.ParseError), "%q", bad)
		_, err := w.File("a", bad, "")
		assert.ErrorAs(t, err, new(*form.ParseError), "%q", bad)
		_, err = w.File("a", "b", "text/plain"+bad)
		assert.ErrorAs(t, err, new(*form.ParseError), "%q", bad)
		_, _, _, err = form.NewBody(form.Fields{pair(bad, "")}, nil)
		assert.ErrorAs(t, err, new(*form.ParseError), "%q", bad)
		_, _, _, err = form.NewBody(nil, []form.Upload{{Name: bad}})
		assert.ErrorAs(t, err, new(*form.ParseError), "%q", bad)
	}
	assert.ErrorAs(t, w.Field("a", "\xff"), new(*form.ParseError))
	_, _, _, err := form.NewBody(form.Fields{pair("a", "\xff")}, nil)
	assert.ErrorAs(t, err, new(*form.ParseError))
	require.NoError(t, w.Field("a", "any\r\n\x00"), "what was refused left nothing")
	require.NoError(t, w.Close())
	assert.Error(t, w.Field("a", "b"), "it is closed")
}

func TestNewBody(t *testing.T) {
	upload := func(name, content string) form.Upload {
		return form.Upload{Name: name, FileName: name + ".txt", ContentType: "text/plain", Content: iotest.HalfReader(strings.NewReader(content)), Size: int64(len(content))}
	}
	for _, tt := range []struct {
		fields form.Fields
		files  []form.Upload
		want   []part
	}{
		{nil, nil, nil},
		{form.Fields{pair("a", "1"), bare("a")}, nil, []part{{"a", "", false, "text/plain", "1"}, {"a", "", false, "text/plain", ""}}},
		{nil, []form.Upload{upload("f", ""), upload("g", strings.Repeat("x", 100000))},
			[]part{{"f", "f.txt", true, "text/plain", ""}, {"g", "g.txt", true, "text/plain", strings.Repeat("x", 100000)}}},
		{form.Fields{pair("a", "1")}, []form.Upload{upload("f", "\r\n--")}, []part{{"a", "", false, "text/plain", "1"}, {"f", "f.txt", true, "text/plain", "\r\n--"}}},
	} {
		body, kind, length, err := form.NewBody(tt.fields, tt.files)
		require.NoError(t, err)
		b, err := io.ReadAll(body)
		require.NoError(t, err)
		assert.EqualValues(t, len(b), length)
		_, params, err := mime.ParseMediaType(kind)
		require.NoError(t, err)
		got, err := readParts(bytes.NewReader(bytes.ReplaceAll(b, []byte(params["boundary"]), []byte("b"))), nil)
		require.NoError(t, err)
		assert.Equal(t, tt.want, got)
	}
}

func TestNewBodyOfWrongSize(t *testing.T) {
	broken := errors.New("broken")
	for _, tt := range []struct {
		content io.Reader
		size    int64
		want    error
	}{
		{strings.NewReader("abc"), 4, io.ErrUnexpectedEOF},
		{iotest.DataErrReader(strings.NewReader("abc")), 4, io.ErrUnexpectedEOF},
		{strings.NewReader("abc"), 2, nil},
		{strings.NewReader("abc"), 0, nil},
		{iotest.ErrReader(broken), 2, broken},
	} {
		body, _, _, err := form.NewBody(nil, []form.Upload{{Name: "f", Content: tt.content, Size: tt.size}})
		require.NoError(t, err)
		b, err := io.ReadAll(body)
		require.Error(t, err)
		if tt.want != nil {
			assert.ErrorIs(t, err, tt.want)
		}
		assert.NotContains(t, string(b), "--\r\n", "it has no end")
	}
	_, _, _, err := form.NewBody(nil, []form.Upload{{Size: -1}})
	assert.Error(t, err)
}

// TestNewBodyAgain reads a body from every place, behind every other.
func TestNewBodyAgain(t *testing.T) {
	old := strings.NewReader("xxcontent")
	_, err := old.Seek(2, io.SeekStart)
	require.NoError(t, err)
	body, _, length, err := form.NewBody(form.Fields{pair("a", "1")}, []form.Upload{
		{Name: "f", Content: old, Size: 7}, {Name: "g", Content: strings.NewReader(""), Size: 0}, {Name: "h", Content: strings.NewReader("more"), Size: 4},
	})
	require.NoError(t, err)
	seeker, ok := body.(io.ReadSeeker)
	require.True(t, ok)
	whole, err := io.ReadAll(body)
	require.NoError(t, err)
	require.EqualValues(t, length, len(whole))
	for at := range length + 1 {
		got, err := seeker.Seek(at, io.SeekStart)
		require.NoError(t, err)
		require.Equal(t, at, got)
		got, err = seeker.Seek(0, io.SeekCurrent)
		require.NoError(t, err)
		require.Equal(t, at, got)
		rest, err := io.ReadAll(body)
		require.NoError(t, err)
		require.Equal(t, string(whole[at:]), string(rest))
	}
	end, err := seeker.Seek(-1, io.SeekEnd)
	require.NoError(t, err)
	assert.Equal(t, length-1, end)
	for _, bad := range []struct {
		offset int64
		whence int
	}{{-1, io.SeekStart}, {1, io.SeekEnd}, {0, 3}} {
		_, err := seeker.Seek(bad.offset, bad.whence)
		assert.Error(t, err)
	}

	for _, content := range []io.Reader{iotest.HalfReader(strings.NewReader("x")), pipe{}} {
		body, _, _, err = form.NewBody(nil, []form.Upload{{Name: "f", Content: content, Size: 1}})
		require.NoError(t, err)
		_, ok = body.(io.Seeker)
		assert.False(t, ok, "its content is none")
	}
}

// pipe says that it can seek, and cannot.
type pipe struct{ io.Reader }

func (pipe) Seek(int64, int) (int64, error) { return 0, errors.ErrUnsupported }

func TestNewRequest(t *testing.T) {
	r, err := form.NewRequest("http://h.example/form?x", form.Fields{pair("a", "b c"), bare("d")}, nil)
	require.NoError(t, err)
	assert.Equal(t, "POST", r.Method)
	assert.Equal(t, "application/x-www-form-urlencoded", r.Header.Get("Content-Type"))
	b, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	assert.Equal(t, "a=b+c&d", string(b))
	assert.EqualValues(t, len(b), r.Length)

	r, err = form.NewRequest("http://h.example/form?x", form.Fields{pair("a", "b")}, []form.Upload{{Name: "f", Content: strings.NewReader("x"), Size: 1}})
	require.NoError(t, err)
	f, err := form.ReadRequest(r, nil)
	require.NoError(t, err)
	assert.Equal(t, form.Fields{bare("x")}, f.Query)
	assert.Equal(t, form.Fields{pair("a", "b")}, f.Fields)
	assert.Len(t, f.Files, 1)

	_, err = form.NewRequest("ftp://h.example/", nil, nil)
	assert.Error(t, err)
	_, err = form.NewRequest("http://h.example/", form.Fields{pair("\xff", "")}, nil)
	assert.Error(t, err)
}
