package form_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"applayer/http1/form"
)

// FuzzParseURLEncoded: what is parsed is appended and parsed to the same, and
// net/url sees the same values where both take the input.
func FuzzParseURLEncoded(f *testing.F) {
	for _, tt := range urlEncodedCases {
		f.Add(tt.in)
	}
	f.Add("a=%zz&%")
	f.Fuzz(func(t *testing.T, in string) {
		lim := &form.Limits{MaxFields: 10, MaxName: 20, MaxValue: 30}
		fields, err := form.ParseURLEncoded(in, lim)
		if err != nil {
			require.Nil(t, fields)
			return
		}
		require.LessOrEqual(t, len(fields), 10)
		for _, field := range fields {
			require.LessOrEqual(t, len(field.Name), 20)
			require.LessOrEqual(t, len(field.Value), 30)
			require.True(t, utf8.ValidString(field.Name+field.Value))
		}
		out, err := form.AppendURLEncoded(nil, fields)
		require.NoError(t, err)
		again, err := form.ParseURLEncoded(out, lim)
		require.NoError(t, err)
		require.Equal(t, fields, again)
		if theirs, err := url.ParseQuery(in); err == nil { // it refuses semicolons
			for name, values := range theirs {
				require.Equal(t, values, fields.Values(name))
			}
		}
	})
}

// FuzzReader: how the body is cut makes no difference, limits are kept, and
// net/http's reader sees the same fields where both take the body.
func FuzzReader(f *testing.F) {
	for _, tt := range readerCases {
		f.Add([]byte(tt.in))
	}
	for _, tt := range refused {
		f.Add([]byte(tt.in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		lim := &form.Limits{MaxParts: 5, MaxPartHeader: 300, MaxName: 50}
		parts, err := readParts(bytes.NewReader(in), lim)
		pieces, piecesErr := readParts(iotest.OneByteReader(bytes.NewReader(in)), lim)
		require.Equal(t, parts, pieces)
		require.Equal(t, fmt.Sprint(err), fmt.Sprint(piecesErr))
		require.LessOrEqual(t, len(parts), 5)
		if err != nil || bytes.Contains(bytes.ToLower(in), []byte("multipart")) || !isPlain(string(in)) {
			return // only we look into a multipart/mixed
		}
		peer := multipart.NewReader(bytes.NewReader(in), "b")
		for _, want := range parts {
			require.NotContains(t, want.fileName, "/")
			theirs, err := peer.NextRawPart()
			if err != nil {
				return // it takes fewer names and header lines than we do
			}
			if name := theirs.FormName(); name != "" {
				require.Equal(t, want.name, strings.ReplaceAll(name, "%22", `"`))
			}
			content, err := io.ReadAll(theirs)
			require.NoError(t, err)
			require.Equal(t, want.content, string(content))
		}
	})
}

// isPlain tells the bodies whose delimiters net/http's reader sees where we do:
// it takes a bare LF for a line end, and a line for the delimiter that only
// begins with it.
func isPlain(body string) bool {
	for l := range strings.SplitSeq(body, "\r\n") {
		if strings.ContainsAny(l, "\r\n") || strings.HasPrefix(l, "--b") && l != "--b" && l != "--b--" {
			return false
		}
	}
	return true
}

// FuzzWriter: what we write, we and net/http's reader read.
func FuzzWriter(f *testing.F) {
	f.Add("a", "1", "f.txt", "content")
	f.Add(`a"\`, "\r\n--", `\"x`, "--\r\n")
	f.Fuzz(func(t *testing.T, name, value, fileName, content string) {
		var out bytes.Buffer
		w := form.NewWriter(&out)
		if strings.Contains(name+fileName, "%22") || w.Field(name, value) != nil {
			return
		}
		file, err := w.File(name, fileName, "")
		if err != nil {
			return
		}
		_, err = io.WriteString(file, content)
		require.NoError(t, err)
		require.NoError(t, w.Close())

		r, err := form.NewReader(bytes.NewReader(out.Bytes()), w.ContentType(), &form.Limits{MaxPartHeader: -1, MaxName: -1})
		require.NoError(t, err)
		p, err := r.Next()
		require.NoError(t, err)
		require.Equal(t, name, p.Name)
		got, err := io.ReadAll(p)
		require.NoError(t, err)
		require.Equal(t, value, string(got))
		p, err = r.Next()
		require.NoError(t, err)
		require.True(t, p.IsFile)
		require.True(t, strings.HasSuffix(fileName, p.FileName))
		got, err = io.ReadAll(p)
		require.NoError(t, err)
		require.Equal(t, content, string(got))
		_, err = r.Next()
		require.Equal(t, io.EOF, err)

		peer := multipart.NewReader(&out, strings.TrimPrefix(w.ContentType(), "multipart/form-data; boundary="))
		theirs, err := peer.NextRawPart()
		require.NoError(t, err)
		got, err = io.ReadAll(theirs)
		require.NoError(t, err)
		require.Equal(t, value, string(got))
		require.Equal(t, name, strings.ReplaceAll(theirs.FormName(), "%22", `"`))
	})
}

// FuzzRead: the whole form is the parts, on disk as in memory, within limits,
// and nothing is left behind.
func FuzzRead(f *testing.F) {
	f.Add([]byte(twoFiles))
	for _, tt := range readerCases {
		f.Add([]byte(tt.in))
	}
	root, err := os.OpenRoot(f.TempDir())
	require.NoError(f, err)
	f.Cleanup(func() { root.Close() })
	f.Fuzz(func(t *testing.T, in []byte) {
		lim := form.Limits{MaxMemory: 200, MaxValue: 50, MaxFile: 60}
		memory, err := form.Read(bytes.NewReader(in), typeB, &form.Options{Limits: lim})
		lim.MaxMemory = -1
		disk, diskErr := form.Read(bytes.NewReader(in), typeB, &form.Options{Limits: lim, Disk: true, Root: root})
		if diskErr == nil {
			defer func() {
				require.NoError(t, disk.Close())
				require.Empty(t, entries(t, root))
			}()
		} else {
			require.Empty(t, entries(t, root))
		}
		if err != nil {
			return // it may be too much for memory alone
		}
		require.NoError(t, diskErr)
		require.Equal(t, memory.Fields, disk.Fields)
		require.Len(t, disk.Files, len(memory.Files))
		parts, err := readParts(bytes.NewReader(in), nil)
		require.NoError(t, err)
		held, fields, files := 0, 0, 0
		for _, p := range parts {
			held += len(p.name) + len(p.fileName) + len(p.content)
			if !p.isFile {
				require.Equal(t, pair(p.name, p.content), memory.Fields[fields])
				fields++
				continue
			}
			require.Equal(t, p.content, content(t, memory.Files[files]))
			require.Equal(t, p.content, content(t, disk.Files[files]))
			require.EqualValues(t, len(p.content), disk.Files[files].Size)
			files++
		}
		require.LessOrEqual(t, held, 200)
	})
}
