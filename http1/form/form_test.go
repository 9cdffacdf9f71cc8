package form_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"applayer/http1"
	"applayer/http1/form"
	"applayer/internal/testkit"
)

// twoFiles is a body with a field, two files and a field.
const twoFiles = "--b\r\nContent-Disposition: form-data; name=title\r\n\r\nMöwe\r\n" +
	"--b\r\nContent-Disposition: form-data; name=f; filename=\"/etc/1.txt\"\r\nContent-Type: text/x\r\n\r\none\r\n" +
	"--b\r\nContent-Disposition: form-data; name=f; filename=2\r\n\r\nsecond\r\n\r\n" +
	"--b\r\nContent-Disposition: form-data; name=title\r\n\r\n\r\n--b--\r\n"

func content(t *testing.T, f *form.File) string {
	t.Helper()
	r, err := f.Open()
	require.NoError(t, err)
	defer r.Close()
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	_, err = r.Seek(0, io.SeekStart)
	require.NoError(t, err)
	again, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Equal(t, b, again)
	return string(b)
}

func entries(t *testing.T, root *os.Root) []string {
	t.Helper()
	var names []string
	require.NoError(t, fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			_, base, _ := strings.Cut(name, "/")
			names = append(names, base)
		} else if name != "." {
			names = append(names, "folder")
		}
		return err
	}))
	return names
}

func TestRead(t *testing.T) {
	testkit.NoLeaks(t)
	for _, where := range []string{"memory", "root", "temporary files"} {
		t.Run(where, func(t *testing.T) {
			opts := &form.Options{}
			dir := t.TempDir()
			root, err := os.OpenRoot(dir)
			require.NoError(t, err)
			defer root.Close()
			switch where {
			case "root":
				opts.Disk, opts.Root = true, root
			case "temporary files":
				opts.Disk = true
				for _, v := range []string{"TMPDIR", "TMP", "TEMP"} {
					t.Setenv(v, dir)
				}
			}
			f, err := form.Read(strings.NewReader(twoFiles), typeB, opts)
			require.NoError(t, err)
			assert.Equal(t, form.Fields{pair("title", "Möwe"), pair("title", "")}, f.Fields)
			require.Len(t, f.Files, 2)
			one, two := f.Files[0], f.Files[1]
			assert.Equal(t, []any{"f", "1.txt", "text/x", int64(3)}, []any{one.Name, one.FileName, one.ContentType, one.Size})
			assert.Equal(t, []any{"f", "2", "text/plain", int64(8)}, []any{two.Name, two.FileName, two.ContentType, two.Size})
			assert.Same(t, one, f.File("f"))
			assert.Nil(t, f.File("title"), "a field is no file")
			assert.Equal(t, "one", content(t, one))
			assert.Equal(t, "second\r\n", content(t, two))
			if opts.Disk {
				assert.Equal(t, []string{"folder", "1", "2"}, entries(t, root), "names are ours")
			}
			require.NoError(t, f.Close())
			assert.Empty(t, entries(t, root))
			require.NoError(t, f.Close(), "twice is no error")
			if opts.Disk {
				_, err := one.Open()
				assert.Error(t, err)
			}
		})
	}
}

func TestReadURLEncoded(t *testing.T) {
	f, err := form.Read(strings.NewReader("monkeys&banana=yellow"), "Application/X-WWW-Form-URLEncoded; charset=UTF-8", nil)
	require.NoError(t, err)
	assert.Equal(t, form.Fields{bare("monkeys"), pair("banana", "yellow")}, f.Fields)
	require.NoError(t, f.Close())
	const kind = "application/x-www-form-urlencoded"
	_, err = form.Read(strings.NewReader("a=12345678"), kind, &form.Options{Limits: form.Limits{MaxBody: 9}})
	requireLimit(t, "MaxBody", 9, err)
	_, err = form.Read(strings.NewReader("a=12345678"), kind, &form.Options{Limits: form.Limits{MaxBody: 10}})
	require.NoError(t, err, "just met")
	_, err = form.Read(strings.NewReader("a=%"), kind, nil)
	require.ErrorAs(t, err, new(*form.ParseError))
	_, err = form.Read(iotest.ErrReader(io.ErrUnexpectedEOF), kind, nil)
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestReadTypes(t *testing.T) {
	for kind, reply := range map[string]int{"text/plain": 415, "": 415, "multipart/form-data": 400, "a/b; x": 400} {
		_, err := form.Read(strings.NewReader(""), kind, nil)
		e, ok := errors.AsType[*form.ParseError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, reply, e.Reply, kind)
	}
}

func TestReadLimits(t *testing.T) {
	const names, values = len("title"+"text/plain")*2 + len("f1.txttext/x") + len("f2text/plain"), len("Möwe")
	const files = len("one" + "second\r\n")
	tests := []struct {
		name string
		lim  form.Limits
		disk bool
		want *form.LimitError
	}{
		{"all in memory, just met", form.Limits{MaxMemory: int64(names + values + files), MaxFile: 8, MaxValue: 5}, false, nil},
		{"files in memory count", form.Limits{MaxMemory: int64(names + values + files - 1)}, false, &form.LimitError{Name: "MaxMemory"}},
		{"files on disk do not", form.Limits{MaxMemory: int64(names + values)}, true, nil},
		{"names do", form.Limits{MaxMemory: int64(names + values - 1)}, true, &form.LimitError{Name: "MaxMemory"}},
		{"values do", form.Limits{MaxMemory: 18}, false, &form.LimitError{Name: "MaxMemory"}},
		{"a value", form.Limits{MaxValue: 4}, true, &form.LimitError{Name: "MaxValue"}},
		{"a file in memory", form.Limits{MaxFile: 7}, false, &form.LimitError{Name: "MaxFile"}},
		{"a file on disk", form.Limits{MaxFile: 7}, true, &form.LimitError{Name: "MaxFile"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root, err := os.OpenRoot(t.TempDir())
			require.NoError(t, err)
			defer root.Close()
			f, err := form.Read(strings.NewReader(twoFiles), typeB, &form.Options{Limits: tt.lim, Disk: tt.disk, Root: root})
			if tt.want == nil {
				require.NoError(t, err)
				require.NoError(t, f.Close())
				return
			}
			e, ok := errors.AsType[*form.LimitError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, tt.want.Name, e.Name)
			assert.Equal(t, 413, e.Reply)
			assert.Empty(t, entries(t, root), "nothing is left")
		})
	}
}

// TestReadCut leaves nothing on disk of a body that ends in the middle of a
// file.
func TestReadCut(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer root.Close()
	cut := twoFiles[:strings.Index(twoFiles, "second")+3]
	_, err = form.Read(strings.NewReader(cut), typeB, &form.Options{Disk: true, Root: root})
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Empty(t, entries(t, root))
}

func TestReadDiskFails(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, root.Close())
	_, err = form.Read(strings.NewReader(twoFiles), typeB, &form.Options{Disk: true, Root: root})
	require.ErrorIs(t, err, os.ErrClosed)
	_, limit := errors.AsType[*form.LimitError](err)
	_, parse := errors.AsType[*form.ParseError](err)
	assert.False(t, limit || parse, "it is not the peer's fault")
	assert.Equal(t, 500, form.Status(err))
}

func TestReadRequest(t *testing.T) {
	request := func(head, body string) *http1.Request {
		var r http1.Request
		n, err := r.Parse([]byte(head+"Host: h\r\n\r\n"), nil)
		require.NoError(t, err)
		require.NotZero(t, n)
		r.Body = strings.NewReader(body)
		return &r
	}
	f, err := form.ReadRequest(request("GET /animalsearch?monkeys&banana HTTP/1.1\r\n", ""), nil)
	require.NoError(t, err)
	assert.Equal(t, form.Fields{bare("monkeys"), bare("banana")}, f.Query)
	assert.Nil(t, f.Fields)

	f, err = form.ReadRequest(request("POST /x?a=1 HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n", "a=2"), nil)
	require.NoError(t, err)
	assert.Equal(t, form.Fields{pair("a", "1")}, f.Query)
	assert.Equal(t, form.Fields{pair("a", "2")}, f.Fields)

	f, err = form.ReadRequest(request("POST /x HTTP/1.1\r\nContent-Type: "+typeB+"\r\nTransfer-Encoding: chunked\r\n", twoFiles), &form.Options{})
	require.NoError(t, err)
	assert.Len(t, f.Files, 2)
	require.NoError(t, f.Close())

	for head, status := range map[string]int{
		"GET /?a=%FF HTTP/1.1\r\n":                                                                      400,
		"POST /?a HTTP/1.1\r\nContent-Length: 3\r\n":                                                    415,
		"POST /?a HTTP/1.1\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n":                        415,
		"POST /?a HTTP/1.1\r\nContent-Type: x\r\nContent-Length: 3\r\n":                                 400,
		"POST /?a HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n": 400,
	} {
		_, err = form.ReadRequest(request(head, "%zz"), nil)
		assert.Equal(t, status, form.Status(err), "%q: %v", head, err)
	}
	assert.Equal(t, 400, form.Status(&http1.ParseError{Reply: 400}), "a fault in the body's chunks")
}
